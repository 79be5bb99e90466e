package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/drill/score"
	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/console"
)

const deskConfig = `
site: {name: Status, url: "https://status.example", languages: [en]}
listen: 127.0.0.1:0
database: %q
keys: env:KEYS
groups: [{id: chat, name: Chat}]
components: [{id: talk, group: chat, name: Talk, short: talk, checks: [{heartbeat: talk, within: 1h}]}]
apps: [{id: report, name: Report, daily: 7, plans: [citizens], origins: ["https://report.example"], functions: [{id: a, name: A, needs: [talk]}]}]
channels: [{id: sms, kind: sms, daily_cap: 500 KRW, gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "env:FROM", price: 50 KRW, per_day: 9}]}]
plans: {citizens: [{channel: sms}]}
routes: [{audience: subscribers, plan: citizens, at_least: partial_outage}]
`

// adminsDoor lets everybody in as an administrator.
type adminsDoor struct{}

func (adminsDoor) Who(*http.Request) (account.Who, error) {
	return account.Who{ID: "u1", Name: "Kim", Role: account.Admin}, nil
}

// openDesk is a server that has not been started, with its engine.
func openDesk(t *testing.T) *server {
	t.Helper()
	env := map[string]string{"KEYS": store.NewKeys(), "SID": "AC0123456789abcdef0123456789abcdef", "TOKEN": "t", "FROM": "+15005550006"}
	for name, value := range env {
		t.Setenv(name, value) // reloads look there
	}
	find := os.LookupEnv
	folder := t.TempDir()
	path := filepath.Join(folder, "bongsu.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, deskConfig, filepath.Join(folder, "bongsu.db")), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := loadConfig(path, find)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), cfg, serverOptions{
		env: find, log: slog.New(slog.DiscardHandler), consoleDoor: adminsDoor{}, reloads: newReloader(path),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	e, err := newEngine(cfg, s.parts)
	if err != nil {
		t.Fatal(err)
	}
	s.engine.Store(e)
	return s
}

const deskList = `kind,address,source,consented,person
sms,010-1111-5678,=HYPERLINK,2026-03-01T12:00:00Z,
sms,010-2222-5678,form,2026-03-01T12:00:00Z,
email,jo@mail.example,form,2026-03-01T12:00:00Z,
sms,nobody,form,2026-03-01T12:00:00Z,
sms,010-3333-9999,form,2026-03-01T12:00:00Z,
`

// A list is tried, taken in and taken in again; its people are found by the end
// of a number, a mask, an address and their number here; they get what is kept of
// them, and are forgotten.
func TestTheDesksPeople(t *testing.T) {
	s := openDesk(t)
	d, ctx := deskPeople{s}, t.Context()
	for _, run := range []struct {
		dry                   bool
		added, there, refused int64
	}{{true, 3, 0, 2}, {false, 3, 0, 2}, {false, 0, 3, 2}} { // no plan carries mail, and one number is none
		got, err := d.Import(ctx, console.ImportOrder{Name: "a.csv", By: "Kim", Format: "csv", Dry: run.dry, Body: strings.NewReader(deskList)})
		if err != nil || got.Added != run.added || got.There != run.there || got.Refused != run.refused || got.Error != "" {
			t.Errorf("dry %t: %+v (%v)", run.dry, got, err)
		}
		_, lines, err := d.Report(ctx, got.ID)
		if err != nil || len(lines) != 2 || lines[0].Line != 4 || lines[1].Line != 5 {
			t.Errorf("its report: %+v (%v)", lines, err)
		}
	}
	broken, err := d.Import(ctx, console.ImportOrder{Name: "b.csv", Format: "csv", Body: strings.NewReader("what\n1\n")})
	if err != nil || broken.Error == "" {
		t.Errorf("a list without the columns: %+v (%v)", broken, err)
	}
	if list, err := d.Imports(ctx); err != nil || len(list) != 4 {
		t.Errorf("kept %d lists (%v)", len(list), err)
	}
	for _, f := range []struct {
		q    console.PeopleQuery
		want []int64
	}{
		{console.PeopleQuery{Text: "5678"}, []int64{2, 1}},
		{console.PeopleQuery{Text: "1111-5678"}, []int64{1}},
		{console.PeopleQuery{Text: "010 2222 5678"}, []int64{2}},
		{console.PeopleQuery{Text: "+82*******678"}, []int64{1, 2}},
		{console.PeopleQuery{Text: "#3"}, []int64{3}},
		{console.PeopleQuery{Text: "#9"}, nil},
		{console.PeopleQuery{Text: "#x"}, nil},
		{console.PeopleQuery{Text: "who?"}, nil},
		{console.PeopleQuery{Component: "talk", State: "told"}, []int64{3, 2, 1}},
		{console.PeopleQuery{State: "nonsense", Kind: "email"}, nil},
	} {
		found, _, err := d.Find(ctx, f.q)
		var got []int64
		for i := range found {
			got = append(got, found[i].ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(f.want) {
			t.Errorf("%+v: %v (%v), want %v", f.q, got, err, f.want)
		}
	}
	if file, err := d.Disclose(ctx, 1); err != nil || !strings.Contains(string(file), "+821011115678") {
		t.Errorf("what is kept: %s (%v)", file, err)
	}
	if err := d.Erase(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if p, err := d.Person(ctx, 1); err != nil || p.Gone.IsZero() || len(p.Addresses) > 0 {
		t.Errorf("erased: %+v (%v)", p, err)
	}
	for _, err := range []error{d.Erase(ctx, 99), second(d.Disclose(ctx, 99)), second(d.Person(ctx, 99))} {
		if !errors.Is(err, console.ErrNone) {
			t.Errorf("of nobody: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// deafGateway takes nothing.
type deafGateway struct{}

func (deafGateway) Send(context.Context, notifier.Message) (string, error) {
	return "", &notifier.RejectedError{Recipient: true, Code: "30005"}
}

// A notice that nobody could be reached by: why, by what it costs to resend it,
// and once however often one asks.
func TestTheDesksDeliveries(t *testing.T) {
	s := openDesk(t)
	d, ctx, now := &deskLedger{server: s}, t.Context(), time.Now()
	for i := range 3 {
		_, err := s.store.AddSubscriber(ctx, store.Subscriber{Lang: "en", Plan: "citizens", AtLeast: status.PartialOutage, Joined: now.Add(-time.Hour)},
			[]store.Address{{Kind: "sms", Address: fmt.Sprintf("+82101234567%d", i), Source: "test", Consented: now, Confirmed: now}})
		if err != nil {
			t.Fatal(err)
		}
	}
	n := notifier.Notice{
		ID: "n1", Incident: "i1", Event: "opened", Update: "u", Audience: "subscribers", Plan: "citizens", To: status.MajorOutage, Made: now, Expires: now.Add(time.Hour),
		Texts: []notifier.Text{{Lang: "en", Class: notifier.ClassSMS, Body: "Talk fails", Segments: 1}},
	}
	if err := s.store.AddNotices(ctx, []notifier.Notice{n}); err != nil {
		t.Fatal(err)
	}
	sender := notifier.NewSender(s.store, notifier.Options{
		Stamp: notifier.NewStamp([]byte("sixteen bytes or more")), Plans: s.cfg.Plans(),
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/twilio", Gateway: deafGateway{}}}}},
	})
	for range 3 {
		if _, err := sender.Step(ctx, now); err != nil {
			t.Fatal(err)
		}
	}
	shown, err := d.Notice(ctx, "n1")
	if err != nil || shown.People != 3 || len(shown.Channels) != 1 || shown.Channels[0].Failed != 3 {
		t.Fatalf("shown %+v (%v)", shown, err)
	}
	misses, err := d.Unreached(ctx, "n1")
	want := console.Unreached{Hop: 1, Channel: "sms", Gateway: "sms/twilio", Ended: notifier.EndedRefused, Code: "30005", People: 3}
	if err != nil || len(misses) != 1 || misses[0] != want {
		t.Errorf("missed %+v (%v), want %+v", misses, err, want)
	}
	q, err := d.Quote(ctx, "n1")
	if err != nil || q.People != 3 || q.Turn != 1 || fmt.Sprint(q.Cost) != "[150 KRW]" {
		t.Errorf("quoted %+v (%v)", q, err)
	}
	made, people, err := d.Resend(ctx, "n1", q.Turn)
	if again, _, e := d.Resend(ctx, "n1", q.Turn); err != nil || e != nil || people != 3 || again != made {
		t.Errorf("resent as %s and %s to %d (%v, %v)", made, again, people, err, e)
	}
	if _, _, err := d.Resend(ctx, "n1", 2); !errors.Is(err, console.ErrNoneMissed) {
		t.Errorf("resent once more: %v", err)
	}
	for what, err := range map[string]error{
		"hold": d.Hold(ctx, "none"), "free": d.Free(ctx, "none"), "cancel": d.Cancel(ctx, "none"), "quote": second(d.Quote(ctx, "none")),
		"notice": second(d.Notice(ctx, "none")), "list": second(d.Notices(ctx, console.NoticeQuery{Before: "none", Limit: 1})), "channel": d.ResumeChannel(ctx, "none"),
	} {
		if !errors.Is(err, console.ErrNone) {
			t.Errorf("%s of nothing: %v", what, err)
		}
	}
	if err := errors.Join(d.Hold(ctx, made), d.Free(ctx, made), d.Cancel(ctx, made), d.Pause(ctx), d.ResumeChannel(ctx, "sms")); err != nil {
		t.Error(err)
	}
	if err := d.Hold(ctx, made); !errors.Is(err, console.ErrOver) {
		t.Errorf("held what is over: %v", err)
	}
	sending, err := d.Sending(ctx)
	if err != nil || !sending.Paused || sending.Channels[0].Cap != "500 KRW" || sending.Channels[0].Gateways[0].PerDay != 9 {
		t.Errorf("sending: %+v (%v)", sending, err)
	}
	if list, err := d.Notices(ctx, console.NoticeQuery{Limit: 9}); err != nil || len(list) != 2 || list[0].Origin != "n1" || d.Resume(ctx) != nil {
		t.Errorf("listed %+v (%v)", list, err)
	}
}

// The pages over the books themselves, from a list that is taken in to somebody
// who is found by the end of their number and forgotten.
func TestTheDesksPages(t *testing.T) {
	s := openDesk(t)
	ask := func(method, path, kind, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://status.example/console"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.console.ServeHTTP(w, r)
		return w
	}
	const form = "application/x-www-form-urlencoded"
	var upload strings.Builder
	parts := multipart.NewWriter(&upload)
	list, err := parts.CreateFormFile("list", "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(list, deskList)
	parts.Close()
	report := ask("POST", "/imports", parts.FormDataContentType(), upload.String()).Header().Get("Location")
	report = strings.TrimPrefix(report, "/console")
	for _, page := range []struct{ path, says string }{
		{report + "?lang=en", "3 added, 0 there already, 2 not taken"},
		{report + "/report.csv", "line,taken,what"},
		{"/subscribers?lang=en", "Subscriber 3"},
		{"/subscribers?lang=en&kind=sms&language=en&component=talk&state=told", "Subscriber 1"},
		{"/subscribers/1?lang=en", "82*******678"},
		{"/subscribers/1/erase?lang=en", "Erase for good"},
		{"/deliveries?lang=en", "sms/twilio"},
		{"/apps?lang=en", "No app"},
		{"/drills?lang=en", "kakao-2022-10-15"},
		{"/settings?lang=en&find=keys", "… (env:KEYS)"},
		{"/imports?lang=en", "people.csv"},
	} {
		if w := ask("GET", page.path, "", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), page.says) {
			t.Errorf("%s: %d, without %q:\n%s", page.path, w.Code, page.says, w.Body)
		}
	}
	admin := bearer(t, s, account.Admin)
	var listed struct{ Imports []web.ImportView }
	var told struct {
		web.ImportView

		Lines []web.ImportLine
	}
	if code := callAPI(t, s, admin, "GET", "imports", "", &listed); code != http.StatusOK || len(listed.Imports) != 1 || listed.Imports[0].Name != "people.csv" || listed.Imports[0].Added != 3 {
		t.Errorf("the API lists %d %+v", code, listed)
	}
	if code := callAPI(t, s, admin, "GET", strings.TrimPrefix(report, "/"), "", &told); code != http.StatusOK || told.Refused != 2 || len(told.Lines) < 2 || told.Lines[0].Text == "" {
		t.Errorf("the API reports %d %+v", code, told)
	}
	if code := callAPI(t, s, admin, "GET", "imports/none", "", nil); code != http.StatusNotFound {
		t.Errorf("the API reports of none: %d", code)
	}
	found := ask("POST", "/subscribers?lang=en", form, "who=1111-5678").Body.String()
	if !strings.Contains(found, "Subscriber 1") || strings.Contains(found, "Subscriber 2") || strings.Contains(found, "1011115678") {
		t.Errorf("found by the end of a number:\n%s", found)
	}
	if w := ask("POST", "/subscribers/1/file", form, ""); !strings.Contains(w.Body.String(), "+821011115678") {
		t.Errorf("the file: %d %s", w.Code, w.Body)
	}
	if w := ask("POST", "/subscribers/1/erase", form, ""); w.Code != http.StatusSeeOther {
		t.Errorf("erasing: %d", w.Code)
	}
	// All of it is on the log, which is proven, without a word that was searched for.
	log := ask("GET", "/audit?lang=en", "", "").Body.String()
	for _, says := range []string{"verified up to entry 4; the latest is 4", "subscriber 1", "erased", "file of all that is kept", "looked for somebody", "imported people.csv: 3 added, 2 refused"} {
		if !strings.Contains(log, says) || strings.Contains(log, "5678") {
			t.Errorf("the log, without %q:\n%s", says, log)
		}
	}
	if file := ask("GET", "/audit.ndjson?about=subscriber", "", "").Body.String(); strings.Count(file, "\n") != 3 {
		t.Errorf("the log of subscribers as a file:\n%s", file)
	}
	if gone := ask("POST", "/subscribers?lang=en", form, "who=11115678").Body.String(); !strings.Contains(gone, "Nobody.") {
		t.Errorf("after that they are found still:\n%s", gone)
	}
}

func TestTheDesksApps(t *testing.T) {
	s := openDesk(t)
	d, ctx := deskApps{s}, t.Context()
	if sending, err := d.Sending(ctx); err != nil || sending["report"].Daily != 7 {
		t.Errorf("sending: %+v (%v)", sending, err)
	}
	template := appnotice.Template{
		App: "report", ID: "moved", Proposed: time.Now(), Params: map[string]appnotice.Param{"office": {Kind: appnotice.KindText, Max: 20}},
		Texts: map[string]map[notifier.Class]appnotice.Words{"en": {notifier.ClassSMS: {Body: "#{office} has moved."}, notifier.ClassMail: {Title: "Moved", Body: "See evil.example"}}},
	}
	var err error
	if template.Version, err = s.store.Propose(ctx, template); err != nil {
		t.Fatal(err)
	}
	previews, err := d.Preview(&template)
	if err != nil || len(previews) != 2 || !strings.Contains(previews[0].Text.Body, "(office) has moved.") || previews[0].Problem != "" || previews[1].Problem == "" {
		t.Errorf("previews %+v (%v)", previews, err)
	}
	template.State, template.DecidedBy, template.Decided = appnotice.Approved, "Kim", time.Now()
	if err := d.Decide(ctx, &template); err != nil {
		t.Fatal(err)
	}
	if err := d.Decide(ctx, &template); !errors.Is(err, console.ErrOver) {
		t.Errorf("decided twice: %v", err)
	}
	if _, err := d.Preview(&appnotice.Template{App: "none"}); !errors.Is(err, console.ErrNone) {
		t.Errorf("of no app: %v", err)
	}
}

// A candidate lies in the configuration's folder, is read and not used, and says
// all that is wrong with it, with its place.
func TestTheDesksSettings(t *testing.T) {
	s := openDesk(t)
	d := deskSettings{s, s.reloads, s.env}
	folder := filepath.Dir(s.reloads.path)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("bad.yaml", "site: {url: nowhere}\nwhat: 1\n")
	write("moved.yml", strings.Replace(fmt.Sprintf(deskConfig, "other.db"), "confirm", "confirm", 1))
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../bongsu.yaml", "/etc/passwd", "link.yaml", "none.yaml", ".hidden.yaml", "bongsu.db", "a/../bad.yaml"} {
		if _, err := d.Check(t.Context(), name); !errors.Is(err, console.ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad, err := d.Check(t.Context(), "bad.yaml")
	if err != nil || len(bad.Problems) < 2 || !strings.Contains(strings.Join(bad.Problems, "\n"), "bad.yaml:2:1: what: no such setting") {
		t.Errorf("checked %+v (%v)", bad, err)
	}
	if moved, err := d.Check(t.Context(), "moved.yml"); err != nil || len(moved.Problems) > 0 || !strings.Contains(moved.Restart, "database") {
		t.Errorf("checked %+v (%v)", moved, err)
	}
	if own, err := d.Check(t.Context(), ""); err != nil || len(own.Problems) > 0 || own.Restart != "" {
		t.Errorf("checked %+v (%v)", own, err)
	}
	running, err := d.Running(t.Context())
	if err != nil || !running.Failed.IsZero() || len(running.Values) < 20 {
		t.Errorf("running: %d values, failed %s (%v)", len(running.Values), running.Failed, err)
	}
	// A bad file keeps the old one, and the page says why.
	ctx, end := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	reloads := make(chan *config.Config, 1)
	watching.Go(func() { watchConfig(ctx, s.reloads, s.cfg, reloads, s.log) })
	defer watching.Wait()
	defer end()
	write("bongsu.yaml", "site: {url: nowhere}\n")
	if err := d.Reload(t.Context()); err == nil {
		t.Error("a bad configuration was taken")
	}
	if running, err = d.Running(t.Context()); err != nil || running.Failed.IsZero() || !strings.Contains(running.Why, "bongsu.yaml:1:") {
		t.Errorf("failed %s: %q (%v)", running.Failed, running.Why, err)
	}
	write("bongsu.yaml", fmt.Sprintf(deskConfig, filepath.Join(folder, "bongsu.db")))
	if err := d.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if running, _ = d.Running(t.Context()); !running.Failed.IsZero() {
		t.Errorf("still failed: %q", running.Why)
	}
}

// One drill runs at a time, in the background; it can be cancelled, and what it
// came to is kept. A real one passes with all its texts marked.
func TestTheDesksDrills(t *testing.T) {
	s := openDesk(t)
	d, ctx := s.drills, t.Context()
	began := make(chan *drillOrder)
	d.run = func(ctx context.Context, o *drillOrder) (*score.Card, error) {
		o.tell(o.scenario.Start.Add(o.scenario.End.Sub(o.scenario.Start) / 2))
		began <- o
		<-ctx.Done()
		return nil, ctx.Err()
	}
	id, err := d.Start(ctx, "flapping", true, "Kim")
	if err != nil {
		t.Fatal(err)
	}
	if o := <-began; o.options.config != s.reloads.path {
		t.Errorf("with %q", o.options.config)
	}
	if _, err := d.Start(ctx, "flapping", false, "Lee"); !errors.Is(err, console.ErrBusy) {
		t.Errorf("two at a time: %v", err)
	}
	if run, err := d.Run(ctx, id); err != nil || run.State != "running" || run.Part != 0.5 || !run.Ours || run.By != "Kim" {
		t.Errorf("it runs: %+v (%v)", run, err)
	}
	if err := d.Cancel(ctx, id); err != nil {
		t.Fatal(err)
	}
	d.ended.Wait()
	if run, err := d.Run(ctx, id); err != nil || run.State != "cancelled" || run.Ended.IsZero() {
		t.Errorf("cancelled: %+v (%v)", run, err)
	}
	for _, err := range []error{d.Cancel(ctx, id), second(d.Start(ctx, "../x", false, "")), second(d.Run(ctx, "none")), second(d.Card(ctx, "none"))} {
		if !errors.Is(err, console.ErrNone) {
			t.Errorf("of none: %v", err)
		}
	}
	d.run = func(context.Context, *drillOrder) (*score.Card, error) { panic("a mistake") }
	if id, err = d.Start(ctx, "flapping", false, "Kim"); err != nil {
		t.Fatal(err)
	}
	d.ended.Wait()
	if run, err := d.Run(ctx, id); err != nil || run.State != "failed" || !strings.Contains(run.Error, "a mistake") {
		t.Errorf("panicked: %+v (%v)", run, err)
	}
	d.run = newDeskDrills(s, "").run
	if id, err = d.Start(ctx, "flapping", false, "Kim"); err != nil {
		t.Fatal(err)
	}
	d.ended.Wait()
	run, err := d.Run(ctx, id)
	card, e := d.Card(ctx, id)
	if err != nil || e != nil || run.State != "passed" || run.Kept == 0 || !strings.Contains(string(card.HTML), "<!doctype html>") || len(card.SVG) == 0 || len(card.JSON) == 0 {
		t.Errorf("a real one: %+v (%v, %v)", run, err, e)
	}
	if notices, err := s.store.Notices(ctx, store.NoticeQuery{Limit: 1}); err != nil || len(notices) > 0 {
		t.Errorf("the drill is in the books: %+v (%v)", notices, err)
	}
	if scenarios, err := d.Scenarios(); err != nil || len(scenarios) < 12 {
		t.Errorf("%d scenarios (%v)", len(scenarios), err)
	}
}
