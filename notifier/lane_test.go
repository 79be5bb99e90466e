package notifier_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bongsu/notifier"
)

func TestLaneWeights(t *testing.T) {
	urgent := []int{
		notifier.PriorityAlarm, notifier.PriorityOutage, notifier.PriorityWorse, notifier.PriorityRecovery,
		notifier.PriorityUpdate, notifier.PriorityDigest, notifier.PriorityApp, 100,
	}
	for i, p := range urgent[1:] {
		above, below := notifier.LaneWeight(notifier.LaneOf(urgent[i])), notifier.LaneWeight(notifier.LaneOf(p))
		if below < 1 || above < below || (p < notifier.PriorityApp && above != 2*below) {
			t.Errorf("priority %d weighs %d, the one above it %d", p, below, above)
		}
	}
}

// Everybody has work: each gets its share, and the most urgent comes first.
func TestEachLaneGetsItsShare(t *testing.T) {
	lanes := []int{notifier.LaneOf(notifier.PriorityOutage), notifier.LaneOf(notifier.PriorityUpdate), notifier.LaneOf(notifier.PriorityApp)}
	shares := notifier.Shares{Quantum: 10}
	sent := map[int]int{}
	if first := shares.Next(lanes); first != lanes[0] {
		t.Fatalf("lane %d goes first", first)
	}
	for range 37 * 20 { // twenty rounds of 32 + 4 + 1, in windows of ten
		lane := shares.Next(lanes)
		shares.Charge(lane, 10)
		sent[lane] += 10
	}
	if got, want := fmt.Sprint(sent), fmt.Sprint(map[int]int{lanes[0]: 6400, lanes[1]: 800, lanes[2]: 200}); got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

// Whatever the windows, and whoever has work when: no lane waits for more than
// two rounds of the others, and none gets more than its share and a window.
func TestNoLaneStarves(t *testing.T) {
	all := []int{1, 11, 21, 31, 41, 51, 61}
	rapid.Check(t, func(t *rapid.T) {
		const quantum = 10
		shares := notifier.Shares{Quantum: quantum}
		most := 0
		for _, lane := range all {
			most += notifier.LaneWeight(lane) * quantum
		}
		window := rapid.IntRange(1, 200).Draw(t, "window")
		waited := map[int]int{}
		for range rapid.IntRange(1, 300).Draw(t, "windows") {
			have := slices.DeleteFunc(slices.Clone(all), func(int) bool { return rapid.IntRange(0, 3).Draw(t, "idle") == 0 })
			if len(have) == 0 {
				continue
			}
			lane := shares.Next(have)
			if !slices.Contains(have, lane) {
				t.Fatalf("lane %d has no work", lane)
			}
			n := rapid.IntRange(1, window).Draw(t, "sent")
			shares.Charge(lane, n)
			for _, other := range all {
				if other == lane || !slices.Contains(have, other) {
					waited[other] = 0
					continue
				}
				if waited[other] += n; waited[other] > 2*most+len(all)*200*200/quantum {
					t.Fatalf("lane %d has waited for %d messages of others", other, waited[other])
				}
			}
		}
	})
}
