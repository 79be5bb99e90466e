package probes_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// tcp is a step that connects to a listener which does as the test says.
func tcp(do func(net.Conn), more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string {
		return "[{tcp: \"" + listen(t, do) + "\"" + strings.Join(more, "") + "}]"
	}
}

func greets(words string) func(net.Conn) {
	return func(c net.Conn) {
		io.WriteString(c, words)
		io.Copy(io.Discard, c)
	}
}

// repeats sends back each line it gets.
func repeats(c net.Conn) {
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		io.WriteString(c, "you said "+line)
	}
	io.Copy(io.Discard, c)
}

var tcpFaults = []faultCase{
	{name: "it is open", kind: "tcp", want: probes.OK, step: tcp(greets(""))},
	{name: "it greets", kind: "tcp", want: probes.OK, step: tcp(greets("220 mail.example ready\r\n"), `, expect: ["banner startsWith '220 '", "ms < 4000"]`)},
	{name: "it repeats what we say", kind: "tcp", want: probes.OK, step: tcp(repeats, `, send: "${nonce}\n", expect: ["banner contains nonce"]`)},
	{name: "it greets in another way", kind: "tcp", timeout: 200 * time.Millisecond, want: probes.Wrong, reason: `but banner is "554 no service`, step: tcp(greets("554 no service\r\n"), `, expect: ["banner startsWith '220 '"]`)},
	{name: "it greets and hangs up", kind: "tcp", want: probes.Wrong, reason: `but banner is "554"`, step: tcp(func(c net.Conn) { io.WriteString(c, "554") }, `, expect: ["banner startsWith '220 '"]`)},
	{name: "it says nothing", kind: "tcp", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "connected, but no answer within 100ms", step: tcp(greets(""), `, expect: ["banner != ''"]`)},
	{name: "it hangs up without a word", kind: "tcp", want: probes.Failed, reason: "closed the connection without a word", step: tcp(func(net.Conn) {}, `, expect: ["banner != ''"]`)},
	{name: "it resets", kind: "tcp", want: probes.Failed, reason: "connection reset", step: tcp(func(c net.Conn) {
		bufio.NewReader(c).ReadString('\n')
		c.(*net.TCPConn).SetLinger(0)
	}, `, send: "x\n", expect: ["banner != ''"]`)},
	{name: "nobody listens", kind: "tcp", want: probes.Failed, reason: "connection refused", step: func(t *testing.T, _ *authority) string { return "[{tcp: \"" + closedPort(t) + "\"}]" }},
	{name: "it is late", kind: "tcp", want: probes.Slow, reason: "slow: ", step: tcp(greets(""), ", slow: 1ns")},
	{name: "it is late by an expectation", kind: "tcp", want: probes.Slow, reason: "slow: expected ms < 0", step: tcp(greets(""), ", expect: [\"ms < 0\"]")},
	{name: "it never ends", kind: "tcp", want: probes.Wrong, reason: "expected banner contains", step: tcp(func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, strings.Repeat("x", 1<<10)); err != nil {
				return
			}
		}
	}, `, expect: ["banner contains 'end'"]`)},
	{name: "no credential at hand", kind: "tcp", want: probes.Inconclusive, reason: "credential NOTHING is not set", step: tcp(greets(""), `, send: "${env:NOTHING}"`)},
	{name: "no address of the kind", kind: "tcp", want: probes.Failed, reason: "does not exist or has no IPv6 address", step: fixed("[{tcp: \"localhost.example:25\", ip: 6}]"), with: func(t *testing.T, _ *authority, check *probes.Check) {
		check.Resolver = resolverAt(zone(t, "localhost.example. 60 IN A 127.0.0.1"))
	}},
}
