package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/drill"
	"bongsu/drill/replay"
	"bongsu/drill/scenario"
	"bongsu/drill/score"
	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/notifier/twilio"
	"bongsu/notifier/words"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

// drillSeed is what everything random in a drill follows from.
const drillSeed = 1

// rig is the program under a drill: the engine's parts, stepped instead of run.
type rig struct {
	*engine // words notices and alarms, and knows the latest states

	scenario *scenario.Scenario
	troupe   *troupe
	town     *replay.Town
	city     *drill.Indoors
	desk     *monitor.Desk
	self     *monitor.Self
	rosters  []*outpost
	page     *web.Server
	hooks    *twilio.Hooks
	record   *score.Record
	latest   *status.Snapshot
	notices  []notifier.Notice
	now      time.Time
	failed   error // what a road that returns nothing ran into
}

// outpost is what one location looks at.
type outpost struct {
	location string
	roster   *monitor.Roster
	probers  map[string]*probes.Check
	parts    map[string]*part
	controls []string
}

func newRig(ctx context.Context, s *scenario.Scenario, t *troupe, folder string) (_ *rig, err error) {
	r := &rig{scenario: s, troupe: t, town: replay.NewTown(drillSeed), record: score.NewRecord(s, t.cast), now: s.Start}
	if t.welcome != nil {
		t.welcome(r.town)
	}
	templates, err := demoTemplates()
	if err != nil {
		return nil, err
	}
	r.city = drill.NewIndoors(drill.Settings{Seed: drillSeed, Templates: templates}, s.Start, r)
	if err := r.openEngine(ctx, filepath.Join(folder, "drill.db")); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.store.Close())
		}
	}()
	if err := r.subscribe(ctx); err != nil {
		return nil, err
	}
	if r.page, err = web.New(web.Options{Now: func() time.Time { return r.now }, Log: r.log}); err != nil { //nolint:contextcheck // handlers have their request's
		return nil, err
	}
	for _, l := range t.model.Locations {
		if err := r.post(l.ID); err != nil {
			return nil, err
		}
	}
	r.describe()
	return r, nil
}

// openEngine wires the parts of an engine that a drill steps.
func (r *rig) openEngine(ctx context.Context, database string) (err error) {
	keys, err := store.ParseKeys(store.NewKeys()) // they seal a file of the moment
	if err != nil {
		return fmt.Errorf("making the drill's keys: %w", err)
	}
	books, err := store.Open(ctx, database, store.Options{Sole: true, Keys: keys, Scratch: true})
	if err != nil {
		return err
	}
	site := r.troupe.model.Site
	names := replay.NewNames(drillSeed)
	r.engine = &engine{
		metrics: prometheus.NewRegistry(), alarms: make(chan notifier.Alarm, 64),
		composer: &words.Composer{Site: site, Audiences: r.troupe.audiences, Classes: r.troupe.classes(), NewID: names.ID},
		parts:    parts{store: books, keys: keys, log: slog.New(slog.DiscardHandler)},
	}
	outside := notifier.Outside{
		PublicURL: site.URL, UserAgent: probes.UserAgent(version, site.Contact), Simulation: true, Token: callbackToken(keys),
		Now: r.city.Now, Nonce: func() string { return names.ID(r.city.Now()) },
	}
	channels := slices.Clone(r.troupe.channels)
	for i := range channels {
		route, err := r.troupe.gateway(&channels[i], r.city, outside)
		if err != nil {
			return errors.Join(err, books.Close())
		}
		channels[i].Gateways = []notifier.Route{route}
	}
	r.hooks = &twilio.Hooks{
		PublicURL: site.URL, Token: outside.Token, AuthTokens: []notifier.Secret{notifier.NewSecret(r.city.Keys().TwilioToken)},
	}
	r.sender = notifier.NewSender(books, notifier.Options{
		Node: "drill", Channels: channels, Plans: r.troupe.plans, Audiences: r.troupe.audiences,
		Stamp: notifier.NewStamp(keys.Derive("delivery keys")), State: r.state, Zone: site.Zone, Alarm: r.hear, Mark: words.Again,
		Rand: rand.New(replay.Source(drillSeed, "retries")), //nolint:gosec // it spreads retries, the same way each time
	})
	r.desk = monitor.NewDesk(status.NewBoard(r.troupe.model, status.Memory{}, names), r.troupe.model.Locations[0].ID, r)
	return nil
}

