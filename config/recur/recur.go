// Package recur knows when planned work comes again: it follows recurrence
// rules of RFC 5545 (https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10) by
// the clock of a time zone, as people read it.
package recur

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/teambition/rrule-go"

	"bongsu/status"
)

// form is all that a rule may be written with, and maxLength how long it may be.
var form = regexp.MustCompile(`^[A-Z0-9=;,+-]+$`)

const maxLength = 200

// mostTimes bounds COUNT, and mostEvery INTERVAL.
const (
	mostTimes = 10_000
	mostEvery = 1000
)

// Rule is a rule that has been read.
type Rule struct {
	option  rrule.ROption
	instant bool // it ends at an instant, and not at a time by the zone's clock
}

// Parse reads a rule such as FREQ=MONTHLY;BYDAY=1TU. Work comes at most once a
// day, at the time at which it first does.
func Parse(text string) (*Rule, error) {
	if len(text) > maxLength || !form.MatchString(text) {
		return nil, errors.New("is no rule of RFC 5545; write one like FREQ=WEEKLY;BYDAY=SU")
	}
	o, err := rrule.StrToROption(text)
	if err != nil {
		return nil, fmt.Errorf("is no rule of RFC 5545: %w; write one like FREQ=WEEKLY;BYDAY=SU", err)
	}
	switch {
	case o.Freq > rrule.DAILY:
		return nil, errors.New("comes more than once a day; write FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
	case len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) > 0:
		return nil, errors.New("names a time of day; that is the time at which the work first begins, so leave BYHOUR, BYMINUTE and BYSECOND out")
	case len(o.Byeaster)+len(o.Byweekno)+len(o.Byyearday) > 0, o.Freq == rrule.DAILY && len(o.Bysetpos) > 0:
		return nil, errors.New("has a part that is not followed here; write BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, INTERVAL, COUNT, UNTIL and WKST, and BYSETPOS not with FREQ=DAILY")
	case strings.Contains(text, "DTSTART"):
		return nil, errors.New("has DTSTART; that is when the work first begins, so leave it out")
	case o.Count > mostTimes || o.Interval > mostEvery:
		return nil, fmt.Errorf("has a COUNT above %d or an INTERVAL above %d", mostTimes, mostEvery)
	}
	r := &Rule{option: *o}
	if _, rest, found := strings.Cut(text, "UNTIL="); found {
		date, _, _ := strings.Cut(rest, ";")
		r.instant = strings.HasSuffix(date, "Z")
		if len(date) == len(rrule.DateFormat) {
			r.option.Until = o.Until.Add(24*time.Hour - time.Second) // a day is meant whole
		}
	}
	return r, r.possible()
}

// possible refuses a rule that no day of a whole cycle of the calendar meets:
// looking for one would take for ever.
func (r *Rule) possible() error {
	for _, month := range r.option.Bymonth {
		if month < 1 || month > 12 {
			return fmt.Errorf("has the month %d", month)
		}
	}
	if len(r.option.Bymonthday) == 0 || len(r.option.Bymonth) == 0 {
		return nil
	}
	for _, month := range r.option.Bymonth {
		const leap = 2024
		days := time.Date(leap, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
		for _, day := range r.option.Bymonthday {
			if day <= days && -day <= days {
				return nil
			}
		}
	}
	return errors.New("names days that none of its months has")
}

// Starts is when a routine begins, at from or later and before until: a
// [status.Recur]. Where the clock leaps over the time, the work begins when it
// would have without the leap; where the clock has it twice, at the first.
func Starts(s *status.Routine, from, until time.Time) ([]time.Time, error) {
	r, err := Parse(s.Rule)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "" || s.Zone == "Local" {
		return nil, fmt.Errorf("%q is no time zone; write one like Asia/Seoul", s.Zone)
	}
	return r.between(s.First.In(zone), zone, from, until)
}

// between follows the rule as if clocks never changed, and says then what
// instants its times are.
func (r *Rule) between(first time.Time, zone *time.Location, from, until time.Time) ([]time.Time, error) {
	o := r.option
	o.Dtstart = wall(first)
	if r.instant {
		o.Until = wall(o.Until.In(zone))
	}
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return nil, fmt.Errorf("is no rule of RFC 5545: %w", err)
	}
	const day = 24 * time.Hour // more than a clock ever changes by
	var starts []time.Time
	next := rule.Iterator()
	for at, more := next(); more; at, more = next() {
		if at.After(wall(until.In(zone)).Add(day)) {
			break
		}
		if start := instant(at, zone); !start.Before(from) && start.Before(until) {
			starts = append(starts, start)
		}
	}
	return starts, nil
}

// wall is what the clock shows at an instant, written as if the clock were UTC's.
func wall(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// instant is when a zone's clock shows a time.
func instant(shown time.Time, zone *time.Location) time.Time {
	const day = 24 * time.Hour
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before := shown.Add(-offset(shown.Add(-day))).In(zone)
	after := shown.Add(-offset(shown.Add(day))).In(zone)
	switch {
	case wall(before).Equal(shown):
		return before
	case wall(after).Equal(shown):
		return after
	}
	return before // the clock leaps over it
}
