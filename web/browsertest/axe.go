package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"bongsu/notifier/peertest"
)

// AxeCore is the text of axe-core, as npm installs it.
func AxeCore(t testing.TB) string {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join(peertest.Dir(t, "axe-core"), "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(axe)
}

// Audit runs axe-core, whose text is given, on what the tab shows. What it calls
// serious or critical fails the test.
func Audit(tab context.Context, t testing.TB, axe, name string) {
	t.Helper()
	type finding struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	got, err := chromedp.Run(tab, chromedp.Evaluate[[]finding](axe+`;
		axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({
			ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 3).map((n) => ({HTML: n.html, FailureSummary: n.failureSummary})),
		})))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, f := range got {
		if f.Impact == "serious" || f.Impact == "critical" {
			t.Errorf("%s: %s (%s): %s\n%+v", name, f.ID, f.Impact, f.Help, f.Nodes)
		}
	}
}
