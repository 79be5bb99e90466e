package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/drill"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web/account"
	"bongsu/web/console"
)

// oneDoor lets everybody in as one operator: the door of tests that are not
// about doors.
type oneDoor struct{}

func (oneDoor) Who(*http.Request) (account.Who, error) {
	return account.Who{ID: "u1", Name: "Kim", Role: account.Operator, Lang: "en"}, nil
}

// stationConfig is a server with a console, whose texts go to a simulated city.
const stationConfig = `
site: {name: {en: Status, ko: 상황판, ja: 状況}, url: "http://{{.Listen}}", languages: [ko, ja, en], contact: ops@status.example}
listen: {{.Listen}}
database: "{{.Database}}"
keys: env:KEYS
groups: [{id: fares, name: {en: Fares, ko: 요금, ja: 運賃}}]
components:
  - id: card
    group: fares
    name: {en: Transit card, ko: 교통카드, ja: 交通カード}
    short: {en: card, ko: 교통카드, ja: 交通カード}
    checks: [{heartbeat: card, within: 1h}]
  - id: gate
    group: fares
    name: {en: Gates, ko: 개찰구, ja: 改札}
    short: {en: gates, ko: 개찰구, ja: 改札}
    checks: [{heartbeat: gate, within: 1h}]
channels:
  - {id: sms, kind: sms, gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "{{.From}}", price: 50 KRW, rate: {{.Rate}}/s, base_url: "{{.SMS}}"}]}
  - {id: ops, kind: slack, token: "env:SLACK", channel: "{{.SlackChannel}}", base_url: "{{.Slack}}"}
plans: {citizens: [{channel: sms}]}
routes:
  - {audience: subscribers, plan: citizens, at_least: degraded_performance}
  - {audience: operators, channel: ops, at_least: degraded_performance}
`

// station is a running server with an operator at its console.
type station struct {
	*testing.T

	server *server
	url    string
	client *http.Client
}

// openStation starts a server on the configuration, with what it is filled with.
// Before it starts, prepare may put people into its books.
func openStation(t *testing.T, env map[string]string, fill map[string]any, prepare func(*store.Store)) *station {
	t.Helper()
	return openStationOn(t, stationConfig, oneDoor{}, env, fill, prepare)
}

// openStationOn starts one on another configuration, whose console has a door; nil:
// that of its own accounts.
func openStationOn(t *testing.T, text string, door console.Door, env map[string]string, fill map[string]any, prepare func(*store.Store)) *station {
	t.Helper()
	env["KEYS"] = store.NewKeys()
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	folder := t.TempDir()
	listen := freeAddress(t)
	fill["Listen"], fill["Database"] = listen, filepath.Join(folder, "bongsu.db")
	path := filepath.Join(folder, "bongsu.yaml")
	writeTemplate(t, text, path, fill)
	cfg, err := config.Load(path, readOptions(find))
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), cfg, serverOptions{env: find, log: slog.New(slog.DiscardHandler), consoleDoor: door})
	if err != nil {
		t.Fatal(err)
	}
	prepare(s.store)
	t.Cleanup(running(t, s))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	st := &station{T: t, server: s, url: "http://" + listen, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	eventually(t, 30*time.Second, "the server judges", func() bool { return s.latest.Load() != nil })
	return st
}

func (s *station) get(path string) string {
	s.Helper()
	code, body, _ := s.ask(http.MethodGet, path, nil)
	if code != http.StatusOK {
		s.Fatalf("GET %s: %d\n%s", path, code, body)
	}
	return body
}

