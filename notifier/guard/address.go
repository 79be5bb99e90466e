package guard

import "net/netip"

// v4 lists what an IPv4 address must not lie in. Sources: the IANA registry of
// special-purpose addresses (RFC 6890 and what followed), and the addresses at
// which clouds tell their machines secrets, where those lie outside of it.
var v4 = prefixes(
	"0.0.0.0/8",        // this network
	"10.0.0.0/8",       // private
	"100.64.0.0/10",    // behind a carrier's translation; Alibaba's metadata
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure's host
	"169.254.0.0/16",   // link-local; metadata of nearly every cloud
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments; Oracle's metadata
	"192.0.2.0/24",     // documentation
	"192.31.196.0/24",  // AS112
	"192.52.193.0/24",  // AMT
	"192.88.99.0/24",   // 6to4 relays
	"192.168.0.0/16",   // private
	"192.175.48.0/24",  // AS112
	"198.18.0.0/15",    // benchmarks
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved; broadcast
)

// unicast is where IPv6 addresses are given out; nothing outside is reachable
// from everywhere.
var unicast = netip.MustParsePrefix("2000::/3")

// v6 lists what an IPv6 address within unicast must not lie in.
var v6 = prefixes(
	"2001::/23",         // protocol assignments: Teredo, benchmarks, ORCHID
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4: an IPv4 address inside
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

// translated is NAT64's well-known prefix: a network without IPv4 reaches the
// IPv4 address in the last four bytes through it.
var translated = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// Global says whether an address is one that anybody on the Internet reaches
// as the same machine. An IPv4 address inside of an IPv6 address counts as what
// it leads to; the forms that nobody needs any more are refused whole.
func Global(ip netip.Addr) bool {
	ip = ip.Unmap()
	switch {
	case !ip.IsValid() || ip.Zone() != "":
		return false
	case ip.Is4():
		return !within(ip, v4)
	case translated.Contains(ip):
		b := ip.As16()
		return !within(netip.AddrFrom4([4]byte(b[12:])), v4)
	}
	return unicast.Contains(ip) && !within(ip, v6) && !isatap(ip)
}

func within(ip netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// isatap says whether the address names an IPv4 host behind a tunnel (RFC 5214).
func isatap(ip netip.Addr) bool {
	b := ip.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}
