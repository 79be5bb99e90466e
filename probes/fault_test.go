package probes_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// A target in a way of failing, and what a look at it comes to.
type faultCase struct {
	name    string
	kind    string // the key of the kind
	step    func(t *testing.T, a *authority) string
	with    func(t *testing.T, _ *authority, check *probes.Check) // what else the check has
	timeout time.Duration
	want    probes.Outcome
	reason  string // a part of it
}

func get(url string, more ...string) string {
	return "[{GET: \"" + url + "\"" + strings.Join(more, "") + "}]"
}

func fixed(text string) func(*testing.T, *authority) string {
	return func(*testing.T, *authority) string { return text }
}

func answering(handler http.HandlerFunc, more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string { return get(serve(t, handler).URL, more...) }
}

func hanging(t *testing.T) string {
	stop := make(chan struct{})
	addr := listen(t, func(net.Conn) { <-stop })
	t.Cleanup(func() { close(stop) })
	return addr
}

func withCert(host string, from, until time.Duration) func(*testing.T, *authority) string {
	return func(t *testing.T, a *authority) string {
		return get(a.serveTLS(t, host, from, until, says(200, "fine")).URL)
	}
}

func handshake(host string, from, until time.Duration, more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, a *authority) string {
		addr := a.serveTLS(t, host, from, until, says(200, "fine")).Listener.Addr().String()
		return "[{tls: \"" + addr + "\"" + strings.Join(more, "") + "}]"
	}
}

