package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/config"
	"bongsu/status"
)

func TestLocationsControlsAndPlannedWork(t *testing.T) {
	c := parse(t, string(full(t)))
	m := c.Model()
	if diff := cmp.Diff([]status.Location{
		{ID: "busan-1"},
		{ID: "seoul-1", Name: status.Text{"ko": "서울", "ja": "ソウル", "en": "Seoul"}, Domains: []string{"dc-north"}},
		{ID: "tokyo-1", Name: status.Text{"ko": "도쿄", "ja": "東京", "en": "Tokyo"}, Domains: []string{"dc-east"}},
	}, m.Locations); diff != "" {
		t.Errorf("locations (-want +got):\n%s", diff)
	}
	var controls []string
	for _, check := range m.Controls {
		controls = append(controls, check.ID)
	}
	if diff := cmp.Diff([]string{"control/portal", "control/second-portal"}, controls); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	if got := c.Controls()[0]; got.Every != time.Minute || len(got.Steps) != 1 {
		t.Errorf("a control is a check like others, got %+v", got)
	}
	if diff := cmp.Diff([]status.Maintenance{{
		ID: "config/move", Title: status.Text{"ko": "이전 작업", "ja": "移設作業", "en": "Move"}, Components: []string{"maps"},
		From: time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC),
		Remind: []time.Duration{24 * time.Hour, time.Hour}, Extend: status.Extension{Step: 15 * time.Minute, Most: 2 * time.Hour},
	}}, m.Maintenance); diff != "" {
		t.Errorf("planned work (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]status.Routine{{
		ID: "config/upkeep", Title: status.Text{"ko": "정기 점검", "ja": "定期点検", "en": "Upkeep"}, Components: []string{"maps"},
		Rule: "FREQ=WEEKLY;BYDAY=SU", First: time.Date(2026, 12, 5, 17, 0, 0, 0, time.UTC), Zone: "Asia/Tokyo", Lasts: time.Hour,
	}}, m.Routines); diff != "" {
		t.Errorf("work that comes again (-want +got):\n%s", diff)
	}
	for _, check := range m.Components[1].Checks {
		if check.ID == "messages/from-two" && !cmp.Equal(check.From, []string{"seoul-1", "tokyo-1"}) {
			t.Errorf("it looks from %v", check.From)
		}
	}
	if !c.Texts.Substitutes {
		t.Error("texts do not name what can be used instead, though the configuration has them do so")
	}
}

// A control that waits for a contact would never speak, and whatever it is
// asked about would stay in doubt.
func TestControlsThatWaitAreNotAskedForTheirWord(t *testing.T) {
	c := parse(t, smallest+"controls: [{name: portal, GET: \"https://portal.example/\"}]\n")
	if m := c.Model(); len(m.Controls) != 0 || !c.Controls()[0].Held {
		t.Errorf("controls %v; held: %v", m.Controls, c.Controls()[0].Held)
	}
}

// What a remote location reads is what this node does: presets expanded,
// secrets as references.
func TestStepsTravelAsText(t *testing.T) {
	c := parse(t, string(full(t)))
	for _, check := range append(c.Checks(), c.Controls()...) {
		steps, err := config.ParseSteps(kinds(), check.ID, check.Source)
		if err != nil {
			t.Errorf("%s: %v\n%s", check.ID, err, check.Source)
			continue
		}
		if !cmp.Equal(steps, check.Steps) {
			t.Errorf("%s changed on its way:\n%s", check.ID, cmp.Diff(check.Steps, steps))
		}
	}
	search := c.Checks()[len(c.Checks())-1]
	if diff := cmp.Diff([]string{"env:MAP_KEY"}, search.Secrets); diff != "" {
		t.Errorf("secrets of %s (-want +got):\n%s\n%s", search.ID, diff, search.Source)
	}
	for _, text := range []string{"", "- {}", "- {GET: 1, POST: 2}", "- &a {GET: x}", "nonsense", "- {GET: \"https://x.example/\", nonsense: 1}"} {
		if _, err := config.ParseSteps(kinds(), "remote", text); err == nil {
			t.Errorf("%q was read as steps", text)
		}
	}
}

// A secret in a file is found beside the configuration, and read anew each time.
func TestSecretsOfStepsInFiles(t *testing.T) {
	o := options(t)
	path := filepath.Join(o.Dir, "map.key")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	c, err := config.Parse("bongsu.yaml", []byte(smallest+"      - {GET: \"http://127.0.0.1:9/${file:map.key}\"}\n"), o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.File("map.key"); got != "first" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	write("second")
	if got, err := c.File("map.key"); got != "second" || err != nil {
		t.Errorf("after a change %q, %v", got, err)
	}
	write("\n")
	for _, wrong := range []string{"map.key", "nowhere.key", ""} {
		if got, err := c.File(wrong); err == nil {
			t.Errorf("%q was read as %q", wrong, got)
		}
	}
}
