package store_test

import (
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

func TestWhatWasToldIsFoundAgain(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms", "alimtalk")
		c := newCity(t, s)
		opened := noticeOf(status.EventOpened)
		tell(t, s, opened)
		twice := opened
		twice.ID, twice.Plan = "n-other-plan", "sms"
		tell(t, s, twice)
		operators := opened
		operators.ID, operators.Audience = "n-operators", "operators"
		operators.Texts = []notifier.Text{{Lang: "ko", Class: notifier.ClassChat, Body: "for operators"}}
		tell(t, s, operators)
		c.step(time.Second)
		later := noticeOf(status.EventResolved)
		later.Made = later.Made.Add(time.Hour)
		tell(t, s, later)
		told, err := s.Told(t.Context(), "i1")
		if err != nil || len(told) != 1 || told[0].Event != "opened" || !told[0].At.Equal(march) || len(told[0].Texts) != 3 {
			t.Fatalf("before the second is planned: %+v, %v", told, err)
		}
		c.step(time.Second)
		told, err = s.Told(t.Context(), "i1")
		if err != nil || len(told) != 2 || told[1].Event != "resolved" || told[1].Texts[0].Body != "resolved" {
			t.Errorf("%+v, %v", told, err)
		}
		if other, err := s.Told(t.Context(), "i2"); err != nil || len(other) != 0 {
			t.Errorf("of another incident: %+v, %v", other, err)
		}
	})
}
