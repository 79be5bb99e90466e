package notifier_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
)

func TestSpreadOfNobody(t *testing.T) {
	if got := (notifier.Spread{}).Quantile(0.5); got != 0 {
		t.Errorf("got %s", got)
	}
}

// Two spreads together are the people of both.
func TestSpreadsTogether(t *testing.T) {
	both := notifier.Spread{1: 9, 4: 1}
	both.Add(notifier.Spread{1: 1, 8: 9})
	if both.People() != 20 || both.Quantile(0.5) != notifier.BucketEnd(1) || both.Quantile(0.99) != notifier.BucketEnd(8) {
		t.Errorf("%d people, half within %s, most within %s", both.People(), both.Quantile(0.5), both.Quantile(0.99))
	}
}

// A quantile is never below the true one, and at most a fifth above it.
func TestSpreadQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.Int64Range(0, int64(48*time.Hour)), 1, 200).Draw(t, "took")
		spread := notifier.Spread{}
		for _, d := range took {
			spread[notifier.Bucket(time.Duration(d))]++
		}
		slices.Sort(took)
		for _, percent := range []int{50, 99} {
			truth := time.Duration(took[(len(took)*percent+99)/100-1])
			got := spread.Quantile(float64(percent) / 100)
			if got < truth-time.Microsecond || float64(got) > max(1.2*float64(truth), float64(50*time.Millisecond))+1 {
				t.Errorf("p%d: %s, the true one is %s", percent, got, truth)
			}
		}
	})
}
