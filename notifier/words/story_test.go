package words_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

var update = flag.Bool("update", false, "write the golden files anew")

var seoul = time.FixedZone("KST", 9*60*60)

func at(day, hour, minute int) time.Time { return time.Date(2022, 10, day, hour, minute, 0, 0, seoul) }

// city is a small model: a login that everything needs, and a substitute.
func city() *status.Model {
	component := func(id, group string, name, short [3]string, needs ...string) status.Component {
		c := status.Component{
			ID: id, Group: group, Domains: []string{"dc-sangam"},
			Name:  status.Text{"ko": name[0], "ja": name[1], "en": name[2]},
			Short: status.Text{"ko": short[0], "ja": short[1], "en": short[2]},
		}
		for _, n := range needs {
			c.Needs = append(c.Needs, status.Need{ID: n})
		}
		return c
	}
	m := &status.Model{
		Site: status.Site{
			Name: status.Text{"ko": "서비스 상황판", "ja": "サービス状況", "en": "Service status"},
			URL:  "https://status.example", Languages: []string{"ko", "ja", "en"}, Zone: seoul,
		},
		Groups: []status.Group{{ID: "login"}, {ID: "chat"}, {ID: "maps"}, {ID: "payments"}, {ID: "ride-hailing"}},
		Components: []status.Component{
			component("login", "login", [3]string{"공통 로그인", "共通ログイン", "Shared login"}, [3]string{"로그인", "ログイン", "login"}),
			component("talk", "chat", [3]string{"가온톡 메시지", "カオントークのメッセージ", "Gaon Talk messages"}, [3]string{"톡", "トーク", "Talk"}, "login"),
			component("wave", "chat", [3]string{"물결 메시지", "ムルキョルのメッセージ", "Mulgyeol messages"}, [3]string{"물결", "ムルキョル", "Mulgyeol"}),
			component("map-search", "maps", [3]string{"장소 검색", "場所検索", "Place search"}, [3]string{"지도", "地図", "maps"}, "login"),
			component("pay", "payments", [3]string{"간편결제", "かんたん決済", "Payments"}, [3]string{"결제", "決済", "pay"}, "login"),
			component("taxi", "ride-hailing", [3]string{"택시 호출", "タクシー配車", "Taxi calls"}, [3]string{"택시", "タクシー", "taxi"}, "login"),
		},
	}
	m.Components[0].Advice = status.Text{"ko": "급하면 전화로.", "ja": "急ぎは電話で。", "en": "If urgent, call or text."}
	m.Components[1].Substitutes = []string{"wave"}
	return m
}

// page is the model as a snapshot, with an incident.
func page(m *status.Model, incident status.Incident) *status.Snapshot {
	s := &status.Snapshot{Site: m.Site}
	for _, g := range m.Groups {
		v := status.GroupView{Group: g}
		for _, c := range m.Components {
			if c.Group == g.ID {
				view := &status.ComponentView{Component: &c}
				for _, id := range c.Substitutes {
					view.Available = append(view.Available, status.Substitute{ID: id})
				}
				v.Components = append(v.Components, view)
			}
		}
		s.Groups = append(s.Groups, v)
	}
	if incident.Open() {
		s.Incidents = []status.Incident{incident}
	} else {
		s.Past = []status.Incident{incident}
	}
	return s
}

// people are the classes that citizens read.
var people = []notifier.Class{
	notifier.ClassAlimTalk, notifier.ClassSMS, notifier.ClassLMS, notifier.ClassMessenger, notifier.ClassMail, notifier.ClassPush,
}

func composer(m *status.Model) *words.Composer {
	n := 0
	return &words.Composer{
		Site: m.Site,
		Audiences: []notifier.Audience{
			{Audience: "subscribers", Plan: "citizens", AtLeast: status.PartialOutage},
			{Audience: "operators", Plan: "ops", AtLeast: status.DegradedPerformance},
		},
		Classes: map[string][]notifier.Class{"citizens": people, "ops": {notifier.ClassChat}},
		NewID:   func(time.Time) string { n++; return fmt.Sprintf("n%d", n) },
	}
}

