package notifier

import (
	"context"
	"slices"
	"sync"
	"time"
)

// The priorities of notices, the most urgent first. Each is a lane of its own:
// who knows nothing of an outage yet comes before who waits for news of it.
const (
	PriorityAlarm    = 10 * iota // to operators, and codes that somebody waits for
	PriorityOutage               // first words
	PriorityWorse                // it is worse, or its cause is known
	PriorityRecovery             // it is over, or was a false alarm
	PriorityUpdate
	PriorityDigest
	PriorityApp // what public-service apps send through us
)

// TakenLane is where batches taken over from a dead node go: they have waited
// longest, and take nobody's share.
const TakenLane = 0

// LaneOf is the lane of a priority.
func LaneOf(priority int) int { return 1 + max(priority, 0) }

// LaneWeight is a lane's part of a channel while others have work too: each
// lane gets twice as much as the one below it, and none nothing.
func LaneWeight(lane int) int {
	return 1 << max(0, 6-(max(lane, 1)-1)/10)
}

// Shares deals a channel out between lanes by deficit round robin: in each
// round a lane that has work may send its weight times the quantum, the most
// urgent first. What it has sent too much is taken off its next round; what it
// had no work for is not kept.
type Shares struct {
	Quantum int
	left    map[int]int
}

// Next is the lane whose turn it is among those that have work, in rising
// order; there must be one.
func (s *Shares) Next(lanes []int) int {
	if s.left == nil {
		s.left = map[int]int{}
	}
	for lane := range s.left {
		if !slices.Contains(lanes, lane) {
			delete(s.left, lane)
		}
	}
	for {
		for _, lane := range lanes {
			left, known := s.left[lane]
			if !known {
				left = s.round(lane)
				s.left[lane] = left
			}
			if left > 0 {
				return lane
			}
		}
		for _, lane := range lanes {
			s.left[lane] += s.round(lane)
		}
	}
}

func (s *Shares) round(lane int) int { return LaneWeight(lane) * max(s.Quantum, 1) }

// Charge notes that so many of a lane have been sent.
func (s *Shares) Charge(lane, n int) {
	if _, known := s.left[lane]; known {
		s.left[lane] -= n
	}
}

// lanes is a channel's shares at work on this node: which lanes have batches
// in hand, and which wait.
type lanes struct {
	mu      sync.Mutex
	shares  Shares
	active  map[int]int   // lane → batches that send now
	waiting []int         // lanes with ready batches, as last seen
	asked   bool          // a batch has been given back for the next lane
	changed chan struct{} // closed when any of this changes; nil while nobody waits for it
}

func newLanes(rate float64) *lanes {
	quantum := 500
	if rate > 0 {
		quantum = min(max(int(rate/2), 10), quantum)
	}
	return &lanes{shares: Shares{Quantum: quantum}, active: map[int]int{}}
}

// see takes in which lanes have ready batches.
func (l *lanes) see(waiting []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting, l.asked = waiting, false
	l.wake()
}

// order is the waiting lanes in the order in which they may take free places.
func (l *lanes) order() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(l.waiting), func(lane int) bool { return lane == TakenLane })
	if len(rest) < 2 {
		return rest
	}
	next := l.shares.Next(l.present())
	if i := slices.Index(rest, next); i > 0 {
		rest = append([]int{next}, slices.Delete(rest, i, i+1)...)
	}
	return rest
}

func (l *lanes) begin(lane int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active[lane]++
	l.wake()
}

func (l *lanes) end(lane int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active[lane]--; l.active[lane] == 0 {
		delete(l.active, lane)
	}
	l.wake()
}

func (l *lanes) charge(lane, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shares.Charge(lane, n)
	l.wake()
}

func (l *lanes) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// present is every lane that has work, in rising order.
func (l *lanes) present() []int {
	all := make([]int, 0, len(l.active)+len(l.waiting))
	for lane := range l.active {
		all = append(all, lane)
	}
	all = append(all, l.waiting...)
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(lane int) bool { return lane == TakenLane })
}

// turn waits until the lane may send a window. It says false when its batch
// should be given back, because another lane's turn has come and it has none in
// hand.
func (l *lanes) turn(ctx context.Context, lane int) bool {
	if lane == TakenLane {
		return true
	}
	for {
		l.mu.Lock()
		if l.alone(lane) {
			l.mu.Unlock()
			return true
		}
		next := l.shares.Next(l.present())
		if next == lane {
			l.mu.Unlock()
			return true
		}
		if l.active[next] == 0 && !l.asked {
			l.asked = true
			l.mu.Unlock()
			return false
		}
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(turnWait): // whoever's turn it is does nothing with it
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// alone says whether no other lane has work.
func (l *lanes) alone(lane int) bool {
	for other := range l.active {
		if other != lane && other != TakenLane {
			return false
		}
	}
	for _, other := range l.waiting {
		if other != lane && other != TakenLane {
			return false
		}
	}
	return true
}

// turnWait is how long a lane leaves another its turn without seeing it used.
const turnWait = time.Second
