// Package browsertest opens pages in a headless Chromium for tests.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long one test may use its browser.
const patience = 10 * time.Minute

// Open starts a Chromium and returns the context its pages are driven with.
// Both end with the test. Without Chromium on the machine the test is left
// out, or fails where every part is wanted.
func Open(t testing.TB) context.Context {
	t.Helper()
	return OpenFor(t, patience)
}

// OpenFor is [Open] for a test that needs its browser for longer.
func OpenFor(t testing.TB, patience time.Duration) context.Context {
	t.Helper()
	path := find()
	if path == "" {
		Missing(t, "chromium")
	}
	limited, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // root, as in a container, has no sandbox
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.WSURLReadTimeout(time.Minute),
	)
	allocated, cancel := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(cancel)
	browser, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return browser
}

// Missing reports that a part the whole test run needs is not on this machine.
// With BONGSU_TEST=all that fails the test; else the test is left out, and says
// so under the name that the test command collects.
func Missing(t testing.TB, part string) {
	t.Helper()
	if os.Getenv("BONGSU_TEST") == "all" {
		t.Fatalf("missing part: %s (BONGSU_TEST=all wants every part)", part)
	}
	t.Skipf("missing part: %s", part)
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
