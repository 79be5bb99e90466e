package status

import "time"

// Series names the looks of one location at one check.
type Series struct {
	Check    string
	Location string
}

// Point sums up the looks of one series that began within a time.
//
// The times are of the looks that were ok or slow, which are those that got
// what they came for: a refusal in a millisecond and a silence of ten seconds
// say nothing of how long the service takes. Without such a look they are zero.
// A percentile is by nearest rank, a time that was really taken.
type Point struct {
	At   time.Time     // when the time begins: a multiple of Span since 1970, in UTC
	Span time.Duration // how long it is

	OK           int
	Slow         int
	Wrong        int
	Failed       int
	Inconclusive int // said nothing about the target

	Mean, P50, P95, P99, Max time.Duration
}

// Looks is how many looks the point sums up.
func (p *Point) Looks() int { return p.OK + p.Slow + p.Wrong + p.Failed + p.Inconclusive }

// HistoryQuery asks for the points of one series, from the step that From lies
// in to the one before Until.
type HistoryQuery struct {
	Series
	From, Until time.Time
	Step        time.Duration // one of the steps below; 0: the finest that gives no more than a thousand points
	Settled     bool          // without the latest minutes, which take the longest to read: they are not in order yet
}

// The steps that history is summed up by.
const (
	StepFine   = 5 * time.Minute
	StepHourly = time.Hour
	StepDaily  = 24 * time.Hour // a day of UTC
)
