package console_test

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// evil is what a stranger may have put anywhere that takes words.
const evil = `<script>alert(1)</script>"'=1+1`

// cardJSON is the scorecard of a drill, as `bongsu drill run late-cause --json`
// writes it.
//
//go:embed testdata/card.json
var cardJSON []byte

// fakeDesk is a desk without a database: one of everything, and what has been
// done to it.
type fakeDesk struct {
	words string // stands in every text that somebody else may choose

	mu     sync.Mutex
	did    []string
	record []console.Done
	erased bool
	resent int
	running,
	over bool
}

func (d *fakeDesk) do(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, what)
	return nil
}

// last says whether of two deeds the first was done after the other.
func (d *fakeDesk) last(one, other string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, did := range slices.Backward(d.did) {
		if did == one || did == other {
			return did == one
		}
	}
	return false
}

func (d *fakeDesk) Record(_ context.Context, done console.Done) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.record = append(d.record, done)
	return nil
}

// withDesk gives a console everything that the desk has.
func withDesk(d *fakeDesk) func(*console.Options) {
	return func(o *console.Options) {
		o.Ledger, o.People, o.Apps, o.Drills, o.Settings, o.AuditLog, o.Recorder = d, d, fakeApps{d}, fakeDrills{d}, d, fakeAudit{d}, d
	}
}

func before(minutes int) time.Time { return sample.Now().Add(-time.Duration(minutes) * time.Minute) }

func (d *fakeDesk) notice(id string) console.Notice {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := console.Notice{
		ID: id, Incident: "i1", Event: "opened", Audience: "subscribers", Plan: "citizens" + d.words, Made: before(9), Expires: before(-300), Planned: true,
		Priority: notifier.PriorityOutage, People: 1_000_000, Left: 200_000, ETA: 11 * time.Minute, Known: true, Recalled: d.over,
	}
	n.Channels = []console.ChannelCount{
		{Channel: "kakao", Kind: "alimtalk", Planned: 1_000_000, Handed: 700_000, Delivered: 650_000, Failed: 1234, Moved: 50_000, Unknown: 3, HandedP50: time.Second, HandedP99: 2 * time.Second, DeliveredP50: 3 * time.Second, DeliveredP99: 40 * time.Second},
		{Channel: "sms" + d.words, Kind: "sms", Planned: 50_000, Handed: 40_000, Left: 200_000, Rate: 300.5, HandedP50: time.Second, HandedP99: 9 * time.Second},
	}
	return n
}

func (d *fakeDesk) Notices(_ context.Context, q console.NoticeQuery) ([]console.Notice, error) {
	if q.Before == "none" {
		return nil, console.ErrNone
	}
	held, app, done := d.notice("n2"), d.notice("n3"), d.notice("n4")
	held.Held = before(2)
	app.App, app.Event, app.Audience = "safety-report", appnotice.Event, "list:3"
	done.Left, done.Event, done.Origin = 0, "other"+d.words, "n1"
	if q.App != "" {
		return []console.Notice{app}, nil
	}
	list := []console.Notice{d.notice("n1"), held, app, done}
	for i := len(list); i < q.Limit && q.Before == ""; i++ {
		list = append(list, d.notice("n"+strconv.Itoa(i+1)))
	}
	return list, nil
}

func (d *fakeDesk) Notice(_ context.Context, id string) (console.Notice, error) {
	if !strings.HasPrefix(id, "n") || id == "none" {
		return console.Notice{}, console.ErrNone
	}
	n := d.notice(id)
	if id == "n3" {
		n.App = "safety-report"
	}
	if d.last("hold "+id, "free "+id) {
		n.Held = before(0)
	}
	return n, nil
}

func (d *fakeDesk) Unreached(context.Context, string) ([]console.Unreached, error) {
	var list []console.Unreached
	for i, e := range notifier.Endings() {
		list = append(list, console.Unreached{Hop: 1, Channel: "kakao", Gateway: "kakao/nhn" + d.words, Ended: e, Code: "30" + strconv.Itoa(i) + d.words, On: i%2 == 0, People: 1000})
	}
	return list, nil
}

