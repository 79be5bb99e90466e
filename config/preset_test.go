package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/config"
)

// Who reads about a preset reads what it asks, with the defaults filled in, and
// how often it does so if nothing is said.
func TestPresetsSayWhatTheyAsk(t *testing.T) {
	presets, err := config.Presets(shipped(t).Kinds)
	if err != nil {
		t.Fatalf("problems:\n%v", err)
	}
	for _, p := range presets {
		if len(p.Steps) == 0 || p.Every < p.Floor || p.Timeout <= 0 || p.RecheckFloor <= 0 || int(24*time.Hour/p.Every) > p.Daily {
			t.Errorf("%s: %+v", p.ID, p)
		}
		for _, s := range p.Steps {
			if s.Action == "" || s.Target == "" || len(s.Expect) == 0 {
				t.Errorf("%s: a step says %+v", p.ID, s)
			}
			for name, param := range p.Params {
				if param.Default != "" && strings.Contains(s.Target, "${"+name+"}") {
					t.Errorf("%s: the default of %s is not in %s", p.ID, name, s.Target)
				}
			}
		}
	}
	i := slices.IndexFunc(presets, func(p config.Preset) bool { return p.ID == "line/push-validate" })
	if i < 0 {
		t.Fatal("line/push-validate is not there")
	}
	if ours := presets[slices.IndexFunc(presets, func(p config.Preset) bool { return p.ID == "kakao/talk-memo" })].Steps[1].Ours; !slices.Equal(ours, []string{"credential: status == 401", "setup: json.code in [-3, -5, -12, -402]"}) {
		t.Errorf("signs of our own trouble: %q", ours)
	}
	want := []config.PresetStep{{
		Action: "POST", Target: "https://api.line.me/v2/bot/message/validate/push",
		Expect: []string{"status == 200", "body startsWith '{'", "ms < 5000"},
	}}
	if diff := cmp.Diff(want, presets[i].Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if p := presets[i]; p.Every != 15*time.Minute || p.RecheckFloor != 30*time.Second || p.Timeout != 10*time.Second || p.Daily != 192 {
		t.Errorf("every %s, recheck floor %s, timeout %s, %d a day", p.Every, p.RecheckFloor, p.Timeout, p.Daily)
	}
}
