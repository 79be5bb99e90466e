package notifier

import "time"

// breaker watches one gateway. Recipients' errors never reach it. After
// breakAfter errors in a row it opens: nothing is sent but one trial each time
// the pause has passed, and each failed trial doubles the pause.
type breaker struct {
	errors int
	pause  time.Duration
	until  time.Time // open until then; after it one trial is allowed
	since  time.Time // open since; zero: closed
}

const (
	breakAfter = 5
	firstPause = 2 * time.Second
	mostPause  = time.Minute
)

// open says whether the gateway is given a rest at now, and until when.
func (b *breaker) open(now time.Time) (time.Time, bool) {
	return b.until, now.Before(b.until)
}

// trial says whether only one message may be risked.
func (b *breaker) trial() bool { return !b.since.IsZero() }

// succeed notes an answer that shows the gateway at work.
func (b *breaker) succeed() { *b = breaker{} }

// fail notes an error of the gateway's own.
func (b *breaker) fail(now time.Time) {
	b.errors++
	if b.errors < breakAfter {
		return
	}
	if b.since.IsZero() {
		b.since = now
	}
	if now.Before(b.until) {
		return // the answer to a request from before it opened
	}
	b.pause = min(max(2*b.pause, firstPause), mostPause)
	b.until = now.Add(b.pause)
}
