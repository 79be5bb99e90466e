package console_test

import (
	"bytes"
	"flag"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/sample"
)

var update = flag.Bool("update", false, "write the golden files anew")

// deskPages are the pages of these places, by the name of their golden file.
var deskPages = map[string]string{
	"deliveries": "/deliveries", "notice": "/deliveries/n1", "resend": "/deliveries/n1/resend", "cancel": "/deliveries/n1/cancel",
	"subscribers": "/subscribers", "subscriber": "/subscribers/4711", "erase": "/subscribers/4711/erase", "imports": "/imports", "import": "/imports/r1",
	"audit": "/audit", "apps": "/apps", "app": "/apps/safety-report", "template": "/apps/safety-report/templates/moved/2", "function": "/apps/safety-report/functions/report",
	"drills": "/drills", "drill": "/drills/d4", "drill-running": "/drills/d5", "settings": "/settings", "app-deliveries": "/apps/safety-report/deliveries",
}

var content = regexp.MustCompile(`(?s)<main[^>]*>\n(.*)\n</main>`)

// What the pages say, in English; in the other languages they are made too.
func TestDeskPages(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{}))
	for name, path := range deskPages {
		for _, lang := range []string{"ko", "ja", "en"} {
			w := ask(c, "GET", console.Root+path+"?lang="+lang, "admin")
			if w.Code != http.StatusOK {
				t.Errorf("%s in %s: %d\n%s", name, lang, w.Code, w.Body)
				continue
			}
			if lang == "en" {
				golden(t, name, content.FindStringSubmatch(w.Body.String())[1])
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenFile(t, name+".html", got+"\n")
}

// goldenFile compares with a file of testdata.
func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update writes it anew:\n%s", name, diff)
	}
}

// Whatever others have put into names, reasons, texts, files: no page lets it be
// anything but text.
func TestNothingThatOthersSayIsMarkup(t *testing.T) {
	desk := &fakeDesk{words: evil}
	c := open(t, sample.Outage(), withDesk(desk))
	answers := map[string]*httptest.ResponseRecorder{
		"a search": send(c, "/console/subscribers", "admin", url.Values{"who": {evil}}),
		"a check":  send(c, "/console/settings/check", "admin", url.Values{"file": {"x.yaml"}}),
	}
	for name, path := range deskPages {
		answers[name] = ask(c, "GET", console.Root+path, "admin")
		answers[name+" with a query"] = ask(c, "GET", console.Root+path+"?"+url.Values{
			"find": {evil}, "who": {evil}, "about": {evil}, "from": {evil}, "incident": {evil}, "kind": {evil}, "before": {evil},
		}.Encode(), "admin")
	}
	for name, w := range answers {
		if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", name, w.Code)
		}
		if strings.Contains(w.Body.String(), "<script>alert") {
			t.Errorf("%s has markup of others:\n%s", name, w.Body)
		}
	}
}

// In a file for spreadsheets no field is a formula.
func TestFilesForSpreadsheetsHoldNoFormula(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{words: "\n=cmd"}))
	for _, path := range []string{"/imports/r1/report.csv", "/audit.csv"} {
		w := ask(c, "GET", console.Root+path, "admin")
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		if w.Code != http.StatusOK || len(lines) < 3 || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		for _, line := range lines {
			for field := range strings.SplitSeq(line, ",") {
				if f := strings.TrimPrefix(field, `"`); f != "" && strings.ContainsRune("=+-@", rune(f[0])) {
					t.Errorf("%s: %q in %q is a formula", path, field, line)
				}
			}
		}
	}
}

// Every route of the desk lets in exactly those roles that have its deed.
func TestEveryRouteOfTheDeskAsksForItsDeed(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{}), func(o *console.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} })
	asked := 0
	for _, r := range c.Routes() {
		if r.Path == console.Root+"/live" {
			continue // a stream does not end by itself
		}
		path := strings.NewReplacer("{app}", "safety-report", "{id}", "n1", "{template}", "moved", "{version}", "2", "{channel}", "sms").Replace(r.Path)
		for _, role := range append(account.Roles(), "") {
			asked++ // each from a network of its own, so that none asks too often
			got := ask(c, r.Method, path, string(role), "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", asked%250)).Code
			may := r.Deed == "" || role.May(r.Deed)
			refused := got == http.StatusForbidden || role == "" && r.Deed != "" && got == http.StatusSeeOther ||
				r.Path == console.Root && role == account.Agency && got == http.StatusSeeOther // led to its app
			if may == refused || got >= http.StatusInternalServerError {
				t.Errorf("%s %s answers a %q with %d", r.Method, path, role, got)
			}
		}
	}
}

