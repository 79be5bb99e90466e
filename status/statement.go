package status

import (
	"errors"
	"fmt"
	"time"
)

// Errors that a statement may meet.
var (
	ErrNoWords = errors.New("a statement needs words, and the time it was made")
	ErrTooOld  = fmt.Errorf("a statement of more than %d days before the incident was noticed says nothing of it", historyDays)
)

// state records what somebody else has said of an incident, open or ended. It
// colours nothing: whoever says that it works again, measurement decides. It
// returns the update's id.
func (b *Board) state(id string, said Statement, author string, now time.Time) (string, error) {
	s, err := b.storyToAmend(id)
	if err == nil {
		err = said.admissible(s, now)
	}
	if err != nil {
		return "", fmt.Errorf("recording a statement on incident %q: %w", id, err)
	}
	u := b.write(s, UpdateStatement, now)
	u.Statement, u.Author = &said, author
	b.retell = true
	return u.ID, nil
}

// admissible says why the statement cannot be recorded.
func (said *Statement) admissible(s *story, now time.Time) error {
	if err := errors.Join(boundSpeaker(said.Speaker), boundWords(said.Text, said.Source)); err != nil {
		return err
	}
	switch {
	case said.Text.empty() || said.Said.IsZero():
		return ErrNoWords
	case said.Said.After(now):
		return fmt.Errorf("said at %s: %w", said.Said.Format(time.RFC3339), ErrFuture)
	case said.Said.Before(s.Detected.Add(-correctable)):
		return ErrTooOld
	}
	return nil
}
