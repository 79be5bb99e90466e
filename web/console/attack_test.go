package console_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/door/doortest"
	"bongsu/web/sample"
)

// fort is a furnished console with everything that can be done by it in sight.
type fort struct {
	*console.Console

	desk    *fakeDesk
	story   *storyDesk
	planner *planner
	looker  *looker
	tokens  *tokenBook
	book    *doortest.Book
	asked   int
}

// newFort is a fort whose every word of others is the same; each request comes
// from a network of its own, so that no limit answers first.
func newFort(t testing.TB, words string) *fort {
	t.Helper()
	s := sample.Outage()
	if words != "" {
		s = sample.Renamed(words)
	}
	f := &fort{desk: &fakeDesk{words: words}, story: newStoryDesk(s), planner: &planner{}, looker: &looker{}, tokens: &tokenBook{}, book: doortest.New()}
	if words != "" {
		f.story.texts = []console.KeptText{{ID: "kept00000000000000000001", Name: words, Text: status.Text{"ko": words, "en": words}, Author: words, Version: 1}}
		f.story.holds[s.Incidents[0].ID] = console.StoryHold{Incident: s.Incidents[0].ID, Who: "u", Name: words, Since: sample.Now()}
		f.tokens.all = []console.Token{{ID: "t0", Role: account.Operator, Note: words}}
	}
	f.Console = furnished(t, s, withDesk(f.desk), func(o *console.Options) {
		o.Stories, o.Planner, o.Looker, o.Tokens, o.Entry = f.story, f.planner, f.looker, f.tokens, newEntry(f.book)
		o.TrustedProxies = []string{"192.0.2.0/24"}
	})
	return f
}

// ask makes a request as somebody with a role.
func (f *fort) ask(r *http.Request) *httptest.ResponseRecorder {
	f.asked++
	if r.Header.Get("X-Forwarded-For") == "" {
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", f.asked>>8&255, f.asked&255))
	}
	return answer(f, r)
}

// done is everything that was done since the fort stands, but for what was
// read: whoever takes the audit log along is noted on it.
func (f *fort) done() []string {
	did := slices.Clone(f.desk.did)
	for _, d := range f.desk.record {
		if d.Deed != account.ReadAudit {
			did = append(did, fmt.Sprint(d.Deed, " ", d.About))
		}
	}
	for _, c := range append(slices.Clone(f.story.done), f.planner.asked...) {
		did = append(did, fmt.Sprintf("%+v", c))
	}
	did = append(did, f.looker.asked...)
	for _, call := range f.book.Calls() {
		if !slices.Contains([]string{"Session", "Sessions", "Account", "Accounts", "AccountByName", "Link", "AnyAccount", "Devices", "TakeTry"}, call) {
			did = append(did, call)
		}
	}
	return append(did, fmt.Sprint(f.desk.erased, f.desk.resent, len(f.tokens.all), len(f.story.texts), len(f.story.holds)))
}

// foreign are the headers of a request that another site has had a browser send.
var foreign = [][]string{
	{"Sec-Fetch-Site", "cross-site"},
	{"Sec-Fetch-Site", "same-site"},
	{"Sec-Fetch-Site", "cross-site", "Origin", "https://example.com"},
	{"Origin", "https://evil.example"},
	{"Origin", "null"},
	{"Origin", "https://example.com.evil.example"},
	{"Origin", "https://example.com:8443"},
	{"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"},
	{"Origin", "https://evil.example", "Host", "evil.example, example.com"},
	{"Sec-Fetch-Site", "cross-site", "X-HTTP-Method-Override", "GET"},
	{"Sec-Fetch-Site", "cross-site", "X-Requested-With", "XMLHttpRequest"},
}

// Whatever another site has a browser send with an administrator's cookie: no
// form is taken, and nothing that can be asked for by a link does anything. What
// follows the stream of changes only reads, and a foreign page cannot.
func TestAnotherSiteDoesNothing(t *testing.T) {
	f := newFort(t, "")
	before := f.done()
	forms := 0
	for _, r := range f.Routes() {
		for _, headers := range foreign {
			if r.Path == console.Root+"/live" {
				continue // a stream does not end by itself
			}
			w := f.ask(request(r.Method, address(t, r.Path), "admin", "do=publish&name=hana&id=disks", headers...))
			if r.Method != http.MethodGet && (w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "<h1>")) {
				t.Errorf("%s %s with %q answers %d", r.Method, r.Path, headers, w.Code)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin" {
				t.Errorf("%s %s lets other sites read it", r.Method, r.Path)
			}
		}
		if r.Method != http.MethodGet {
			forms++
		}
	}
	if got := f.done(); !slices.Equal(got, before) {
		t.Errorf("it was done: %q", got)
	}
	if forms < 40 {
		t.Errorf("only %d forms were tried", forms)
	}
}

