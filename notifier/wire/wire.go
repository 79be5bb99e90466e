// Package wire carries one request to a gateway and knows how far it came.
//
// A text must not be sent twice, so it matters less that a request failed than
// when: before a byte of it left, trying again is safe; after that, only an
// answer that tells can settle it. A [Line] is the bounded way to one gateway;
// an [Exchange] is one request on it, sent once, with whatever came back.
package wire

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"bongsu/notifier"
)

// Limits of one exchange. A gateway answers a hand-over with some hundred
// bytes within a second; what takes longer or says more is not answering.
const (
	Timeout     = 10 * time.Second // the whole exchange, the connection included
	DialTimeout = 3 * time.Second  // leaves time for the answer
	MaxAnswer   = 64 << 10         // bytes of an answer's body
)

var (
	errSecond  = errors.New("a second request in one exchange")
	errTooLong = errors.New("the answer is longer than answers are")
)

// Line is the way to one gateway. It keeps its connections; use one for all
// messages.
type Line struct {
	base      *url.URL // nil: each request's own address
	agent     string
	transport http.RoundTripper
}

// NewLine makes a line to the base address, which ParseBase has accepted.
// Requests carry the outside's User-Agent, unless it is empty. Where the
// outside brings a transport of its own, a line has no other: it dials nobody.
func NewLine(base *url.URL, o notifier.Outside) *Line {
	if o.Transport != nil {
		return &Line{base: base, agent: o.UserAgent, transport: o.Transport}
	}
	// HTTP/1.1 only: one connection carries one request, so one that breaks
	// leaves one message in doubt, where a broken HTTP/2 connection leaves all
	// that it carried.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Line{base: base, agent: o.UserAgent, transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: DialTimeout}).DialContext,
		TLSHandshakeTimeout:    DialTimeout,
		Protocols:              protocols,
		MaxIdleConnsPerHost:    512,
		IdleConnTimeout:        30 * time.Second, // below the usual 60 s of the other side, which would cut a request
		MaxResponseHeaderBytes: 32 << 10,
		DisableCompression:     true, // keeps the limit on an answer's size true
	}}
}

// NewOpenLine makes a line that goes where each request says, through a
// transport that knows where it may go: for recipients who are themselves an
// address.
func NewOpenLine(transport http.RoundTripper, o notifier.Outside) *Line {
	if o.Transport != nil {
		transport = o.Transport
	}
	return &Line{agent: o.UserAgent, transport: transport}
}

// ParseBase reads a gateway's base_url. Plain http is for stand-ins on this
// machine: credentials and numbers travel in what is sent.
func ParseBase(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("is no address; write https://host or http://127.0.0.1:port")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("has more than scheme, host and path; write https://host/path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("would send credentials in clear; write https://")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Exchange is one request and what came back of it. The zero Exchange is ready
// for use, once.
type Exchange struct {
	Limit  int // bytes of the answer's body; 0 is MaxAnswer
	Status int // 0: no answer came
	Header http.Header
	Body   []byte // at most as long as the limit
	Whole  bool   // the answer came to its end

	used  bool
	began atomic.Bool // bytes of the request may have left
}

// Client is an HTTP client for libraries that insist on one. It makes one
// exchange, under ctx, whatever context the library puts into its request; a
// second request is refused, so no library can repeat one by itself.
// Scheme, host and path prefix of the request are replaced by the line's.
func (l *Line) Client(ctx context.Context, x *Exchange) *http.Client {
	return &http.Client{
		Transport:     once(func(r *http.Request) (*http.Response, error) { return l.exchange(ctx, x, r) }),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Do sends a request whose address is a path below the base, such as
// "/messages?to=1"; on an open line it is a whole address.
func (l *Line) Do(r *http.Request, x *Exchange) error {
	answer, err := l.exchange(r.Context(), x, r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

type once func(*http.Request) (*http.Response, error)

func (f once) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (l *Line) exchange(ctx context.Context, x *Exchange, r *http.Request) (*http.Response, error) {
	if x.used {
		return nil, errSecond
	}
	x.used = true
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel() // the answer is read whole before it is handed on

	answer, err := l.transport.RoundTrip(l.aim(x.watch(ctx), r))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	x.Status, x.Header = answer.StatusCode, answer.Header
	if x.Body, err = readAll(answer, int64(cmp.Or(x.Limit, MaxAnswer))); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	x.Whole = true
	answer.Body = io.NopCloser(bytes.NewReader(x.Body))
	return answer, nil
}

// watch notes when bytes of the request may have left. The transport asks for
// a connection anew when an idle one turns out to be dead before anything was
// written to it, and then the count begins anew too.
func (x *Exchange) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { x.began.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { x.began.Store(true) },
	})
}

// aim copies the request, as a RoundTripper must, and sends it the line's way.
func (l *Line) aim(ctx context.Context, r *http.Request) *http.Request {
	r = r.Clone(ctx)
	if l.agent != "" {
		r.Header.Set("User-Agent", l.agent)
	}
	if l.base == nil {
		return r
	}
	r.URL.Scheme, r.URL.Host, r.Host = l.base.Scheme, l.base.Host, ""
	if r.URL.RawPath != "" {
		r.URL.RawPath = l.base.EscapedPath() + r.URL.RawPath
	}
	r.URL.Path = l.base.Path + r.URL.Path
	return r
}

// readAll reads a body in one piece where its length is told.
func readAll(answer *http.Response, limit int64) ([]byte, error) {
	if answer.ContentLength > limit {
		return nil, errTooLong
	}
	var body bytes.Buffer
	body.Grow(int(max(answer.ContentLength, 0)) + bytes.MinRead)
	n, err := body.ReadFrom(io.LimitReader(answer.Body, limit+1))
	if err == nil && n > limit {
		return nil, errTooLong
	}
	return body.Bytes(), err
}
