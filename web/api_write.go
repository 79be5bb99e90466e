package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// Desk carries out what an operator asks for. Do returns when what it did is
// durable, and gives the id of what came of it. Its errors are those of
// [status.Board.Do]; any other says that it cannot be done now.
type Desk interface {
	Do(ctx context.Context, c status.Command) (made string, err error)
}

// Limits of what operators write.
const (
	maxTitleRunes = 120
	maxTextBytes  = 4000
	maxListed     = 500 // components
	deskTime      = 10 * time.Second
)

// apiRoutes are the writes of the API, all by token.
func (s *Server) apiRoutes(engine *gin.Engine) {
	if s.options.Desk == nil || s.options.Tokens == nil {
		return
	}
	engine.POST("/api/v1/incidents", written(s, s.openIncident))
	engine.POST("/api/v1/incidents/:id/updates", written(s, s.addUpdate))
	engine.POST("/api/v1/maintenance", written(s, s.planMaintenance))
	engine.PUT(apiRoot+"apps/:id/functions/:function", s.asApp(account.KeepApp, s.reword))
	engine.PUT(apiRoot+"apps/:id/widget", s.asApp(account.SwitchWidget, s.switchWidget))
	s.deedRoutes(engine)
}

// made is what a write has made.
type made struct {
	ID       string `json:"id"`
	Incident string `json:"incident,omitempty"`
	URL      string `json:"url"`

	path string
}

// writing is one authorised write.
type writing struct {
	edition *edition
	author  string
	id      string // from the path
	known   string // the latest update of the incident that was seen, as If-Match says; empty: whatever came
	command string // names what is asked, so that it is carried out once; empty: no Idempotency-Key did
	complaints
}

// written makes a handler of what does one kind of write: who may, what was
// sent, and the answer are the same for all.
func written[In any](s *Server, do func(context.Context, *writing, *In) (made, error)) gin.HandlerFunc {
	return s.write(http.StatusCreated, func(ctx context.Context, c *gin.Context, w *writing) (made, *problem) {
		var in In
		if refusal := readJSON(c, &in); refusal != nil {
			return made{}, refusal
		}
		m, err := do(ctx, w, &in)
		return m, s.refusal(w, err)
	})
}

// asked is written for what needs no body.
func asked(s *Server, do func(context.Context, *writing) (made, error)) gin.HandlerFunc {
	return s.write(http.StatusOK, func(ctx context.Context, _ *gin.Context, w *writing) (made, *problem) {
		m, err := do(ctx, w)
		return m, s.refusal(w, err)
	})
}

// write authorises a write, has it done and answers. A re-plan makes nothing
// new.
func (s *Server) write(success int, do func(context.Context, *gin.Context, *writing) (made, *problem)) gin.HandlerFunc {
	return s.asApp(account.Publish, func(ctx context.Context, c *call) *problem {
		e := s.current.Load()
		if e == nil {
			return away("The server is starting. Try again soon.")
		}
		w := &writing{edition: e, author: author(c.who), id: strings.TrimPrefix(c.Param("id"), "/"), command: c.GetString(commandKey)}
		c.Set(onceOnly, true)
		if refusal := w.seen(c.Context); refusal != nil {
			return refusal
		}
		ctx, cancel := context.WithTimeout(ctx, deskTime)
		defer cancel()
		m, refusal := do(ctx, c.Context, w)
		if refusal != nil {
			return refusal
		}
		s.audit(ctx, c, account.Publish, strings.TrimPrefix(m.path, "/"), c.Request.Method+" "+strings.TrimPrefix(c.FullPath(), apiRoot))
		code := success
		if c.Request.Method == http.MethodPut {
			code = http.StatusOK
		}
		m.URL = e.snapshot.Site.URL + m.path
		c.Header("Location", m.path)
		c.JSON(code, m)
		return nil
	})
}

// author is who the timeline says has written it.
func author(who Bearer) string {
	if who.Note != "" {
		return who.Note
	}
	return "API"
}

// errInvalid says that the complaints have the reason.
var errInvalid = errors.New("the request has values that cannot be taken")