// No header makes a request another one than it is.
func TestNoHeaderMakesAnotherRequest(t *testing.T) {
	f := newFort(t, "")
	before := f.done()
	for _, r := range f.Routes() {
		if r.Path == console.Root+"/live" {
			continue
		}
		path := address(t, r.Path)
		if r.Method != http.MethodGet {
			for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
				f.ask(request(http.MethodGet, path+"?_method=POST&do=publish", "admin", "", name, http.MethodPost))
			}
			continue
		}
		plain := f.ask(request(http.MethodGet, path, "admin", ""))
		for _, headers := range [][]string{
			{"X-Forwarded-Host", "evil.example"},
			{"X-Forwarded-Proto", "http"},
			{"X-Forwarded-Prefix", "/evil.example"},
			{"Forwarded", "for=192.0.2.60;proto=http;host=evil.example"},
			{"X-Original-URL", "/console/users"},
			{"X-Rewrite-URL", "/console/users"},
			{"X-Original-Host", "evil.example"},
			{"X-Host", "evil.example"},
			{"Via", "evil.example"},
		} {
			w := f.ask(request(http.MethodGet, path, "admin", "", headers...))
			if w.Code != plain.Code || w.Header().Get("Location") != plain.Header().Get("Location") || strings.Contains(w.Body.String(), "evil.example") {
				t.Errorf("%s with %q answers %d %s", path, headers, w.Code, w.Header().Get("Location"))
			}
		}
		host := request(http.MethodGet, path, "admin", "")
		host.Host = "evil.example"
		if w := f.ask(host); strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), "evil.example") {
			t.Errorf("%s believes the Host of a request", path)
		}
	}
	if got := f.done(); !slices.Equal(got, before) {
		t.Errorf("it was done: %q", got)
	}
}

// spellings are other ways to write a path.
func spellings(path string) []string {
	below := strings.TrimPrefix(path, console.Root)
	cut := strings.LastIndexByte(path, '/')
	return []string{
		"/" + path, "//evil.example" + path, path + "/", path + "//", path + "/.", path + "%2f", path + "%00", path + "%0d%0aX-Evil:%20yes", path + ";a=b", path + ".html", path + "%20", path + "\\",
		console.Root + "/" + below, console.Root + "/." + below, console.Root + "/assets/.." + below, console.Root + "/assets/..;" + below, console.Root + "/assets/%2e%2e" + below, console.Root + "/assets/..%2f" + strings.TrimPrefix(below, "/"),
		console.Root + "/login/.." + below, console.Root + "/login/..;" + below, console.Root + "/login%2f.." + below, "/x/.." + path, "/./" + path[1:],
		strings.ToUpper(path[:2]) + path[2:], strings.ToUpper(path), path[:cut] + "/%" + fmt.Sprintf("%02x", path[min(cut+1, len(path)-1)]) + path[min(cut+2, len(path)):], strings.ReplaceAll(path, "/", "%2f"), strings.ReplaceAll(path, "/", "\\"),
	}
}

// However a path is written, nobody gets further than by the plain one, and
// nobody is led to another site.
func TestNoSpellingOfAPathOpensIt(t *testing.T) {
	f := newFort(t, "")
	before := f.done()
	tried := 0
	for _, r := range f.Routes() {
		if r.Deed == "" || r.Path == console.Root+"/live" {
			continue
		}
		for _, role := range append(account.Roles(), "") {
			if role.May(r.Deed) {
				continue
			}
			for _, path := range spellings(address(t, r.Path)) {
				target, err := url.ParseRequestURI(path)
				if err != nil {
					continue // no server would get as far
				}
				tried++
				req := request(r.Method, "/", string(role), "do=publish")
				req.URL, req.RequestURI = target, path
				w := f.ask(req)
				to := w.Header().Get("Location")
				if w.Code < 300 || w.Code >= 500 || to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\r\n\\")) {
					t.Errorf("%s %s as %q answers %d, to %q", r.Method, path, role, w.Code, to)
				}
			}
		}
	}
	if got := f.done(); !slices.Equal(got, before) || tried < 1000 {
		t.Errorf("of %d tries it was done: %q", tried, got)
	}
}

