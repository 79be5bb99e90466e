package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/status"
	"bongsu/store"
)

// told is the demo as its witnesses saw it.
type told struct {
	*testing.T

	demo   demo
	log    *drill.Log
	page   *status.Snapshot  // the last one
	during *status.Snapshot  // while the incident was open and everything had failed
	lines  []store.Delivered // what the ledger says of everybody
	counts string            // what the API tells the public of the incident's notices
	out    bytes.Buffer
}

// The demo's configuration has no problem, whichever loopback address is meant.
func TestDemoConfiguration(t *testing.T) {
	city, err := drill.New(t.Context(), drill.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer city.Close()
	for _, listen := range []string{"127.0.0.1:8080", "[::1]:8080", "localhost:8080"} {
		d := demo{listen: listen, city: city}
		cfg, err := d.configure(t.TempDir())
		if err != nil {
			t.Errorf("%s: %v", listen, err)
			continue
		}
		if cfg.Listen != listen {
			t.Errorf("it listens on %s, want %s", cfg.Listen, listen)
		}
	}
}

// The demo is the main job of the program, from one command: everything is
// counted from the city's own log.
func TestDemo(t *testing.T) {
	w := &told{T: t} // not in parallel: a starved city is a slow one, and the page would say so
	w.play()
	if dropped := w.log.Dropped(); dropped != 0 {
		t.Fatalf("the log let %d entries go; nothing can be counted", dropped)
	}
	if stories := w.stories(); len(stories) != 1 || len(w.page.Incidents) != 0 {
		t.Fatalf("want one story, and none open; past are %+v, open %+v", w.page.Past, w.page.Incidents)
	}
	t.Run("one incident, one cause", w.oneCause)
	t.Run("the bank's core goes on, its linked function is affected", w.bank)
	t.Run("before, the messenger carried the texts", w.before)
	t.Run("after the verdict not one request reaches the messenger", w.verdict)
	t.Run("one text about the outage by SMS, one about its end", w.once)
	t.Run("what was in flight is unknown, then goes by SMS", w.inFlight)
	t.Run("the public counts are the city's", w.counted)
	t.Run("everything says that it is a simulation", w.marked)
}

func (w *told) play() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	w.demo = demo{listen: address, lang: "en", once: true, out: &w.out, errs: w.Output()}
	w.demo.watch = func(s *status.Snapshot) {
		w.page = s
		if w.during == nil && len(s.Incidents) == 1 && len(s.Incidents[0].Components) == 6 {
			w.during = s
		}
	}
	w.demo.ended = func(city *drill.City, db *store.Store) {
		w.log = city.Log()
		w.history(db)
		w.public()
		w.operators()
	}
	ctx, cancel := context.WithTimeout(w.Context(), 3*time.Minute)
	defer cancel()
	if err := w.demo.run(ctx); err != nil {
		w.Fatalf("%v\n%s", err, w.out.String())
	}
}

// operators opens the link to the console as whoever runs the demo does.
func (w *told) operators() {
	link := regexp.MustCompile(`http://127\.0\.0\.1:\d+(/console/link/\S+)`).FindStringSubmatch(w.out.String())
	if link == nil {
		w.Fatalf("no link to the console was printed:\n%s", w.out.String())
	}
	for path, want := range map[string]int{link[1]: http.StatusOK, "/console": http.StatusSeeOther, "/console/link/none": http.StatusNotFound} {
		r := httptest.NewRequestWithContext(w.Context(), http.MethodGet, path+"?lang=en", nil)
		answer := httptest.NewRecorder()
		w.demo.server.page.Handler().ServeHTTP(answer, r)
		if answer.Code != want || want == http.StatusOK && !strings.Contains(answer.Body.String(), "This is a simulation.") {
			w.Errorf("%s answers %d:\n%s", path, answer.Code, answer.Body)
		}
	}
}

