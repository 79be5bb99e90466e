package probes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Beats is what has been heard from things that report in by themselves. It
// answers from memory, and from several goroutines at the same time.
type Beats interface {
	// Last is the latest report to a check, by its id. False: none is known.
	Last(check string) (Beat, bool)
	// Since is when this program began to listen without a pause. Silence
	// before that is ours.
	Since() time.Time
}

// A Beat is one report: that a job has run, and how it ended.
type Beat struct {
	At     time.Time     // when it came
	Code   int           // the exit code that was reported; 0 is success
	Took   time.Duration // how long the job said it took; 0 if it did not say
	Reason string        // what else it said, for people
}

// Heartbeat waits for something else to report in: silence is the failure.
type Heartbeat struct {
	Within time.Duration `yaml:"within" must:"required min=10s max=2160h" doc:"How long it may be silent. Take the time between two reports and some more."`
	Slow   time.Duration `yaml:"slow" must:"min=1ms max=2160h" doc:"A job that says it took longer is slow."`

	target string

	once     sync.Once
	problems []Problem
}

func heartbeatKind() Kind {
	return Kind{
		Key:     "heartbeat",
		Doc:     "Wait for something else to report in, such as a nightly job: silence is the failure.",
		Example: "{heartbeat: nightly backup, within: 25h, slow: 2h}",
		New:     func(target string) Step { return &Heartbeat{target: target} },
	}
}

// maxLabel is how many characters the name of what reports in may have.
const maxLabel = 200

// Problems implements [Step].
func (s *Heartbeat) Problems() []Problem {
	s.once.Do(func() {
		p := &planner{}
		if strings.TrimSpace(s.target) == "" || len([]rune(s.target)) > maxLabel {
			p.complain("heartbeat", fmt.Errorf("is no name; write what reports in, in at most %d characters", maxLabel))
		}
		if s.Within <= 0 {
			p.complain("within", errors.New("is missing; write how long it may be silent, like 25h"))
		}
		if s.Slow < 0 {
			p.complain("slow", errors.New("is less than nothing; write a duration like 2h"))
		}
		s.problems = p.problems
	})
	return s.problems
}

// Host implements [Hoster]: we go nowhere.
func (s *Heartbeat) Host() string { return "" }

// Look implements [Step]. It connects to nothing, so it can be rehearsed.
func (s *Heartbeat) Look(_ context.Context, run *Run) StepSeen {
	t := newTrace(run)
	seen := unfit(s)
	if seen.Reason == "" {
		s.judge(run, &seen)
	}
	seen.Action = run.mask.clip("heartbeat "+s.target, maxAction)
	seen.Phases, seen.Took = t.end()
	return seen
}

func (s *Heartbeat) judge(run *Run, seen *StepSeen) {
	beats, now := run.check.Beats, run.instant()
	if beats == nil {
		seen.Reason = "reports do not come in at this location but at the running server: its page tells, and so does `bongsu heartbeats`"
		return
	}
	last, heard := beats.Last(run.check.ID)
	silent := beats.Since() // since when silence means something
	if heard && last.At.After(silent) {
		silent = last.At
	}
	seen.Expect = "a report within " + brief(s.Within)
	switch {
	case now.Sub(silent) > s.Within:
		seen.Outcome = Failed
		seen.Reason = "no report within " + brief(s.Within) + s.sinceLast(last, heard, now)
	case !heard || now.Sub(last.At) > s.Within:
		seen.Reason = fmt.Sprintf("waits for its first report: we have listened for %s%s", brief(now.Sub(silent)), s.sinceLast(last, heard, now))
	default:
		s.judgeBeat(last, run, seen)
	}
}

// sinceLast says when there was a report, if there was one.
func (s *Heartbeat) sinceLast(last Beat, heard bool, now time.Time) string {
	if !heard {
		return ""
	}
	return fmt.Sprintf("; the last one came %s ago", brief(now.Sub(last.At)))
}

func (s *Heartbeat) judgeBeat(last Beat, run *Run, seen *StepSeen) {
	seen.Seen = run.mask.clip(last.Reason, maxSeen)
	switch {
	case last.Code != 0:
		seen.Outcome, seen.Expect = Failed, "exit code 0"
		seen.Reason = fmt.Sprintf("it reports that it failed: exit code %d", last.Code)
		if last.Reason != "" {
			seen.Reason = run.mask.clip(seen.Reason+", "+last.Reason, maxReason)
		}
	case s.Slow > 0 && last.Took > s.Slow:
		seen.Outcome, seen.Expect = Slow, "a run within "+brief(s.Slow)
		seen.Reason = fmt.Sprintf("slow: it took %s instead of %s", brief(last.Took), brief(s.Slow))
	default:
		seen.Outcome, seen.Expect = OK, ""
	}
}

// brief writes a duration to the second, or finer below one.
func brief(d time.Duration) string {
	if d.Abs() < time.Second {
		return d.Round(time.Millisecond).String()
	}
	s := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
