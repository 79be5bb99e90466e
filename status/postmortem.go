package status

import (
	"errors"
	"fmt"
	"time"
)

// longestPostmortem bounds a post-mortem, in bytes of each language.
const longestPostmortem = 20_000

// Errors that a post-mortem may meet.
var (
	ErrGoingOn      = errors.New("the incident goes on; write its post-mortem when it is over, and an update until then")
	ErrNoPostmortem = errors.New("a post-mortem needs words")
)

// postmortem adds what was learnt to the timeline of an incident that is over.
// A later one takes its place on the page; the earlier ones stay in the
// timeline. It returns the update's id.
func (b *Board) postmortem(id string, text Text, author string, now time.Time) (string, error) {
	s, err := b.storyToAmend(id)
	if err == nil {
		err = admissiblePostmortem(s, text)
	}
	if err != nil {
		return "", fmt.Errorf("writing the post-mortem of incident %q: %w", id, err)
	}
	u := b.write(s, UpdatePostmortem, now)
	u.Text, u.Author = text, author
	b.retell = true
	return u.ID, nil
}

func admissiblePostmortem(s *story, text Text) error {
	if s.Open() {
		return ErrGoingOn
	}
	if text.empty() {
		return ErrNoPostmortem
	}
	for _, words := range text {
		if len(words) > longestPostmortem {
			return fmt.Errorf("the post-mortem has %d bytes, the most is %d: %w", len(words), longestPostmortem, ErrTooLong)
		}
	}
	return nil
}

// Postmortem is the latest one, with which in the order of its versions it is;
// nil if there is none.
func (i *Incident) Postmortem() (latest *Update, version int) {
	for k := range i.Updates {
		if i.Updates[k].Kind == UpdatePostmortem {
			latest, version = &i.Updates[k], version+1
		}
	}
	return latest, version
}