// history reads what the ledger says of every subscriber.
func (w *told) history(db *store.Store) {
	people, err := db.Subscribers(w.Context(), 0, 100)
	if err != nil {
		w.Fatal(err)
	}
	for _, p := range people {
		lines, err := db.History(w.Context(), p.ID, 100)
		if err != nil {
			w.Fatal(err)
		}
		w.lines = append(w.lines, lines...)
	}
}

// public reads what the page tells the public, counted as it is while it runs.
func (w *told) public() {
	sent, err := newSentCounts(w.demo.server).ask(w.Context(), w.page, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	w.demo.server.page.Count(sent)
	answer := httptest.NewRecorder()
	path := "/api/v1/incidents/" + w.incident().ID + "/notices"
	w.demo.server.page.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(w.Context(), http.MethodGet, path, nil))
	w.counts = answer.Body.String()
}

func (w *told) incident() status.Incident { return w.stories()[0] }

// stories are the past incidents that went to their own end. On a busy machine
// what fails together is not confirmed together; what began apart has merged.
func (w *told) stories() []status.Incident {
	return slices.DeleteFunc(slices.Clone(w.page.Past), func(i status.Incident) bool { return i.MergedInto != "" })
}

// verdict is when the incident was confirmed; recovered is when everything
// answered again.
func (w *told) times() (verdict, recovered time.Time) {
	i := w.incident()
	return i.Detected, i.Watching
}

func (w *told) oneCause(t *testing.T) {
	i := w.incident()
	if i.Cause != "component:login" && i.Cause != "domain:dc-south" {
		t.Errorf("the cause is %q", i.Cause)
	}
	explained := map[string]bool{}
	for _, c := range i.Components {
		explained[c.Component] = true
	}
	for _, id := range []string{"login", "chat", "place-search", "pay", "taxi", "bank-link"} {
		if !explained[id] {
			t.Errorf("%s is not explained by it", id)
		}
	}
	if explained["bank"] || explained["directions"] || len(explained) != 6 {
		t.Errorf("it explains %v", explained)
	}
}

func (w *told) bank(t *testing.T) {
	if w.during == nil {
		t.Fatal("the page never showed all six components in one incident")
	}
	core, _ := w.during.Component("bank")
	if core.State != status.Operational || core.AffectedBy != "" {
		t.Errorf("the core is %s, affected by %q", core.State, core.AffectedBy)
	}
	link, _ := w.during.Component("bank-link")
	if link.State != status.MajorOutage || link.AffectedBy == "" {
		t.Errorf("the linked function is %s, affected by %q", link.State, link.AffectedBy)
	}
	for _, d := range core.Days() {
		if d.Down != 0 {
			t.Errorf("the core was down for %s on %s", d.Down, d.Date)
		}
	}
}

func (w *told) before(t *testing.T) {
	verdict, _ := w.times()
	got := w.log.CountByRecipient(drill.Query{Kind: drill.Arrival, Service: drill.AlimTalk, Until: verdict})
	for _, who := range drill.DemoSubscribers() {
		if who.Plan == drill.PlanMessenger && got[who.Number] == 0 {
			t.Errorf("%s got nothing by messenger", who.Number)
		}
	}
	// What the messenger delivered is not sent again.
	for _, n := range []string{"1", "2"} {
		for _, who := range drill.DemoSubscribers() {
			if texts := w.arrivals(who.Number, ordinaryMark(who.Lang, n)); len(texts) != 1 {
				t.Errorf("%s got ordinary text %s %d times: %v", who.Number, n, len(texts), texts)
			}
		}
	}
}

// arrivals are the services by which a phone got texts with the mark.
func (w *told) arrivals(number, mark string) []drill.Service {
	var by []drill.Service
	for _, e := range w.log.Find(drill.Query{Kind: drill.Arrival, To: number}) {
		if strings.Contains(e.Body, mark) {
			by = append(by, e.Service)
		}
	}
	return by
}

func ordinaryMark(lang, n string) string {
	return map[string]string{"ko": "평소 알림 " + n, "ja": "お知らせ" + n, "en": "Notice " + n}[lang]
}

