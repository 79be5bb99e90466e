package probes_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"

	"bongsu/probes"
)

// nameServing answers on a port of its own, by UDP and by TCP.
func nameServing(t testing.TB, answer dns.HandlerFunc) string {
	t.Helper()
	packets, streams := bothPorts(t)
	done := make(chan error, 2)
	servers := []*dns.Server{{PacketConn: packets, Handler: answer}, {Listener: streams, Handler: answer}}
	for _, server := range servers {
		ready := make(chan struct{})
		server.NotifyStartedFunc = func() { close(ready) }
		go func() { done <- server.ActivateAndServe() }()
		<-ready
	}
	t.Cleanup(func() {
		for _, server := range servers {
			server.Shutdown()
			<-done
		}
	})
	return packets.LocalAddr().String()
}

// bothPorts listens on a port that is free for UDP and for TCP.
func bothPorts(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 100 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams
		}
		packets.Close()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

// zone serves records; other names do not exist.
func zone(t testing.TB, records ...string) string {
	var all []dns.RR
	for _, r := range records {
		rr, err := dns.NewRR(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rr)
	}
	return nameServing(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.RecursionAvailable = true
		known := false
		for _, rr := range all {
			known = known || strings.EqualFold(rr.Header().Name, q.Question[0].Name)
			if strings.EqualFold(rr.Header().Name, q.Question[0].Name) && (rr.Header().Rrtype == q.Question[0].Qtype || rr.Header().Rrtype == dns.TypeCNAME) {
				m.Answer = append(m.Answer, rr)
			}
		}
		if !known {
			m.Rcode = dns.RcodeNameError
		}
		if _, udp := w.LocalAddr().(*net.UDPAddr); udp {
			m.Truncate(1232)
		}
		w.WriteMsg(m)
	})
}

// question is a step that asks a server.
func question(server, more string) string {
	return "[{dns: chat.example, resolver: \"" + server + "\"" + more + "}]"
}

func asking(more string, records ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string { return question(zone(t, records...), more) }
}

func coded(rcode int, more string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string {
		return question(nameServing(t, func(w dns.ResponseWriter, q *dns.Msg) { w.WriteMsg(new(dns.Msg).SetRcode(q, rcode)) }), more)
	}
}

// many is more records than a datagram holds.
func many() []string {
	var all []string
	for i := range 200 {
		all = append(all, fmt.Sprintf("chat.example. 60 IN A 192.0.2.%d", i))
	}
	return all
}

// ownServers makes the machine ask these servers.
func ownServers(addresses ...func(*testing.T) string) func(*testing.T, *authority, *probes.Check) {
	return func(t *testing.T, _ *authority, check *probes.Check) {
		var servers []string
		for _, a := range addresses {
			servers = append(servers, a(t))
		}
		probes.SetNameServers(check, servers...)
	}
}

func deaf(t *testing.T) string {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server.LocalAddr().String()
}

func answeringOne(t *testing.T) string { return zone(t, "chat.example. 60 IN A 192.0.2.1") }

func nobodyThere(t *testing.T) string { return closedPort(t) }

