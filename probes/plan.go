package probes

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/types"
)

// httpPlan is the settings of a step, compiled: nothing is parsed when it
// looks.
type httpPlan struct {
	settings   *HTTP
	target     text
	fixed      *url.URL // the target, if no value is filled in
	headers    []header
	body       bodyPlan
	expect     []*expression
	save       []saving
	refusals   []refusal
	way        way
	basic      text
	names      []string // what the expressions speak of
	asksStatus bool     // an expectation names the status
	needsJSON  bool
	needsImage bool
	credential bool // a secret is sent
}

// A header is a header or a field of a form, with the value to send.
type header struct {
	name  string
	value text
}

type saving struct {
	name string
	from *expression
}

// httpWords is what expressions about an HTTP answer may speak of.
var httpWords = vocabulary{
	"status":  types.Int,
	"headers": types.TypeOf(map[string]string{}),
	"body":    types.String,
	"json":    types.Any,
	"image":   types.TypeOf(map[string]any{}),
	"ms":      types.Int,
	"cert":    types.TypeOf(map[string]any{}),
	"nonce":   types.String,
}

// A planner collects the problems of a step's settings.
type planner struct{ problems []Problem }

func (p *planner) complain(path string, err error) {
	p.problems = append(p.problems, Problem{Path: path, Text: err.Error()})
}

func (p *planner) text(path, s string) text {
	t, err := parseText(s)
	if err != nil {
		p.complain(path, err)
	}
	return t
}

// conditions compiles expectations; a broken one is left out and noted.
func (p *planner) conditions(sources []string, book *phrasebook) []*expression {
	var compiled []*expression
	for i, source := range sources {
		e, err := book.condition(source)
		if err != nil {
			p.complain(fmt.Sprintf("expect[%d]", i), err)
			continue
		}
		compiled = append(compiled, e)
	}
	return compiled
}

func planHTTP(h *HTTP) (*httpPlan, []Problem) {
	p := &planner{}
	plan := &httpPlan{settings: h}
	p.planTarget(plan)
	plan.headers = p.headers(h.Headers)
	p.planBody(plan)
	plan.expect = p.conditions(h.Expect, h.book)
	p.planSave(plan)
	p.planRefusals(plan)
	p.planBasic(plan)
	p.planHTTPWay(plan)
	p.checkLimits(h)
	plan.summarise()
	p.checkCert(plan)
	return plan, p.problems
}

func (p *planner) planTarget(plan *httpPlan) {
	h := plan.settings
	t, err := parseURL(h.target)
	if err != nil {
		p.complain(h.method, err)
		return
	}
	u, err := url.Parse(t.example())
	if err == nil {
		err = checkURL(u)
	} else {
		err = errors.New("is not a URL; write one like https://service.example/path")
	}
	if err != nil {
		p.complain(h.method, err)
		return
	}
	plan.target = t
	if _, ok := t.plain(); ok {
		plan.fixed = u
	}
}

func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("is not a web address; begin it with https:// or http://")
	case u.Hostname() == "":
		return errors.New("names no host; write one like https://service.example/path")
	case u.User != nil:
		return errors.New("carries a user or password; write an Authorization header with ${env:NAME}")
	}
	return nil
}

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")

