package account

import (
	"time"
)

// Guess is one try to come in.
type Guess struct {
	Name    string // as [FoldName] gives it
	Network string
	Device  string // of a browser that the account has come in by before; else empty
	Known   bool   // the network is one the account has come in from before
	Second  bool   // a code is tried, after the right password
}

// stranger says whether nothing speaks for whoever guesses.
func (g Guess) stranger() bool { return g.Device == "" && !g.Known }

// Patience is how often somebody may be wrong, and how long they wait then: First,
// and twice as long each time, up to Most. After Forget nothing is held against
// them.
type Patience struct {
	Free                int
	First, Most, Forget time.Duration
}

// Lock is one thing that tries are counted for.
type Lock struct {
	Key string // a hash
	Patience
}

// Locks are what a guess is counted for. None of them is the account alone: who
// guesses from elsewhere can never make its owner wait, who has a device of
// theirs, or a network of their own.
//
//   - the account at one place: a device the account has come in by, or else
//     the network;
//   - the network, for strangers: whoever tries one password on many names;
//   - the second step of an account, for strangers: whoever gets as far knows
//     the password, and a code has only six digits.
func (g Guess) Locks() []Lock {
	place := "network " + g.Network
	if g.Device != "" {
		place = "device " + g.Device
	}
	locks := []Lock{{hashText("try", g.Name+"\x00"+place), Patience{Free: 5, First: 10 * time.Second, Most: 15 * time.Minute, Forget: 24 * time.Hour}}}
	if g.stranger() {
		locks = append(locks, Lock{hashText("try", "\x00"+place), Patience{Free: 30, First: 10 * time.Second, Most: 15 * time.Minute, Forget: time.Hour}})
		if g.Second {
			locks = append(locks, Lock{hashText("second", g.Name), Patience{Free: 20, First: time.Minute, Most: 2 * time.Hour, Forget: 24 * time.Hour}})
		}
	}
	return locks
}

// Misses is how often somebody was wrong, and when last. The zero value is
// nobody's.
type Misses struct {
	Count int
	Last  time.Time
}

// Wait is how long until another try is looked at.
func (p Patience) Wait(m Misses, now time.Time) time.Duration {
	m = p.still(m, now)
	if m.Count < p.Free {
		return 0
	}
	wait := p.Most
	if over := m.Count - p.Free; over < 20 {
		wait = min(p.First<<over, p.Most)
	}
	return max(0, m.Last.Add(wait).Sub(now))
}

// Try counts a try before it is looked at, so that a hundred at the same instant
// are a hundred; whoever is right is forgiven. While one has to wait no try
// counts, so trying does not make the wait longer.
func (p Patience) Try(m Misses, now time.Time) (next Misses, wait time.Duration) {
	if wait := p.Wait(m, now); wait > 0 {
		return m, wait
	}
	return Misses{Count: p.still(m, now).Count + 1, Last: now}, 0
}

// still is what is held against them now.
func (p Patience) still(m Misses, now time.Time) Misses {
	if now.Sub(m.Last) >= p.Forget {
		return Misses{}
	}
	return m
}
