package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
)

// DrillRoom runs drills in the background, one at a time, on books of their own:
// nothing of a drill reaches a phone or the ledger. What is not there is
// [ErrNone].
type DrillRoom interface {
	// Scenarios lists what can be rehearsed.
	Scenarios() ([]Scenario, error)
	// Runs lists the drills that are kept, newest first, with the one that runs.
	Runs(ctx context.Context) ([]DrillRun, error)
	// Run is one of them; Card its scorecard, which only an ended one has.
	Run(ctx context.Context, id string) (DrillRun, error)
	Card(ctx context.Context, id string) (DrillCard, error)
	// Start begins one, with the installation's own configuration or the
	// scenario's. [ErrBusy]: another runs.
	Start(ctx context.Context, scenario string, ours bool, by string) (id string, err error)
	// Cancel ends the one that runs.
	Cancel(ctx context.Context, id string) error
}

// ErrBusy says that something of which there can be one runs already.
var ErrBusy = errors.New("another one runs")

// Scenario is an outage that can be rehearsed.
type Scenario struct {
	ID           string
	Title, About status.Text
	Lasts        time.Duration
	Targets      int
	Expectations int
}

// DrillRun is a drill.
type DrillRun struct {
	ID, Scenario string
	Title        status.Text
	Ours         bool
	By           string
	Began, Ended time.Time
	State        string // running, passed, broken, failed, cancelled
	Kept, Broken int
	Error        string
	Part         float64   // of one that runs: how much of the scenario has passed, 0 to 1
	At           time.Time // of one that runs: the scenario's clock
}

// DrillCard is a drill's scorecard.
type DrillCard struct{ HTML, JSON, SVG []byte }

func (c *Console) drillRoutes() []route {
	if c.options.Drills == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/drills", deed: account.ReadDesk, handle: c.drills},
		{method: http.MethodPost, path: "/drills", deed: account.Drill, handle: c.startDrill},
		{method: http.MethodGet, path: "/drills/{id}", deed: account.ReadDesk, handle: c.drill},
		{method: http.MethodPost, path: "/drills/{id}/cancel", deed: account.Drill, handle: c.cancelDrill},
		{method: http.MethodGet, path: "/drills/{id}/card.html", deed: account.ReadDesk, handle: c.drillCard("html")},
		{method: http.MethodGet, path: "/drills/{id}/card.svg", deed: account.ReadDesk, handle: c.drillCard("svg")},
		{method: http.MethodGet, path: "/drills/{id}/card.json", deed: account.ReadDesk, handle: c.drillCard("json")},
	}
}

type drillsPage struct {
	Scenarios []scenarioRow
	Runs      []drillRow
	Running   *drillRow
	MayRun    bool
}

type scenarioRow struct {
	ID, Title, About, Facts string
}

type drillRow struct {
	DrillRun

	Broke *web.Reason // why it failed

	Href, Name, When, With, Counts, Percent, Clock string
	Done                                           int // of 1000
	State                                          badge
	Runs                                           bool
}

func (c *Console) drills(v *visit) error {
	v.topics = []Topic{Drills}
	scenarios, err := c.options.Drills.Scenarios()
	if err != nil {
		return err
	}
	runs, err := c.options.Drills.Runs(v.request.Context())
	if err != nil {
		return err
	}
	page := drillsPage{MayRun: v.may(account.Drill)}
	for i := range scenarios {
		s := &scenarios[i]
		page.Scenarios = append(page.Scenarios, scenarioRow{
			ID: s.ID, Title: v.text(s.Title), About: v.text(s.About),
			Facts: v.Say("scenario_facts", "Time", v.Span(s.Lasts), "Targets", s.Targets, "Expectations", s.Expectations),
		})
	}
	for i := range runs {
		row := v.drillRow(&runs[i])
		if row.Runs {
			page.Running = &row
			continue
		}
		page.Runs = append(page.Runs, row)
	}
	return v.render("drills", v.Say("menu_drills"), page)
}

// drillBadges are the states of drills as states look.
var drillBadges = map[string]string{"running": "work", "passed": "ok", "broken": "down", "failed": "part", "cancelled": "none"}

