package web

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/limit"
)

// History reads what was measured. What it costs is bounded by what is asked.
type History interface {
	// Points are the points of a series, oldest first, without those of steps in
	// which nobody looked.
	Points(ctx context.Context, q status.HistoryQuery) ([]status.Point, error)
	// Intervals are the states a component was in, oldest first. It ends after
	// the first error.
	Intervals(ctx context.Context, component string, from, until time.Time) iter.Seq2[status.Interval, error]
}

// Limits of one answer.
const (
	historyDefault = 24 * time.Hour
	historyMost    = 731 * 24 * time.Hour
	easyPoints     = 1_000  // of a series whose step is free
	maxPoints      = 50_000 // of all series together
	historyTime    = 20 * time.Second
	historyAtOnce  = 4 // answers being written
	historyEach    = 2 // of them to one network, or who reads slowly would shut all others out
)

// How often a network may ask.
const (
	historyEvery = 2 * time.Second
	historyBurst = 20
)

// readers are those to whom history is being written, by network.
type readers struct {
	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// enter lets one more read, if there is room. Whoever has entered leaves.
func (r *readers) enter(from netip.Addr) (leave func(), ok bool) {
	net := limit.Network(from)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all >= historyAtOnce || r.of[net] >= historyEach {
		return nil, false
	}
	if r.of == nil {
		r.of = map[netip.Prefix]int{}
	}
	r.all++
	r.of[net]++
	return func() { r.leave(net) }, true
}

func (r *readers) leave(net netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.of[net]--; r.of[net] == 0 {
		delete(r.of, net)
	}
}

var historySteps = []time.Duration{status.StepFine, status.StepHourly, status.StepDaily}

// stepOf reads a step: 5m, 1h, and a day either as 1d or as 24h.
func stepOf(text string) (time.Duration, bool) {
	if text == "1d" {
		return status.StepDaily, true
	}
	step, err := time.ParseDuration(text)
	return step, err == nil && slices.Contains(historySteps, step)
}

func (s *Server) historyRoutes(engine *gin.Engine) {
	if s.options.History == nil {
		return
	}
	get(engine, apiRoot+"components/:id/history", s.historyAs(newHistoryJSON))
	get(engine, apiRoot+"components/:id/history.csv", s.historyAs(newHistoryCSV))
}

// historyQuestion is what somebody wants to know.
type historyQuestion struct {
	component   *status.ComponentView
	from, until time.Time
	step        time.Duration
	states      bool // of the CSV: states in place of looks
	series      []status.Series
}

// historyWriter writes an answer as it comes.
type historyWriter interface {
	contentType() string
	begin(q *historyQuestion) error
	interval(v status.Interval) error
	series(of status.Series, points []status.Point) error
	end() error
}

// historyAs makes the handler that answers in one form. The first read is done
// before the first byte goes out, so that a database that is away is a 503; what
// fails later cuts the answer off, so that nobody takes a part for the whole.
func (s *Server) historyAs(form func(io.Writer) historyWriter) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", keepNot)
		c.Header("Access-Control-Allow-Origin", "*")
		q, refusal := s.historyQuestion(c)
		if refusal != nil {
			refusal.answer(c)
			return
		}
		leave, ok := s.reading.enter(s.visitor(c))
		if !ok {
			away("Too many are reading the history now. Try again soon.").answer(c)
			return
		}
		defer leave()
		ctx, cancel := context.WithTimeout(c.Request.Context(), historyTime)
		defer cancel()
		first, err := s.firstPoints(ctx, q)
		if err != nil {
			s.options.Log.Warn("reading history", "err", err)
			away("The database does not answer, so the history cannot be read. Try again soon.").answer(c)
			return
		}
		out := bufio.NewWriter(c.Writer)
		w := form(out)
		c.Header("Content-Type", w.contentType())
		if err := s.writeHistory(ctx, w, q, first); err != nil {
			s.options.Log.Warn("writing history", "err", err)
			panic(http.ErrAbortHandler)
		}
		if err := out.Flush(); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func (s *Server) historyQuestion(c *gin.Context) (*historyQuestion, *problem) {
	now := s.options.Now()
	if !s.history.Allow(s.visitor(c), now) {
		return nil, newProblem(http.StatusTooManyRequests, "You read the history too often. Wait a moment.").later(historyEvery)
	}
	e := s.current.Load()
	if e == nil {
		return nil, away("The server is starting. Try again soon.")
	}
	t := e.tellers[e.languages[0]]
	q := &historyQuestion{component: t.components()[c.Param("id")], from: now.Add(-historyDefault), until: now, states: c.Query("of") == "states"}
	if q.component == nil {
		return nil, newProblem(http.StatusNotFound, "There is no component with this id. GET /api/v1/status lists them.")
	}
	for name, into := range map[string]*time.Time{"from": &q.from, "until": &q.until} {
		if !readInstant(c.Query(name), into) {
			return nil, newProblem(http.StatusBadRequest, name+" is no time; write one like 2026-10-15T15:30:00Z.")
		}
	}
	if c.Query("until") != "" && c.Query("from") == "" {
		q.from = q.until.Add(-historyDefault)
	}
	if took := q.until.Sub(q.from); took <= 0 || took > historyMost {
		return nil, newProblem(http.StatusBadRequest, "from is before until, and at most 731 days before it.")
	}
	q.series = t.seriesOf(q.component)
	return q, q.chooseStep(c.Query("step"))
}

func readInstant(text string, into *time.Time) bool {
	if text == "" {
		return true
	}
	at, err := time.Parse(time.RFC3339, text)
	*into = at
	return err == nil && at.Year() >= 1970 && at.Year() < 10_000
}

// chooseStep reads the step, or takes the finest that gives an easy answer.
func (q *historyQuestion) chooseStep(text string) *problem {
	took := q.until.Sub(q.from)
	if text == "" {
		for _, step := range historySteps {
			if q.step = step; took <= easyPoints*step {
				break
			}
		}
	} else if step, ok := stepOf(text); !ok {
		return newProblem(http.StatusBadRequest, "step is 5m, 1h or 1d; leave it out for one that fits.")
	} else {
		q.step = step
	}
	if n := (int(took/q.step) + 2) * max(len(q.series), 1); n > maxPoints {
		return newProblem(http.StatusUnprocessableEntity,
			fmt.Sprintf("This would be up to %d points, and an answer has at most %d. Ask for a shorter time or a longer step.", n, maxPoints))
	}
	return nil
}

// seriesOf are the looks that make a component's state, by check and location.
func (t *teller) seriesOf(c *status.ComponentView) []status.Series {
	var all []status.Series
	for i := range c.Checks {
		for _, location := range t.watchers(c, &c.Checks[i]) {
			all = append(all, status.Series{Check: c.Checks[i].ID, Location: location})
		}
	}
	return all
}

func (s *Server) firstPoints(ctx context.Context, q *historyQuestion) ([]status.Point, error) {
	if len(q.series) == 0 {
		return nil, nil
	}
	return s.points(ctx, q, 0)
}

func (s *Server) points(ctx context.Context, q *historyQuestion, n int) ([]status.Point, error) {
	return s.options.History.Points(ctx, status.HistoryQuery{Series: q.series[n], From: q.from, Until: q.until, Step: q.step})
}

func (s *Server) writeHistory(ctx context.Context, w historyWriter, q *historyQuestion, first []status.Point) error {
	if err := w.begin(q); err != nil {
		return err
	}
	for v, err := range s.options.History.Intervals(ctx, q.component.ID, q.from, q.until) {
		if err != nil {
			return err
		}
		if err := w.interval(v); err != nil {
			return err
		}
	}
	for i, of := range q.series {
		points := first
		if i > 0 {
			var err error
			if points, err = s.points(ctx, q, i); err != nil {
				return err
			}
		}
		if err := w.series(of, points); err != nil {
			return err
		}
	}
	return w.end()
}

// historyJSON writes one object: the states, then the points of each series.
type historyJSON struct {
	out    io.Writer
	err    error
	parts  int // written of the list that is being written
	states bool
}

func newHistoryJSON(out io.Writer) historyWriter { return &historyJSON{out: out, states: true} }

func (w *historyJSON) contentType() string { return "application/json; charset=utf-8" }

func (w *historyJSON) text(s string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.out, s)
	}
}

