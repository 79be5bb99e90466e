package notifier_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/status"
)

func TestWishes(t *testing.T) {
	for _, c := range []struct {
		name          string
		topics, about []string
		want          bool
	}{
		{"wants everything", nil, []string{"talk", "group/chat"}, true},
		{"of a component", []string{"talk"}, []string{"talk", "group/chat"}, true},
		{"of a group", []string{"group/chat"}, []string{"talk", "group/chat"}, true},
		{"of others", []string{"route", "group/maps"}, []string{"talk", "group/chat"}, false},
		{"what concerns everybody", []string{"route"}, nil, true},
		{"a component is no group", []string{"chat"}, []string{"talk", "group/chat"}, false},
	} {
		w := notifier.Wishes{Topics: c.topics}
		if got := w.Want(c.about); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
}

func TestQuietHours(t *testing.T) {
	for _, c := range []struct {
		text  string
		event status.EventKind
		to    status.State
		at    string // UTC
		want  string // when it leaves; empty: never
	}{
		{"22:00-07:00 Asia/Seoul", status.EventOpened, status.PartialOutage, "2026-03-01T12:59:59Z", "2026-03-01T12:59:59Z"}, // 21:59:59
		{"22:00-07:00 Asia/Seoul", status.EventOpened, status.PartialOutage, "2026-03-01T13:00:00Z", ""},                     // nine hours: expired
		{"22:00-07:00 Asia/Seoul", status.EventOpened, status.PartialOutage, "2026-03-01T18:00:00Z", "2026-03-01T22:00:00Z"}, // 03:00 waits till 07:00
		{"22:00-07:00 Asia/Seoul", status.EventOpened, status.MajorOutage, "2026-03-01T18:00:00Z", "2026-03-01T18:00:00Z"},   // safety
		{"22:00-07:00 Asia/Seoul", status.EventResolved, status.PartialOutage, "2026-03-01T18:00:00Z", "2026-03-01T18:00:00Z"},
		{"22:00-07:00 Asia/Seoul", status.EventNote, status.MajorOutage, "2026-03-01T18:00:00Z", "2026-03-01T22:00:00Z"},
		{"22:00-07:00 Asia/Seoul", status.EventOpened, status.PartialOutage, "2026-03-01T22:00:00Z", "2026-03-01T22:00:00Z"}, // 07:00
		{"09:00-12:00 Europe/Berlin", status.EventOpened, status.PartialOutage, "2026-03-01T09:30:00Z", "2026-03-01T11:00:00Z"},
		{"01:00-02:30 Europe/Berlin", status.EventOpened, status.PartialOutage, "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}, // 02:30 does not come that night
		{"", status.EventOpened, status.PartialOutage, "2026-03-01T18:00:00Z", "2026-03-01T18:00:00Z"},
		{"07:00-07:00 Asia/Seoul", status.EventOpened, status.PartialOutage, "2026-03-01T18:00:00Z", "2026-03-01T18:00:00Z"},
	} {
		q, err := notifier.ParseQuiet(c.text)
		if err != nil {
			t.Fatal(err)
		}
		at := instant(t, c.at)
		n := notifier.Notice{Event: string(c.event), To: c.to, Made: at, Expires: at.Add(6 * time.Hour)}
		leaves, worth := n.Leaves(&notifier.Wishes{Quiet: q}, at)
		got := ""
		if worth {
			got = leaves.UTC().Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s, %s to %s at %s: leaves %q, want %q", c.text, c.event, c.to, c.at, got, c.want)
		}
	}
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Whatever the hours and the instant: nobody waits longer than a day, who waits
// waits till their hours are over, and who does not wait is outside of them.
func TestQuietHoursEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := notifier.ParseZone(rapid.SampledFrom([]string{"Asia/Seoul", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		q := notifier.Quiet{From: rapid.IntRange(0, 1439).Draw(t, "from"), Until: rapid.IntRange(0, 1439).Draw(t, "until"), Zone: zone}
		again, err := notifier.ParseQuiet(q.String())
		if err != nil || again.String() != q.String() {
			t.Fatalf("%q is read as %q (%v)", q, again, err)
		}
		at := time.UnixMilli(rapid.Int64Range(1_700_000_000_000, 1_900_000_000_000).Draw(t, "at"))
		n := notifier.Notice{Event: string(status.EventNote)}
		leaves, worth := n.Leaves(&notifier.Wishes{Quiet: q}, at)
		if !worth || leaves.Before(at) || leaves.Sub(at) > 25*time.Hour {
			t.Fatalf("%s at %s: leaves at %s, %t", q, at, leaves, worth)
		}
		if later, _ := n.Leaves(&notifier.Wishes{Quiet: q}, leaves); later.Sub(leaves) > time.Hour { // a clock set back repeats an hour at most
			t.Fatalf("%s at %s: leaves at %s, which is quiet until %s", q, at, leaves, later)
		}
	})
}

func TestQuietHoursThatAreNone(t *testing.T) {
	for _, text := range []string{"22:00", "24:00-07:00 Asia/Seoul", "22:00-07:00", "22:00-07:00 Local", "22:00-07:00 Mars/Olympus", "22:00-07:00 ../etc/passwd", "9:00-10:00 UTC"} {
		if q, err := notifier.ParseQuiet(text); err == nil {
			t.Errorf("%q is read as %q", text, q)
		}
	}
}

func FuzzParseQuiet(f *testing.F) {
	f.Add("22:00-07:00 Asia/Seoul")
	f.Add("22:00-07:00 ../x")
	f.Fuzz(func(t *testing.T, text string) {
		q, err := notifier.ParseQuiet(text)
		if err != nil || q.IsZero() {
			return
		}
		if q.String() != text {
			t.Errorf("%q is read as %q", text, q)
		}
	})
}

func TestOwnOrder(t *testing.T) {
	plan := []notifier.Hop{
		{Channel: "kakao", Wait: time.Minute, Until: notifier.Delivered},
		{Channel: "sms", Wait: 10 * time.Minute, Until: notifier.Sent},
		{Channel: "mail", Until: notifier.Accepted},
	}
	kind := func(channel string) string {
		return map[string]string{"kakao": "alimtalk", "sms": "sms", "mail": "email"}[channel]
	}
	kinds := []string{"alimtalk", "email", "sms"}
	if diff := cmp.Diff(plan, notifier.OwnPlan(plan, notifier.InOrder(kinds, nil), kind)); diff != "" {
		t.Errorf("without a wish the plan is another:\n%s", diff)
	}
	want := []notifier.Hop{
		{Channel: "mail", Wait: time.Minute, Until: notifier.Accepted},
		{Channel: "sms", Wait: 10 * time.Minute, Until: notifier.Sent},
		{Channel: "kakao", Until: notifier.Delivered},
	}
	if diff := cmp.Diff(want, notifier.OwnPlan(plan, notifier.InOrder(kinds, []string{"email", "sms"}), kind)); diff != "" {
		t.Errorf("in their own order (-want +got):\n%s", diff)
	}
}
