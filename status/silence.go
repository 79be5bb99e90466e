package status

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Silence keeps what is measured of a component from being told: while all that
// fails in an incident is silenced, nobody is sent anything of it that a person
// has not written. It changes no state, hides nothing on the page, and ends by
// itself. What is still true then is told then.
type Silence struct {
	Component string
	Reason    string // for operators, in the words of who silenced it
	Author    string
	Since     time.Time
	Until     time.Time // then it is over
	Ended     time.Time // when it was, by itself or sooner; zero while it lasts
}

// Bounds of a silence.
const (
	longestSilence  = 30 * 24 * time.Hour
	longestBecause  = 300 // bytes of its reason
	shortestSilence = time.Minute
)

// Errors of a silence.
var (
	ErrNoSilenceReason = errors.New("a silence needs a reason of at most 300 bytes, in one line")
	ErrSilenceSpan     = errors.New("a silence lasts for a minute to 30 days")
	ErrNotSilenced     = errors.New("the component is not silenced")
)

// Lasts says whether the silence holds at now.
func (s *Silence) Lasts(now time.Time) bool { return s.Ended.IsZero() && s.Until.After(now) }

// quiet keeps a component's failures from being told until a time. Another
// silence of the same component takes its place. It returns the component.
//
// The error is [ErrNoComponent], [ErrNoSilenceReason] or [ErrSilenceSpan].
func (b *Board) quiet(s Silence, author string, now time.Time) (string, error) {
	now = b.clock(now)
	s.Reason = strings.TrimSpace(s.Reason)
	_, known := b.index[s.Component]
	switch span := s.Until.Sub(now); {
	case !known:
		return "", fmt.Errorf("silencing: %w", b.unknownComponent(s.Component))
	case s.Reason == "" || len(s.Reason) > longestBecause || strings.ContainsAny(s.Reason, "\r\n"):
		return "", fmt.Errorf("silencing %q: %w", s.Component, ErrNoSilenceReason)
	case span < shortestSilence || span > longestSilence:
		return "", fmt.Errorf("silencing %q: %w", s.Component, ErrSilenceSpan)
	}
	s.Author, s.Since, s.Ended = author, now, time.Time{}
	b.silences = put(b.silences, s, silenceKey)
	b.hush(s)
	return s.Component, nil
}

// lift ends the silence of a component before its time. It returns the
// component.
func (b *Board) lift(component string, now time.Time) (string, error) {
	now = b.clock(now)
	at := slices.IndexFunc(b.silences, func(s Silence) bool { return s.Component == component })
	if at < 0 || !b.silences[at].Lasts(now) {
		return "", fmt.Errorf("ending the silence of %q: %w", component, ErrNotSilenced)
	}
	ended := b.silences[at]
	ended.Ended = now
	b.silences = slices.Delete(b.silences, at, at+1)
	b.hush(ended)
	return component, nil
}

// hush has the next Change hand a silence out, and stories told anew by it.
func (b *Board) hush(s Silence) {
	b.hushed = put(b.hushed, s, silenceKey)
	b.retell = true
}

func silenceKey(s Silence) string { return s.Component }

// endSilences drops those whose time has passed.
func (b *Board) endSilences(now time.Time) {
	b.silences = slices.DeleteFunc(b.silences, func(s Silence) bool {
		over := !s.Lasts(now)
		if over {
			s.Ended = s.Until
			b.hush(s)
		}
		return over
	})
}

// silenceDue is when the next one ends; zero if none does.
func (b *Board) silenceDue() time.Time {
	var due time.Time
	for i := range b.silences {
		due = sooner(due, b.silences[i].Until)
	}
	return due
}

// silencesNow are those that last.
func (b *Board) silencesNow(now time.Time) []Silence {
	var all []Silence
	for i := range b.silences {
		if b.silences[i].Lasts(now) {
			all = append(all, b.silences[i])
		}
	}
	return all
}

// restoreSilences goes on with those of components in the model. The others
// stay in memory until their time has passed.
func (b *Board) restoreSilences(all []Silence) {
	for _, s := range all {
		if _, known := b.index[s.Component]; known && s.Ended.IsZero() {
			b.silences = put(b.silences, s, silenceKey)
			b.seen(s.Since)
		}
	}
}

// setSilencesBack has silences that were begun by a clock that was ahead begin
// now, and last as long.
func (b *Board) setSilencesBack(now time.Time) {
	for i := range b.silences {
		s := &b.silences[i]
		if ahead := s.Since.Sub(now); ahead > 0 {
			s.Since, s.Until = now, s.Until.Add(-ahead)
			b.hush(*s)
		}
	}
}

// applySilences keeps those that last.
func (m *Memory) applySilences(news []Silence, now time.Time) {
	for _, s := range news {
		m.Silences = put(m.Silences, s, silenceKey)
	}
	m.Silences = slices.DeleteFunc(m.Silences, func(s Silence) bool { return !s.Lasts(now) })
}

// silenced says whether all that fails in the story is silenced.
func (b *Board) silenced(s *story) bool {
	return len(b.silences) > 0 && allSilenced(s.Components, b.silences)
}

// breakSilence notes that a person has told of a story that is silenced: those
// were its first words, and who heard them hears how it ends.
func (b *Board) breakSilence(s *story, now time.Time) {
	if s.Announced.IsZero() && b.silenced(s) {
		s.Announced, s.Told = now, s.audience()
	}
}

// Silence finds the silence of a component.
func (s *Snapshot) Silence(component string) (*Silence, bool) {
	for i := range s.Silences {
		if s.Silences[i].Component == component {
			return &s.Silences[i], true
		}
	}
	return nil, false
}

// Silenced says whether all that fails in the incident is silenced, so that
// nobody is told of it.
func (s *Snapshot) Silenced(i *Incident) bool {
	return i.Open() && allSilenced(i.Components, s.Silences)
}

// allSilenced looks at what fails, or, while nothing of it can be measured, at
// what is not known to be well.
func allSilenced(components []Affected, silences []Silence) bool {
	fails := slices.ContainsFunc(components, func(a Affected) bool { return a.troubled() })
	found := false
	for i := range components {
		a := &components[i]
		if fails && !a.troubled() || !a.Until.IsZero() {
			continue
		}
		if !slices.ContainsFunc(silences, func(s Silence) bool { return s.Component == a.Component }) {
			return false
		}
		found = true
	}
	return found
}
