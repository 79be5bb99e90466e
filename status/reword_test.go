package status_test

import (
	"errors"
	"strings"
	"testing"

	"bongsu/status"
)

// What an app's people say of a function stands over the configuration's words,
// until they take it back, and over a restart; other functions keep theirs.
func TestAnAppsPeopleReword(t *testing.T) {
	m := &status.Model{
		Site: status.Site{Languages: []string{"ko", "en"}},
		Apps: []status.App{{ID: "app", Functions: []status.AppFunction{
			{ID: "f", Name: status.Text{"ko": "신고", "en": "Report"}, Instead: status.Text{"ko": "119", "en": "119"}},
			{ID: "g", Name: status.Text{"ko": "조회", "en": "Look up"}},
		}}},
	}
	long := strings.Repeat("x", 301)
	for _, c := range []struct {
		what          string
		words         status.FunctionWords
		err           error
		name, instead string
	}{
		{"both", status.FunctionWords{App: "app", Function: "f", Name: status.Text{"ko": "접수", "en": "Filing"}, Instead: status.Text{"ko": "110", "en": "110"}}, nil, "Filing", "110"},
		{"the name alone", status.FunctionWords{App: "app", Function: "f", Name: status.Text{"ko": "접수", "en": "Filing"}}, nil, "Filing", "119"},
		{"nothing: the configuration's again", status.FunctionWords{App: "app", Function: "f"}, nil, "Report", "119"},
		{"a language missing", status.FunctionWords{App: "app", Function: "f", Name: status.Text{"en": "Filing"}}, status.ErrNoLanguage, "Report", "119"},
		{"blanks", status.FunctionWords{App: "app", Function: "f", Instead: status.Text{"ko": " ", "en": "110"}}, status.ErrNoLanguage, "Report", "119"},
		{"too long", status.FunctionWords{App: "app", Function: "f", Name: status.Text{"ko": long, "en": long}}, status.ErrTooLong, "Report", "119"},
		{"another app", status.FunctionWords{App: "other", Function: "f"}, status.ErrNoFunction, "Report", "119"},
		{"no such function", status.FunctionWords{App: "app", Function: "x"}, status.ErrNoFunction, "Report", "119"},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := status.NewBoard(m, status.Memory{}, nil)
			b.Judge(start)
			made, err := b.Do(status.Command{ID: "c", Author: "Kim", Words: &c.words}, start)
			if !errors.Is(err, c.err) || (err == nil) != (made == "app/f") {
				t.Fatalf("made %q, error %v; want %v", made, err, c.err)
			}
			change := b.Judge(start)
			if (c.err == nil) == change.Empty() {
				t.Errorf("the change is %+v", change)
			}
			var memory status.Memory
			memory.Apply(change)
			for _, after := range []*status.Board{b, status.NewBoard(m, memory, nil)} {
				app := after.Snapshot(start).Apps[0]
				f, _ := app.Function("f")
				g, _ := app.Function("g")
				if f.Name["en"] != c.name || f.Instead["en"] != c.instead || g.Name["en"] != "Look up" {
					t.Errorf("told as %v, %v; the other as %v", f.Name, f.Instead, g.Name)
				}
			}
		})
	}
}
