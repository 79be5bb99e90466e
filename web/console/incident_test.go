package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// desk is a console with the pages of incidents, and what is behind it.
func desk(t testing.TB) (*console.Console, *storyDesk) {
	t.Helper()
	s := sample.Outage()
	d := newStoryDesk(s)
	return open(t, s, func(o *console.Options) { o.Stories, o.Recorder = d, d }), d
}

// outage is the sample's open incident, by its id.
func outage(t testing.TB) *status.Incident {
	t.Helper()
	return &sample.Outage().Incidents[0]
}

// anUpdate is a form that writes an update on the outage.
func anUpdate(t testing.TB, pairs ...string) url.Values {
	t.Helper()
	i := outage(t)
	form := url.Values{
		"form": {"form00000000000000009999"}, "known": {i.Updates[len(i.Updates)-1].ID}, "notify": {"yes"},
		"text.ko": {"사진 전송은 됩니다."}, "text.ja": {"写真は送れます。"}, "text.en": {"Photos work again."},
	}
	for k := 0; k+1 < len(pairs); k += 2 {
		form.Set(pairs[k], pairs[k+1])
	}
	return form
}

func updatePath(t testing.TB) string { return console.Root + "/incidents/" + outage(t).ID + "/update" }

// shownText is what a reader sees of a page, line by line.
func shownText(t testing.TB, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && slices.Contains([]string{"script", "style", "head", "svg", "select", "footer", "header"}, n.Data) {
			return
		}
		if n.Type == html.TextNode {
			out.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && slices.Contains([]string{"p", "div", "li", "h1", "h2", "h3", "h4", "dt", "dd", "td", "th", "tr", "section", "label", "button", "legend", "summary"}, n.Data) {
			out.WriteString("\n")
		}
	}
	walk(root)
	return regexp.MustCompile(`[ \t]*\n\s*`).ReplaceAllString(out.String(), "\n")
}

