package notifier_test

import (
	"testing"

	"bongsu/notifier"
)

// Whatever the sender and the books write of an end has a word for who reads it.
func TestEndings(t *testing.T) {
	for _, c := range []struct {
		rank notifier.Rank
		fate notifier.Fate
		why  string
		want notifier.Ended
		code string
	}{
		{notifier.FailedRank, notifier.FateOpen, "30005", notifier.EndedRefused, "30005"},
		{notifier.FailedRank, notifier.FateMoved, "failed: 3008", notifier.EndedRefused, "3008"},
		{notifier.Planned, notifier.FateMoved, "sms/one: 429x", notifier.EndedRefused, "429x"},
		{notifier.Planned, notifier.FateMoved, "sms/one: error", notifier.EndedError, ""},
		{notifier.Planned, notifier.FateMoved, "sms/one: throttled", notifier.EndedThrottled, ""},
		{notifier.FailedRank, notifier.FateOpen, "error", notifier.EndedError, ""},
		{notifier.Planned, notifier.FateUnknown, "in doubt at sms/one", notifier.EndedUncertain, ""},
		{notifier.Accepted, notifier.FateMoved, "not delivered in time", notifier.EndedLate, ""},
		{notifier.Accepted, notifier.FateMoved, "kakao/one: judged dead", notifier.EndedDead, ""},
		{notifier.Planned, notifier.FateMoved, "kakao: chat is major_outage", notifier.EndedBlocked, "chat is major_outage"},
		{notifier.FailedRank, notifier.FateOpen, "no_address", notifier.EndedNoAddress, ""},
		{notifier.FailedRank, notifier.FateOpen, "no_text", notifier.EndedNoText, ""},
		{notifier.FailedRank, notifier.FateOpen, "text_refused", notifier.EndedText, ""},
		{notifier.Planned, notifier.FateCancelled, "delivered by kakao", notifier.EndedReached, "kakao"},
		{notifier.Planned, notifier.FateCancelled, "recalled", notifier.EndedRecalled, ""},
		{notifier.Planned, notifier.FateCancelled, "over", notifier.EndedOver, ""},
		{notifier.Planned, notifier.FateCancelled, "left", notifier.EndedLeft, ""},
		{notifier.Planned, notifier.FateCancelled, "cap", notifier.EndedCap, ""},
	} {
		if got, code := notifier.EndingOf(c.rank, c.fate, c.why); got != c.want || code != c.code {
			t.Errorf("%s %s %q: %s %q, want %s %q", c.rank, c.fate, c.why, got, code, c.want, c.code)
		}
	}
}
