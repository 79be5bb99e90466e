package monitor

import (
	"cmp"
	"container/heap"
	"time"
)

// item is a point on the agenda.
type item struct {
	at   time.Time
	kind Kind
	id   string
}

func (a item) compare(b item) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
}

// agenda is a heap ordered by time, kind and id, so equal times have one order.
type agenda []item

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].compare(a[j]) < 0 }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }

// Push implements [heap.Interface].
func (a *agenda) Push(x any) { *a = append(*a, x.(item)) }

// Pop implements [heap.Interface].
func (a *agenda) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	*a = (*a)[:last]
	return x
}

// reached says whether the first item's time has come.
func (a agenda) reached(now time.Time) bool { return len(a) > 0 && !a[0].at.After(now) }

// take removes the first item.
func (a *agenda) take() item { return heap.Pop(a).(item) }

// allowance is how many looks beside the schedule a target's daily budget
// leaves: half of them at once and half over the day, so that no 24 hours,
// wherever the provider's day begins, hold more than all of them.
type allowance struct {
	most, left, perSecond float64
	at                    time.Time
}

func newAllowance(perDay int, now time.Time) allowance {
	half := float64(max(perDay, 0)) / 2
	return allowance{most: half, left: half, perSecond: half / (24 * time.Hour).Seconds(), at: now}
}

// take uses one look up, if there is one.
func (a *allowance) take(now time.Time) bool {
	a.left = min(a.most, a.left+max(0, now.Sub(a.at).Seconds())*a.perSecond)
	a.at = now
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}
