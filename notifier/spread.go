package notifier

import (
	"maps"
	"math"
	"slices"
	"time"
)

// A spread counts how long something took for many people in buckets that
// grow by a fifth: a few dozen numbers tell any quantile to within a tenth,
// however many people there were.
const (
	spreadFirst = 50 * time.Millisecond // the first bucket's end
	spreadSteps = 4                     // buckets per doubling
	spreadLast  = 90                    // some three days
)

// Bucket is the bucket of a duration.
func Bucket(d time.Duration) int {
	if d <= spreadFirst {
		return 0
	}
	n := math.Ceil(spreadSteps * math.Log2(float64(d)/float64(spreadFirst)))
	return min(int(n), spreadLast)
}

// BucketEnd is the longest duration of a bucket.
func BucketEnd(bucket int) time.Duration {
	return time.Duration(float64(spreadFirst) * math.Exp2(float64(bucket)/spreadSteps))
}

// Spread is people by bucket.
type Spread map[int]int64

// Add counts another's people too.
func (s Spread) Add(other Spread) {
	for b, n := range other {
		s[b] += n
	}
}

// People is how many there are.
func (s Spread) People() int64 {
	total := int64(0)
	for _, n := range s {
		total += n
	}
	return total
}

// Quantile is the time within which that part of the people had it, or a
// little more; zero if nobody had.
func (s Spread) Quantile(part float64) time.Duration {
	total := s.People()
	buckets := slices.Collect(maps.Keys(s))
	if total == 0 {
		return 0
	}
	slices.Sort(buckets)
	want := max(int64(math.Ceil(part*float64(total))), 1)
	for _, b := range buckets {
		if want -= s[b]; want <= 0 {
			return BucketEnd(b)
		}
	}
	return BucketEnd(buckets[len(buckets)-1])
}