func (d *fakeDesk) Texts(context.Context, string) ([]notifier.Text, error) {
	return []notifier.Text{{Lang: "ko", Class: notifier.ClassSMS, Body: "카카오톡 장애" + d.words}, {Lang: "en", Class: notifier.ClassMail, Title: "Outage" + d.words, Body: "Chat fails."}}, nil
}

func (d *fakeDesk) Sending(context.Context) (console.Sending, error) {
	held := "daily cap"
	if d.last("resume sms", "") {
		held = ""
	}
	return console.Sending{Paused: d.last("pause", "resume"), Waiting: 200_000, Oldest: before(3), Channels: []console.ChannelState{
		{ID: "kakao", Kind: "alimtalk", Follows: "chat-text", Blocked: "chat-text is major_outage" + d.words, Gateways: []console.GatewayState{
			{Name: "kakao/nhn", Stage: notifier.Dead, Since: before(8), Why: "no receipt for 98 of 100 messages after 20s; usually 97 % have one" + d.words, Usual: 97, PerDay: 500, Given: 20},
		}},
		{ID: "sms", Kind: "sms", Held: held, Until: before(-500), Spent: "5,000 KRW", Cap: "5,000 KRW", Gateways: []console.GatewayState{
			{Name: "sms/solapi", Stage: notifier.Well, Rate: 300.5, Taken: 18_000, Told: 17_000, Of: 18_000, Usual: -1}, {Name: "sms/twilio", Stage: notifier.Tenth, Since: before(1), Usual: -1},
		}},
	}}, nil
}

func (d *fakeDesk) Quote(_ context.Context, id string) (console.Quote, error) {
	switch id {
	case "n1":
		return console.Quote{Turn: 1, People: 1234, Nowhere: 4, Open: 200_000, Ways: []console.QuoteWay{{"sms" + d.words, 1230}}, Cost: []string{"22,140 KRW"}}, nil
	case "n2":
		return console.Quote{}, console.ErrNoResend
	case "n4":
		return console.Quote{Turn: 2}, nil
	}
	return console.Quote{}, console.ErrNone
}

