package probes

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"
)

// A trace measures the parts of one request. The dialer may still report when
// the request has been given up, hence the lock.
type trace struct {
	now    func() time.Time // the run's clock
	mu     sync.Mutex
	began  time.Time
	at     string // what is going on: the part in which a timeout fell
	since  time.Time
	phases []Phase
}

// The parts of a request, in order.
const (
	phaseDNS     = "dns"
	phaseConnect = "connect"
	phaseTLS     = "tls"
	phaseFirst   = "first byte"
	phaseTotal   = "total"
)

func newTrace(run *Run) *trace {
	now := run.clock()
	return &trace{now: run.clock, began: now, since: now, phases: make([]Phase, 0, 5)}
}

// enter begins a part.
func (t *trace) enter(phase string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == phaseProxy {
		return // whatever the way to and through the proxy is made of
	}
	if t.at != phase { // a second address of the same host is the same part
		t.at, t.since = phase, t.now()
	}
}

// leave ends a part and notes how long it took. A part that ends in an error
// goes on: it is the one in which the request failed.
func (t *trace) leave(phase string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == phase && err == nil {
		t.phases = append(t.phases, Phase{phase, t.now().Sub(t.since)})
		t.at = ""
	}
}

// doing is the part that is going on, for the reason of a timeout.
func (t *trace) doing() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

// end closes the list with the total.
func (t *trace) end() (phases []Phase, total time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	total = t.now().Sub(t.began)
	t.phases = slices.Clip(append(t.phases, Phase{phaseTotal, total}))
	return t.phases, total
}

// follow lets what is dialled under the context report to the trace.
func (t *trace) follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, t.hooks())
}

func (t *trace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { t.enter(phaseDNS) },
		DNSDone:              func(info httptrace.DNSDoneInfo) { t.leave(phaseDNS, info.Err) },
		ConnectStart:         func(string, string) { t.enter(phaseConnect) },
		ConnectDone:          func(_, _ string, err error) { t.leave(phaseConnect, err) },
		TLSHandshakeStart:    func() { t.enter(phaseTLS) },
		TLSHandshakeDone:     func(_ tls.ConnectionState, err error) { t.leave(phaseTLS, err) },
		WroteRequest:         func(httptrace.WroteRequestInfo) { t.enter(phaseFirst) },
		GotFirstResponseByte: func() { t.leave(phaseFirst, nil) },
	}
}
