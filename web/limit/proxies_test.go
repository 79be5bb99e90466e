package limit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"bongsu/web/limit"
)

func TestTheVisitorIsWhoTheTrustedProxiesSay(t *testing.T) {
	proxies, err := limit.ParseProxies([]string{"10.0.0.0/8", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, remote, forwarded, want string }{
		{"no proxy, so a forged header changes nothing", "198.51.100.1:99", "203.0.113.9", "198.51.100.1"},
		{"one proxy", "10.1.2.3:99", "203.0.113.9", "203.0.113.9"},
		{"what the visitor wrote before the proxies", "10.1.2.3:99", "1.1.1.1, 203.0.113.9, 192.0.2.7", "203.0.113.9"},
		{"a proxy that says nothing", "10.1.2.3:99", "", "10.1.2.3"},
		{"a proxy that writes no address", "10.1.2.3:99", "203.0.113.9, unknown", "10.1.2.3"},
		{"IPv4 in IPv6", "[::ffff:10.1.2.3]:99", "2001:db8::1", "2001:db8::1"},
		{"only proxies", "10.1.2.3:99", "10.9.9.9", "10.9.9.9"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := proxies.Visitor(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := limit.ParseProxies([]string{"proxy"}); err == nil {
		t.Error("a name is taken for a network")
	}
}
