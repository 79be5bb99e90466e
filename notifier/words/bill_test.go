package words_test

import (
	"errors"
	"strings"
	"testing"

	"bongsu/notifier"
	"bongsu/notifier/words"
)

func TestWhatATextTakesAndCosts(t *testing.T) {
	won := func(n int64) notifier.Money { return notifier.Money{Milli: n * 1000, Currency: "KRW"} }
	gateways := []notifier.Route{
		{Name: "sms/home", Price: won(20), PriceLong: won(50)},
		{Name: "sms/abroad", Price: won(60), Parts: true},
	}
	for _, c := range []struct {
		what       string
		lang       string
		class      notifier.Class
		body       string
		units      int
		unit       string
		home, away int64 // won, for a thousand people
	}{
		{"a Korean SMS", "ko", notifier.ClassSMS, strings.Repeat("가", 45), 90, "bytes", 20_000, 60_000},
		{"a Korean SMS of many Latin letters", "ko", notifier.ClassSMS, strings.Repeat("a", 80) + "가", 82, "bytes", 20_000, 120_000},
		{"a long Korean text", "ko", notifier.ClassLMS, strings.Repeat("가", 500), 1000, "bytes", 50_000, 480_000},
		{"an English SMS", "en", notifier.ClassSMS, strings.Repeat("a", 160), 160, "septets", 20_000, 60_000},
		{"a long English text", "en", notifier.ClassLMS, strings.Repeat("a", 400), 400, "septets", 150_000, 180_000},
		{"a Japanese SMS", "ja", notifier.ClassSMS, strings.Repeat("図", 70), 70, "units", 20_000, 60_000},
	} {
		bills := words.Estimate(notifier.Text{Lang: c.lang, Class: c.class, Body: c.body}, gateways, 1000)
		if len(bills) != 2 || bills[0].Units != c.units || bills[0].Unit != c.unit {
			t.Fatalf("%s: %+v", c.what, bills)
		}
		if home, away := bills[0].Total, bills[1].Total; home != won(c.home) || away != won(c.away) {
			t.Errorf("%s: %v at home and %v abroad, want %d and %d won", c.what, home, away, c.home, c.away)
		}
	}
}

func TestLimitsOfTheClasses(t *testing.T) {
	for _, c := range []struct {
		lang  string
		class notifier.Class
		most  string // what just fits
	}{
		{"ko", notifier.ClassSMS, strings.Repeat("가", 45)},
		{"ja", notifier.ClassSMS, strings.Repeat("図", 70)},
		{"en", notifier.ClassSMS, strings.Repeat("a", 160)},
		{"ko", notifier.ClassLMS, strings.Repeat("가", 1000)},
		{"ja", notifier.ClassLMS, strings.Repeat("図", 670)},
		{"en", notifier.ClassLMS, strings.Repeat("a", 1530)},
		{"ko", notifier.ClassAlimTalk, strings.Repeat("가", 1000)},
		{"ko", notifier.ClassMessenger, strings.Repeat("가", 5000)},
		{"ko", notifier.ClassMessenger, strings.Repeat("😀", 2500)}, // UTF-16 units
		{"ko", notifier.ClassMail, strings.Repeat("가", 20_000)},
		{"ko", notifier.ClassPush, strings.Repeat("가", 240)},
		{"ko", notifier.ClassWebhook, strings.Repeat("a", 128_000)},
		{"ko", notifier.ClassStatuspage, strings.Repeat("a", 128_000)},
		{"ko", notifier.ClassChat, strings.Repeat("가", 3000)},
	} {
		if _, err := words.Fit(c.lang, c.class, c.most); err != nil {
			t.Errorf("%s %s: %v", c.lang, c.class, err)
		}
		size, err := words.Fit(c.lang, c.class, c.most+"a")
		if _, long := errors.AsType[*words.TooLongError](err); !long || size.Units != size.Limit+1 && size.Units != size.Limit+2 {
			t.Errorf("%s %s takes one more: %+v, %v", c.lang, c.class, size, err)
		}
	}
}
