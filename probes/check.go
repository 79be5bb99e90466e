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

	Env      func(name string) (string, bool) // looks up ${env:NAME}; nil: nothing is set
	Random   io.Reader                        // makes nonces, safe for concurrent use; nil is crypto/rand
	Roots    *x509.CertPool                   // whom to trust; nil is the system
	Resolver *net.Resolver                    // whom to ask for names; nil is whom the system asks

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
// there on durations are measured. It returns when the steps have ended, the
// timeout has passed or ctx is done, whichever comes first. A step that ends
// otherwise than ok or slow is the last that runs.
func (c *Check) Probe(ctx context.Context, now time.Time) Result {
	run := &Run{check: c, wires: c.wires(), now: now, began: time.Now()}
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout(), errTimeout)
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
	result.Took = time.Since(run.began)
	if len(c.Steps) == 0 {
		result.Reason = "the check has no steps"
	}
	return result
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
	began := time.Now()
	defer func() {
		if broken := recover(); broken != nil {
			reason := fmt.Sprintf("the probe itself broke: %v at %s", broken, panicPlace(debug.Stack()))
			seen = StepSeen{Reason: run.mask.clip(reason, maxReason), Took: time.Since(began)}
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
}

func (c *Check) wires() *wires {
	c.once.Do(func() { c.wired = newWires(c) })
	return c.wired
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
	}
	// HTTP/1.1 only, so that one request is one connection: HTTP/2 would let
	// requests that run at the same time meet on one.
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	w.http = &http.Transport{
		// No proxy: it would be the proxy that is measured.
		DialContext:            w.dialer.DialContext,
		TLSClientConfig:        w.tls,
		Protocols:              &protocols,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
	return w
}