// The preview of an update, word for word: every text that leaves in each
// language, what it takes, who gets it by which way, and how it stands on the
// page.
func TestPreviewOfAnUpdate(t *testing.T) {
	for name, form := range map[string]url.Values{
		"update":    anUpdate(t),
		"wrong":     anUpdate(t, "text.ko", "자세한 내용은 앱에서 확인하세요", "text.ja", "", "text.en", strings.Repeat("Photos work again. ", 12)),
		"page-only": anUpdate(t, "notify", ""),
	} {
		c, d := desk(t)
		w := send(c, updatePath(t)+"?lang=en", "operator", form)
		if w.Code != http.StatusOK || len(d.done) > 0 {
			t.Fatalf("%s: %d, done %v", name, w.Code, d.done)
		}
		_, got, _ := strings.Cut(shownText(t, w.Body.String()), "What leaves\n")
		file := "testdata/preview-" + name + ".txt"
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
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// Every deed says before it is done what people will hear.
func TestEveryDeedIsShownBeforeItIsDone(t *testing.T) {
	i := outage(t)
	over := sample.Outage().Past[0]
	at := "/incidents/" + i.ID
	for name, tt := range map[string]struct {
		path string
		form url.Values
		says string
	}{
		"open":       {"/new-incident", url.Values{"title.en": {"Maps are slow"}, "text.en": {"We look into it."}, "state.place-search": {"partial_outage"}, "notify": {"yes"}}, "999,900"},
		"statement":  {at + "/statement", url.Values{"speaker": {"the operator"}, "said": {"15:40"}, "text.en": {"We are looking into it."}}, "Nobody is told by text"},
		"eta":        {at + "/eta", url.Values{"speaker": {"the operator"}, "expires": {sample.Now().Add(3e12).Format("2006-01-02T15:04")}, "basis.en": {"two hours after power returns"}}, "Nobody is told by text"},
		"correction": {at + "/correction", url.Values{"field": {"cause"}, "is": {"stated:fire"}, "reason.en": {"says the operator"}}, "Nobody is told by text"},
		"split":      {at + "/split", url.Values{"components": {"taxi", "pay"}}, "Nobody is told by text"},
		"retraction": {"/incidents/" + over.ID + "/retraction", url.Values{"reason.en": {"Our own network."}}, "Taken back"},
		"postmortem": {"/incidents/" + over.ID + "/postmortem", url.Values{"text.en": {"# What happened"}}, "Nobody is told by text"},
	} {
		t.Run(name, func(t *testing.T) {
			c, d := desk(t)
			w := send(c, console.Root+tt.path+"?lang=en", "operator", tt.form)
			if w.Code != http.StatusOK || !strings.Contains(shownText(t, w.Body.String()), tt.says) || len(d.done) > 0 {
				t.Fatalf("%d, done %d, want %q in\n%s", w.Code, len(d.done), tt.says, shownText(t, w.Body.String()))
			}
			tt.form.Set("do", "publish")
			tt.form.Set("form", "form00000000000000001234")
			w = send(c, console.Root+tt.path+"?lang=en", "operator", tt.form)
			if w.Code != http.StatusSeeOther || len(d.done) != 1 || d.done[0].Author != "Kim operator" || len(d.audited) != 1 {
				t.Errorf("%d, done %+v, audited %v:\n%s", w.Code, d.done, d.audited, shownText(t, w.Body.String()))
			}
		})
	}
}

// A form that is sent twice does nothing twice; with other words, it says what
// became of the first, and keeps them.
func TestAFormSentTwice(t *testing.T) {
	c, d := desk(t)
	form := anUpdate(t, "do", "publish")
	for range 2 {
		w := send(c, updatePath(t), "operator", form)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != console.Root+"/incidents/"+outage(t).ID {
			t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
		}
	}
	form.Set("text.en", "Photos and files work again.")
	w := send(c, updatePath(t)+"?lang=en", "operator", form)
	page := w.Body.String()
	if w.Code != http.StatusConflict || len(d.done) != 1 || !strings.Contains(page, "Photos and files work again.") || !strings.Contains(page, "was sent already") || strings.Contains(page, "form00000000000000009999") {
		t.Errorf("%d, done %d:\n%s", w.Code, len(d.done), shownText(t, page))
	}
}

// Two operators at once: the second is shown what the first has said, and what
// they typed is kept; sent again, it goes out.
func TestAFormMadeFromAnOlderVersion(t *testing.T) {
	c, d := desk(t)
	i := outage(t)
	form := anUpdate(t, "do", "publish", "known", i.Updates[0].ID)
	w := send(c, updatePath(t)+"?lang=en", "operator", form)
	page := shownText(t, w.Body.String())
	if w.Code != http.StatusConflict || len(d.done) > 0 || !strings.Contains(page, "We have asked the operator and await an answer.") || !strings.Contains(page, "Photos work again.") {
		t.Fatalf("%d, done %d:\n%s", w.Code, len(d.done), page)
	}
	form.Set("known", regexp.MustCompile(`name="known" value="([^"]*)"`).FindStringSubmatch(w.Body.String())[1])
	if w := send(c, updatePath(t), "operator", form); w.Code != http.StatusSeeOther || len(d.done) != 1 {
		t.Errorf("%d, done %d", w.Code, len(d.done))
	}
	// The desk itself refuses what comes between looking and doing.
	d.refuse = fmt.Errorf("adding: %w", status.ErrMeanwhile)
	form.Set("form", "form00000000000000005555")
	w = send(c, updatePath(t)+"?lang=en", "operator", form)
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Photos work again.") || !strings.Contains(w.Body.String(), "Something was added meanwhile") {
		t.Errorf("%d:\n%s", w.Code, shownText(t, w.Body.String()))
	}
}

// What is too much, or cannot be read, is refused in words, and nothing of what
// was typed is lost.
func TestWhatIsRefusedIsSaidAndKept(t *testing.T) {
	for name, tt := range map[string]struct {
		form url.Values
		code int
		says string
	}{
		"too long a text":     {anUpdate(t, "text.en", strings.Repeat("x", 4001)), http.StatusUnprocessableEntity, "4001 bytes"},
		"no text at all":      {anUpdate(t, "text.ko", " ", "text.ja", "", "text.en", ""), http.StatusUnprocessableEntity, "Is missing"},
		"letters unseen":      {anUpdate(t, "text.en", "a\u202eb"), http.StatusUnprocessableEntity, "nobody can see"},
		"no time":             {anUpdate(t, "next", "soon"), http.StatusUnprocessableEntity, "Is no time"},
		"no such stage":       {anUpdate(t, "stage", "fine"), http.StatusUnprocessableEntity, "none of the choices"},
		"measurement ends it": {anUpdate(t, "stage", "resolved"), http.StatusOK, "measurement moves it"},
		"a form without end":  {anUpdate(t, "text.en", strings.Repeat("x", 70_000)), http.StatusRequestEntityTooLarge, "That is too much"},
		"a body without end":  {anUpdate(t, "text.en", strings.Repeat("x", 300_000)), http.StatusRequestEntityTooLarge, "That is too much"},
	} {
		c, d := desk(t)
		w := send(c, updatePath(t)+"?lang=en", "operator", tt.form)
		page := w.Body.String()
		if w.Code != tt.code || !strings.Contains(page, tt.says) || len(d.done) > 0 {
			t.Errorf("%s: %d, want %d and %q:\n%s", name, w.Code, tt.code, tt.says, shownText(t, page))
		}
		if typed := tt.form.Get("text.ja"); w.Code != http.StatusRequestEntityTooLarge && !strings.Contains(page, typed) {
			t.Errorf("%s: %q is lost", name, typed)
		}
	}
}

// injections are what somebody may write who means harm.
var injections = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Secret}} {{template "layout" .}}`, `</textarea><script>x</script>`, `javascript:alert(1)`, `=cmd|' /C calc'!A0`,
}

// Whatever is written into any field shows as it was written, on every page that
// shows it, and does nothing.
func TestWhatIsWrittenShowsAsText(t *testing.T) {
	for _, bad := range injections {
		s := sample.Renamed(bad)
		d := newStoryDesk(s)
		d.texts = []console.KeptText{{ID: "kept00000000000000000001", Name: bad, Text: status.Text{"ko": bad, "en": bad}, Author: bad, Version: 1}}
		d.holds[s.Incidents[0].ID] = console.StoryHold{Incident: s.Incidents[0].ID, Who: "u", Name: bad, Since: sample.Now()}
		c := open(t, s, func(o *console.Options) { o.Stories = d })
		at := console.Root + "/incidents/" + s.Incidents[0].ID
		pages := map[string]*httptest.ResponseRecorder{}
		for _, path := range []string{console.Root + "/incidents?find=" + url.QueryEscape(bad), at, at + "/split", console.Root + "/texts", console.Root + "/new-incident?text=kept00000000000000000001"} {
			pages[path] = ask(c, http.MethodGet, path, "operator")
		}
		last := s.Incidents[0].Updates[len(s.Incidents[0].Updates)-1].ID
		pages["an update"] = send(c, at+"/update", "operator", url.Values{"known": {last}, "text.en": {bad}, "text.ko": {bad}, "next": {bad}})
		pages["a preview"] = send(c, at+"/update", "operator", url.Values{"known": {last}, "text.en": {bad}, "text.ko": {bad}, "notify": {"yes"}})
		pages["a statement"] = send(c, at+"/statement", "operator", url.Values{"known": {last}, "speaker": {bad}, "source": {bad}, "text.en": {bad}, "said": {"15:00"}})
		pages["opened"] = send(c, console.Root+"/new-incident", "operator", url.Values{"title.en": {bad}, "text.en": {bad}, "notify": {"yes"}})
		pages["kept"] = send(c, console.Root+"/texts", "operator", url.Values{"id": {"kept00000000000000000001"}, "version": {"0"}, "name": {bad}, "text.en": {bad}})
		for name, w := range pages {
			wantHarmless(t, name+" with "+bad, w)
		}
	}
}

// wantHarmless looks for elements and attributes that no template of ours has.
func wantHarmless(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code >= http.StatusInternalServerError {
		t.Errorf("%s: %d", name, w.Code)
	}
	z := html.NewTokenizer(strings.NewReader(w.Body.String()))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		for _, a := range token.Attr {
			harm := strings.HasPrefix(a.Key, "on") || a.Key == "style" || (a.Key == "href" || a.Key == "action" || a.Key == "src") && strings.HasPrefix(strings.ToLower(a.Val), "javascript:")
			if harm || token.Data == "script" && a.Key == "src" && !strings.HasPrefix(a.Val, console.Root+"/assets/") {
				t.Errorf("%s: <%s %s=%q>", name, token.Data, a.Key, a.Val)
			}
		}
		ours := slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "src" && strings.HasPrefix(a.Val, console.Root+"/") })
		if (token.Data == "img" || token.Data == "script") && !ours {
			t.Errorf("%s: <%s>", name, token.Data)
		}
	}
}

func TestWhoseAnIncidentIs(t *testing.T) {
	c, d := desk(t)
	at := console.Root + "/incidents/" + outage(t).ID
	if w := send(c, at+"/hold", "operator", url.Values{"do": {"take"}}); w.Code != http.StatusSeeOther || d.holds[outage(t).ID].Name != "Kim operator" {
		t.Fatalf("%d, holds %v", w.Code, d.holds)
	}
	if page := ask(c, http.MethodGet, at+"?lang=en", "viewer").Body.String(); !strings.Contains(page, "Kim operator has it") {
		t.Error("a viewer does not see whose it is")
	}
	if w := send(c, at+"/hold", "operator", url.Values{"do": {"leave"}}); w.Code != http.StatusSeeOther || len(d.holds) > 0 || len(d.done) > 0 {
		t.Errorf("%d, holds %v, done %v", w.Code, d.holds, d.done)
	}
}

func TestTextsAreKept(t *testing.T) {
	c, d := desk(t)
	form := url.Values{"id": {"kept00000000000000000001"}, "version": {"0"}, "name": {"Looking"}, "text.ko": {"확인하고 있습니다."}, "text.en": {"We look into it."}}
	if w := send(c, console.Root+"/texts", "operator", form); w.Code != http.StatusSeeOther || len(d.texts) != 1 {
		t.Fatalf("%d, texts %v", w.Code, d.texts)
	}
	form.Set("name", "Looking into it")
	if w := send(c, console.Root+"/texts?lang=en", "operator", form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Looking into it") {
		t.Errorf("over what another has changed: %d", w.Code)
	}
	filled := ask(c, http.MethodGet, updatePath(t)+"?text=kept00000000000000000001", "operator").Body.String()
	if !strings.Contains(filled, "확인하고 있습니다.") {
		t.Error("the form is not filled with the text")
	}
	if w := send(c, console.Root+"/texts/kept00000000000000000001/remove", "operator", url.Values{}); w.Code != http.StatusSeeOther || len(d.texts) != 0 {
		t.Errorf("%d, texts %v", w.Code, d.texts)
	}
}

func TestIncidentsAreFound(t *testing.T) {
	c, _ := desk(t)
	i := outage(t)
	for _, tt := range []struct {
		query string
		found bool
	}{
		{"?find=" + strings.ToLower(i.Code), true}, {"?find=nothing-like-it", false}, {"?which=past", false}, {"?which=open", true}, {"?find=%00", true},
	} {
		w := ask(c, http.MethodGet, console.Root+"/incidents"+tt.query, "viewer")
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "/incidents/"+i.ID+`"`) != tt.found {
			t.Errorf("%s: %d, found %t", tt.query, w.Code, !tt.found)
		}
	}
}

