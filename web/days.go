package web

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// stroke is the days of one state in the picture of 90 days: a path of short
// level lines, drawn as bars by their width.
type stroke struct{ Class, D string }

// strip draws days as strokes. Days of one state that follow each other are
// one line, so a calm quarter is a few bytes.
func strip(days []*status.Day) []stroke {
	paths := map[status.State]*strings.Builder{}
	for from := 0; from < len(days); {
		to := from + 1
		for to < len(days) && dayState(days[to]) == dayState(days[from]) {
			to++
		}
		state := dayState(days[from])
		if paths[state] == nil {
			paths[state] = &strings.Builder{}
		}
		fmt.Fprintf(paths[state], "M%d 5h%d", from, to-from)
		from = to
	}
	var strokes []stroke
	for _, state := range status.States() {
		if path := paths[state]; path != nil {
			strokes = append(strokes, stroke{Class: classes[state], D: path.String()})
		}
	}
	return strokes
}

// dayState is how a day is shown: unknown where nothing was measured.
func dayState(d *status.Day) status.State {
	if !d.Known && d.Worst != status.UnderMaintenance {
		return status.Unknown
	}
	return d.Worst
}

// uptime is a share as a percentage. It is rounded down: only what never
// failed is 100 %.
func (t *teller) uptime(share float64, known bool) string {
	if !known {
		return t.Say("not_measured")
	}
	if share >= 1 {
		return "100%"
	}
	const hundredths = 100 * 100
	return strconv.FormatFloat(math.Floor(share*hundredths+1e-6)/100, 'f', 2, 64) + "%"
}

// dayRow is a day in words.
type dayRow struct {
	Date   speech.Moment
	Badge  badge
	Uptime string
	Down   string
	Calm   bool // nothing to tell
}

// dayRows are the days, newest first.
func (t *teller) dayRows(days []*status.Day) []dayRow {
	rows := make([]dayRow, 0, len(days))
	for _, day := range slices.Backward(days) {
		rows = append(rows, t.dayRow(day))
	}
	return rows
}

func (t *teller) dayRow(d *status.Day) dayRow {
	row := dayRow{
		Date:   speech.Moment{Text: d.Date, ISO: d.Date},
		Badge:  t.badge(dayState(d)),
		Uptime: t.uptime(d.Uptime, d.Known),
		Calm:   dayState(d) == status.Operational,
	}
	if at, err := time.ParseInLocation(time.DateOnly, d.Date, t.Zone); err == nil {
		row.Date.Text = t.Date(at)
	}
	if d.Down > 0 {
		row.Down = t.Span(d.Down)
	}
	return row
}
