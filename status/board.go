package status

import (
	"errors"
	"time"
)

// Names makes the ids and check codes of what a board creates. It is injected,
// so a drill with a seeded source makes the same ones each time.
type Names interface {
	ID(now time.Time) string // sortable by time, unique
	Code() string            // four characters people can read out
}

// Errors that a person's request may meet.
var (
	ErrNoIncident  = errors.New("no such incident")
	ErrNoComponent = errors.New("no such component")
	ErrClosed      = errors.New("the incident is closed")
)

// Draft is an incident opened by hand.
type Draft struct {
	Title      Text
	Text       Text // the first update
	Components map[string]State
	Stage      Stage
	Author     string
	Notify     bool // tell subscribers
}

// NoteDraft is an update written by a person.
type NoteDraft struct {
	Text   Text
	Author string
	Stage  *Stage // nil leaves the stage alone; Resolved ends an incident opened by hand only
	Next   time.Time
	Notify bool
}

// Board is the judge: it folds votes into conditions and incidents. It is
// used by one goroutine; everything it hands out is a copy.
type Board struct{ m *Model }

// NewBoard makes a board for the model that goes on where memory ended. What
// memory has of components and checks no longer in the model is kept in
// history and judged no more.
func NewBoard(m *Model, memory Memory, names Names) *Board { return &Board{m: m} }

// Vote folds one look in. It says whether another look should follow at once:
// the latest look disagrees with the location's confirmed word.
func (b *Board) Vote(v Vote) (unsettled bool) { return false }

// Standings are the current standings of the given checks' locations.
func (b *Board) Standing(check, location string) (Standing, bool) { return Standing{}, false }

// Judge brings conditions and incidents up to now and returns what has
// changed since the last Judge, operators' drafts and notes included.
func (b *Board) Judge(now time.Time) Change { return Change{} }

// Due is the earliest instant at which Judge may have something new to say
// without another vote: a vote going stale, settle, watch, promise, a
// maintenance window. Zero if there is none.
func (b *Board) Due() time.Time { return time.Time{} }

// Open opens an incident by hand. It returns its id.
func (b *Board) Open(d Draft, now time.Time) (string, error) { return "", nil }

// Note adds an update to an open incident. It returns the update's id.
func (b *Board) Note(incident string, n NoteDraft, now time.Time) (string, error) { return "", nil }

// Maintain plans work. It returns the maintenance's id.
func (b *Board) Maintain(w Maintenance, now time.Time) (string, error) { return "", nil }

// Snapshot is what the page shows now.
func (b *Board) Snapshot(now time.Time) *Snapshot { return &Snapshot{} }
