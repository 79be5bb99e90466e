package probes

import (
	"context"
	"net"
	"slices"
	"time"
)

// NameServersOf reads whom a system asks for names.
var NameServersOf = nameServersOf

// SetNameServers makes a check ask these servers, host:port, instead of those
// of the machine. None is a machine that names none.
func SetNameServers(check *Check, servers ...string) {
	check.wires().nameServers = func() ([]string, error) {
		if len(servers) == 0 {
			return nameServersOf("/nowhere")
		}
		return servers, nil
	}
}

// SetEchoes makes a check send no pings and find this instead.
func SetEchoes(check *Check, sent, received int, rtt time.Duration, err error) {
	check.wires().ping = func(context.Context, *net.IPAddr, int, time.Duration) (echoes, error) {
		return echoes{sent, received, time.Duration(received) * rtt}, err
	}
}

// ErrNoPings is why a machine sends none.
var ErrNoPings error = errNoPings

// Shared counts the expectations that two steps hold one copy of.
func Shared(a, b Step) (n int) {
	for _, e := range expectations(a) {
		if slices.Contains(expectations(b), e) {
			n++
		}
	}
	return n
}

func expectations(s Step) []*expression {
	s.Problems() // compiles them
	switch s := s.(type) {
	case *HTTP:
		return s.plan.expect
	case *TCP:
		return s.expect
	case *DNS:
		return s.expect
	default:
		return nil
	}
}

// SameWires says whether two checks reach the outside by the same wires.
func SameWires(a, b *Check) bool { return a.wires() == b.wires() }