// unfitForHeader finds what would end a header's line.
func unfitForHeader(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func (p *planner) headers(given map[string]string) []header {
	var headers []header
	for _, name := range slices.Sorted(maps.Keys(given)) {
		path := "headers." + name
		if !headerName.MatchString(name) {
			p.complain(path, errors.New("is not a header's name; write letters, digits and hyphens"))
			continue
		}
		value := p.text(path, given[name])
		if strings.ContainsFunc(value.example(), unfitForHeader) {
			p.complain(path, errors.New("has a character that no header may have; write it on one line"))
			continue
		}
		headers = append(headers, header{textproto.CanonicalMIMEHeaderKey(name), value})
	}
	return headers
}

func (p *planner) planSave(plan *httpPlan) {
	for _, name := range slices.Sorted(maps.Keys(plan.settings.Save)) {
		path := "save." + name
		if _, taken := httpWords[name]; taken || !valueName.MatchString(name) || slices.Contains(builtins, name) {
			p.complain(path, fmt.Errorf("%q can not be saved under; write a name of letters and digits that is not a word of expectations", name))
			continue
		}
		e, err := plan.settings.book.value(plan.settings.Save[name])
		if err != nil {
			p.complain(path, err)
			continue
		}
		plan.save = append(plan.save, saving{name, e})
	}
}

func (p *planner) checkSlow(slow time.Duration) {
	if slow < 0 {
		p.complain("slow", errors.New("is less than nothing; write a duration like 3s"))
	}
}

func (p *planner) checkLimits(h *HTTP) {
	if h.Follow < 0 || h.Follow > maxFollow {
		p.complain("follow", fmt.Errorf("is %d; write 0 to %d", h.Follow, maxFollow))
	}
	if h.MaxBody < 0 || h.MaxBody > maxMaxBody {
		p.complain("max_body", fmt.Errorf("is %d; write 1 to %d bytes", h.MaxBody, maxMaxBody))
	}
	p.checkSlow(h.Slow)
	if u := h.Until; u != nil {
		if u.Within <= 0 {
			p.complain("until.within", errors.New("is missing; write a duration like 10s"))
		}
		if u.Every != 0 && u.Every < minEvery {
			p.complain("until.every", fmt.Errorf("is too often; write at least %s", minEvery))
		}
	}
}

// planHTTPWay compiles how the request gets there.
func (p *planner) planHTTPWay(plan *httpPlan) {
	h, host := plan.settings, ""
	if plan.fixed != nil {
		host = plan.fixed.Hostname()
	}
	plan.way = p.planWay(h.Way, host)
	if plan.fixed != nil && plan.fixed.Scheme == "http" {
		if h.HTTP2 {
			p.complain("http2", errors.New("needs https; write an https:// address or leave it out"))
		}
		if h.Cert != "" {
			p.complain("cert", errors.New("needs https; write an https:// address or leave it out"))
		}
	}
}

func (p *planner) checkCert(plan *httpPlan) {
	if plan.fixed == nil || plan.fixed.Scheme != "http" {
		return
	}
	for i, e := range plan.expect {
		if e.speaksOf("cert") {
			p.complain(fmt.Sprintf("expect[%d]", i), errors.New("asks for a certificate where there is none; write an https:// address"))
		}
	}
}

// summarise notes what looking needs to know of all expressions and texts.
func (plan *httpPlan) summarise() {
	for _, e := range plan.expressions() {
		plan.names = append(plan.names, e.names...)
	}
	slices.Sort(plan.names)
	plan.names = slices.Compact(plan.names)
	plan.needsJSON = slices.Contains(plan.names, "json")
	plan.needsImage = slices.Contains(plan.names, "image")
	plan.asksStatus = slices.ContainsFunc(plan.expect, func(e *expression) bool { return e.speaksOf("status") })
	plan.credential = plan.way.cert != "" || slices.ContainsFunc(plan.texts(), text.secret)
}

func (plan *httpPlan) expressions() []*expression {
	all := slices.Clone(plan.expect)
	for _, s := range plan.save {
		all = append(all, s.from)
	}
	for _, r := range plan.refusals {
		all = append(all, r.when)
	}
	return all
}

func (plan *httpPlan) texts() []text {
	all := append([]text{plan.target, plan.basic}, plan.body.texts()...)
	for _, h := range plan.headers {
		all = append(all, h.value)
	}
	return all
}

// action is how evidence calls the request.
func (plan *httpPlan) action(run *Run) string {
	return run.mask.clip(plan.settings.method+" "+plan.target.shown(run), maxAction)
}

// request fills the plan in for one run.
func (plan *httpPlan) request(ctx context.Context, run *Run, t *trace) (*http.Request, error) {
	u, err := plan.address(run)
	if err != nil {
		return nil, err
	}
	body, contentType, err := plan.body.render(run)
	if err != nil {
		return nil, err
	}
	req := (&http.Request{
		Method: plan.settings.method, URL: u, Host: u.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, // what is spoken is the transport's to say
		Header: make(http.Header, len(plan.headers)+2),
	}).WithContext(t.follow(ctx))
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		req.ContentLength = int64(len(body))
	}
	if contentType != "" {
		req.Header["Content-Type"] = []string{contentType}
	}
	req.Header["User-Agent"] = []string{cmp.Or(run.check.UserAgent, UserAgent("dev", ""))}
	return req, plan.setHeaders(req, run)
}

