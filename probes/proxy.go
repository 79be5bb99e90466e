package probes

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	socks "golang.org/x/net/proxy"
)

// A proxy is what stands between us and the target. It is part of us: a proxy
// that fails says nothing of the target. So it is always asked for a tunnel,
// and whatever comes out of the tunnel is the target's own.
type proxy struct {
	scheme   string
	address  string // host:port
	host     string
	user     text
	password text
}

// A proxyError is why there is no tunnel.
type proxyError struct{ err error }

func (e *proxyError) Error() string { return "our proxy: " + e.err.Error() }

func (e *proxyError) Unwrap() error { return e.err }

// phaseProxy is the way to the proxy and through it.
const phaseProxy = "proxy"

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	case "socks5":
		return "1080"
	default:
		return ""
	}
}

func (p *planner) planProxy(s string) *proxy {
	scheme, rest, _ := strings.Cut(s, "://")
	credential, host := "", strings.TrimSuffix(rest, "/")
	if at := strings.LastIndex(host, "@"); at >= 0 {
		credential, host = host[:at], host[at+1:]
	}
	u, err := url.Parse("//" + host)
	if defaultPort(scheme) == "" || err != nil || u.Hostname() == "" || u.Host != host || strings.Contains(host, "$") {
		p.complain("proxy", errors.New("is no proxy's address; write one like http://proxy.example:3128 or socks5://proxy.example"))
		return nil
	}
	plan := &proxy{scheme: scheme, host: u.Hostname(), address: net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPort(scheme)))}
	if credential != "" {
		p.planProxyUser(plan, credential)
	}
	return plan
}

func (p *planner) planProxyUser(plan *proxy, credential string) {
	plan.user = p.text("proxy", credential)
	if user, password, ok := cutOutside(credential); ok {
		plan.user, plan.password = p.text("proxy", user), p.text("proxy", password)
	}
	if !plan.password.secret() && !plan.user.secret() {
		p.complain("proxy", errors.New("carries a user or password; write them as ${env:NAME}"))
	}
}

// cutOutside splits user:password at the first colon that is not inside ${…}.
func cutOutside(s string) (user, password string, found bool) {
	depth := 0
	for i, r := range s {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			depth++
		case r == '}' && depth > 0:
			depth--
		case r == ':' && depth == 0:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// dial opens a tunnel to the address.
func (x *proxy) dial(ctx context.Context, run *Run, t *trace, address string) (net.Conn, error) {
	t.enter(phaseProxy)
	conn, err := x.tunnel(ctx, run, address)
	if err != nil {
		return nil, &proxyError{err}
	}
	t.leave(phaseProxy, nil)
	return conn, nil
}

func (x *proxy) tunnel(ctx context.Context, run *Run, address string) (net.Conn, error) {
	user, err := x.user.render(run)
	if err != nil {
		return nil, err
	}
	password, err := x.password.render(run)
	if err != nil {
		return nil, err
	}
	if x.scheme == "socks5" {
		return x.socks(ctx, run, user, password, address)
	}
	conn, err := x.reach(ctx, run)
	if err != nil {
		return nil, err
	}
	// The proxy may take its time, but no longer than the check.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	through, err := x.connect(conn, url.UserPassword(user, password), address)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return through, nil
}

// reach connects to the proxy itself.
func (x *proxy) reach(ctx context.Context, run *Run) (net.Conn, error) {
	conn, err := run.dial(ctx, "tcp", x.address)
	if err != nil || x.scheme != "https" {
		return conn, err
	}
	settings := run.wires.tls.Clone()
	settings.ServerName = x.host
	secure := tls.Client(conn, settings)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("shaking hands: %w", err)
	}
	return secure, nil
}

// connect asks an HTTP proxy for a tunnel.
func (x *proxy) connect(conn net.Conn, user *url.Userinfo, address string) (net.Conn, error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if name := user.Username(); name != "" {
		password, _ := user.Password()
		req.SetBasicAuth(name, password)
		req.Header["Proxy-Authorization"] = req.Header["Authorization"]
		delete(req.Header, "Authorization")
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(io.LimitReader(conn, maxHeader))
	resp, err := http.ReadResponse(reader, req) //nolint:bodyclose // what follows is the tunnel, not a body
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it refuses with status %d", resp.StatusCode)
	}
	// A target that speaks first may be in the reader's buffer already.
	early, err := reader.Peek(reader.Buffered())
	if err != nil {
		return nil, err
	}
	return &tunnelled{Conn: conn, all: io.MultiReader(bytes.NewReader(early), conn)}, nil
}

// A tunnelled connection goes through a proxy.
type tunnelled struct {
	net.Conn
	all io.Reader // what has been read too early, then the connection
}

func (c *tunnelled) Read(p []byte) (int, error) { return c.all.Read(p) }

// socks asks a SOCKS5 proxy for a tunnel. It looks names up by itself.
func (x *proxy) socks(ctx context.Context, run *Run, user, password, address string) (net.Conn, error) {
	var auth *socks.Auth
	if user != "" {
		auth = &socks.Auth{User: user, Password: password}
	}
	dialer, err := socks.SOCKS5("tcp", x.address, auth, dialing(run.dial))
	if err != nil {
		return nil, err
	}
	return dialer.(socks.ContextDialer).DialContext(ctx, "tcp", address)
}

// dialing makes a dialer of a function.
type dialing func(ctx context.Context, network, address string) (net.Conn, error)

func (d dialing) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return d(ctx, network, address)
}

func (d dialing) Dial(network, address string) (net.Conn, error) {
	return d(context.Background(), network, address)
}

// explainProxy says why there is no way through. None of it accuses the
// target, though a proxy may well mean it.
func explainProxy(e *proxyError, run *Run) string {
	reason := ""
	if f, ok := explainDNS(e.err); ok {
		reason = f.reason
	} else if own, ok := ownNetwork(e.err); ok {
		reason = own
	} else if f, ok := explainTLS(e.err, run.instant()); ok {
		reason = f.reason
	} else {
		reason = strings.TrimPrefix(explainSocket(e.err), "no usable answer: ")
	}
	return "our proxy gives no way through: " + reason
}
