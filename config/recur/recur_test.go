package recur_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/config/recur"
	"bongsu/status"
)

func TestStarts(t *testing.T) {
	for _, tt := range []struct {
		name, rule, zone, first, from, until string
		want                                 string
	}{
		{"each Sunday", "FREQ=WEEKLY;BYDAY=SU", "Asia/Seoul", "2026-11-29T02:00:00+09:00", "2026-12-01T00:00:00Z", "2026-12-19T00:00:00Z", "2026-12-06T02:00+09:00 2026-12-13T02:00+09:00"},
		{"the first Tuesday of a month", "FREQ=MONTHLY;BYDAY=1TU", "Asia/Tokyo", "2026-12-01T03:00:00+09:00", "2026-12-01T00:00:00+09:00", "2027-03-01T00:00:00+09:00", "2026-12-01T03:00+09:00 2027-01-05T03:00+09:00 2027-02-02T03:00+09:00"},
		{"the last working day of a month", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "UTC", "2026-01-30T22:00:00Z", "2026-05-01T00:00:00Z", "2026-08-01T00:00:00Z", "2026-05-29T22:00Z 2026-06-30T22:00Z 2026-07-31T22:00Z"},
		{"three times", "FREQ=DAILY;COUNT=3", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-01-01T00:00Z 2026-01-02T00:00Z 2026-01-03T00:00Z"},
		{"until a day, which is meant whole", "FREQ=DAILY;UNTIL=20260102", "Asia/Seoul", "2026-01-01T23:00:00+09:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-01-01T23:00+09:00 2026-01-02T23:00+09:00"},
		{"until an instant", "FREQ=DAILY;UNTIL=20260102T135959Z", "Asia/Seoul", "2026-01-01T23:00:00+09:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-01-01T23:00+09:00"},
		{"by the clock, as it goes to summer", "FREQ=DAILY", "Europe/Berlin", "2026-03-28T02:30:00+01:00", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z", "2026-03-28T02:30+01:00 2026-03-29T03:30+02:00 2026-03-30T02:30+02:00"},
		{"and to winter: the first of the two", "FREQ=DAILY", "Europe/Berlin", "2026-10-24T02:30:00+02:00", "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z", "2026-10-24T02:30+02:00 2026-10-25T02:30+02:00 2026-10-26T02:30+01:00"},
		{"leap days", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "UTC", "2024-02-29T01:00:00Z", "2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z", "2028-02-29T01:00Z 2032-02-29T01:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := status.Routine{Rule: tt.rule, Zone: tt.zone, First: at(t, tt.first)}
			starts, err := recur.Starts(&r, at(t, tt.from), at(t, tt.until))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range starts {
				got = append(got, s.Format("2006-01-02T15:04Z07:00"))
			}
			if diff := cmp.Diff(strings.Fields(tt.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesThatAreNotFollowed(t *testing.T) {
	for rule, want := range map[string]string{
		"":                                       "no rule of RFC 5545",
		"every Sunday":                           "no rule of RFC 5545",
		"FREQ=FORTNIGHTLY":                       "no rule of RFC 5545",
		"BYDAY=SU":                               "FREQ is required",
		"FREQ=HOURLY":                            "more than once a day",
		"FREQ=DAILY;BYHOUR=2,4":                  "time of day",
		"FREQ=YEARLY;BYEASTER=1":                 "not followed",
		"FREQ=YEARLY;BYWEEKNO=54":                "not followed",
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30,31": "none of its months",
		"FREQ=YEARLY;BYMONTH=13":                 "the month 13",
		"FREQ=DAILY;BYSETPOS=2;BYDAY=MO":         "not followed",
		"FREQ=DAILY;COUNT=1000000":               "COUNT",
		"FREQ=DAILY;DTSTART=20260101T000000Z":    "DTSTART",
		"FREQ=WEEKLY;BYDAY=" + strings.Repeat("SU,", 100) + "MO": "RFC 5545",
	} {
		if _, err := recur.Parse(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", rule, err, want)
		}
	}
}

// The clock of the zone shows the same time each time, but where there is no
// such time; and what is asked for in parts is what is asked for whole.
func TestTheClockShowsTheSameTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "UTC"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		first := time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, zone)
		r := status.Routine{Rule: "FREQ=DAILY;INTERVAL=" + rapid.StringMatching(`[1-9]`).Draw(t, "interval"), Zone: zone.String(), First: first}
		end := first.AddDate(1, 0, 0)
		middle := first.Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "middle")) * time.Minute)
		whole, err := recur.Starts(&r, first, end)
		if err != nil {
			t.Fatal(err)
		}
		early, _ := recur.Starts(&r, first, middle)
		late, _ := recur.Starts(&r, middle, end)
		if !slices.EqualFunc(whole, append(early, late...), time.Time.Equal) {
			t.Fatalf("in parts it is another: %v; %v %v", whole, early, late)
		}
		for _, s := range whole {
			shown := s.In(zone)
			if shown.Hour() == first.Hour() && shown.Minute() == first.Minute() {
				continue
			}
			midnight := time.Date(shown.Year(), shown.Month(), shown.Day(), 0, 0, 0, 0, zone)
			if !leaps(midnight) {
				t.Fatalf("it begins at %s, and first did at %s", shown, first)
			}
		}
	})
}

// leaps says whether the day's clock is changed.
func leaps(midnight time.Time) bool {
	_, before := midnight.Zone()
	_, after := midnight.Add(26 * time.Hour).Zone()
	return before != after
}

// FuzzRule: whatever a rule says, it is refused or followed, in good time.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{"FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231T000000Z", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"} {
		f.Add(rule)
	}
	from := time.Date(2026, 1, 5, 2, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, rule string) {
		r := status.Routine{Rule: rule, Zone: "Europe/Berlin", First: from}
		began := time.Now()
		starts, err := recur.Starts(&r, from, from.AddDate(1, 0, 0))
		if took := time.Since(began); took > 20*time.Second {
			t.Fatalf("%q took %s", rule, took)
		}
		if err != nil {
			return
		}
		if len(starts) > 367 || !slices.IsSortedFunc(starts, time.Time.Compare) {
			t.Fatalf("%q begins %d times in a year, or in no order", rule, len(starts))
		}
	})
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when
}
