package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/line"
	"bongsu/notifier/mail"
	"bongsu/notifier/nhn"
	"bongsu/notifier/slack"
	"bongsu/notifier/solapi"
	"bongsu/notifier/twilio"
	"bongsu/notifier/webhook"
	"bongsu/notifier/webpush"
	"bongsu/notifier/words"
	"bongsu/probes"
)

// shipped is the table as the program has it, in an environment where every
// variable is set.
func shipped(t testing.TB) config.Options {
	t.Helper()
	o := config.Options{
		Kinds: config.Kinds{
			Probes: probes.Kinds(),
			Gateways: []notifier.GatewayKind{
				twilio.Kind(), nhn.Kind(), solapi.Kind(), slack.Kind(), alimtalk.Kind(), line.Kind(),
				mail.Kind(), webpush.Kind(), webhook.Kind(), webhook.StatuspageKind(),
			},
			Presets: probes.Presets(),
		},
		Dir: t.TempDir(),
		Env: func(name string) (string, bool) {
			switch {
			case strings.HasSuffix(name, "_SID"):
				return "AC" + strings.Repeat("0", 32), true
			case name == "SMTP_URL":
				return "smtp://status:secret@mail.example:587", true
			case name == "WEBPUSH_KEY":
				return "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", true
			}
			return "secret", true
		},
		Measure: func(lang, text string) (int, error) {
			size, err := words.Measure(lang, notifier.ClassSMS, text)
			if size.Unit == "units" {
				return 2 * size.Units, err
			}
			return size.Units, err
		},
	}
	if err := os.WriteFile(filepath.Join(o.Dir, "bongsu.keys"), []byte("keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestExamples(t *testing.T) {
	examples, err := filepath.Glob("../examples/*.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	o := shipped(t)
	root := schema(t, o.Kinds)
	for _, path := range examples {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := config.Load(path, o)
			if err != nil {
				t.Fatalf("problems:\n%v", err)
			}
			if w := c.Waiting(); w != "" {
				t.Errorf("an example waits: %s", w)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := conforms(root, root, fromYAML(t, string(text))); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
		})
	}
}

// The file of `bongsu init` is whole, needs no secret, and starts to look once
// the contact is there.
func TestStarter(t *testing.T) {
	o := shipped(t)
	o.Env = func(name string) (string, bool) {
		t.Errorf("it needs the environment variable %s", name)
		return "", false
	}
	c, err := config.Parse("bongsu.yaml", []byte(config.Starter), o)
	if err != nil {
		t.Fatalf("problems:\n%v", err)
	}
	held := 0
	for _, x := range c.Checks() {
		if x.Held {
			held++
		}
	}
	if c.Waiting() == "" || held != len(c.Checks()) {
		t.Errorf("%d of %d checks wait for a contact: %q", held, len(c.Checks()), c.Waiting())
	}
	c, err = config.Parse("bongsu.yaml", []byte(strings.Replace(config.Starter, "# contact:", "contact:", 1)), o)
	if err != nil {
		t.Fatalf("problems once the contact is there:\n%v", err)
	}
	if w := c.Waiting(); w != "" {
		t.Errorf("still waits: %s", w)
	}
	groups := make(map[string]bool)
	for _, x := range c.Model().Components {
		groups[x.Group] = true
	}
	for _, g := range c.Model().Groups {
		if !groups[g.ID] {
			t.Errorf("nothing in group %s", g.ID)
		}
	}
}

// What the starter has commented out works when it is uncommented.
func TestStarterUncommented(t *testing.T) {
	_, below, found := strings.Cut(config.Starter, "# channels:\n")
	if !found {
		t.Fatal("no channels in the starter")
	}
	above, _, _ := strings.Cut(config.Starter, "# channels:\n")
	var text strings.Builder
	text.WriteString(above + "channels:\n")
	for line := range strings.Lines(below) {
		text.WriteString(strings.TrimPrefix(line, "# "))
	}
	if _, err := config.Parse("bongsu.yaml", []byte(text.String()), shipped(t)); err != nil {
		t.Errorf("problems:\n%v", err)
	}
}

// The presets of the program are right, each in itself.
func TestPresetsOfTheProgram(t *testing.T) {
	presets, err := config.Presets(shipped(t).Kinds)
	if err != nil {
		t.Fatalf("problems:\n%v", err)
	}
	groups := make(map[string]int)
	for _, p := range presets {
		groups[p.Group]++
	}
	for _, group := range []string{"login", "chat", "maps", "payments", "ride-hailing"} {
		if groups[group] < 2 {
			t.Errorf("%d presets for %s, want two at least", groups[group], group)
		}
	}
}
