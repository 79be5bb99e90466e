// Package guard is the way to addresses that users give: webhooks, push
// subscriptions, files to import. Whoever may name an address could name one
// behind our own walls, so only what the whole Internet reaches is dialled.
//
// What counts is the address at the moment of connecting, not the name: so it
// makes no difference whether a name resolves to somewhere else the second
// time, an answer redirects, or an address is written in an unusual way. Ports
// other than those of HTTP are refused, redirects are not followed, the
// environment's proxy is not used, and time and size are bounded.
package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Limits of one request.
const (
	Timeout     = 10 * time.Second // the whole exchange
	DialTimeout = 3 * time.Second  // a connection, and again TLS on it
	MaxAnswer   = 64 << 10         // bytes of an answer's body, unless Options say otherwise
	MaxAddress  = 2048             // bytes of an address
)

// ErrRefused says that an address is none that we go to.
var ErrRefused = errors.New("the address is not one on the public Internet at port 443 or 80")

// ErrTooLong says that an answer is longer than allowed.
var ErrTooLong = errors.New("the answer is longer than allowed")

// Options change what a guard does.
type Options struct {
	// Allow lets further addresses through. It is for tests, whose servers are
	// on this machine; the program leaves it nil.
	Allow func(netip.AddrPort) bool
	// MaxAnswer bounds an answer's body, in bytes; 0 is [MaxAnswer].
	MaxAnswer int64
	// Timeout bounds the whole exchange of a [Client]; 0 is [Timeout].
	Timeout time.Duration
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

// Parse reads an address that a user gives, and refuses what [Transport] would
// refuse whatever its name resolves to. The error is fit to be shown.
func Parse(address string) (*url.URL, error) {
	if len(address) > MaxAddress {
		return nil, fmt.Errorf("is longer than %d bytes", MaxAddress)
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, errors.New("is no address; write https://host/path")
	}
	if err := checkForm(u); err != nil {
		return nil, err
	}
	return u, checkPlace(u)
}

func checkForm(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("is neither https nor http; write https://host/path")
	case u.User != nil:
		return errors.New("has a name or password in it; leave them out")
	}
	return nil
}

// checkPlace refuses what need not be looked up to be refused. Names are left
// to the moment of connecting.
func checkPlace(u *url.URL) error {
	switch {
	case u.Port() != "" && u.Port() != "443" && u.Port() != "80":
		return errors.New("has a port other than 443 and 80; leave it out")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !Global(ip) {
		return errors.New("is an address inside of a network; write one that the whole Internet reaches")
	}
	return nil
}

// NewTransport makes a way to users' addresses. It is safe for concurrent use
// and keeps its connections. It makes one request for each call and follows no
// redirect.
func NewTransport(o Options) http.RoundTripper {
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = MaxAnswer
	}
	dialer := &net.Dialer{Timeout: DialTimeout, Resolver: o.Resolver, ControlContext: control(o.Allow)}
	// HTTP/1.1 only, as for every gateway: a connection that breaks leaves one
	// request in doubt.
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &transport{
		allow: o.Allow != nil,
		most:  o.MaxAnswer,
		below: &http.Transport{
			Proxy:                  nil, // the environment's could be anywhere
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    DialTimeout,
			ResponseHeaderTimeout:  Timeout,
			Protocols:              protocols,
			MaxIdleConns:           1024,
			MaxIdleConnsPerHost:    512,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: 32 << 10,
			DisableCompression:     true, // keeps the limit on an answer's size true
		},
	}
}

// NewClient is a client on such a transport, with its time bounded.
func NewClient(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = Timeout
	}
	return &http.Client{
		Transport:     NewTransport(o),
		Timeout:       o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// control is asked for each address that is about to be connected to, after
// all names are resolved.
func control(allow func(netip.AddrPort) bool) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || network != "tcp4" && network != "tcp6" {
			return ErrRefused
		}
		if allow != nil && allow(to) {
			return nil
		}
		if port := to.Port(); port != 443 && port != 80 || !Global(to.Addr()) {
			return ErrRefused
		}
		return nil
	}
}

type transport struct {
	allow bool
	most  int64
	below *http.Transport
}

// RoundTrip makes one request. The error is [ErrRefused] for an address that
// is not gone to.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	err := checkForm(r.URL)
	if err == nil && !t.allow {
		err = checkPlace(r.URL)
	}
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, fmt.Errorf("%w: it %w", ErrRefused, err)
	}
	answer, err := t.below.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: t.most}
	return answer, nil
}

// CloseIdleConnections is for http.Client.
func (t *transport) CloseIdleConnections() { t.below.CloseIdleConnections() }

// bounded is a body that ends in an error when it goes on for too long.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return max(n-1, 0), ErrTooLong
	}
	return n, err
}
