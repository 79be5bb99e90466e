package statuspage_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	shared "bongsu/notifier/statuspage"
	"bongsu/status"
	"bongsu/web/sample"
	"bongsu/web/statuspage"
	"bongsu/web/statuspage/statuspagetest"
)

// plainly says things in English, with few words.
type plainly struct{ mark string }

func (plainly) Text(t status.Text) string                        { return t["en"] }
func (plainly) Title(i *status.Incident) string                  { return "Trouble: " + i.Cause }
func (plainly) Told(_ *status.Incident, u *status.Update) string { return string(u.Kind) }
func (plainly) Texted(k status.UpdateKind) bool                  { return k == status.UpdateOpened }
func (plainly) Unmeasured(since string) string                   { return "not measured since " + since }
func (plainly) Underway() string                                 { return "under way" }
func (plainly) CalledOff() string                                { return "called off" }
func (p plainly) Mark() string                                   { return p.mark }
func paths() []string                                            { return statuspage.Paths() }
func read(t *testing.T, s *status.Snapshot, path string) summary {
	return readAs(t, statuspage.New(s, plainly{}), path)
}

// summary is the part of a body that tests ask for.
type summary struct {
	Page struct {
		ID, Name, URL string
		TimeZone      string `json:"time_zone"`
		UpdatedAt     string `json:"updated_at"`
	}
	Components []thing
	Incidents  []thing
	Incident   thing
	Planned    []thing `json:"scheduled_maintenances"`
	Status     struct{ Indicator, Description string }
}

type thing struct {
	ID, Name, Status, Impact string
	Description              *string
	Updates                  []struct {
		Status, Body string
		Affected     []struct {
			Name string
			Old  string `json:"old_status"`
			New  string `json:"new_status"`
		} `json:"affected_components"`
	} `json:"incident_updates"`
	Components []any
}

// readAs is a body, which every strict reader takes.
func readAs(t testing.TB, api *statuspage.API, path string) summary {
	t.Helper()
	get := api.Get(path)
	if get == nil {
		t.Fatalf("there is no %s", path)
	}
	body, err := get()
	if err != nil {
		t.Fatal(err)
	}
	if err := statuspagetest.Check(path, body); err != nil {
		t.Fatalf("%s\n%v", body, err)
	}
	var s summary
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s summary) find(name string) *thing {
	for _, list := range [][]thing{s.Components, s.Incidents, s.Planned} {
		if at := slices.IndexFunc(list, func(c thing) bool { return c.Name == name }); at >= 0 {
			return &list[at]
		}
	}
	return &thing{}
}

// Every body of every day is one that strict readers take.
func TestStrictReadersTakeEveryBody(t *testing.T) {
	for name, s := range map[string]*status.Snapshot{
		"calm": sample.Calm(), "outage": sample.Outage(), "eventful": sample.Eventful(), "impaired": sample.Impaired(), "crowded": sample.Crowded(300),
	} {
		for _, path := range paths() {
			t.Run(name+" "+path, func(t *testing.T) { read(t, s, path) })
		}
	}
}

// A component that cannot be measured is never shown as well, and says since when.
func TestUnknownIsSaidInTheFormatsOwnWords(t *testing.T) {
	s := sample.Calm()
	taxi, _ := s.Component("taxi")
	taxi.State, taxi.Since = status.Unknown, sample.Now().Add(-11*time.Minute)
	got := read(t, s, "summary.json")
	if c := got.find("Taxi"); c.Status != "degraded_performance" || c.Description == nil || *c.Description != "not measured since 2026-11-22 15:41 +09:00" {
		t.Errorf("the component: %+v", c)
	}
	if g := got.find("Ride-hailing"); g.Status != "degraded_performance" || g.Description != nil {
		t.Errorf("its group: %+v", g)
	}
	if got.Status.Indicator != "minor" {
		t.Errorf("the page: %+v", got.Status)
	}
}

// The page is as bad as the worst on it, and maintenance hides nothing.
func TestTheIndicator(t *testing.T) {
	for _, c := range []struct {
		states                 []status.State
		impaired               bool
		indicator, description string
	}{
		{nil, false, "none", "All Systems Operational"},
		{[]status.State{status.UnderMaintenance}, false, "maintenance", "Service Under Maintenance"},
		{[]status.State{status.Unknown, status.UnderMaintenance}, false, "minor", "Partially Degraded Service"},
		{[]status.State{status.DegradedPerformance, status.UnderMaintenance}, false, "minor", "Partially Degraded Service"},
		{[]status.State{status.PartialOutage, status.Unknown}, false, "major", "Partial System Outage"},
		{[]status.State{status.MajorOutage, status.PartialOutage}, false, "critical", "Major Service Outage"},
		{nil, true, "minor", "Partially Degraded Service"},
		{[]status.State{status.UnderMaintenance}, true, "minor", "Partially Degraded Service"},
	} {
		s := sample.Calm()
		if c.impaired {
			s.Impaired = sample.Now()
		}
		for i, state := range c.states {
			s.Groups[i].Components[0].State = state
		}
		got := read(t, s, "status.json").Status
		if got.Indicator != c.indicator || got.Description != c.description {
			t.Errorf("%v, impaired %t: %+v", c.states, c.impaired, got)
		}
	}
}

