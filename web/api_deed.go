package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"bongsu/status"
)

// Limits of what operators write beside texts.
const (
	maxSpeakerRunes = 60
	maxSourceBytes  = 500
)

// deedRoutes are the writes that amend what has been told.
func (s *Server) deedRoutes(engine *gin.Engine) {
	const incident = apiRoot + "incidents/:id/"
	engine.POST(incident+"corrections", written(s, s.correct))
	engine.POST(incident+"statements", written(s, s.recordStatement))
	engine.POST(incident+"etas", written(s, s.expect))
	engine.POST(incident+"merge", written(s, s.merge))
	engine.POST(incident+"split", written(s, s.split))
	engine.POST(incident+"postmortem", written(s, s.review))
	engine.POST(incident+"retraction", written(s, s.retract))
	// The ids of what the configuration plans have a slash in them.
	engine.PUT(apiRoot+"maintenance/*id", written(s, s.replanMaintenance))
	engine.DELETE(apiRoot+"maintenance/*id", asked(s, s.cancelMaintenance))
}

type newCorrection struct {
	Field  string      `json:"field"`
	Is     string      `json:"is"`
	Reason status.Text `json:"reason"`
	Source string      `json:"source"`
}

func (s *Server) correct(ctx context.Context, w *writing, in *newCorrection) (made, error) {
	c := status.Correction{Field: status.CorrectionField(in.Field), Is: in.Is, Reason: in.Reason, Source: w.source(in.Source)}
	switch c.Field {
	case status.CorrectBegan, status.CorrectResolved:
		w.time("/is", in.Is)
	case status.CorrectCause:
		w.line("/is", in.Is, maxTitleRunes)
	default:
		w.complain("/field", "%q cannot be corrected; write began, resolved or cause", clip(in.Field))
	}
	w.text("/reason", in.Reason, true)
	return s.amend(ctx, w, status.Command{Correct: &c})
}

type newStatement struct {
	Speaker string      `json:"speaker"`
	Said    string      `json:"said"`
	Text    status.Text `json:"text"`
	Fixed   bool        `json:"fixed"`
	Source  string      `json:"source"`
}

func (s *Server) recordStatement(ctx context.Context, w *writing, in *newStatement) (made, error) {
	said := status.Statement{
		Speaker: in.Speaker, Said: w.time("/said", in.Said), Text: in.Text, Fixed: in.Fixed, Source: w.source(in.Source),
	}
	w.line("/speaker", in.Speaker, maxSpeakerRunes)
	w.text("/text", in.Text, true)
	return s.amend(ctx, w, status.Command{State: &said})
}

type newETA struct {
	Speaker string      `json:"speaker"`
	Basis   status.Text `json:"basis"`
	By      string      `json:"by"`
	Expires string      `json:"expires"`
	Source  string      `json:"source"`
}

func (s *Server) expect(ctx context.Context, w *writing, in *newETA) (made, error) {
	e := status.ETA{
		Speaker: in.Speaker, Basis: in.Basis,
		By: w.optionalTime("/by", in.By), Expires: w.optionalTime("/expires", in.Expires), Source: w.source(in.Source),
	}
	w.line("/speaker", in.Speaker, maxSpeakerRunes)
	w.text("/basis", in.Basis, true)
	return s.amend(ctx, w, status.Command{Expect: &e})
}

type newMerge struct {
	Into string `json:"into"`
}

func (s *Server) merge(ctx context.Context, w *writing, in *newMerge) (made, error) {
	w.line("/into", in.Into, maxTitleRunes)
	if err := w.err(); err != nil {
		return made{}, err
	}
	id, err := s.options.Desk.Do(ctx, status.Command{Author: w.author, Incident: w.id, Known: w.known, ID: w.command, Merge: in.Into})
	return made{ID: id, path: "/incidents/" + id}, err
}

type newSplit struct {
	Components []string `json:"components"`
}

func (s *Server) split(ctx context.Context, w *writing, in *newSplit) (made, error) {
	if len(in.Components) == 0 || len(in.Components) > maxListed {
		w.complain("/components", "has %d components; write 1 to %d", len(in.Components), maxListed)
	}
	if err := w.err(); err != nil {
		return made{}, err
	}
	id, err := s.options.Desk.Do(ctx, status.Command{Author: w.author, Incident: w.id, Known: w.known, ID: w.command, Split: in.Components})
	return made{ID: id, path: "/incidents/" + id}, err
}

