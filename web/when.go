package web

import (
	"strings"
	"time"
)

// moment is an instant as a page shows it.
type moment struct {
	Text string
	ISO  string // for <time datetime>
}

// timed is a phrase around an instant.
type timed struct {
	Before string
	Moment *moment
	After  string
}

// clock says instants as seen from one of them, in one zone: the same day by
// its hour alone, other days with their date.
type clock struct {
	voice *voice
	zone  *time.Location
	now   time.Time
}

// moment is nil for no instant, so templates can leave it out.
func (c *clock) moment(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{Text: c.at(t), ISO: t.In(c.zone).Format(time.RFC3339)}
}

// timed is the text with the id, parted where its {{.Time}} goes.
func (c *clock) timed(id string, t time.Time) timed {
	const here = "\x00"
	before, after, _ := strings.Cut(c.voice.say(id, "Time", here), here)
	return timed{Before: before, Moment: c.moment(t), After: after}
}

// until is the end of a time that began at from: by its hour alone on the same day.
func (c *clock) until(t, from time.Time) *moment {
	m := c.moment(t)
	if m != nil && c.date(t) == c.date(from) {
		m.Text = t.In(c.zone).Format("15:04")
	}
	return m
}

// at is the hour, with the date unless it is today's.
func (c *clock) at(t time.Time) string {
	local := t.In(c.zone)
	hour := local.Format("15:04")
	if c.date(t) == c.date(c.now) {
		return hour
	}
	return c.voice.say("date_and_time", "Date", c.date(t), "Time", hour)
}

// date is the day, with the year unless it is this year's.
func (c *clock) date(t time.Time) string {
	local := t.In(c.zone)
	id := "date"
	if local.Year() != c.now.In(c.zone).Year() {
		id = "date_with_year"
	}
	return c.voice.say(id, "Year", local.Year(), "Month", int(local.Month()), "Day", local.Day(),
		"MonthName", c.voice.months[local.Month()-1], "Weekday", c.voice.weekdays[local.Weekday()])
}

// month is the month and its year.
func (c *clock) month(t time.Time) string {
	local := t.In(c.zone)
	return c.voice.say("month", "Year", local.Year(), "Month", int(local.Month()), "MonthName", c.voice.months[local.Month()-1])
}

// zoneName is the zone with its distance from UTC.
func (c *clock) zoneName() string {
	return c.zone.String() + " (UTC" + c.now.In(c.zone).Format("-07:00") + ")"
}

// span is how long something took, to the minute: at least one.
func (v *voice) span(d time.Duration) string {
	minutes := max(1, int(d.Round(time.Minute).Minutes()))
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case days > 0:
		return v.say("span_days", "Days", days, "Hours", hours, "Minutes", minutes)
	case hours > 0:
		return v.say("span_hours", "Hours", hours, "Minutes", minutes)
	default:
		return v.say("span_minutes", "Minutes", minutes)
	}
}
