package web_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pb33f/jsonschema/v6"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/browsertest"
	"bongsu/web/minisign"
	"bongsu/web/sample"
)

func outageOf(name string) *status.Snapshot {
	s := sample.Outage()
	c, _ := s.Component("login")
	c.Name = status.Text{"ko": name, "ja": name, "en": name}
	return s
}

// signer is the key of a test's site.
func signer(t testing.TB) *minisign.Signer {
	t.Helper()
	s, err := minisign.NewSigner(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// crowded is an outage in which eight functions of an app fail, each with all
// that can be said of it.
func crowded() *status.Snapshot {
	s := sample.Outage()
	s.Site.Mirrors = []string{"https://mirror.example/status/"}
	app := &s.Apps[0]
	app.Functions = nil
	for i, state := range []status.State{
		status.Unknown, status.DegradedPerformance, status.PartialOutage, status.MajorOutage,
		status.MajorOutage, status.PartialOutage, status.Operational, status.MajorOutage,
	} {
		f := status.FunctionView{AppFunction: s.Apps[1].Functions[0].AppFunction, State: state, AffectedBy: []string{"place-search", "pay"}, Incident: s.Incidents[0].ID}
		f.ID = "function-" + string(rune('a'+i))
		app.Functions = append(app.Functions, f)
	}
	return s
}

// worst is an app of which the most is to be said: eight metered functions that
// fail, with names and advice as long as they may be and alike in no language,
// several components behind each that have substitutes, an incident with a word
// promised, two mirrors, and the mark of an exercise.
func worst() *status.Snapshot {
	s := crowded()
	s.Site.Mirrors = []string{"https://mirror-seoul.example/service-status/", "https://mirror-tokyo.example/service-status/"}
	s.Site.Exercise = true
	app := &s.Apps[0]
	metered := []status.Metered{status.MeteredRental, status.MeteredParking, status.MeteredRide, status.MeteredCharging}
	for i, told := range []struct{ ko, ja, en, insteadKo, insteadJa, insteadEn string }{
		{"전동 킥보드 대여와 반납", "電動キックボードの貸出と返却", "Kick scooter rental and return", "가까운 지하철역 보관대에 세우고 사진 남기기", "最寄り駅の駐輪場に停めて写真を撮る", "Leave it at a station's rack and take a picture"},
		{"공영 주차장 정산", "公営駐車場の精算", "Payment at public car parks", "출구에서 호출 버튼을 눌러 직원에게 말하기", "出口の呼び出しボタンで係員に伝える", "Press the call button at the exit and tell the staff"},
		{"교통약자 택시 부르기", "福祉タクシーの配車", "Calling a taxi for wheelchairs", "전화 1588-0000 · 문자 1544-0000으로 부르기", "電話1588-0000・SMS1544-0000で呼ぶ", "Call 1588-0000 or text 1544-0000 for one"},
		{"전기차 충전 시작과 끝", "電気自動車の充電開始と終了", "Starting and ending a car's charging", "충전기 화면의 비상 정지 후 케이블 뽑기", "充電器の非常停止を押してケーブルを抜く", "Press the charger's emergency stop, then unplug"},
	} {
		for _, at := range []int{i, i + 4} {
			f := &app.Functions[at]
			f.State, f.Metered = status.MajorOutage, metered[i]
			f.Name = status.Text{"ko": told.ko, "ja": told.ja, "en": told.en}
			f.Instead = status.Text{"ko": told.insteadKo, "ja": told.insteadJa, "en": told.insteadEn}
			f.AffectedBy = []string{"place-search", "pay", "login"}
		}
	}
	return s
}

// The code, and the data of every app in every language, signed.
func TestTheWidgetIsSmall(t *testing.T) {
	const code, data = 3 << 10, 1 << 10
	for name, s := range map[string]*status.Snapshot{
		"calm": sample.Calm(), "outage": sample.Outage(), "crowded": crowded(), "impaired": sample.Impaired(), "eventful": sample.Eventful(), "worst": worst(),
	} {
		handler := serve(t, s, web.Options{Signer: signer(t)}).Handler()
		budgets := map[string]int{"/widget.js": code}
		for i := range s.Apps {
			for _, lang := range []string{"", "/ko", "/ja", "/en"} {
				budgets[lang+"/widget/"+s.Apps[i].ID+".json"] = data
			}
		}
		for path, budget := range budgets {
			w := ask(handler, "GET", path, "Accept-Encoding", "gzip")
			t.Logf("%s: %s: %d bytes", name, path, w.Body.Len())
			if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > budget {
				t.Errorf("%s: %s answers %d with %d bytes gzipped, over %d", name, path, w.Code, w.Body.Len(), budget)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s can not be used by other sites", path)
			}
		}
	}
}

// told is the data of a widget, as an app reads it.
type told struct {
	GeneratedAt time.Time `json:"generated_at"`
	ValidUntil  time.Time `json:"valid_until"`
	Lang        string
	Languages   []string
	Off         bool
	Mirrors     []string
	Functions   []struct {
		ID                                   string
		State                                status.State
		Name, Why, Instead, Stop, Next, Link string
	}
	Rest string
}

// toldIn is what the widget of an app is told in a language; empty is the
// site's first.
func toldIn(t *testing.T, s *status.Snapshot, app, lang string) told {
	t.Helper()
	if lang != "" {
		lang = "/" + lang
	}
	var got told
	body := ask(serve(t, s, web.Options{Valid: 5 * time.Minute}).Handler(), "GET", lang+"/widget/"+app+".json").Body.Bytes()
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return got
}

func TestWhatTheWidgetIsTold(t *testing.T) {
	got := toldIn(t, sample.Calm(), "safety-report", "")
	if len(got.Functions) != 0 || got.ValidUntil.Sub(got.GeneratedAt) != 5*time.Minute {
		t.Errorf("on a calm day: %+v", got)
	}
	in := map[string]told{}
	for _, lang := range []string{"", "ko", "ja", "en"} {
		in[lang] = toldIn(t, sample.Outage(), "safety-report", lang)
		if len(in[lang].Functions) != 1 || strings.Join(in[lang].Languages, " ") != "ko ja en" || (in[lang].Lang != lang && lang != "") {
			t.Fatalf("in %q it is told %+v, want one function", lang, in[lang])
		}
	}
	for _, c := range []struct{ got, want string }{
		{in["ko"].Functions[0].Name, "지금 안전 신고를 이용할 수 없습니다."},
		{in["ko"].Functions[0].Why, "장소 검색 장애 때문입니다. 공통 로그인이 응답하지 않습니다."},
		{in["ja"].Functions[0].Why, "場所検索の障害のためです。共通ログインの応答がありません。"},
		{in["en"].Functions[0].Instead, "Emergency 119 · civil affairs 110"},
		{in["en"].Functions[0].Next, "Next update 16:30"},
		{in["en"].Functions[0].Link, "../../en/incidents/01JD9R2W8F"},
		{in[""].Lang, "ko"},
		{in[""].Functions[0].Name, in["ko"].Functions[0].Name},
		{in[""].Functions[0].Link, "../ko/incidents/01JD9R2W8F"},
	} {
		if c.got != c.want {
			t.Errorf("the widget is told %q, want %q", c.got, c.want)
		}
	}
}

// Of functions whose texts are too long for three fewer are told, and the others
// counted: the data always fits.
func TestTheWidgetsDataAlwaysFits(t *testing.T) {
	s := worst()
	for i := range s.Apps[0].Functions {
		f := &s.Apps[0].Functions[i]
		f.Instead = status.Text{}
		for lang, first := range map[string]rune{"ko": '가', "ja": '一', "en": 'Ā'} {
			var long strings.Builder
			for k := range rune(70) {
				long.WriteRune(first + (rune(i)*977+k*k*131)%6000%map[string]rune{"ko": 6000, "ja": 6000, "en": 400}[lang])
			}
			f.Instead[lang] = long.String()
		}
	}
	handler := serve(t, s, web.Options{Signer: signer(t)}).Handler()
	for _, lang := range []string{"ko", "ja", "en"} {
		packed := ask(handler, "GET", "/"+lang+"/widget/safety-report.json", "Accept-Encoding", "gzip").Body.Len()
		got := toldIn(t, s, "safety-report", lang)
		if n := len(got.Functions); packed > 1<<10 || n < 1 || n > 2 || !strings.Contains(got.Rest, strconv.Itoa(8-n)) {
			t.Errorf("in %s %d functions are told in %d bytes, and that %s", lang, n, packed, got.Rest)
		}
	}
}

// The worst come first, and the rest are counted.
func TestTheWidgetIsToldTheWorst(t *testing.T) {
	for lang, rest := range map[string]string{"ko": "4", "ja": "4", "en": "4 more functions are affected."} {
		got := toldIn(t, crowded(), "safety-report", lang)
		var ids []string
		for _, f := range got.Functions {
			ids = append(ids, f.ID)
			if f.Stop == "" {
				t.Errorf("%s does not say how to stop the loss", f.ID)
			}
		}
		if strings.Join(ids, " ") != "function-d function-e function-h" || !strings.Contains(got.Rest, rest) {
			t.Errorf("in %s it is told of %v, and that %v", lang, ids, got.Rest)
		}
		if len(got.Mirrors) != 1 || got.Mirrors[0] != "https://mirror.example/status/" {
			t.Errorf("its mirrors are %v", got.Mirrors)
		}
	}
}

// Shut off, the widget is told nothing else, and apps and operators can see it.
func TestAWidgetThatIsOff(t *testing.T) {
	s := sample.Outage()
	s.Apps[0].WidgetOff = true
	if got := toldIn(t, s, "safety-report", "en"); !got.Off || len(got.Functions) != 0 {
		t.Errorf("it is told %+v", got)
	}
	handler := serve(t, s, web.Options{}).Handler()
	if body := ask(handler, "GET", "/api/v1/apps/safety-report").Body.String(); !strings.Contains(body, `"widget_off":true`) {
		t.Errorf("the API answers %s", body)
	}
	if body := ask(handler, "GET", "/en/widget/safety-report").Body.String(); strings.Contains(body, "not available") {
		t.Errorf("the frame says %s", body)
	}
}

func TestSwitchingAWidget(t *testing.T) {
	for _, c := range []struct {
		role      account.Role
		app, body string
		want      int
	}{
		{account.Operator, "", `{"off": true}`, 200},
		{account.Admin, "", `{"off": false}`, 200},
		{account.Agency, "safety-report", `{"off": true}`, 200},
		{account.Agency, "city-bike", `{"off": true}`, 403},
		{account.Viewer, "", `{"off": true}`, 403},
		{account.App, "safety-report", `{"off": true}`, 403},
		{account.Operator, "", `{"of": true}`, 400},
	} {
		a := newAPI(t)
		token, hash, err := web.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		a.by[c.role], a.tokens.known[hash] = token, web.Bearer{ID: "t", Note: "somebody", Role: c.role, App: c.app}
		w := a.do("PUT", c.role, "/api/v1/apps/safety-report/widget", c.body)
		if w.Code != c.want || (w.Code == 200) != (len(a.desk.done) == 1) {
			t.Errorf("%s of %q sends %s: %d, %d done: %s", c.role, c.app, c.body, w.Code, len(a.desk.done), w.Body)
			continue
		}
		if w.Code == 200 {
			if got := a.desk.done[0]; got.Author != "somebody" || got.Widget.App != "safety-report" || got.Widget.Off != strings.Contains(c.body, "true") {
				t.Errorf("asked for %+v", got)
			}
		}
	}
}

// parted is a widget's data without its signature, and the signature.
func parted(t *testing.T, body []byte) (signed, signature []byte) {
	t.Helper()
	first, rest, found := bytes.Cut(body, []byte(","))
	digits, isFirst := strings.CutPrefix(string(first), `{"signature":"`)
	signature, err := hex.DecodeString(strings.TrimSuffix(digits, `"`))
	if !found || !isFirst || err != nil || len(signature) != ed25519.SignatureSize {
		t.Fatalf("the data begins with %s", first)
	}
	return append([]byte("{"), rest...), signature
}

// The data is signed by the key that signs the copies; one flipped byte, and it
// is not.
func TestTheWidgetsDataIsSigned(t *testing.T) {
	s := signer(t)
	handler := serve(t, sample.Outage(), web.Options{Signer: s}).Handler()
	var apps struct{ Embedding web.Embedding }
	decode(t, sample.Outage(), "/api/v1/apps", &apps)
	if apps.Embedding.Key != "" {
		t.Errorf("without a key the API names %q", apps.Embedding.Key)
	}
	if err := json.Unmarshal(ask(handler, "GET", "/api/v1/apps").Body.Bytes(), &apps); err != nil {
		t.Fatal(err)
	}
	line, err := base64.StdEncoding.DecodeString(apps.Embedding.Key)
	if err != nil || len(line) != 10+ed25519.PublicKeySize {
		t.Fatalf("the API names the key %q", apps.Embedding.Key)
	}
	signed, signature := parted(t, ask(handler, "GET", "/widget/safety-report.json").Body.Bytes())
	if !ed25519.Verify(line[10:], signed, signature) {
		t.Error("the signature is not of the data")
	}
	signed[len(signed)/2] ^= 1
	if ed25519.Verify(line[10:], signed, signature) {
		t.Error("the signature is of any data")
	}
}

// The code is where the API says, for ever, and is what its hash says.
func TestTheWidgetsCodeIsPinned(t *testing.T) {
	server := serve(t, sample.Calm(), web.Options{})
	m := server.Embedding("https://status.example")
	w := ask(server.Handler(), "GET", strings.TrimPrefix(m.Script, "https://status.example"))
	sum := sha512.Sum384(w.Body.Bytes())
	if w.Code != 200 || m.Integrity != "sha384-"+base64.StdEncoding.EncodeToString(sum[:]) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s answers %d, kept %q; its hash is said to be %s", m.Script, w.Code, w.Header().Get("Cache-Control"), m.Integrity)
	}
	if w := ask(server.Handler(), "GET", "/widget.js"); w.Code != 200 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("the plain address answers %d, kept %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

// The hash in the manual is that of the code.
func TestTheManualPinsTheWidget(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "docs", "embedding.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := serve(t, sample.Calm(), web.Options{}).Embedding("https://status.example")
	for _, want := range []string{m.Script, m.Integrity} {
		if !strings.Contains(string(manual), want) {
			t.Errorf("docs/embedding.md lacks %s", want)
		}
	}
	for _, found := range regexp.MustCompile(`sha384-[A-Za-z0-9+/=]+`).FindAllString(string(manual), -1) {
		if found != m.Integrity {
			t.Errorf("docs/embedding.md has %s, which is of no code here", found)
		}
	}
}

// What an earlier release served goes on being served; a file that is not what
// its name says is refused.
func TestEarlierWidgetsStay(t *testing.T) {
	const code = "earlier()"
	name := web.WidgetName([]byte(code))
	shelf, err := web.Released(fstest.MapFS{"assets/released/" + name: {Data: []byte(code)}})
	if err != nil || len(shelf) != 1 || shelf[0] != "/"+name {
		t.Errorf("served are %v, error %v", shelf, err)
	}
	if _, err := web.Released(fstest.MapFS{"assets/released/" + name: {Data: []byte("other()")}}); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("another file under its name: error %v", err)
	}
}

// The code and the style are what esbuild makes of their source.
func TestTheWidgetIsFresh(t *testing.T) {
	source, err := os.ReadFile("widget_code.go")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, line := range regexp.MustCompile(`(?m)^//go:generate go (.*)$`).FindAllStringSubmatch(string(source), -1) {
		args := strings.Fields(strings.ReplaceAll(line[1], `"`, ""))
		last := args[len(args)-1]
		made := strings.TrimPrefix(last, "--outfile=")
		args[len(args)-1] = "--outfile=" + filepath.Join(dir, filepath.Base(made))
		if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
			if strings.Contains(string(out), "dial tcp") {
				browsertest.Missing(t, "esbuild")
			}
			t.Fatalf("%v: %s", err, out)
		}
		want, err := os.ReadFile(filepath.Join(dir, filepath.Base(made)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(made); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale (%v); run go generate ./web", made, err)
		}
	}
}

// schemaOf is the widget data's schema; closed, it knows every field.
func schemaOf(t *testing.T, handler interface{ get(path string) []byte }, closed bool) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(handler.get("/widget.schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		closeAll(document)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("widget.schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("widget.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// closeAll has every object with properties allow no other.
func closeAll(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, has := n["properties"]; has && n["type"] == "object" {
			n["additionalProperties"] = false
		}
		for _, v := range n {
			closeAll(v)
		}
	case []any:
		for _, v := range n {
			closeAll(v)
		}
	}
}

type served struct {
	*testing.T
	server *web.Server
}

func (s served) get(path string) []byte {
	w := ask(s.server.Handler(), "GET", path)
	if w.Code != 200 {
		s.Fatalf("%s answers %d", path, w.Code)
	}
	return w.Body.Bytes()
}

func TestTheWidgetsDataFitsItsSchema(t *testing.T) {
	drill := sample.Outage()
	drill.Site.Exercise = true
	off := sample.Outage()
	off.Apps[0].WidgetOff, off.Site.Simulation = true, true
	for name, s := range map[string]*status.Snapshot{
		"calm": sample.Calm(), "outage": sample.Outage(), "eventful": sample.Eventful(), "impaired": sample.Impaired(), "crowded": crowded(), "drill": drill, "off": off,
	} {
		for _, key := range []*minisign.Signer{nil, signer(t)} {
			site := served{t, serve(t, s, web.Options{Signer: key})}
			schema := schemaOf(t, site, true)
			for i := range s.Apps {
				for _, lang := range []string{"", "/ko", "/ja", "/en"} {
					data, err := jsonschema.UnmarshalJSON(bytes.NewReader(site.get(lang + "/widget/" + s.Apps[i].ID + ".json")))
					if err != nil {
						t.Fatal(err)
					}
					if err := schema.Validate(data); err != nil {
						t.Errorf("%s, signed %t: %v", name, key != nil, err)
					}
				}
			}
		}
	}
	schema := schemaOf(t, served{t, serve(t, sample.Calm(), web.Options{})}, false)
	for _, bad := range []string{
		`{}`, `[]`, `{"generated_at":"yesterday","valid_until":"2026-11-22T06:52:00Z","app":"a","lang":"en","texts":{"stale":"s","more":"m"},"languages":["en"],"functions":[]}`,
		`{"generated_at":"2026-11-22T06:52:00Z","valid_until":"2026-11-22T06:52:00Z","app":"a","lang":"en","texts":{"stale":"s","more":"m"},"languages":["en"],"functions":[{"id":"x"}]}`,
	} {
		data, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(data) == nil {
			t.Errorf("the schema takes %s", bad)
		}
	}
}

// Only the app's own pages may frame its widget; without a script the frame says
// the same as the banner.
func TestTheFrame(t *testing.T) {
	handler := serve(t, sample.Outage(), web.Options{}).Handler()
	for path, ancestors := range map[string]string{"/widget/safety-report": "https://report.example", "/ja/widget/city-bike": "'none'"} {
		w := ask(handler, "GET", path)
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.HasSuffix(policy, "frame-ancestors "+ancestors) || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s answers %d with the policy %s", path, w.Code, policy)
		}
	}
	body := ask(handler, "GET", "/en/widget/safety-report").Body.String()
	for _, want := range []string{
		`<html lang="en">`, `<bongsu-status app="safety-report">`, "Safety report is not available right now.", "Emergency 119",
		"Next update", "/en/incidents/01JD9R2W8F", "<noscript>",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the frame lacks %s:\n%s", want, body)
		}
	}
	if calm := ask(serve(t, sample.Calm(), web.Options{}).Handler(), "GET", "/en/widget/safety-report").Body.String(); strings.Contains(calm, "not available") {
		t.Errorf("on a calm day the frame says %s", calm)
	}
	if w := ask(handler, "GET", "/widget/nobody"); w.Code != 404 {
		t.Errorf("the frame of no app answers %d", w.Code)
	}
}

// The picture says what, how it is, and of which instant, in each language.
func TestThePicture(t *testing.T) {
	for _, c := range []struct {
		what string
		s    *status.Snapshot
		path string
		want string
	}{
		{"outage", sample.Outage(), "/en/widget/safety-report.svg", "Safety report app: ■ Failing · 2026-11-22 15:52 +09:00"},
		{"calm", sample.Calm(), "/ja/widget/safety-report.svg", "安全通報アプリ: ● "},
		{"impaired", sample.Impaired(), "/ko/widget/city-bike.svg", "시민자전거: "},
	} {
		w := ask(serve(t, c.s, web.Options{}).Handler(), "GET", c.path)
		if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %s answers %d: %s, want %s", c.what, c.path, w.Code, w.Body, c.want)
		}
		d := xml.NewDecoder(w.Body)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s is no XML: %v", c.path, err)
			}
		}
	}
	if w := ask(serve(t, sample.Calm(), web.Options{}).Handler(), "GET", "/widget/nobody.svg"); w.Code != 404 {
		t.Errorf("the picture of no app answers %d", w.Code)
	}
}

