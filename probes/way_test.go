package probes_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// secured serves with TLS set up as the test says.
func (a *authority) secured(t *testing.T, http2 bool, clients tls.ClientAuthType) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.EnableHTTP2 = http2
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{a.sign(t, "127.0.0.1", -days, days)},
		ClientAuth:   clients, ClientCAs: a.roots,
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// inPEM writes a certificate and its key.
func inPEM(t *testing.T, pair tls.Certificate) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	return cert, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

const withPair = ", cert: '${env:CERT}', key: '${file:client.key}'"

// showing gives the check a client certificate of an authority.
func showing(known bool) func(*testing.T, *authority, *probes.Check) {
	return func(t *testing.T, a *authority, check *probes.Check) {
		if !known {
			a = newAuthority(t)
		}
		cert, key := inPEM(t, a.sign(t, "probe.example", -days, days))
		check.Env = environment("CERT", cert)
		check.File = func(path string) (string, error) {
			if path != "client.key" {
				return "", os.ErrNotExist
			}
			return key, nil
		}
	}
}

// tunnelling is an HTTP proxy that lets CONNECT through to wherever the test
// says, for one user.
func tunnelling(t *testing.T, secure *authority) string {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := proxyUser(r); r.Method != http.MethodConnect || user != "probe" || password != "hunter2-hunter2" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		target, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(conn, target)
	})
	if secure != nil {
		return strings.Replace(secure.serveTLS(t, "127.0.0.1", -days, days, handler).URL, "https://", "https://probe:${env:TOKEN}@", 1)
	}
	return strings.Replace(serve(t, handler).URL, "http://", "http://probe:${env:TOKEN}@", 1)
}

func proxyUser(r *http.Request) (string, string, bool) {
	as := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
	return as.BasicAuth()
}

// join copies both ways until one side ends.
func join(a, b net.Conn) {
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(a, b); a.Close() }()
	io.Copy(b, a)
	b.Close()
	<-done
}

// socksProxy speaks as much of SOCKS5 as a client of ours needs. It answers
// requests with a code, and joins if that is 0.
func socksProxy(t *testing.T, code byte) string {
	return listen(t, func(c net.Conn) {
		methods := make([]byte, 2)
		io.ReadFull(c, methods)
		io.CopyN(io.Discard, c, int64(methods[1]))
		c.Write([]byte{5, 0})
		head := make([]byte, 4)
		if _, err := io.ReadFull(c, head); err != nil || head[3] != 1 {
			return // a name, or nothing
		}
		where := make([]byte, 6)
		io.ReadFull(c, where)
		c.Write([]byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0})
		if code != 0 {
			return
		}
		target, err := net.Dial("tcp", netip.AddrPortFrom(netip.AddrFrom4([4]byte(where[:4])), binary.BigEndian.Uint16(where[4:])).String())
		if err == nil {
			join(c, target)
		}
	})
}

func through(proxy func(*testing.T) string, target http.HandlerFunc, more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string {
		return get(serve(t, target).URL, append(more, ", proxy: '"+proxy(t)+"'")...)
	}
}

func plainTunnel(t *testing.T) string { return tunnelling(t, nil) }

func viaSocks(code byte) func(*testing.T) string {
	return func(t *testing.T) string { return "socks5://" + socksProxy(t, code) }
}

