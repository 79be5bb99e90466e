package probes_test

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bongsu/probes"
)

// preset is the form of a preset's file.
type preset struct {
	ID           string           `yaml:"id"`
	Group        string           `yaml:"group"`
	Doc          string           `yaml:"doc"`
	Depth        string           `yaml:"depth"`
	Scope        string           `yaml:"scope"`
	Label        string           `yaml:"label"`
	Floor        time.Duration    `yaml:"floor"`
	RecheckFloor time.Duration    `yaml:"recheck_floor"`
	Timeout      time.Duration    `yaml:"timeout"`
	Daily        int              `yaml:"daily"`
	Params       map[string]param `yaml:"params"`
	Source       texts            `yaml:"source"`
	Doubts       texts            `yaml:"doubts"`
	Steps        yaml.Node        `yaml:"steps"`
}

type param struct {
	Doc      string `yaml:"doc"`
	Default  string `yaml:"default"`
	Required bool   `yaml:"required"`
	Secret   bool   `yaml:"secret"`
}

// texts is one text or several.
type texts []string

func (l *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*l = texts{n.Value}
		return nil
	}
	return n.Decode((*[]string)(l))
}

func readPresets(t *testing.T) []preset {
	t.Helper()
	names, err := fs.Glob(probes.Presets(), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("presets %v: %v", names, err)
	}
	all := make([]preset, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(probes.Presets(), name)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		var p preset
		if err := decoder.Decode(&p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := strings.ReplaceAll(p.ID, "/", "-") + ".yaml"; path.Base(name) != want {
			t.Errorf("%s holds %s; name it %s", name, p.ID, want)
		}
		all = append(all, p)
	}
	return all
}

// text is the preset's steps as they are written.
func (p *preset) text(t *testing.T) string {
	t.Helper()
	text, err := yaml.Marshal(&p.Steps)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func saysLittle(text string) bool { return len(text) < 20 || !strings.HasSuffix(text, ".") }

// Looks an interval of the floor: one, and at most two rechecks.
const looksPerInterval = 3

func TestPresetsSayWhatTheyAre(t *testing.T) {
	groups := map[string][]preset{}
	for _, p := range readPresets(t) {
		groups[p.Group] = append(groups[p.Group], p)
		for name, said := range map[string]texts{"doc": {p.Doc}, "source": p.Source, "doubts": p.Doubts} {
			if len(said) == 0 || slices.ContainsFunc(said, saysLittle) {
				t.Errorf("%s: its %s says little: %q", p.ID, name, said)
			}
		}
		if !slices.Contains([]string{"reach", "edge", "function", "canary"}, p.Depth) || !slices.Contains([]string{"production", "sandbox"}, p.Scope) {
			t.Errorf("%s: depth %q, scope %q", p.ID, p.Depth, p.Scope)
		}
		if p.Group == "ride-hailing" && p.Label == "" {
			t.Errorf("%s: a look at ride-hailing must be labelled as what it is", p.ID)
		}
		if p.Floor < 30*time.Second || p.RecheckFloor < 5*time.Second {
			t.Errorf("%s: floor %s, recheck floor %s", p.ID, p.Floor, p.RecheckFloor)
		}
		if usual := int(24 * time.Hour / p.Floor); p.Daily < usual || p.Daily > usual*looksPerInterval {
			t.Errorf("%s: %d looks a day, and its floor makes %d to %d", p.ID, p.Daily, usual, usual*looksPerInterval)
		}
		if p.Timeout > p.Floor {
			t.Errorf("%s: a look may take %s, longer than the floor", p.ID, p.Timeout)
		}
		for name, param := range p.Params {
			if param.Doc == "" || param.Secret && !param.Required || param.Required == (param.Default != "") {
				t.Errorf("%s: parameter %s: %+v", p.ID, name, param)
			}
		}
	}
	for _, group := range []string{"login", "chat", "maps", "payments", "ride-hailing"} {
		shaped := slices.ContainsFunc(groups[group], func(p preset) bool {
			return p.Depth == "edge" && strings.Contains(p.text(t), "json.")
		})
		if len(groups[group]) < 2 || !shaped {
			t.Errorf("group %s: %d presets, one of depth edge that looks at the body: %t", group, len(groups[group]), shaped)
		}
	}
}

// Canaries and what is billed may cost little: their rechecks are few.
func TestCostlyPresetsLookSeldom(t *testing.T) {
	floors := map[string]time.Duration{
		"kakao/talk-memo":     4320 * time.Second, // 20 messages a day for one pair of people
		"kakao/alimtalk-nhn":  time.Hour,          // a message that is paid for
		"line/webhook-test":   time.Hour,
		"kakao/oauth-refresh": 10 * time.Minute, // 30 renewals an hour
		"telegram/roundtrip":  5 * time.Minute,
	}
	for _, p := range readPresets(t) {
		if least := floors[p.ID]; p.Floor < least {
			t.Errorf("%s: floor %s, want at least %s", p.ID, p.Floor, least)
		}
		if p.ID == "kakao/talk-memo" && p.Daily != 20 {
			t.Errorf("%s: %d looks a day, want the 20 that its quota allows", p.ID, p.Daily)
		}
		delete(floors, p.ID)
	}
	if len(floors) > 0 {
		t.Errorf("presets that are not there: %v", floors)
	}
}
