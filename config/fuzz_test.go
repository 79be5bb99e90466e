package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"bongsu/config"
)

// Whatever the file says, reading it ends: with a configuration, or with
// problems that all have a place.
func FuzzParse(f *testing.F) {
	f.Add(full(f))
	f.Add([]byte(smallest))
	archives, err := filepath.Glob("testdata/problems/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files[:len(archive.Files)-1] {
			f.Add(file.Data)
		}
	}
	o := options(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("bongsu.yaml", data, o)
		if err == nil {
			if c.Model() == nil || len(c.Checks()) != countChecks(c) {
				t.Error("a configuration without its model")
			}
			return
		}
		var problems config.Problems
		if !errors.As(err, &problems) || len(problems) == 0 || len(problems) > 501 {
			t.Fatalf("error %v, want problems", err)
		}
		for _, p := range problems {
			if p.File == "" || p.Line < 1 || p.Column < 1 || p.Text == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
	})
}

func countChecks(c *config.Config) int {
	n := 0
	for _, x := range c.Model().Components {
		n += len(x.Checks)
	}
	return n
}

// Presets are files of the program: their own mistakes are found by a test.
func TestFaultyPresets(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "id: a\ngroup: g\ndoc: d\ndepth: edge\nfloor: 0\nsource: s\ndoubts: d\nsteps: [{GET: 'https://a.example/'}]\n",
		"b.yaml": "id: b\ngroup: g\ndoc: d\ndepth: deep\nfloor: 1m\nsource: s\nsteps: []\n",
		"c.yaml": "id: c\ngroup: g\ndoc: d\ndepth: edge\nfloor: 1m\nsource: s\ndoubts: d\nparams: {k: {doc: k, secret: true, default: x}}\nsteps: [{GET: 'https://a.example/'}]\n",
		"d.yaml": "id: d\ngroup: g\ndoc: d\ndepth: edge\nfloor: 1m\nsource: s\ndoubts: d\nsteps: [{GET: 'a.example', expcet: []}]\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := kinds()
	k.Presets = os.DirFS(folder)
	_, err := config.Presets(k)
	want := `a.yaml:5:8: floor: shorter than a second; write at least 1s
b.yaml:1:1: doubts: missing; write a list
b.yaml:4:8: depth: "deep" is not one of its values; write one of reach, edge, function, canary
b.yaml:7:8: steps: is a list; write a list of steps
c.yaml:8:9: params: the secret k has a default; take it away
d.yaml:8:15: steps[0].GET: is no URL; write it whole, https://…
d.yaml:8:28: steps[0].expcet: no such setting; did you mean "expect"?`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}

	o := options(t)
	o.Kinds = k
	_, err = config.Parse("bongsu.yaml", []byte(smallest+"      - {preset: b}\n"), o)
	if want := `bongsu.yaml:10:18: components[0].checks[1].preset: preset b is faulty itself: b.yaml:1:1: doubts: missing; write a list`; err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