func (v *visit) drillRow(d *DrillRun) drillRow {
	row := drillRow{DrillRun: *d, Broke: v.reason(d.Error), Href: Root + "/drills/" + d.ID, Name: d.Scenario, When: v.At(d.Began), Runs: d.State == "running"}
	if title := v.text(d.Title); title != "" {
		row.Name = title
	}
	row.State = badge{drillBadges[d.State], v.Say("drill_" + d.State)}
	row.With = v.Say("drill_theirs")
	if d.Ours {
		row.With = v.Say("drill_ours")
	}
	if d.Kept+d.Broken > 0 {
		row.Counts = v.Say("drill_counts", "Kept", d.Kept, "Broken", d.Broken)
	}
	if row.Runs {
		row.Done = int(1000 * min(max(d.Part, 0), 1))
		row.Percent = v.Say("drill_percent", "Percent", row.Done/10)
		if !d.At.IsZero() {
			row.Clock = v.Say("drill_clock", "Time", v.At(d.At))
		}
	}
	return row
}

func (c *Console) startDrill(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	scenario, ours := form.Get("scenario"), form.Get("with") == "ours"
	id, err := c.options.Drills.Start(v.request.Context(), scenario, ours, v.who.Name)
	switch {
	case errors.Is(err, ErrBusy):
		v.undone("drill_busy")
		return v.lead("/drills", nil)
	case errors.Is(err, ErrNone):
		return refuse(http.StatusNotFound, "problem_not_found")
	case err != nil:
		return err
	}
	v.record(account.Drill, "drill "+id, "began "+scenario+", own configuration: "+strconv.FormatBool(ours))
	c.Changed(Drills)
	return v.lead("/drills/"+id, nil)
}

func (c *Console) cancelDrill(v *visit) error {
	id := v.request.PathValue("id")
	err := c.options.Drills.Cancel(v.request.Context(), id)
	if errors.Is(err, ErrNone) {
		v.undone("drill_is_over")
		return v.lead("/drills", nil)
	}
	if err != nil {
		return err
	}
	v.record(account.Drill, "drill "+id, "cancelled")
	v.done("drill_cancel_done")
	c.Changed(Drills)
	return v.lead("/drills/"+id, nil)
}

type drillPage struct {
	Row    drillRow
	MayRun bool
	Card   *cardPage // of one that came to its end
}

func (c *Console) drill(v *visit) error {
	v.topics = []Topic{Drills}
	d, err := c.options.Drills.Run(v.request.Context(), v.request.PathValue("id"))
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	page := drillPage{Row: v.drillRow(&d), MayRun: v.may(account.Drill)}
	if d.State == "passed" || d.State == "broken" {
		kept, err := c.options.Drills.Card(v.request.Context(), d.ID)
		if err != nil && !errors.Is(err, ErrNone) {
			return err
		}
		if page.Card, err = v.card(kept.JSON); err != nil && len(kept.JSON) > 0 {
			c.options.Log.WarnContext(v.request.Context(), "a drill's page goes without its scorecard", "drill", d.ID, "error", err)
		}
	}
	return v.render("drill", page.Row.Name, page)
}

// cardPolicy is what a scorecard may do: it is a document by itself, with a style
// of its own, and nothing of the console's.
const cardPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"

// drillCard gives a scorecard as it was made.
func (c *Console) drillCard(form string) func(*visit) error {
	return func(v *visit) error {
		card, err := c.options.Drills.Card(v.request.Context(), v.request.PathValue("id"))
		if errors.Is(err, ErrNone) {
			return refuse(http.StatusNotFound, "problem_not_found")
		}
		if err != nil {
			return err
		}
		kind, body := "text/html; charset=utf-8", card.HTML
		switch form {
		case "svg":
			kind, body = "image/svg+xml", card.SVG
		case "json":
			kind, body = "application/json", card.JSON
		}
		if len(body) == 0 {
			return refuse(http.StatusNotFound, "problem_not_found")
		}
		h := v.writer.Header()
		h.Set("Content-Security-Policy", cardPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Content-Type", kind)
		h.Set("Content-Length", strconv.Itoa(len(body)))
		if _, err := v.writer.Write(body); err != nil {
			return http.ErrAbortHandler // whoever asked has gone
		}
		return nil
	}
}
