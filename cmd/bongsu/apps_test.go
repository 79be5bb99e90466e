package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"bongsu/drill"
	"bongsu/store"
)

// officeConfig is a server that watches the city's messenger, and an app that
// sends by it, or else by SMS.
const officeConfig = `
site: {name: {en: Status, ko: 상황판, ja: 状況}, url: "http://{{.Listen}}", languages: [ko, ja, en], contact: ops@status.example}
listen: {{.Listen}}
database: "{{.Database}}"
keys: env:BONGSU_TEST_KEYS
groups: [{id: chat, name: {en: Chat, ko: 메신저, ja: 通話}}]
components:
  - id: chat
    group: chat
    name: {en: Messenger, ko: 메신저, ja: 通話アプリ}
    short: {en: chat, ko: 톡, ja: 通話}
    checks:
      - name: send
        every: 1s
        timeout: 800ms
        depth: function
        POST: "{{.Chat}}/v1/send"
        headers: {Authorization: "Bearer ${env:BONGSU_TEST_CHAT}"}
        json: {to: canary, text: "${nonce}"}
        expect: ["status == 200"]
judgement: {confirm: 4, recheck: 2s, recover: 3, settle: 0s, watch: 5s}
apps:
  - id: safety-report
    name: {ko: 안전신고, ja: 安全通報, en: Safety report}
    origins: ["https://report.example"]
    daily: {{.Daily}}
    plans: [people, by-sms]
    functions: [{id: report, name: {en: Report, ko: 신고, ja: 通報}, needs: [chat]}]
  - id: clinic
    name: {ko: 보건소, ja: 保健所, en: Clinic}
    plans: [people]
    subscribers: true
    functions: [{id: visit, name: {en: Visits, ko: 예약, ja: 予約}, needs: [chat]}]
channels:
  - id: messenger
    kind: alimtalk
    follows: chat
    gateways:
      - {kind: nhn, app_key: "env:BONGSU_TEST_APP", secret: "env:BONGSU_TEST_SECRET", sender_key: "env:BONGSU_TEST_SENDER", rate: {{.Rate}}/s, price: 7 KRW, base_url: "{{.AlimTalk}}"}
  - id: sms
    kind: sms
    gateways:
      - {kind: twilio, account_sid: "env:BONGSU_TEST_SID", auth_token: "env:BONGSU_TEST_TOKEN", from: "{{.From}}", rate: 500/s, price: 9 KRW, base_url: "{{.SMS}}"}
plans:
  people: [{channel: messenger, wait: 1s, until: delivered}, {channel: sms}]
  by-sms: [{channel: sms}]
routes: [{audience: subscribers, plan: people, at_least: partial_outage}]
`

// slowly is how long a busy machine may take for what takes moments.
const slowly = 2 * time.Minute

// office is a server with an app, and the city around it.
type office struct {
	*testing.T

	city   *drill.City
	config string
	listen string
	tokens map[string]string // by app; "admin" and "operator" too
	secret string            // of the app's callbacks
	keys   string
	says   validator.Validator // the API's own document
}

