package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
)

func historyCommand() *cobra.Command {
	var path string
	var a historyAsk
	c := &cobra.Command{
		Use:   "history COMPONENT|CHECK",
		Short: "Write what was measured, as CSV or JSON",
		Long: `Writes what was measured of a check, or of all checks of a component, oldest
first: every look for seven days (--step raw), and for two years what the looks
of five minutes, an hour or a day come to: how many there were of each outcome,
and the mean, median, 95th and 99th percentile and longest of the times of those
that were ok or slow. Steps without a look are left out. Days are days of UTC.

--states writes the states a component was in instead; they are kept for ever.

Times are RFC 3339 in UTC. In CSV, a cell that a spreadsheet would take for a
formula begins with an apostrophe. It runs beside a server, or without one.`,
		Example: `  bongsu history pay --from 2026-10-01 --until 2026-10-08 --step 1h > pay.csv
  bongsu history "pay/front door" --from 2h --step raw --format json
  bongsu history pay --states --from 2025-01-01`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			a.name = args[0]
			if err := a.read(time.Now()); err != nil {
				return err
			}
			return withDatabase(c.Context(), path, func(s *store.Store) error { return a.write(c.Context(), s, c.OutOrStdout()) })
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&a.fromText, "from", "24h", "since when: 2026-10-15T15:30:00Z, 2026-10-15, or how long ago, such as 36h")
	c.Flags().StringVar(&a.untilText, "until", "0s", "until when, likewise")
	c.Flags().StringVar(&a.stepText, "step", "auto", "raw, 5m, 1h, 1d or auto")
	c.Flags().StringVar(&a.format, "format", "csv", "csv or json")
	c.Flags().BoolVar(&a.states, "states", false, "the states of a component instead of its looks")
	return c
}

// historyAsk is what somebody wants to have written.
type historyAsk struct {
	name                          string
	fromText, untilText, stepText string
	format                        string
	states                        bool

	from, until time.Time
	step        time.Duration // 0: the program chooses
	raw         bool
}

var historySteps = map[string]time.Duration{"auto": 0, "5m": status.StepFine, "1h": status.StepHourly, "1d": status.StepDaily, "24h": status.StepDaily}

func (a *historyAsk) read(now time.Time) (err error) {
	if a.from, err = moment(a.fromText, now); err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if a.until, err = moment(a.untilText, now); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if !a.from.Before(a.until) {
		return fmt.Errorf("--from: %s is not before --until, %s", a.from.Format(time.RFC3339), a.until.Format(time.RFC3339))
	}
	var known bool
	if a.step, known = historySteps[a.stepText]; !known && a.stepText != "raw" {
		return fmt.Errorf("--step: there is no step %q; write raw, 5m, 1h, 1d or auto", a.stepText)
	}
	a.raw = a.stepText == "raw"
	if a.format != "csv" && a.format != "json" {
		return fmt.Errorf("--format: there is no format %q; write csv or json", a.format)
	}
	return nil
}

// moment reads a time, a day of UTC, or how long ago.
func moment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time; write one such as 2026-10-15T15:30:00Z or 2026-10-15, or how long ago, such as 36h", text)
}

func (a *historyAsk) write(ctx context.Context, s *store.Store, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	var to rows = &csvRows{out: csv.NewWriter(buffered)}
	if a.format == "json" {
		to = &jsonRows{out: buffered}
	}
	var n int
	var err error
	if a.states {
		n, err = a.writeStates(ctx, s, to)
	} else {
		n, err = a.writeLooks(ctx, s, to)
	}
	if err == nil && n == 0 {
		err = a.explain(ctx, s)
	}
	return errors.Join(err, to.close(), buffered.Flush())
}

// explain says why there is nothing, unless the time is to blame.
func (a *historyAsk) explain(ctx context.Context, s *store.Store) error {
	series, err := s.SeriesOf(ctx, a.name)
	if err != nil || len(series) > 0 {
		return err
	}
	for _, err := range s.Intervals(ctx, a.name, time.Time{}, a.until.AddDate(1000, 0, 0)) {
		return err // there are states
	}
	return fmt.Errorf("nothing was ever recorded of %q; write a component's id, or a check's: the component's id, a slash and the check's name or number", a.name)
}