// A copy has the data, signed, with links that hold in the copy, and the code.
func TestTheWidgetInACopy(t *testing.T) {
	key := signer(t)
	server := serve(t, sample.Outage(), web.Options{Signer: key})
	files := map[string][]byte{}
	for _, p := range server.Copy() {
		f, err := p.Make()
		if err != nil {
			t.Fatal(err)
		}
		if files[p.Path] != nil {
			t.Errorf("%s is in the copy twice", p.Path)
		}
		files[p.Path] = f.Body
	}
	line, err := base64.StdEncoding.DecodeString(key.Public().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"widget/safety-report.json", "ko/widget/safety-report.json", "ja/widget/safety-report.json", "en/widget/safety-report.json"} {
		signed, signature := parted(t, files[name])
		if !ed25519.Verify(line[10:], signed, signature) {
			t.Errorf("in the copy %s is not signed", name)
		}
		var data told
		if err := json.Unmarshal(signed, &data); err != nil {
			t.Fatal(err)
		}
		if to := path.Join(path.Dir(name), data.Functions[0].Link); files[to] == nil || !strings.HasPrefix(to, data.Lang+"/") {
			t.Errorf("in the copy %s leads to %s, which is not there", name, to)
		}
	}
	for _, name := range []string{"widget.js", "widget.schema.json", "ja/widget/safety-report.svg"} {
		if files[name] == nil {
			t.Errorf("the copy lacks %s", name)
		}
	}
}
