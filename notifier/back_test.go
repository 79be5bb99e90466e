package notifier_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
)

// mute is a gateway that never says what became of a message.
type mute struct{ asked atomic.Int64 }

func (m *mute) Send(context.Context, notifier.Message) (string, error) {
	m.asked.Add(1)
	time.Sleep(2 * time.Millisecond)
	return "", &notifier.UncertainError{Err: errors.New("no answer")}
}

// granting is a ledger that grants one window after another.
type granting struct {
	notifier.Ledger

	last int64
}

func (l *granting) Authorise(context.Context, notifier.Window) (g notifier.Grant, err error) {
	for range 8 {
		l.last++
		g.Items = append(g.Items, notifier.Item{Rcpt: l.last, To: "+821000000001", Lang: "ko"})
	}
	return g, nil
}

func (*granting) Enter(context.Context, string, []notifier.Result, []notifier.ReceiptRow) (int, error) {
	return 0, nil
}

// Who works a batch and the answers that still come in for it both say when it is
// to be claimed again: the soonest of these counts.
func TestABatchComesBackAsSoonAsAnybodyWants(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			m := &mute{}
			s := notifier.NewSender(&granting{}, notifier.Options{
				Channels: []notifier.Channel{{
					ID: "sms", Kind: "sms", Class: notifier.ClassSMS,
					Gateways: []notifier.Route{{Name: "sms/one", Gateway: m}},
				}},
				Stamp: notifier.NewStamp([]byte("sixteen bytes or more")), Concurrency: 16, SettleWait: time.Hour,
			})
			n := &notifier.Notice{Texts: []notifier.Text{{Lang: "ko", Class: notifier.ClassSMS, Body: "text"}}}
			again, err := s.Windows(t.Context(), n, func() bool { return m.asked.Load() < 4 })
			if wait := time.Until(again); err != nil || again.IsZero() || wait > time.Minute {
				t.Fatalf("it comes back in %s, %v", wait, err)
			}
		})
	}
}
