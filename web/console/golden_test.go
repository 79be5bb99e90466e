package console_test

import (
	"cmp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bongsu/web/console"
	"bongsu/web/sample"
)

// What these pages say during an outage, in every language: testdata/PAGE.LANG.txt
// is what somebody reads who sees no more than words. `go test ./web/console
// -update` writes them anew.
func TestWhatThePagesSay(t *testing.T) {
	c := furnished(t, sample.Outage())
	for name, path := range map[string]string{
		"now": "/console", "components": "/console/components", "component": "/console/components/chat-text", "map": "/console/map", "nowhere": "/console/nowhere",
	} {
		for _, lang := range languages {
			w := ask(c, "GET", path+"?lang="+lang, "admin")
			goldenFile(t, name+"."+lang+".txt", read(t, w.Body.String()))
		}
	}
}

// The first screen when the messenger, every gateway and the books are dead: it
// says what is wrong, and what could not be sent.
func TestTheFirstScreenStandsWhenEverythingElseIsDead(t *testing.T) {
	for name, away := range map[string]outgoing{"dead": {now: dead()}, "away": {err: errAway}} {
		c := furnished(t, sample.Outage(), func(o *console.Options) { o.Ways = away })
		w := ask(c, "GET", "/console?lang=en", "operator")
		if w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
		goldenFile(t, "now-"+name+".txt", read(t, w.Body.String()))
	}
}

// The first screen when it is we who cannot be believed.
func TestTheFirstScreenDoubtsOurselves(t *testing.T) {
	w := ask(furnished(t, sample.Impaired()), "GET", "/console?lang=en", "operator")
	goldenFile(t, "now-impaired.txt", read(t, w.Body.String()))
}

// read is what a page's main part says: a line for each block.
func read(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if m := find(root, "main"); m != nil {
		write(&out, m)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func find(n *html.Node, tag string) *html.Node {
	if n.Type == html.ElementNode && n.Data == tag {
		return n
	}
	for c := range n.ChildNodes() {
		if found := find(c, tag); found != nil {
			return found
		}
	}
	return nil
}

// inline are the elements within a line.
var inline = map[string]bool{"a": true, "span": true, "strong": true, "time": true, "code": true, "svg": true, "use": true, "path": true, "kbd": true, "dt": true}

func write(out *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		out.WriteString(strings.ReplaceAll(n.Data, "\n", " "))
	case n.Type == html.ElementNode && n.Data == "input":
		out.WriteString(" [" + cmp.Or(attribute(n, "value"), attribute(n, "type")) + "]")
	case !inline[n.Data]:
		out.WriteByte('\n')
		defer out.WriteByte('\n')
	default:
		out.WriteByte(' ')
		defer out.WriteByte(' ')
	}
	for c := range n.ChildNodes() {
		write(out, c)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
