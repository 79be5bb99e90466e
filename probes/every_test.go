package probes_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// In a world there are no sockets: every kind either answers from the world or
// says that it can not be rehearsed.
func TestEveryKindInWorld(t *testing.T) {
	rehearsed := []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "heartbeat"}
	for _, kind := range probes.Kinds() {
		check := newCheck(t, "["+kind.Example+"]")
		check.World = func(now time.Time) probes.World {
			return &world{now: now, answer: func(w *world, req *http.Request) (*http.Response, error) {
				return takes(time.Millisecond, `{"id":1}`)(w, req)
			}}
		}
		result := check.Probe(t.Context(), midnight)
		said := strings.Contains(result.Reason, "this kind of step cannot be rehearsed")
		able := strings.Contains(strings.Join(rehearsed, " "), kind.Key)
		if said == able || said && result.Outcome != probes.Inconclusive {
			t.Errorf("%s: %q %q", kind.Key, result.Outcome, result.Reason)
		}
		if strings.Contains(result.Reason, "broke") {
			t.Errorf("%s: %s", kind.Key, result.Reason)
		}
	}
}

// No kind leaves a goroutine behind, whether its target answers, hangs or
// refuses.
func TestNothingIsLeftBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("looks", func(t *testing.T) {
		a := newAuthority(t)
		for _, target := range []string{hanging(t), closedPort(t), serve(t, says(200, "fine")).Listener.Addr().String()} {
			for _, step := range []string{
				"{GET: \"http://" + target + "\", ip: 4}", "{GET: \"https://" + target + "\", http2: true}",
				"{GET: \"http://" + target + "\", proxy: \"http://" + target + "\"}", "{GET: \"http://" + target + "\", proxy: \"socks5://" + target + "\"}",
				"{tls: \"" + target + "\"}", "{tcp: \"" + target + "\", expect: [\"banner == 'x'\"]}", "{dns: chat.example, resolver: \"" + target + "\"}",
				"{ws: \"ws://" + target + "\", expect: [\"message == 'x'\"]}", "{grpc: \"" + target + "\"}", "{grpc: \"" + target + "\", plaintext: true}",
			} {
				check := newCheck(t, "["+step+"]")
				check.Timeout, check.Roots = 100*time.Millisecond, a.roots
				if r := check.Probe(t.Context(), time.Now()); r.Outcome == probes.OK && !strings.Contains(step, "ip: 4") || r.Took > 2*time.Second {
					t.Errorf("%s: %q after %s", step, r.Outcome, r.Took)
				}
			}
		}
	})
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+2; runtime.Gosched() {
		if time.Now().After(deadline) {
			stack := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stack[:runtime.Stack(stack, true)])
		}
	}
}
