package appnotice_test

import (
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
)

// A recipient's result is the best news there is; what is still open is not
// called failed.
func TestSum(t *testing.T) {
	moved := appnotice.Try{Channel: "talk", Rank: notifier.Accepted, Fate: notifier.FateMoved}
	for _, c := range []struct {
		name    string
		tries   []appnotice.Try
		planned bool
		want    appnotice.Outcome
		channel string
	}{
		{"not planned yet", nil, false, appnotice.OutWaiting, ""},
		{"no way reaches them", nil, true, appnotice.OutNoAddress, ""},
		{"planned", []appnotice.Try{{Channel: "talk"}}, true, appnotice.OutWaiting, "talk"},
		{"handed over", []appnotice.Try{{Channel: "talk", Rank: notifier.Accepted}}, true, appnotice.OutHanded, "talk"},
		{"delivered", []appnotice.Try{{Channel: "talk", Rank: notifier.Delivered}}, true, appnotice.OutDelivered, "talk"},
		{"moved on, and waiting", []appnotice.Try{moved, {Channel: "sms"}}, true, appnotice.OutWaiting, "sms"},
		{"moved on, and delivered", []appnotice.Try{moved, {Channel: "sms", Rank: notifier.Delivered}}, true, appnotice.OutDelivered, "sms"},
		{"the first word came late", []appnotice.Try{{Channel: "talk", Rank: notifier.Delivered, Fate: notifier.FateMoved}, {Channel: "sms", Rank: notifier.FailedRank}}, true, appnotice.OutDelivered, "talk"},
		{"failed everywhere", []appnotice.Try{{Channel: "talk", Rank: notifier.FailedRank, Fate: notifier.FateMoved}, {Channel: "sms", Rank: notifier.FailedRank}}, true, appnotice.OutFailed, "sms"},
		{"nobody knows", []appnotice.Try{{Channel: "talk", InDoubt: true}}, true, appnotice.OutUnknown, "talk"},
		{"taken back", []appnotice.Try{{Channel: "talk", Fate: notifier.FateCancelled}}, true, appnotice.OutCancelled, "talk"},
	} {
		if r := appnotice.Sum("u1", c.tries, c.planned); r.Outcome != c.want || r.Channel != c.channel || r.Ref != "u1" {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
