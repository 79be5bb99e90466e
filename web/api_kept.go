package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// KeptTexts are the texts that operators keep ready for updates. [ErrNone]:
// none has the id.
type KeptTexts interface {
	// KeptTexts are all of them, by name.
	KeptTexts(ctx context.Context) ([]KeptText, error)
	// KeepText adds a text, which is of version 0 then, or changes the one with its
	// id if that is still of its version: else [ErrTextMoved]. There is room for
	// so many: [ErrTooManyTexts]. It gives the id.
	KeepText(ctx context.Context, k KeptText) (id string, err error)
	DropText(ctx context.Context, id string) error
}

// Errors of kept texts.
var (
	ErrTextMoved    = errors.New("the text was changed meanwhile")
	ErrTooManyTexts = errors.New("there are as many texts as there is room for; remove one that nobody uses")
)

// KeptText is a text that operators keep ready.
type KeptText struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Text    status.Text `json:"text"`
	Author  string      `json:"author"`
	At      time.Time   `json:"at"`      // of its last change
	Version int64       `json:"version"` // rises with every change
}

// apiTexts is the answer of GET /api/v1/texts.
type apiTexts struct {
	Texts []KeptText `json:"texts"` // by name
}

// apiKept is what keeping a text has made.
type apiKept struct {
	ID string `json:"id"`
}

type newText struct {
	Name string      `json:"name"`
	Text status.Text `json:"text"`
}

// maxTextName bounds what a kept text is called, in characters.
const maxTextName = 60

func (s *Server) keptRoutes(engine *gin.Engine) {
	if s.options.KeptTexts == nil || s.options.Tokens == nil {
		return
	}
	const all, one = apiRoot + "texts", apiRoot + "texts/:id"
	get(engine, all, s.asApp(account.ReadDesk, s.listTexts))
	get(engine, one, s.asApp(account.ReadDesk, s.readText))
	engine.POST(all, s.asApp(account.Publish, s.addText))
	engine.PUT(one, s.asApp(account.Publish, s.changeText))
	engine.DELETE(one, s.asApp(account.Publish, s.dropText))
}

func (s *Server) listTexts(ctx context.Context, c *call) *problem {
	all, err := s.options.KeptTexts.KeptTexts(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiTexts{Texts: append([]KeptText{}, all...)})
}

// textOf is the text in the path.
func (s *Server) textOf(ctx context.Context, c *call) (KeptText, *problem) {
	all, err := s.options.KeptTexts.KeptTexts(ctx)
	if err != nil {
		return KeptText{}, s.deskRefusal(err)
	}
	for i := range all {
		if all[i].ID == c.Param("id") {
			return all[i], nil
		}
	}
	return KeptText{}, noSuchText()
}

func noSuchText() *problem {
	return newProblem(http.StatusNotFound, "No text with this id is kept. GET /api/v1/texts lists them.")
}

func (s *Server) readText(ctx context.Context, c *call) *problem {
	k, refusal := s.textOf(ctx, c)
	if refusal != nil {
		return refusal
	}
	return tagged(c.Context, k)
}

// textSeen is the text in the path, if it is as who asks has seen it.
func (s *Server) textSeen(ctx context.Context, c *call) (KeptText, *problem) {
	k, refusal := s.textOf(ctx, c)
	if refusal != nil {
		return k, refusal
	}
	body, err := jsonLine(k)
	if err != nil {
		return k, s.deskRefusal(err)
	}
	if tag := strongTag(body); !asSeen(c.Context, tag) {
		return k, changed(tag, "The text has changed since.")
	}
	return k, nil
}

// textWritten is the text that a request has, if it can be kept.
func (s *Server) textWritten(c *call) (KeptText, *problem) {
	var in newText
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return KeptText{}, refusal
	}
	e := s.current.Load()
	if e == nil {
		return KeptText{}, notYet()
	}
	w := &writing{edition: e}
	name := strings.TrimSpace(in.Name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		w.complain("/name", "is missing; write what operators find the text by")
	case n > maxTextName:
		w.complain("/name", "has %d characters; write at most %d", n, maxTextName)
	case !Plain(name) || strings.ContainsAny(name, "\n\t"):
		w.complain("/name", "has control characters or is not UTF-8; write plain text, in one line")
	}
	w.text("/text", in.Text, true)
	if len(w.complaints) > 0 {
		return KeptText{}, invalid(w.complaints)
	}
	return KeptText{Name: name, Text: in.Text, Author: author(c.who), At: c.now}, nil
}

func (s *Server) addText(ctx context.Context, c *call) *problem {
	k, refusal := s.textWritten(c)
	if refusal != nil {
		return refusal
	}
	id, err := s.options.KeptTexts.KeepText(ctx, k)
	if err != nil {
		return s.textRefusal(err)
	}
	s.audit(ctx, c, account.Publish, "text:"+id, "keeps "+k.Name)
	c.Header("Location", apiRoot+"texts/"+id)
	c.JSON(http.StatusCreated, apiKept{ID: id})
	return nil
}

func (s *Server) changeText(ctx context.Context, c *call) *problem {
	k, refusal := s.textWritten(c)
	if refusal != nil {
		return refusal
	}
	seen, refusal := s.textSeen(ctx, c)
	if refusal != nil {
		return refusal
	}
	k.ID, k.Version = seen.ID, seen.Version
	if _, err := s.options.KeptTexts.KeepText(ctx, k); err != nil {
		return s.textRefusal(err)
	}
	return s.carried(ctx, c, account.Publish, "text:"+k.ID, "keeps "+k.Name)
}

func (s *Server) dropText(ctx context.Context, c *call) *problem {
	k, refusal := s.textSeen(ctx, c)
	if refusal != nil {
		return refusal
	}
	if err := s.options.KeptTexts.DropText(ctx, k.ID); err != nil {
		return s.textRefusal(err)
	}
	return s.carried(ctx, c, account.Publish, "text:"+k.ID, "removes "+k.Name)
}

// textRefusal words what was not done about a text.
func (s *Server) textRefusal(err error) *problem {
	switch {
	case errors.Is(err, ErrNone):
		return noSuchText()
	case errors.Is(err, ErrTextMoved):
		return newProblem(http.StatusPreconditionFailed, "Somebody has just changed the text. Nothing was done. Read it again, and decide anew.")
	case errors.Is(err, ErrTooManyTexts):
		return newProblem(http.StatusConflict, sentence(err.Error()))
	}
	return s.deskRefusal(err)
}
