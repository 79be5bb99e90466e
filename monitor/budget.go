package monitor

import (
	"cmp"
	"slices"
	"time"
)

// Spent is how much of its daily budget a check has used.
type Spent struct {
	Check  string
	Today  int // looks begun in this hour and the 23 before it, as far back as the roster goes
	Budget int // looks that the target allows in a day
}

// Spent returns what every check with a daily budget has used of it, by id.
func (r *Roster) Spent(now time.Time) []Spent {
	var all []Spent
	for id, e := range r.entries {
		if e.spent != nil {
			all = append(all, Spent{id, e.spent.total(now), e.Recheck.PerDay})
		}
	}
	slices.SortFunc(all, func(a, b Spent) int { return cmp.Compare(a.Check, b.Check) })
	return all
}

// Spent returns what the checks have used of their budgets; see [Roster.Spent].
func (r *Rounds) Spent(now time.Time) []Spent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roster.Spent(now)
}

const hoursADay = 24

// spending counts looks by the hour for a day. Nil counts nothing.
type spending struct {
	hour  int64 // since 1970
	looks [hoursADay]int
}

// add counts a look.
func (s *spending) add(now time.Time) {
	if s == nil {
		return
	}
	s.turn(now)
	s.looks[s.hour%hoursADay]++
}

// total is how many looks the last day had.
func (s *spending) total(now time.Time) int {
	s.turn(now)
	n := 0
	for _, looks := range s.looks {
		n += looks
	}
	return n
}

// turn forgets the hours that are a day old. A clock that was set back changes
// nothing: what was spent stays spent.
func (s *spending) turn(now time.Time) {
	hour := now.Unix() / int64(time.Hour/time.Second)
	for range min(hour-s.hour, hoursADay) {
		s.hour++
		s.looks[s.hour%hoursADay] = 0
	}
	s.hour = max(s.hour, hour)
}

// spend shows what checks have used of their budgets.
func (m *Metrics) spend(all []Spent) {
	for _, s := range all {
		m.spent.WithLabelValues(s.Check).Set(float64(s.Today))
		m.budget.WithLabelValues(s.Check).Set(float64(s.Budget))
	}
}
