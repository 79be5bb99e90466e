package status

import (
	"fmt"
	"slices"
	"strings"
)

// storyToAmend is the incident that a person adds something to, open or ended.
// One that was merged goes on in another, and is told of there.
//
// The error is [ErrNoIncident] or [ErrMerged].
func (b *Board) storyToAmend(id string) (*story, error) {
	s := b.anyStory(id)
	if s == nil {
		return nil, ErrNoIncident
	}
	if s.MergedInto != "" {
		return nil, fmt.Errorf("%q: %w", s.MergedInto, ErrMerged)
	}
	return s, nil
}

// anyStory is the story with the id, or nil. One of the past is fetched from
// there: what it gets goes out with the next Change.
func (b *Board) anyStory(id string) *story {
	for _, stories := range [][]*story{b.open, b.amended} {
		if at := slices.IndexFunc(stories, func(s *story) bool { return s.ID == id }); at >= 0 {
			return stories[at]
		}
	}
	at := slices.IndexFunc(b.past, func(i Incident) bool { return i.ID == id })
	if at < 0 {
		return nil
	}
	s := &story{Incident: b.past[at].copy()}
	b.amended = append(b.amended, s)
	return s
}

// handOutAmended hands out the stories of the past that people have added to.
func (b *Board) handOutAmended(change *Change) {
	changed := slices.DeleteFunc(b.amended, func(s *story) bool { return !s.touched })
	b.amended = nil
	if len(changed) == 0 {
		return
	}
	past := slices.Clone(b.past) // snapshots share it
	for _, s := range changed {
		s.Version++
		change.Incidents = append(change.Incidents, s.copy())
		past = slices.DeleteFunc(past, func(i Incident) bool { return i.ID == s.ID })
		past = append(past, s.copy())
	}
	slices.SortFunc(past, newestFirst)
	b.past = past
}

// empty says whether there is nothing to read in it.
func (t Text) empty() bool {
	for _, words := range t {
		if strings.TrimSpace(words) != "" {
			return false
		}
	}
	return true
}

// boundWords refuses what is too long to keep and to show.
func boundWords(text Text, source string) error {
	for _, words := range text {
		if len(words) > longestText {
			return fmt.Errorf("the text has %d bytes, the most is %d: %w", len(words), longestText, ErrTooLong)
		}
	}
	if len(source) > longestSource {
		return fmt.Errorf("the source has %d bytes, the most is %d: %w", len(source), longestSource, ErrTooLong)
	}
	return nil
}

func boundSpeaker(speaker string) error {
	switch {
	case strings.TrimSpace(speaker) == "":
		return ErrNoSpeaker
	case len(speaker) > longestName:
		return fmt.Errorf("the speaker's name has %d bytes, the most is %d: %w", len(speaker), longestName, ErrTooLong)
	}
	return nil
}
