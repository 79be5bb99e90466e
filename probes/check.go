package probes

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// DefaultTimeout is how long a check may take that sets no timeout.
const DefaultTimeout = 10 * time.Second

// A Check is a probe ready to run: steps in order, which share one [Run]. It
// may run any number of times, also at the same time, and must not be copied
// or changed after its first run.
type Check struct {
	ID        string
	Steps     []Step
	Timeout   time.Duration // for all steps together; zero is [DefaultTimeout]
	UserAgent string        // see [UserAgent]

	Env      func(name string) (string, bool)  // looks up ${env:NAME}; nil: nothing is set
	File     func(path string) (string, error) // reads ${file:PATH}, bounded by whoever reads; nil: there are no files here
	Random   io.Reader                         // makes nonces, safe for concurrent use; nil is crypto/rand
	Roots    *x509.CertPool                    // whom to trust; nil is the system
	Resolver *net.Resolver                     // whom to ask for names; nil is whom the system asks
	Beats    Beats                             // what reports in by itself; nil: nothing can
	World    func(now time.Time) World         // makes what one look meets instead of network and clock; nil: nothing, the real ones

	once  sync.Once
	wired *wires
}

// UserAgent is how a probe introduces itself: Bongsu/1.2.0 (+ops@status.example).
func UserAgent(version, contact string) string {
	if contact == "" {
		return "Bongsu/" + version
	}
	return fmt.Sprintf("Bongsu/%s (+%s)", version, contact)
}

// Probe looks once. Now is the time it begins by the caller's clock; from
// there on durations are measured, by the World's clock if there is one. It returns when the steps have ended, the
// timeout has passed or ctx is done, whichever comes first. A step that ends
// otherwise than ok or slow is the last that runs.
func (c *Check) Probe(ctx context.Context, now time.Time) Result {
	run, ctx, cancel := c.start(ctx, now)
	defer cancel()
	result := Result{Began: now, Steps: make([]StepSeen, 0, len(c.Steps))}
	if err := run.begin(); err != nil {
		result.Reason = err.Error()
		return result
	}
	for _, step := range c.Steps {
		seen := look(ctx, step, run)
		result.Steps = append(result.Steps, seen)
		result.include(seen, run)
		if seen.Outcome != OK && seen.Outcome != Slow {
			break
		}
	}
	result.Took = run.took(run.began)
	if len(c.Steps) == 0 {
		result.Reason = "the check has no steps"
	}
	return result
}

// start begins a run in the real world or in the one that is given.
func (c *Check) start(ctx context.Context, now time.Time) (*Run, context.Context, context.CancelFunc) {
	run := &Run{check: c, wires: c.wires(), now: now}
	if c.World != nil {
		ctx, cancel := run.rehearse(ctx, c.World(now))
		run.began = run.clock()
		return run, ctx, cancel
	}
	run.began = run.clock() // before the timeout runs, so a look that met it took no less
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout(), errTimeout)
	return run, ctx, cancel
}

// include makes a step's outcome the check's, unless an earlier step was slow
// and this one is merely ok.
func (r *Result) include(seen StepSeen, run *Run) {
	if r.Outcome == Slow && seen.Outcome == OK {
		return
	}
	r.Outcome, r.Reason = seen.Outcome, seen.Reason
	if seen.Patience > 0 {
		r.Retry = run.instant().Add(seen.Patience)
	}
}

// look does one step. A step that panics has a fault of ours in it, so it is
// inconclusive, and the others go on.
func look(ctx context.Context, step Step, run *Run) (seen StepSeen) {
	began := run.clock()
	defer func() {
		if broken := recover(); broken != nil {
			reason := fmt.Sprintf("the probe itself broke: %v at %s", broken, panicPlace(debug.Stack()))
			seen = StepSeen{Reason: run.mask.clip(reason, maxReason), Took: run.took(began)}
		}
	}()
	return step.Look(ctx, run)
}

// panicPlace finds the file and line of a panic in its stack.
func panicPlace(stack []byte) string {
	_, after, found := strings.Cut(string(stack), "\npanic(")
	lines := strings.Split(after, "\n")
	const frame = 3 // the rest of panic's own two lines, the function, its place
	if !found || len(lines) <= frame {
		return "an unknown place"
	}
	place, _, _ := strings.Cut(strings.TrimSpace(lines[frame]), " ")
	return place[strings.LastIndex(place, "/")+1:]
}

func (r *Run) begin() error {
	nonce, err := newNonce(cmp.Or[io.Reader](r.check.Random, rand.Reader))
	if err != nil {
		return err
	}
	r.nonce = nonce
	return nil
}

func (c *Check) timeout() time.Duration { return cmp.Or(max(0, c.Timeout), DefaultTimeout) }

// wires is how a check reaches the outside. It keeps no connection and no TLS
// session from one request to the next, and asks the resolver each time.
type wires struct {
	dialer *net.Dialer
	tls    *tls.Config
	http   *http.Transport

	nameServers func() ([]string, error) // whom the system asks for names
	ping        func(ctx context.Context, to *net.IPAddr, count int, wait time.Duration) (echoes, error)
}

func (c *Check) wires() *wires {
	c.once.Do(func() { c.wired = newWires(c) })
	return c.wired
}

// Share has those of the checks that reach the outside alike, by the same Roots
// and Resolver, do so by the same wires: ten thousand would have as many of
// them otherwise. Call it before the checks run.
func Share(checks []*Check) {
	type way struct {
		roots    *x509.CertPool
		resolver *net.Resolver
	}
	known := make(map[way]*wires)
	for _, c := range checks {
		c.once.Do(func() {
			to := way{c.Roots, c.Resolver}
			if known[to] == nil {
				known[to] = newWires(c)
			}
			c.wired = known[to]
		})
	}
}

// maxHeader is how many bytes of headers an answer may have.
const maxHeader = 64 << 10

func newWires(c *Check) *wires {
	w := &wires{
		// The resolver in Go obeys a context to the moment, the one of the
		// C library does not. Keep-alive probes are of no use on a
		// connection that lives for one request.
		dialer: &net.Dialer{Resolver: cmp.Or(c.Resolver, &net.Resolver{PreferGo: true}), KeepAlive: -1},
		tls:    &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},

		nameServers: func() ([]string, error) { return nameServersOf("/etc/resolv.conf") },
		ping:        sendPings,
	}
	w.http = newTransport(w.tls, false, w.dialer.DialContext)
	return w
}