func (w *historyJSON) value(v any) {
	body, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	if w.parts > 0 {
		w.text(",")
	}
	w.parts++
	w.text(string(body))
}

func (w *historyJSON) begin(q *historyQuestion) error {
	head, err := json.Marshal(apiHistoryHead{q.component.ID, q.from.UTC(), q.until.UTC(), q.step.Milliseconds()})
	if err != nil {
		return err
	}
	w.text(strings.TrimSuffix(string(head), "}") + `,"states":[`)
	return w.err
}

func (w *historyJSON) interval(v status.Interval) error {
	w.value(apiInterval{v.State, instant(v.Since), instant(v.Until)})
	return w.err
}

// apiHistory is the answer of GET /api/v1/components/ID/history. It is written
// piece by piece; this is the whole.
type apiHistory struct {
	apiHistoryHead

	States []apiInterval `json:"states"`
	Series []apiSeries   `json:"series"`
}

type apiHistoryHead struct {
	Component string    `json:"component"`
	From      time.Time `json:"from"`
	Until     time.Time `json:"until"`
	Step      int64     `json:"step_ms"`
}

type apiInterval struct {
	State status.State `json:"state"`
	Since *time.Time   `json:"since"`
	Until *time.Time   `json:"until"`
}

type apiSeries struct {
	Check    string     `json:"check"`
	Location string     `json:"location"`
	Points   []apiPoint `json:"points"`
}

