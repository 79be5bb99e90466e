package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"bongsu/notifier/guard"
)

// inside are addresses that lead somewhere inside, or nowhere.
var inside = strings.Fields(`
	0.0.0.0 0.1.2.3 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255
	127.0.0.0 127.0.0.1 127.1.2.3 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255
	172.16.0.0 172.17.0.1 172.31.255.255 192.0.0.0 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.255 192.31.196.1 192.52.193.1
	192.88.99.0 192.88.99.1 192.168.0.0 192.168.1.1 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.1
	203.0.113.0 203.0.113.255 224.0.0.1 239.255.255.255 240.0.0.0 250.1.1.1 255.255.255.254 255.255.255.255
	:: ::1 ::2 ::ffff ::a00:1 ::127.0.0.1 ::8.8.8.8 100:: 100::1 100:0:0:1:: 64:ff9b:1::1 64:ff9b:1::808:808
	1:: 400::1 800::1 1000::1 1fff:ffff:: 2001:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:1::1 2001:2::1 2001:3::1
	2001:4:112::1 2001:10::1 2001:20::1 2001:2f:ffff::1 2001:30::1 2001:1ff:ffff::1 2001:db8:: 2001:db8::1 2001:db8:ffff:ffff::
	2002:: 2002:a00:1:: 2002:7f00:1::1 2002:808:808::1 2002:c0a8:101:: 2002:ffff:ffff:ffff:: 2620:4f:8000::1 3fff:: 3fff:1::1 3fff:fff:ffff::
	4000::1 5f00::1 5f00:ffff:: 6000::1 8000::1 a000::1 c000::1 e000::1 f000::1 f800::1 fc00:: fc00::1 fd00::1 fd00:ec2::254 fd20:ce::254 fdff:ffff::
	fe00::1 fe80:: fe80::1 fe80::1%eth0 febf:ffff:: fec0::1 feff::1 ff00:: ff01::1 ff02::1 ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
	2606:4700::5efe:a00:1 2606:4700::200:5efe:7f00:1 2606:4700:4700::1111%eth0`)

// outside are addresses of the public Internet, at the edges of what is not.
var outside = strings.Fields(`
	1.0.0.0 1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
	169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.31.195.255 192.88.98.255 192.88.100.0
	192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 211.249.220.24 223.255.255.255
	2000:: 2001:200::1 2001:220::1 2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2400:cb00::1 2606:4700:4700::1111 2620:4f:7fff::1 2a00:1450:4001::1
	3ffe:ffff::1 3fff:1000::1`)

func TestGlobal(t *testing.T) {
	count := 0
	for _, a := range every(inside) {
		if count++; guard.Global(a) {
			t.Errorf("%s counts as of the whole Internet", a)
		}
	}
	for _, a := range every(outside) {
		if count++; !guard.Global(a) {
			t.Errorf("%s counts as inside", a)
		}
	}
	if count < 300 {
		t.Errorf("only %d addresses were tried", count)
	}
	if guard.Global(netip.Addr{}) {
		t.Error("no address counts as one")
	}
}

// every adds to IPv4 addresses the ways to write them as IPv6 addresses that
// lead to the same place.
func every(texts []string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		a := netip.MustParseAddr(text)
		if all = append(all, a); a.Is4() {
			b := a.As4()
			mapped := [16]byte{10: 0xff, 11: 0xff}
			copy(mapped[12:], b[:])
			translated := [16]byte{0, 0x64, 0xff, 0x9b}
			copy(translated[12:], b[:])
			all = append(all, netip.AddrFrom16(mapped), netip.AddrFrom16(translated))
		}
	}
	return all
}

// What leads inside in IPv4 leads there in every form that holds it.
func FuzzGlobal(f *testing.F) {
	for _, a := range append(inside, outside...) {
		f.Add(netip.MustParseAddr(a).WithZone("").AsSlice())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		if ip.Is4() {
			for _, form := range every([]string{ip.String()}) {
				if guard.Global(form) != guard.Global(ip) {
					t.Errorf("%s and %s are judged differently", ip, form)
				}
			}
		}
		u := ip.Unmap()
		if guard.Global(ip) && (u.IsPrivate() || u.IsLoopback() || u.IsMulticast() || u.IsLinkLocalUnicast() || u.IsUnspecified() || !u.IsGlobalUnicast()) {
			t.Errorf("%s counts as of the whole Internet", ip)
		}
	})
}

