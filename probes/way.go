package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// Way is how a step gets to its target. Left out, it goes straight there, by
// whichever kind of address answers.
type Way struct {
	IP    int    `yaml:"ip" must:"min=4 max=6" doc:"4 or 6: only addresses of that kind. Either kind if left out."`
	Cert  string `yaml:"cert" doc:"A client certificate, its chain in PEM: ${env:NAME} or ${file:PATH}."`
	Key   string `yaml:"key" doc:"The private key of cert, in PEM: ${env:NAME} or ${file:PATH}."`
	Proxy string `yaml:"proxy" doc:"A proxy to go through, http://, https:// or socks5://, with its user and password as ${env:NAME}. It must let CONNECT through. Where it fails nothing is said of the target."`
}

// A way is a [Way], compiled.
type way struct {
	ip        int
	cert, key string // references; both or neither
	proxy     *proxy
}

// straight says whether nothing is asked for.
func (w *way) straight() bool { return *w == way{} }

// planWay compiles a way to a host, which may be unknown.
func (p *planner) planWay(s Way, host string) way {
	w := way{ip: s.IP}
	p.checkIP(s.IP, host)
	w.cert, w.key = p.reference("cert", s.Cert), p.reference("key", s.Key)
	if (s.Cert == "") != (s.Key == "") {
		p.complain("", errors.New("has only one of cert and key; write both"))
	}
	if s.Proxy != "" {
		w.proxy = p.planProxy(s.Proxy)
		if s.IP != 0 {
			p.complain("ip", errors.New("is for the proxy to choose; leave it out"))
		}
	}
	return w
}

// checkIP checks a kind of address, and that a host which is an address is one
// of that kind.
func (p *planner) checkIP(ip int, host string) {
	if ip != 0 && ip != 4 && ip != 6 {
		p.complain("ip", fmt.Errorf("is %d; write 4, 6, or leave it out for either", ip))
		return
	}
	if literal, err := netip.ParseAddr(host); err == nil && ip != 0 && (ip == 4) != literal.Is4() {
		p.complain("ip", fmt.Errorf("is %d and the target is an address of the other kind; leave it out", ip))
	}
}

// reference is the one reference that a setting must be.
func (p *planner) reference(path, s string) string {
	if s == "" {
		return ""
	}
	t := p.text(path, s)
	if len(t.parts) != 1 || !isSecret(t.parts[0].value) {
		p.complain(path, errors.New("is never written into the configuration; write ${env:NAME} or ${file:PATH}"))
		return ""
	}
	return t.parts[0].value
}

// networkOf is what the net package calls a kind of address.
func networkOf(protocol string, ip int) string {
	switch ip {
	case 4:
		return protocol + "4"
	case 6:
		return protocol + "6"
	default:
		return protocol
	}
}

// values are the names of what is filled in.
func (w *way) values() []string {
	if w.proxy == nil {
		return nil
	}
	return append(w.proxy.user.values(), w.proxy.password.values()...)
}

// dial connects to host:port, through the proxy if there is one.
func (w *way) dial(ctx context.Context, run *Run, t *trace, address string) (net.Conn, error) {
	if w.proxy != nil {
		return w.proxy.dial(ctx, run, t, address)
	}
	return run.dial(ctx, networkOf("tcp", w.ip), address)
}

// maxPEM is how many bytes a certificate with its chain, or a key, may have.
const maxPEM = 64 << 10

// tls is how to shake hands, with the certificate if there is one.
func (w *way) tls(run *Run) (*tls.Config, error) {
	settings := run.wires.tls.Clone()
	if w.cert == "" {
		return settings, nil
	}
	cert, err := run.check.lookUp(w.cert, maxPEM)
	if err != nil {
		return nil, err
	}
	key, err := run.check.lookUp(w.key, maxPEM)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, &settingError{"our client certificate can not be used: " + err.Error()}
	}
	settings.Certificates = []tls.Certificate{pair}
	return settings, nil
}

// transport carries the requests of one look. What it holds open ends with the
// function it returns.
func (w *way) transport(run *Run, t *trace, http2 bool) (http.RoundTripper, func(), error) {
	switch {
	case run.rehearsal != nil:
		return run.rehearsal, func() {}, nil
	case w.straight() && !http2:
		return run.wires.http, func() {}, nil
	}
	settings, err := w.tls(run)
	if err != nil {
		return nil, nil, err
	}
	one := newTransport(settings, http2, func(ctx context.Context, _, address string) (net.Conn, error) {
		return w.dial(ctx, run, t, address)
	})
	return one, one.CloseIdleConnections, nil
}

// buffer is how many bytes each connection reads and writes at once. A look is
// one request and, mostly, one short answer; the 4 KiB that net/http takes for
// each were a sixth of all that ten thousand checks allocated.
const buffer = 1 << 10

// newTransport keeps no connection. Without being asked for HTTP/2 it speaks
// HTTP/1.1 only, so that one request is one connection: HTTP/2 would let
// requests that run at the same time meet on one.
func newTransport(settings *tls.Config, http2 bool, dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        settings,
		Protocols:              &protocols,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
		ReadBufferSize:         buffer,
		WriteBufferSize:        buffer,
	}
}