// Resend makes one notice for each turn, whoever asks how often.
func (d *fakeDesk) Resend(_ context.Context, id string, turn int64) (string, int64, error) {
	if id != "n1" {
		return "", 0, console.ErrNone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.resent == 0 {
		d.resent = 1
	}
	return fmt.Sprintf("n9%d", turn), 1234, nil
}

func (d *fakeDesk) steer(what, id string) error {
	switch {
	case id == "none" || !strings.HasPrefix(id, "n"):
		return console.ErrNone
	case d.over:
		return console.ErrOver
	}
	return d.do(what + " " + id)
}
func (d *fakeDesk) Hold(_ context.Context, id string) error   { return d.steer("hold", id) }
func (d *fakeDesk) Free(_ context.Context, id string) error   { return d.steer("free", id) }
func (d *fakeDesk) Cancel(_ context.Context, id string) error { return d.steer("cancel", id) }
func (d *fakeDesk) Pause(context.Context) error               { return d.do("pause") }
func (d *fakeDesk) Resume(context.Context) error              { return d.do("resume") }
func (d *fakeDesk) ResumeChannel(_ context.Context, c string) error {
	if c != "sms" {
		return console.ErrNone
	}
	return d.do("resume " + c)
}

// somebody is told by two ways, one of which has been stopped.
func (d *fakeDesk) somebody(id int64) console.Person {
	p := console.Person{
		ID: id, Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: before(90_000),
		Wishes: notifier.Wishes{Topics: []string{"chat-text", notifier.GroupTopic("maps"), "gone" + d.words}, Order: []string{"sms", "email"}},
		Addresses: []console.HeldAddress{
			{Kind: "sms", Hint: "+82*******678", Source: "sms sign-up" + d.words, Consented: before(90_000), Confirmed: before(90_000)},
			{Kind: "email", Hint: "jo***@mail.example" + d.words, Source: "import", Consented: before(80_000), Confirmed: before(80_000), Suppressed: "5.1.1"},
			{Kind: "line", Hint: "U12***def", Source: "line", Consented: before(5)},
		},
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.erased {
		p.Gone, p.Addresses, p.Wishes = before(0), nil, notifier.Wishes{}
	}
	return p
}

func (d *fakeDesk) Find(_ context.Context, q console.PeopleQuery) ([]console.Person, int64, error) {
	if q.Text == "0000" || q.Lang == "xx" {
		return nil, 0, nil
	}
	return []console.Person{d.somebody(4711), d.somebody(4700)}, 4700, nil
}

func (d *fakeDesk) Person(_ context.Context, id int64) (console.Person, error) {
	if id != 4711 {
		return console.Person{}, console.ErrNone
	}
	return d.somebody(id), nil
}

func (d *fakeDesk) Told(context.Context, int64, int64) ([]console.Told, int64, error) {
	return []console.Told{
		{Notice: "n1", Event: "opened", Hop: 2, Channel: "sms", Gateway: "sms/solapi", Rank: notifier.Delivered, Again: true, Skipped: "kakao: chat-text is major_outage" + d.words, At: before(8), Done: before(7)},
		{
			Notice: "n1", Event: "opened", Hop: 1, Channel: "kakao", Rank: notifier.FailedRank, Fate: notifier.FateMoved, Ended: notifier.EndedRefused, Code: "3008" + d.words, Done: before(9),
			Tries: []console.Tried{{At: before(9), Gateway: "kakao/nhn", Kind: "in_doubt", Code: "uncertain"}, {At: before(9), Gateway: "kakao/nhn", Kind: "failed", Code: "3008" + d.words}},
		},
		{Notice: "n2", Event: "digest", Hop: 1, Channel: "sms", Fate: notifier.FateCancelled, Ended: notifier.EndedCap, Done: before(9)},
		{Notice: "n3", Event: "app", Hop: 1, Channel: "sms", Rank: notifier.Accepted, At: before(10)},
		{Notice: "n4", Event: "note", Hop: 1, Channel: "sms"},
		{Notice: "n5", Event: "note", Hop: 1, Channel: "sms", InDoubt: true},
		{Notice: "n6", Event: "note", Hop: 1, Channel: "sms", Rank: notifier.FailedRank, Ended: notifier.EndedError},
	}, 77, nil
}

func (d *fakeDesk) Disclose(_ context.Context, id int64) ([]byte, error) {
	if id != 4711 {
		return nil, console.ErrNone
	}
	return []byte(`{"Number": 4711, "Addresses": [{"Address": "+821012345678"}]}`), d.do("disclose")
}

func (d *fakeDesk) Erase(_ context.Context, id int64) error {
	if id != 4711 {
		return console.ErrNone
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erased = true
	return nil
}

func (d *fakeDesk) run() console.ImportRun {
	return console.ImportRun{ID: "r1", Name: "people.csv" + d.words, By: "Kim" + d.words, Began: before(20), Ended: before(19), Dry: true, Added: 120_000, There: 3, Refused: 2, Warned: 1}
}

func (d *fakeDesk) Import(_ context.Context, o console.ImportOrder) (console.ImportRun, error) {
	body, err := io.ReadAll(o.Body)
	if err != nil { // a list that breaks off has a report that says so
		broken := d.run()
		broken.Error = err.Error()
		return broken, nil //nolint:nilerr // see above
	}
	return d.run(), d.do(fmt.Sprintf("import %s %s %s dry=%t %d bytes", o.Name, o.Format, o.Country, o.Dry, len(body)))
}

func (d *fakeDesk) Imports(context.Context) ([]console.ImportRun, error) {
	return []console.ImportRun{d.run()}, nil
}

func (d *fakeDesk) Report(_ context.Context, id string) (console.ImportRun, []console.ImportLine, error) {
	if id != "r1" {
		return console.ImportRun{}, nil, console.ErrNone
	}
	return d.run(), []console.ImportLine{{Line: 2, Text: "this is no telephone number" + d.words}, {Line: 7, Warning: true, Text: "=HYPERLINK(\"x\") no table knows a number like this"}}, nil
}

func (d *fakeDesk) Preview(*appnotice.Template) ([]appnotice.Preview, error) {
	return []appnotice.Preview{
		{Text: notifier.Text{Lang: "ko", Class: notifier.ClassSMS, Body: "[안전신고] ‹office› 이전" + d.words, Segments: 1}},
		{Text: notifier.Text{Lang: "en", Class: notifier.ClassMail, Title: "Moved", Body: "‹office› moves"}, Problem: "sends the reader to a host that is none of the app's" + d.words},
	}, nil
}

// Sending of the apps would be one name for two things: AppBook's is on its own type.
type fakeApps struct{ *fakeDesk }

func (d fakeApps) Sending(context.Context) (map[string]console.AppSending, error) {
	return map[string]console.AppSending{"safety-report": {Plans: []string{"citizens"}, Daily: 1000, Today: 250, Notices: 12, Last: before(30), Tokens: 2, Waiting: 1}}, nil
}

func (d fakeApps) Templates(context.Context, string) ([]appnotice.Template, error) {
	list := []appnotice.Template{
		{App: "safety-report", ID: "moved", Version: 2, State: appnotice.Proposed, ProposedBy: "app" + d.words, Proposed: before(60), Params: map[string]appnotice.Param{"office": {Kind: appnotice.KindText, Max: 20}}},
		{App: "safety-report", ID: "moved", Version: 1, State: appnotice.Refused, ProposedBy: "app", Proposed: before(90), DecidedBy: "Kim", Decided: before(80), Reason: "say which office" + d.words},
	}
	if d.over {
		list[0].State, list[0].DecidedBy, list[0].Decided = appnotice.Approved, "Lee", before(1)
	}
	return list, nil
}

func (d fakeApps) Decide(_ context.Context, t *appnotice.Template) error {
	if d.over {
		return console.ErrOver
	}
	return d.do(fmt.Sprintf("%s %s %d by %s: %s", t.State, t.ID, t.Version, t.DecidedBy, t.Reason))
}

func (d fakeApps) Embedding() console.Embedding {
	return console.Embedding{Script: "https://status.example/widget-0123456789ab.js", Integrity: "sha384-hash", Key: "RWkey"}
}

func (d fakeApps) SwitchWidget(_ context.Context, who string, w status.WidgetSwitch) error {
	switch {
	case w.App == "city-bike" && !w.Off:
		return status.ErrWidgetOff
	case w.App != "safety-report" && w.App != "city-bike":
		return status.ErrNoApp
	}
	return d.do(fmt.Sprintf("widget of %s off: %t by %s", w.App, w.Off, who))
}

func (d fakeApps) Reword(_ context.Context, who string, w status.FunctionWords) error {
	switch {
	case len(w.Name) == 1:
		return status.ErrNoLanguage
	case w.Instead["en"] == "too long":
		return fmt.Errorf("%w: it takes 200 bytes", status.ErrCannotReach)
	}
	return d.do(fmt.Sprintf("%s/%s by %s: %s, %s", w.App, w.Function, who, w.Name["en"], w.Instead["en"]))
}

type fakeDrills struct{ *fakeDesk }

func (d fakeDrills) Scenarios() ([]console.Scenario, error) {
	title := status.Text{"ko": "판교 화재", "ja": "板橋の火災", "en": "A data centre burns"}
	return []console.Scenario{{ID: "kakao-2022-10-15", Title: title, About: title, Lasts: 127*time.Hour + 30*time.Minute, Targets: 20, Expectations: 14}}, nil
}

func (d fakeDrills) Runs(ctx context.Context) ([]console.DrillRun, error) {
	var list []console.DrillRun
	for _, id := range []string{"d5", "d4", "d3", "d2", "d1"} {
		run, err := d.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, run)
	}
	return list, nil
}

func (d fakeDrills) Run(_ context.Context, id string) (console.DrillRun, error) {
	states := map[string]string{"d5": "running", "d4": "passed", "d3": "broken", "d2": "failed", "d1": "cancelled"}
	if states[id] == "" {
		return console.DrillRun{}, console.ErrNone
	}
	run := console.DrillRun{ID: id, Scenario: "flapping", Ours: id == "d4", By: "Kim" + d.words, Began: before(3), State: states[id]}
	switch id {
	case "d5":
		run.Part, run.At = 0.42, before(60_000)
	case "d4":
		run.Kept = 14
	case "d3":
		run.Kept, run.Broken = 13, 1
	case "d2":
		run.Error = "bongsu.yaml:3:1: nothing plays the target" + d.words
	}
	return run, nil
}

func (d fakeDrills) Card(_ context.Context, id string) (console.DrillCard, error) {
	if id != "d4" {
		return console.DrillCard{}, console.ErrNone
	}
	words, err := json.Marshal("the login falls" + d.words)
	if err != nil {
		return console.DrillCard{}, err
	}
	card := bytes.ReplaceAll(cardJSON, []byte(`"component:login"`), words)
	return console.DrillCard{HTML: []byte("<!doctype html><style>p{color:red}</style><p>Exercise"), JSON: card, SVG: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}, nil
}

func (d fakeDrills) Start(_ context.Context, scenario string, ours bool, by string) (string, error) {
	switch {
	case scenario != "flapping":
		return "", console.ErrNone
	case d.running:
		return "", console.ErrBusy
	}
	return "d5", d.do(fmt.Sprintf("drill %s ours=%t by %s", scenario, ours, by))
}

func (d fakeDrills) Cancel(_ context.Context, id string) error {
	if id != "d5" {
		return console.ErrNone
	}
	return d.do("cancel drill")
}

func (d *fakeDesk) Running(context.Context) (console.Configuration, error) {
	return console.Configuration{
		Path: "bongsu.yaml", Loaded: before(600), Failed: before(4), Why: "bongsu.yaml:3:5: site.url: is no address" + d.words + "\nbongsu.yaml:9:1: what: no such setting",
		Notes: []string{"bongsu.yaml:1:1: one channel is left" + d.words},
		Values: []console.Setting{
			{Path: "site.name.ko", Value: "서비스 상황판" + d.words, File: "bongsu.yaml", Line: 2},
			{Path: "keys", Value: "… (file:bongsu.keys)", File: "bongsu.yaml", Line: 3, Secret: true},
			{Path: "judgement.confirm", Value: "3", Default: true},
		},
	}, nil
}

func (d *fakeDesk) Check(_ context.Context, name string) (console.Candidate, error) {
	switch name {
	case "../passwd":
		return console.Candidate{}, console.ErrOutside
	case "good.yaml":
		return console.Candidate{Name: name, Restart: "a change of listen needs a restart"}, nil
	}
	return console.Candidate{Name: name + d.words, Problems: []string{"next.yaml:3:5: site.url: is no address" + d.words, "next.yaml:4:3: groups[0].nam: no such setting; did you mean \"name\"?"}, Notes: []string{"a note"}}, nil
}

func (d *fakeDesk) Reload(context.Context) error {
	if d.over {
		return fmt.Errorf("bongsu.yaml:3:5: site.url: is no address%s", d.words)
	}
	return d.do("reload")
}

type fakeAudit struct{ *fakeDesk }

func (d fakeAudit) Entries(_ context.Context, q console.AuditQuery) ([]console.AuditEntry, error) {
	last := int64(250)
	if q.Before > 0 {
		last = q.Before - 1
	}
	var list []console.AuditEntry
	for n := last; n > 0 && len(list) < q.Limit; n-- {
		list = append(list, console.AuditEntry{Number: n, At: before(int(300 - n)), Who: "u1", Name: "Kim" + d.words, Role: "operator", Deed: "steer", About: "notice n1", Detail: "=1+1 hold" + d.words})
	}
	return list, nil
}

func (d fakeAudit) Chain(context.Context) (console.AuditChain, error) {
	if d.over {
		return console.AuditChain{Last: 250, Upto: 99, Broken: 100}, nil
	}
	return console.AuditChain{Last: 250, Upto: 250}, nil
}