// An agency is its own app's, however another's is written.
func TestNoSpellingOpensAnotherApp(t *testing.T) {
	f := newFort(t, "")
	for _, app := range []string{"city-bike", "safety-report%2f..%2fcity-bike", "safety-report/../city-bike", "./city-bike", "safety-report%00", "SAFETY-REPORT", "safety-report%20", "city-bike;safety-report", "city-bike%3fapp=safety-report", "%63ity-bike"} {
		for _, rest := range []string{"", "/deliveries", "/deliveries/n3", "/templates/moved/2", "/functions/return"} {
			target, err := url.ParseRequestURI(console.Root + "/apps/" + app + rest)
			if err != nil {
				t.Fatal(err)
			}
			r := request(http.MethodGet, "/", "agency", "", "X-App", "safety-report")
			r.URL, r.RequestURI = target, target.RequestURI()
			if w := f.ask(r); w.Code == http.StatusOK {
				t.Errorf("%s%s is open to an agency", app, rest)
			}
		}
	}
}

// Forms that are no forms: too long, too many fields, no text, of another kind,
// nested without end. None is our own mistake, and nothing that is typed in them
// is taken.
func TestFormsThatAreNone(t *testing.T) {
	many := strings.Repeat("a=b&", 501)
	const asForm, boundary = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
	endless := "--x\r\nContent-Disposition: form-data; name=\"list\"; filename=\"a.csv\"\r\n\r\n" + strings.Repeat("a,b\n", 1000)
	f := newFort(t, "")
	for name, body := range map[string]struct{ kind, text string }{
		"many fields":      {asForm, many},
		"a long value":     {asForm, "text.en=" + strings.Repeat("x", 65<<10)},
		"a long name":      {asForm, strings.Repeat("x", 65<<10) + "=1"},
		"a long body":      {asForm, "a=" + strings.Repeat("x", 300<<10)},
		"no text":          {asForm, "name=%ff&text.en=%ff&who=%ff&file=%ff&id=%ff"},
		"half an escape":   {asForm, "name=%f"},
		"nested":           {asForm, "a" + strings.Repeat("[b]", 30_000) + "=1"},
		"semicolons":       {asForm, "name=a;do=publish"},
		"JSON":             {"application/json", `{"do": "publish"}`},
		"deep JSON":        {"application/json", strings.Repeat(`{"a":`, 20_000) + "1"},
		"plain text":       {"text/plain", "do=publish&name=x"},
		"no kind":          {"", "do=publish"},
		"two kinds":        {asForm + ", text/plain", "do=publish"},
		"XML":              {"text/xml", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`},
		"parts":            {boundary, "--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\npublish\r\n--x--\r\n"},
		"parts, half":      {boundary, endless},
		"many parts":       {boundary, strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"dry\"\r\n\r\ny\r\n", 5000)},
		"a part's headers": {boundary, "--x\r\n" + strings.Repeat("X-A: b\r\n", 30_000) + "\r\n"},
		"no boundary":      {"multipart/form-data", "--x"},
		"endless boundary": {"multipart/form-data; boundary=" + strings.Repeat("x", 5000), "--x"},
	} {
		for _, r := range f.Routes() {
			if r.Method == http.MethodGet {
				continue
			}
			req := request(r.Method, address(t, r.Path), "admin", body.text, "Content-Type", body.kind)
			w := f.ask(req)
			formless := r.Path == console.Root+"/subscribers/{id}/file" // a button, and a file that it gives
			if w.Code >= http.StatusInternalServerError || w.Code == http.StatusOK && !formless {
				t.Errorf("%s: %s answers %d", name, r.Path, w.Code)
			}
		}
		if len(f.story.done)+len(f.planner.asked)+len(f.tokens.all) > 0 {
			t.Fatalf("%s: it was taken: %+v %+v", name, f.story.done, f.planner.asked)
		}
	}
}

func isDocument(w *httptest.ResponseRecorder) bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), "text/html")
}

const (
	wantPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// A scorecard is a document by itself with its own style, and can do nothing.
	wantCardPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)

// Every answer there is carries the policy, word for word, and no document needs
// more than it allows: whoever asks, whatever comes of it.
func TestEveryAnswerKeepsThePolicy(t *testing.T) {
	f := newFort(t, "")
	check := func(method, path string, w *httptest.ResponseRecorder) {
		t.Helper()
		want := wantPolicy
		if strings.Contains(path, "/card.") && w.Code == http.StatusOK {
			want = wantCardPolicy
		}
		if got := w.Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s %s (%d) has the policy %q", method, path, w.Code, got)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s %s (%d) lacks headers: %v", method, path, w.Code, w.Header())
		}
		if cache := w.Header().Get("Cache-Control"); cache != "no-store" && !strings.Contains(path, "/assets/") {
			t.Errorf("%s %s may be kept: %q", method, path, cache)
		}
		if want == wantPolicy && isDocument(w) {
			wantNothingInline(t, method+" "+path, w)
		}
	}
	for _, r := range f.Routes() {
		if r.Path == console.Root+"/live" {
			continue
		}
		path := address(t, r.Path)
		for _, role := range []string{"admin", "viewer", ""} {
			check(r.Method, path, f.ask(request(r.Method, path, role, "")))
		}
		check("DELETE", path, f.ask(request("DELETE", path, "admin", "")))
		check("HEAD", path, f.ask(request("HEAD", path, "admin", "")))
	}
	for _, path := range []string{"/console/nowhere", "/elsewhere", "/console/assets/none", "/"} {
		check("GET", path, f.ask(request("GET", path, "admin", "")))
	}
}

// wantNothingInline looks for script, style and handlers within a document.
func wantNothingInline(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	wantHarmless(t, name, w)
	z := html.NewTokenizer(bytes.NewReader(w.Body.Bytes()))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type == html.StartTagToken && slices.Contains([]string{"style", "iframe", "object", "embed", "base"}, token.Data) {
			t.Errorf("%s has a <%s>", name, token.Data)
		}
		for _, a := range token.Attr {
			if slices.Contains([]string{"src", "href", "action", "formaction", "poster", "data"}, a.Key) && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "?") && !strings.HasPrefix(a.Val, "https://") {
				t.Errorf("%s leads to %q", name, a.Val)
			}
		}
	}
}

// formulas are what spreadsheets take for one, whatever stands before.
var formulas = []string{"=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "＝1", "＋1", "－1", "＠1", `"=1`, "a\",=1", "=cmd|' /C calc'!A0"}

// In no file of the console that a spreadsheet opens is a field a formula.
func TestNoFileHoldsAFormula(t *testing.T) {
	f := newFort(t, "")
	for _, words := range formulas {
		f.desk.words = words
		files := 0
		for _, r := range f.Routes() {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.Path, ".csv") {
				continue
			}
			files++
			w := f.ask(request(http.MethodGet, address(t, r.Path), "admin", ""))
			if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %d, %q", r.Path, w.Code, w.Header().Get("Content-Disposition"))
			}
			wantNoFormula(t, r.Path+" with "+words, w.Body.String())
		}
		if files < 2 {
			t.Errorf("only %d files were tried", files)
		}
	}
}

