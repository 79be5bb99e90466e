package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
)

// longestDuration keeps sums of durations far from overflow.
const longestDuration = 10 * 365 * 24 * time.Hour

var days = regexp.MustCompile(`^(\d{1,4})d$`)

// parseDuration reads 500ms, 30s, 5m, 1h, 1h30m or 14d. A negative duration is
// never meant.
func parseDuration(text string) (time.Duration, error) {
	if m := days.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		return min(time.Duration(n)*24*time.Hour, longestDuration), err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > longestDuration {
		return 0, fmt.Errorf("%s is not a duration; write 30s, 5m or 1h", quoted(text))
	}
	return d, nil
}

// Rate is so many in a time: "200/s", "3/day".
type Rate struct {
	Count int
	Per   time.Duration
}

var (
	rateForm  = regexp.MustCompile(`^(\d{1,9})/(s|second|m|minute|h|hour|d|day)$`)
	rateUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
)

// UnmarshalText reads a rate.
func (r *Rate) UnmarshalText(text []byte) error {
	m := rateForm.FindStringSubmatch(string(text))
	if m == nil {
		return fmt.Errorf("%s is not a rate; write 200/s, 5/hour or 3/day", quoted(string(text)))
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n == 0 {
		return fmt.Errorf("%s lets nothing through; write at least 1", quoted(string(text)))
	}
	r.Count, r.Per = n, rateUnits[m[2][0]]
	return nil
}

// PerSecond is the rate in one second.
func (r Rate) PerSecond() float64 {
	if r.Per == 0 {
		return 0
	}
	return float64(r.Count) / r.Per.Seconds()
}

// PerDay is the rate in one day.
func (r Rate) PerDay() float64 { return r.PerSecond() * (24 * time.Hour).Seconds() }

// Percent is a part of a whole: "5%" is 0.05.
type Percent float64

var percentForm = regexp.MustCompile(`^(\d{1,3}(?:\.\d{1,2})?)%$`)

// UnmarshalText reads a percentage.
func (p *Percent) UnmarshalText(text []byte) error {
	m := percentForm.FindSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s is not a part; write it like 5%%", quoted(string(text)))
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil || n > 100 {
		return fmt.Errorf("%s is not a part; write 0%% to 100%%", quoted(string(text)))
	}
	*p = Percent(n / 100)
	return nil
}

var moneyForm = regexp.MustCompile(`^(\d{1,12})(?:\.(\d{1,3}))? ([A-Z]{3})$`)

// parseMoney reads "5000000 KRW" or "0.05 USD".
func parseMoney(text string) (notifier.Money, error) {
	m := moneyForm.FindStringSubmatch(text)
	if m == nil {
		return notifier.Money{}, fmt.Errorf("%s is not an amount; write it like 5000 KRW or 0.05 USD", quoted(text))
	}
	whole, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return notifier.Money{}, fmt.Errorf("%s is not an amount; write it like 5000 KRW", quoted(text))
	}
	thousandths, _ := strconv.ParseInt((m[2] + "000")[:3], 10, 64)
	return notifier.Money{Milli: whole*1000 + thousandths, Currency: m[3]}, nil
}

// Span is a duration, or so many times the interval of a check: "5m" or "3x".
type Span struct {
	Times float64
	For   time.Duration
}

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	if times, ok := strings.CutSuffix(string(text), "x"); ok {
		n, err := strconv.ParseFloat(times, 64)
		if err != nil || math.IsNaN(n) || n < 1 || n > 100 {
			return fmt.Errorf("%s is not so many intervals; write 3x", quoted(string(text)))
		}
		s.Times, s.For = n, 0
		return nil
	}
	d, err := parseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%s is neither so many intervals nor a duration; write 3x or 5m", quoted(string(text)))
	}
	s.Times, s.For = 0, d
	return nil
}

// Of is the span for a check with the given interval.
func (s Span) Of(interval time.Duration) time.Duration {
	if s.Times > 0 {
		return time.Duration(s.Times * float64(interval))
	}
	return s.For
}
