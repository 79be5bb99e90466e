package signup

import (
	"slices"
	"time"

	"bongsu/status"
)

// Source is where who signs up here with a kind of address gave consent.
func Source(kind string) string { return kind + " sign-up" }

// Rate is so many in a time. The window slides: it is kept at every instant.
type Rate struct {
	Count int
	Per   time.Duration
}

// Caps bound how many codes are sent to one kind of address; to join and to
// leave each. Every rate of a cap holds by itself, such as so many an hour and
// so many a day. InAll counts what was sent, the others what was asked for.
type Caps struct {
	PerAddress []Rate
	PerNetwork []Rate // of visitors
	PerArea    []Rate // a number's country, a mailbox's domain, a URL's host
	InAll      []Rate
}

// DefaultCaps hold where only leaving is offered.
func DefaultCaps() Caps {
	return Caps{
		PerAddress: []Rate{{3, 24 * time.Hour}}, PerNetwork: []Rate{{5, time.Hour}}, InAll: []Rate{{1000, 24 * time.Hour}},
	}
}

// longest is after what time a code no longer counts.
func (c *Caps) longest() (most time.Duration) {
	for _, r := range slices.Concat(c.PerAddress, c.PerNetwork, c.PerArea, c.InAll) {
		most = max(most, r.Per)
	}
	return most
}

// Offer is a kind of address that people may come with.
type Offer struct {
	Kind      string
	Joins     bool     // people can sign up; otherwise whoever is there can only leave
	Countries []string // whose numbers may sign up
	Also      []string // other kinds of address that the same proof is good for
	Caps      Caps     // the zero value stands for DefaultCaps
	Channel   string   // carries the codes
	Plan      string   // of who signs up
}

// Rules are what the configuration says of signing up.
type Rules struct {
	Site   status.Site
	Offers []Offer
	Secret []byte // of the keyed hashes, at least 16 bytes
	Links  *Links
}
