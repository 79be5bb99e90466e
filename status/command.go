package status

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Command is what an operator asks of the board, by the API, the console or a
// shell beside the server. Exactly one of its deeds is set; none is when a newer
// program wrote it.
type Command struct {
	ID       string
	At       time.Time
	Incident string // what the deeds that are about an incident are about
	Author   string // who asks; Open and Note name theirs
	Open     *Draft
	Note     *NoteDraft
	Maintain *Maintenance
	Arrange  *Routine
	Cancel   string // the id of a maintenance that will not be, or ends now; or of a routine that comes no more
	Correct  *Correction
	State    *Statement
	Expect   *ETA
	Merge    string   // the id of the incident that takes this one over
	Split    []string // the components that become a story of their own
	Retract  Text     // why it was a false alarm

	Words   *FunctionWords // what an app's people say of one of its functions
	Widget  *WidgetSwitch  // whether an app's widget shows anything
	Suspect *Suspicion     // what somebody else's monitoring holds against a component
	Silence *Silence       // what keeps a component's failures from being told
	Lift    string         // the component whose silence ends now

	Postmortem Text // what was learnt, in Markdown; the incident has to be over

	// Known is the latest update of the incident that the asker had seen. If
	// another has come since, the command is not carried out: [ErrMeanwhile].
	// Empty: whatever came, it is asked all the same.
	Known string
}

// ErrMeanwhile says that something was added to the incident since the asker
// looked.
var ErrMeanwhile = errors.New("something was added to the incident meanwhile; read it, and ask again if it still holds")

// ErrUnknownDeed says that a command asks for nothing this program knows.
var ErrUnknownDeed = errors.New("this server does not know the command; a newer bongsu gave it")

// ErrAsked says that a command with this id was carried out already, and asked
// for something else.
var ErrAsked = errors.New("this was sent already, with other words")

// Digest tells whether two commands ask for the same, whenever and under
// whichever id.
func (c *Command) Digest() string {
	asked := *c
	asked.ID, asked.At = "", time.Time{}
	text, err := json.Marshal(&asked) // keys of maps come sorted
	if err != nil {
		return "" // it has only what JSON can say
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Do carries a command out. It returns the id of what came of it: an incident,
// an update or a maintenance. The next Judge, to be asked at once, has it in its
// Change.
func (b *Board) Do(c Command, now time.Time) (made string, err error) {
	if s := b.anyStory(c.Incident); c.Known != "" && s != nil && s.last().ID != c.Known {
		return "", fmt.Errorf("adding to incident %q: %w", c.Incident, ErrMeanwhile)
	}
	switch {
	case c.Open != nil:
		return b.Open(*c.Open, now)
	case c.Note != nil:
		return b.Note(c.Incident, *c.Note, now)
	case c.Maintain != nil:
		return b.Maintain(*c.Maintain, now)
	case c.Arrange != nil:
		return b.Arrange(*c.Arrange, now)
	case c.Cancel != "":
		return b.Cancel(c.Cancel, now)
	case c.Correct != nil:
		return b.correct(c.Incident, *c.Correct, c.Author, now)
	case c.State != nil:
		return b.state(c.Incident, *c.State, c.Author, now)
	case c.Expect != nil:
		return b.expect(c.Incident, *c.Expect, c.Author, now)
	case c.Merge != "":
		return b.mergeInto(c.Incident, c.Merge, now)
	case c.Split != nil:
		return b.split(c.Incident, c.Split, now)
	case c.Retract != nil:
		return b.retract(c.Incident, c.Retract, c.Author, now)
	case c.Words != nil:
		return b.reword(*c.Words, c.Author, now)
	case c.Widget != nil:
		return b.switchWidget(*c.Widget, c.Author, now)
	case c.Postmortem != nil:
		return b.postmortem(c.Incident, c.Postmortem, c.Author, now)
	case c.Suspect != nil:
		return b.Suspect(*c.Suspect, now)
	case c.Silence != nil:
		return b.quiet(*c.Silence, c.Author, now)
	case c.Lift != "":
		return b.lift(c.Lift, now)
	default:
		return "", fmt.Errorf("carrying out command %q: %w", c.ID, ErrUnknownDeed)
	}
}

// Answer is what became of a command. It is saved in the transaction that
// saves what the command did, so a crash neither loses nor repeats it.
type Answer struct {
	Command string // the command's id
	Asked   string // a digest of what was asked, for a command that did not come by the database; else empty
	Made    string // the id of the incident, update or maintenance that came of it
	Error   string // why nothing came of it; empty when something did
	At      time.Time
}