// A notice's progress is on the incident's page, for those who may only look too.
func TestHowFarANoticeHasCome(t *testing.T) {
	c, d := desk(t)
	d.sendings = []console.StorySending{{
		Notice: "n1", Event: "note", Audience: "subscribers", Plan: "citizens", Made: sample.Now(), Planned: true, People: 1_000_000, ETA: 60e9, ETAKnown: true,
		Channels: []console.StorySendingBy{{Channel: "sms", Planned: 1_000_000, Handed: 250_000, Delivered: 200_000, Failed: 12}},
	}}
	page := shownText(t, ask(c, http.MethodGet, console.Root+"/incidents/"+outage(t).ID+"?lang=en", "viewer").Body.String())
	for _, want := range []string{"250,000 / 1,000,000", "1 min to go", "Update · subscribers"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
}

// Whatever is sent in the place of a form is answered in words and does nothing.
func FuzzStoryForm(f *testing.F) {
	f.Add("text.en=a&known=u3&do=preview&notify=yes")
	f.Add("text.en=%ff&next=2026-13-40T99:99&stage=%00&state.chat-text=major_outage&form=x")
	f.Add("do=publish&do=preview&text.ko=<script>&components=a&components=b")
	f.Fuzz(func(t *testing.T, body string) {
		c, d := desk(t)
		for _, path := range []string{"/new-incident", "/incidents/" + outage(t).ID + "/update", "/incidents/" + outage(t).ID + "/split", "/texts"} {
			w := httptest.NewRecorder()
			c.ServeHTTP(w, request(http.MethodPost, console.Root+path, "operator", body))
			wantHarmless(t, path, w)
		}
		for _, done := range d.done {
			for _, text := range []status.Text{done.Retract, done.Postmortem} {
				if text != nil {
					t.Errorf("the form of something else did %+v", done)
				}
			}
		}
	})
}
