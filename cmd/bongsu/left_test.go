package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/web/mirror"
)

// leftConfig is a server that looks at one thing often, and keeps two copies.
const leftConfig = `
site: {name: Status, url: "https://status.example", languages: [en, ko], contact: ops@status.example}
listen: {{.Listen}}
database: {{.Database}}
keys: env:BONGSU_TEST_KEYS
last_page: {{.Last}}
mirrors: ["{{.First}}", "{{.Second}}"]
groups: [{id: maps, name: Maps}]
components:
  - {id: route, group: maps, name: Directions, short: routes, checks: [{name: ask, every: 5s, GET: "{{.Target}}/"}]}
`

// ordeal is the page while one thing after another dies under it.
type ordeal struct {
	*testing.T

	address       string
	first, second string // the copies' folders
	config        string
	env           []string
}

func newOrdeal(t *testing.T, database string) *ordeal {
	t.Helper()
	target := newWorld(t)
	o := &ordeal{T: t, address: freeAddress(t), first: filepath.Join(t.TempDir(), "first"), second: filepath.Join(t.TempDir(), "second")}
	o.config = filepath.Join(t.TempDir(), "bongsu.yaml")
	o.env = append(os.Environ(), "BONGSU_TEST_KEYS="+store.NewKeys())
	folder := func(dir string) string { return (&url.URL{Scheme: "file", Path: dir}).String() }
	writeTemplate(t, leftConfig, o.config, map[string]any{
		"Listen": o.address, "Database": database, "Last": filepath.Join(t.TempDir(), "last.page"),
		"First": folder(o.first), "Second": folder(o.second), "Target": "http://" + target.targets,
	})
	return o
}

// get asks the site; code 0 is no answer.
func (o *ordeal) get(method, path string) (code int, body string) {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), method, "http://"+o.address+path, nil)
	if err != nil {
		o.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, ""
	}
	return answer.StatusCode, string(text)
}

// instant is of when something speaks.
type instant struct {
	At    time.Time `json:"generated_at"`
	Until time.Time `json:"valid_until"`
}

func (o *ordeal) now() (i instant) {
	if code, body := o.get(http.MethodGet, "/now.json"); code == http.StatusOK {
		if err := json.Unmarshal([]byte(body), &i); err != nil {
			o.Fatal(err)
		}
	}
	return i
}

// says is how the page words an instant.
func (o *ordeal) says(at time.Time) string {
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		o.Fatal(err)
	}
	return at.In(zone).Format("2 January, 15:04")
}

func (o *ordeal) wantPage(what string, has, not []string) {
	o.Helper()
	code, body := o.get(http.MethodGet, "/en/")
	if code != http.StatusOK {
		o.Errorf("%s: the page answers %d", what, code)
	}
	for _, text := range has {
		if !strings.Contains(body, text) {
			o.Errorf("%s: the page does not say %q", what, text)
		}
	}
	for _, text := range not {
		if strings.Contains(body, text) {
			o.Errorf("%s: the page says %q", what, text)
		}
	}
}

// verify is `bongsu verify`, whatever the copy's age.
func (o *ordeal) verify(dir string) (says []byte, err error) {
	c := exec.CommandContext(o.Context(), os.Args[0], "verify", dir, "--any-age")
	c.Env = append(o.env, runAsBongsu+"=1")
	return c.CombinedOutput()
}

// atRest says whether a copy is whole, of an instant, and not being written:
// whoever is killed between a file and its signature leaves two that do not
// belong together.
func (o *ordeal) atRest(dir string, at time.Time) bool {
	if _, err := os.Stat(filepath.Join(dir, "pending.txt")); err == nil || !o.ofCopy(dir).Equal(at) {
		return false
	}
	_, err := o.verify(dir)
	return err == nil
}

// wantCopy says that a copy is whole and says its age; it returns of when.
func (o *ordeal) wantCopy(what, dir string) time.Time {
	o.Helper()
	if out, err := o.verify(dir); err != nil {
		o.Errorf("%s: bongsu verify: %v\n%s", what, err, out)
	}
	page, err := os.ReadFile(filepath.Join(dir, "en", "index.html"))
	if err != nil || !strings.Contains(string(page), "This is a copy of the status page, of ") || !strings.Contains(string(page), "Past that time things may have changed.") {
		o.Errorf("%s: the copy does not say of when it is: %v", what, err)
	}
	return o.ofCopy(dir)
}

// ofCopy is of when a copy speaks, zero if there is none.
func (o *ordeal) ofCopy(dir string) time.Time {
	o.Helper()
	var i instant
	body, err := os.ReadFile(filepath.Join(dir, mirror.NowFile))
	if err == nil {
		err = json.Unmarshal(body, &i)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.Error(err)
	}
	return i.At
}

const leftWords = "The server has been restarted and its database does not answer. This page was left on "