type newRetraction struct {
	Reason status.Text `json:"reason"`
}

func (s *Server) retract(ctx context.Context, w *writing, in *newRetraction) (made, error) {
	w.text("/reason", in.Reason, true)
	return s.amend(ctx, w, status.Command{Retract: in.Reason})
}

// amend adds to the incident in the path, unless there are complaints.
func (s *Server) amend(ctx context.Context, w *writing, c status.Command) (made, error) {
	if err := w.err(); err != nil {
		return made{}, err
	}
	c.Author, c.Incident, c.Known, c.ID = w.author, w.id, w.known, w.command
	id, err := s.options.Desk.Do(ctx, c)
	return made{ID: id, Incident: w.id, path: "/incidents/" + w.id}, err
}

// replanMaintenance gives planned work that there is another time, text or
// components.
func (s *Server) replanMaintenance(ctx context.Context, w *writing, in *newMaintenance) (made, error) {
	if !w.planned() {
		return made{}, status.ErrNoMaintenance
	}
	if w.routineNamed() != (in.RRule != "") {
		w.complain("/rrule", "is of a routine; write it for the id of one, and leave it out for the id of one of its times")
	}
	return s.planAs(ctx, w, in, w.id)
}

// routineNamed says whether the path names work that comes again as a whole.
func (w *writing) routineNamed() bool {
	for i := range w.edition.snapshot.Maintenance {
		if m := &w.edition.snapshot.Maintenance[i]; m.Routine != "" && m.Routine == w.id {
			return true
		}
	}
	return false
}

// planned says whether the work in the path is on the page's calendar.
func (w *writing) planned() bool {
	for i := range w.edition.snapshot.Maintenance {
		if m := &w.edition.snapshot.Maintenance[i]; m.ID == w.id || (m.Routine != "" && m.Routine == w.id) {
			return true
		}
	}
	return false
}

func (s *Server) cancelMaintenance(ctx context.Context, w *writing) (made, error) {
	if w.id == "" {
		return made{}, status.ErrNoMaintenance
	}
	id, err := s.options.Desk.Do(ctx, status.Command{ID: w.command, Author: w.author, Cancel: w.id})
	return made{ID: id, path: "/maintenance"}, err
}

// line checks a text of one line in no particular language.
func (w *writing) line(pointer, text string, most int) {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		w.complain(pointer, "is missing")
	case n > most:
		w.complain(pointer, "has %d characters; write at most %d", n, most)
	case !Plain(text):
		w.complain(pointer, "has control characters; write plain text")
	}
}

// source checks where something can be read: on the web, or nowhere.
func (w *writing) source(text string) string {
	if text == "" {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case len(text) > maxSourceBytes:
		w.complain("/source", "has %d bytes; write at most %d", len(text), maxSourceBytes)
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || !Plain(text):
		w.complain("/source", "is no address of the web; write one like https://operator.example/notice, or leave it out")
	}
	return text
}

func (w *writing) optionalTime(pointer, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	return w.time(pointer, text)
}

// no is an answer to something that the desk does not take.
type no struct {
	err     error
	status  int
	pointer string // the value it is about, or empty
	detail  string // what to do; empty: the error's own words
}