// Every way in which a target or we ourselves can fail. Each kind has at least
// one entry here.
var faultCases = []faultCase{
	{name: "all is well", kind: "GET", step: answering(says(200, "fine")), want: probes.OK},
	{
		name: "nobody listens", kind: "GET", want: probes.Failed, reason: "connection refused",
		step: func(t *testing.T, _ *authority) string { return get("http://" + closedPort(t)) },
	},
	{
		name: "it hangs up at once", kind: "POST", want: probes.Failed, reason: "connection closed in the middle",
		step: func(t *testing.T, _ *authority) string {
			return "[{POST: \"http://" + listen(t, readRequest) + "\", body: x}]"
		},
	},
	{
		name: "it resets", kind: "PUT", want: probes.Failed, reason: "connection reset",
		step: func(t *testing.T, _ *authority) string {
			addr := listen(t, func(c net.Conn) { readRequest(c); c.(*net.TCPConn).SetLinger(0) })
			return "[{PUT: \"http://" + addr + "\", body: x}]"
		},
	},
	{
		name: "it dies in the middle of the body", kind: "GET", want: probes.Failed, reason: "in the middle of the answer",
		step: func(t *testing.T, _ *authority) string {
			return get("http://" + listen(t, func(c net.Conn) {
				readRequest(c)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
			}))
		},
	},
	{
		name: "it hangs", kind: "HEAD", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "connected, but no answer within 100ms",
		step: func(t *testing.T, _ *authority) string { return "[{HEAD: \"http://" + hanging(t) + "\"}]" },
	},
	{
		name: "it hangs in the handshake", kind: "tls", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "no TLS handshake within 100ms",
		step: func(t *testing.T, _ *authority) string { return "[{tls: \"" + hanging(t) + "\"}]" },
	},
	{
		name: "it trickles", kind: "GET", timeout: 200 * time.Millisecond, want: probes.Failed, reason: "no complete answer within 200ms",
		step: answering(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}),
	},
	{
		name: "it does not speak HTTP", kind: "GET", want: probes.Failed, reason: "malformed HTTP",
		step: func(t *testing.T, _ *authority) string {
			return get("http://" + listen(t, func(c net.Conn) { readRequest(c); io.WriteString(c, "220 mail.example ready\r\n") }))
		},
	},
	{name: "no way there", kind: "GET", want: probes.Inconclusive, reason: "our network", step: fixed(get("http://255.255.255.255:9"))},

	{name: "the certificate is good", kind: "tls", want: probes.OK, step: handshake("127.0.0.1", -days, 30*days, ", expect: [cert.days == 29, cert.issuer == 'Test Authority', version == 1.3]")},
	{name: "the certificate has expired", kind: "tls", want: probes.Failed, reason: "certificate expired 3 days ago", step: handshake("127.0.0.1", -30*days, -3*days-time.Hour)},
	{name: "the certificate ends soon", kind: "tls", want: probes.Wrong, reason: "expected cert.days > 14, but cert.days is 4", step: handshake("127.0.0.1", -30*days, 5*days-time.Hour, ", expect: [cert.days > 14]")},
	{name: "the handshake is late", kind: "tls", want: probes.Slow, reason: "slow: expected ms < 0, but ms is", step: handshake("127.0.0.1", -days, days, ", expect: [ms < 0]")},
	{name: "the certificate is for another", kind: "tls", want: probes.Failed, reason: "the certificate is for other.example, not for chat.example", step: handshake("other.example", -days, days, ", server_name: chat.example")},
	{name: "an https page with an expired certificate", kind: "GET", want: probes.Failed, reason: "certificate expired 1 day ago", step: withCert("127.0.0.1", -30*days, -25*time.Hour)},
	{name: "an https page with a certificate of tomorrow", kind: "GET", want: probes.Failed, reason: "certificate not valid before", step: withCert("127.0.0.1", days, 2*days)},
	{name: "an https page with a certificate of another", kind: "GET", want: probes.Failed, reason: "not for 127.0.0.1", step: withCert("other.example", -days, days)},
	{
		name: "plain HTTP where TLS should be", kind: "GET", want: probes.Failed, reason: "HTTP response to HTTPS client",
		step: func(t *testing.T, _ *authority) string {
			return get(strings.Replace(serve(t, says(200, "")).URL, "http:", "https:", 1))
		},
	},

	{name: "it says it can not", kind: "GET", want: probes.Failed, reason: "status 503", step: answering(says(503, "maintenance"))},
	{name: "it says it can not, where 200 is asked for", kind: "GET", want: probes.Failed, reason: "status 500", step: answering(says(500, "oops"), ", expect: [status == 200]")},
	{name: "a 503 that is asked for", kind: "PATCH", want: probes.OK, step: func(t *testing.T, _ *authority) string {
		return "[{PATCH: \"" + serve(t, says(503, "")).URL + "\", json: {a: 1}, expect: [status == 503]}]"
	}},
	{name: "the change was not made", kind: "PATCH", want: probes.Wrong, reason: "expected status == 200, but status is 202", step: func(t *testing.T, _ *authority) string {
		return "[{PATCH: \"" + serve(t, says(202, "")).URL + "\", json: {a: 1}, expect: [status == 200]}]"
	}},
	{name: "not found", kind: "DELETE", want: probes.Wrong, reason: "unexpected status 404", step: func(t *testing.T, _ *authority) string {
		return "[{DELETE: \"" + serve(t, says(404, "")).URL + "\"}]"
	}},
	{name: "200 with a wrong body", kind: "GET", want: probes.Wrong, reason: "expected json.ok == true, but json.ok is false", step: answering(says(200, `{"ok":false}`), ", expect: [json.ok == true]")},
	{name: "200 with a page instead of JSON", kind: "GET", want: probes.Wrong, reason: `the body is not JSON: "<html>maintenance`, step: answering(says(200, `<html>maintenance</html>`), ", expect: [json.ok == true]")},
	{name: "two JSON values", kind: "GET", want: probes.Wrong, reason: "not JSON alone", step: answering(says(200, `{"ok":true}{}`), ", expect: [json.ok == true]")},
	{name: "JSON of another shape", kind: "GET", want: probes.Wrong, reason: `expected json.ok == true, but the answer has another shape: "[\"ok\"]"`, step: answering(says(200, `["ok"]`), ", expect: [json.ok == true]")},
	{name: "a body beyond its bound", kind: "GET", want: probes.Wrong, reason: "longer than 10 bytes (max_body)", step: answering(says(200, `{"ok":true,"more":1}`), ", max_body: 10, expect: [json.ok == true]")},
	{name: "late by an expectation", kind: "GET", want: probes.Slow, reason: "slow: expected ms < 0, but ms is", step: answering(says(200, ""), ", expect: [status == 200, ms < 0]")},
	{name: "late by the setting", kind: "GET", want: probes.Slow, reason: "slow: ", step: answering(says(200, ""), ", slow: 1ns")},
	{name: "late and wrong is wrong", kind: "GET", want: probes.Wrong, reason: "body is", step: answering(says(200, "no"), ", expect: [ms < 0, body == 'yes']")},

	{name: "asked too often", kind: "GET", want: probes.Inconclusive, reason: "asked too often", step: answering(says(429, ""), ", expect: [status == 200]")},
	{name: "Kakao's quota is used up", kind: "GET", want: probes.Inconclusive, reason: "quota is used up", step: answering(says(400, `{"msg":"API limit has been exceeded.","code":-10}`), ", expect: [status == 200]")},
	{name: "any other 400", kind: "GET", want: probes.Wrong, reason: "expected status == 200, but status is 400", step: answering(says(400, `{"code":-2}`), ", expect: [status == 200]")},
	{name: "the credential is refused", kind: "GET", want: probes.Inconclusive, reason: "credential refused (status 401)", step: answering(says(401, `{}`), ", headers: {Authorization: 'Bearer ${env:TOKEN}'}, expect: [status == 200]")},
	{name: "refused without a credential", kind: "GET", want: probes.Wrong, reason: "status is 403", step: answering(says(403, ""), ", expect: [status == 200]")},
	{name: "a refusal that is asked for", kind: "GET", want: probes.OK, step: answering(says(401, ""), ", headers: {Authorization: '${env:TOKEN}'}, expect: [status == 401]")},
	{name: "no credential at hand", kind: "GET", want: probes.Inconclusive, reason: "credential NOTHING is not set", step: answering(says(200, ""), ", headers: {Authorization: '${env:NOTHING}'}")},
	{name: "a credential no header can carry", kind: "GET", want: probes.Inconclusive, reason: "a character that no header may have", step: answering(says(200, ""), ", headers: {Authorization: '${env:BROKEN}'}")},
	{name: "a redirect is an answer", kind: "GET", want: probes.OK, step: answering(says(302, "", "Location", "http://other.example/"), ", expect: [\"status == 302\", \"headers['location'] == 'http://other.example/'\"]")},
	{name: "a redirect away with our credential", kind: "GET", want: probes.Wrong, reason: "redirects to another host", step: answering(says(302, "", "Location", "http://other.example/"), ", follow: 1, headers: {X-Key: '${env:TOKEN}'}")},
	{name: "redirects without end", kind: "GET", want: probes.Wrong, reason: "expected status == 200, but status is 302", step: answering(says(302, "", "Location", "/"), ", follow: 3, expect: [status == 200]")},
	{name: "an expectation that would never end", kind: "GET", want: probes.Inconclusive, reason: "takes too long", step: answering(says(200, "["+strings.Repeat("1,", 99999)+"1]"), ", expect: ['all(json, all(json, all(json, # == 1)))']")},
}

