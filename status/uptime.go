package status

import (
	"slices"
	"sort"
	"time"
)

// historyDays is how many days of history the page shows, today included.
const historyDays = 90

// history is what a component has been through, and the days it makes.
type history struct {
	closed []Interval // in order, of the days shown
	past   pastDays   // all but today, computed once a day
	today  *Day       // as last handed out: never written to again
}

// pastDays sums up the days before today. They do not change until tomorrow.
type pastDays struct {
	today    time.Time // the midnight they were computed for
	down     time.Duration
	measured time.Duration
	days     []*Day // never written to again, nor what it points to
}

// calendar is the days that the page shows, in the site's time zone. Midnights
// are looked up one by one, because not every day has 24 hours.
//
// It keeps one copy of each day on which nothing happened, and one row of past
// days for the components of one state to which nothing has ever happened: of
// ten thousand components nearly all have had the same 89 days before today.
type calendar struct {
	midnights []time.Time // one more than there are days: today's end is the last
	dates     []string
	calm      map[Day]*Day
	rows      [UnderMaintenance + 1][]*Day
	blank     []*Day
}

func newCalendar(now time.Time, zone *time.Location) *calendar {
	year, month, day := now.In(zone).Date()
	c := &calendar{calm: make(map[Day]*Day)}
	for back := historyDays - 1; back >= -1; back-- {
		noon := time.Date(year, month, day-back, 12, 0, 0, 0, zone)
		c.midnights = append(c.midnights, startOfDay(noon))
		if back >= 0 {
			c.dates = append(c.dates, noon.Format(time.DateOnly))
		}
	}
	return c
}

// startOfDay is the first instant of the day around noon. Where the clocks
// change at midnight, 00:00 is missing or comes twice.
func startOfDay(noon time.Time) time.Time {
	const step = 15 * time.Minute // every zone's offset is a multiple
	start := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, noon.Location())
	for start.Day() != noon.Day() {
		start = start.Add(step)
	}
	for start.Add(-step).Day() == noon.Day() {
		start = start.Add(-step)
	}
	return start
}

func (c *calendar) today() time.Time { return c.midnights[historyDays-1] }

// covers says whether now is in the calendar's last day.
func (c *calendar) covers(now time.Time) bool {
	return !now.Before(c.today()) && now.Before(c.midnights[historyDays])
}

// tally is how long a component was in each state.
type tally [UnderMaintenance + 1]time.Duration

func (t *tally) measured() time.Duration {
	return t[Operational] + t[DegradedPerformance] + t[PartialOutage] + t[MajorOutage]
}

// down weighs an outage: a major one counts in full, a partial one 0.3, and
// slowness not at all.
func (t *tally) down() time.Duration {
	return t[MajorOutage] + t[PartialOutage]*3/10
}

// worst is the worst state of a day. What was measured goes before what was
// not.
func (t *tally) worst() State {
	for _, s := range []State{MajorOutage, PartialOutage, DegradedPerformance, Operational, UnderMaintenance} {
		if t[s] > 0 {
			return s
		}
	}
	return Unknown
}

func (t *tally) day(date string) Day {
	d := Day{Date: date, Worst: t.worst(), Down: t.down(), Unknown: t[Unknown], Maintenance: t[UnderMaintenance]}
	d.Uptime, d.Known = uptime(d.Down, t.measured())
	return d
}

// uptime is the share of the measured time that a component was up.
func uptime(down, measured time.Duration) (share float64, known bool) {
	if measured <= 0 {
		return 0, false
	}
	return 1 - float64(down)/float64(measured), true
}

// add counts the part of an interval between two times.
func (t *tally) add(i *Interval, from, until time.Time) {
	if i.Since.After(from) {
		from = i.Since
	}
	if !i.Until.IsZero() && i.Until.Before(until) {
		until = i.Until
	}
	if until.After(from) {
		t[i.State] += until.Sub(from)
	}
}

// end closes an interval.
func (h *history) end(i Interval) {
	h.closed = append(h.closed, i)
	if i.Until.Before(h.past.today) {
		h.past = pastDays{}
	}
}

// forget drops the intervals that ended before the time.
func (h *history) forget(before time.Time) {
	n := sort.Search(len(h.closed), func(i int) bool { return h.closed[i].Until.After(before) })
	h.closed = slices.Delete(h.closed, 0, n)
}

// days are the days shown and the uptime over all of them, with the interval
// that goes on now. The days are shared with other callers and components, so
// they are not to be written to.
func (h *history) days(c *calendar, current Interval, now time.Time) (past []*Day, ofToday *Day, share float64, known bool) {
	if !h.past.today.Equal(c.today()) {
		h.forget(c.midnights[0])
		h.past = c.countPast(h.closed, &current)
	}
	var today tally
	for i := len(h.closed) - 1; i >= 0 && h.closed[i].Until.After(c.today()); i-- {
		today.add(&h.closed[i], c.today(), now)
	}
	today.add(&current, c.today(), now)
	share, known = uptime(h.past.down+today.down(), h.past.measured+today.measured())
	if day := today.day(c.dates[historyDays-1]); h.today == nil || *h.today != day {
		h.today = c.share(day)
	}
	return h.past.days, h.today, share, known
}

// share is the one copy of a day on which nothing happened, or a new copy of
// another.
func (c *calendar) share(d Day) *Day {
	if d.Down > 0 || d.Maintenance > 0 || d.Known && d.Unknown > 0 {
		return &d
	}
	if !d.Known && d.Date == c.dates[historyDays-1] {
		return &d // it grows by the second
	}
	if c.calm[d] == nil {
		c.calm[d] = &d
	}
	return c.calm[d]
}

// countPast counts the days before today.
func (c *calendar) countPast(closed []Interval, current *Interval) pastDays {
	var tallies [historyDays - 1]tally
	for i := range closed {
		c.spread(&tallies, &closed[i])
	}
	c.spread(&tallies, current)
	past := pastDays{today: c.today()}
	for d := range tallies {
		past.down += tallies[d].down()
		past.measured += tallies[d].measured()
	}
	past.days = c.row(&tallies, closed, current)
	return past
}

// row is the days of the tallies, shared by all components that were in one
// state on all of the days, and by all of which nothing was known on any.
func (c *calendar) row(tallies *[historyDays - 1]tally, closed []Interval, current *Interval) []*Day {
	var shared *[]*Day
	switch {
	case len(closed) > 0:
	case !current.Since.After(c.midnights[0]):
		shared = &c.rows[current.State]
	case !current.Since.Before(c.today()):
		shared = &c.blank
	}
	if shared != nil && *shared != nil {
		return *shared
	}
	row := make([]*Day, len(tallies))
	for d := range tallies {
		row[d] = c.share(tallies[d].day(c.dates[d]))
	}
	if shared != nil {
		*shared = row
	}
	return row
}

// spread counts an interval on each of the days before today that it touches.
func (c *calendar) spread(tallies *[historyDays - 1]tally, i *Interval) {
	first := sort.Search(historyDays, func(d int) bool { return c.midnights[d].After(i.Since) }) - 1
	for d := max(first, 0); d < len(tallies); d++ {
		if !i.Until.IsZero() && !i.Until.After(c.midnights[d]) {
			return
		}
		tallies[d].add(i, c.midnights[d], c.midnights[d+1])
	}
}