// An agency sees its own app and no other, its notices and no other.
func TestAnAgencySeesItsOwnAppOnly(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{}))
	for path, want := range map[string]int{
		"/apps": 200, "/apps/safety-report": 200, "/apps/safety-report/deliveries": 200, "/apps/safety-report/deliveries/n3": 200,
		"/apps/safety-report/deliveries/n1": 404, "/apps/other": 403, "/apps/safety-report/functions/report": 200, "/apps/city-bike/functions/return": 403, "/apps/other/deliveries": 403, "/apps/other/deliveries/n3": 403,
		"/apps/other/templates/moved/2": 403, "/deliveries": 403, "/deliveries/n3": 403, "/subscribers": 403, "/audit": 403, "/settings": 403, "/drills": 403,
	} {
		if got := ask(c, "GET", console.Root+path, "agency").Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if got := send(c, "/console/apps/safety-report/templates/moved/2/approve", "agency", url.Values{}).Code; got != http.StatusForbidden {
		t.Errorf("an agency approves its own template: %d", got)
	}
}

// Each deed does what it says once, is on the audit log, and leads on.
func TestDeedsOfTheDesk(t *testing.T) {
	for _, d := range []struct {
		path string
		form url.Values
		role string
		did  string // what the desk did
		kept string // what the audit log has
		to   string // where it leads
	}{
		{"/deliveries/n1/hold", nil, "operator", "hold n1", "steer notice n1 hold", "/deliveries/n1"},
		{"/deliveries/n1/free", nil, "operator", "free n1", "steer notice n1 free", "/deliveries/n1"},
		{"/deliveries/n1/cancel", nil, "operator", "cancel n1", "steer notice n1 cancel", "/deliveries/n1"},
		{"/deliveries/n1/resend", url.Values{"turn": {"1"}}, "operator", "", "steer notice n1 resent to 1234 people as notice n91", "/deliveries/n91"},
		{"/sending/pause", nil, "operator", "pause", "steer sending paused", "/deliveries"},
		{"/sending/resume", nil, "operator", "resume", "steer sending resumed", "/deliveries"},
		{"/channels/sms/resume", nil, "operator", "resume sms", "steer channel sms resumed; one more daily cap today", "/deliveries"},
		{"/subscribers/4711/erase", nil, "admin", "", "keep-people subscriber 4711 erased", "/subscribers"},
		{"/drills", url.Values{"scenario": {"flapping"}, "with": {"ours"}}, "operator", "drill flapping ours=true by Kim operator", "drill drill d5 began flapping, own configuration: true", "/drills/d5"},
		{"/drills/d5/cancel", nil, "operator", "cancel drill", "drill drill d5 cancelled", "/drills/d5"},
		{"/settings/reload", nil, "admin", "reload", "configure settings reloaded", "/settings"},
		{"/apps/safety-report/templates/moved/2/approve", url.Values{}, "admin", "approved moved 2 by Kim admin: ", "approve-words template safety-report/moved/2 approved ", "/apps/safety-report/templates/moved/2"},
		{"/apps/safety-report/templates/moved/2/refuse", url.Values{"reason": {"say which"}}, "admin", "refused moved 2 by Kim admin: say which", "approve-words template safety-report/moved/2 refused say which", "/apps/safety-report/templates/moved/2"},
		{"/apps/safety-report/templates/moved/2/refuse", url.Values{}, "admin", "", "", "/apps/safety-report/templates/moved/2"},
		{
			"/apps/safety-report/functions/report",
			url.Values{"name-ko": {"신고"}, "name-ja": {"通報"}, "name-en": {" Report \n it "}},
			"agency",
			"safety-report/report by Kim agency: Report it, ", "keep-app function:safety-report/report en: Report it; ja: 通報; ko: 신고 | ", "/apps/safety-report",
		},
		{"/apps/safety-report/widget", url.Values{"do": {"shut"}}, "operator", "widget of safety-report off: true by Kim operator", "switch-widget widget:safety-report off", "/apps/safety-report"},
		{"/apps/safety-report/widget", url.Values{"do": {"open"}}, "agency", "widget of safety-report off: false by Kim agency", "switch-widget widget:safety-report on", "/apps/safety-report"},
		{"/apps/city-bike/widget", url.Values{"do": {"open"}}, "admin", "", "", "/apps/city-bike"},
		{"/apps/safety-report/functions/report", url.Values{"name-ko": {"신고"}}, "admin", "", "", "/apps/safety-report/functions/report"},
		{"/apps/safety-report/functions/report", url.Values{"instead-en": {"too long"}, "instead-ko": {"x"}}, "admin", "", "", "/apps/safety-report/functions/report"},
	} {
		desk := &fakeDesk{}
		w := send(open(t, sample.Outage(), withDesk(desk)), console.Root+d.path, d.role, d.form)
		var kept []string
		for _, e := range desk.record {
			kept = append(kept, string(e.Deed)+" "+e.About+" "+e.Detail)
		}
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != console.Root+d.to || strings.Join(desk.did, "; ") != d.did || strings.Join(kept, "; ") != d.kept {
			t.Errorf("%s: %d to %s; did %q, kept %q", d.path, w.Code, w.Header().Get("Location"), desk.did, kept)
		}
	}
}

