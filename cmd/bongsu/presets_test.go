package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bongsu/config"
	"bongsu/drill/fixtures"
)

var update = flag.Bool("update", false, "write what is seen into the manual")

// The manual lists every preset as it is.
func TestPresetsManual(t *testing.T) {
	const manual, begin, end = "../../docs/presets.md", "-update` -->\n", "<!-- end -->"
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	written, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no place for the list", manual)
	}
	all := everyPreset(t)
	want := manualOf(all)
	if *update {
		if err := os.WriteFile(manual, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("%s is not of these presets; run the test with -update (-want +got):\n%s", manual, diff)
	}
}

// Every preset that a configuration may name has a stand-in in the drills.
func TestPresetsHaveFixtures(t *testing.T) {
	for _, p := range everyPreset(t) {
		if _, ok := fixtures.For(p.ID); !ok {
			t.Errorf("%s: no fixture", p.ID)
		}
	}
}

func everyPreset(t *testing.T) []config.Preset {
	t.Helper()
	all, err := config.Presets(kinds())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func manualOf(all []config.Preset) string {
	var b strings.Builder
	groups, of := byGroup(all)
	for _, group := range groups {
		fmt.Fprintf(&b, "\n### %s\n", group)
		for _, p := range of[group] {
			entry(&b, p)
		}
	}
	return b.String() + "\n"
}

// entry is a preset in the manual.
func entry(b *strings.Builder, p config.Preset) {
	fmt.Fprintf(b, "\n#### `%s`\n\n%s\n\n", p.ID, p.Doc)
	fmt.Fprintf(b, "- depth %s, %s", p.Depth, scopeOf(p))
	if p.Label != "" {
		fmt.Fprintf(b, ", shown as “%s”", p.Label)
	}
	b.WriteString("\n")
	for _, s := range p.Steps {
		fmt.Fprintf(b, "- asks `%s %s`\n", s.Action, s.Target)
	}
	fmt.Fprintf(b, "- floor %s, rechecks after %s at least, %d looks a day by itself and %d at most\n", brief(p.Floor), brief(p.RecheckFloor), usualLooks(p), p.Daily)
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		if param := p.Params[name]; param.Required {
			fmt.Fprintf(b, "- needs `%s`: %s\n", name, param.Doc)
		}
	}
	fmt.Fprintf(b, "- source: %s\n", strings.Join(p.Source, " "))
	fmt.Fprintf(b, "- doubts: %s\n", strings.Join(p.Doubts, " "))
}
