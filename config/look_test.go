package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/config"
)

// withLook is the smallest configuration with a look, beside the files named.
func withLook(t *testing.T, look string, files map[string]string) (*config.Config, error) {
	t.Helper()
	o := options(t)
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(smallest, "url: https://status.example}", "url: https://status.example, look: "+look+"}", 1)
	return config.Parse("bongsu.yaml", []byte(text), o)
}

func TestTheOwnersLookIsRead(t *testing.T) {
	const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>`
	c, err := withLook(t, `{logo: logo.svg, colour: "#0a5c36", colour_dark: "#6fd3a3", footer: Run by the city., style: site.css}`,
		map[string]string{"logo.svg": drawing, "site.css": ".overall { border-radius: 0; }"})
	if err != nil {
		t.Fatal(err)
	}
	look := c.Model().Site.Look
	if string(look.Logo) != drawing || look.Colour != "#0a5c36" || look.Dark != "#6fd3a3" || look.Footer["ja"] != "Run by the city." || look.Style != ".overall { border-radius: 0; }" {
		t.Errorf("the look is %+v", look)
	}
}

// What could run, load something or not be seen is refused, and it is said why.
func TestALookThatCouldDoHarmIsRefused(t *testing.T) {
	for look, c := range map[string]struct{ name, body, want string }{
		`{logo: a.svg}`:                {"a.svg", `<svg xmlns="x"><script>1</script></svg>`, "<script>"},
		`{logo: b.svg}`:                {"b.svg", `<svg onload="x()"/>`, "onload"},
		`{logo: c.svg}`:                {"c.svg", `<svg><use href="https://other.example/x.svg#a"/></svg>`, "href"},
		`{logo: d.svg}`:                {"d.svg", `<html/>`, "neither a PNG nor an SVG"},
		`{logo: e.svg}`:                {"e.svg", `<!DOCTYPE svg [<!ENTITY a "b">]><svg/>`, "<!DOCTYPE>"},
		`{logo: f.png}`:                {"f.png", "\x89PNG and no more", "no PNG that can be read"},
		`{logo: g.svg}`:                {"g.svg", "<svg>" + strings.Repeat(" ", 20<<10) + "</svg>", "more than 16384 bytes"},
		`{logo: ../logo.svg}`:          {"h.svg", "", "beside the configuration"},
		`{logo: missing.svg}`:          {"i.svg", "", "reading missing.svg"},
		`{style: a.css}`:               {"a.css", "@import 'x';", "@import"},
		`{style: b.css}`:               {"b.css", "a { background: URL(https://other.example) }", "url("},
		`{style: c.css}`:               {"c.css", `a { background: \75rl(x) }`, `a \`},
		`{colour: "red"}`:              {"j.css", "", "is no colour"},
		`{colour: "#f0f0f0"}`:          {"k.css", "", "at least 3:1"},
		`{colour_dark: "#222222"}`:     {"l.css", "", "at least 3:1"},
		`{color: "#222222"}`:           {"m.css", "", "colour"},
		`{footer: {ko: "가", en: "a"}}`: {"n.css", "", "site.look.footer"},
	} {
		if _, err := withLook(t, look, map[string]string{c.name: c.body}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; it was to say %q", look, err, c.want)
		}
	}
}