// post sends a location out, with a roster and probes of its own.
func (r *rig) post(location string) error {
	o := &outpost{location: location, probers: map[string]*probes.Check{}, parts: map[string]*part{}}
	var checks []monitor.Check
	agent := probes.UserAgent(version, r.troupe.model.Site.Contact)
	for i := range r.troupe.checks {
		p := &r.troupe.checks[i]
		if len(p.from) > 0 && !slices.Contains(p.from, location) {
			continue
		}
		o.parts[p.ID] = p
		if p.control {
			o.controls = append(o.controls, p.ID)
		}
		o.probers[p.ID] = &probes.Check{
			ID: p.ID, Steps: p.steps, Timeout: p.Timeout, UserAgent: agent, Env: exerciseValue,
			Random: replay.Source(drillSeed, p.ID+"@"+location),
			World:  func(now time.Time) probes.World { return r.town.World(p.ID, r.troupe.place(location), now, p.Timeout) },
		}
		c := p.Check
		c.Prober = o.probers[p.ID]
		checks = append(checks, c)
	}
	var err error
	if o.roster, err = monitor.NewRoster(checks, r.scenario.Start); err != nil {
		return err
	}
	for i := range checks {
		o.roster.Greet(checks[i].ID, r.scenario.Start)
	}
	if r.rosters = append(r.rosters, o); len(r.rosters) == 1 { // this node's
		r.self = monitor.NewSelf(checks)
	}
	return nil
}

// exerciseValue stands for every secret: a drill has none.
func exerciseValue(string) (string, bool) { return "exercise", true }

// describe puts into the record who is who.
func (r *rig) describe() {
	for i := range r.troupe.model.Components {
		c := &r.troupe.model.Components[i]
		for _, text := range []status.Text{c.Name, c.Short} {
			for _, lang := range r.troupe.model.Site.Languages {
				if name := text.In(lang); name != "" && !slices.Contains(r.record.Names[c.ID], name) {
					r.record.Names[c.ID] = append(r.record.Names[c.ID], name)
				}
			}
		}
	}
	r.record.Domains, r.record.Stands = r.troupe.domains(), r.troupe.stands
	for i := range r.troupe.checks {
		if c := &r.troupe.checks[i]; c.alone != "" {
			r.record.Unasked = append(r.record.Unasked, c.ID)
		}
	}
	for _, who := range drill.DemoSubscribers() {
		r.record.People = append(r.record.People, who.Number)
	}
}

// subscribe signs the city's people up.
func (r *rig) subscribe(ctx context.Context) error {
	now := r.scenario.Start
	for _, who := range drill.DemoSubscribers() {
		kinds := []string{"sms"}
		if who.Plan == drill.PlanMessenger {
			kinds = append(kinds, "alimtalk")
		}
		var addresses []store.Address
		for _, kind := range kinds {
			addresses = append(addresses, store.Address{Kind: kind, Address: who.Number, Source: "drill", Consented: now, Confirmed: now})
		}
		sub := store.Subscriber{
			Lang: who.Lang, Plan: r.troupe.planOf(who.Plan == drill.PlanMessenger), AtLeast: status.PartialOutage, Joined: now,
		}
		if _, err := r.store.AddSubscriber(ctx, sub, addresses); err != nil {
			return fmt.Errorf("signing the city's people up: %w", err)
		}
	}
	return nil
}

// run replays the scenario and returns what it left behind.
func (r *rig) run(ctx context.Context, tell func(time.Time)) (*score.Record, error) {
	play := replay.Play{
		Scenario: r.scenario, Cast: r.troupe.cast, Town: r.town, City: r.city, Rig: r, Progress: tell,
		Did: func(at time.Time, what string, err error) {
			deed := score.Deed{At: at, What: what}
			if err != nil {
				deed.Error = err.Error()
			}
			r.record.Deeds = append(r.record.Deeds, deed)
		},
	}
	if err := play.Run(ctx); err != nil {
		return nil, err
	}
	r.collect()
	return r.record, nil
}

