package notifier

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Outlook is what a notice still has before it on a channel.
type Outlook struct {
	Left  int64   // its people in batches that are not done
	Ahead int64   // people of others in batches that go first, or at the same time
	Rate  float64 // messages a second that the channel's gateways took lately
}

// ETA is how long it takes until the last is handed over if things go on as
// they did. It says false if nothing was handed over lately: nobody knows then.
func (o Outlook) ETA() (time.Duration, bool) {
	if o.Left == 0 {
		return 0, true
	}
	if o.Rate <= 0 {
		return 0, false
	}
	return time.Duration(float64(o.Left+o.Ahead) / o.Rate * float64(time.Second)), true
}

// LastETA is how long it takes until the last is handed over by all of the
// channels. It says false if one of them cannot tell.
func LastETA(ahead map[string]Outlook) (time.Duration, bool) {
	longest := time.Duration(0)
	for _, o := range ahead {
		eta, known := o.ETA()
		if !known {
			return 0, false
		}
		longest = max(longest, eta)
	}
	return longest, true
}

// RateOf is how many messages a second a channel's gateways took until now, over
// the time in which they took any. The slot that lasts counts as far as it has
// come; the first not at all once others tell enough, for they may have begun at
// its end.
func RateOf(channel string, beats map[string][]Beat, now time.Time) float64 {
	slots := map[time.Time]int64{}
	for gateway, all := range beats {
		if !strings.HasPrefix(gateway, channel+"/") {
			continue
		}
		for _, b := range all {
			if b.Taken > 0 {
				slots[b.At] += b.Taken
			}
		}
	}
	if len(slots) == 0 {
		return 0
	}
	first := slices.MinFunc(slices.Collect(maps.Keys(slots)), time.Time.Compare)
	taken, span := int64(0), time.Duration(0)
	for at, n := range slots {
		if at != first {
			taken, span = taken+n, span+covered(at, now)
		}
	}
	if span < enoughRate {
		taken, span = taken+slots[first], span+covered(first, now)
	}
	return float64(taken) / span.Seconds()
}

// enoughRate is over how long a rate is worth more than what came before.
const enoughRate = PulseSlot / 2

// covered is how much of a slot has passed.
func covered(at, now time.Time) time.Duration {
	if now.Before(at) { // by another clock
		return PulseSlot
	}
	return min(max(now.Sub(at), time.Second), PulseSlot)
}