// faults is every way of failing that is tried, of every kind.
func faults() []faultCase {
	return slices.Concat(faultCases, wayFaults, imageFaults, tcpFaults, dnsFaults, pingFaults, wsFaults, grpcFaults, heartbeatFaults)
}

func TestFaults(t *testing.T) {
	a := newAuthority(t)
	for _, c := range faults() {
		t.Run(c.kind+" "+c.name, func(t *testing.T) {
			t.Parallel()
			check := newCheck(t, c.step(t, a))
			check.Roots = a.roots
			check.Env = environment("TOKEN", "hunter2-hunter2", "BROKEN", "a\nb")
			if c.timeout > 0 {
				check.Timeout = c.timeout
			}
			if c.with != nil {
				c.with(t, a, check)
			}
			result := check.Probe(t.Context(), time.Now())
			if result.Outcome != c.want || !strings.Contains(result.Reason, c.reason) {
				t.Errorf("got %q %q\nwant %q %q", result.Outcome, result.Reason, c.want, c.reason)
			}
			if (result.Outcome == probes.OK) != (result.Reason == "") {
				t.Errorf("outcome %q has reason %q", result.Outcome, result.Reason)
			}
			if len(result.Steps) == 0 || result.Steps[0].Action == "" {
				t.Errorf("no evidence: %+v", result)
			}
		})
	}
}

