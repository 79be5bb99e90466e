package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
)

// deedTime is how long the desk may take.
const deedTime = 10 * time.Second

// storyPage is a form about an incident, or to open one: what to fill in, what
// would come of it, and what is in the way.
type storyPage struct {
	Kind    string
	Heading string
	Lead    string
	Action  string
	Back    string
	FormID  string
	Known   string
	Fields  []field
	Kept    []KeptText
	Problem string
	Sent    string // where what this form did already can be seen
	News    []web.ForetoldEntry
	Preview *previewView
	Button  string
	Grave   bool // it cannot be taken back quietly
}

// newStoryPage is an empty form, or one filled with a text that is kept.
func (v *visit) newStoryPage(d *storyKind, i *status.Incident, typed *entry) *storyPage {
	p := &storyPage{
		Kind: d.id, Heading: v.Say("deed_" + d.id), Lead: v.Say("deed_" + d.id + "_text"), Action: Root + "/new-incident", Back: Root + "/incidents",
		FormID: v.console.options.Stories.NewID(), Fields: d.fields(v, i), Button: v.Say("deed_" + d.id + "_do"),
		Grave: slices.Contains([]string{retracting.id, merging.id, splitting.id}, d.id),
	}
	if i != nil {
		p.Back = Root + "/incidents/" + i.ID
		p.Action, p.Known = p.Back+"/"+d.id, latestOf(i)
	}
	if typed != nil {
		p.Fields = typed.keep(p.Fields)
		if id := typed.form.Get("form"); formID.MatchString(id) {
			p.FormID = id
		}
		return p
	}
	if d == noting || d == opening {
		v.offerTexts(p)
	}
	return p
}

// formID is an id as we give it.
var formID = regexp.MustCompile(`^[0-9A-Za-z]{10,40}$`)

func latestOf(i *status.Incident) string {
	if n := len(i.Updates); n > 0 {
		return i.Updates[n-1].ID
	}
	return ""
}

// offerTexts lists the texts that are kept, and fills in the one that was chosen.
func (v *visit) offerTexts(p *storyPage) {
	kept, err := v.console.options.Stories.Texts(v.request.Context())
	if err != nil {
		v.console.options.Log.WarnContext(v.request.Context(), "reading the texts that are kept", "error", err)
		return
	}
	p.Kept = kept
	chosen := v.request.URL.Query().Get("text")
	for k := range kept {
		if kept[k].ID != chosen {
			continue
		}
		for l := range p.Fields {
			if p.Fields[l].Name == "text" {
				p.Fields[l].fill(kept[k].Text)
			}
		}
	}
}

// storyForms are the pages of one kind of deed.
type storyForms struct {
	console *Console
	kind    *storyKind
}

// show shows the form.
func (s storyForms) show(v *visit) error {
	i, err := v.storyFor(s.kind)
	if err != nil {
		return err
	}
	p := v.newStoryPage(s.kind, i, nil)
	return v.render("story", p.Heading, p)
}

// storyFor is the incident that a deed is about; nil for one that is yet to be
// opened.
func (v *visit) storyFor(d *storyKind) (*status.Incident, error) {
	if d == opening {
		if v.snapshot == nil {
			return nil, refuse(http.StatusServiceUnavailable, "problem_starting")
		}
		return nil, nil //nolint:nilnil // there is none, and nothing is wrong
	}
	return v.story()
}

