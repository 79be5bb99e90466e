package remote

import (
	"errors"
	"fmt"
	"time"
)

// Sample is the four times of an exchange. The agent sent its message and got
// the answer at Sent and Got, by its own clock; the hub received the one and
// sent the other at Received and Answered, by its clock.
type Sample struct {
	Sent     time.Time `json:"sent"`
	Received time.Time `json:"received"`
	Answered time.Time `json:"answered"`
	Got      time.Time `json:"got"`
}

// maxExchange is the longest exchange that says anything about clocks.
const maxExchange = 2 * time.Minute

// Problem is what is wrong with the sample, or nil.
func (s *Sample) Problem() error {
	if err := firstOf(instant("sent", s.Sent), instant("received", s.Received), instant("answered", s.Answered), instant("got", s.Got)); err != nil {
		return err
	}
	there, here := s.Answered.Sub(s.Received), s.Got.Sub(s.Sent)
	if there < 0 || here < 0 || here > maxExchange || there > here {
		return errors.New("the times of an exchange contradict one another")
	}
	return nil
}

// Difference is by how much the hub's clock is ahead of the agent's: by Ahead,
// give or take Error, which is half of the time on the line. However the line
// divides its delay, the true difference is within.
type Difference struct {
	Ahead, Error time.Duration
}

// Difference is what the sample alone says.
func (s *Sample) Difference() Difference {
	out, back := s.Received.Sub(s.Sent), s.Answered.Sub(s.Got)
	line := s.Got.Sub(s.Sent) - s.Answered.Sub(s.Received)
	return Difference{Ahead: out/2 + back/2, Error: line / 2}
}

// Certain is the part of the difference that no delay explains: what the
// agent's times are corrected by. A line that takes five seconds, one way or
// both, is not a clock that is five seconds off.
func (d Difference) Certain() time.Duration {
	switch {
	case d.Ahead > d.Error:
		return d.Ahead - d.Error
	case d.Ahead < -d.Error:
		return d.Ahead + d.Error
	default:
		return 0
	}
}

// MaxDifference is the largest certain difference that is corrected. Beyond it
// a clock is not a little off but wrong, and its location is in doubt.
const MaxDifference = 5 * time.Second

// Refused says whether the difference is too large to be corrected.
func (d Difference) Refused() bool { return d.Certain().Abs() > MaxDifference }

// String says it for operators.
func (d Difference) String() string {
	relation := "behind"
	if d.Ahead < 0 {
		relation = "ahead of"
	}
	return fmt.Sprintf("its clock is %s %s the hub's (± %s)",
		d.Ahead.Abs().Round(time.Millisecond), relation, d.Error.Round(time.Millisecond))
}

// contradicts says that both cannot be true of the same clocks.
func (d Difference) contradicts(e Difference) bool {
	return (d.Ahead - e.Ahead).Abs() > d.Error+e.Error+drift
}

const (
	clockSamples = 8 // the best of so many counts
	// drift is what two clocks may come apart while that many are taken.
	drift = 10 * time.Millisecond
)

// Clock is what the latest exchanges with an agent say of its clock. The zero
// value knows nothing.
type Clock struct {
	latest []Difference // oldest first
}

// Add takes a sample. One that cannot be true together with the best before it
// means that a clock was set: what was known counts no more.
func (c *Clock) Add(s Sample) {
	d := s.Difference()
	if best, known := c.Difference(); known && best.contradicts(d) {
		c.latest = c.latest[:0]
	}
	if len(c.latest) == clockSamples {
		c.latest = append(c.latest[:0], c.latest[1:]...)
	}
	c.latest = append(c.latest, d)
}

// Difference is what the exchange says that was the shortest on the line. It is
// false if there was none.
func (c *Clock) Difference() (best Difference, known bool) {
	for i, d := range c.latest {
		if i == 0 || d.Error <= best.Error {
			best = d
		}
	}
	return best, len(c.latest) > 0
}
