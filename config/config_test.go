package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/status"
)

var update = flag.Bool("update", false, "write what is seen into the golden files")

// Each file of testdata/problems is a configuration, or the files of a folder,
// and the problems it has, word for word.
func TestProblems(t *testing.T) {
	archives, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := len(archive.Files) - 1
			if archive.Files[last].Name != "problems" {
				t.Fatal("the last file must be called problems")
			}
			got := problemsOf(t, archive.Files[:last])
			if *update {
				archive.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(archive.Files[last].Data), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// problemsOf loads files from a folder and returns their problems, one a line.
func problemsOf(t *testing.T, files []txtar.File) string {
	t.Helper()
	folder := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := config.Load(folder, options(t))
	if err == nil {
		return ""
	}
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("Load: %v, want Problems", err)
	}
	return strings.ReplaceAll(problems.Error(), folder+string(filepath.Separator), "") + "\n"
}

// full uses every key at least once.
func full(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("bongsu.yaml", []byte(text), options(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// smallest is the least that can be served.
const smallest = `
site: {name: Status, url: https://status.example}
groups: [{id: chat, name: Chat}]
components:
  - id: talk
    group: chat
    name: Talk
    checks:
      - {GET: http://127.0.0.1:9/}
`

func TestDefaults(t *testing.T) {
	o := options(t)
	c, err := config.Parse("bongsu.yaml", []byte(smallest), o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Database.Reveal(), filepath.Join(o.Dir, "bongsu.db"); got != want {
		t.Errorf("database %s, want %s beside the configuration", got, want)
	}
	model := c.Model()
	if got, want := model.Site.Zone.String(), "Asia/Seoul"; got != want {
		t.Errorf("zone %s, want %s", got, want)
	}
	want := status.Rules{Confirm: 3, Recover: 3, Settle: 5 * time.Second, Watch: time.Hour, Promise: time.Hour}
	if diff := cmp.Diff(want, model.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(status.Text{"ko": "Talk", "ja": "Talk", "en": "Talk"}, model.Components[0].Short); diff != "" {
		t.Errorf("a short name left out is the name (-want +got):\n%s", diff)
	}
	check := c.Checks()[0]
	check.Steps = nil
	if diff := cmp.Diff(config.Check{
		ID: "talk/1", Component: "talk", Name: "1", Every: time.Minute, Interval: time.Minute,
		Timeout: 10 * time.Second, Recheck: time.Second, Fresh: 3 * time.Minute,
	}, check, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".foreign" }, cmp.Ignore())); diff != "" {
		t.Errorf("check (-want +got):\n%s", diff)
	}
}

func TestFullConfiguration(t *testing.T) {
	c := parse(t, string(full(t)))
	model := c.Model()
	if got, want := model.Components[1].Needs, []status.Need{{ID: "login"}, {ID: "maps", Soft: true}}; !cmp.Equal(got, want) {
		t.Errorf("needs %v, want %v", got, want)
	}
	if got := model.Components[1].Checks[0].Depth; got != status.Canary {
		t.Errorf("depth %s, want canary", got)
	}
	if diff := cmp.Diff(map[string][]notifier.Hop{
		"citizens": {
			{Channel: "kakao", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "sms", Until: notifier.Sent},
		},
		"channel:ops": {{Channel: "ops", Until: notifier.Accepted}},
		"others": {
			{Channel: "line", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "mail", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "push", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "hooks", Wait: time.Minute, Until: notifier.Delivered},
			{Channel: "pages", Until: notifier.Delivered},
		},
	}, c.Plans()); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]notifier.Audience{
		{Audience: "subscribers", Plan: "citizens", AtLeast: status.MajorOutage},
		{Audience: "subscribers", Plan: "others", AtLeast: status.MajorOutage},
		{Audience: "operators", Plan: "channel:ops", AtLeast: status.DegradedPerformance},
	}, c.Audiences()); diff != "" {
		t.Errorf("audiences (-want +got):\n%s", diff)
	}
	sms := c.Channels()[1]
	if got := sms.Gateways[0]; got.Name != "sms/twilio" || got.Rate != 100 || got.Price != (notifier.Money{Milli: 20_000, Currency: "KRW"}) {
		t.Errorf("gateway %+v", got)
	}
	settings, ok := sms.Gateways[0].Settings.(*account)
	if !ok || settings.Token.Reveal() != secrets["TOKEN"] || settings.User != secrets["SID"] {
		t.Errorf("settings do not have what the environment has")
	}
	if s := c.Signup.Offers(); len(s) != 6 || s[5].Kind != "statuspage" || s[5].Plan != "others" || len(s[0].PerAddress) != 2 || s[0].Also[0] != "alimtalk" || s[0].Channel != "sms" || s[0].Plan != "citizens" || !slices.Equal(s[0].PerNetwork, []config.Rate{{Count: 5, Per: time.Hour}}) {
		t.Errorf("signup %+v", s)
	}
	if w := c.Waiting(); w != "" {
		t.Errorf("waits: %s", w)
	}
}

// Presets bring their own times, and a value can not break out of its part of
// the address.
func TestPresets(t *testing.T) {
	c := parse(t, smallest+`      - {preset: example/oauth-negative, with: {client: "a&b=c"}}
      - {preset: example/search, every: 2m, with: {key: "env:MAP_KEY", query: 서울 시청}}
      - {preset: example/sandbox}
`)
	checks := c.Checks()
	type times struct {
		ID                       string
		Every, Recheck, Timeout  time.Duration
		Rechecks, Daily          int
		Depth                    status.Depth
		Sandbox, HeldForAContact bool
	}
	var got []times
	for _, x := range checks[1:] {
		got = append(got, times{x.ID, x.Every, x.Recheck, x.Timeout, x.Rechecks, x.Daily, x.Depth, x.Sandbox, x.Held})
	}
	want := []times{
		{"talk/example-oauth-negative", 2 * time.Minute, 5 * time.Second, 10 * time.Second, 2, 0, status.Edge, false, true},
		{"talk/example-search", 2 * time.Minute, 5 * time.Second, 5 * time.Second, 2, 1000, status.Function, false, true},
		{"talk/example-sandbox", 10 * time.Minute, 5 * time.Second, 10 * time.Second, 2, 0, status.Function, true, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	search := checks[2].Steps[0].(*request)
	if want := "https://maps.example/v2/search/%EC%84%9C%EC%9A%B8%20%EC%8B%9C%EC%B2%AD?q=%EC%84%9C%EC%9A%B8+%EC%8B%9C%EC%B2%AD"; search.URL != want {
		t.Errorf("URL %s, want %s", search.URL, want)
	}
	if want := "KakaoAK ${env:MAP_KEY}"; search.Headers["Authorization"] != want {
		t.Errorf("header %s, want the reference %s", search.Headers["Authorization"], want)
	}
	if want := "json.id != ${id}"; search.Expect[1] != want {
		t.Errorf("expectation %s, want %s: what is no parameter is for the run", search.Expect[1], want)
	}
	if got, want := checks[1].Steps[0].(*request).URL, "https://login.example/oauth/token?client=a%26b%3Dc"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
}

// Without a contact, checks of hosts that may be somebody else's wait, others
// do not.
func TestWaitingForAContact(t *testing.T) {
	text := smallest + `      - {name: abroad, GET: "https://chat.example/"}
      - {name: shake, tls: "chat.example:443"}
      - {name: here, tls: "[::1]:443"}
`
	c := parse(t, text)
	var held []string
	for _, x := range c.Checks() {
		if x.Held {
			held = append(held, x.ID)
		}
	}
	if diff := cmp.Diff([]string{"talk/abroad", "talk/shake"}, held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	if got, want := c.Waiting(), "bongsu.yaml:2: 2 of 4 checks look at hosts"; !strings.HasPrefix(got, want) {
		t.Errorf("Waiting() = %q, want it to begin %q", got, want)
	}
	c = parse(t, strings.Replace(text, "status.example}", "status.example, contact: ops@status.example}", 1))
	if got := c.Waiting(); got != "" {
		t.Errorf("Waiting() = %q with a contact, want nothing", got)
	}
}

func TestCronGetsItsZoneAndFreshness(t *testing.T) {
	c := parse(t, strings.Replace(smallest, "{GET: http://127.0.0.1:9/}",
		`{GET: "http://127.0.0.1:9/", cron: "*/10 9-17 * * *"}
      - {name: b, GET: "http://127.0.0.1:9/", cron: "CRON_TZ=Asia/Tokyo 0 * * * *"}`, 1))
	a, b := c.Checks()[0], c.Checks()[1]
	if a.Cron != "CRON_TZ=Asia/Seoul */10 9-17 * * *" || b.Cron != "CRON_TZ=Asia/Tokyo 0 * * * *" {
		t.Errorf("cron %q and %q", a.Cron, b.Cron)
	}
	if night := 15*time.Hour + 10*time.Minute; a.Interval != night || a.Fresh != 3*night || a.Every != 0 {
		t.Errorf("interval %s fresh %s, want the night's %s and three of it", a.Interval, a.Fresh, night)
	}
}

// No print of a configuration, and no problem of one, gives a secret away.
func TestSecretsStaySecret(t *testing.T) {
	c := parse(t, string(full(t)))
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	channels, err := json.Marshal(c.Channels())
	if err != nil {
		t.Fatal(err)
	}
	prints := []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", *c), fmt.Sprintf("%#v", *c), fmt.Sprintf("%#v", c), string(data),
		fmt.Sprintf("%+v %#v", c.Channels(), c.Channels()), fmt.Sprintf("%+v %#v", c.Checks(), c.Model()),
		fmt.Sprintf("%v %+v %#v %s %q %x", c.Database, c.Database, c.Database, c.Database, c.Database, c.Keys),
		string(channels),
	}
	for _, p := range prints {
		for _, name := range []string{"TOKEN", "DSN"} {
			if strings.Contains(p, secrets[name]) || strings.Contains(p, fmt.Sprintf("%x", secrets[name])) {
				t.Errorf("the value of %s is in %.200s…", name, p)
			}
		}
	}

	literal := "hush-literal-91d2"
	for _, text := range []string{
		strings.Replace(string(full(t)), "env:TOKEN", literal, 1),
		strings.Replace(string(full(t)), "env:DSN", "postgres://u:"+literal+"@db.example/x", 1),
		strings.Replace(string(full(t)), "env:DSN", "env:"+literal, 1),
		strings.Replace(string(full(t)), "env:TOKEN", "env:"+literal, 1),
		strings.Replace(string(full(t)), "env:MAP_KEY", literal, 1),
		strings.Replace(string(full(t)), "env:MAP_KEY", "env:"+literal, 1),
	} {
		_, err := config.Parse("bongsu.yaml", []byte(text), options(t))
		if err == nil {
			t.Errorf("a secret written out passes:\n%s", text)
		} else if strings.Contains(err.Error(), literal) {
			t.Errorf("the problem prints the secret: %v", err)
		}
	}
}

// Without an environment, references are checked in form and nothing else.
func TestValidatingElsewhere(t *testing.T) {
	o := options(t)
	o.Env = nil
	c, err := config.Parse("bongsu.yaml", full(t), o)
	if err != nil {
		t.Fatalf("a machine without the secrets can not validate: %v", err)
	}
	if !c.Keys.Empty() {
		t.Error("keys came from somewhere")
	}
}

// Beside the server only its database and keys are looked up: the secrets of
// checks and gateways are for the server.
func TestOwnSecretsOnly(t *testing.T) {
	o := options(t)
	o.OwnOnly = true
	all, asked := o.Env, []string{}
	o.Env = func(name string) (string, bool) {
		asked = append(asked, name)
		return all(name)
	}
	c, err := config.Parse("bongsu.yaml", full(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Keys.Empty() || !slices.Equal(asked, []string{"DSN", "TOKEN"}) {
		t.Errorf("keys there: %t; looked up: %q", !c.Keys.Empty(), asked)
	}
	o.Env = func(string) (string, bool) { return "", false }
	_, err = config.Parse("bongsu.yaml", full(t), o)
	if err == nil || strings.Count(err.Error(), "is not set") != 2 || !strings.Contains(err.Error(), "keys: ") {
		t.Errorf("without any variable: %v", err)
	}
}

func TestSecretsInFiles(t *testing.T) {
	o := options(t)
	text := smallest + "keys: file:keys\n"
	for name, tt := range map[string]struct{ content, want string }{
		"newline goes": {"hush-file\n", ""},
		"empty":        {"\n", "the file keys is empty"},
		"too large":    {strings.Repeat("x", 70_000), "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(o.Dir, "keys"), []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			c, err := config.Parse("bongsu.yaml", []byte(text), o)
			switch {
			case tt.want == "" && (err != nil || c.Keys.Reveal() != "hush-file"):
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFolderIsMergedInNameOrder(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"10-site.yaml": smallest,
		"20-more.yml":  "components: [{id: pay, group: chat, name: Pay, needs: [talk]}]\n",
		".hidden.yaml": "nonsense: true\n",
		"README.md":    "not YAML: [",
		"30-none.yaml": "# nothing yet\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(folder, options(t))
	if err != nil {
		t.Fatal(err)
	}
	if m := c.Model(); len(m.Components) != 2 || m.Components[1].ID != "pay" {
		t.Errorf("components %+v", m.Components)
	}
	if _, err := config.Load(filepath.Join(folder, "none.yaml"), options(t)); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
}

// What comes from outside is bounded: size, depth, number of problems.
func TestBounds(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"deep":        {"a: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "levels deep"},
		"large":       {strings.Repeat("# \n", 3<<20), "more than 8388608"},
		"bomb":        {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "an anchor; write the value without it"},
		"many":        {"{" + strings.Repeat("? [k]\n: v\n,", 2000) + "}", "more problems than are worth listing"},
		"not text":    {"a: \xff\xfe", "UTF-8"},
		"a list":      {"- a\n", "is a list; write"},
		"a word":      {"hello\n", "is a single value; write"},
		"two":         {smallest + "---\na: 1\n", "a second YAML document"},
		"tab":         {"site:\n\tname: x\n", "indent with spaces"},
		"broken TZ":   {strings.Replace(smallest, "{GET: http://127.0.0.1:9/}", `{GET: "http://127.0.0.1:9/", cron: "TZ=Asia/Seoul"}`, 1), "a zone without a schedule"},
		"never comes": {strings.Replace(smallest, "{GET: http://127.0.0.1:9/}", `{GET: "http://127.0.0.1:9/", cron: "0 0 31 2 *"}`, 1), "never comes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("bongsu.yaml", []byte(tt.text), options(t))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %.300v, want %q", err, tt.want)
			}
			var problems config.Problems
			if errors.As(err, &problems) && len(problems) > 501 {
				t.Errorf("%d problems", len(problems))
			}
		})
	}
}