// apiPoint is a point of history. Its times are null when no look was ok or
// slow.
type apiPoint struct {
	At           time.Time `json:"at"`
	OK           int       `json:"ok"`
	Slow         int       `json:"slow"`
	Wrong        int       `json:"wrong"`
	Failed       int       `json:"failed"`
	Inconclusive int       `json:"inconclusive"`
	Mean         *int64    `json:"mean_ms"`
	P50          *int64    `json:"p50_ms"`
	P95          *int64    `json:"p95_ms"`
	P99          *int64    `json:"p99_ms"`
	Max          *int64    `json:"max_ms"`
}

func (w *historyJSON) series(of status.Series, points []status.Point) error {
	w.endStates()
	all := make([]apiPoint, 0, len(points))
	for i := range points {
		p := &points[i]
		all = append(all, apiPoint{
			At: p.At.UTC(), OK: p.OK, Slow: p.Slow, Wrong: p.Wrong, Failed: p.Failed, Inconclusive: p.Inconclusive,
			Mean: milliseconds(p.Mean), P50: milliseconds(p.P50), P95: milliseconds(p.P95), P99: milliseconds(p.P99), Max: milliseconds(p.Max),
		})
	}
	w.value(apiSeries{of.Check, of.Location, all})
	return w.err
}

func (w *historyJSON) endStates() {
	if w.states {
		w.text(`],"series":[`)
		w.states, w.parts = false, 0
	}
}

func (w *historyJSON) end() error {
	w.endStates()
	w.text("]}\n")
	return w.err
}

// historyCSV writes one table: of looks, or of states.
type historyCSV struct {
	csv       *csv.Writer
	component string
	states    bool
}

func newHistoryCSV(out io.Writer) historyWriter { return &historyCSV{csv: csv.NewWriter(out)} }

func (w *historyCSV) contentType() string { return "text/csv; charset=utf-8; header=present" }

func (w *historyCSV) begin(q *historyQuestion) error {
	w.component, w.states = q.component.ID, q.states
	if w.states {
		return w.csv.Write([]string{"component", "state", "since", "until"})
	}
	return w.csv.Write([]string{
		"component", "check", "location", "at", "span_s", "ok", "slow", "wrong", "failed", "inconclusive",
		"mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms",
	})
}

func (w *historyCSV) interval(v status.Interval) error {
	if !w.states {
		return nil
	}
	return w.csv.Write([]string{w.component, v.State.String(), cell(v.Since), cell(v.Until)})
}

// cell is an instant as a table has it: empty for none.
func cell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (w *historyCSV) series(of status.Series, points []status.Point) error {
	if w.states {
		return nil
	}
	for i := range points {
		p := &points[i]
		row := []string{w.component, of.Check, of.Location, cell(p.At), strconv.Itoa(int(p.Span / time.Second))}
		for _, n := range []int{p.OK, p.Slow, p.Wrong, p.Failed, p.Inconclusive} {
			row = append(row, strconv.Itoa(n))
		}
		for _, d := range []time.Duration{p.Mean, p.P50, p.P95, p.P99, p.Max} {
			row = append(row, cellOf(d))
		}
		if err := w.csv.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func cellOf(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(d.Milliseconds(), 10)
}

func (w *historyCSV) end() error {
	w.csv.Flush()
	return w.csv.Error()
}