// nos are the desk's refusals, each with the value it is about.
var nos = []no{
	{err: status.ErrNoIncident, status: http.StatusNotFound, detail: "There is no incident with this id. GET /api/v1/status lists those that are open."},
	{err: status.ErrNoMaintenance, status: http.StatusNotFound, detail: "There is no maintenance with this id. GET /api/v1/status lists what is planned."},
	{err: status.ErrClosed, status: http.StatusConflict, detail: "The incident is over; nothing is added to it any more. Open another one if there is news."},
	{err: status.ErrMeasured, status: http.StatusConflict, detail: "This incident was measured, so measurement moves it to this stage. Leave stage out."},

	{err: status.ErrMeanwhile, status: http.StatusPreconditionFailed},

	{err: status.ErrNotSilenced, status: http.StatusConflict},
	{err: status.ErrNoSilenceReason, status: http.StatusUnprocessableEntity, pointer: "/reason"},
	{err: status.ErrSilenceSpan, status: http.StatusUnprocessableEntity, pointer: "/until"},

	// What the incident, as it stands, does not allow.
	{err: status.ErrMerged, status: http.StatusConflict},
	{err: status.ErrGoingOn, status: http.StatusConflict},
	{err: status.ErrByHand, status: http.StatusConflict},
	{err: status.ErrGoesOn, status: http.StatusConflict, pointer: "/field"},
	{err: status.ErrCauseUsed, status: http.StatusConflict, pointer: "/is"},
	{err: status.ErrStated, status: http.StatusConflict, pointer: "/into"},
	{err: status.ErrStillFails, status: http.StatusConflict},
	{err: status.ErrRetracted, status: http.StatusConflict},
	{err: status.ErrOver, status: http.StatusConflict},
	{err: status.ErrAsTold, status: http.StatusConflict, pointer: "/is"},

	// Values that no incident would take.
	{err: status.ErrNoComponent, status: http.StatusUnprocessableEntity, pointer: "/components"},
	{err: status.ErrNoState, status: http.StatusUnprocessableEntity, pointer: "/components"},
	{err: status.ErrNotTold, status: http.StatusUnprocessableEntity, pointer: "/components"},
	{err: status.ErrNoRest, status: http.StatusUnprocessableEntity, pointer: "/components"},
	{err: status.ErrNoRule, status: http.StatusUnprocessableEntity, pointer: "/rrule"},
	{err: status.ErrOverlap, status: http.StatusUnprocessableEntity, pointer: "/rrule"},
	{err: status.ErrExtension, status: http.StatusUnprocessableEntity, pointer: "/extend"},
	{err: status.ErrNoTime, status: http.StatusUnprocessableEntity, pointer: "/until"},
	{err: status.ErrNoField, status: http.StatusUnprocessableEntity, pointer: "/field"},
	{err: status.ErrNoReason, status: http.StatusUnprocessableEntity, pointer: "/reason"},
	{err: status.ErrNoWhy, status: http.StatusUnprocessableEntity, pointer: "/reason"},
	{err: status.ErrBadTime, status: http.StatusUnprocessableEntity, pointer: "/is"},
	{err: status.ErrTooEarly, status: http.StatusUnprocessableEntity, pointer: "/is"},
	{err: status.ErrAfterEnd, status: http.StatusUnprocessableEntity, pointer: "/is"},
	{err: status.ErrNoCause, status: http.StatusUnprocessableEntity, pointer: "/is"},
	{err: status.ErrFuture, status: http.StatusUnprocessableEntity},
	{err: status.ErrTooLong, status: http.StatusUnprocessableEntity},
	{err: status.ErrNoSpeaker, status: http.StatusUnprocessableEntity, pointer: "/speaker"},
	{err: status.ErrNoFunction, status: http.StatusNotFound, detail: "The app has no such function. GET /api/v1/apps lists what there is."},
	{err: status.ErrNoApp, status: http.StatusNotFound, detail: "There is no such app. GET /api/v1/apps lists what there is."},
	{err: status.ErrWidgetOff, status: http.StatusConflict},
	{err: status.ErrNoLanguage, status: http.StatusUnprocessableEntity},
	{err: status.ErrCannotReach, status: http.StatusUnprocessableEntity, pointer: "/instead"},
	{err: status.ErrNoPostmortem, status: http.StatusUnprocessableEntity, pointer: "/text"},
	{err: status.ErrNoWords, status: http.StatusUnprocessableEntity, pointer: "/text"},
	{err: status.ErrTooOld, status: http.StatusUnprocessableEntity, pointer: "/said"},
	{err: status.ErrNoBasis, status: http.StatusUnprocessableEntity, pointer: "/basis"},
	{err: status.ErrNoExpiry, status: http.StatusUnprocessableEntity, pointer: "/expires"},
	{err: status.ErrPassed, status: http.StatusUnprocessableEntity, pointer: "/by"},
	{err: status.ErrTooFar, status: http.StatusUnprocessableEntity, pointer: "/by"},
	{err: status.ErrItself, status: http.StatusUnprocessableEntity, pointer: "/into"},
}

// noFor is the desk's refusal as an answer, or nil if it is none that we know.
func noFor(err error) *problem {
	for i := range nos {
		n := &nos[i]
		if !errors.Is(err, n.err) {
			continue
		}
		detail := n.detail
		if detail == "" {
			detail = sentence(err.Error())
		}
		p := newProblem(n.status, detail)
		if n.pointer != "" {
			p.Errors = []problemValue{{Pointer: n.pointer, Detail: n.err.Error()}}
		}
		return p
	}
	return nil
}