// What became of an incident is told in the stages that the format has.
func TestTheEndsOfIncidents(t *testing.T) {
	got := read(t, sample.Eventful(), "incidents.json")
	for _, c := range []struct{ cause, status, impact, last string }{
		{"component:taxi", "investigating", "major", "opened"},
		{"component:place-search", "resolved", "critical", "merged"},
		{"component:bank-core", "resolved", "none", "retracted"},
		{"component:chat-text", "resolved", "critical", "resolved"},
	} {
		i := got.find("Trouble: " + c.cause)
		if i.Status != c.status || i.Impact != c.impact || i.Updates[0].Body != c.last {
			t.Errorf("%s: %+v", c.cause, i)
		}
	}
	learnt := sample.Calm()
	learnt.Past[0].Updates = append(learnt.Past[0].Updates, status.Update{ID: "p", At: sample.Now(), Kind: status.UpdatePostmortem, Stage: status.Resolved})
	if i := read(t, learnt, "incidents.json").find("Trouble: component:chat-text"); i.Status != "postmortem" || i.Updates[0].Status != "postmortem" || i.Updates[1].Status != "resolved" {
		t.Errorf("with a post-mortem: %+v", i)
	}
	if open := read(t, sample.Eventful(), "incidents/unresolved.json").Incidents; len(open) != 2 {
		t.Errorf("%d incidents are open", len(open))
	}
}

// An update says of each component how it was told to be before, and how now.
func TestUpdatesSayWhatChanged(t *testing.T) {
	updates := read(t, sample.Outage(), "incidents.json").find("Trouble: component:login").Updates
	first, second := updates[len(updates)-1].Affected, updates[len(updates)-2].Affected
	if first[0].Name != "Login - Shared login" || first[0].Old != "operational" || first[0].New != "major_outage" {
		t.Errorf("the first: %+v", first)
	}
	if second[0].Old != "major_outage" || second[3].Old != "operational" || second[3].New != "partial_outage" {
		t.Errorf("the second: %+v", second)
	}
}

func TestOneIncidentHasABodyOfItsOwn(t *testing.T) {
	api := statuspage.New(sample.Outage(), plainly{})
	id := shared.ID(shared.Incident, "01JD9R2W8F")
	if got := readAs(t, api, "incidents/"+id+".json").Incident; got.ID != id || got.Name != "Trouble: component:login" {
		t.Errorf("got %+v", got)
	}
	for _, path := range []string{"incidents/" + id, "incidents/aaaaaaaaaaaa.json", "incidents/.json", "incidents/01JD9R2W8F.json", "summary", "", "metrics-display/x/day.json"} {
		if api.Get(path) != nil {
			t.Errorf("there is something at %q", path)
		}
	}
}