// underWay is how long a request that left before the verdict may take to be
// read on a busy machine.
const underWay = 250 * time.Millisecond

func (w *told) verdict(t *testing.T) {
	verdict, recovered := w.times()
	asked := w.log.Find(drill.Query{Kind: drill.Request, Service: drill.AlimTalk, From: verdict.Add(underWay), Until: recovered})
	for _, e := range asked {
		t.Errorf("%s after the verdict: %s", e.At.Sub(verdict), e.Action)
	}
}

func (w *told) once(t *testing.T) {
	code := w.incident().Code
	_, recovered := w.times()
	for _, who := range drill.DemoSubscribers() {
		during, after := 0, 0
		for _, e := range w.log.Find(drill.Query{Kind: drill.Arrival, To: who.Number}) {
			switch {
			case !strings.Contains(e.Body, code):
			case e.At.Before(recovered):
				during++
				if e.Service != drill.SMS {
					t.Errorf("%s heard of the outage by %s", who.Number, e.Service)
				}
			default:
				after++
			}
		}
		if during != 1 || after != 1 {
			t.Errorf("%s got %d texts about the outage and %d about its end, want one each", who.Number, during, after)
		}
	}
}

func (w *told) inFlight(t *testing.T) {
	doubted := 0
	for _, l := range w.lines {
		if l.Event == "notice" && l.Channel == "messenger" && l.InDoubt {
			doubted++
		}
	}
	if doubted == 0 {
		t.Error("nothing was in flight when login died: the demo shows no unknown")
	}
	for _, who := range drill.DemoSubscribers() {
		if texts := w.arrivals(who.Number, ordinaryMark(who.Lang, "3")); len(texts) != 1 || texts[0] != drill.SMS {
			t.Errorf("%s got ordinary text 3 by %v, want once by SMS", who.Number, texts)
		}
	}
}

// counted holds the public numbers against the phones: by service, as many
// texts of the incident are called handed over as came.
func (w *told) counted(t *testing.T) {
	var told struct {
		Notices []struct {
			Event    string
			Withheld int
			Channels []struct {
				Channel, Kind              string
				Planned, Handed, Delivered int
				HandedMedian               *float64 `json:"handed_median_s"`
				HandedP99                  *float64 `json:"handed_p99_s"`
			}
		}
	}
	if err := json.Unmarshal([]byte(w.counts), &told); err != nil {
		t.Fatalf("%v: %s", err, w.counts)
	}
	handed, events := map[drill.Service]int{}, map[string]bool{}
	for _, n := range told.Notices {
		events[n.Event] = true
		for _, c := range n.Channels {
			handed[map[string]drill.Service{"sms": drill.SMS, "alimtalk": drill.AlimTalk}[c.Kind]] += c.Handed
			if c.Delivered > c.Handed || c.Handed > 0 && (c.HandedMedian == nil || c.HandedP99 == nil || *c.HandedMedian > *c.HandedP99) {
				t.Errorf("%s by %s: %+v", n.Event, c.Channel, c)
			}
		}
	}
	came := map[drill.Service]int{}
	for _, e := range w.log.Find(drill.Query{Kind: drill.Arrival}) {
		if e.Service != drill.Slack && strings.Contains(e.Body, w.incident().Code) {
			came[e.Service]++
		}
	}
	if !maps.Equal(handed, came) || !events["opened"] || !events["resolved"] || len(events) != 2 {
		t.Errorf("the public reads %s; on the phones are %v", w.counts, came)
	}
}

func (w *told) marked(t *testing.T) {
	for _, e := range w.log.Find(drill.Query{Kind: drill.Arrival}) {
		if !strings.Contains(e.Body, "모의") && !strings.Contains(e.Body, "模擬") && !strings.Contains(strings.ToLower(e.Body), "simulation") {
			t.Errorf("%s: %q", e.To, e.Body)
		}
	}
}
