package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/drill/fixtures"
	"bongsu/drill/replay"
	"bongsu/drill/scenario"
	"bongsu/probes"
)

// everybody is a configuration with a check of every preset whose hosts are
// known, and what its secrets are.
func everybody(t *testing.T) *config.Config {
	t.Helper()
	var b strings.Builder
	b.WriteString(`
site: {name: Status, url: "https://status.example", languages: [en], contact: ops@status.example}
groups: [{id: all, name: All}]
components:
  - id: everything
    group: all
    name: Everything
    checks:
`)
	for _, p := range everyPreset(t) {
		if f, ok := fixtures.For(p.ID); !ok || len(f.Hosts()) == 0 {
			continue
		}
		fmt.Fprintf(&b, "      - preset: %s\n        with: {", p.ID)
		for _, name := range slices.Sorted(maps.Keys(p.Params)) {
			if p.Params[name].Required {
				fmt.Fprintf(&b, "%s: %q, ", name, stopgap(p, name))
			}
		}
		b.WriteString("}\n")
	}
	options := readOptions(func(string) (string, bool) { return "0123456789", true })
	cfg, err := config.Parse("bongsu.yaml", []byte(b.String()), options)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// In a drill every preset meets the service that it asks, though several ask
// the same host; and what befalls its target befalls it.
func TestEveryPresetIsAGuestOfTheDrill(t *testing.T) {
	cfg := everybody(t)
	town := replay.NewTown(1)
	welcome(town, cfg, map[string]string{"everything": "all"})
	noon := time.Date(2022, 10, 15, 12, 0, 0, 0, time.UTC)
	look := func(c config.Check) probes.Result {
		check := &probes.Check{
			ID: c.ID, Steps: c.Steps, Timeout: c.Timeout, Env: exerciseValue,
			World: func(now time.Time) probes.World { return town.World(c.ID, "seoul-1", now, c.Timeout) },
		}
		return check.Probe(t.Context(), noon)
	}
	checks := cfg.Checks()
	if len(checks) < 40 {
		t.Fatalf("only %d presets", len(checks))
	}
	for _, c := range checks {
		if r := look(c); r.Outcome != probes.OK {
			t.Errorf("%s: %q %q", c.Preset, r.Outcome, r.Reason)
		}
	}
	town.Set("all", scenario.Mode{Fault: scenario.Refused}, noon.Add(-time.Minute))
	for _, c := range checks {
		if r := look(c); r.Outcome != probes.Failed || !strings.Contains(r.Reason, "refused") {
			t.Errorf("%s, refused: %q %q", c.Preset, r.Outcome, r.Reason)
		}
	}
}

// A preset that a target's family names is one that there is: else nobody's
// configuration would play the target by it.
func TestFamiliesAreOfPresets(t *testing.T) {
	known := map[string]bool{}
	for _, p := range everyPreset(t) {
		known[p.ID] = true
	}
	shipped, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shipped {
		for i := range s.Targets {
			for _, member := range s.Targets[i].Family {
				if strings.Contains(member, "/") && !known[member] {
					t.Errorf("%s: %s: there is no preset %s", s.ID, s.Targets[i].ID, member)
				}
			}
		}
	}
}
