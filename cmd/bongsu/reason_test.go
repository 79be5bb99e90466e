package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bongsu/monitor"
	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/web"
)

// korean reads what the page says.
func korean() *web.Reader { return &web.Reader{Voice: web.VoiceIn("ko")} }

// What the program gives as a reason, as it comes out of the parts that give
// them, is known in every language.
func TestReasonsOfTheProgramAreKnown(t *testing.T) {
	ko := korean()
	for _, english := range reasonsAsMade(t) {
		if r := ko.Reason(english); r == nil || !r.Known {
			t.Errorf("not known: %q", english)
		}
	}
}

func reasonsAsMade(t *testing.T) []string {
	t.Helper()
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/shut" {
			panic(http.ErrAbortHandler)
		}
		code, _ := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
		w.WriteHeader(code)
	}))
	defer down.Close()
	secret := httptest.NewUnstartedServer(http.NotFoundHandler())
	secret.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	secret.StartTLS()
	defer secret.Close()
	var get func(string) probes.Step
	for _, kind := range probes.Kinds() {
		if kind.Key == "GET" {
			get = kind.New
		}
	}
	var reasons []string
	for _, url := range []string{down.URL + "/500", down.URL + "/429", down.URL + "/404", down.URL + "/shut", secret.URL, "http://" + freeAddress(t) + "/"} {
		check := probes.Check{ID: "x", Timeout: 5 * time.Second, Steps: []probes.Step{get(url)}}
		reasons = append(reasons, check.Probe(t.Context(), time.Now()).Reason)
	}
	now := time.Now()
	reasons = append(reasons, notifier.BlockedBy("chat", status.MajorOutage))
	failing := notifier.Examine(notifier.Beat{}, []notifier.Beat{{At: now.Add(-10 * time.Second), Answered: 2, Faults: 30}}, now.Add(-time.Hour), now, false)
	mute := notifier.Examine(notifier.Beat{Taken: 1000, Told: 950, Age: 950 * time.Second}, []notifier.Beat{{At: now.Add(-40 * time.Second), Taken: 90}}, now.Add(-time.Hour), now, false)
	reasons = append(reasons, failing.Why, mute.Why)
	self := monitor.NewSelf(nil)
	self.Tick(now, 0)
	self.Tick(now.Add(-time.Minute), time.Second)
	for range 9 {
		self.Echoed(errors.New("nobody answers"))
	}
	for _, d := range self.Doubts(now.Add(-time.Minute)) {
		reasons = append(reasons, d.Reason)
	}
	return reasons
}

var verb = regexp.MustCompile(`%[a-z]`)

// Each reason that stands in the source of the probes, and each alarm in that of
// the loop and the sender, is known, whatever is filled into it: who adds one
// adds its words.
func TestReasonsInTheSourceAreKnown(t *testing.T) {
	ko := korean()
	for _, source := range []struct {
		folder string
		of     func(ast.Node) []ast.Expr
		least  int // so many there are
	}{{"../../probes", reasonsOf, 45}, {"../../monitor", alarmsOf, 11}, {"../../notifier", alarmsOf, 9}} {
		found := wordsIn(t, source.folder, source.of)
		for text, where := range found {
			if !slices.ContainsFunc(fillings(text), func(filled string) bool { r := ko.Reason(filled); return r != nil && r.Known }) {
				t.Errorf("%s: no words for %q; add them to web/reason.go and web/locales/*/reasons.yaml", where, text)
			}
		}
		if len(found) < source.least {
			t.Errorf("only %d texts were found in %s", len(found), source.folder)
		}
	}
}

