package limit

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word on who sends a request is believed. Nil
// believes nobody: the visitor is the other end of the connection.
type Proxies []netip.Prefix

// maxForwarded bounds how many proxies a request is followed through.
const maxForwarded = 20

// ParseProxies reads addresses and networks.
func ParseProxies(networks []string) (Proxies, error) {
	var p Proxies
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, alone := netip.ParseAddr(text)
			if alone != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network; write 192.0.2.7 or 10.0.0.0/8", text)
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		p = append(p, prefix.Masked())
	}
	return p, nil
}

// Visitor is the address that a request comes from: the last one on its way
// that is none of the proxies. It is the zero address where the other end has
// none.
func (p Proxies) Visitor(r *http.Request) netip.Addr {
	from := address(r.RemoteAddr)
	if !p.trusts(from) {
		return from
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := range min(len(hops), maxForwarded) {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1-i]))
		if err != nil {
			return from // the proxy before wrote no address: nothing before it is known
		}
		if from = hop.Unmap(); !p.trusts(from) {
			break
		}
	}
	return from
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

func address(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
