package probes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An answer is what came back on one request.
type answer struct {
	status   int
	headers  http.Header
	body     []byte
	whole    bool // no more body than we read
	json     any
	jsonErr  error
	image    map[string]any
	imageErr error
	cert     map[string]any // nil without TLS
	took     time.Duration
}

// look sends the request once and judges the answer.
func (plan *httpPlan) look(ctx context.Context, run *Run) StepSeen {
	t := newTrace(run)
	seen, a := plan.exchange(ctx, run, t)
	seen.Action = plan.action(run)
	seen.Phases, seen.Took = t.end()
	if a != nil {
		a.took = seen.Took
		seen.Status = a.status
		plan.judge(a, run, &seen)
	}
	return seen
}

// exchange returns an answer, or a step that ended without one.
func (plan *httpPlan) exchange(ctx context.Context, run *Run, t *trace) (StepSeen, *answer) {
	req, err := plan.request(ctx, run, t)
	if err != nil {
		return run.gaveUp(ctx, err, t), nil
	}
	transport, done, err := plan.way.transport(run, t, plan.settings.HTTP2)
	if err != nil {
		return run.gaveUp(ctx, err, t), nil
	}
	defer done()
	resp, err := plan.client(transport).Do(req)
	if redirect, ok := errors.AsType[*redirectError](err); ok {
		return StepSeen{Outcome: Wrong, Reason: redirect.reason}, nil
	}
	if err != nil {
		return run.gaveUp(ctx, withoutURL(err), t), nil
	}
	defer resp.Body.Close()
	if plan.settings.HTTP2 && resp.ProtoMajor < 2 && run.rehearsal == nil {
		return StepSeen{Outcome: Failed, Reason: noHTTP2}, nil
	}
	a, err := plan.read(resp, run)
	if err == nil {
		err = run.overdue()
	}
	if err != nil {
		return run.gaveUp(ctx, err, t), nil
	}
	return StepSeen{}, a
}

// gaveUp is a step without an answer.
func (r *Run) gaveUp(ctx context.Context, err error, t *trace) StepSeen {
	f := explain(ctx, err, t.doing(), r)
	return StepSeen{Outcome: f.outcome, Reason: r.mask.clip(f.reason, maxReason)}
}

func (plan *httpPlan) read(resp *http.Response, run *Run) (*answer, error) {
	a := &answer{status: resp.StatusCode, headers: resp.Header}
	if resp.TLS != nil {
		a.cert = sceneOfCert(resp.TLS.PeerCertificates, run.instant())
	}
	limit := plan.limit()
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	a.whole = len(body) <= limit
	a.body = body[:min(len(body), limit)]
	if plan.needsJSON {
		a.json, a.jsonErr = decodeJSON(a.body)
	}
	if plan.needsImage {
		a.image, a.imageErr = decodeImage(a.body)
	}
	return a, nil
}

func (plan *httpPlan) limit() int {
	if plan.settings.MaxBody == 0 {
		return defaultMaxBody
	}
	return min(plan.settings.MaxBody, maxMaxBody)
}

// decodeJSON reads one JSON value. Whole numbers stay whole: an id of a
// message has more digits than a float64 keeps.
func decodeJSON(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, errors.New("the body is not JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the body is not JSON alone")
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		f, err := v.Float64()
		if err != nil {
			return v.String() // beyond what a float64 holds
		}
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return v
}

// scene is what the expectations of the plan speak of.
func (plan *httpPlan) scene(a *answer, run *Run) map[string]any {
	scene := newScene(run, len(plan.names))
	for _, name := range plan.names {
		scene[name] = a.value(name, run)
	}
	return scene
}

// value is what a name in an expectation stands for.
func (a *answer) value(name string, run *Run) any {
	switch name {
	case "status":
		return a.status
	case "headers":
		return lowerCase(a.headers)
	case "body":
		return string(a.body)
	case "json":
		return a.json
	case "image":
		return a.image
	case "ms":
		return int(a.took.Milliseconds())
	case "cert":
		return a.cert
	case "nonce":
		return run.nonce
	default:
		return run.saved[name]
	}
}