// What cannot be done is said, and is on no log.
func TestWhatTheDeskRefuses(t *testing.T) {
	for _, d := range []struct {
		path string
		form url.Values
		desk *fakeDesk
		want int
	}{
		{"/deliveries/none/hold", nil, &fakeDesk{}, 404},
		{"/deliveries/n1/hold", nil, &fakeDesk{over: true}, 303},
		{"/deliveries/n2/resend", url.Values{"turn": {"1"}}, &fakeDesk{}, 404},
		{"/deliveries/n1/resend", url.Values{}, &fakeDesk{}, 400},
		{"/deliveries/n1/resend", url.Values{"turn": {"-1"}}, &fakeDesk{}, 400},
		{"/channels/none/resume", nil, &fakeDesk{}, 404},
		{"/subscribers/4712/erase", nil, &fakeDesk{}, 404},
		{"/subscribers/x/erase", nil, &fakeDesk{}, 404},
		{"/subscribers/4712/file", nil, &fakeDesk{}, 404},
		{"/drills", url.Values{"scenario": {"../x"}}, &fakeDesk{}, 404},
		{"/drills", url.Values{"scenario": {"flapping"}}, &fakeDesk{running: true}, 303},
		{"/drills/d1/cancel", nil, &fakeDesk{}, 303},
		{"/settings/check", url.Values{"file": {"../passwd"}}, &fakeDesk{}, 303},
		{"/apps/safety-report/templates/moved/9/approve", url.Values{}, &fakeDesk{}, 404},
		{"/apps/safety-report/functions/none", url.Values{}, &fakeDesk{}, 404},
		{"/apps/safety-report/templates/moved/2/approve", url.Values{}, &fakeDesk{over: true}, 303},
		{"/subscribers", url.Values{"who": {strings.Repeat("a", 400)}}, &fakeDesk{}, 400},
	} {
		w := send(open(t, sample.Outage(), withDesk(d.desk)), console.Root+d.path, "admin", d.form)
		if w.Code != d.want || len(d.desk.record) > 0 || len(d.desk.did) > 0 {
			t.Errorf("%s %v: %d, want %d; did %q, kept %v", d.path, d.form, w.Code, d.want, d.desk.did, d.desk.record)
		}
	}
}

// A list is streamed through, its file's name is only a name, and its fields are
// bounded.
func TestTakingAListIn(t *testing.T) {
	list := func(fields map[string]string, file, name string) (body, kind string) {
		var out bytes.Buffer
		w := multipart.NewWriter(&out)
		for field, value := range fields {
			_ = w.WriteField(field, value)
		}
		if file != "" {
			part, err := w.CreateFormFile("list", name)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write([]byte(file))
		}
		w.Close()
		return out.String(), w.FormDataContentType()
	}
	for _, l := range []struct {
		what   string
		fields map[string]string
		file   string
		name   string
		want   int
		did    string
	}{
		{"a try", map[string]string{"format": "csv", "dry": "yes", "country": "jp"}, "kind,address\n", `..\..\etc\<b>people.csv`, 303, "import bpeople.csv csv JP dry=true 13 bytes"},
		{"for good", map[string]string{"format": "statuspage"}, strings.Repeat("x", 1<<20), "a.csv", 303, "import a.csv statuspage  dry=false 1048576 bytes"},
		{"no file", map[string]string{"format": "csv"}, "", "", 400, ""},
		{"no such format", map[string]string{"format": "xml"}, "x", "a.csv", 400, ""},
		{"no country", map[string]string{"country": "Korea"}, "x", "a.csv", 400, ""},
		{"too long a field", map[string]string{"country": strings.Repeat("K", 200)}, "x", "a.csv", 400, ""},
	} {
		desk := &fakeDesk{}
		c := open(t, sample.Outage(), withDesk(desk))
		body, kind := list(l.fields, l.file, l.name)
		w := httptest.NewRecorder()
		c.ServeHTTP(w, request(http.MethodPost, "/console/imports", "admin", body, "Content-Type", kind))
		if w.Code != l.want || strings.Join(desk.did, "; ") != l.did {
			t.Errorf("%s: %d, did %q", l.what, w.Code, desk.did)
		}
	}
	if w := send(open(t, sample.Outage(), withDesk(&fakeDesk{})), "/console/imports", "admin", url.Values{}); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a form without a file: %d", w.Code)
	}
}