func TestUnknownAuthority(t *testing.T) {
	trusted, other := newAuthority(t), newAuthority(t)
	check := newCheck(t, get(other.serveTLS(t, "127.0.0.1", -days, days, says(200, "")).URL))
	check.Roots = trusted.roots
	result := check.Probe(t.Context(), time.Now())
	if result.Outcome != probes.Failed || !strings.Contains(result.Reason, "unknown authority (Test Authority)") {
		t.Errorf("got %q %q", result.Outcome, result.Reason)
	}
}

// Being stopped says nothing about the target, however long it kept us waiting.
func TestStopIsInconclusive(t *testing.T) {
	for _, text := range []string{get("http://" + hanging(t)), "[{tls: \"" + hanging(t) + "\"}]"} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		result := newCheck(t, text).Probe(ctx, time.Now())
		cancel()
		if result.Outcome != probes.Inconclusive || result.Reason != "the check was stopped before it ended" {
			t.Errorf("%s: got %q %q", text, result.Outcome, result.Reason)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	for _, c := range []struct {
		header string
		want   time.Duration
	}{
		{"120", 2 * time.Minute},
		{"86400", time.Hour},
		{now.Add(10 * time.Minute).UTC().Format(http.TimeFormat), 10 * time.Minute},
		{now.Add(-10 * time.Minute).UTC().Format(http.TimeFormat), 0},
		{"99999999999999999999", 0},
		{"soon", 0},
		{"", 0},
	} {
		check := newCheck(t, get(serve(t, says(429, "", "Retry-After", c.header)).URL))
		result := check.Probe(t.Context(), now)
		if c.want == 0 && !result.Retry.IsZero() || c.want > 0 && result.Retry.Sub(now.Add(c.want)).Abs() > time.Second {
			t.Errorf("Retry-After %q: retry at %s, want %s", c.header, result.Retry, now.Add(c.want))
		}
	}
}

// Answer codes of a name server.
const (
	serverFailure = 2
	noSuchName    = 3
)

// nameServer answers every question with a code.
func nameServer(t *testing.T, code byte) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		message := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(message)
			if err != nil {
				return
			}
			message[2], message[3] = 0x81, 0x80|code // an answer, recursion done
			server.WriteTo(message[:n], from)
		}
	}()
	t.Cleanup(func() { server.Close(); <-done })
	return resolverAt(server.LocalAddr().String())
}

func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", address)
	}}
}

func silentNameServer(t *testing.T) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return resolverAt(server.LocalAddr().String())
}

// Only a resolver that has spoken says anything about the target.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name     string
		resolver *net.Resolver
		want     probes.Outcome
		reason   string
	}{
		{"the name does not exist", nameServer(t, noSuchName), probes.Failed, "the name chat.example does not exist"},
		{"its name servers fail", nameServer(t, serverFailure), probes.Failed, "its name servers fail"},
		{"our resolver is dead", resolverAt(closedPort(t)), probes.Inconclusive, "the resolver can not be reached"},
		{"our resolver is silent", silentNameServer(t), probes.Inconclusive, "the resolver did not answer within 1s"},
	} {
		for _, text := range []string{get("https://chat.example/"), "[{tls: \"chat.example:443\"}]"} {
			check := newCheck(t, text)
			check.Resolver, check.Timeout = c.resolver, time.Second
			result := check.Probe(t.Context(), time.Now())
			if result.Outcome != c.want || !strings.Contains(result.Reason, c.reason) {
				t.Errorf("%s: %s: got %q %q, want %q %q", c.name, text, result.Outcome, result.Reason, c.want, c.reason)
			}
		}
	}
}