var wayFaults = []faultCase{
	{name: "by IPv4", kind: "GET", want: probes.OK, step: func(t *testing.T, _ *authority) string {
		return get(strings.Replace(serve(t, says(200, "")).URL, "127.0.0.1", "localhost", 1), ", ip: 4")
	}},
	{name: "by IPv6 where there is none", kind: "GET", want: probes.Failed, reason: "does not exist or has no IPv6 address", step: fixed(get("http://chat.example", ", ip: 6")), with: func(t *testing.T, _ *authority, check *probes.Check) {
		check.Resolver = resolverAt(zone(t, "chat.example. 60 IN A 127.0.0.1"))
	}},
	{name: "a handshake by IPv6 where there is none", kind: "tls", want: probes.Failed, reason: "has no IPv6 address", step: fixed("[{tls: \"chat.example:443\", ip: 6}]"), with: func(t *testing.T, _ *authority, check *probes.Check) {
		check.Resolver = resolverAt(zone(t, "chat.example. 60 IN A 127.0.0.1"))
	}},

	{name: "HTTP/2", kind: "GET", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, true, tls.NoClientCert), ", http2: true, expect: [\"body == 'HTTP/2.0'\"]")
	}},
	{name: "HTTP/1.1 unless asked", kind: "GET", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, true, tls.NoClientCert), ", expect: [\"body == 'HTTP/1.1'\"]")
	}},
	{name: "it does not speak HTTP/2", kind: "GET", want: probes.Failed, reason: "does not speak HTTP/2", step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.NoClientCert), ", http2: true")
	}},
	{name: "it has never heard of HTTP/2", kind: "GET", want: probes.Failed, reason: "does not speak HTTP/2", step: func(t *testing.T, a *authority) string {
		pair := a.sign(t, "127.0.0.1", -days, days)
		return get("https://"+listen(t, func(c net.Conn) {
			secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
			readRequest(secure)
			io.WriteString(secure, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}), ", http2: true")
	}},

	{name: "our certificate is good", kind: "GET", want: probes.OK, with: showing(true), step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.RequireAndVerifyClientCert), withPair)
	}},
	{name: "our certificate is good by HTTP/2", kind: "GET", want: probes.OK, with: showing(true), step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, true, tls.RequireAndVerifyClientCert), withPair, ", http2: true")
	}},
	{name: "our certificate is unknown", kind: "GET", want: probes.Inconclusive, reason: "our client certificate is refused", with: showing(false), step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.RequireAndVerifyClientCert), withPair)
	}},
	{name: "it asks for a certificate", kind: "GET", want: probes.Inconclusive, reason: "it asks for a client certificate", step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.RequireAndVerifyClientCert))
	}},
	{name: "our certificate is none", kind: "GET", want: probes.Inconclusive, reason: "our client certificate can not be used", step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.NoClientCert), ", cert: '${env:TOKEN}', key: '${env:TOKEN}'")
	}},
	{name: "our key is missing", kind: "GET", want: probes.Inconclusive, reason: "credential file:client.key can not be read: file does not exist", step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, false, tls.NoClientCert), ", cert: '${env:TOKEN}', key: '${file:client.key}'")
	}, with: func(_ *testing.T, _ *authority, check *probes.Check) {
		check.File = func(string) (string, error) { return "", os.ErrNotExist }
	}},

	{name: "through a proxy", kind: "GET", want: probes.OK, step: through(plainTunnel, says(200, "fine"), ", expect: [\"body == 'fine'\"]")},
	{name: "through a proxy to TLS", kind: "GET", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return get(a.secured(t, true, tls.NoClientCert), ", http2: true, proxy: '"+tunnelling(t, nil)+"'")
	}},
	{name: "through a proxy with TLS", kind: "GET", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return get(serve(t, says(200, "fine")).URL, ", proxy: '"+tunnelling(t, a)+"'")
	}},
	{name: "through a SOCKS proxy", kind: "GET", want: probes.OK, step: through(viaSocks(0), says(200, "fine"))},
	{name: "a socket through a proxy", kind: "ws", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return opening(socket(sends("ready")), anyMessage, ", proxy: '"+tunnelling(t, nil)+"'")(t, a)
	}},
	{name: "health through a proxy", kind: "grpc", want: probes.OK, step: func(t *testing.T, a *authority) string {
		return healthOf(state(1), ", proxy: '"+tunnelling(t, nil)+"'")(t, a)
	}},
	{name: "what fails behind a proxy", kind: "GET", want: probes.Failed, reason: "status 503", step: through(plainTunnel, says(503, ""))},
	{name: "the proxy refuses our password", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through: it refuses with status 407", step: through(plainTunnel, says(200, "")), with: func(_ *testing.T, _ *authority, check *probes.Check) {
		check.Env = environment("TOKEN", "wrong-password")
	}},
	{name: "the proxy finds no way", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through: it refuses with status 502", step: func(t *testing.T, _ *authority) string {
		return get("http://"+closedPort(t), ", proxy: '"+tunnelling(t, nil)+"'")
	}},
	{name: "the SOCKS proxy finds no way", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through", step: through(viaSocks(5), says(200, ""))},
	{name: "the proxy is dead", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through: connection refused", step: through(func(t *testing.T) string { return "http://" + closedPort(t) }, says(200, ""))},
	{name: "the SOCKS proxy is dead", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through: connection refused", step: through(func(t *testing.T) string { return "socks5://" + closedPort(t) }, says(200, ""))},
	{name: "the proxy hangs", kind: "GET", timeout: 200 * time.Millisecond, want: probes.Inconclusive, reason: "our proxy gives no way through within 200ms", step: through(func(t *testing.T) string { return "http://" + hanging(t) }, says(200, ""))},
	{name: "the SOCKS proxy hangs", kind: "GET", timeout: 200 * time.Millisecond, want: probes.Inconclusive, reason: "our proxy gives no way through within 200ms", step: through(func(t *testing.T) string { return "socks5://" + hanging(t) }, says(200, ""))},
	{name: "the proxy of a socket is dead", kind: "ws", want: probes.Inconclusive, reason: "our proxy gives no way through: connection refused", step: func(t *testing.T, a *authority) string {
		return opening(socket(sends()), ", proxy: 'http://"+closedPort(t)+"'")(t, a)
	}},
	{name: "the proxy of a server is dead", kind: "grpc", want: probes.Inconclusive, reason: "our proxy gives no way through: connection refused", step: func(t *testing.T, a *authority) string {
		return healthOf(state(1), ", proxy: 'http://"+closedPort(t)+"'")(t, a)
	}},
	{name: "the proxy talks for ever", kind: "GET", want: probes.Inconclusive, reason: "our proxy gives no way through", step: through(func(t *testing.T) string {
		return "http://" + listen(t, func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", time.Now().UnixNano(), strings.Repeat("x", 1000)); err != nil {
					return
				}
			}
		})
	}, says(200, ""))},
}

