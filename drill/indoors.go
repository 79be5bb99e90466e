package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"syscall"
	"time"
)

// Indoors is a city without ports on a time of its own: its houses are asked in
// memory, one request at a time, and its time moves only when it is moved. What
// is handed to [Indoors.RoundTrip] can reach nothing but these houses.
type Indoors struct {
	*City

	at    time.Time
	hosts map[string]*house
	home  http.Handler // takes what the city tells the sender
}

// domain is under a name that no resolver knows (RFC 2606).
const domain = ".city.example"

func (h *house) host() string { return string(h.service) + domain }

// NewIndoors makes such a city at a time. What its gateways report goes to
// home, which may be nil.
func NewIndoors(settings Settings, at time.Time, home http.Handler) *Indoors {
	in := &Indoors{at: at, hosts: map[string]*house{}, home: home}
	settings = settings.withDefaults()
	c := &City{
		settings: settings, keys: newKeys(settings.Seed), log: newLog(settings.Keep),
		houses: map[Service]*house{}, indoors: in, now: in.Now,
		// Waiting takes no time here: who is asked takes the time that the
		// drill says it takes.
		pause: func(ctx context.Context, _ time.Duration) bool { return ctx.Err() == nil },
	}
	in.City = c
	c.travels, c.callbacks = newCourier(1, settings.Keep, in.Now), newCourier(1, settings.Keep, in.Now)
	c.inward = &http.Client{Transport: in}
	c.outward = &http.Client{Transport: homeward{in}}
	for _, service := range Services() {
		h := c.raise(service)
		in.hosts[h.host()] = h
	}
	c.furnish()
	return in
}

// Now is the city's time.
func (in *Indoors) Now() time.Time { return in.at }

// MoveTo moves the time.
func (in *Indoors) MoveTo(at time.Time) { in.at = at }

// Next is when something arrives or is reported next; zero if nothing is on
// its way.
func (in *Indoors) Next() time.Time {
	next := time.Time{}
	for _, c := range []*courier{in.travels, in.callbacks} {
		if at := c.nextAt(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Step brings the time to at, and everything home that is due by then.
func (in *Indoors) Step(ctx context.Context, at time.Time) {
	in.at = at
	for _, c := range []*courier{in.travels, in.callbacks} {
		for {
			e, _ := c.next(at)
			if e.do == nil {
				break
			}
			e.do(ctx)
		}
	}
}

func (c *courier) nextAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errands) == 0 {
		return time.Time{}
	}
	return c.errands[0].at
}

// ErrNowhere says that a request was meant for somebody outside the drill. It
// went nowhere.
var ErrNowhere = errors.New("a drill reaches nobody outside itself")

// RoundTrip asks the house that the host names.
func (in *Indoors) RoundTrip(r *http.Request) (*http.Response, error) {
	h := in.hosts[strings.ToLower(r.URL.Hostname())]
	switch {
	case h == nil:
		return nil, fmt.Errorf("asking %s: %w", r.URL.Hostname(), ErrNowhere)
	case h.current() == Refused:
		return nil, Refusal()
	default:
		if hooks := httptrace.ContextClientTrace(r.Context()); hooks != nil && hooks.GotConn != nil {
			hooks.GotConn(httptrace.GotConnInfo{}) // from here on a message may have been taken
		}
		return Serve(h, r)
	}
}

// Route is the way to a gateway of the city whatever address the request was
// meant for: a sender's gateways are replaced by it.
func (in *Indoors) Route(s Service) http.RoundTripper { return detour{in, s} }

type detour struct {
	in      *Indoors
	service Service
}

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "https", d.in.houses[d.service].host(), ""
	return d.in.RoundTrip(r)
}

// homeward carries what the city tells the sender.
type homeward struct{ in *Indoors }

func (w homeward) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.in.home == nil {
		return nil, ErrNowhere
	}
	return Serve(w.in.home, r)
}

// Refusal is how a connection ends where nobody listens.
func Refusal() error { return dialError(syscall.ECONNREFUSED) }

// Silence is how a connection ends that nobody answers.
func Silence() error { return dialError(syscall.ETIMEDOUT) }

// NoWay is how a connection ends when our own network has none.
func NoWay() error { return dialError(syscall.ENETUNREACH) }

func dialError(e syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", e)}
}

// Serve has a handler answer a request in memory. A handler that aborts has
// cut the connection.
func Serve(h http.Handler, r *http.Request) (response *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	defer func() {
		switch broken := recover(); broken {
		case nil:
		case http.ErrAbortHandler:
			response, err = nil, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
		default:
			panic(broken)
		}
	}()
	a := &answer{header: http.Header{}}
	inward := r.Clone(r.Context())
	if inward.Body == nil {
		inward.Body = http.NoBody
	}
	inward.RequestURI, inward.RemoteAddr, inward.Host = r.URL.RequestURI(), "192.0.2.1:1234", r.URL.Host
	h.ServeHTTP(a, inward)
	return a.response(r), nil
}

// answer is an answer as it is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) response(r *http.Request) *http.Response {
	a.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: http.StatusText(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()), Request: r,
	}
}
