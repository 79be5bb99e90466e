package status

import (
	"errors"
	"fmt"
	"time"
)

// Errors that a retraction may meet.
var (
	ErrStillFails = errors.New("it is measured to fail, so this is no false alarm: wait until it answers, or mend its check first (thresholds, credentials), and retract then")
	ErrRetracted  = errors.New("the incident has been retracted already")
	ErrNoWhy      = errors.New("say why it was a false alarm")
)

// retract takes an incident back as a false alarm, open or ended. Whoever heard
// the alarm hears this. It returns the update's id.
func (b *Board) retract(id string, why Text, author string, now time.Time) (string, error) {
	s, err := b.storyToAmend(id)
	if err == nil {
		err = b.retractable(s, why)
	}
	if err != nil {
		return "", fmt.Errorf("retracting incident %q: %w", id, err)
	}
	if s.Open() {
		b.end(s, now)
	}
	s.Retracted, s.Stage, s.Watching = now, Resolved, time.Time{}
	u := b.write(s, UpdateRetracted, now)
	u.Text, u.Author = why, author
	made := u.ID
	if !s.Announced.IsZero() {
		b.emit(s, EventRetracted, s.Told, Operational, now)
	}
	b.retell, b.stale = true, true
	return made, nil
}

// retractable says why the incident is no false alarm.
func (b *Board) retractable(s *story, why Text) error {
	if err := boundWords(why, ""); err != nil {
		return err
	}
	switch {
	case !s.Retracted.IsZero():
		return ErrRetracted
	case why.empty():
		return ErrNoWhy
	case !s.Open():
		return nil
	}
	for _, a := range s.Components {
		if so := b.fails(s, a); so.Troubled() {
			return fmt.Errorf("%q is %s: %w", a.Component, so, ErrStillFails)
		}
	}
	return nil
}

// fails is the state that would begin another story of the component at once.
// What a person stated is a false alarm even where it follows from what another
// component is measured to do.
func (b *Board) fails(s *story, a Affected) State {
	i, judged := b.index[a.Component]
	switch {
	case !judged || !a.Until.IsZero() || i >= len(b.fates):
		return Unknown
	case s.manual():
		return b.subjects[i].measured
	default:
		return b.fates[i].state
	}
}
