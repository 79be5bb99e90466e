package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// gaps are the shortest and the longest time between two firings of a
// schedule, as seen over a year.
type gaps struct{ shortest, longest time.Duration }

// parseCron reads a cron line and returns it with its zone in front.
func parseCron(spec string, zone *time.Location) (string, gaps, error) {
	if !strings.HasPrefix(spec, "TZ=") && !strings.HasPrefix(spec, "CRON_TZ=") {
		spec = "CRON_TZ=" + zone.String() + " " + spec
	}
	if !strings.Contains(spec, " ") { // the library trusts that a zone is followed by something
		return "", gaps{}, errors.New("a zone without a schedule; write five fields after it, like */5 * * * *")
	}
	schedule, err := cron.ParseStandard(spec)
	if err != nil {
		return "", gaps{}, fmt.Errorf("%s is no schedule (%s); write five fields, like */5 * * * *", quoted(spec), cut(err.Error()))
	}
	g, ok := gapsOf(schedule)
	if !ok {
		return "", gaps{}, fmt.Errorf("%s never comes; write five fields, like */5 * * * *", quoted(spec))
	}
	return spec, g, nil
}

// gapsOf walks a year of a schedule, or its first thousand firings. Any year
// will do: a leap year has every date.
func gapsOf(schedule cron.Schedule) (gaps, bool) {
	const most = 1000
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	before := schedule.Next(begin)
	if before.IsZero() {
		return gaps{}, false
	}
	var g gaps
	for range most {
		next := schedule.Next(before)
		if next.IsZero() {
			break
		}
		gap := next.Sub(before)
		if g.shortest == 0 || gap < g.shortest {
			g.shortest = gap
		}
		g.longest = max(g.longest, gap)
		if before = next; next.Sub(begin) > 366*24*time.Hour {
			break
		}
	}
	return g, g.shortest > 0
}

// cut bounds a message of a library.
func cut(s string) string {
	const most = 120
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
