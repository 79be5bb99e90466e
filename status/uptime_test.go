package status_test

import (
	"math"
	"testing"
	"time"

	"bongsu/status"
)

func TestUptimeIsWeightedAndHonest(t *testing.T) {
	m := model("pay")
	at := func(hour, minute int) time.Time { return time.Date(2022, 10, 14, hour, minute, 0, 0, seoul) }
	spell := func(s status.State, since, until time.Time) status.Interval {
		return status.Interval{Component: "pay", State: s, Since: since, Until: until}
	}
	memory := status.Memory{
		Conditions: []status.Condition{{Component: "pay", State: status.Unknown, Since: start.Add(-time.Hour), Version: 7}},
		Intervals: []status.Interval{
			spell(status.Operational, at(0, 0), at(10, 0)),
			spell(status.MajorOutage, at(10, 0), at(11, 0)),
			spell(status.PartialOutage, at(11, 0), at(13, 0)),
			spell(status.DegradedPerformance, at(13, 0), at(15, 0)),
			spell(status.Unknown, at(15, 0), at(19, 0)),
			spell(status.UnderMaintenance, at(19, 0), at(21, 0)),
			spell(status.Operational, at(21, 0), start.Add(-time.Hour)), // over midnight
		},
	}
	b := status.NewBoard(m, memory, &counter{})
	b.Judge(start)
	pay, _ := b.Snapshot(start).Component("pay")

	yesterday := status.Day{
		Date: "2022-10-14", Worst: status.MajorOutage, Known: true, Uptime: 1 - 1.6/18,
		Down: 96 * time.Minute, Unknown: 4 * time.Hour, Maintenance: 2 * time.Hour,
	}
	if got := *pay.Days()[88]; got != yesterday {
		t.Errorf("yesterday is %+v, want %+v", got, yesterday)
	}
	today := status.Day{Date: "2022-10-15", Worst: status.Operational, Known: true, Uptime: 1, Unknown: time.Hour}
	if got := *pay.Days()[89]; got != today {
		t.Errorf("today is %+v, want %+v", got, today)
	}
	if got := pay.Days()[87]; len(pay.Days()) != 90 || got.Known || got.Worst != status.Unknown || got.Date != "2022-10-13" {
		t.Errorf("the day before anything is %+v", got)
	}
	if want := 1 - 1.6/(18+14); math.Abs(pay.Uptime-want) > 1e-9 || !pay.UptimeKnown {
		t.Errorf("uptime is %v, want %v", pay.Uptime, want)
	}
}

// A day has 23 or 25 hours when the clocks change, and in some places no
// midnight or two.
func TestDaysEndWhereTheZoneSays(t *testing.T) {
	for _, tt := range []struct {
		zone string
		date time.Time // noon
		want time.Duration
	}{
		{"Asia/Seoul", time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC), 24 * time.Hour},
		{"Europe/Berlin", time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC), 23 * time.Hour},
		{"Europe/Berlin", time.Date(2026, 10, 25, 12, 0, 0, 0, time.UTC), 25 * time.Hour},
		{"America/Havana", time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC), 23 * time.Hour},
		{"America/Havana", time.Date(2024, 11, 3, 12, 0, 0, 0, time.UTC), 25 * time.Hour},
		{"Africa/Cairo", time.Date(2024, 4, 26, 12, 0, 0, 0, time.UTC), 23 * time.Hour},
	} {
		zone, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		m := model("pay")
		m.Site.Zone = zone
		down := status.Condition{Component: "pay", State: status.MajorOutage, Since: tt.date.Add(-72 * time.Hour), Version: 1}
		b := status.NewBoard(m, status.Memory{Conditions: []status.Condition{down}}, &counter{})
		pay, _ := b.Snapshot(tt.date.Add(72 * time.Hour)).Component("pay")
		var found bool
		for _, d := range pay.Days() {
			if d.Date == tt.date.Format(time.DateOnly) {
				found = true
				if d.Down != tt.want {
					t.Errorf("%s in %s has %s", d.Date, tt.zone, d.Down)
				}
			}
		}
		if !found {
			t.Errorf("the days of %s lack %s", tt.zone, tt.date)
		}
	}
}

func TestTodayCountsUpToNowAndTomorrowBeginsAtMidnight(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.keep(time.Hour, world(m, status.OK, nil))
	d.keep(time.Hour, world(m, status.Failed, nil))
	if today := d.component("pay").Days()[89]; math.Abs(today.Uptime-0.5) > 0.05 {
		t.Errorf("half down, today is %+v", *today)
	}
	d.keep(8*time.Hour, world(m, status.OK, nil))
	pay := d.component("pay")
	if pay.Days()[88].Date != "2022-10-15" || pay.Days()[89].Date != "2022-10-16" || pay.Days()[89].Uptime != 1 || pay.Days()[88].Worst != status.MajorOutage {
		t.Errorf("after midnight the days are %+v", pay.Days()[88:])
	}
}

// The page may be drawn after midnight before anybody notices that the votes
// stopped counting before it: then yesterday is counted again.
func TestYesterdayIsCountedAgainWhenItTurnsOutUnknown(t *testing.T) {
	m := model("pay")
	d := newDesk(t, m)
	d.now = time.Date(2022, time.October, 15, 23, 58, 0, 0, seoul)
	d.look("pay/1", status.OK)
	d.judge()
	d.now = d.now.Add(time.Hour)
	yesterday := func() time.Duration { return d.component("pay").Days()[88].Unknown }
	before := yesterday()
	d.judge()
	if grown := (yesterday() - before).Round(time.Second); grown != 30*time.Second {
		t.Errorf("yesterday's unknown time has grown by %s", grown)
	}
}