func (plan *httpPlan) setHeaders(req *http.Request, run *Run) error {
	basic, err := plan.basicHeader(run)
	if err != nil {
		return err
	}
	if basic != "" {
		req.Header["Authorization"] = []string{basic}
	}
	req.Host, err = fillHeaders(plan.headers, run, req.Header, req.Host)
	return err
}

// fillHeaders sets headers, and returns the host they name or the one given.
func fillHeaders(headers []header, run *Run, into http.Header, host string) (string, error) {
	for _, h := range headers {
		value, err := h.value.render(run)
		if err != nil {
			return "", err
		}
		run.conceal(h.value)
		if strings.ContainsFunc(value, unfitForHeader) {
			return "", &settingError{fmt.Sprintf("the value for the header %s has a character that no header may have", h.name)}
		}
		if h.name == "Host" {
			host = value
			continue
		}
		into[h.name] = []string{value}
	}
	return host, nil
}

func (plan *httpPlan) address(run *Run) (*url.URL, error) {
	if plan.fixed != nil {
		u := *plan.fixed
		return &u, nil
	}
	s, err := plan.target.render(run)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, &settingError{"the address is not a URL once its values are filled in"}
	}
	return u, nil
}

// A redirectError is a redirect that we do not follow for a reason of safety.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// client follows redirects as far as the settings and safety allow.
func (plan *httpPlan) client(transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: transport,
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			last := via[len(via)-1].URL
			switch {
			case len(via) > plan.settings.Follow:
				return http.ErrUseLastResponse
			case last.Scheme == "https" && req.URL.Scheme != "https":
				return &redirectError{"it redirects from https to " + req.URL.Scheme}
			case plan.credential && !strings.EqualFold(req.URL.Host, last.Host):
				return &redirectError{"it redirects to another host, which must not get our credential"}
			}
			return nil
		},
	}
}

// withoutURL drops the address that net/http puts into its errors: it may
// carry a secret, and the evidence names it already.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// uses implements speaker.
func (h *HTTP) uses() []use {
	h.prepare()
	var uses []use
	add := func(path string, names []string, own vocabulary) {
		for _, name := range names {
			if _, ok := own[name]; !ok && !isSecret(name) {
				uses = append(uses, use{path, name})
			}
		}
	}
	add(h.method, h.plan.target.values(), nil)
	for _, part := range h.plan.body.filled {
		add(h.plan.body.kind, part.values(), nil)
	}
	for _, one := range h.plan.headers {
		add("headers."+one.name, one.value.values(), nil)
	}
	for _, e := range h.plan.expect {
		add(fmt.Sprintf("expect[%d]", slices.Index(h.Expect, e.source)), e.names, httpWords)
	}
	add("basic", h.plan.basic.values(), nil)
	add("proxy", h.plan.way.values(), nil)
	for _, r := range h.plan.refusals {
		add(r.path, r.when.names, httpWords)
	}
	for _, s := range h.plan.save {
		add("save."+s.name, s.from.names, httpWords)
	}
	return uses
}

// saves implements speaker.
func (h *HTTP) saves() []string { return slices.Sorted(maps.Keys(h.Save)) }
