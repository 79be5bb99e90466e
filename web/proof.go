package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/web/speech"
)

// How often a network may ask for codes: enough for an office where everybody
// got the same text. One that guesses needs twelve days for all codes of four
// letters, and is shown no more than what everybody was told.
const (
	codeEvery = 2 * time.Second
	codeBurst = 30
)

// proofTime bounds looking up what was sent. A page that comes late helps
// nobody who holds a text in doubt.
const proofTime = 2 * time.Second

// Proofs finds the texts that went out, so that a reader can hold one against
// the text they got.
type Proofs interface {
	// Told gives what subscribers were told of an incident, oldest first.
	Told(ctx context.Context, incident string) ([]Proof, error)
	// Coded gives the notice of an app that has the check code. The error is
	// [ErrNoCode] if none has it.
	Coded(ctx context.Context, code string) (Proof, error)
}

// ErrNoCode says that no notice has a check code.
var ErrNoCode = errors.New("no notice has this check code")

// Proof is one notice as it was sent.
type Proof struct {
	App   status.Text // the app that sent it through us; nil where we sent it ourselves
	Event string      // what it told of, a status.EventKind; empty for an app's
	At    time.Time
	Texts []notifier.Text
}

// proofRow is a notice as the page shows it: what was sent in the reader's
// language, and what was in others.
type proofRow struct {
	Kind   string
	At     *speech.Moment
	Texts  []proofText
	Others []proofText
}

type proofText struct{ Lang, Way, Title, Body string }

// checkCode shows what we sent under a code. An unknown code is answered with
// advice, and 404.
func (s *Server) checkCode(c *gin.Context) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	code, lang := cleanCode(c.Param("code")), e.language(c.Request)
	incident := e.coded(code)
	switch {
	case code == "":
		s.unknownCode(c, e, lang)
	case !s.codes.Allow(s.visitor(c), s.options.Now()):
		c.Header("Retry-After", "60")
		e.message(http.StatusTooManyRequests, lang).serve(c.Writer, c.Request)
	case incident != nil && s.options.Proofs == nil:
		s.pageAt(c, "/check/"+code)
	case incident != nil:
		s.proveIncident(c, e, lang, incident)
	case s.options.Proofs == nil:
		s.unknownCode(c, e, lang)
	default:
		s.proveNotice(c, e, lang, code)
	}
}

// proveIncident shows what subscribers were told of an incident. Without the
// database the page still says that the code is ours, and what happened.
func (s *Server) proveIncident(c *gin.Context, e *edition, lang string, i *status.Incident) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), proofTime)
	defer cancel()
	told, err := s.options.Proofs.Told(ctx, i.ID)
	if err != nil {
		s.options.Log.ErrorContext(ctx, "looking up what was sent; the page shows what happened", "err", err)
		s.pageAt(c, "/check/"+i.Code)
		return
	}
	content := e.tellers[lang].check(i.Code, i)
	content.content = e.tellers[lang].proved(content.content.(checkPage), told)
	s.showProof(c, e, lang, "/check/"+i.Code, content)
}

// proveNotice shows what an app sent under a code.
func (s *Server) proveNotice(c *gin.Context, e *edition, lang, code string) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), proofTime)
	defer cancel()
	proof, err := s.options.Proofs.Coded(ctx, code)
	switch {
	case errors.Is(err, ErrNoCode):
		s.unknownCode(c, e, lang)
	case err != nil:
		s.options.Log.ErrorContext(ctx, "looking up a check code", "err", err)
		c.Header("Retry-After", "60")
		e.message(http.StatusServiceUnavailable, lang).serve(c.Writer, c.Request)
	default:
		t := e.tellers[lang]
		content := page{title: t.Say("nav_check"), content: t.proved(checkPage{Code: code, App: t.spoken(proof.App)}, []Proof{proof})}
		s.showProof(c, e, lang, "/check/"+code, content)
	}
}

func (s *Server) showProof(c *gin.Context, e *edition, lang, path string, content page) {
	body, err := e.render("check", path, lang, http.StatusOK, content)
	if err == nil {
		newPage(http.StatusOK, lang, body).kept(keepNot).serve(c.Writer, c.Request)
		return
	}
	s.options.Log.Error("rendering a page", "path", path, "err", err)
	s.fail(c.Writer, c.Request)
}

// proved adds the texts themselves.
func (t *teller) proved(p checkPage, told []Proof) checkPage {
	for i := range told {
		row := proofRow{At: t.Moment(told[i].At), Kind: t.provedKind(told[i].Event)}
		for _, text := range told[i].Texts {
			way := proofWays[text.Class]
			if way == "" {
				continue // what machines and operators read
			}
			shown := proofText{Lang: text.Lang, Way: t.Say(way), Title: text.Title, Body: strings.ReplaceAll(text.Body, notifier.LeaveMark, "…")}
			if text.Lang == t.Lang {
				shown.Lang = ""
				row.Texts = append(row.Texts, shown)
			} else {
				row.Others = append(row.Others, shown)
			}
		}
		if len(row.Texts)+len(row.Others) > 0 {
			p.Proofs = append(p.Proofs, row)
		}
	}
	slices.Reverse(p.Proofs) // whoever holds a text in doubt has just got it
	return p
}

// proofWays are how the classes of texts that people read are called.
var proofWays = map[notifier.Class]string{
	notifier.ClassSMS: "way_sms", notifier.ClassLMS: "way_lms", notifier.ClassAlimTalk: "way_alimtalk", notifier.ClassMessenger: "way_messenger",
	notifier.ClassMail: "way_mail", notifier.ClassPush: "way_push",
}

// provedKind words what a notice told of.
func (t *teller) provedKind(event string) string {
	id := map[status.EventKind]string{
		status.EventOpened: "kind_opened", status.EventWorsened: "kind_changed", status.EventNote: "kind_note", status.EventDigest: "kind_no_change",
		status.EventResolved: "kind_resolved", status.EventRetracted: "kind_retracted",
	}[status.EventKind(event)]
	if id == "" {
		return t.Say("kind_app")
	}
	return t.Say(id)
}
