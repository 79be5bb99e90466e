package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const keysConfig = `
site: {name: Status, url: "https://status.example"}
keys: file:bongsu.keys
groups: [{id: chat, name: Chat}]
components: [{id: talk, group: chat, name: Talk, short: talk, checks: [{GET: "http://127.0.0.1:9/"}]}]
channels: [{id: sms, kind: sms, gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "env:FROM"}]}]
plans: {citizens: [{channel: sms}]}
routes: [{audience: subscribers, plan: citizens}]
`

// A rotation that is killed again and again loses nobody: after each death the
// whole list can be written out, address by address as before.
func TestARotationKilled(t *testing.T) {
	t.Parallel()
	people, deaths := 3000, 4
	if os.Getenv("BONGSU_DEEP") != "" {
		people, deaths = 30_000, 40
	}
	dir := t.TempDir()
	bongsu := func(args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), os.Args[0], args...)
		c.Dir, c.Env = dir, append(os.Environ(), runAsBongsu+"=1")
		return c
	}
	run := func(args ...string) string {
		t.Helper()
		c := bongsu(args...)
		var says strings.Builder
		c.Stderr = &says
		out, err := c.Output()
		if err != nil {
			t.Fatalf("bongsu %v: %v\n%s%s", args, err, out, &says)
		}
		return string(out)
	}
	run("init")
	var list strings.Builder
	list.WriteString("kind,address,source,consented\n")
	for i := range people {
		fmt.Fprintf(&list, "sms,010-2%03d-%04d,counter,2026-03-01\n", i/10_000, i%10_000)
	}
	for name, text := range map[string]string{"bongsu.yaml": keysConfig, "people.csv": list.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run("subscribers", "import", "people.csv")
	before := run("subscribers", "export")
	run("keys", "add", "bongsu.keys")
	began := time.Now()
	run("keys", "rotate")
	whole := time.Since(began)
	killed := 0
	for range deaths {
		run("keys", "add", "bongsu.keys")
		c := bongsu("keys", "rotate")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		fate := time.AfterFunc(time.Duration(rand.Int64N(int64(whole))), func() { _ = c.Process.Kill() }) // at any instant
		if c.Wait() != nil {
			killed++
		}
		fate.Stop()
		if run("subscribers", "export") != before {
			t.Fatalf("after %d deaths the list is another", killed)
		}
	}
	run("keys", "rotate")
	says := run("keys", "list")
	newest := fmt.Sprintf("%d %d", deaths+2, people)
	if run("subscribers", "export") != before || !strings.Contains(strings.Join(strings.Fields(says), " "), newest) {
		t.Errorf("after %d deaths and one whole run: %s", killed, says)
	}
	if killed == 0 {
		t.Error("it was never killed in the middle")
	}
	t.Logf("killed %d times", killed)
}
