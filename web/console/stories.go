package console

import (
	"context"
	"errors"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// Stories is what the pages of incidents need beside the snapshot.
type Stories interface {
	StoryDesk
	StoryHolds
	KeptTexts

	// Sendings are what became of an incident's notices, the latest first.
	Sendings(ctx context.Context, incident string) ([]StorySending, error)
	// NewID is an id that was never given before.
	NewID() string
}

// StoryDesk carries out what operators ask, and says before what will come of it.
type StoryDesk interface {
	// Do carries a command out, once for each id, and says what came of it. Its
	// errors are those of [status.Board.Do], and [status.ErrAsked].
	Do(ctx context.Context, c status.Command) (made string, err error)
	// Preview says what a command would come to, and changes nothing.
	Preview(ctx context.Context, c status.Command, now time.Time) (*StoryPreview, error)
}

// StoryPreview is what a command would come to.
type StoryPreview struct {
	After    *status.Snapshot // as the page would be
	Incident string           // the one that it is about, in After
	Drafts   []StoryDraft     // what would leave; none: nobody is told
	Counted  time.Time        // when subscribers were last counted; zero: not yet
	Beyond   int64            // people too unlike each other to be counted by how they are told
}

// StoryDraft is a notice that would leave, with who gets it by which way.
type StoryDraft struct {
	words.Draft

	Telling notifier.Telling
	Takes   map[string]time.Duration // by channel, at the rates of its gateways
}

// StorySending is how far a notice has come, on all channels together and by each.
type StorySending struct {
	Notice   string
	Event    string
	Audience string
	Plan     string
	Made     time.Time
	Planned  bool // its whole audience is known
	People   int64
	ETA      time.Duration
	ETAKnown bool
	Done     bool
	Channels []StorySendingBy
}

// StorySendingBy counts a notice's people on one channel.
type StorySendingBy struct {
	Channel                                            string
	Planned, Handed, Delivered, Failed, Unknown, Moved int64
}

// StoryHolds says whose incidents are. Nobody is told of it.
type StoryHolds interface {
	Holds(ctx context.Context) (map[string]StoryHold, error) // by incident
	Take(ctx context.Context, h StoryHold) error
	Leave(ctx context.Context, incident string) error
}

// StoryHold says whose an incident is.
type StoryHold struct {
	Incident string
	Who      string // an account's id
	Name     string
	Since    time.Time
}

// KeptTexts are texts that operators keep ready.
type KeptTexts interface {
	Texts(ctx context.Context) ([]KeptText, error)
	// KeepText adds a text, or changes it if it is still of its version: else
	// [ErrTextMoved]. A new one is of version 0; too many: [ErrTooManyTexts].
	KeepText(ctx context.Context, k KeptText) error
	DropText(ctx context.Context, id string) error
}

// KeptText is a text that operators keep ready.
type KeptText struct {
	ID, Name string
	Text     status.Text
	Author   string
	At       time.Time
	Version  int64
}

// Errors of kept texts.
var (
	ErrTextMoved    = errors.New("the text was changed meanwhile")
	ErrTooManyTexts = errors.New("there are too many texts")
)