var dnsFaults = []faultCase{
	{name: "it answers", kind: "dns", want: probes.OK, step: asking(", expect: [\"'192.0.2.1' in answers\", rcode == 'NOERROR', ttl == 60, ms < 4000]", "chat.example. 60 IN A 192.0.2.1", "chat.example. 90 IN A 192.0.2.2")},
	{name: "an alias on the way", kind: "dns", want: probes.OK, step: asking(", expect: [\"answers == ['192.0.2.1']\"]", "chat.example. 60 IN CNAME edge.example.", "chat.example. 60 IN A 192.0.2.1")},
	{name: "more than a datagram holds", kind: "dns", want: probes.OK, step: asking(", expect: [\"len(answers) == 200\"]", many()...)},
	{name: "another address", kind: "dns", want: probes.Wrong, reason: "but answers is [198.51.100.7]", step: asking(", expect: [\"'192.0.2.1' in answers\"]", "chat.example. 60 IN A 198.51.100.7")},
	{name: "no such name", kind: "dns", want: probes.Failed, reason: "the name chat.example does not exist", step: asking("", "other.example. 60 IN A 192.0.2.1")},
	{name: "a name that must not exist", kind: "dns", want: probes.OK, step: asking(", expect: [\"rcode == 'NXDOMAIN'\"]")},
	{name: "no such record", kind: "dns", want: probes.Wrong, reason: "has no AAAA record", step: asking(", type: AAAA", "chat.example. 60 IN A 192.0.2.1")},
	{name: "a record that must not be", kind: "dns", want: probes.OK, step: asking(", type: AAAA, expect: [\"len(answers) == 0\"]", "chat.example. 60 IN A 192.0.2.1")},
	{name: "its servers fail", kind: "dns", want: probes.Failed, reason: "its name servers fail", step: coded(dns.RcodeServerFailure, "")},
	{name: "it refuses us", kind: "dns", want: probes.Inconclusive, reason: "refuses to answer us (REFUSED)", step: coded(dns.RcodeRefused, "")},
	{name: "a refusal that is asked for", kind: "dns", want: probes.OK, step: coded(dns.RcodeRefused, ", expect: [\"rcode == 'REFUSED'\"]")},
	{name: "it does not understand", kind: "dns", want: probes.Wrong, reason: "it answers FORMERR", step: coded(dns.RcodeFormatError, "")},
	{name: "it is late", kind: "dns", want: probes.Slow, reason: "slow: ", step: asking(", slow: 1ns", "chat.example. 60 IN A 192.0.2.1")},
	{name: "nobody listens", kind: "dns", want: probes.Failed, reason: "connection refused", step: func(t *testing.T, _ *authority) string { return question(closedPort(t), "") }},
	{name: "it hangs", kind: "dns", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "no answer within 100ms", step: func(t *testing.T, _ *authority) string { return question(deaf(t), "") }},
	{name: "it answers other questions only", kind: "dns", timeout: 100 * time.Millisecond, want: probes.Failed, reason: "no answer within 100ms", step: func(t *testing.T, _ *authority) string {
		return question(nameServing(t, func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg).SetReply(q)
			m.Id++
			w.WriteMsg(m)
			m.Id--
			m.Question[0].Name = "forged.example."
			w.WriteMsg(m)
		}), "")
	}},
	{name: "it answers with noise", kind: "dns", want: probes.Failed, reason: "no usable answer", step: func(t *testing.T, _ *authority) string {
		return question(nameServing(t, func(w dns.ResponseWriter, _ *dns.Msg) { w.Write([]byte("220 mail.example ready\r\n")) }), "")
	}},
	{name: "our own resolver answers", kind: "dns", want: probes.OK, step: fixed("[{dns: chat.example}]"), with: ownServers(answeringOne)},
	{name: "our second resolver answers", kind: "dns", want: probes.OK, step: fixed("[{dns: chat.example}]"), with: ownServers(nobodyThere, answeringOne)},
	{name: "our first resolver is silent", kind: "dns", timeout: time.Second, want: probes.OK, step: fixed("[{dns: chat.example}]"), with: ownServers(deaf, answeringOne)},
	{name: "our own resolver is silent", kind: "dns", timeout: 100 * time.Millisecond, want: probes.Inconclusive, reason: "the resolver did not answer within 100ms", step: fixed("[{dns: chat.example}]"), with: ownServers(deaf)},
	{name: "our own resolver is dead", kind: "dns", want: probes.Inconclusive, reason: "our resolvers can not be asked: connection refused", step: fixed("[{dns: chat.example}]"), with: ownServers(nobodyThere)},
	{name: "we have no resolver", kind: "dns", want: probes.Inconclusive, reason: "this machine names no resolvers", step: fixed("[{dns: chat.example}]"), with: ownServers()},
}

