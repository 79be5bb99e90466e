package monitor

import (
	"errors"
	"fmt"
	"time"

	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
)

const (
	// breath is the shortest time between two judgements of looks, so that a
	// thousand looks that end together are judged together.
	breath = 200 * time.Millisecond
	// gather is how long a standing may wait to be committed with others.
	gather = 100 * time.Millisecond
	// refresh is the longest time between two snapshots: the page says when
	// things were last measured.
	refresh = 15 * time.Second
)

// Writer words notices. It must be safe for concurrent use.
type Writer interface {
	// Compose words the notices that events call for. What it returns beside
	// an error is sent all the same.
	Compose(page *status.Snapshot, events []status.Event, now time.Time) ([]notifier.Notice, error)
	// Alarm words notices to the operators; none if nobody listens. Key names
	// what is wrong: Event and Update of a notice should name key and hour, so
	// that a restart does not repeat it. What it returns beside an error is
	// sent all the same.
	Alarm(key, text string, now time.Time) ([]notifier.Notice, error)
}

// Desk turns looks and requests into judgements: what to publish and what to
// keep. It does no I/O and reads no clock. It is used by one goroutine.
type Desk struct {
	board    *status.Board
	location string
	writer   Writer
	alarms   alarms

	voted  bool // a look is not judged yet
	asked  bool // nor is a request
	judged time.Time
	shown  time.Time // when the last snapshot was taken
	now    time.Time

	wordless []error // alarms that could not be worded, for the log
	backlog
}

// NewDesk makes a desk for the board. Its votes are the location's.
func NewDesk(board *status.Board, location string, writer Writer) *Desk {
	return &Desk{board: board, location: location, writer: writer}
}

// Todo is what follows from a judgement. Whoever is given a Record reports
// with Recorded how it went, and is given no other before.
type Todo struct {
	Judged   bool
	Publish  *status.Snapshot // nil: the page stays as it is
	Record   *notifier.Record // nil: nothing to commit now
	Problems []error          // for the log
}

// Outcome is how a look ended.
type Outcome struct {
	Check  string
	Began  time.Time
	Result probes.Result
}

// Report folds a look in. Another one should follow soon if again is true.
func (d *Desk) Report(o Outcome, now time.Time) (again bool) {
	again = d.board.Vote(status.Vote{
		Check: o.Check, Location: d.location, Outcome: outcomeOf(o.Result.Outcome),
		At: o.Began, Took: o.Result.Took, Reason: o.Result.Reason,
	})
	d.voted = true
	if s, ok := d.board.Standing(o.Check, d.location); ok {
		d.keepStanding(s, now)
	}
	if o.Result.Outcome == probes.Inconclusive {
		d.Alarm("check "+o.Check, fmt.Sprintf("%s cannot be measured: %s", o.Check, o.Result.Reason), now)
	}
	return again
}

func outcomeOf(o probes.Outcome) status.Outcome {
	switch o {
	case probes.OK:
		return status.OK
	case probes.Slow:
		return status.Slow
	case probes.Wrong:
		return status.Wrong
	case probes.Failed:
		return status.Failed
	case probes.Inconclusive:
	}
	return status.Inconclusive
}

// Alarm tells the operators, at most once an hour of each key.
func (d *Desk) Alarm(key, text string, now time.Time) {
	key, text, ok := d.alarms.admit(key, text, now)
	if !ok {
		return
	}
	notices, err := d.writer.Alarm(key, text, now)
	if err != nil {
		d.wordless = append(d.wordless, fmt.Errorf("wording an alarm: %w", err))
	}
	if len(notices) > 0 {
		d.keep(notifier.Record{Notices: notices}, now)
	}
}

// Open opens an incident by hand and returns its id.
func (d *Desk) Open(draft status.Draft, now time.Time) (string, error) {
	id, err := d.board.Open(draft, now)
	d.asked = d.asked || err == nil
	return id, err
}

// Note adds an update to an incident and returns the update's id.
func (d *Desk) Note(incident string, draft status.NoteDraft, now time.Time) (string, error) {
	id, err := d.board.Note(incident, draft, now)
	d.asked = d.asked || err == nil
	return id, err
}

// Maintain plans work and returns the maintenance's id.
func (d *Desk) Maintain(work status.Maintenance, now time.Time) (string, error) {
	id, err := d.board.Maintain(work, now)
	d.asked = d.asked || err == nil
	return id, err
}

// Command carries out what was asked by way of the database. The answer is
// committed with what it did.
func (d *Desk) Command(c status.Command, now time.Time) {
	var made string
	var err error
	switch {
	case c.Open != nil:
		made, err = d.Open(*c.Open, now)
	case c.Note != nil:
		made, err = d.Note(c.Incident, *c.Note, now)
	case c.Maintain != nil:
		made, err = d.Maintain(*c.Maintain, now)
	default:
		err = errors.New("this server does not know the command; a newer bongsu gave it")
	}
	a := status.Answer{Command: c.ID, Made: made, At: now}
	if err != nil {
		a.Made, a.Error = "", err.Error()
	}
	d.keep(notifier.Record{Answers: []status.Answer{a}}, now)
}

// Due judges if there is something to judge, and returns what is to be done
// and when to ask next.
func (d *Desk) Due(now time.Time) (todo Todo, next time.Time) {
	d.step(now)
	if at := d.judgeAt(); !at.After(now) {
		d.judge(&todo, now)
	}
	todo.Record = d.release(now)
	todo.Problems, d.wordless = append(todo.Problems, d.wordless...), nil
	next = d.judgeAt()
	if at := d.releaseAt(); !at.IsZero() && at.Before(next) {
		next = at
	}
	return todo, next
}

// step notices a clock that was set back, which would make every pause as long
// as the step.
func (d *Desk) step(now time.Time) {
	if back := d.now.Sub(now); back > time.Second {
		for _, t := range []*time.Time{&d.judged, &d.shown, &d.since, &d.retry} {
			*t = t.Add(-back)
		}
	}
	d.now = now
}

// judgeAt is when to judge next: at once when somebody asked, soon after a
// look, when the board has a date, and for the page's sake now and then.
func (d *Desk) judgeAt() time.Time {
	at := d.shown.Add(refresh)
	if d.asked {
		return time.Time{}
	}
	soonest := d.judged.Add(breath)
	if d.voted {
		at = soonest
	}
	if due := d.board.Due(); !due.IsZero() && due.Before(at) {
		at = later(due, soonest)
	}
	return at
}

func (d *Desk) judge(todo *Todo, now time.Time) {
	change := d.board.Judge(now)
	todo.Judged = true
	news := d.asked || !change.Empty() // who asked is answered by a commit, so there is one
	d.voted, d.asked, d.judged = false, false, now
	if !news && now.Before(d.shown.Add(refresh)) {
		return
	}
	page := d.board.Snapshot(now)
	todo.Publish, d.shown = page, now
	if !news {
		return
	}
	record := notifier.Record{Change: change}
	if len(change.Events) > 0 {
		var err error
		if record.Notices, err = d.writer.Compose(page, change.Events, now); err != nil {
			todo.Problems = append(todo.Problems, fmt.Errorf("wording notices: %w", err))
			d.Alarm("words", "some notices could not be worded and are not sent: "+err.Error(), now)
		}
	}
	d.keep(record, now)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
