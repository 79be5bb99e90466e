package monitor

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/robfig/cron/v3"
)

// slot is the grain of the schedule: what the load is evened over, and what
// cron wakes the loop for.
const slot = 100 * time.Millisecond

// step parts a slot. Looks of one step begin together: one wake-up for several
// is cheaper, and five steps are even enough.
const step = 20 * time.Millisecond

// periodic is a schedule with one start per interval, the phase after each
// multiple of it since 1970: the same instants whenever the program started.
// [cron.Every] knows whole seconds only, and counts from when it is asked.
type periodic struct {
	every, phase time.Duration
}

// Next implements [cron.Schedule].
func (p periodic) Next(t time.Time) time.Time {
	since := t.UnixNano() - int64(p.phase)
	n := since / int64(p.every)
	if since%int64(p.every) < 0 {
		n-- // before 1970 division rounds the wrong way
	}
	return time.Unix(0, (n+1)*int64(p.every)+int64(p.phase)).UTC()
}

// scheduleOf reads a check's cron line, which may begin with CRON_TZ=.
func scheduleOf(c *Check, phase time.Duration) (cron.Schedule, error) {
	if c.Cron == "" {
		return periodic{c.Every, phase}, nil
	}
	s, err := cron.ParseStandard(c.Cron)
	if err != nil {
		return nil, fmt.Errorf("check %s: reading its cron line %q: %w", c.ID, c.Cron, err)
	}
	return s, nil
}

// spread gives each check its phase. The hash of its id proposes a slot; a
// slot takes at most a quarter more than the mean, and the next one takes what
// is over. Within a slot looks are spread over its steps, so that a
// hundred do not jostle for the processor at its beginning. So the load is
// even, a restart changes nothing, and another check moves at most its neighbours.
func spread(ids []string, every time.Duration) map[string]time.Duration {
	slots := max(1, int(every/slot))
	room := max((len(ids)+slots-1)/slots, len(ids)*5/(4*slots))
	ids = slices.SortedFunc(slices.Values(ids), func(a, b string) int {
		return cmp.Or(cmp.Compare(hash(a), hash(b)), cmp.Compare(a, b))
	})
	taken := make(map[int]int, len(ids))
	phases := make(map[string]time.Duration, len(ids))
	for _, id := range ids {
		s := hash(id) % slots
		for taken[s] == room {
			s = (s + 1) % slots
		}
		within := time.Duration(taken[s]) * slot / time.Duration(room)
		phases[id] = time.Duration(s)*slot + within.Truncate(step)
		taken[s]++
	}
	return phases
}

func hash(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32())
}

// aDay is how many starts a schedule has in the day after now, counted up to
// one a second.
func aDay(s cron.Schedule, now time.Time) int {
	const day = 24 * time.Hour
	if p, ok := s.(periodic); ok {
		return int(day / p.every)
	}
	n := 0
	for t := s.Next(now); !t.IsZero() && t.Before(now.Add(day)) && n < int(day/time.Second); t = s.Next(t) {
		n++
	}
	return n
}