// What expectations see of each kind of record.
func TestRecords(t *testing.T) {
	for kind, c := range map[string]struct{ record, want string }{
		"A":     {"192.0.2.1", "192.0.2.1"},
		"AAAA":  {"2001:DB8::1", "2001:db8::1"},
		"CNAME": {"Edge.Example.", "edge.example"},
		"MX":    {"10 Mail.Example.", "10 mail.example"},
		"TXT":   {`"v=spf1 " "-all"`, "v=spf1 -all"},
		"NS":    {"ns1.example.", "ns1.example"},
		"SOA":   {"ns1.example. host.example. 7 1 2 3 4", "ns1.example host.example 7 1 2 3 4"},
		"CAA":   {`0 issue "ca.example"`, `0 issue "ca.example"`},
		"SRV":   {"1 2 5060 sip.example.", "1 2 5060 sip.example"},
	} {
		server := zone(t, "chat.example. 60 IN "+kind+" "+c.record)
		step := probes.Kinds()[slotOf("dns")].New("Chat.example.").(*probes.DNS)
		step.Type, step.Resolver, step.Expect = kind, server, []string{fmt.Sprintf("answers[0] == %q", c.want)}
		result := (&probes.Check{Steps: []probes.Step{step}}).Probe(t.Context(), time.Now())
		if result.Outcome != probes.OK {
			t.Errorf("%s: %s", kind, result.Reason)
		}
	}
}

func slotOf(key string) int {
	for i, k := range probes.Kinds() {
		if k.Key == key {
			return i
		}
	}
	return -1
}

func TestNamesToAsk(t *testing.T) {
	for target, want := range map[string]string{
		"portal.example":           "portal.example",
		"Portal.Example.":          "portal.example",
		"상황판.example":              "xn--hg4bw84apnc.example",
		"_sip._tcp.portal.example": "_sip._tcp.portal.example",
		"192.0.2.1":                "",
		"https://portal":           "",
		"a b":                      "",
		"":                         "",
	} {
		step := probes.Kinds()[slotOf("dns")].New(target)
		host := step.(probes.Hoster).Host()
		if problems := step.Problems(); (len(problems) > 0) != (want == "") || want != "" && host != want {
			t.Errorf("%q: host %q, problems %v", target, host, problems)
		}
	}
}

// Whatever a name server sends, it is an outcome with bounded evidence.
func FuzzDNS(f *testing.F) {
	reply := new(dns.Msg).SetQuestion("chat.example.", dns.TypeTXT)
	reply.Response = true
	reply.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: "chat.example.", Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{"a\"\\\x00"}}}
	packed, err := reply.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, false)
	f.Add(packed, true)
	f.Add([]byte{0, 0, 0x81, 0x80, 0, 1, 0xff, 0xff}, false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, raw []byte, truncated bool) {
		server := nameServing(t, func(w dns.ResponseWriter, q *dns.Msg) {
			out := append([]byte{}, raw...)
			if len(out) > 3 {
				out[0], out[1] = byte(q.Id>>8), byte(q.Id)
				if _, udp := w.LocalAddr().(*net.UDPAddr); udp && truncated {
					out[2] |= 0x02
				}
			}
			w.Write(out)
		})
		check := newCheck(t, question(server, ", type: TXT, expect: [\"answers[0] == nonce\", ttl > 5]"))
		check.Timeout = 300 * time.Millisecond
		checkEvidence(t, check.Probe(t.Context(), time.Now()))
	})
}

// Servers are asked in the order in which the system has them.
func TestSystemServers(t *testing.T) {
	got, err := probes.NameServersOf("testdata/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"192.0.2.53:53", "[2001:db8::53]:53", "192.0.2.54:53"}, got); diff != "" {
		t.Errorf("servers (-want +got):\n%s", diff)
	}
}