// addresses are forms of address with what is wrong about them, or nothing.
var addresses = map[string]string{
	"https://hooks.example/in?a=b": "", "http://hooks.example": "", "https://hooks.example:443/": "", "http://hooks.example:80": "",
	"https://8.8.8.8/": "", "https://[2606:4700:4700::1111]/": "", "http://localhost/": "", // names are judged when they are known
	"": "no address", "hooks.example": "no address", "//hooks.example/": "neither", "/in": "no address", "https://": "no address", "https:///x": "no address",
	"https://hooks.example/\n": "no address", "https://hooks.example/ x": "no address", "https://hooks .example/": "no address", "https://[::1": "no address",
	"ftp://hooks.example/": "neither", "file:///etc/passwd": "no address", "gopher://hooks.example:70/": "neither", "javascript:alert(1)": "no address",
	"https://u:p@hooks.example/": "password", "https://u@hooks.example/": "password", "https://hooks.example@127.0.0.1/": "password",
	"https://hooks.example:8443/": "port", "http://hooks.example:22": "port", "http://hooks.example:0": "port",
	"http://127.0.0.1/": "inside", "http://10.1.2.3/": "inside", "http://169.254.169.254/latest/meta-data": "inside", "http://[::1]/": "inside",
	"http://[::ffff:127.0.0.1]/": "inside", "http://[64:ff9b::7f00:1]/": "inside", "http://[fe80::1%25lo]/": "inside", "http://0.0.0.0/": "inside",
	"https://hooks.example/" + strings.Repeat("x", guard.MaxAddress): "longer",
}

func TestParse(t *testing.T) {
	for address, want := range addresses {
		u, err := guard.Parse(address)
		switch {
		case want == "" && (err != nil || u == nil):
			t.Errorf("%.60q: %v", address, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%.60q: %v, want %q", address, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for address := range addresses {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		u, err := guard.Parse(address)
		if err != nil {
			return
		}
		if u.User != nil || u.Scheme != "http" && u.Scheme != "https" || u.Port() != "" && u.Port() != "80" && u.Port() != "443" {
			t.Errorf("%q passes", address)
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !guard.Global(ip) {
			t.Errorf("%q passes", address)
		}
	})
}

// names is a name server on this machine whose answers a test chooses.
func names(t *testing.T, answer func(name string, question uint16) []string) *net.Resolver {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: socket, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		kind := "A"
		if q.Question[0].Qtype == dns.TypeAAAA {
			kind = "AAAA"
		}
		for _, ip := range answer(q.Question[0].Name, q.Question[0].Qtype) {
			rr, err := dns.NewRR(fmt.Sprintf("%s 0 IN %s %s", q.Question[0].Name, kind, ip))
			if err == nil && rr != nil {
				m.Answer = append(m.Answer, rr)
			}
		}
		w.WriteMsg(m)
	})}
	go server.ActivateAndServe()
	t.Cleanup(func() { server.Shutdown() })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// got is an answer, read whole.
type got struct {
	status int
	body   string
}

func get(t *testing.T, c *http.Client, address string) (got, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		return got{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return got{answer.StatusCode, string(body)}, err
}

// A name that resolves to a public address when it is looked at, and to this
// machine when it is dialled: whoever checks first and connects later is caught.
func TestRebinding(t *testing.T) {
	var asked atomic.Int32
	resolver := names(t, func(_ string, question uint16) []string {
		switch {
		case question != dns.TypeA:
			return nil
		case asked.Add(1) == 1:
			return []string{"8.8.8.8"}
		}
		return []string{"127.0.0.1"}
	})
	first, err := resolver.LookupHost(t.Context(), "hooks.example")
	if err != nil || len(first) != 1 || first[0] != "8.8.8.8" {
		t.Fatalf("the first look: %v, %v", first, err)
	}
	if _, err := guard.Parse("http://hooks.example/"); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, guard.NewClient(guard.Options{Resolver: resolver}), "http://hooks.example/"); !errors.Is(err, guard.ErrRefused) {
		t.Errorf("the second: %v", err)
	}
	if asked.Load() < 2 {
		t.Error("the name was not looked up again")
	}
}

