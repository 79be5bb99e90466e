package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// runAsBongsu makes the test binary the program, under its own name.
const runAsBongsu = "BONGSU_TEST_RUN"

func TestMain(m *testing.M) {
	if clock := os.Getenv(agentClock); clock != "" {
		os.Exit(runAgentByClock(clock))
	}
	if os.Getenv(runAsBongsu) != "" {
		os.Exit(Main())
	}
	testscript.Main(m, map[string]func(){"bongsu": func() { os.Exit(Main()) }})
}

// The manual, executed: each script is a story of the command line.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			well := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Write([]byte(`{"ok": true}`))
			}))
			env.Defer(well.Close)
			env.Setenv("WELL", well.URL)
			env.Setenv("DEAD", deadAddress(t))
			return nil
		},
	})
}

// deadAddress is a loopback address where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// 0 fine, 1 failed, 2 wrong usage.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"version", []string{"version"}, 0, ""},
		{"help", []string{"--help"}, 0, ""},
		{"no such command", []string{"srve"}, 2, `unknown command "srve"`},
		{"no such flag", []string{"serve", "--prot"}, 2, "unknown flag: --prot"},
		{"an argument too many", []string{"validate", "x"}, 2, "unknown command"},
		{"an argument missing", []string{"say", "7F3K"}, 2, "accepts 2 arg(s), received 1"},
		{"a flag missing", []string{"token", "create"}, 2, "at least one of the flags in the group [role agent app] is required"},
		{"a role and an agent", []string{"token", "create", "--role", "viewer", "--agent", "busan-1"}, 2, "[agent role] were all set"},
		{"an agent without a location", []string{"token", "create", "--role", "agent"}, 1, "write --agent LOCATION"},
		{"an agent without a hub", []string{"agent"}, 2, `required flag(s) "hub" not set`},
		{"an agent that shows its token", []string{"agent", "--hub", "http://status.example", "--token-file", "testdata/script/token.txtar"}, 1, "write https://"},
		{"an agent without a token", []string{"agent", "--hub", "https://status.example"}, 1, "there is no token"},
		{"an agent whose folder is missing", []string{"agent", "--hub", "https://status.example", "--token-file", "main_token", "--state", "/nowhere"}, 1, "--token-file: open main_token"},
		{"a text of blanks", []string{"say", "7F3K", "  "}, 1, "the text is empty"},
		{"a text that clears the screen", []string{"say", "7F3K", "\x1b[2J"}, 1, "control characters"},
		{"a text that is no UTF-8", []string{"say", "7F3K", "a\xff"}, 1, "not UTF-8"},
		{"an author of two lines", []string{"say", "7F3K", "--author", "a\nb", "x"}, 1, "--author: not one line"},
		{"a note that turns round", []string{"token", "create", "--role", "viewer", "--note", "a\u202eb"}, 1, "--note: not one line"},
		{"a token of the past", []string{"token", "create", "--role", "viewer", "--expires", "-1h"}, 1, "--expires: is negative"},
		{"a narrator nobody knows", []string{"demo", "--lang", "fr"}, 1, "write one of ko, ja, en"},
		{"no configuration", []string{"validate", "-c", "/nowhere/bongsu.yaml"}, 1, "`bongsu init` writes one"},
		{"nobody there", []string{"healthcheck", "--listen", "127.0.0.1:1"}, 1, "connection refused"},
		{"a demo for everybody", []string{"demo", "--listen", "0.0.0.0:8080"}, 1, "loopback only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs strings.Builder
			if code := run(t.Context(), c.args, &out, &errs); code != c.code {
				t.Errorf("exit %d, want %d\n%s%s", code, c.code, out.String(), errs.String())
			}
			if !strings.Contains(errs.String(), c.says) {
				t.Errorf("stderr %q lacks %q", errs.String(), c.says)
			}
		})
	}
}
