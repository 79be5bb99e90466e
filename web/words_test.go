package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/web"
)

// catalog is a language's texts as the file has them.
func catalog(t *testing.T, lang string) map[string]any {
	t.Helper()
	data, err := os.ReadFile("locales/" + lang + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	if err := yaml.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func text(v any) string {
	if forms, plural := v.(map[string]any); plural {
		v = forms["other"]
	}
	s, _ := v.(string)
	return s
}

// The languages say the same things, with the same places to fill.
func TestTheLanguagesHaveTheSameTexts(t *testing.T) {
	place := regexp.MustCompile(`{{\.(\w+)}}`)
	places := func(s string) []string {
		var names []string
		for _, m := range place.FindAllStringSubmatch(s, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	ko := catalog(t, "ko")
	for _, lang := range []string{"ja", "en"} {
		other := catalog(t, lang)
		for id := range ko {
			if text(other[id]) == "" {
				t.Errorf("%s has no text %q", lang, id)
			}
			if strings.HasPrefix(id, "date") || id == "month" { // languages write dates from different parts
				continue
			}
			if a, b := places(text(ko[id])), places(text(other[id])); !slices.Equal(a, b) {
				t.Errorf("%s: ko fills %v, %s fills %v", id, a, lang, b)
			}
		}
		if len(other) != len(ko) {
			t.Errorf("ko has %d texts, %s has %d", len(ko), lang, len(other))
		}
	}
}

// Every text is said somewhere, and whatever is said is there.
func TestNoTextIsUnusedOrMissing(t *testing.T) {
	texts := catalog(t, "ko")
	said := map[string]bool{}
	for _, id := range slices.Concat(fromTemplates(t), fromCode(t), fromStates(), fromKinds()) {
		said[id] = true
	}
	for id := range texts {
		if !said[id] {
			t.Errorf("nobody says %q", id)
		}
	}
	for _, id := range slices.Concat(fromStates(), fromKinds()) {
		if texts[id] == nil {
			t.Errorf("there is no text %q", id)
		}
	}
}

// fromKinds are the texts that are named after kinds of address and of meters.
func fromKinds() []string {
	ids := []string{"threshold_degraded_performance", "threshold_partial_outage", "threshold_major_outage"}
	for _, meter := range status.Meters() {
		ids = append(ids, "stop_"+string(meter))
	}
	for _, kind := range signup.KindIDs() {
		ids = append(ids, "by_"+kind)
	}
	for _, asked := range []string{"number", "mail", "url", "push", "line"} {
		for _, part := range []string{"label", "hint", "ask", "sent", "code_hint", "done"} {
			ids = append(ids, asked+"_"+part)
		}
	}
	return ids
}

func fromTemplates(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`say "(\w+)"`).FindAllSubmatch(data, -1) {
			ids = append(ids, string(m[1]))
		}
	}
	return ids
}

// fromCode are the string literals of the package and of what speaks for it.
func fromCode(t *testing.T) []string {
	t.Helper()
	ids := map[string]bool{}
	for _, file := range slices.Concat(goFiles(t, "*.go"), goFiles(t, "speech/*.go")) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil {
					ids[s] = true
				}
			}
			return true
		})
	}
	return slices.Collect(maps.Keys(ids))
}

func goFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// fromStates are the texts whose ids are made from states, stages and the like.
func fromStates() []string {
	var ids []string
	for _, s := range status.States() {
		ids = append(ids, "state_"+s.String(), "overall_"+s.String())
	}
	for _, s := range []status.Stage{status.Investigating, status.Identified, status.Monitoring, status.Resolved} {
		ids = append(ids, "stage_"+s.String())
	}
	for _, d := range []status.Depth{status.Reach, status.Edge, status.Function, status.Canary} {
		ids = append(ids, "depth_"+d.String(), "deep_"+d.String())
	}
	ids = append(ids, "depth_awaits")
	for _, l := range []string{"unknown", "ok", "slow", "fail"} {
		ids = append(ids, "level_"+l)
	}
	for _, s := range []string{"major_outage", "partial_outage", "degraded_performance", "trouble"} {
		ids = append(ids, "title_"+s, "headline_"+s, "widget_function_"+s)
	}
	for _, k := range kinds() {
		ids = append(ids, "kind_"+string(k))
		switch k {
		case status.UpdateNote, status.UpdateStatement, status.UpdateCorrected: // in people's own words
		default:
			ids = append(ids, "update_"+string(k))
		}
	}
	for _, o := range []status.Outcome{status.Inconclusive, status.OK, status.Slow, status.Wrong, status.Failed} {
		ids = append(ids, "saw_"+o.String())
	}
	for _, l := range status.Lines() {
		ids = append(ids, "line_"+string(l))
	}
	for _, k := range []status.DoubtKind{status.DoubtControls, status.DoubtClock, status.DoubtSelf} {
		ids = append(ids, "doubted_"+string(k))
	}
	for _, f := range []status.CorrectionField{status.CorrectBegan, status.CorrectResolved, status.CorrectCause} {
		ids = append(ids, "corrected_"+string(f))
	}
	for _, o := range []status.ETAOutcome{
		status.ETAPending, status.ETAMet, status.ETANotMet, status.ETAReplaced, status.ETAMoved, status.ETAVoid,
	} {
		ids = append(ids, "outcome_"+string(o))
	}
	for _, m := range []string{"not_found", "not_allowed", "our_mistake", "too_often", "away"} {
		ids = append(ids, m, m+"_text")
	}
	return append(ids, "nav_history", "nav_maintenance", "nav_judging", "nav_check", "related_merged", "related_split")
}

func kinds() []status.UpdateKind {
	return []status.UpdateKind{
		status.UpdateOpened, status.UpdateCause, status.UpdateChanged, status.UpdateNoChange, status.UpdateMonitoring,
		status.UpdateRelapse, status.UpdateResolved, status.UpdateMerged, status.UpdateNote,
		status.UpdateStatement, status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet,
		status.UpdateCorrected, status.UpdateSplit, status.UpdateRetracted, status.UpdateDropped, status.UpdatePostmortem,
	}
}

// Korean particles follow the last sound of the word before them.
func TestKoreanParticles(t *testing.T) {
	for name, want := range map[string]string{
		"로그인": "로그인이 응답", "결제": "결제가 응답", "KakaoTalk": "KakaoTalk가 응답", "T map": "T map가 응답",
		"서비스 1": "서비스 1이 응답", "서비스 2": "서비스 2가 응답", "지도(장소)": "지도(장소)가 응답", "login": "login이 응답",
	} {
		s := outageOf(name)
		if page := words(t, ask(serve(t, s, web.Options{}).Handler(), "GET", "/?lang=ko").Body.String()); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// Every kind of entry in a timeline has words in every language.
func TestEveryUpdateIsWorded(t *testing.T) {
	s := outageOf("Login")
	for _, kind := range kinds() {
		s.Incidents[0].Updates = []status.Update{{
			ID: "u", At: s.At, Kind: kind, Cause: "component:login", Components: s.Incidents[0].Components,
			Text: status.Text{"en": "A note."}, Author: "Duty desk",
		}}
		u := &s.Incidents[0].Updates[0]
		switch kind {
		case status.UpdateStatement:
			u.Statement = &status.Statement{Speaker: "Operator", Said: s.At, Text: u.Text, Fixed: true}
		case status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet:
			u.ETA = &status.ETA{ID: "u", Speaker: "Operator", Basis: u.Text, Expires: s.At.Add(time.Hour)}
		case status.UpdateCorrected:
			u.Correction = &status.Correction{Field: status.CorrectCause, Was: "component:pay", Is: "stated:Fire", Reason: u.Text}
		default:
		}
		handler := serve(t, s, web.Options{}).Handler()
		for _, lang := range []string{"ko", "ja", "en"} {
			page := words(t, ask(handler, "GET", "/incidents/01JD9R2W8F?lang="+lang).Body.String())
			api := ask(handler, "GET", "/api/v1/incidents/01JD9R2W8F").Body.String()
			if strings.Contains(page+api, "update_") || strings.Contains(page+api, "told_") || strings.Contains(page, "kind_") || strings.Contains(page, "{{") {
				t.Errorf("%s in %s has no words: %s", kind, lang, page)
			}
		}
	}
}