// A list that is uploaded has a name and lines that mean harm: they are words on
// the pages and in the report.
func TestTheNameOfAListIsAWord(t *testing.T) {
	f := newFort(t, "")
	for _, name := range []string{`<script>alert(1)</script>.csv`, `../../etc/passwd`, `..\..\a.csv`, "a\r\nX-Evil: yes.csv", `"><img src=x>`, strings.Repeat("가", 500), "\u202egpj.csv", ".", ""} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("list", name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write([]byte("kind,address\nsms,=1+1\n"))
		form.Close()
		w := f.ask(request(http.MethodPost, console.Root+"/imports", "admin", body.String(), "Content-Type", form.FormDataContentType()))
		if w.Code != http.StatusSeeOther && w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", name, w.Code)
		}
		for _, did := range f.desk.did {
			if strings.ContainsAny(did, "<>\"/\\\r\n\u202e") || len([]rune(did)) > 200 {
				t.Errorf("%q is kept as %q", name, did)
			}
		}
	}
}

// wantNoFormula reads a file as a spreadsheet does.
func wantNoFormula(t *testing.T, name, text string) {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) < 2 {
		t.Fatalf("%s: %d lines (%v)", name, len(lines), err)
	}
	for _, field := range slices.Concat(lines...) {
		seen := strings.TrimLeft(field, " \t\r\n\u00a0\ufeff\u200b\u3000")
		if seen != "" && strings.ContainsAny(seen[:len(string([]rune(seen)[0]))], "=+-@＝＋－＠") || strings.HasPrefix(field, "\t") || strings.HasPrefix(field, "\r") {
			t.Errorf("%s: %q is a formula", name, field)
		}
	}
}