// play kills the database, the process and the first mirror, one after another,
// and has the database come back.
func (o *ordeal) play(kill, revive func()) {
	p := startServer(o.T, o.config, o.env)
	eventually(o.T, time.Minute, "the page and both copies are there", func() bool {
		_, err := os.Stat(filepath.Join(o.second, mirror.NowFile))
		_, body := o.get(http.MethodGet, "/en/")
		return err == nil && o.copied(o.first) && o.copied(o.second) && strings.Contains(body, "Directions") && o.answering()
	})

	kill()
	gone := o.now().At
	eventually(o.T, time.Minute, "the page goes on without its database", func() bool { return o.now().At.After(gone) })
	o.wantPage("without the database", []string{"Directions"}, []string{leftWords})

	eventually(o.T, time.Minute, "the copies have caught up", func() bool { // the next page is seconds away
		now := o.now().At
		return o.atRest(o.first, now) && o.atRest(o.second, now) && o.now().At.Equal(now)
	})
	p.kill()
	if code, _ := o.get(http.MethodGet, "/"); code != 0 {
		o.Errorf("the dead process answers %d", code)
	}
	ofFirst := o.wantCopy("without the process", o.first)

	p = startServer(o.T, o.config, o.env)
	eventually(o.T, time.Minute, "the last page is shown", func() bool { code, _ := o.get(http.MethodGet, "/"); return code == http.StatusOK })
	left := o.now()
	o.wantPage("after a restart without the database", []string{"Directions", leftWords, o.says(left.At), "Past that time things may have changed."}, nil)
	if left.At.IsZero() || left.At.After(time.Now()) || time.Since(left.At) > 5*time.Minute || ofFirst.IsZero() {
		o.Errorf("the last page is of %s, the copy of %s", left.At, ofFirst)
	}
	for _, c := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/api/v2/summary.json", 200},
		{"GET", "/en/components/route", 200},
		{"GET", "/feed.atom", 200},
		{"GET", "/nowhere", 404},
		{"HEAD", "/", 200},
		{"GET", "/now.json.minisig", 200},
		{"GET", "/readyz", 200},
		{"POST", "/api/v1/incidents", 503},
		{"POST", "/hooks/twilio/status", 503},
		{"GET", "/console", 503},
		{"GET", "/subscribe", 503},
	} {
		if code, _ := o.get(c.method, c.path); code != c.code {
			o.Errorf("meanwhile %s %s answers %d, want %d", c.method, c.path, code, c.code)
		}
	}

	if err := os.RemoveAll(o.first); err != nil {
		o.Fatal(err)
	}
	o.wantCopy("without the first mirror", o.second)

	revive()
	eventually(o.T, time.Minute, "the page goes on by itself", func() bool {
		_, body := o.get(http.MethodGet, "/en/")
		return o.now().At.After(left.At) && !strings.Contains(body, leftWords)
	})
	eventually(o.T, time.Minute, "the lost copy is made again", func() bool { return o.copied(o.first) })
	o.wantCopy("in the end", o.first)
	select {
	case err := <-p.ended:
		o.Errorf("the process has ended: %v", err)
	default:
	}
}

// copied says whether a copy is there.
func (o *ordeal) copied(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "en", "index.html"))
	_, signed := os.Stat(filepath.Join(dir, mirror.NowFile+mirror.Signature))
	return errors.Join(err, signed) == nil
}

// answering says whether the page has a state to tell.
func (o *ordeal) answering() bool {
	_, body := o.get(http.MethodGet, "/api/v1/status")
	return strings.Contains(body, `"overall":"operational"`)
}

// Whatever dies, what a reader sees is true and says its age.
func TestWhateverDiesThePageIsTrue(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		cluster := newCluster(t)
		must := func(do func() error) func() {
			return func() {
				if err := do(); err != nil {
					t.Fatal(err)
				}
			}
		}
		newOrdeal(t, cluster.Database("bongsu")).play(must(cluster.Halt), must(cluster.Resume))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "data", "bongsu.db")
		if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		lost := filepath.Dir(file) + ".lost"
		newOrdeal(t, file).play(func() { // the disk goes, and what stands in its place is no folder
			if err := errors.Join(os.Rename(filepath.Dir(file), lost), os.WriteFile(filepath.Dir(file), nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}, func() {
			if err := errors.Join(os.Remove(filepath.Dir(file)), os.Rename(lost, filepath.Dir(file))); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// Without a page that was left there is nothing to show, and the process says so.
func TestNothingToShow(t *testing.T) {
	o := newOrdeal(t, "postgres://bongsu@127.0.0.1:1/none?sslmode=disable")
	c := exec.CommandContext(t.Context(), os.Args[0], "serve", "-c", o.config)
	c.Env = append(o.env, runAsBongsu+"=1")
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "there is no page to show meanwhile: no page is kept") {
		t.Errorf("%v: %s", err, out)
	}
}