// openOffice starts everything: a city, the program as a process of its own,
// tokens for two apps and an administrator.
func openOffice(t *testing.T, database string, fill map[string]any) *office {
	t.Helper()
	city, stop := liveCity(t, drill.Settings{Seed: 12, Keep: 1_000_000})
	t.Cleanup(stop)
	o := &office{T: t, city: city, listen: freeAddress(t), tokens: map[string]string{}, keys: store.NewKeys()}
	keys := city.Keys()
	for name, value := range map[string]string{
		"BONGSU_TEST_KEYS": o.keys, "BONGSU_TEST_CHAT": keys.Token, "BONGSU_TEST_SID": keys.TwilioSID, "BONGSU_TEST_TOKEN": keys.TwilioToken,
		"BONGSU_TEST_APP": keys.AlimTalkApp, "BONGSU_TEST_SECRET": keys.AlimTalkSecret, "BONGSU_TEST_SENDER": keys.AlimTalkSender,
	} {
		t.Setenv(name, value)
	}
	o.config = filepath.Join(t.TempDir(), "bongsu.yaml")
	filled := map[string]any{
		"Listen": o.listen, "Database": database, "From": keys.TwilioFrom, "Daily": 10_000, "Rate": 300,
		"SMS": city.URL(drill.SMS), "AlimTalk": city.URL(drill.AlimTalk), "Chat": city.URL(drill.Chat),
	}
	maps.Copy(filled, fill)
	writeTemplate(t, officeConfig, o.config, filled)
	for _, app := range []string{"safety-report", "clinic"} {
		o.tokens[app] = o.token("--app", app)
	}
	o.tokens["admin"], o.tokens["operator"] = o.token("--role", "admin", "--note", "chief"), o.token("--role", "operator")
	startServer(t, o.config, os.Environ())
	eventually(t, 30*time.Second, "the server judges", func() bool {
		code, body := o.ask(http.MethodGet, "/api/v1/status", "", "")
		return code == http.StatusOK && strings.Contains(body, `"overall":"operational"`)
	})
	document, err := libopenapi.NewDocument([]byte(o.want(http.StatusOK, http.MethodGet, "/api/v1/openapi.json", "", "", nil)))
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	if o.says, errs = validator.NewValidator(document); len(errs) > 0 {
		t.Fatal(errs)
	}
	return o
}

// token makes one by the command line.
func (o *office) token(args ...string) string {
	o.Helper()
	return strings.TrimSpace(o.bongsu(append([]string{"token", "create", "-c", o.config}, args...)...))
}

// bongsu runs a command and gives what it says.
func (o *office) bongsu(args ...string) string {
	o.Helper()
	var out, errs strings.Builder
	if code := run(o.Context(), args, &out, &errs); code != 0 {
		o.Fatalf("bongsu %s: %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
	if _, secret, found := strings.Cut(errs.String(), "are signed with "); found {
		o.secret = strings.TrimSpace(secret)
	}
	return out.String()
}

// ask sends a request with somebody's token. A body is JSON unless the headers,
// as name, value, say otherwise.
func (o *office) ask(method, path, who, body string, headers ...string) (code int, answer string) {
	o.Helper()
	code, _, answer = o.askFor(method, path, who, body, headers...)
	return code, answer
}

func (o *office) askFor(method, path, who, body string, headers ...string) (code int, h http.Header, answer string) {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), method, "http://"+o.listen+path, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+o.tokens[who])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		o.Fatal(err)
	}
	o.holdToDocument(r, a, text)
	return a.StatusCode, a.Header, string(text)
}

// holdToDocument compares an answer in JSON with what the API's document says
// of it.
func (o *office) holdToDocument(r *http.Request, a *http.Response, text []byte) {
	o.Helper()
	if o.says == nil || !strings.Contains(a.Header.Get("Content-Type"), "json") || strings.Contains(a.Header.Get("Content-Type"), "ndjson") {
		return
	}
	copied := *a
	copied.Body = io.NopCloser(bytes.NewReader(text))
	if ok, errs := o.says.ValidateHttpResponse(r, &copied); !ok {
		for _, e := range errs {
			o.Errorf("%s %s answers %d, which the document does not know: %s %s", r.Method, r.URL.Path, a.StatusCode, e.Message, e.Reason)
			for _, s := range e.SchemaValidationErrors {
				o.Errorf("  %s at %s", s.Reason, s.FieldPath)
			}
		}
	}
}

// read reads an answer.
func (o *office) read(answer string, into any) {
	o.Helper()
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		o.Errorf("%v in %s", err, answer)
	}
}

