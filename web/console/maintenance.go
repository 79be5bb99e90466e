package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// Doer carries out what operators ask of the rules. Whoever asks is the command's
// author.
type Doer interface {
	Do(ctx context.Context, c status.Command) (made string, err error)
}

const workPath = "/maintenance"

func (c *Console) workRoutes() []route {
	return []route{
		{method: http.MethodGet, path: workPath, deed: account.ReadDesk, handle: c.work},
		{method: http.MethodPost, path: workPath, deed: account.Publish, handle: c.planWork},
		{method: http.MethodPost, path: workPath + "/cancel", deed: account.Publish, handle: c.cancelWork},
	}
}

// workPage is what is planned, and the form that plans more.
type workPage struct {
	Now, Ahead, Over []workRow
	Form             workForm
	MayPlan          bool
}

// workRow is one piece of planned work.
type workRow struct {
	ID, Routine       string
	Title             string
	From, Until       *speech.Moment
	Meant, Off        *speech.Moment
	Span              string
	Components        string
	Reminds, Prolongs string
	Open              bool // it can still be changed, or called off, by who reads
}

// workForm is work as a form has it.
type workForm struct {
	ID          string // of the work that is planned anew; empty: it is new
	Titles      []workText
	Components  []workChoice
	From, Until string // as the browser's fields write them, by the site's clock
	Rule, Zone  string
	Remind      string
	Step, Most  string
	Wrong       map[string]string // by field, in the reader's words
}

// workText is a title and a text in one language.
type workText struct{ Lang, Name, Title, Text string }

// workChoice is a component that may be worked on.
type workChoice struct {
	ID, Name string
	Chosen   bool
}

// work shows the calendar.
func (c *Console) work(v *visit) error {
	v.topics = []Topic{Maintenance}
	return c.showWork(v, http.StatusOK, v.formOf(v.request.URL.Query().Get("id")))
}

func (c *Console) showWork(v *visit, code int, f workForm) error {
	page := workPage{Form: f, MayPlan: v.mayPlan()}
	if v.snapshot != nil {
		for i := range v.snapshot.Maintenance {
			page.put(v.workRow(&v.snapshot.Maintenance[i]), &v.snapshot.Maintenance[i], v.now())
		}
	}
	return v.renderAs(code, "maintenance", v.Say("menu_maintenance"), page)
}

func (v *visit) mayPlan() bool { return v.console.options.Planner != nil && v.may(account.Publish) }

func (p *workPage) put(row workRow, w *status.Maintenance, now time.Time) {
	switch {
	case !w.End().After(now):
		p.Over = append(p.Over, row)
	case w.From.After(now):
		p.Ahead = append(p.Ahead, row)
	default:
		p.Now = append(p.Now, row)
	}
}

func (v *visit) workRow(w *status.Maintenance) workRow {
	var names, before []string
	for _, id := range w.Components {
		names = append(names, v.componentName(id))
	}
	for _, d := range w.Remind {
		before = append(before, v.Period(d))
	}
	row := workRow{
		ID: w.ID, Routine: w.Routine, Title: v.text(w.Title), From: v.Moment(w.From), Until: v.Until(w.Until, w.From),
		Meant: v.Moment(w.Meant), Off: v.Moment(w.Cancelled), Span: v.Span(w.Until.Sub(w.From)), Components: v.List(names),
		Reminds: v.List(before), Open: v.mayPlan() && w.End().After(v.now()),
	}
	if w.Extend.Step > 0 {
		row.Prolongs = v.Say("work_by", "Step", v.Period(w.Extend.Step), "Most", v.Period(w.Extend.Most))
	}
	return row
}

// componentName is what a component is called, or its id.
func (v *visit) componentName(id string) string {
	if v.snapshot != nil {
		if view, ok := v.snapshot.Component(id); ok {
			return v.text(view.Name)
		}
	}
	return id
}

// formOf is the form for the work with the id, or for new work.
func (v *visit) formOf(id string) workForm {
	now := v.now().In(v.Zone).Truncate(time.Hour).Add(24 * time.Hour)
	w := &status.Maintenance{From: now, Until: now.Add(time.Hour)}
	if v.snapshot != nil {
		if known, ok := v.snapshot.WorkNamed(id); ok {
			w = known
		}
	}
	f := workForm{
		ID: w.ID, From: v.fieldTime(w.From), Until: v.fieldTime(w.Until), Zone: v.Zone.String(),
		Components: v.choices(w.Components),
	}
	for _, lang := range v.console.site().Languages {
		f.Titles = append(f.Titles, workText{Lang: lang, Name: v.languageName(lang), Title: w.Title[lang], Text: w.Text[lang]})
	}
	var before []string
	for _, d := range w.Remind {
		before = append(before, d.String())
	}
	f.Remind = strings.Join(before, " ")
	if w.Extend.Step > 0 {
		f.Step, f.Most = w.Extend.Step.String(), w.Extend.Most.String()
	}
	return f
}

// choices are the components of the page, the chosen ones marked.
func (v *visit) choices(chosen []string) []workChoice {
	var list []workChoice
	if v.snapshot == nil {
		return nil
	}
	for _, g := range v.snapshot.Groups {
		for i := range g.Components {
			id := g.Components[i].ID
			list = append(list, workChoice{id, v.text(g.Components[i].Name), slices.Contains(chosen, id)})
		}
	}
	return list
}

// fieldForm is how a browser's field for a date and time writes it.
const fieldForm = "2006-01-02T15:04"

func (v *visit) fieldTime(t time.Time) string { return t.In(v.Zone).Format(fieldForm) }