// Begin implements replay.Rig.
func (r *rig) Begin(now time.Time) (begin []replay.Look, next time.Time) {
	for _, o := range r.rosters {
		works, at := o.roster.Due(now)
		for _, w := range works {
			begin = append(begin, replay.Look{Check: w.Check, Location: o.location})
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return begin, next
}

func (r *rig) outpost(location string) *outpost {
	i := slices.IndexFunc(r.rosters, func(o *outpost) bool { return o.location == location })
	return r.rosters[i]
}

// Probe implements replay.Rig.
func (r *rig) Probe(ctx context.Context, l replay.Look, now time.Time) (probes.Result, time.Duration) {
	r.record.Looks++
	o := r.outpost(l.Location)
	if p := o.parts[l.Check]; p.alone != "" {
		result := replay.Alone(r.town.Mode(p.alone, r.troupe.place(l.Location), now), now, p.Timeout)
		return result, result.Took
	}
	result := o.probers[l.Check].Probe(ctx, now)
	return result, result.Took
}

// Report implements replay.Rig.
func (r *rig) Report(l replay.Look, began time.Time, result probes.Result, now time.Time) {
	outcome := monitor.Outcome{Check: l.Check, Began: began, Result: result}
	next := r.desk.Vote(outcome.Vote(l.Location), now)
	for _, o := range r.rosters {
		switch {
		case o.location == l.Location:
			o.roster.Report(l.Check, next.Again, result.Retry, now)
			o.doubt(next, now)
		case next.Elsewhere:
			o.roster.AtOnce(l.Check, now)
		}
	}
	if l.Location == r.rosters[0].location {
		r.self.Looked(l.Check, began, now)
	}
}

// doubt has the location look at its controls, if its word waits for them.
func (o *outpost) doubt(next status.Followup, now time.Time) {
	if !next.Controls {
		return
	}
	for _, control := range o.controls {
		o.roster.AtOnce(control, now)
	}
}

// Judge implements replay.Rig.
func (r *rig) Judge(ctx context.Context, now time.Time) (next time.Time, send bool, err error) {
	r.self.Tick(now, r.city.Now().Sub(r.scenario.Start))
	r.desk.Believe(r.rosters[0].location, r.self.Doubts(now), now)
	for {
		agenda, next := r.desk.Due(now)
		if err := errors.Join(agenda.Problems...); err != nil {
			return next, send, err
		}
		if agenda.Publish != nil {
			send = r.show(agenda.Publish) || send
		}
		if agenda.Record == nil {
			return next, send, nil
		}
		err := r.keep(ctx, agenda.Record)
		r.desk.Recorded(err, now)
		if err != nil {
			return next, send, err
		}
		send = send || len(agenda.Record.Notices) > 0
	}
}

// show takes a snapshot in. It says whether a component's state has changed.
func (r *rig) show(s *status.Snapshot) (changed bool) {
	before := r.states.Load()
	r.latest = s
	r.judged(s)
	r.record.Observe(s, r.city.Now())
	return before == nil || !maps.Equal(*before, *r.states.Load())
}

// keep commits a record. What only says that something was looked at is left
// out: no drill is resumed.
func (r *rig) keep(ctx context.Context, record *notifier.Record) error {
	if record.Change.Empty() && len(record.Notices) == 0 && len(record.Answers) == 0 {
		return nil
	}
	r.notices = append(r.notices, record.Notices...)
	return r.store.Record(ctx, *record)
}

// Send implements replay.Rig.
func (r *rig) Send(ctx context.Context, now time.Time) (time.Time, error) {
	r.now = now
	for {
		next, err := r.sender.Step(ctx, now)
		if err = errors.Join(err, r.failed); err != nil {
			return next, err
		}
		told, err := r.alarmed(ctx, now)
		if err != nil || !told {
			return next, err
		}
	}
}

// alarmed turns the sender's alarms into notices.
func (r *rig) alarmed(ctx context.Context, now time.Time) (told bool, err error) {
	for {
		select {
		case a := <-r.alarms:
			notices, err := r.Alarm(string(a.Kind)+" "+a.Subject, a.Words(), now)
			if err != nil {
				return told, err
			}
			if err := r.store.AddNotices(ctx, notices); err != nil {
				return told, err
			}
			r.notices = append(r.notices, notices...)
			told = told || len(notices) > 0
		default:
			return told, nil
		}
	}
}

// ServeHTTP takes what the city's gateways call back with.
func (r *rig) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.receive(req); err != nil {
		r.failed = errors.Join(r.failed, fmt.Errorf("taking a receipt: %w", err))
		w.WriteHeader(http.StatusInternalServerError)
	}
}

func (r *rig) receive(req *http.Request) error {
	if err := req.ParseForm(); err != nil {
		return err
	}
	receipt, err := r.hooks.Status(req, req.PostForm, r.city.Now())
	if err != nil {
		return err
	}
	return r.sender.Receipts(req.Context(), []notifier.Receipt{receipt})
}

// Do implements replay.Rig.
func (r *rig) Do(c status.Command, now time.Time) error {
	_, err := r.desk.Do(c, now)
	return err
}

// Telling implements replay.Rig.
func (r *rig) Telling(component string) string {
	if r.latest == nil {
		return ""
	}
	for _, list := range [][]status.Incident{r.latest.Incidents, r.latest.Past} {
		for i := range list {
			if list[i].MergedInto == "" && slices.ContainsFunc(list[i].Components, func(a status.Affected) bool { return a.Component == component }) {
				return list[i].ID
			}
		}
	}
	return ""
}

// exerciseMarks are put before an everyday text.
var exerciseMarks = map[string]string{"ko": "[훈련] ", "ja": "【訓練】", "en": "[Exercise] "}

// Tell implements replay.Rig.
func (r *rig) Tell(ctx context.Context, text status.Text, now time.Time) error {
	marked := status.Text{}
	for lang, body := range text {
		marked[lang] = exerciseMarks[lang] + body
	}
	var notices []notifier.Notice
	told := map[string]bool{}
	update := r.composer.NewID(now)
	for _, messenger := range []bool{true, false} {
		plan := r.troupe.planOf(messenger)
		if plan == "" || told[plan] {
			continue
		}
		told[plan] = true
		notices = append(notices, ordinaryNotice(r.composer.NewID(now), update, plan, r.troupe.model.Site.Languages, marked, now))
	}
	r.notices = append(r.notices, notices...)
	return r.store.AddNotices(ctx, notices)
}

// Visit implements replay.Rig.
func (r *rig) Visit(checkpoint string, now time.Time) error {
	if r.latest == nil {
		return nil
	}
	r.now = now
	r.page.Publish(r.latest)
	for _, path := range r.visited() {
		req, err := http.NewRequest(http.MethodGet, "http://status.drill.example"+path, http.NoBody) //nolint:noctx // answered in memory, at once
		if err != nil {
			return err
		}
		answer, err := drill.Serve(r.page.Handler(), req)
		if err != nil {
			return err
		}
		body := new(strings.Builder)
		_, err = answerInto(body, answer)
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("visiting %s: it answers %d", path, answer.StatusCode)
		}
		r.record.Pages = append(r.record.Pages, score.Page{At: now, Checkpoint: checkpoint, Path: path, Marked: score.IsMarked(body.String())})
	}
	return nil
}

