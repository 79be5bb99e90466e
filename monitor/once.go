package monitor

import (
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// mostOnce is how many commands are known again before the database is asked:
// those whose answers may not be committed yet, and then some.
const mostOnce = 256

// once is the commands with ids that were carried out lately.
type once struct {
	done  map[string]status.Answer
	order []string // the oldest first
}

func (o *once) put(a status.Answer) {
	if o.done == nil {
		o.done = map[string]status.Answer{}
	}
	if len(o.order) == mostOnce {
		delete(o.done, o.order[0])
		o.order = o.order[1:]
	}
	o.done[a.Command], o.order = a, append(o.order, a.Command)
}

// Once is Do for a command that may come twice, as when somebody presses a
// button again: the second time nothing happens, and what came of the first is
// returned; with [status.ErrAsked] if the first asked for something else. The
// answer is committed with what the command did. A command without an id is
// carried out each time. Whoever asks looks for older answers in the database
// first.
func (d *Desk) Once(c status.Command, now time.Time) (made string, err error) {
	if c.ID == "" {
		return d.Do(c, now)
	}
	asked := c.Digest()
	if a, known := d.once.done[c.ID]; known {
		if a.Asked != asked {
			err = status.ErrAsked
		}
		return a.Made, err
	}
	made, err = d.Do(c, now)
	if err != nil {
		return made, err
	}
	a := status.Answer{Command: c.ID, Asked: asked, Made: made, At: now}
	d.once.put(a)
	d.keep(notifier.Record{Answers: []status.Answer{a}}, now)
	return made, nil
}
