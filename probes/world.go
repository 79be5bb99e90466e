package probes

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"time"
)

// A World is what a look meets in place of this machine's network and clock: a
// drill's. It belongs to one look, which uses it from one goroutine.
//
// RoundTrip answers a request as the network would, and moves the world's
// clock on by what that takes; so may reading the body. A failure is the error
// that the network would give: a refused connection is
// [syscall.ECONNREFUSED], a name without an address a [net.DNSError], a bad
// certificate what crypto/x509 says. Which part of a request takes the time, a
// world may tell through the hooks of net/http/httptrace in the request's
// context; a world that does not is waiting for the first byte. What lies
// beyond the check's timeout is cut off there, as it is in the real world.
type World interface {
	// Now is the world's time; it never goes back.
	Now() time.Time
	// Wait lets d pass. It reports false if ctx ended first.
	Wait(ctx context.Context, d time.Duration) bool
	http.RoundTripper
}

// A Handshaker is a [World] in which a tls step can be rehearsed. Address is
// host:port, and the error is what crypto/tls or the network would give.
type Handshaker interface {
	Handshake(ctx context.Context, address, serverName string) (tls.ConnectionState, error)
}

// errNotRehearsed ends a step that needs a socket where there is none.
var errNotRehearsed = &settingError{"this kind of step cannot be rehearsed: it needs the real network"}

// A rehearsal is a world with the check's end laid over it.
type rehearsal struct {
	world World
	end   time.Time
	stop  context.CancelCauseFunc
}

// rehearse gives the run its world instead of the machine's clock and network.
func (r *Run) rehearse(ctx context.Context, world World) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	r.rehearsal = &rehearsal{world: world, end: world.Now().Add(r.check.timeout()), stop: stop}
	return ctx, func() { stop(nil) }
}

// now is the world's time, or the check's end where the world has gone beyond.
func (r *rehearsal) now() time.Time {
	if now := r.world.Now(); now.Before(r.end) {
		return now
	}
	return r.end
}

// overdue ends the check if its time is up.
func (r *rehearsal) overdue() error {
	if r.world.Now().Before(r.end) {
		return nil
	}
	r.stop(errTimeout)
	return errTimeout
}

// RoundTrip implements [http.RoundTripper].
func (r *rehearsal) RoundTrip(req *http.Request) (*http.Response, error) {
	hooks := httptrace.ContextClientTrace(req.Context())
	hooks.WroteRequest(httptrace.WroteRequestInfo{})
	resp, err := r.world.RoundTrip(req)
	if late := r.overdue(); late != nil {
		if resp != nil {
			resp.Body.Close()
		}
		return nil, late
	}
	if err == nil {
		hooks.GotFirstResponseByte()
	}
	return resp, err
}

// wait is [World.Wait] as far as the check's end.
func (r *rehearsal) wait(ctx context.Context, d time.Duration) bool {
	left := r.end.Sub(r.now())
	return r.world.Wait(ctx, min(d, left)) && r.overdue() == nil
}

// handshake asks a world that knows how.
func (r *rehearsal) handshake(ctx context.Context, address, serverName string) (tls.ConnectionState, error) {
	shaker, ok := r.world.(Handshaker)
	if !ok {
		return tls.ConnectionState{}, errNotRehearsed
	}
	state, err := shaker.Handshake(ctx, address, serverName)
	if late := r.overdue(); late != nil {
		return tls.ConnectionState{}, late
	}
	return state, err
}
