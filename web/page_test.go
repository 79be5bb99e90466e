package web_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/net/html"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// paths are all the kinds of page there are.
var paths = []string{
	"/", "/components/chat-text", "/components/login", "/components/bank-linked", "/components/bank-core",
	"/incidents/01JD9R2W8F", "/incidents/01JC8Z6Q4T", "/incidents/01JA2M7X1B",
	"/history", "/maintenance", "/needs", "/measured", "/find", "/design", "/judging", "/apps", "/apps/safety-report", "/apps/city-bike", "/check", "/check/7F3K", "/check/NONE", "/nowhere",
}

func body(t testing.TB, s *status.Snapshot, target string) string {
	t.Helper()
	return ask(serve(t, s, web.Options{}).Handler(), "GET", target).Body.String()
}

// words are a page's visible words, one space between.
func words(t testing.TB, page string) string {
	t.Helper()
	var words []string
	for n := range parse(t, page).Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "title" {
			words = append(words, strings.Fields(n.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func parse(t testing.TB, page string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func attribute(n *html.Node, name string) string { return values(n)[name] }

// values are the attributes of an element.
func values(n *html.Node) map[string]string {
	all := map[string]string{}
	for _, a := range n.Attr {
		all[a.Key] = a.Val
	}
	return all
}

func TestTheFirstPageTellsTheStoryCauseFirst(t *testing.T) {
	for lang, story := range map[string][]string{
		"ko": {
			"공통 로그인이 응답하지 않습니다.", "메신저 글 보내기, 장소 검색, 간편결제, 메신저 송금, 택시 호출도 영향을 받고 있습니다.",
			"발생 15:30", "이용 가능 길찾기, 다른 메신저, 은행 이체", "대처 방법 급하면 전화나 문자를 쓰십시오.", "다음 안내 16:30",
		},
		"ja": {
			"共通ログインの応答がありません。", "チャットの送信、場所検索、かんたん決済、チャット送金、タクシー配車にも影響が出ています。",
			"発生 15:30", "使えるもの 別のチャット、経路案内、銀行振込", "できること 急ぎは電話かSMSをお使いください。", "次のお知らせ 16:30",
		},
		"en": {
			"Shared login is not answering.", "Also affected: Chat messages, Place search, Wallet payment, Send money by chat and Taxi.",
			"Since 15:30", "Still works Bank transfer, Other chat and Routes", "What to do If urgent, call or text.", "Next update 16:30",
		},
	} {
		page := words(t, body(t, sample.Outage(), "/?lang="+lang))
		rest := page
		for _, part := range story {
			_, after, found := strings.Cut(rest, part)
			if !found {
				t.Fatalf("%s: %q is missing, or not in its place, in: %s", lang, part, page)
			}
			rest = after
		}
	}
}

func TestACalmDayIsCalm(t *testing.T) {
	page := words(t, body(t, sample.Calm(), "/?lang=en"))
	if !strings.Contains(page, "Everything we measure is working") || strings.Contains(page, "not answering") {
		t.Errorf("the page is not calm: %s", page)
	}
}

func TestWhatThePagesSay(t *testing.T) {
	overdue := sample.Outage()
	overdue.Incidents[0].Next = overdue.At.Add(-time.Minute)
	watched := sample.Outage()
	watched.Incidents[0].Stage = status.Monitoring
	lost := sample.Calm()
	lost.Overall, lost.Impaired = status.Unknown, lost.At.Add(-5*time.Minute)
	merged := sample.Outage()
	merged.Past = append(merged.Past, status.Incident{
		ID: "gone", Cause: "component:pay", MergedInto: "01JD9R2W8F", Began: merged.At.Add(-time.Hour),
		Updates: []status.Update{{At: merged.At.Add(-30 * time.Minute), Kind: status.UpdateMerged}},
	})
	for _, c := range []struct {
		what     string
		snapshot *status.Snapshot
		path     string
		want     string
	}{
		{"a missed promise", overdue, "/?lang=en", "Next update promised by 15:51 : overdue"},
		{"a recovery that is watched", watched, "/?lang=en", "Shared login is answering again. We are still watching it."},
		{"our own trouble", lost, "/?lang=en", "Our own measurement has been impaired since 15:47"},
		{"a cause elsewhere", sample.Outage(), "/components/pay?lang=en", "Affected through: Shared login"},
		{"a state without measurement", sample.Outage(), "/components/bank-linked?lang=en", "There is no direct measurement. It is shown like this because it needs Chat messages and Shared login."},
		{"evidence", sample.Outage(), "/components/chat-text?lang=en", "fails · fails from 2 of 2 locations (busan-1 and seoul-1)."},
		{"how deep a check looks", sample.Calm(), "/components/pay?lang=en", "What comes after login is not checked."},
		{"a substitute", sample.Outage(), "/components/chat-text?lang=en", "Alternatives measured as working now In no order of preference. Other chat Working"},
		{"who needs it", sample.Calm(), "/components/login?lang=en", "Needed by Chat messages"},
		{"90 days in words", sample.Calm(), "/components/login?lang=en", "90 days: 3 with trouble, 1 without measurement."},
		{"how it counts", sample.Calm(), "/components/login?lang=en", "Time failing counts in full"},
		{"a story's cause", sample.Outage(), "/incidents/01JD9R2W8F?lang=ja", "共通ログインの障害"},
		{"a derived mark in a story", sample.Outage(), "/incidents/01JD9R2W8F?lang=en", "no measurement; needs Shared login"},
		{"a person's note", sample.Outage(), "/incidents/01JD9R2W8F?lang=ja", "担当者からの案内 15:44 · Duty desk 事業者に問い合わせ、回答を待っています。"},
		{"how long it took", sample.Outage(), "/incidents/01JC8Z6Q4T?lang=ko", "지속 시간 7시간 10분"},
		{"a shared domain", sample.Outage(), "/incidents/01JA2M7X1B?lang=en", "Shared infrastructure (dc-south): partial outage"},
		{"a merged story", merged, "/incidents/gone?lang=en", "This story has been merged into another outage."},
		{"history by month", sample.Outage(), "/history?lang=en", "November 2026 Chat messages: outage"},
		{"planned work", sample.Outage(), "/maintenance?lang=en", "Tue 24 November, 02:52 – 04:22 (1 h 30 min)"},
		{"our code", sample.Outage(), "/check/7f3k?lang=en", "This code belongs to a notice of ours. 7F3K"},
		{"a foreign code", sample.Outage(), "/check/ZZZZ?lang=en", "We have never sent this code."},
		{"where we stand", sample.Calm(), "/?lang=en", "This page is not operated by or for the services it names."},
		{"how old it is", sample.Calm(), "/?lang=en", "22 November, 15:52 · good until 16:02"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if page := words(t, body(t, c.snapshot, c.path)); !strings.Contains(page, c.want) {
				t.Errorf("%s does not say %q but: %s", c.path, c.want, page)
			}
		})
	}
	if page := words(t, body(t, merged, "/history?lang=en")); strings.Contains(page, "Wallet payment") {
		t.Errorf("the history tells a merged story twice: %s", page)
	}
}

func TestASimulationSaysSoOnEveryPage(t *testing.T) {
	s := sample.Outage()
	s.Site.Simulation = true
	handler := serve(t, s, web.Options{}).Handler()
	for lang, word := range map[string]string{"ko": "훈련", "ja": "訓練", "en": "SIMULATION"} {
		for _, path := range paths {
			page := ask(handler, "GET", path+"?lang="+lang).Body.String()
			if !strings.Contains(page, "<title>["+word+"]") || strings.Count(page, word) < 2 {
				t.Errorf("%s in %s does not say that it is a simulation", path, lang)
			}
		}
	}
}

func TestAnExerciseSaysSoOnEveryPage(t *testing.T) {
	s := sample.Outage()
	s.Site.Simulation, s.Site.Exercise = true, true
	handler := serve(t, s, web.Options{}).Handler()
	for lang, word := range map[string]string{"ko": "훈련", "ja": "訓練", "en": "EXERCISE"} {
		for _, path := range paths {
			page := ask(handler, "GET", path+"?lang="+lang).Body.String()
			if !strings.Contains(page, "<title>["+word+"]") || strings.Count(page, word) < 2 {
				t.Errorf("%s in %s does not say that it is an exercise", path, lang)
			}
		}
	}
}

// No page needs another host, a script that holds it up or an inline style.
// Only readers who follow a source go elsewhere, and they say not from where.
func TestPagesAskNobodyElse(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	foreign := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9]`)
	for _, path := range paths {
		for n := range parse(t, ask(handler, "GET", path).Body.String()).Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			_, deferred := values(n)["defer"]
			if n.Data == "style" || n.Data == "script" && (!deferred || n.FirstChild != nil) {
				t.Errorf("%s has a <%s>", path, n.Data)
			}
			canonical := n.Data == "link" && attribute(n, "rel") == "canonical" ||
				n.Data == "a" && attribute(n, "rel") == "nofollow noopener" || n.Data == "link" && attribute(n, "hreflang") != "" ||
				n.Data == "meta" && attribute(n, "property") == "og:url"
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") || (!canonical && foreign.MatchString(a.Val)) {
					t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
				}
			}
		}
	}
	css := ask(handler, "GET", stylesheet(t, handler)).Body.String()
	if foreign.MatchString(css) || strings.Contains(css, "url(") || strings.Contains(css, "@import") {
		t.Error("the style asks somebody else")
	}
}

func stylesheet(t testing.TB, handler http.Handler) string {
	t.Helper()
	for n := range parse(t, ask(handler, "GET", "/").Body.String()).Descendants() {
		if n.Data == "link" && attribute(n, "rel") == "stylesheet" {
			return attribute(n, "href")
		}
	}
	t.Fatal("the page has no style")
	return ""
}

// Every page has what people who do not see it, or use a keyboard, go by.
func TestPagesAreWellBuilt(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	for _, path := range paths {
		for _, lang := range []string{"ko", "ja", "en"} {
			root := parse(t, ask(handler, "GET", path+"?lang="+lang).Body.String())
			counts, ids, level := map[string]int{}, map[string]bool{}, 0
			var targets []string
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				counts[n.Data]++
				if id := attribute(n, "id"); id != "" {
					if ids[id] {
						t.Errorf("%s: id %q twice", path, id)
					}
					ids[id] = true
				}
				targets = append(targets, strings.Fields(attribute(n, "aria-labelledby"))...)
				if href := attribute(n, "href"); strings.HasPrefix(href, "#") {
					targets = append(targets, href[1:])
				}
				if len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6' {
					next := int(n.Data[1] - '0')
					if next > level+1 {
						t.Errorf("%s: <%s> after level %d", path, n.Data, level)
					}
					level = next
				}
				if n.Data == "html" && attribute(n, "lang") != lang {
					t.Errorf("%s: lang=%q", path, attribute(n, "lang"))
				}
			}
			for _, one := range []string{"title", "main", "header", "footer", "h1"} {
				if counts[one] != 1 {
					t.Errorf("%s in %s has %d <%s>", path, lang, counts[one], one)
				}
			}
			for _, target := range targets {
				if !ids[target] {
					t.Errorf("%s: nothing has the id %q", path, target)
				}
			}
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	const name = `<script>alert(1)</script>"'&`
	handler := serve(t, sample.Renamed(name), web.Options{}).Handler()
	for _, path := range paths {
		page := ask(handler, "GET", path).Body.String()
		if strings.Contains(page, "<script>") {
			t.Errorf("%s lets a name become markup", path)
		}
	}
	if got := words(t, ask(handler, "GET", "/").Body.String()); !strings.Contains(got, name) {
		t.Error("the name itself is lost")
	}
	for _, path := range []string{"/api/v1/status", "/widget/safety-report.json"} {
		if strings.Contains(ask(handler, "GET", path).Body.String(), "<script") {
			t.Errorf("%s has a name that a careless page would run", path)
		}
	}
}

// One round trip carries the whole first page.
func TestTheFirstPageIsSmall(t *testing.T) {
	const budget = 14 << 10
	handler := serve(t, sample.Crowded(60), web.Options{}).Handler()
	css := len(ask(handler, "GET", stylesheet(t, handler), "Accept-Encoding", "gzip").Body.Bytes())
	for _, lang := range []string{"ko", "ja", "en"} {
		page := ask(handler, "GET", "/?lang="+lang, "Accept-Encoding", "gzip").Body.Bytes()
		t.Logf("%s: page %d bytes, style %d bytes", lang, len(page), css)
		if whole := len(page) + css; whole > budget {
			t.Errorf("the page in %s and its style are %d bytes gzipped, over %d", lang, whole, budget)
		}
	}
}

// Two thousand components are still one page.
func TestACrowdedFirstPage(t *testing.T) {
	const budget = 60 << 10
	handler := serve(t, sample.Crowded(2000), web.Options{}).Handler()
	for _, lang := range []string{"ko", "ja", "en"} {
		if n := ask(handler, "GET", "/?lang="+lang, "Accept-Encoding", "gzip").Body.Len(); n > budget {
			t.Errorf("the page in %s is %d bytes gzipped, over %d", lang, n, budget)
		}
	}
}

func gunzip(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// Links of a page lead to pages, in the same language.
func TestNoLinkIsBroken(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	seen, queue := map[string]bool{}, []string{"/?lang=ja"}
	for len(queue) > 0 {
		target := queue[0]
		queue = queue[1:]
		w := ask(handler, "GET", target)
		if w.Code != http.StatusOK {
			t.Errorf("%s answers %d", target, w.Code)
		}
		if !strings.Contains(w.Header().Get("Content-Type"), "html") {
			continue
		}
		for n := range parse(t, w.Body.String()).Descendants() {
			href := attribute(n, "href")
			if n.Type != html.ElementNode || !strings.HasPrefix(href, "/") || seen[href] {
				continue
			}
			seen[href] = true
			if u, err := url.Parse(href); err != nil || (n.Data == "a" && !spoken(u.Path)) {
				t.Errorf("%s has the link %q", target, href)
			}
			path, _, _ := strings.Cut(href, "#")
			queue = append(queue, path)
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d links were found", len(seen))
	}
}

func TestASiteMaySpeakFewerLanguages(t *testing.T) {
	s := sample.Outage()
	s.Site.Languages = []string{"en", "ko", "tlh"}
	page := body(t, s, "/?lang=ja")
	if !strings.Contains(page, `<html lang="en">`) || strings.Contains(page, "日本語") {
		t.Error("a language the site does not want is spoken")
	}
}

// A day is a bar: together the strokes cover each day once.
func TestTheStripCoversEveryDayOnce(t *testing.T) {
	page := body(t, sample.Calm(), "/components/login")
	covered := make([]int, 90)
	for _, m := range regexp.MustCompile(`M(\d+) 5h(\d+)`).FindAllStringSubmatch(page, -1) {
		var from, length int
		if _, err := fmt.Sscan(m[1]+" "+m[2], &from, &length); err != nil {
			t.Fatal(err)
		}
		for day := from; day < from+length; day++ {
			covered[day]++
		}
	}
	if slices.ContainsFunc(covered, func(n int) bool { return n != 1 }) {
		t.Errorf("days are drawn %v times", covered)
	}
}

// spoken says whether a path begins with a language.
func spoken(path string) bool {
	lang, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"ko", "ja", "en"}, lang)
}