// send reads the form. It shows what would come of it, or has it done.
func (s storyForms) send(v *visit) error {
	c, d := s.console, s.kind
	i, err := v.storyFor(d)
	if err != nil {
		return err
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	e := &entry{visit: v, form: form, bad: map[string]string{}}
	command := d.command(e, i)
	p := v.newStoryPage(d, i, e)
	command.ID, command.Author, command.At = p.FormID, v.who.Name, v.now()
	if i != nil {
		command.Incident, command.Known = i.ID, p.Known
		p.News = v.sinceThen(i, form.Get("known"))
	}
	switch {
	case len(e.bad) > 0:
		p.Problem = v.Say("story_wrong")
		return v.renderAs(http.StatusUnprocessableEntity, "story", p.Heading, p)
	case len(p.News) > 0:
		// They are shown what came meanwhile, with what they typed.
		p.Problem = v.Say("story_meanwhile")
		p.Preview = c.preview(v, command, p, e)
		return v.renderAs(http.StatusConflict, "story", p.Heading, p)
	case form.Get("do") != "publish":
		p.Preview = c.preview(v, command, p, e)
		return v.render("story", p.Heading, p)
	}
	return c.publish(v, d, i, command, p, e)
}

// sinceThen is what was added to an incident since the form was made, the
// latest first.
func (v *visit) sinceThen(i *status.Incident, known string) []web.ForetoldEntry {
	if known == "" || known == latestOf(i) {
		return nil
	}
	entries := web.NewForeteller(v.Voice, v.snapshot).Entries(i)
	if at := slices.IndexFunc(entries, func(e web.ForetoldEntry) bool { return e.ID == known }); at >= 0 {
		return entries[:at]
	}
	return entries[:min(len(entries), 3)]
}

// preview says what a command would come to; what the desk would refuse goes to
// the field it is about.
func (c *Console) preview(v *visit, command status.Command, p *storyPage, e *entry) *previewView {
	preview, err := c.options.Stories.Preview(v.request.Context(), command, v.now())
	if err != nil {
		v.refused(err, p, e)
		return nil
	}
	return v.previewView(preview)
}

// publish has it done, and leads to what came of it.
func (c *Console) publish(v *visit, d *storyKind, i *status.Incident, command status.Command, p *storyPage, e *entry) error {
	ctx, cancel := context.WithTimeout(v.request.Context(), deedTime)
	defer cancel()
	made, err := c.options.Stories.Do(ctx, command)
	to := made
	if i != nil && d != merging && d != splitting {
		to = i.ID
	}
	switch {
	case errors.Is(err, status.ErrAsked):
		p.Problem, p.Sent = v.Say("story_sent"), Root+"/incidents/"+url.PathEscape(to)
		p.FormID = c.options.Stories.NewID()
		return v.renderAs(http.StatusConflict, "story", p.Heading, p)
	case err != nil:
		code := v.refused(err, p, e)
		return v.renderAs(code, "story", p.Heading, p)
	}
	v.record(account.Publish, "incident:"+to, d.id+" "+made)
	c.Changed(Incidents, Deliveries)
	v.done("did_" + d.id)
	return v.lead("/incidents/"+url.PathEscape(to), nil)
}

// refused words an error of the desk, at the field that it is about.
func (v *visit) refused(err error, p *storyPage, e *entry) (code int) {
	for _, r := range refusals {
		if !errors.Is(err, r.err) {
			continue
		}
		p.Problem = v.Say("no_" + r.text)
		if r.field != "" {
			e.bad[r.field] = p.Problem
			p.Fields = e.keep(p.Fields)
		}
		return http.StatusConflict
	}
	p.Problem = v.Say("no_now")
	v.console.options.Log.WarnContext(v.request.Context(), "carrying out what an operator asks", "deed", account.Publish, "error", err)
	return http.StatusServiceUnavailable
}

// refusal is an error of the desk: the text with no_ before it, and the field.
type refusal struct {
	err         error
	text, field string
}

var refusals = []refusal{
	{status.ErrNoIncident, "incident", ""},
	{status.ErrClosed, "closed", ""},
	{status.ErrMeasured, "measured", "stage"},
	{status.ErrMeanwhile, "meanwhile", ""},
	{status.ErrMerged, "merged", ""},
	{status.ErrByHand, "by_hand", "field"},
	{status.ErrGoesOn, "goes_on", "field"},
	{status.ErrCauseUsed, "cause_used", ""},
	{status.ErrStated, "stated", "into"},
	{status.ErrStillFails, "still_fails", ""},
	{status.ErrRetracted, "retracted", ""},
	{status.ErrOver, "over", "by"},
	{status.ErrAsTold, "as_told", "is"},
	{status.ErrNoComponent, "component", "components"},
	{status.ErrNoState, "state", "components"},
	{status.ErrNotTold, "not_told", "components"},
	{status.ErrNoRest, "rest", "components"},
	{status.ErrNoField, "field", "field"},
	{status.ErrNoReason, "reason", "reason"},
	{status.ErrNoWhy, "why", "reason"},
	{status.ErrBadTime, "bad_time", "is"},
	{status.ErrTooEarly, "too_early", "is"},
	{status.ErrAfterEnd, "after_end", "is"},
	{status.ErrNoCause, "cause", "is"},
	{status.ErrFuture, "future", ""},
	{status.ErrTooLong, "too_long", ""},
	{status.ErrNoSpeaker, "speaker", "speaker"},
	{status.ErrNoWords, "words", "text"},
	{status.ErrTooOld, "too_old", "said"},
	{status.ErrNoBasis, "basis", "basis"},
	{status.ErrNoExpiry, "expiry", "expires"},
	{status.ErrPassed, "passed", "by"},
	{status.ErrTooFar, "too_far", "by"},
	{status.ErrItself, "itself", "into"},
	{status.ErrGoingOn, "going_on", ""},
	{status.ErrNoPostmortem, "postmortem", "text"},
}