func (s *station) ask(method, path string, form url.Values) (code int, body, location string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header.Get("Location")
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// fill opens a form, and gives what it sends by itself with what is typed.
func (s *station) fill(path string, typed ...string) url.Values {
	s.Helper()
	form := url.Values{}
	for _, hidden := range hiddenField.FindAllStringSubmatch(s.get(path), -1) {
		form.Set(hidden[1], hidden[2])
	}
	for i := 0; i+1 < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	return form
}

// publish sends a form and gives where it leads.
func (s *station) publish(path string, form url.Values) string {
	s.Helper()
	form.Set("do", "publish")
	code, body, to := s.ask(http.MethodPost, path, form)
	if code != http.StatusSeeOther {
		s.Fatalf("publishing by %s: %d\n%s", path, code, body)
	}
	return to
}

// An outage that no probe can see: the operator opens it by hand in three
// languages; page, phones and the operators' chat have it, and the console says
// who has been told. They go on to its end, and to what was learnt.
func TestAnIncidentFromTheFirstWordsToThePostmortem(t *testing.T) {
	city, stop := liveCity(t, drill.Settings{Seed: 21, Keep: 10_000})
	t.Cleanup(stop)
	keys := city.Keys()
	numbers := map[string]string{"ko": officeNumber(1), "ja": officeNumber(2), "en": officeNumber(3)}
	s := openStation(t,
		map[string]string{"SID": keys.TwilioSID, "TOKEN": keys.TwilioToken, "SLACK": keys.SlackToken},
		map[string]any{"From": keys.TwilioFrom, "Rate": 100, "SMS": city.URL(drill.SMS), "Slack": city.URL(drill.Slack) + "/api", "SlackChannel": keys.SlackChannel},
		func(db *store.Store) {
			subscribe(t, db, numbers)
			if _, err := db.AddSubscriber(t.Context(), store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: time.Now()},
				[]store.Address{{Kind: "email", Address: "jo@mail.example", Source: "test", Consented: time.Now(), Confirmed: time.Now()}}); err != nil {
				t.Fatal(err)
			}
		})

	form := s.fill("/console/new-incident",
		"title.ko", "교통카드 결제 불가", "title.ja", "交通カード決済不可", "title.en", "Transit cards fail",
		"text.ko", "교통카드로 결제되지 않습니다. 현금을 준비해 주십시오.", "text.ja", "交通カードで決済できません。現金をご用意ください。", "text.en", "Transit cards are refused. Carry cash.",
		"state.card", "major_outage", "stage", "investigating", "notify", "yes")
	_, preview, _ := s.ask(http.MethodPost, "/console/new-incident?lang=en", form)
	for _, want := range []string{"교통카드 장애", "交通カード", "Reached by no way", "150 KRW", "Transit cards are refused. Carry cash."} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview)
		}
	}
	if n := len(s.server.latest.Load().Incidents); n != 0 {
		t.Fatalf("the preview has opened %d incidents", n)
	}
	to := s.publish("/console/new-incident", form)
	if again := s.publish("/console/new-incident", form); again != to || len(s.server.latest.Load().Incidents) != 1 {
		t.Errorf("pressed twice it leads to %s and %s, with %d incidents", to, again, len(s.server.latest.Load().Incidents))
	}
	id := strings.TrimPrefix(to, "/console/incidents/")
	for lang, want := range map[string]string{"ko": "현금을 준비해", "ja": "現金をご用意", "en": "Carry cash."} {
		if page := s.get("/incidents/" + id + "?lang=" + lang); !strings.Contains(page, want) {
			t.Errorf("the page in %s lacks %q", lang, want)
		}
	}
	texts := map[string]string{"ko": "교통카드 장애", "ja": "交通カード", "en": "card"}
	for lang, number := range numbers {
		eventually(t, slowly, "a text in "+lang, func() bool { return arrived(city, drill.SMS, number, texts[lang]) })
	}
	eventually(t, slowly, "a message in the operators' chat", func() bool { return arrived(city, drill.Slack, "", "") })
	eventually(t, slowly, "the console to say who has been told", func() bool { return strings.Contains(s.get(to+"?lang=en"), "3 / 3") })

	if code, _, _ := s.ask(http.MethodPost, to+"/hold", url.Values{"do": {"take"}}); code != http.StatusSeeOther || !strings.Contains(s.get(to+"?lang=en"), "Kim has it") {
		t.Errorf("taking it: %d", code)
	}
	s.publish(to+"/update", s.fill(to+"/update", "text.ko", "일부 역에서 다시 됩니다.", "text.ja", "一部の駅で使えます。", "text.en", "Cards work again at some stations.", "stage", "identified", "notify", "yes"))
	eventually(t, slowly, "the update on a phone", func() bool { return arrived(city, drill.SMS, numbers["en"], "Cards work again at some stations.") })
	stale := s.fill(to+"/update", "text.en", "From an older form.", "known", "u0")
	stale.Set("do", "publish")
	if code, page, _ := s.ask(http.MethodPost, to+"/update?lang=en", stale); code != http.StatusConflict || !strings.Contains(page, "From an older form.") || !strings.Contains(page, "Cards work again at some stations.") {
		t.Errorf("a form from before: %d\n%s", code, page)
	}
	s.publish(to+"/update", s.fill(to+"/update", "text.en", "All stations take cards again.", "stage", "resolved"))
	eventually(t, slowly, "the end on a phone", func() bool { return arrived(city, drill.SMS, numbers["ko"], "정상 확인") })
	s.publish(to+"/postmortem", s.fill(to+"/postmortem", "text.en", "# Why\n\nA **certificate** ran out. <script>alert(1)</script>"))
	page := s.get("/incidents/" + id + "?lang=en")
	if !strings.Contains(page, "<h3>Why</h3>") || !strings.Contains(page, "<strong>certificate</strong>") || strings.Contains(page, "<script>alert") {
		t.Errorf("the post-mortem on the page:\n%s", page)
	}
	if body := s.get("/api/v1/incidents/" + id); !strings.Contains(body, `"postmortem":{"id"`) || !strings.Contains(body, `"version":1`) {
		t.Errorf("the post-mortem in the API:\n%s", body)
	}
}

// arrived says whether a service of the city has brought somebody words.
func arrived(city *drill.City, service drill.Service, to, words string) bool {
	for _, e := range city.Log().Find(drill.Query{Service: service, To: to}) {
		if e.Body != "" && strings.Contains(e.Body, words) {
			return true
		}
	}
	return false
}
