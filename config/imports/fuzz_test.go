package imports_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"bongsu/config/imports"
)

// Whatever a file says, reading it ends: with an error, with nothing to write,
// or with a configuration that validation passes.
func fuzz(f *testing.F, name string) {
	paths, err := filepath.Glob("testdata/" + name + "*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { holds(t, name, data) })
}

func FuzzGatus(f *testing.F)      { fuzz(f, "gatus") }
func FuzzKuma(f *testing.F)       { fuzz(f, "kuma") }
func FuzzStatuspage(f *testing.F) { fuzz(f, "statuspage") }

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func holds(t failer, name string, data []byte) {
	t.Helper()
	for _, s := range imports.Sources() {
		if s.Name != name {
			continue
		}
		got, err := s.Read(imports.Options{Lang: "ko", Now: now}, []imports.Input{{Name: "file", Data: data}})
		if err != nil {
			return
		}
		if err := got.Settle(judge); err != nil {
			if !errors.Is(err, imports.ErrNothing) {
				t.Fatalf("%v\n%s", err, got.YAML())
			}
			return
		}
		if faults := judge(got.YAML()); len(faults) > 0 {
			t.Fatalf("what is written is refused: %v\n%s", faults, got.YAML())
		}
		for _, i := range got.Incidents {
			if i.Open() || i.Began.After(i.Resolved) || len(i.Updates) == 0 {
				t.Fatalf("an incident that is no past one: %+v", i)
			}
		}
	}
}

// Endpoints put together at random, with names and values as people write them
// and as they do not.
func TestAnyGatus(t *testing.T) {
	pick := func(words ...string) *rapid.Generator[string] { return rapid.SampledFrom(words) }
	word := rapid.OneOf(rapid.String(), pick("", "결제 API", "api.example", "-", "#1", "${env:X}", "a: b", "*x", "'", "日本", "true", "1.5", "null", "🚀"))
	rapid.Check(t, func(t *rapid.T) {
		var endpoints []any
		for range rapid.IntRange(1, 5).Draw(t, "endpoints") {
			e := map[string]any{
				"name": word.Draw(t, "name"), "group": word.Draw(t, "group"),
				"url": pick("https://", "http://", "tcp://", "tls://", "icmp://", "ws://", "grpc://", "ssh://", "udp://", "").Draw(t, "scheme") +
					pick("shop.example", "shop.example:443", "shop.example/x?token=1", "[2001:db8::1]:80", "u:p@shop.example", "$HOST", "", "shop.example:99999").Draw(t, "host"),
				"interval": pick("1s", "500ms", "5m", "48h", "-1s", "x", "").Draw(t, "interval"),
				"conditions": rapid.SliceOfN(rapid.OneOf(rapid.String(), pick("[STATUS] == 200", "[STATUS] == pat(2*)", "[BODY].a[0].b == \"x\"", "len([BODY]) > x",
					"has([BODY].a) != true", "[BODY] == any(1, 'x', y)", "[CERTIFICATE_EXPIRATION] > 1h", "[RESPONSE_TIME] < 1e9", "[BODY].a-b == 1")), 0, 4).Draw(t, "conditions"),
				"headers": map[string]string{word.Draw(t, "header"): word.Draw(t, "value")},
				"client":  map[string]any{"timeout": pick("1s", "10m", "").Draw(t, "timeout"), "network": pick("ip4", "ip6", "").Draw(t, "network")},
			}
			if rapid.Bool().Draw(t, "dns") {
				e["dns"] = map[string]any{"query-name": word.Draw(t, "query"), "query-type": pick("A", "MX", "PTR", "x").Draw(t, "type")}
			}
			endpoints = append(endpoints, e)
		}
		data, err := yaml.Marshal(map[string]any{"endpoints": endpoints, "ui": map[string]any{"title": word.Draw(t, "title")}})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, "gatus", data)
	})
}