// fillings are the text with every choice of values for its verbs. One that goes
// on is given an end too.
func fillings(text string) []string {
	all := []string{text}
	for verb.MatchString(all[0]) {
		var next []string
		for _, t := range all {
			at := verb.FindStringIndex(t)
			for _, value := range []string{"db-7", "10s", "3", "00:10:14 UTC on 2 March 2026", "forward", "judge", "have never answered"} {
				next = append(next, t[:at[0]]+value+t[at[1]:])
			}
		}
		all = next
	}
	for _, t := range all {
		for _, end := range []string{"db-7", "10s", "3", "db-7 (x)", "db-7 is not configured, so nobody is told", "sms, so nobody is told that way", "sms in ko must not leave: x"} {
			all = append(all, t+end)
		}
	}
	return all
}

// wordsIn are the texts of a kind in a package's source, and where they stand.
func wordsIn(t *testing.T, folder string, of func(ast.Node) []ast.Expr) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found, set := map[string]string{}, token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range of(n) {
				if text := firstText(e); strings.Contains(text, " ") && !strings.HasPrefix(text, "%") { // else it is put together of others
					found[text] = set.Position(e.Pos()).String()
				}
			}
			return true
		})
	}
	return found
}

// reasonsOf are the expressions of a node that are reasons.
func reasonsOf(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.Ident); ok && (kind.Name == "fault" || kind.Name == "redirectError") && len(n.Elts) > 0 {
			return n.Elts[len(n.Elts)-1:]
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Reason" {
			return []ast.Expr{n.Value}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if field, ok := to.(*ast.SelectorExpr); ok && field.Sel.Name == "Reason" && len(n.Rhs) == len(n.Lhs) {
				return n.Rhs[i : i+1]
			}
		}
	}
	return nil
}

// alarmsOf are the expressions of a node that operators are alarmed by.
func alarmsOf(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && strings.EqualFold(f.Sel.Name, "alarm") && len(n.Args) > 2 {
			return n.Args[len(n.Args)-2 : len(n.Args)-1]
		}
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.Ident); ok && kind.Name == "trouble" && len(n.Elts) > 2 {
			return n.Elts[2:3]
		}
	}
	return nil
}

// firstText is the text that an expression begins with.
func firstText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return firstText(e.X)
	case *ast.CallExpr:
		if len(e.Args) > 0 {
			return firstText(e.Args[0])
		}
	}
	return ""
}

var aProblem = regexp.MustCompile(`(?m)^\S+\.yaml:\d+:\d+: .+$`)

// Most of what the validator says of the mistakes that people make is known too.
func TestProblemsOfAConfigurationAreKnown(t *testing.T) {
	files, err := filepath.Glob("../../config/testdata/problems/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	ko, known, all := korean(), 0, 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range aProblem.FindAllString(string(data), -1) {
			all++
			if ko.Reason(problem).Known {
				known++
			} else {
				t.Log(problem)
			}
		}
	}
	if all < 200 || known*100 < all*55 {
		t.Errorf("%d of %d problems are known", known, all)
	}
}

// So is what is said of the lines of a list of subscribers.
func TestWhatIsSaidOfAListIsKnown(t *testing.T) {
	list, err := signup.NewList(strings.NewReader(strings.Join([]string{
		"kind,address,source,consented",
		"sms,nonsense,form,2026-03-01T12:00:00Z", "sms,02-123-4567,form,2026-03-01T12:00:00Z", "email,nobody,form,2026-03-01T12:00:00Z",
		"pager,1,form,2026-03-01T12:00:00Z", "sms,010-1234-5678,,2026-03-01T12:00:00Z", "sms,010-1234-5678,form,", "sms,010-1234-5678,form,yesterday",
		"sms,010-1234-5678", `sms,"010,form,2026-03-01T12:00:00Z`, "\xff",
	}, "\n")), signup.OwnFormat())
	if err != nil {
		t.Fatal(err)
	}
	list.Numbers = signup.Numbers{Region: "KR"}
	ko, said := korean(), 0
	for {
		_, err := list.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, ok := errors.AsType[*signup.LineError](err); ok {
			said++
			if r := ko.Reason(wrong.Text); !r.Known {
				t.Errorf("not known: %q", wrong.Text)
			}
		}
	}
	if said < 9 {
		t.Errorf("only %d lines are wrong", said)
	}
}