// refusal words what the desk, or we, did not take. It is nil for no error.
func (s *Server) refusal(w *writing, err error) *problem {
	if err == nil {
		return nil
	}
	if p := noFor(err); p != nil {
		return p
	}
	switch {
	case errors.Is(err, errInvalid):
		p := newProblem(http.StatusUnprocessableEntity, "Some values cannot be taken. Nothing was changed.")
		p.Errors = w.complaints
		return p
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return away("The database has not answered yet. What you sent may be shown already and kept later: look at GET /api/v1/status before you send it again.").unknown()
	default:
		s.options.Log.Warn("carrying out an API write", "err", err)
		return away("This cannot be done now: the server reloads, or its database does not answer. Try again soon.").unknown()
	}
}

// sentence makes an error's text a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

// complaints gathers what is wrong with the values of a request.
type complaints []problemValue

func (c *complaints) complain(pointer, format string, args ...any) {
	*c = append(*c, problemValue{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
}

func (c *complaints) err() error {
	if len(*c) > 0 {
		return errInvalid
	}
	return nil
}

type newIncident struct {
	Title      status.Text       `json:"title"`
	Text       status.Text       `json:"text"`
	Components map[string]string `json:"components"`
	Stage      string            `json:"stage"`
	Notify     bool              `json:"notify"`
}

func (s *Server) openIncident(ctx context.Context, w *writing, in *newIncident) (made, error) {
	d := status.Draft{Title: in.Title, Text: in.Text, Components: map[string]status.State{}, Author: w.author, Notify: in.Notify}
	w.title("/title", in.Title)
	w.text("/text", in.Text, true)
	if in.Stage != "" {
		w.stage(in.Stage, &d.Stage)
		if d.Stage == status.Resolved {
			w.complain("/stage", "an incident cannot be opened as resolved; write investigating, identified or monitoring")
		}
	}
	if len(in.Components) > maxListed {
		w.complain("/components", "has %d components; write at most %d", len(in.Components), maxListed)
	}
	for _, id := range slices.Sorted(maps.Keys(in.Components)) {
		d.Components[id] = w.troubled(id, in.Components[id])
	}
	if err := w.err(); err != nil {
		return made{}, err
	}
	id, err := s.options.Desk.Do(ctx, status.Command{ID: w.command, Author: w.author, Open: &d})
	return made{ID: id, path: "/incidents/" + id}, err
}

// troubled reads the state of a component that an incident speaks of.
func (w *writing) troubled(id, name string) status.State {
	pointer := "/components/" + escapePointer(id)
	var state status.State
	switch {
	case w.edition.tellers[w.edition.languages[0]].components()[id] == nil:
		w.complain(pointer, "no component has this id")
	case state.UnmarshalText([]byte(name)) != nil || !state.Troubled():
		w.complain(pointer, "%q is no state to report; write degraded_performance, partial_outage or major_outage", clip(name))
	}
	return state
}

type newUpdate struct {
	Text   status.Text `json:"text"`
	Stage  string      `json:"stage"`
	Next   string      `json:"next"`
	Notify bool        `json:"notify"`
}

func (s *Server) addUpdate(ctx context.Context, w *writing, in *newUpdate) (made, error) {
	n := status.NoteDraft{Text: in.Text, Author: w.author, Notify: in.Notify}
	w.text("/text", in.Text, true)
	if in.Stage != "" {
		n.Stage = new(status.Stage)
		w.stage(in.Stage, n.Stage)
	}
	if in.Next != "" {
		n.Next = w.time("/next", in.Next)
	}
	if err := w.err(); err != nil {
		return made{}, err
	}
	id, err := s.options.Desk.Do(ctx, status.Command{Author: w.author, Incident: w.id, Known: w.known, ID: w.command, Note: &n})
	return made{ID: id, Incident: w.id, path: "/incidents/" + w.id}, err
}

type newMaintenance struct {
	Title      status.Text `json:"title"`
	Text       status.Text `json:"text"`
	Components []string    `json:"components"`
	From       string      `json:"from"`
	Until      string      `json:"until"`
	RRule      string      `json:"rrule,omitempty"`  // it comes again, by a rule of RFC 5545; from and until are the first time
	Zone       string      `json:"zone,omitempty"`   // by whose clock it comes again; the site's if left out
	Remind     []string    `json:"remind,omitempty"` // how long before it begins people are told, such as 24h
	Extend     *newExtend  `json:"extend,omitempty"` // how it is prolonged while it fails
}

type newExtend struct {
	Step string `json:"step"`
	Most string `json:"most"`
}

func (s *Server) planMaintenance(ctx context.Context, w *writing, in *newMaintenance) (made, error) {
	return s.planAs(ctx, w, in, "")
}

// planAs plans work, anew if there is an id.
func (s *Server) planAs(ctx context.Context, w *writing, in *newMaintenance, id string) (made, error) {
	w.title("/title", in.Title)
	w.text("/text", in.Text, false)
	m := status.Maintenance{
		ID: id, Title: in.Title, Text: in.Text, Components: in.Components,
		From: w.time("/from", in.From), Until: w.time("/until", in.Until),
	}
	if len(in.Components) == 0 || len(in.Components) > maxListed {
		w.complain("/components", "has %d components; write 1 to %d", len(in.Components), maxListed)
	}
	m.Remind, m.Extend = w.reminders(in.Remind), w.extension(in.Extend)
	c := status.Command{Author: w.author, Maintain: &m}
	if in.RRule != "" {
		c = status.Command{Author: w.author, Arrange: w.routine(in, &m)}
	} else if in.Zone != "" {
		w.complain("/zone", "only work that comes again has a zone of its own; write rrule, or leave it out")
	}
	if err := w.err(); err != nil {
		return made{}, err
	}
	c.ID = w.command
	id, err := s.options.Desk.Do(ctx, c)
	return made{ID: id, path: "/maintenance"}, err
}

func (w *writing) stage(name string, into *status.Stage) {
	if into.UnmarshalText([]byte(name)) != nil {
		w.complain("/stage", "%q is no stage; write investigating, identified, monitoring or resolved", clip(name))
	}
}

func (w *writing) time(pointer, text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		w.complain(pointer, "%q is no time; write one like 2026-10-15T15:30:00+09:00", clip(text))
	}
	return t
}

func (w *writing) title(pointer string, text status.Text) {
	w.languages(pointer, text, true)
	for _, lang := range slices.Sorted(maps.Keys(text)) {
		if n := utf8.RuneCountInString(text[lang]); n > maxTitleRunes {
			w.complain(pointer+"/"+escapePointer(lang), "has %d characters; write at most %d", n, maxTitleRunes)
		}
	}
}

func (w *writing) text(pointer string, text status.Text, needed bool) {
	w.languages(pointer, text, needed)
	for _, lang := range slices.Sorted(maps.Keys(text)) {
		if n := len(text[lang]); n > maxTextBytes {
			w.complain(pointer+"/"+escapePointer(lang), "has %d bytes; write at most %d", n, maxTextBytes)
		}
	}
}

// languages checks that a text has words, in languages that the site is in.
func (w *writing) languages(pointer string, text status.Text, needed bool) {
	if needed && len(text) == 0 {
		w.complain(pointer, "is missing; write an object with a text for each of %s, or for some of them", strings.Join(w.edition.languages, ", "))
	}
	for _, lang := range slices.Sorted(maps.Keys(text)) {
		at := pointer + "/" + escapePointer(lang)
		switch {
		case !slices.Contains(w.edition.languages, lang):
			w.complain(at, "the site is not in this language; write %s", strings.Join(w.edition.languages, ", "))
		case strings.TrimSpace(text[lang]) == "":
			w.complain(at, "is empty; write a text, or leave the language out")
		case !Plain(text[lang]):
			w.complain(at, "has control characters; write plain text")
		}
	}
}

// Plain says whether a text is whole UTF-8 without characters that would be
// invisible or turn a line round. What people write for the page must be plain,
// whichever way it comes.
func Plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, forbidden)
}

func forbidden(r rune) bool {
	return (unicode.IsControl(r) && r != '\n' && r != '\t') || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

// clip keeps what is quoted back short.
func clip(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// escapePointer writes a key as a part of a JSON pointer.
func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(clip(key))
}