func TestNamesThatLeadInside(t *testing.T) {
	for _, to := range inside {
		resolver := names(t, func(_ string, question uint16) []string {
			if (question == dns.TypeAAAA) != strings.Contains(to, ":") {
				return nil
			}
			return []string{to}
		})
		if strings.Contains(to, "%") {
			continue // no record holds a zone
		}
		_, err := get(t, guard.NewClient(guard.Options{Resolver: resolver}), "https://hooks.example/")
		if !errors.Is(err, guard.ErrRefused) {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// The unusual ways to write an address: some resolvers take them for this
// machine.
func TestOddWaysToSayHere(t *testing.T) {
	for _, host := range []string{
		"localhost", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001", "127.0.0.1.", "0", "0.0.0.0",
		"[::]", "[::1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[64:ff9b::127.0.0.1]", "[fe80::1%25lo]",
		"①②⑦.⓪.⓪.①", "127。0。0。1",
	} {
		for _, scheme := range []string{"http", "https"} {
			answer, err := get(t, guard.NewClient(guard.Options{}), scheme+"://"+host+"/")
			if err == nil {
				t.Errorf("%s://%s answers %d", scheme, host, answer.status)
			} else if errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s://%s was dialled: %v", scheme, host, err)
			}
		}
	}
}

func here(p netip.AddrPort) bool { return p.Addr().Unmap().IsLoopback() }

func TestARedirectIsNotFollowed(t *testing.T) {
	reached := false
	within := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer within.Close()
	front := httptest.NewServer(http.RedirectHandler(within.URL, http.StatusTemporaryRedirect))
	defer front.Close()
	answer, err := get(t, guard.NewClient(guard.Options{Allow: here}), front.URL)
	if err != nil || answer.status != http.StatusTemporaryRedirect || reached {
		t.Errorf("answer %v, error %v, reached %t", answer, err, reached)
	}
}

func TestPortsOtherThanThoseOfHTTP(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	if _, err := get(t, guard.NewClient(guard.Options{}), s.URL); !errors.Is(err, guard.ErrRefused) {
		t.Errorf("got %v", err)
	}
	asked := netip.AddrPort{}
	_, err := get(t, guard.NewClient(guard.Options{Allow: func(p netip.AddrPort) bool { asked = p; return false }}), s.URL)
	if !errors.Is(err, guard.ErrRefused) || asked.String() != s.Listener.Addr().String() {
		t.Errorf("asked for %s: %v", asked, err)
	}
}

func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	reached := false
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	resolver := names(t, func(string, uint16) []string { return []string{"10.0.0.1"} })
	if _, err := get(t, guard.NewClient(guard.Options{Resolver: resolver}), "http://hooks.example/"); err == nil || reached {
		t.Errorf("reached %t, error %v", reached, err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", strings.Repeat("x", len(r.URL.Query().Get("header"))*40_000))
		io.WriteString(w, strings.Repeat("x", 1000))
	}))
	defer s.Close()
	for most, want := range map[int64]error{999: guard.ErrTooLong, 1000: nil, 1: guard.ErrTooLong, 0: nil} {
		answer, err := get(t, guard.NewClient(guard.Options{Allow: here, MaxAnswer: most}), s.URL)
		if read := len(answer.body); !errors.Is(err, want) || want == nil && read != 1000 || want != nil && int64(read) > most {
			t.Errorf("at most %d: read %d, %v", most, read, err)
		}
	}
	if _, err := get(t, guard.NewClient(guard.Options{Allow: here}), s.URL+"?header=x"); err == nil {
		t.Error("an endless header was read")
	}
}

func TestAServerThatSaysNothing(t *testing.T) {
	silent := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silent }))
	defer s.Close()
	defer close(silent)
	begun := time.Now()
	_, err := get(t, guard.NewClient(guard.Options{Allow: here, Timeout: 50 * time.Millisecond}), s.URL)
	if err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}