func (a *historyAsk) writeStates(ctx context.Context, s *store.Store, to rows) (n int, err error) {
	if err := to.names("component", "state", "since", "until"); err != nil {
		return 0, err
	}
	for v, err := range s.Intervals(ctx, a.name, a.from, a.until) {
		if err != nil {
			return n, err
		}
		if err := to.row(v.Component, v.State.String(), v.Since, v.Until); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (a *historyAsk) writeLooks(ctx context.Context, s *store.Store, to rows) (n int, err error) {
	series, err := s.SeriesOf(ctx, a.name)
	if err != nil {
		return 0, err
	}
	names, write := pointNames, a.writePoints
	if a.raw {
		names, write = rawNames, a.writeRaw
	}
	if err := to.names(names...); err != nil {
		return 0, err
	}
	for _, v := range series {
		if err := write(ctx, s, v, to); err != nil {
			return 0, err
		}
	}
	return len(series), nil
}

var (
	rawNames   = []string{"check", "location", "at", "outcome", "took_ms", "reason"}
	pointNames = []string{
		"check", "location", "at", "span_s", "ok", "slow", "wrong", "failed", "inconclusive",
		"mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms",
	}
)

func (a *historyAsk) writeRaw(ctx context.Context, s *store.Store, of status.Series, to rows) error {
	for v, err := range s.Looks(ctx, of, a.from, a.until) {
		if err != nil {
			return err
		}
		if err := to.row(v.Check, v.Location, v.At, v.Outcome.String(), v.Took, v.Reason); err != nil {
			return err
		}
	}
	return nil
}

// pointsAtOnce is how many points are read at once, of however long a time.
const pointsAtOnce = 5000

func (a *historyAsk) writePoints(ctx context.Context, s *store.Store, of status.Series, to rows) error {
	q := status.HistoryQuery{Series: of, From: a.from, Until: a.until, Step: a.step}
	q.Step = store.HistoryStep(q)
	for from := a.from.Truncate(q.Step); from.Before(a.until); from = q.Until {
		q.From, q.Until = from, from.Add(pointsAtOnce*q.Step)
		if q.Until.After(a.until) {
			q.Until = a.until
		}
		points, err := s.Points(ctx, q)
		if err != nil {
			return err
		}
		for i := range points {
			if err := writePoint(of, &points[i], to); err != nil {
				return err
			}
		}
	}
	return nil
}

func writePoint(of status.Series, p *status.Point, to rows) error {
	cells := []any{of.Check, of.Location, p.At, int(p.Span / time.Second), p.OK, p.Slow, p.Wrong, p.Failed, p.Inconclusive}
	for _, took := range []time.Duration{p.Mean, p.P50, p.P95, p.P99, p.Max} {
		if p.OK+p.Slow == 0 {
			cells = append(cells, nil) // nothing answered, so nothing took any time
			continue
		}
		cells = append(cells, took)
	}
	return to.row(cells...)
}

// rows write a table as it comes.
type rows interface {
	names(names ...string) error
	// row takes strings, ints, times, durations, and nil for what there is not.
	row(cells ...any) error
	close() error
}

// csvRows write RFC 4180.
type csvRows struct{ out *csv.Writer }

func (r *csvRows) names(names ...string) error { return r.out.Write(names) }

func (r *csvRows) row(cells ...any) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		switch c := c.(type) {
		case string:
			texts[i] = signup.Harmless(c)
		case int:
			texts[i] = strconv.Itoa(c)
		case time.Time:
			texts[i] = instantText(c)
		case time.Duration:
			texts[i] = string(inMillis(c))
		}
	}
	return r.out.Write(texts)
}

func (r *csvRows) close() error {
	r.out.Flush()
	return r.out.Error()
}

func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// inMillis is a duration in milliseconds, to the microsecond.
func inMillis(d time.Duration) json.Number {
	return json.Number(strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', -1, 64))
}

// jsonRows write a list of objects, one in a line.
type jsonRows struct {
	out  io.Writer
	keys []string
	n    int
}

func (r *jsonRows) names(names ...string) error {
	r.keys = names
	_, err := io.WriteString(r.out, "[")
	return err
}

func (r *jsonRows) row(cells ...any) error {
	line := make([]byte, 0, 256)
	for i, c := range cells {
		switch v := c.(type) {
		case time.Time:
			if c = any(instantText(v)); v.IsZero() {
				c = nil
			}
		case time.Duration:
			c = inMillis(v)
		}
		value, err := json.Marshal(c)
		if err != nil {
			return err
		}
		line = fmt.Appendf(line, "%s%q:%s", comma(i), r.keys[i], value)
	}
	_, err := fmt.Fprintf(r.out, "%s\n{%s}", comma(r.n), line)
	r.n++
	return err
}

func comma(n int) string {
	if n == 0 {
		return ""
	}
	return ","
}

func (r *jsonRows) close() error {
	_, err := io.WriteString(r.out, "\n]\n")
	return err
}

const (
	// compactEvery is how often the history is put in order, compactAgain when
	// there is more to do: it leaves the database to others in between.
	compactEvery = time.Minute
	compactAgain = time.Second
)

// keepHistory puts the history in order until ctx is done.
func keepHistory(ctx context.Context, s *store.Store, now func() time.Time, log *slog.Logger) {
	timer := time.NewTimer(compactAgain)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		more, err := s.CompactHistory(ctx, now())
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "compacting the history; it is tried again", "error", err)
		}
		pause := compactEvery
		if more {
			pause = compactAgain
		}
		timer.Reset(pause)
	}
}
