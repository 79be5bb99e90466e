package imports_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"bongsu/config"
	"bongsu/config/imports"
	"bongsu/notifier"
	"bongsu/notifier/slack"
	"bongsu/notifier/words"
	"bongsu/probes"
	"bongsu/status"
)

var update = flag.Bool("update", false, "write what is seen into the golden files")

// now is when the imports happen.
var now = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// judge is the program's own validation, as `bongsu validate` does it.
func judge(text []byte) []imports.Fault {
	kinds := config.Kinds{Probes: probes.Kinds(), Gateways: []notifier.GatewayKind{slack.Kind()}}
	cfg, err := config.Parse("bongsu.yaml", text, config.Options{Kinds: kinds})
	var faults []imports.Fault
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range problems {
			faults = append(faults, imports.Fault{Path: p.Path, Text: p.Text})
		}
		return faults
	}
	for _, p := range words.Prove(cfg.Model(), []notifier.Class{notifier.ClassChat}) {
		faults = append(faults, imports.Fault{Path: p.Path, Text: p.Text})
	}
	return faults
}

func source(t testing.TB, name string) imports.Source {
	t.Helper()
	for _, s := range imports.Sources() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no source %q", name)
	return imports.Source{}
}

// What each source becomes, whole: the report, the configuration, the history.
// In the files "hush-hush" stands for a secret; it never comes through.
func TestImports(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < len(imports.Sources()) {
		t.Fatalf("%d files for %d sources: %v", len(paths), len(imports.Sources()), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _, _ := strings.Cut(string(archive.Comment), ":")
			var files []imports.Input
			golden := map[string]string{}
			kept := &txtar.Archive{Comment: archive.Comment}
			for _, f := range archive.Files {
				if base, ok := strings.CutPrefix(f.Name, "becomes/"); ok {
					golden[base] = string(f.Data)
					continue
				}
				kept.Files = append(kept.Files, f)
				files = append(files, imports.Input{Name: f.Name, Data: f.Data})
			}
			got, err := source(t, name).Read(imports.Options{Lang: "en", Now: now}, files)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Settle(judge); err != nil {
				t.Fatal(err)
			}
			if faults := judge(got.YAML()); len(faults) > 0 {
				t.Errorf("what is written is refused: %v", faults)
			}
			for _, part := range []struct{ name, text string }{
				{"report", report(got)}, {"bongsu.yaml", string(got.YAML())}, {"history", history(got)},
			} {
				if strings.Contains(part.text, "hush-hush") {
					t.Errorf("%s holds a secret:\n%s", part.name, part.text)
				}
				if diff := cmp.Diff(golden[part.name], part.text); diff != "" && !*update {
					t.Errorf("%s; see whether that is right, then run with -update (-want +got):\n%s", part.name, diff)
				}
				kept.Files = append(kept.Files, txtar.File{Name: "becomes/" + part.name, Data: []byte(part.text)})
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(kept), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func report(got *imports.Import) string {
	var b strings.Builder
	for _, l := range got.Report {
		fmt.Fprintln(&b, l)
	}
	for _, v := range got.Variables {
		fmt.Fprintln(&b, "set", v.Name+":", v.What)
	}
	return b.String()
}

func history(got *imports.Import) string {
	var b strings.Builder
	for _, i := range got.Incidents {
		fmt.Fprintln(&b, i.ID, i.Title, i.Stage, "at worst", i.Worst, i.Began.Format(time.RFC3339), "to", i.Resolved.Format(time.RFC3339))
		for _, c := range i.Components {
			fmt.Fprintln(&b, "  component", c.Component, c.Worst)
		}
		for _, u := range i.Updates {
			fmt.Fprintln(&b, " ", u.At.Format(time.RFC3339), u.Kind, u.Stage, u.Statement.Speaker, u.Statement.Source, u.Statement.Text)
		}
	}
	for _, w := range got.Maintenance {
		fmt.Fprintln(&b, w.ID, w.Title, w.Text, w.Components, w.From.Format(time.RFC3339), "to", w.Until.Format(time.RFC3339))
	}
	return b.String()
}

// What cannot be read is refused, with the file and what to do.
func TestRefused(t *testing.T) {
	deep := strings.Repeat("[", 50) + strings.Repeat("]", 50)
	for _, c := range []struct{ source, text, says string }{
		{"gatus", "endpoints: [", "it is no YAML"},
		{"gatus", "- a\n- b", "no table"},
		{"gatus", "endpoints: " + deep, "nested more than 40"},
		{"gatus", "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d {d: *c}\nendpoints: *d\ne: " + aliases(30), "more than"},
		{"kuma", "{", "no JSON"},
		{"kuma", "{} {}", "more follows"},
		{"kuma", "{}", "no backup of Uptime Kuma"},
		{"kuma", deep, "nested more than 40"},
		{"statuspage", `{"components": []}`, "no answer of a Statuspage"},
		{"statuspage", strings.Repeat(" ", imports.MaxFile+1), "more than"},
	} {
		t.Run(c.source+" "+c.says, func(t *testing.T) {
			_, err := source(t, c.source).Read(imports.Options{Lang: "en", Now: now}, []imports.Input{{Name: "its-file", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "its-file") {
				t.Errorf("error %v, want the file and %q", err, c.says)
			}
		})
	}
}

// aliases is a list of lists that is 2^n values.
func aliases(n int) string {
	var b strings.Builder
	b.WriteString("{l0: &l0 [x, x]")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, ", l%d: &l%d [*l%d, *l%d]", i, i, i-1, i-1)
	}
	return b.String() + "}"
}

// An import of which nothing can be looked at says so and writes nothing.
func TestNothing(t *testing.T) {
	got, err := source(t, "gatus").Read(imports.Options{Lang: "ko", Now: now}, []imports.Input{{Name: "c", Data: []byte(`endpoints: [{name: x, url: "sctp://x.example:1"}]`)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Settle(judge); !errors.Is(err, imports.ErrNothing) {
		t.Errorf("error %v, want %v", err, imports.ErrNothing)
	}
}

// history of a page is kept as what its publisher said: it colours nothing.
func TestStatements(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/statuspage-history.txtar")
	if err != nil {
		t.Fatal(err)
	}
	got, err := source(t, "statuspage").Read(imports.Options{Lang: "en", Now: now},
		[]imports.Input{{Name: "c", Data: archive.Files[0].Data}, {Name: "i", Data: archive.Files[1].Data}})
	if err != nil || len(got.Incidents) != 1 {
		t.Fatalf("%d incidents: %v", len(got.Incidents), err)
	}
	for _, u := range got.Incidents[0].Updates {
		if u.Kind != status.UpdateStatement || u.Statement.Source == "" || u.Statement.Speaker == "" {
			t.Errorf("update %+v is no statement with its source", u)
		}
	}
}