// want asks, and fails unless the answer is as said. It reads it if into is not nil.
func (o *office) want(code int, method, path, who, body string, into any, headers ...string) string {
	o.Helper()
	got, answer := o.ask(method, path, who, body, headers...)
	if got != code {
		o.Fatalf("%s %s answers %d, want %d: %s", method, path, got, code, answer)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(answer), into); err != nil {
			o.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return answer
}

// movedTemplate is about an appointment that moves.
const movedTemplate = `{
  "params": {"when": {"kind": "number", "max": 11}},
  "texts": {
    "ko": {"sms": {"body": "예약이 #{when}로 바뀜"}, "alimtalk": {"registered": "moved-ko", "body": "[#{app}] 예약이 #{when}로 바뀌었습니다. 확인 #{code}"}},
    "en": {"sms": {"body": "Your appointment moved to #{when}."}, "alimtalk": {"registered": "moved-en", "body": "#{app}: your appointment moved to #{when}. Check #{code}"}}
  }
}`

// approve proposes a template and approves it.
func (o *office) approve(app, id, template string) {
	o.Helper()
	o.want(http.StatusOK, http.MethodPut, "/api/v1/templates/"+id, app, template, nil)
	o.bongsu("templates", "approve", "-c", o.config, app, id)
}

// placed is the answer to an order, as far as tests look.
type placed struct {
	ID, Code string
	Quote    struct {
		People, NoAddress int64
		Ways              []struct {
			Channel  string
			People   int64
			Segments int64
		}
		Left   []struct{ Channel, Why string }
		Cost   []struct{ Amount, Currency string }
		AtMost []struct{ Amount, Currency string } `json:"at_most"`
	}
	Texts []struct{ Lang, Class, Body, Switched string }
}

// viewed is a notice as it is read, as far as tests look.
type viewed struct {
	ID, State, Policy string
	People, Planned   int64
	Channels          []struct {
		Channel                                                       string
		Planned, Handed, Delivered, Failed, Unknown, Moved, Cancelled int64
	}
}

func (o *office) view(app, id string) (v viewed) {
	o.Helper()
	o.want(http.StatusOK, http.MethodGet, "/api/v1/notices/"+id, app, "", &v)
	return v
}

// await asks now and then until a notice has come to a state.
func (o *office) await(app, id, state string) (v viewed) {
	o.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		if v = o.view(app, id); v.State == state {
			return v
		}
		select {
		case <-deadline:
			o.Fatalf("not %s within two minutes: %+v", state, v)
		case <-tick.C:
		}
	}
}

// results reads what became of each recipient of the first app, by ref.
func (o *office) results(id string) map[string]map[string]any {
	o.Helper()
	all := map[string]map[string]any{}
	for line := range strings.Lines(o.want(http.StatusOK, http.MethodGet, "/api/v1/notices/"+id+"/results", "safety-report", "", nil)) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			o.Fatal(err)
		}
		all[fmt.Sprint(r["ref"])] = r
	}
	return all
}

// officeNumber is a number that reaches a phone of the city.
func officeNumber(i int) string { return fmt.Sprintf("+821020%06d", i) }

// heads is who was told by which way, as the phones and the results say.
type heads struct{ messenger, known, sms, switched, never, twice, knownTwice int }

// count looks at every phone, and at every result.
func (o *office) count(people int, p placed) (n heads) {
	o.Helper()
	arrived := map[drill.Service]map[string]int{}
	for _, s := range []drill.Service{drill.AlimTalk, drill.SMS} {
		arrived[s] = o.city.Log().CountByRecipient(drill.Query{Kind: drill.Arrival, Service: s})
	}
	results := o.results(p.ID)
	n.messenger, n.sms = len(arrived[drill.AlimTalk]), len(arrived[drill.SMS])
	for i := range people {
		number := officeNumber(i)
		messenger, sms, result := arrived[drill.AlimTalk][number], arrived[drill.SMS][number], results[fmt.Sprintf("user-%d", i)]
		known := result["outcome"] == "delivered" && result["channel"] == "messenger"
		switch {
		case messenger+sms == 0:
			n.never++
		case messenger+sms > 1:
			n.twice++
		}
		if known {
			n.known++
		}
		if known && sms > 0 {
			n.knownTwice++
		}
		if result["outcome"] != "delivered" || (known && messenger != 1) || (!known && sms != 1) {
			o.Errorf("%s had %d by messenger and %d by SMS; its result says %v", number, messenger, sms, result)
		}
	}
	for _, e := range o.city.Log().Find(drill.Query{Kind: drill.Arrival, Service: drill.SMS}) {
		if !strings.Contains(e.Body, "[안전신고]") || !strings.Contains(e.Body, "확인 "+p.Code) {
			o.Fatalf("a text without the app's name or the check code: %q", e.Body)
		}
		if strings.Contains(e.Body, "톡 장애로 문자") {
			n.switched++
		}
	}
	return n
}