// What can not be meant is said before the first look.
func TestWayProblems(t *testing.T) {
	for text, want := range map[string]string{
		get("https://chat.example", ", ip: 5"):                                          "ip: is 5; write 4, 6, or leave it out for either",
		get("https://192.0.2.1", ", ip: 6"):                                             "ip: is 6 and the target is an address of the other kind; leave it out",
		get("https://chat.example", ", cert: '${env:A}'"):                               ": has only one of cert and key; write both",
		get("https://chat.example", ", cert: abc, key: '${env:A}'"):                     "cert: is never written into the configuration; write ${env:NAME} or ${file:PATH}",
		get("http://chat.example", ", cert: '${env:A}', key: '${env:A}'"):               "cert: needs https; write an https:// address or leave it out",
		get("http://chat.example", ", http2: true"):                                     "http2: needs https; write an https:// address or leave it out",
		get("https://chat.example", ", proxy: 'ftp://proxy.example'"):                   "proxy: is no proxy's address; write one like http://proxy.example:3128 or socks5://proxy.example",
		get("https://chat.example", ", proxy: 'http://${env:HOST}:3128'"):               "proxy: is no proxy's address; write one like http://proxy.example:3128 or socks5://proxy.example",
		get("https://chat.example", ", proxy: 'http://me:password@proxy.example:3128'"): "proxy: carries a user or password; write them as ${env:NAME}",
		get("https://chat.example", ", ip: 4, proxy: 'http://proxy.example:3128'"):      "ip: is for the proxy to choose; leave it out",
		"[{ws: \"https://chat.example/\"}]":                                             "ws: is not a WebSocket's address; write one like wss://chat.example/socket",
		"[{ws: \"ws://chat.example/\", cert: '${env:A}', key: '${env:A}'}]":             "cert: needs wss; write a wss:// address or leave it out",
		"[{grpc: \"chat.example\"}]":                                                    "grpc: is not host:port; write one like chat.example:443",
		"[{grpc: \"chat.example:443\", plaintext: true, server_name: a}]":               "plaintext: goes without certificates; leave out cert, key and server_name, or it",
		"[{tcp: \"chat.example:99999\"}]":                                               "tcp: has \"99999\" for a port; write a number from 1 to 65535",
		"[{tcp: \"chat.example:25\", max_bytes: 70000}]":                                "max_bytes: is 70000; write 1 to 65536 bytes",
		"[{ping: \"chat.example:7\"}]":                                                  "ping: is not a host; write one like portal.example, without a port",
		"[{dns: chat.example, type: PTR}]":                                              "type: is \"PTR\"; write one of A, AAAA, CNAME, MX, TXT, NS, SOA, CAA, SRV",
		"[{dns: chat.example, resolver: ns.example}]":                                   "resolver: is not host:port; write one like chat.example:443",
		"[{heartbeat: backup}]":                                                         "within: is missing; write how long it may be silent, like 25h",
		get("https://chat.example", ", headers: {A: '${file:}'}"):                       "headers.A: names no file; write ${file:PATH}",
	} {
		problems := probes.Problems(steps(t, text))[0]
		if len(problems) == 0 || problems[0].Path+": "+problems[0].Text != want {
			t.Errorf("%s\ngot  %v\nwant %s", text, problems, want)
		}
	}
}

// A secret in a file is sent without its last line break and never shown.
func TestSecretFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("hunter2-hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got string
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("X-Key")
		io.WriteString(w, "your key is "+got)
	})).URL
	check := newCheck(t, get(url, ", headers: {X-Key: '${file:"+path+"}'}, expect: [\"body == 'x'\"]"))
	if r := check.Probe(t.Context(), time.Now()); r.Outcome != probes.Inconclusive || !strings.Contains(r.Reason, "is not set") {
		t.Errorf("without files: %+v", r)
	}
	check.File = func(path string) (string, error) {
		data, err := os.ReadFile(path)
		return string(data), errors.Unwrap(err)
	}
	result := check.Probe(t.Context(), time.Now())
	if got != "hunter2-hunter2" || leaked(result, "hunter2-hunter2") != "" || !strings.Contains(result.Reason, "your key is …") {
		t.Errorf("sent %q, evidence %+v", got, result)
	}
}

// A step by HTTP/2 leaves nothing behind, and meets no other on a connection.
func TestHTTP2ConnectionPerRequest(t *testing.T) {
	a := newAuthority(t)
	seen := map[string]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen[r.RemoteAddr] = true }))
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.sign(t, "127.0.0.1", -days, days)}}
	server.StartTLS()
	defer server.Close()
	check := newCheck(t, get(server.URL, ", http2: true"))
	check.Roots = a.roots
	for range 5 {
		if r := check.Probe(t.Context(), time.Now()); r.Outcome != probes.OK {
			t.Fatal(r.Reason)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d connections for 5 requests", len(seen))
	}
}
