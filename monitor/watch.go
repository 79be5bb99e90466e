package monitor

import (
	"context"
	"fmt"
	"time"

	"bongsu/notifier"
)

const (
	watchEvery = time.Second
	// stall is how long a loop may stand still before operators are told. It
	// turns at least every pulse.
	stall = 5 * time.Second
)

// watch tells the operators when checks that were due did not run, and when a
// loop stands still, until ctx is done. It depends on neither loop: what it
// has to say it takes to the book itself.
func (m *Monitor) watch(ctx context.Context) {
	var told alarms
	var unsaid []notifier.Notice
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := m.now()
		m.Metrics.spend(m.rounds.Spent(now))
		for _, t := range m.troubles(now) {
			m.Metrics.watchdog.WithLabelValues(t.reason).Add(float64(t.count))
			if key, text, ok := told.admit("", "watchdog "+t.reason, t.text, now); ok {
				m.Log.ErrorContext(ctx, "watchdog", "reason", t.reason, "detail", text)
				notices, err := m.Writer.Alarm(key, text, now)
				if err != nil {
					m.Log.ErrorContext(ctx, "wording an alarm", "error", err)
				}
				unsaid = append(unsaid, notices...)
			}
		}
		if len(unsaid) > 0 && m.say(ctx, unsaid) {
			unsaid = nil
		}
	}
}

// say commits alarms; if the database is away it is tried again at the next
// tick. There are few: one an hour of each reason.
func (m *Monitor) say(ctx context.Context, notices []notifier.Notice) bool {
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	if err := m.Book.Record(ctx, notifier.Record{Notices: notices}); err != nil {
		m.Metrics.failures.Inc()
		return false
	}
	if m.Woke != nil {
		m.Woke()
	}
	return true
}

// trouble is one thing the watchdog has found.
type trouble struct {
	reason string
	count  int
	text   string
}

func (m *Monitor) troubles(now time.Time) []trouble {
	var found []trouble
	for _, loop := range []struct {
		name string
		beat time.Time
	}{
		{"schedule", m.rounds.Turned()},
		{"judge", time.Unix(0, m.judgeBeat.Load())},
	} {
		if still := now.Sub(loop.beat); still > stall {
			found = append(found, trouble{loop.name, 1, fmt.Sprintf("the %s has stood still for %s: what the page shows may be old", loop.name, still.Round(time.Second))})
		}
	}
	if len(found) > 0 {
		return found // looks run until the judge has taken them: they are not to blame
	}
	return append(found, inWords(m.rounds.Watch(now))...)
}

var overdueWords = map[Reason]string{
	RanLate:    "began late: this machine was suspended, or has too much to do",
	NotStarted: "should have run and did not",
	Hanging:    "did not end when their time was up",
}

// inWords sums overdue checks up: one trouble for each reason, with the worst.
func inWords(overdue []Overdue) []trouble {
	var found []trouble
	for i, o := range overdue {
		if i > 0 && overdue[i-1].Why == o.Why {
			found[len(found)-1].count++
			continue
		}
		found = append(found, trouble{reason: string(o.Why), count: 1, text: fmt.Sprintf("the worst is %s, by %s", o.Check, o.By.Round(time.Millisecond))})
	}
	for i := range found {
		t := &found[i]
		checks := "checks"
		if t.count == 1 {
			checks = "check"
		}
		t.text = fmt.Sprintf("%d %s %s; %s", t.count, checks, overdueWords[Reason(t.reason)], t.text)
	}
	return found
}