// A scorecard has a style of its own, and may do nothing else.
func TestAScorecardIsADocumentByItself(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{}))
	for path, kind := range map[string]string{"card.html": "text/html; charset=utf-8", "card.svg": "image/svg+xml", "card.json": "application/json"} {
		w := ask(c, "GET", "/console/drills/d4/"+path, "viewer")
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || !strings.Contains(policy, "sandbox") || strings.Contains(policy, "script") {
			t.Errorf("%s: %d %s, policy %q", path, w.Code, w.Header().Get("Content-Type"), policy)
		}
	}
	if w := ask(c, "GET", "/console/drills/d1/card.html", "viewer"); w.Code != http.StatusNotFound {
		t.Errorf("the card of a drill without one: %d", w.Code)
	}
}

// Files list all, page after page, the latest first, and say who took them.
func TestTheAuditLogAsAFile(t *testing.T) {
	desk := &fakeDesk{}
	c := open(t, sample.Outage(), withDesk(desk))
	w := ask(c, "GET", "/console/audit.ndjson?who=u1", "supervisor")
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	if len(lines) != 250 || !strings.Contains(lines[0], `"number":250`) || !strings.Contains(lines[249], `"number":1`) {
		t.Errorf("%d lines, the first %s", len(lines), lines[0])
	}
	if len(desk.record) != 1 || desk.record[0].Deed != account.ReadAudit || desk.record[0].Who.Role != account.Supervisor {
		t.Errorf("kept %+v", desk.record)
	}
	if w := ask(open(t, sample.Outage(), withDesk(&fakeDesk{over: true})), "GET", "/console/audit?lang=en", "supervisor"); !strings.Contains(w.Body.String(), "Entry 100 does not follow") {
		t.Errorf("a broken chain is not said:\n%s", w.Body)
	}
}

// Who reads and nothing else finds no button of what they may not do.
func TestNobodySeesWhatTheyMayNotDo(t *testing.T) {
	c := open(t, sample.Outage(), withDesk(&fakeDesk{}))
	for _, role := range []string{"viewer", "supervisor"} {
		for _, path := range slices.Sorted(func(yield func(string) bool) {
			for _, path := range deskPages {
				if !yield(path) {
					return
				}
			}
		}) {
			w := ask(c, "GET", console.Root+path, role)
			if body := w.Body.String(); w.Code == http.StatusOK && strings.Contains(strings.ReplaceAll(body, `<form method="post" action="/console/subscribers"`, ""), `method="post"`) {
				t.Errorf("%s shows a %s a form:\n%s", path, role, body)
			}
		}
	}
}

// A scorecard is read in the reader's language: its verdicts, states, times and
// what backs them; a broken one leaves the drill's page.
func TestAScorecardIsSaidInEveryLanguage(t *testing.T) {
	for lang, want := range map[string][]string{
		"ko": {"충족", "문구 44건과 페이지 9개에 모두 훈련 표시", "페이지의 첫 안내 3월 9일 09:20:37, 3월 9일 09:20:30에서 8초 뒤", "3월 9일 09:30:33: 원인 확인", "이 훈련"},
		"ja": {"満たした", "文面44件とページ9件のすべてに訓練の表示", "この訓練"},
		"en": {"held", "44 texts and 9 pages, each marked as an exercise", "this drill"},
	} {
		page := ask(open(t, sample.Outage(), withDesk(&fakeDesk{})), "GET", "/console/drills/d4?lang="+lang, "supervisor").Body.String()
		for _, w := range want {
			if !strings.Contains(page, w) {
				t.Errorf("the page in %s lacks %q", lang, w)
			}
		}
	}
	w := ask(open(t, sample.Outage(), withDesk(&fakeDesk{})), "GET", "/console/drills/d3", "viewer")
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `id="findings"`) {
		t.Errorf("without a scorecard: %d %s", w.Code, w.Body)
	}
}

// What is wrong with a configuration is said in the reader's language where its
// form is known, and marked as English where it is not; components are called
// by their names.
func TestProblemsAndReasonsAreSaidToTheReader(t *testing.T) {
	c := furnished(t, sample.Outage(), behindNetworks)
	checked := send(c, "/console/settings/check?lang=ko", "admin", url.Values{"file": {"next.yaml"}}).Body.String()
	now := ask(c, "GET", "/console?lang=ko", "operator").Body.String()
	for page, want := range map[string]string{
		"<li>next.yaml:4:3: groups[0].nam: 없는 설정입니다; &#34;name&#34;를 뜻하셨나요?</li>": checked,
		`<code lang="en">next.yaml:3:5: site.url: is no address</code>`:           checked,
		"메신저 글 보내기: 장애":                                                           now,
	} {
		if !strings.Contains(want, page) {
			t.Errorf("%q is not in\n%s", page, want)
		}
	}
}
