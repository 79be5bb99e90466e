package gatewaytest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/wire"
)

// fault is something that people forget when they write a gateway, and the
// trials that must find it.
type fault struct {
	found []string
	do    func(*naive)
}

var faults = map[string]fault{
	"none": {nil, func(*naive) {}},
	"sends again by itself": {[]string{
		"a_connection_that_dies_under_a_request", "a_status_and_a_page", "answers_without_measure", "how_far_a_request_came", "its_own_words", "time",
	}, func(g *naive) { g.tries = 2 }},
	"takes every 200 for a yes": {[]string{"a_status_and_a_page", "its_own_words"}, func(g *naive) { g.credulous = true }},
	"calls doubt a no": {[]string{
		"a_connection_that_dies_under_a_request", "a_status_and_a_page", "answers_without_measure", "how_far_a_request_came", "its_own_words", "time",
	}, func(g *naive) { g.sure = true }},
	"tells what a client tells": {[]string{"answers_without_measure", "how_far_a_request_came", "its_own_words", "time"}, func(g *naive) { g.open = true }},
	"logs":                      {[]string{"secrets"}, func(g *naive) { g.logs = true }},
	"keeps its secret in clear": {[]string{"secrets"}, func(g *naive) { g.clear = g.secret.Reveal() }},
	"forgets the base's path": {[]string{
		"a_message_is_taken", "a_status_and_a_page", "hostile_texts", "its_own_words", "secrets", "time",
	}, func(g *naive) { g.rootless = true }},
	"cuts long texts":           {[]string{"a_message_is_taken", "hostile_texts"}, func(g *naive) { g.cut = true }},
	"ignores whose fault it is": {[]string{"its_own_words"}, func(g *naive) { g.blind = true }},
}

// naive is a gateway that has its faults.
type naive struct {
	secret                                            notifier.Secret
	base                                              string
	line                                              *wire.Line
	clear                                             string
	tries                                             int
	credulous, sure, open, logs, rootless, cut, blind bool
}

func (*naive) Problems() []notifier.Problem { return nil }

func (g *naive) Open(o notifier.Outside) (notifier.Gateway, error) {
	opened := *g
	base := g.base
	if g.rootless {
		base = strings.TrimSuffix(base, "/stand-in")
	}
	u, err := wire.ParseBase(base)
	if err != nil {
		return nil, err
	}
	opened.line = wire.NewLine(u, o)
	return &naiveGateway{opened}, nil
}

type naiveGateway struct{ naive }

func (g *naiveGateway) Send(ctx context.Context, m notifier.Message) (ref string, err error) {
	for range max(g.tries, 1) {
		if ref, err = g.once(ctx, m); err == nil {
			break
		}
		if _, doubt := errors.AsType[*notifier.UncertainError](err); !doubt {
			break
		}
	}
	if g.logs && err != nil {
		slog.Warn("sending", "err", err)
	}
	return ref, err
}

func (g *naiveGateway) once(ctx context.Context, m notifier.Message) (string, error) {
	body := m.Body
	if g.cut {
		body = body[:min(len(body), 90)]
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/send", strings.NewReader(m.To+"\x00"+body))
	if err != nil {
		return "", err
	}
	r.Header.Set("X-Key", g.secret.Reveal())
	x := &wire.Exchange{}
	err = g.line.Do(r, x)
	switch {
	case err == nil && x.Status == 200 && (g.credulous || string(x.Body) == "taken"):
		return "1", nil
	case err == nil && strings.HasPrefix(string(x.Body), "no "):
		text := string(x.Body)
		if !g.open {
			text = wire.Scrub(text, m.To, m.Body, "0"+strings.TrimPrefix(m.To, "+82"), g.secret.Reveal())
		}
		return "", &notifier.RejectedError{Code: "no", Text: text, Recipient: !g.blind}
	case err != nil && g.open:
		return "", &notifier.UncertainError{Err: fmt.Errorf("posting %s to %s: %w", m.To, g.base, err)}
	}
	fault := x.Fault(err, m.To, m.Body, g.secret.Reveal())
	if doubt, ok := errors.AsType[*notifier.UncertainError](fault); ok && g.sure {
		return "", doubt.Err
	}
	return "", fault
}

func naiveCase(f fault) gatewaytest.Case {
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings {
			g := &naive{base: base, secret: notifier.NewSecret("5ecret-0f-it")}
			f.do(g)
			return g
		},
		Message: func(string) notifier.Message {
			return notifier.Message{Delivery: "d1", To: "+821055501234", Body: "login is down"}
		},
		Classes: []notifier.Class{notifier.ClassSMS, notifier.ClassLMS},
		Secrets: []string{"5ecret-0f-it"},
		Taken:   gatewaytest.Answer{Body: "taken"}, Ref: "1",
		Answers: []gatewaytest.Saying{
			{Answer: gatewaytest.Answer{Status: 400, Body: "no " + gatewaytest.Echo}, Want: gatewaytest.Rejects(gatewaytest.Recipient, "no")},
			{Answer: gatewaytest.Answer{Body: "perhaps"}, Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			_, body, _ := bytes.Cut(seen.Body, []byte{0})
			return "", string(body)
		},
	}
}

const naiveRun = "BONGSU_TEST_NAIVE"

// TestNaive is a run of the suite whose failures are what counts; it runs in a
// process of its own.
func TestNaive(t *testing.T) {
	name := os.Getenv(naiveRun)
	f, known := faults[name]
	if !known {
		return // the process that judges
	}
	gatewaytest.Run(t, naiveCase(f))
}

// Every fault is found by the trials that are named for it, and a gateway
// without faults passes.
func TestFaultsAreFound(t *testing.T) {
	if os.Getenv(naiveRun) != "" {
		return
	}
	failed := regexp.MustCompile(`(?m)^    --- FAIL: TestNaive/(\S+)`)
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNaive$", "-test.v")
			run.Env = append(os.Environ(), naiveRun+"="+name)
			out, _ := run.CombinedOutput() // that it fails is the point
			var found []string
			for _, m := range failed.FindAllStringSubmatch(string(out), -1) {
				found = append(found, m[1])
			}
			slices.Sort(found)
			if diff := cmp.Diff(faults[name].found, found); diff != "" {
				t.Errorf("trials that failed (-want +got):\n%s\n%.2000s", diff, out)
			}
		})
	}
}