// Planned work goes through the stages by the clock, and what is called off is
// over.
func TestTheStagesOfPlannedWork(t *testing.T) {
	w := status.Maintenance{ID: "w", Title: status.Text{"en": "New disks"}, Components: []string{"pay"}, From: sample.Now(), Until: sample.Now().Add(time.Hour)}
	early, late := w, w
	early.Cancelled, late.Cancelled = w.From.Add(-time.Hour), w.From.Add(time.Minute)
	for _, c := range []struct {
		name string
		work status.Maintenance
		at   time.Duration
		path string
		told []string // by its updates, newest first
	}{
		{"ahead", w, -time.Minute, "scheduled-maintenances/upcoming.json", []string{"scheduled"}},
		{"begun", w, 0, "scheduled-maintenances/active.json", []string{"in_progress", "scheduled"}},
		{"called off before", early, -time.Minute, "scheduled-maintenances.json", []string{"completed", "scheduled"}},
		{"called off while it went on", late, 2 * time.Minute, "scheduled-maintenances.json", []string{"completed", "in_progress", "scheduled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sample.Calm()
			s.At, s.Maintenance = sample.Now().Add(c.at), []status.Maintenance{c.work}
			var told []string
			for _, path := range []string{"scheduled-maintenances/upcoming.json", "scheduled-maintenances/active.json", "scheduled-maintenances.json"} {
				list := read(t, s, path).Planned
				if path != c.path && path != "scheduled-maintenances.json" && len(list) > 0 {
					t.Errorf("it is in %s", path)
				}
				if path == c.path && len(list) == 1 {
					for _, u := range list[0].Updates {
						told = append(told, u.Status)
					}
				}
			}
			if diff := cmp.Diff(c.told, told); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Lists hold fifty, the newest.
func TestListsAreBounded(t *testing.T) {
	s := sample.Calm()
	one := s.Past[0]
	s.Past = nil
	for n := range 60 {
		i := one
		i.ID, i.Detected = fmt.Sprintf("i%02d", n), one.Detected.Add(-time.Duration(n)*time.Hour)
		s.Past = append(s.Past, i)
		w := status.Maintenance{ID: fmt.Sprintf("w%02d", n), Title: status.Text{"en": "Work"}, From: s.At.Add(time.Hour), Until: s.At.Add(2 * time.Hour)}
		s.Maintenance = append(s.Maintenance, w)
	}
	if got := read(t, s, "incidents.json").Incidents; len(got) != statuspage.Most || got[0].ID != shared.ID(shared.Incident, "i00") {
		t.Errorf("%d incidents", len(got))
	}
	if got := read(t, s, "scheduled-maintenances.json").Planned; len(got) != statuspage.Most {
		t.Errorf("%d maintenances", len(got))
	}
}

// Nothing changes by itself: while nothing happens, the bytes are the same.
func TestTheSameNewsAreTheSameBytes(t *testing.T) {
	for _, path := range paths() {
		s, later := sample.Outage(), sample.Outage()
		later.At = later.At.Add(26 * time.Hour)
		a, errA := statuspage.New(s, plainly{}).Get(path)()
		b, errB := statuspage.New(later, plainly{}).Get(path)()
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s changed in a day without news: %v %v", path, errA, errB)
		}
	}
}

// Times are in the page's own zone; a page in UTC has them with a Z.
func TestZones(t *testing.T) {
	for name, zone := range map[string]*time.Location{"Etc/UTC": time.UTC, "Europe/London": in(t, "Europe/London"), "America/Denver": in(t, "America/Denver")} {
		s := sample.Outage()
		s.Site.Zone = zone
		page := read(t, s, "summary.json").Page // whose times the strict reader compares with the zone
		if page.TimeZone != name || strings.HasSuffix(page.UpdatedAt, "Z") != (name == "Etc/UTC") {
			t.Errorf("%s: %+v", name, page)
		}
	}
	s := sample.Outage()
	s.Site.Zone = nil
	if zone := read(t, s, "summary.json").Page.TimeZone; zone != "Etc/UTC" {
		t.Errorf("no zone is %s", zone)
	}
}

func in(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// A simulation says so in every body, before whatever a reader may show alone.
func TestASimulationSaysSo(t *testing.T) {
	s := sample.Eventful()
	s.Site.Simulation = true
	for _, path := range paths() {
		got := readAs(t, statuspage.New(s, plainly{"[SIMULATION]"}), path)
		names := []string{got.Page.Name}
		for _, list := range [][]thing{got.Incidents, got.Planned} {
			for _, one := range list {
				names = append(names, one.Name)
			}
		}
		if got.Status.Description != "" {
			names = append(names, got.Status.Description)
		}
		for _, name := range names {
			if !strings.HasPrefix(name, "[SIMULATION] ") {
				t.Errorf("%s: %q does not say that it is a simulation", path, name)
			}
		}
	}
}

// Two things that would share an id have one each, the same at any time.
func TestIDsThatMeetArePartedAgain(t *testing.T) {
	small := func(kind, id string) string { return shared.ID(kind, id)[:1] + "aaaaaaaaaaa" }
	s := sample.Outage()
	first := readAs(t, statuspage.NewHashed(s, plainly{}, small), "components.json").Components
	seen := map[string]bool{}
	for _, c := range first {
		if seen[c.ID] {
			t.Errorf("the id %s is there twice", c.ID)
		}
		seen[c.ID] = true
	}
	if diff := cmp.Diff(first, readAs(t, statuspage.NewHashed(sample.Calm(), plainly{}, small), "components.json").Components, cmp.Comparer(func(a, b thing) bool { return a.ID == b.ID })); diff != "" {
		t.Errorf("another day has other ids:\n%s", diff)
	}
}

// Whatever states there are, a group is as bad as the worst in it and the page
// no better: the strict reader compares them.
func TestAnyStates(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := sample.Calm()
		for g := range s.Groups {
			for c := range s.Groups[g].Components {
				s.Groups[g].Components[c].State = rapid.SampledFrom(status.States()).Draw(r, "state")
			}
		}
		body, err := statuspage.New(s, plainly{}).Get("summary.json")()
		if err == nil {
			err = statuspagetest.Check("summary.json", body)
		}
		if err != nil {
			r.Fatal(err)
		}
	})
}