func lowerCase(headers http.Header) map[string]string {
	lower := make(map[string]string, len(headers))
	for name, values := range headers {
		lower[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return lower
}

// judge decides what an answer means. What is expected comes first, so that a
// step can ask for a 401; where the status is not the one expected, or none is
// asked for, the status speaks for itself; the rest is wrong, or merely late.
func (plan *httpPlan) judge(a *answer, run *Run, seen *StepSeen) {
	scene := plan.scene(a, run)
	unmet := plan.unmet(a, scene)
	seen.Patience = a.patience(run.instant())
	f := plan.refused(scene)
	if f == nil {
		f = plan.byStatus(a, unmet)
	}
	if f != nil {
		seen.Outcome, seen.Reason = f.outcome, run.mask.clip(f.reason, maxReason)
		seen.Seen = run.mask.clip(string(a.body), maxSeen)
		if unmet != nil {
			seen.Expect = run.mask.clip(unmet.expect, maxReason)
		}
		return
	}
	if unmet != nil {
		unmet.tell(run, seen)
		return
	}
	if broken := plan.keep(a, scene, run); broken != nil {
		broken.tell(run, seen)
		return
	}
	plan.judgeTime(a, scene, seen)
}

// A miss is an expectation that does not hold.
type miss struct {
	outcome Outcome
	expect  string
	seen    string
	status  bool // it is about the status
}

func (m *miss) tell(run *Run, seen *StepSeen) {
	seen.Outcome, seen.Expect = m.outcome, run.mask.clip(m.expect, maxReason)
	seen.Seen = run.mask.clip(m.seen, maxSeen)
	seen.Reason = run.mask.clip(fmt.Sprintf("expected %s, but %s", m.expect, m.seen), maxReason)
}

// unmet finds the first expectation that does not hold, those about the status
// before the others and those about time not at all.
func (plan *httpPlan) unmet(a *answer, scene map[string]any) *miss {
	var first *miss
	for _, e := range plan.expect {
		if e.onlyAboutTime() || first != nil && !e.speaksOf("status") {
			continue
		}
		if m := ask(e, a, scene); m != nil && (first == nil || m.status) {
			first = m
			if m.status {
				break
			}
		}
	}
	return first
}

// ask returns nil if the expectation holds.
func ask(e *expression, a *answer, scene map[string]any) *miss {
	m := &miss{outcome: Wrong, expect: e.source, status: e.speaksOf("status")}
	met, err := e.holds(scene)
	switch {
	case errors.Is(err, errTooMuch):
		m.outcome, m.seen = Inconclusive, err.Error()
	case a != nil && a.unread(e) != nil && (err != nil || !met):
		m.outcome, m.seen = a.misread(e)
	case err != nil && a != nil && e.speaksOf("json"):
		m.seen = "the answer has another shape: " + describe(string(a.body))
	case err != nil:
		m.seen = err.Error()
	case met:
		return nil
	default:
		m.seen = e.instead(scene)
	}
	return m
}

// unread is why the answer could not be read as what an expression speaks of.
func (a *answer) unread(e *expression) error {
	switch {
	case e.speaksOf("json") && a.jsonErr != nil:
		return a.jsonErr
	case e.speaksOf("image") && a.imageErr != nil:
		return a.imageErr
	}
	return nil
}

// misread says why there is no JSON or no image, and whether that is for the
// body's length or because we can not read what is one.
func (a *answer) misread(e *expression) (Outcome, string) {
	err := a.unread(e)
	if setting, ok := errors.AsType[*settingError](err); ok {
		return Inconclusive, setting.text
	}
	reason := err.Error()
	if !a.whole {
		reason = fmt.Sprintf("the body is longer than %d bytes (max_body)", len(a.body))
	}
	return Wrong, fmt.Sprintf("%s: %s", reason, describe(string(a.body)))
}

// keep saves what later steps need.
func (plan *httpPlan) keep(a *answer, scene map[string]any, run *Run) *miss {
	for _, s := range plan.save {
		value, err := evaluate(s.from.program, scene)
		if err == nil {
			err = run.save(s.name, value)
		}
		if err != nil {
			m := &miss{outcome: Wrong, expect: "a value for " + s.name + " at " + s.from.source, seen: err.Error()}
			if a.unread(s.from) != nil {
				m.outcome, m.seen = a.misread(s.from)
			}
			return m
		}
	}
	return nil
}

// judgeTime ends in ok or slow.
func (plan *httpPlan) judgeTime(a *answer, scene map[string]any, seen *StepSeen) {
	seen.Outcome = OK
	judgeSlow(a.took, plan.settings.Slow, seen)
	judgeLate(plan.expect, scene, seen)
}

// judgeLate makes a step slow that missed an expectation about time alone.
func judgeLate(expect []*expression, scene map[string]any, seen *StepSeen) {
	for _, e := range expect {
		if !e.onlyAboutTime() || seen.Outcome == Slow {
			continue
		}
		if m := ask(e, nil, scene); m != nil {
			seen.Outcome, seen.Expect, seen.Seen = Slow, m.expect, m.seen
			seen.Reason = fmt.Sprintf("slow: expected %s, but %s", m.expect, m.seen)
		}
	}
}

// maxPatience bounds how long a target may ask us to stay away.
const maxPatience = time.Hour

// kakaoQuota is the code with which Kakao's interfaces answer HTTP 400 when a
// quota is used up.
const kakaoQuota = -10

// byStatus is what a status says by itself. It says nothing if the step asks
// for a status and got it.
func (plan *httpPlan) byStatus(a *answer, unmet *miss) *fault {
	if plan.asksStatus && (unmet == nil || !unmet.status) {
		return nil
	}
	if f := statusFault(a.status, plan.credential); f != nil {
		return f
	}
	switch {
	case a.status == http.StatusBadRequest && a.kakaoCode() == kakaoQuota:
		return &fault{Inconclusive, "our quota is used up (status 400, code -10)"}
	case !plan.asksStatus && a.status >= http.StatusBadRequest:
		return &fault{Wrong, fmt.Sprintf("unexpected status %d", a.status)}
	}
	return nil
}

func (a *answer) kakaoCode() int {
	var said struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(a.body, &said) != nil {
		return 0
	}
	return said.Code
}

// patience is how long a target that has had too much asks us to stay away:
// Retry-After in seconds or as a date, an hour at most.
func (a *answer) patience(now time.Time) time.Duration {
	return patience(a.status, a.headers, now)
}

func patience(status int, headers http.Header, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests {
		return 0
	}
	value := headers.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxPatience)
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), maxPatience)
	}
	return 0
}
