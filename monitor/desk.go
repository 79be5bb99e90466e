package monitor

import (
	"fmt"
	"time"

	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
	"bongsu/status/remote"
)

const (
	// breath is the shortest time between two judgements of looks, so that a
	// thousand looks that end together are judged together.
	breath = 200 * time.Millisecond
	// gather is how long a standing or a look may wait to be committed with others.
	// Each commit is a row until the history is put in order, so they are few.
	gather = time.Second
	// refresh is the longest time between two snapshots: the page says when
	// things were last measured.
	refresh = 15 * time.Second
	// freshen is the shortest time between two snapshots that only show that a
	// word has lapsed.
	freshen = 2 * time.Second
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

	lapsed bool // a word that the page shows may count no more
	voted  bool // a look is not judged yet
	asked  bool // nor is a request
	judged time.Time
	shown  time.Time // when the last snapshot was taken
	now    time.Time

	doubted map[string][]remote.SelfDoubt // what locations hold against themselves
	heard   map[string]time.Time          // when they last sent anything
	missing map[string]bool               // those of whom operators know that they do not

	once once // commands with ids that were carried out lately

	wordless []error // alarms that could not be worded, for the log
	backlog
}

// NewDesk makes a desk for the board. Its votes are the location's.
func NewDesk(board *status.Board, location string, writer Writer) *Desk {
	return &Desk{
		board: board, location: location, writer: writer,
		doubted: map[string][]remote.SelfDoubt{}, heard: map[string]time.Time{}, missing: map[string]bool{},
	}
}

// Agenda is what follows from a judgement. Whoever is given a Record reports
// with Recorded how it went, and is given no other before.
type Agenda struct {
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

// Vote is the outcome as a location's vote.
func (o *Outcome) Vote(location string) status.Vote {
	return status.Vote{
		Check: o.Check, Location: location, Outcome: outcomeOf(o.Result.Outcome),
		At: o.Began, Took: o.Result.Took, Reason: o.Result.Reason,
	}
}

// Report folds a look of the desk's own location in.
func (d *Desk) Report(o Outcome, now time.Time) status.Followup {
	return d.Vote(o.Vote(d.location), now)
}

// Vote folds a look of any location in, and says who should look next because
// of it. One that comes late is for the history only.
func (d *Desk) Vote(v status.Vote, now time.Time) status.Followup {
	next := d.board.Vote(v)
	d.voted = true
	d.Heard(v.Location, now)
	d.keepLook(v, now)
	if s, ok := d.board.Standing(v.Check, v.Location); ok {
		d.keepStanding(s, now)
	}
	if v.Outcome == status.Inconclusive && now.Sub(v.At) < alarmEvery {
		source, key, text := "", "check "+v.Check, v.Check+" cannot be measured"
		if v.Location != d.location {
			source, key, text = v.Location, key+" "+v.Location, text+" from "+v.Location
		}
		d.alarm(source, key, text+": "+v.Reason, now)
	}
	return next
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
func (d *Desk) Alarm(key, text string, now time.Time) { d.alarm("", key, text, now) }

func (d *Desk) alarm(source, key, text string, now time.Time) {
	key, text, ok := d.alarms.admit(source, key, text, now)
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

// Do carries out what an operator asks and returns the id of what came of it.
func (d *Desk) Do(c status.Command, now time.Time) (made string, err error) {
	made, err = d.board.Do(c, now)
	d.asked = d.asked || err == nil
	return made, err
}

// Command carries out what was asked by way of the database. The answer is
// committed with what it did.
func (d *Desk) Command(c status.Command, now time.Time) {
	made, err := d.Do(c, now)
	a := status.Answer{Command: c.ID, Made: made, At: now}
	if err != nil {
		a.Made, a.Error = "", err.Error()
	}
	d.keep(notifier.Record{Answers: []status.Answer{a}}, now)
}

// Pending says whether something waits to be judged or committed that is not on
// its way yet.
func (d *Desk) Pending() bool { return d.asked || d.urgent || d.gathering() }

// Due judges if there is something to judge, and returns what is to be done
// and when to ask next.
func (d *Desk) Due(now time.Time) (agenda Agenda, next time.Time) {
	d.step(now)
	if at := d.judgeAt(); !at.After(now) {
		d.judge(&agenda, now)
	}
	agenda.Record = d.release(now)
	agenda.Problems, d.wordless = append(agenda.Problems, d.wordless...), nil
	next = d.judgeAt()
	if at := d.releaseAt(); !at.IsZero() && at.Before(next) {
		next = at
	}
	return agenda, next
}

// step notices a clock that was set back, which would make every pause as long
// as the step.
func (d *Desk) step(now time.Time) {
	if back := d.now.Sub(now); back > time.Second {
		for _, t := range []*time.Time{&d.judged, &d.shown, &d.since, &d.retry} {
			*t = t.Add(-back)
		}
		d.alarms.setBack(now)
	}
	d.now = now
}

// judgeAt is when to judge next: at once when somebody asked, soon after a
// look, when the board has a date, and for the page's sake now and then.
func (d *Desk) judgeAt() time.Time {
	at := d.showAt()
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

// showAt is when to show a page without news.
func (d *Desk) showAt() time.Time {
	if d.lapsed {
		return d.shown.Add(freshen)
	}
	return d.shown.Add(refresh)
}

func (d *Desk) judge(agenda *Agenda, now time.Time) {
	if due := d.board.Due(); !due.IsZero() && !due.After(now) {
		d.lapsed = true
	}
	change := d.board.Judge(now)
	agenda.Judged = true
	d.tell(&change, now)
	news := d.asked || !change.Empty() || len(change.Doubts) > 0 // who asked is answered by a commit, so there is one
	d.voted, d.asked, d.judged = false, false, now
	if !news && now.Before(d.showAt()) {
		return
	}
	page := d.board.Snapshot(now)
	agenda.Publish, d.shown, d.lapsed = page, now, false
	d.miss(page.Locations, now)
	d.unheard(page.Locations, now)
	if !news {
		return
	}
	record := notifier.Record{Change: change}
	if len(change.Events) > 0 {
		var err error
		if record.Notices, err = d.writer.Compose(page, change.Events, now); err != nil {
			agenda.Problems = append(agenda.Problems, fmt.Errorf("wording notices: %w", err))
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
