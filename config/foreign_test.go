package config_test

import (
	"testing"

	"bongsu/config"
	"bongsu/probes"
)

// Without a contact only looks at this machine start, whatever their kind.
func TestForeign(t *testing.T) {
	o := options(t)
	o.Kinds.Probes = probes.Kinds()
	for look, held := range map[string]bool{
		`GET: "http://127.0.0.1:8080/"`:                    false,
		`GET: "https://portal.example/"`:                   true,
		`tls: "localhost:443"`:                             false,
		`tls: "portal.example:443"`:                        true,
		`tcp: "[::1]:25"`:                                  false,
		`tcp: "mail.example:25"`:                           true,
		`ping: 127.0.0.1`:                                  false,
		`ping: "::1"`:                                      false,
		`ping: portal.example`:                             true,
		`ws: "ws://localhost:8080/socket"`:                 false,
		`ws: "wss://chat.example/socket"`:                  true,
		`grpc: "127.0.0.1:9000", plaintext: true`:          false,
		`grpc: "orders.example:443"`:                       true,
		`dns: portal.example`:                              true,
		`dns: portal.localhost`:                            false,
		`dns: portal.example, resolver: "127.0.0.1:53"`:    false,
		`dns: portal.localhost, resolver: "ns.example:53"`: true,
		`heartbeat: nightly backup, within: 25h`:           false,
	} {
		text := `
site: {name: Status, url: https://status.example}
keys: env:KEYS
groups: [{id: g, name: G}]
components: [{id: a, group: g, name: A, checks: [{every: 60s, ` + look + `}]}]
`
		c, err := config.Parse("bongsu.yaml", []byte(text), o)
		if err != nil {
			t.Errorf("%s: %v", look, err)
			continue
		}
		if got := c.Checks()[0].Held; got != held {
			t.Errorf("%s: held %t, want %t", look, got, held)
		}
	}
}
