package speech

import (
	"strconv"
	"strings"
	"time"
)

// Moment is an instant as a page shows it.
type Moment struct {
	Text string
	ISO  string // for <time datetime>
}

// Timed is a phrase around an instant.
type Timed struct {
	Before string
	Moment *Moment
	After  string
}

// Clock says instants as seen from one of them, in one zone: the same day by
// its hour alone, other days with their date.
type Clock struct {
	Speaker *Voice
	Zone    *time.Location
	Now     time.Time
}

// Moment is nil for no instant, so templates can leave it out.
func (c *Clock) Moment(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{Text: c.At(t), ISO: t.In(c.Zone).Format(time.RFC3339)}
}

// Timed is the text with the id, parted where its {{.Time}} goes.
func (c *Clock) Timed(id string, t time.Time) Timed {
	const here = "\x00"
	before, after, _ := strings.Cut(c.Speaker.Say(id, "Time", here), here)
	return Timed{Before: before, Moment: c.Moment(t), After: after}
}

// Until is the end of a time that began at from: by its hour alone on the same
// day, else with its date, even if that is today's.
func (c *Clock) Until(t, from time.Time) *Moment {
	m := c.Moment(t)
	if m == nil {
		return nil
	}
	hour := t.In(c.Zone).Format("15:04")
	m.Text = hour
	if c.Date(t) != c.Date(from) {
		m.Text = c.Speaker.Say("date_and_time", "Date", c.Date(t), "Time", hour)
	}
	return m
}

// At is the hour, with the date unless it is today's.
func (c *Clock) At(t time.Time) string {
	local := t.In(c.Zone)
	hour := local.Format("15:04")
	if c.Date(t) == c.Date(c.Now) {
		return hour
	}
	return c.Speaker.Say("date_and_time", "Date", c.Date(t), "Time", hour)
}

// Dated is the hour with its date, even if that is today's: for what may be
// read on another day.
func (c *Clock) Dated(t time.Time) string {
	return c.Speaker.Say("date_and_time", "Date", c.Date(t), "Time", t.In(c.Zone).Format("15:04"))
}

// Date is the day, with the year unless it is this year's.
func (c *Clock) Date(t time.Time) string {
	local := t.In(c.Zone)
	id := "date"
	if local.Year() != c.Now.In(c.Zone).Year() {
		id = "date_with_year"
	}
	return c.Speaker.Say(id, "Year", local.Year(), "Month", int(local.Month()), "Day", local.Day(),
		"MonthName", c.Speaker.months[local.Month()-1], "Weekday", c.Speaker.weekdays[local.Weekday()])
}

// Month is the month and its year.
func (c *Clock) Month(t time.Time) string {
	local := t.In(c.Zone)
	return c.Speaker.Say("month", "Year", local.Year(), "Month", int(local.Month()), "MonthName", c.Speaker.months[local.Month()-1])
}

// ZoneName is the zone with its distance from UTC.
func (c *Clock) ZoneName() string {
	return c.Zone.String() + " (UTC" + c.Now.In(c.Zone).Format("-07:00") + ")"
}

// Hours is how long something took in hours and minutes, however many: as
// regulators count.
func (v *Voice) Hours(d time.Duration) string {
	minutes := max(1, int(d.Round(time.Minute).Minutes()))
	if minutes < 60 {
		return v.Span(d)
	}
	return v.Say("span_hours", "Hours", minutes/60, "Minutes", minutes%60)
}

// Took is how long a look took: milliseconds, or seconds to a tenth.
func (v *Voice) Took(d time.Duration) string {
	if d < time.Second {
		return v.Say("milliseconds", "Count", d.Milliseconds())
	}
	return v.Say("seconds", "Count", Tenths(d))
}

// Period is a set time, in the largest unit that it is a whole number of.
func (v *Voice) Period(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return v.Say("hours", "Count", int(d/time.Hour))
	case d >= time.Minute && d%time.Minute == 0:
		return v.Say("minutes", "Count", int(d/time.Minute))
	default:
		return v.Say("seconds", "Count", Tenths(d))
	}
}

// Tenths is a time in seconds, to a tenth if that is not nothing.
func Tenths(d time.Duration) string {
	return strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 1, 64), ".0")
}

// Span is how long something took, to the minute: at least one.
func (v *Voice) Span(d time.Duration) string {
	minutes := max(1, int(d.Round(time.Minute).Minutes()))
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	switch {
	case days > 0:
		return v.Say("span_days", "Days", days, "Hours", hours, "Minutes", minutes)
	case hours > 0:
		return v.Say("span_hours", "Hours", hours, "Minutes", minutes)
	default:
		return v.Say("span_minutes", "Minutes", minutes)
	}
}
