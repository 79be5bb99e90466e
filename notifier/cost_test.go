package notifier_test

import (
	"testing"

	"bongsu/notifier"
)

func TestWhatAHandOverCosts(t *testing.T) {
	won := func(n int64) notifier.Money { return notifier.Money{Milli: n * 1000, Currency: "KRW"} }
	home := notifier.Route{Name: "sms/home", Price: won(20), PriceLong: won(50)}
	plain := notifier.Route{Name: "sms/plain", Price: won(20)}
	abroad := notifier.Route{Name: "sms/abroad", Price: won(60), Parts: true}
	short := notifier.Text{Class: notifier.ClassSMS, Segments: 1, Parts: 2}
	long := notifier.Text{Class: notifier.ClassLMS, Segments: 1, Parts: 7}
	for _, c := range []struct {
		what   string
		route  notifier.Route
		text   notifier.Text
		pieces int
		want   notifier.Money
	}{
		{"a short text at home is one", home, short, 1, won(20)},
		{"a long one has its price", home, long, 1, won(50)},
		{"or costs as much as another", plain, long, 1, won(20)},
		{"who counts parts is paid for each", abroad, short, 2, won(120)},
		{"of a long one too", abroad, long, 7, won(420)},
		{"a text that was never counted is one", abroad, notifier.Text{Class: notifier.ClassSMS}, 1, won(60)},
		{"without a price nothing is known", notifier.Route{}, short, 1, notifier.Money{}},
	} {
		if got, pieces := c.route.Charge(&c.text), c.route.Pieces(&c.text); got != c.want || pieces != c.pieces {
			t.Errorf("%s: %v for %d, want %v for %d", c.what, got, pieces, c.want, c.pieces)
		}
	}
}

func TestAHopMaySendLongTextsInPlaceOfSMS(t *testing.T) {
	for _, c := range []struct {
		long            bool
		channel, wanted notifier.Class
	}{
		{false, notifier.ClassSMS, notifier.ClassSMS},
		{true, notifier.ClassSMS, notifier.ClassLMS},
		{true, notifier.ClassAlimTalk, notifier.ClassAlimTalk},
	} {
		if got := (notifier.Hop{Long: c.long}).Class(c.channel); got != c.wanted {
			t.Errorf("long %t by %s: %s, want %s", c.long, c.channel, got, c.wanted)
		}
	}
}
