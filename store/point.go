package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"bongsu/status"
)

// point is a [status.Point] as it is kept: at in milliseconds, times in
// microseconds.
type point struct {
	at                       int64
	counts                   [status.Failed + 1]int64 // by outcome
	mean, p50, p95, p99, max int64
}

func (p *point) answered() int64 { return p.counts[status.OK] + p.counts[status.Slow] }

// public is the point as others see it.
func (p *point) public(step time.Duration) status.Point {
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	n := func(o status.Outcome) int { return int(p.counts[o]) }
	return status.Point{
		At: time.UnixMilli(p.at).UTC(), Span: step,
		OK: n(status.OK), Slow: n(status.Slow), Wrong: n(status.Wrong), Failed: n(status.Failed), Inconclusive: n(status.Inconclusive),
		Mean: us(p.mean), P50: us(p.p50), P95: us(p.p95), P99: us(p.p99), Max: us(p.max),
	}
}

// summarise makes points of one series' looks, which are in order of time. Step
// is in milliseconds.
func summarise(looks []look, step int64) []point {
	var points []point
	var took []int64
	for len(looks) > 0 {
		p := point{at: floor(looks[0].at, step)}
		took = took[:0]
		n := 0
		for ; n < len(looks) && looks[n].at < p.at+step; n++ {
			l := &looks[n]
			p.counts[l.outcome]++
			if l.outcome == status.OK || l.outcome == status.Slow {
				took = append(took, l.took)
			}
		}
		p.time(took)
		points, looks = append(points, p), looks[n:]
	}
	return points
}

// time fills in what the looks took. It orders what it is given.
func (p *point) time(took []int64) {
	n := len(took)
	if n == 0 {
		return
	}
	slices.Sort(took)
	sum := int64(0)
	for _, t := range took {
		sum += t
	}
	rank := func(percent int) int64 { return took[(n*percent+99)/100-1] }
	p.mean, p.p50, p.p95, p.p99, p.max = sum/int64(n), rank(50), rank(95), rank(99), took[n-1]
}

// floor is the greatest multiple of step that is not above at, which is not
// negative.
func floor(at, step int64) int64 { return at - at%step }

// The steps in milliseconds, and how much time one row holds of each: so much
// that two years are some two hundred rows at most, and so little that the row
// that is still growing is cheap to write anew each day.
const (
	stepFine = int64(status.StepFine / time.Millisecond)
	stepHour = int64(status.StepHourly / time.Millisecond)
	stepDay  = int64(status.StepDaily / time.Millisecond)
)

var packSpan = map[int64]int64{stepFine: 4 * stepDay, stepHour: 32 * stepDay, stepDay: 512 * stepDay}

const packVersion = 1

// encodePoints writes the points of a pack that begins at base:
//
//	version, how many points, and of each
//	  its step less the one before, the looks that were ok times two, plus one
//	  and the others by outcome if there are any; if any answered: the median,
//	  how much more the 95th, 99th and longest are each than the one before, and
//	  the mean less the median.
func encodePoints(points []point, base, step int64) []byte {
	body := append(make([]byte, 0, 2+14*len(points)), packVersion)
	body = binary.AppendUvarint(body, uint64(len(points)))
	before := int64(0)
	for i := range points {
		p := &points[i]
		place := (p.at - base) / step
		body = appendNumber(body, place-before)
		before = place
		body = encodeCounts(body, &p.counts)
		if p.answered() > 0 {
			for _, v := range []int64{p.p50, p.p95 - p.p50, p.p99 - p.p95, p.max - p.p99} {
				body = appendNumber(body, v)
			}
			body = binary.AppendVarint(body, p.mean-p.p50)
		}
	}
	return body
}

// others are the outcomes but ok.
var others = [...]status.Outcome{status.Inconclusive, status.Slow, status.Wrong, status.Failed}

func encodeCounts(body []byte, counts *[status.Failed + 1]int64) []byte {
	sum := int64(0)
	for _, o := range others {
		sum += counts[o]
	}
	if sum == 0 {
		return appendNumber(body, counts[status.OK]<<1)
	}
	body = appendNumber(body, counts[status.OK]<<1|1)
	for _, o := range others {
		body = appendNumber(body, counts[o])
	}
	return body
}

// decodePoints reads a pack.
func decodePoints(body []byte, base, step int64) ([]point, error) {
	r := lookReader{rest: body}
	if version := r.uvarint(); version != packVersion {
		return nil, fmt.Errorf("reading points: %w: version %d", errBody, version)
	}
	var points []point
	place := int64(0)
	for range r.uvarint() {
		place += r.number()
		p := point{at: base + place*step}
		r.counts(&p.counts)
		if p.answered() > 0 {
			p.p50 = r.number()
			p.p95 = p.p50 + r.number()
			p.p99 = p.p95 + r.number()
			p.max = p.p99 + r.number()
			p.mean = p.p50 + r.varint()
		}
		if r.bad {
			return nil, fmt.Errorf("reading points: %w", errBody)
		}
		points = append(points, p)
	}
	return points, nil
}

func (r *lookReader) counts(into *[status.Failed + 1]int64) {
	ok := r.number()
	into[status.OK] = ok >> 1
	if ok&1 == 0 {
		return
	}
	for _, o := range others {
		into[o] = r.number()
	}
}

// splice puts the points of a time in the place of those that were there.
func splice(points, anew []point, from, until int64) []point {
	points = slices.DeleteFunc(points, func(p point) bool { return from <= p.at && p.at < until })
	points = append(points, anew...)
	slices.SortFunc(points, func(a, b point) int { return cmp.Compare(a.at, b.at) })
	return points
}
