package account_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/web/account"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// book counts tries as the store does.
type book map[string]account.Misses

// try gives how long a guess has to wait; zero: it is looked at.
func (b book) try(g account.Guess, now time.Time) (wait time.Duration) {
	for _, l := range g.Locks() {
		wait = max(wait, l.Wait(b[l.Key], now))
	}
	if wait == 0 {
		for _, l := range g.Locks() {
			b[l.Key], _ = l.Try(b[l.Key], now)
		}
	}
	return wait
}

// Whatever others do from other networks, or without the owner's browser, it
// never makes the owner wait who comes by a known browser or a known network.
func TestNobodyLocksOutTheOwner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, now := book{}, noon
		for range rapid.IntRange(0, 300).Draw(t, "tries of others") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds")) * time.Second)
			b.try(account.Guess{
				Name:    rapid.SampledFrom([]string{"hana", "sora"}).Draw(t, "name"),
				Network: fmt.Sprint("elsewhere ", rapid.IntRange(0, 50).Draw(t, "network")),
				Second:  rapid.Bool().Draw(t, "second"),
			}, now)
		}
		for name, owner := range map[string]account.Guess{
			"a known browser":                       {Name: "hana", Network: "hotel", Device: "phone"},
			"a known browser, in a guesser's place": {Name: "hana", Network: "elsewhere 1", Device: "phone"},
			"a known network":                       {Name: "hana", Network: "home", Known: true},
			"a known browser, with a code":          {Name: "hana", Network: "hotel", Device: "phone", Second: true},
		} {
			if wait := b.try(owner, now); wait > 0 {
				t.Fatalf("the owner with %s waits %s", name, wait)
			}
		}
		// Nor one with neither, who knows the password and comes from where nobody guesses.
		if wait := b.try(account.Guess{Name: "hana", Network: "a new place"}, now); wait > 0 {
			t.Fatalf("the owner in a new place waits %s", wait)
		}
	})
}

// From one place a password can be guessed a hundred-odd times a day, however
// the guesses are spread; a code of the second step hardly more often from all
// places together.
func TestGuessesInADay(t *testing.T) {
	for name, c := range map[string]struct {
		guess account.Guess
		most  int
		move  bool
	}{
		"one network":          {account.Guess{Name: "hana", Network: "n"}, 110, false},
		"a stolen browser":     {account.Guess{Name: "hana", Network: "n", Device: "phone"}, 110, false},
		"codes, many networks": {account.Guess{Name: "hana", Second: true}, 45, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, looked := book{}, 0
			for now := noon; now.Before(noon.Add(24 * time.Hour)); now = now.Add(time.Second) {
				if c.move {
					c.guess.Network = now.String()
				}
				if b.try(c.guess, now) == 0 {
					looked++
				}
			}
			if looked > c.most {
				t.Errorf("%d guesses were looked at, want at most %d", looked, c.most)
			}
		})
	}
}

// One password on many names from one network.
func TestSpraying(t *testing.T) {
	b, looked := book{}, 0
	for i := range 3600 {
		if b.try(account.Guess{Name: fmt.Sprint("name ", i), Network: "n"}, noon.Add(time.Duration(i)*time.Second)) == 0 {
			looked++
		}
	}
	if looked > 40 {
		t.Errorf("%d names were tried within an hour", looked)
	}
}

func TestWaits(t *testing.T) {
	p := account.Patience{Free: 2, First: 10 * time.Second, Most: time.Minute, Forget: time.Hour}
	m, now := account.Misses{}, noon
	for i, want := range []time.Duration{0, 0, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		if got := p.Wait(m, now); got != want {
			t.Errorf("after %d tries one waits %s, want %s", i, got, want)
		}
		if next, wait := p.Try(m, now); wait > 0 && next != m {
			t.Errorf("a try while one waits counts: %+v", next)
		}
		now = now.Add(want)
		m, _ = p.Try(m, now)
	}
	if got := p.Wait(m, now.Add(time.Hour)); got != 0 {
		t.Errorf("after an hour one waits %s", got)
	}
	m.Count = 1 << 40
	if got := p.Wait(m, now); got != time.Minute {
		t.Errorf("after very many tries one waits %s", got)
	}
}