// planWork takes the form.
func (c *Console) planWork(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	f := v.formFrom(form)
	command := f.command(v)
	if len(f.Wrong) == 0 {
		switch made, err := c.order(v, command); {
		case err == nil:
			v.record(account.Publish, "maintenance "+made, "planned from "+f.From+" until "+f.Until+" "+f.Rule)
			v.done("work_planned", "ID", made)
			return v.lead(workPath, nil)
		case !f.blame(v, err):
			return err
		}
	}
	v.topics = []Topic{Maintenance}
	return c.showWork(v, http.StatusUnprocessableEntity, f)
}

// order has the planner do it.
func (c *Console) order(v *visit, command status.Command) (string, error) {
	if c.options.Planner == nil {
		return "", refuse(http.StatusNotFound, "problem_not_found")
	}
	command.Author = v.who.Name
	return c.options.Planner.Do(v.request.Context(), command)
}

// cancelWork calls work off, or all that is to come of what comes again.
func (c *Console) cancelWork(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := form.Get("id")
	switch _, err := c.order(v, status.Command{Cancel: id}); {
	case id == "", errors.Is(err, status.ErrNoMaintenance), errors.Is(err, status.ErrOver):
		v.undone("work_gone")
	case err != nil:
		return err
	default:
		v.record(account.Publish, "maintenance "+id, "called off")
		v.done("work_called_off")
	}
	return v.lead(workPath, nil)
}

// formFrom is what was sent, to be shown again if something of it is wrong.
func (v *visit) formFrom(form url.Values) workForm {
	f := workForm{
		ID: form.Get("id"), From: form.Get("from"), Until: form.Get("until"), Rule: strings.TrimSpace(form.Get("rrule")), Zone: form.Get("zone"),
		Remind: form.Get("remind"), Step: form.Get("step"), Most: form.Get("most"), Components: v.choices(form["component"]), Wrong: map[string]string{},
	}
	for _, lang := range v.console.site().Languages {
		f.Titles = append(f.Titles, workText{Lang: lang, Name: v.languageName(lang), Title: form.Get("title_" + lang), Text: form.Get("text_" + lang)})
	}
	return f
}

// command reads the form; what cannot be read is in Wrong.
func (f *workForm) command(v *visit) status.Command {
	w := status.Maintenance{ID: f.ID, From: f.time(v, "from", f.From), Until: f.time(v, "until", f.Until)}
	w.Title, w.Text = f.texts(v)
	for _, c := range f.Components {
		if c.Chosen {
			w.Components = append(w.Components, c.ID)
		}
	}
	if len(w.Components) == 0 {
		f.Wrong["component"] = v.Say("work_no_component")
	}
	f.manner(v, &w)
	if f.Rule == "" {
		return status.Command{Maintain: &w}
	}
	return status.Command{Arrange: &status.Routine{
		Title: w.Title, Text: w.Text, Components: w.Components, Rule: f.Rule, First: w.From, Zone: f.Zone,
		Lasts: w.Until.Sub(w.From), Remind: w.Remind, Extend: w.Extend,
	}}
}

func (f *workForm) time(v *visit, field, text string) time.Time {
	t, err := time.ParseInLocation(fieldForm, text, v.Zone)
	if err != nil {
		f.Wrong[field] = v.Say("work_no_time")
	}
	return t
}

// Limits of what an operator writes of planned work.
const (
	maxWorkTitle = 120  // characters
	maxWorkText  = 4000 // bytes
	maxReminders = 4
)

func (f *workForm) texts(v *visit) (title, text status.Text) {
	title, text = status.Text{}, status.Text{}
	for _, t := range f.Titles {
		if !web.Plain(t.Title+t.Text) || utf8.RuneCountInString(t.Title) > maxWorkTitle || len(t.Text) > maxWorkText {
			f.Wrong["title"] = v.Say("work_bad_text")
		}
		if s := strings.TrimSpace(t.Title); s != "" {
			title[t.Lang] = s
		}
		if s := strings.TrimSpace(t.Text); s != "" {
			text[t.Lang] = s
		}
	}
	if len(title) == 0 {
		f.Wrong["title"] = v.Say("work_no_title")
	}
	return title, text
}

// manner reads how people are reminded, and how the work is prolonged.
func (f *workForm) manner(v *visit, w *status.Maintenance) {
	fields := strings.Fields(f.Remind)
	for _, text := range fields {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute || d > status.FirstReminder || len(fields) > maxReminders {
			f.Wrong["remind"] = v.Say("work_bad_remind")
		}
		w.Remind = append(w.Remind, d)
	}
	if f.Step == "" && f.Most == "" {
		return
	}
	step, errStep := time.ParseDuration(f.Step)
	most, errMost := time.ParseDuration(f.Most)
	w.Extend = status.Extension{Step: step, Most: most}
	if errStep != nil || errMost != nil || w.Extend.Check() != nil {
		f.Wrong["extend"] = v.Say("work_bad_extend")
	}
}

// blame says at which field what the planner refused is wrong. False: it is no
// mistake of the form's.
func (f *workForm) blame(v *visit, err error) bool {
	for _, known := range []struct {
		err         error
		field, text string
	}{
		{status.ErrNoTime, "until", "work_no_time"},
		{status.ErrNoRule, "rrule", "work_bad_rule"},
		{status.ErrOverlap, "rrule", "work_overlaps"},
		{status.ErrExtension, "extend", "work_bad_extend"},
		{status.ErrNoComponent, "component", "work_no_component"},
		{status.ErrOver, "id", "work_gone"},
	} {
		if errors.Is(err, known.err) {
			f.Wrong[known.field] = v.Say(known.text)
			return true
		}
	}
	return false
}