// visited are the pages and feeds that a checkpoint looks at.
func (r *rig) visited() []string {
	paths := []string{"/history", "/maintenance"}
	for _, lang := range r.troupe.model.Site.Languages {
		paths = append(paths, "/?lang="+lang)
	}
	for _, list := range [][]status.Incident{r.latest.Incidents, r.latest.Past} {
		for i := range list {
			paths = append(paths, "/incidents/"+list[i].ID)
		}
	}
	return append(paths, "/api/v1/status")
}

// collect puts the texts that the city was handed into the record.
func (r *rig) collect() {
	arrived := map[string]time.Time{} // by gateway, reference and recipient
	for _, e := range r.city.Log().Find(drill.Query{Kind: drill.Arrival}) {
		arrived[string(e.Service)+e.Ref+e.To] = e.At
	}
	channels := map[drill.Service]string{drill.AlimTalk: byMessenger, drill.SMS: bySMS, drill.Slack: byOps}
	for _, e := range r.city.Log().Find(drill.Query{Kind: drill.Request, Method: http.MethodPost}) {
		channel := channels[e.Service]
		if channel == "" || !strings.HasPrefix(e.Outcome, "2") && e.Outcome != "answer lost" {
			continue
		}
		t := score.Text{At: e.At, Channel: channel, To: e.To, Body: e.Body, Arrived: arrived[string(e.Service)+e.Ref+e.To]}
		if channel == byOps {
			t.Body = html.UnescapeString(e.Body)
		}
		r.attribute(&t)
		r.record.Texts = append(r.record.Texts, t)
	}
}

// attribute finds the notice that a text is of: the latest made before it left
// that has its words.
func (r *rig) attribute(t *score.Text) {
	for i := len(r.notices) - 1; i >= 0; i-- {
		n := &r.notices[i]
		if n.Made.After(t.At.Add(time.Hour)) { // a stepped clock's notices are dated otherwise
			continue
		}
		for k := range n.Texts {
			if words := n.Texts[k].Body; words == "" || words != t.Body && !strings.HasSuffix(t.Body, "\n"+words) {
				continue
			}
			t.Lang, t.Event, t.Made = n.Texts[k].Lang, n.Event, n.Made
			t.Audience, t.Incident = n.Audience, n.Incident
			t.Occasion = n.Event + " " + n.Incident + " " + n.Update
			if n.Event == ordinaryEvent {
				t.Event = "everyday"
			}
			return
		}
	}
}
