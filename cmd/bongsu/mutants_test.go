package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/drill/scenario"
)

// mutants are rules of package status, each turned into its opposite, and a
// scenario that is to notice. A rule that no drill would miss is a rule that no
// drill proves.
var mutants = []struct{ rule, file, is, not, scenario string }{
	{
		"a failure counts when the quorum sees it", "quorum.go",
		"case failing >= t.need:", "case failing > 0:", "one-location-lies",
	},
	{
		"a location whose controls fail is doubted", "location.go",
		"	case t.accuses():\n", "	case false:\n", "own-network-dies",
	},
	{
		"a worse word waits until the controls bear it out", "level.go",
		"!p.vouched || !next.worsens(word)", "true", "own-network-dies",
	},
	{
		"an inconclusive look says nothing of its target", "level.go",
		"	default:\n		return 0, false\n", "	default:\n		return lookFailing, true\n", "quota-storm",
	},
	{
		"slow is degraded performance, not an outage", "condition.go",
		"say(DegradedPerformance)", "say(MajorOutage)", "slow-poisoning",
	},
	{
		"a failure domain is the cause where most of it fails", "cause.go",
		"failing*2 > len(members)", "failing*2 > 2*len(members)", "kddi-2022-07-02",
	},
	{
		"a recovery is watched before it is told", "follow.go",
		"if !now.Before(s.Watching.Add(b.model.Rules.Watch)) {", "if !now.Before(s.Watching) {", "flapping",
	},
	{
		"a failure while it is watched is a relapse", "follow.go",
		"	s.Stage, s.Watching = Identified, time.Time{}\n	b.write(s, UpdateRelapse, now)", "	b.write(s, UpdateNoChange, now)", "flapping",
	},
	{
		"word comes when it was promised, \"no change\" included", "promise.go",
		"return now.Add(b.model.Rules.Promise)", "return now.Add(2 * b.model.Rules.Promise)", "kddi-2022-07-02",
	},
	{
		"a digest is sent once a day at most", "promise.go",
		"u.At.Sub(heard) >= digestEvery", "u.At.Sub(heard) >= 0", "kddi-2022-07-02",
	},
	{
		"people hear that an outage is worse than they know", "follow.go",
		"case worse(s.Told, s.Impact) != s.Told:", "case false:", "slow-poisoning",
	},
	{
		"a component that needs a failed one is explained by it", "graph.go",
		"f.affected, f.root, f.depth = true, need.root, need.depth+1", "f.affected, f.depth = true, need.depth+1", "late-cause",
	},
}

// TestMutants builds the program once for each mutant, with an overlay that
// leaves the tree alone, and demands that its scenario breaks. BONGSU_DEEP=1
// does so; else only that each mutant still fits the code is checked.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.rule, " ", "_"), func(t *testing.T) {
			source := filepath.Join("..", "..", "status", m.file)
			text, err := os.ReadFile(source)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), m.is); n != 1 {
				t.Fatalf("%q is %d times in %s, not once; bring the mutant in line with the rule", m.is, n, m.file)
			}
			if _, err := scenario.Named(m.scenario); err != nil {
				t.Fatal(err)
			}
			if os.Getenv("BONGSU_DEEP") == "1" {
				breaks(t, m.scenario, source, strings.Replace(string(text), m.is, m.not, 1))
			}
		})
	}
}

// breaks runs a scenario by a program one of whose files is another.
func breaks(t *testing.T, name, source, mutated string) {
	t.Helper()
	folder := t.TempDir()
	source, err := filepath.Abs(source)
	if err != nil {
		t.Fatal(err)
	}
	replaced := filepath.Join(folder, "mutant.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: replaced}})
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{replaced: []byte(mutated), filepath.Join(folder, "overlay.json"): overlay} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(folder, "bongsu")
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(folder, "overlay.json"), "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the mutant: %v\n%s", err, out)
	}
	run := exec.CommandContext(t.Context(), program, "drill", "run", name, "--quiet")
	out, err := run.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != 1 {
		t.Errorf("%s does not notice: %v\n%s", name, err, out)
	}
}