// story is an outage from its first words to its end.
func story() (steps []struct {
	incident status.Incident
	event    status.Event
	now      time.Time
},
) {
	add := func(incident status.Incident, event status.Event, now time.Time) {
		event.Incident, event.At = incident.ID, now
		steps = append(steps, struct {
			incident status.Incident
			event    status.Event
			now      time.Time
		}{incident, event, now})
	}
	affected := func(state status.State, ids ...string) (all []status.Affected) {
		for _, id := range ids {
			all = append(all, status.Affected{Component: id, State: state, Worst: state})
		}
		return all
	}
	i := status.Incident{
		ID: "i1", Code: "7F3K", Cause: "component:login", Impact: status.PartialOutage, Worst: status.PartialOutage,
		Began: at(15, 15, 30), Detected: at(15, 15, 41), Next: at(15, 16, 42),
		Components: affected(status.PartialOutage, "login", "talk"),
	}
	add(i, status.Event{Kind: status.EventOpened, Update: "u1", From: status.Operational, To: status.PartialOutage}, at(15, 15, 42))

	i.Announced = at(15, 15, 42)
	i.Updates = []status.Update{{ID: "u1b", Kind: status.UpdateCause, At: at(15, 15, 50)}}
	i.Impact, i.Worst, i.Next = status.MajorOutage, status.MajorOutage, at(15, 17, 5)
	i.Components = affected(status.MajorOutage, "login", "talk", "map-search", "pay", "taxi")
	add(i, status.Event{Kind: status.EventWorsened, Update: "u2", From: status.PartialOutage, To: status.MajorOutage}, at(15, 16, 5))

	i.Next = at(15, 19, 40)
	i.Updates = []status.Update{{ID: "u3", Kind: status.UpdateNote, Text: status.Text{
		"ko": "복구 시각 미정. 현금·카드 준비.", "ja": "復旧時刻は未定。現金かカードの用意を。", "en": "No time of repair is known. Carry cash or a card.",
	}}, {ID: "u4", Kind: status.UpdateNote, Text: status.Text{
		"ko": "상황은 talk.example 앱에서 확인하세요.", "en": strings.Repeat("A long explanation. ", 12),
	}}}
	add(i, status.Event{Kind: status.EventNote, Update: "u3", From: status.Operational, To: status.MajorOutage}, at(15, 18, 40))
	add(i, status.Event{Kind: status.EventNote, Update: "u4", From: status.Operational, To: status.MajorOutage}, at(15, 18, 41))

	i.Cause, i.Next = "domain:dc-sangam", at(16, 16, 0)
	add(i, status.Event{Kind: status.EventDigest, Update: "u5", From: status.Operational, To: status.MajorOutage}, at(16, 15, 0))

	i.Next, i.Resolved = time.Time{}, at(16, 22, 40)
	i.Components = slices.Clone(i.Components)
	for k := range i.Components {
		i.Components[k].Until = at(16, 21, 40)
	}
	add(i, status.Event{Kind: status.EventResolved, Update: "u6", From: status.MajorOutage, To: status.Operational}, at(16, 22, 40))

	i.Retracted = at(17, 9, 15)
	add(i, status.Event{Kind: status.EventRetracted, Update: "u7", From: status.MajorOutage, To: status.Operational}, at(17, 9, 15))
	return steps
}