// The messenger dies in the middle of a notice to thousands. Everybody is told;
// whoever is known to have it by the messenger has it once: counted from the
// phones. Known is nearly everybody who has it, where the program can ask as
// soon as it wants to.
func TestAppNoticeMovesOffADeadMessenger(t *testing.T) {
	people, mostTwice := 3000, 300 // what a second hands over
	if racing {                    // the city answers late, and the program asks late
		people, mostTwice = 900, 900
	}
	messenger, atMost := strconv.Itoa(7*people), strconv.Itoa((7+9)*people)
	o := openOffice(t, filepath.Join(t.TempDir(), "bongsu.db"), nil)
	o.approve("safety-report", "moved", movedTemplate)
	var upload struct {
		ID             string
		People, Faults int64
	}
	var lines bytes.Buffer
	lines.WriteString("ref,lang,sms,alimtalk\n")
	for i := range people {
		fmt.Fprintf(&lines, "user-%d,ko,%s,%s\n", i, officeNumber(i), officeNumber(i))
	}
	o.want(http.StatusCreated, http.MethodPost, "/api/v1/uploads", "safety-report", lines.String(), &upload, "Content-Type", "text/csv")
	if upload.People != int64(people) || upload.Faults != 0 {
		t.Fatalf("the upload has %+v", upload)
	}
	order := `{"template": "moved", "params": {"when": "10/15 14:00"}, "plan": "people", "upload": "` + upload.ID + `", "cost_cap": {"amount": "` + atMost + `", "currency": "KRW"}}`
	var p placed
	o.want(http.StatusOK, http.MethodPost, "/api/v1/notices?dry_run=true", "safety-report", order, &p)
	if len(p.Quote.Ways) != 1 || p.Quote.Ways[0].Channel != "messenger" || p.Quote.Cost[0].Amount != messenger || p.Quote.AtMost[0].Amount != atMost {
		t.Errorf("while the messenger is up the quote is %+v", p.Quote)
	}
	o.want(http.StatusAccepted, http.MethodPost, "/api/v1/notices", "safety-report", order, &p, "Idempotency-Key", "visit-1")

	arrived := func(s drill.Service) map[string]int {
		return o.city.Log().CountByRecipient(drill.Query{Kind: drill.Arrival, Service: s})
	}
	eventually(t, time.Minute, "a third has it by messenger", func() bool { return len(arrived(drill.AlimTalk)) >= people/3 })
	died := time.Now()
	if err := o.city.Set(t.Context(), drill.Chat, drill.Refused); err != nil {
		t.Fatal(err)
	}
	o.await("safety-report", p.ID, "ended")
	eventually(t, time.Minute, "nothing travels", func() bool { return o.city.Travelling() == 0 })

	n := o.count(people, p)
	t.Logf("%d by messenger, of which the gateway had said so of %d; %d by SMS, %d of them saying why; twice %d; over %s after the messenger died",
		n.messenger, n.known, n.sms, n.switched, n.twice, time.Since(died).Round(time.Second))
	if n.never != 0 || n.knownTwice != 0 || n.twice > n.messenger-n.known {
		t.Errorf("never told %d; told by SMS although known to have it %d; twice %d, of which nobody could know %d", n.never, n.knownTwice, n.twice, n.messenger-n.known)
	}
	if n.twice > mostTwice {
		t.Errorf("%d were told twice: the gateway was asked too seldom", n.twice)
	}
	if n.switched < people/4 {
		t.Errorf("%d of %d texts say why they come by SMS", n.switched, n.sms)
	}
	var again placed
	o.want(http.StatusAccepted, http.MethodPost, "/api/v1/notices", "safety-report", order, &again, "Idempotency-Key", "visit-1")
	if again.ID != p.ID {
		t.Errorf("the same key sent again: %s, then %s", p.ID, again.ID)
	}
}
