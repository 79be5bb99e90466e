package notifier

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// silence is a time in which the ledger answers nothing, or takes nothing.
type silence struct {
	since time.Time
	told  bool
}

// away notes that the ledger could not be renewed. Operators are told once
// nothing may be sent for it; that this needs the ledger is their teller's
// matter.
func (s *Sender) away(err error, now time.Time) {
	s.mu.Lock()
	if s.silent.since.IsZero() {
		s.silent.since = now
	}
	tell := !s.silent.told && now.Sub(s.silent.since) >= s.o.TTL*8/10
	s.silent.told = s.silent.told || tell
	s.mu.Unlock()
	if tell {
		s.alarm(AlarmLedger, "database", "the database takes nothing, so nothing is sent; it is asked again and again: "+clip(err.Error()), now)
	}
}

// back notes that it could.
func (s *Sender) back(now time.Time) {
	s.mu.Lock()
	was := s.silent
	s.silent = silence{}
	s.mu.Unlock()
	if was.told {
		s.alarm(AlarmBack, "database", fmt.Sprintf("the database had taken nothing for %s and does again: sending goes on", now.Sub(was.since).Round(time.Second)), now)
	}
}

// clock watches for the ledger's clock being set, and follows it once nothing
// is queued.
func (s *Sender) clock(l *lease, q Queue) {
	step := l.jumped()
	if step == 0 {
		s.leapt = false
		return
	}
	if !s.leapt {
		s.leapt = true
		way := "forward"
		if step < 0 {
			way = "back"
		}
		s.alarm(AlarmClock, "database", fmt.Sprintf("the database's clock has jumped %s by %s; it is followed once nothing is queued", way, step.Abs().Round(time.Second)), l.now())
	}
	if q.Depth == 0 {
		l.adopt()
	}
}

// TellAtOnce hands a notice to the fixed recipients of its plan's channels,
// past the ledger: for what must be said when there is none. Nothing of it is in
// the books, and it is tried once.
func (s *Sender) TellAtOnce(ctx context.Context, n Notice) error {
	var errs []error
	for hop, h := range s.planOf(n.Plan) {
		o := s.outlets[h.Channel]
		if o == nil || o.Target == "" || len(o.gates) == 0 {
			continue
		}
		text, ok := n.TextFor(o.Class, "")
		if !ok {
			continue
		}
		send, cancel := context.WithTimeout(ctx, s.o.SendTimeout)
		_, err := o.gates[0].Gateway.Send(send, Message{
			Delivery: s.o.Stamp.Key(0, int64(hop)), To: o.Target, Class: text.Class, Lang: text.Lang,
			Title: text.Title, Body: text.Body, HTML: text.HTML, Incident: n.Incident,
		})
		cancel()
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("telling %s: %w", o.ID, err))
	}
	return errors.Join(errs...)
}