// The whole story, as every reader of it gets it, with what each text takes
// up. Read the files: they are what the program is for.
func TestAStoryInEveryLanguage(t *testing.T) {
	for _, simulation := range []bool{false, true} {
		m := city()
		m.Site.Simulation = simulation
		c := composer(m)
		out := map[string]*strings.Builder{}
		for _, lang := range m.Site.Languages {
			out[lang] = &strings.Builder{}
		}
		for _, step := range story() {
			notices, err := c.Notices(page(m, step.incident), []status.Event{step.event}, step.now)
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range notices {
				for _, text := range n.Texts {
					size, err := words.Fit(text.Lang, text.Class, text.Body)
					if err != nil {
						t.Error(err)
					}
					fmt.Fprintf(out[text.Lang], "== %s %s, %d of %d %s\n", n.Event, text.Class, size.Units, size.Limit, size.Unit)
					if text.Title != "" {
						fmt.Fprintf(out[text.Lang], "%s\n", text.Title)
					}
					fmt.Fprintf(out[text.Lang], "%s\n\n", text.Body)
					if again := words.Again(text); text.Class == notifier.ClassSMS {
						fmt.Fprintf(out[text.Lang], "== sent once more\n%s\n\n", again.Body)
					}
				}
			}
		}
		for lang, got := range out {
			name := "story." + lang + ".txt"
			if simulation {
				name = "simulation." + lang + ".txt"
			}
			golden(t, filepath.Join("testdata", name), got.String())
		}
	}
}

// What tells of no incident, in every language and class.
func TestTheOtherTexts(t *testing.T) {
	site := city().Site
	for _, lang := range site.Languages {
		var out strings.Builder
		for _, class := range people {
			link := site.URL + "/s/abc"
			code, err1 := words.Code(site, lang, class, "483920", link, 10*time.Minute)
			welcome, err2 := words.Welcome(site, lang, class)
			left, err3 := words.Left(site, lang, class)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
			for _, text := range []notifier.Text{code, welcome, left} {
				fmt.Fprintf(&out, "== %s\n", class)
				if text.Title != "" {
					fmt.Fprintf(&out, "%s\n", text.Title)
				}
				fmt.Fprintf(&out, "%s\n\n", text.Body)
			}
		}
		for _, short := range []bool{false, true} {
			line, err := words.Switched(lang, map[string]string{"ko": "카카오톡", "ja": "カカオトーク", "en": "KakaoTalk"}[lang], short)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "== the channel is another\n%s\n\n", line)
		}
		golden(t, filepath.Join("testdata", "others."+lang+".txt"), out.String())
	}
}

// What machines get, and a mail's page.
func TestDocuments(t *testing.T) {
	step := story()[1]
	c := composer(city())
	c.Classes["citizens"] = []notifier.Class{notifier.ClassWebhook, notifier.ClassStatuspage, notifier.ClassMail}
	notices, err := c.Notices(page(city(), step.incident), []status.Event{step.event}, step.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range notices[0].Texts {
		name := string(text.Class) + "." + text.Lang
		if text.Class == notifier.ClassMail {
			golden(t, filepath.Join("testdata", name+".html"), text.HTML)
			continue
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(text.Body), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("testdata", name+".json"), indented.String()+"\n")
	}
}

// A mail's page fetches nothing, and names stay names.
func TestAMailsPage(t *testing.T) {
	m, step := city(), story()[1]
	m.Components[1].Name = status.Text{"ko": `<img src="x">톡`, "ja": `"><script>`, "en": "Talk & 'Co' + more"}
	c := composer(m)
	c.Classes["citizens"] = []notifier.Class{notifier.ClassMail}
	notices, err := c.Notices(page(m, step.incident), []status.Event{step.event}, step.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range notices[0].Texts {
		for _, page := range []string{text.HTML, words.Again(text).HTML} {
			for _, bad := range []string{"src=", "<img", "<script", "<link", "@import", "url(", "'Co'"} {
				if strings.Contains(strings.ReplaceAll(page, "&lt;img src=", ""), bad) {
					t.Errorf("%s: the page has %q", text.Lang, bad)
				}
			}
			for _, part := range []string{`<html lang="` + text.Lang + `">`, `<a href="#{leave}">`, `<th scope="row">`, `content="light dark"`} {
				if !strings.Contains(page, part) {
					t.Errorf("%s: the page lacks %q", text.Lang, part)
				}
			}
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
