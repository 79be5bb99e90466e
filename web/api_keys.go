package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// Keyring keeps the tokens. Errors are as those of [Books];
// [ForWhatError] says that a token would be good for nothing.
type Keyring interface {
	Keys(ctx context.Context) ([]TokenView, error)
	// MakeKey makes a token, which is shown this once.
	MakeKey(ctx context.Context, wish TokenWish, now time.Time) (TokenView, string, error)
	RevokeKey(ctx context.Context, id string) error
}

// TokenView is what may be shown of a token.
type TokenView struct {
	ID       string         `json:"id"`
	Role     account.Role   `json:"role"`
	Scope    []account.Deed `json:"scope"` // empty: all that the role may
	App      string         `json:"app,omitempty"`
	Location string         `json:"location,omitempty"`
	Note     string         `json:"note"`
	Made     time.Time      `json:"made"`
	Expires  *time.Time     `json:"expires"`
	LastUsed *time.Time     `json:"last_used"` // to the minute
}

// TokenWish is the token that somebody wants.
type TokenWish struct {
	Role     account.Role
	App      string         // of an app's or an agency's
	Location string         // of an agent's
	Scope    []account.Deed // empty: all that the role may
	Note     string
	Expires  time.Time // zero: never
}

// ForWhatError says why a token would be good for nothing: its app or location
// is not in the configuration.
type ForWhatError struct{ Pointer, Text string }

func (e *ForWhatError) Error() string { return e.Text }

// apiTokens is the answer of GET /api/v1/tokens.
type apiTokens struct {
	Tokens []TokenView `json:"tokens"`
}

// apiMadeToken is a token with what it is called by, once.
type apiMadeToken struct {
	TokenView
	Token string `json:"token"`
}

type newToken struct {
	Role     string   `json:"role"`
	Scope    []string `json:"scope"`
	App      string   `json:"app"`
	Location string   `json:"location"`
	Note     string   `json:"note"`
	Expires  string   `json:"expires"`
}

func (s *Server) keyRoutes(engine *gin.Engine) {
	if s.options.Keyring == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"tokens", s.asApp(account.ReadAccounts, s.listKeys))
	engine.POST(apiRoot+"tokens", s.asApp(account.KeepAccounts, s.makeKey))
	engine.DELETE(apiRoot+"tokens/:id", s.asApp(account.KeepAccounts, s.revokeKey))
}

func (s *Server) listKeys(ctx context.Context, c *call) *problem {
	list, err := s.options.Keyring.Keys(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiTokens{Tokens: list})
}

func (s *Server) makeKey(ctx context.Context, c *call) *problem {
	var in newToken
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	wish, found := in.wish(c.now)
	if len(found) > 0 {
		return invalid(found)
	}
	view, token, err := s.options.Keyring.MakeKey(ctx, wish, c.now)
	if no, told := errors.AsType[*ForWhatError](err); told {
		return invalid(complaints{{no.Pointer, no.Text}})
	}
	if err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.KeepAccounts, "token "+view.ID, madeFor(&view))
	c.Header("Location", apiRoot+"tokens/"+view.ID)
	c.JSON(http.StatusCreated, apiMadeToken{TokenView: view, Token: token})
	return nil
}

// madeFor says what a token is good for.
func madeFor(view *TokenView) string {
	parts := []string{"made for " + string(view.Role)}
	for _, d := range view.Scope {
		parts = append(parts, string(d))
	}
	return strings.Join(parts, ", ")
}

// invalid refuses values.
func invalid(found complaints) *problem {
	p := newProblem(http.StatusUnprocessableEntity, "Some values cannot be taken. Nothing was changed.")
	p.Errors = found
	return p
}

// maxNote bounds what a token is called, in characters.
const maxNote = 60

// wish reads what is wanted.
func (in *newToken) wish(now time.Time) (wish TokenWish, found complaints) {
	role, err := account.ParseRole(in.Role)
	if err != nil {
		found.complain("/role", "%s", err)
	}
	scope, scopeErr := role.ParseScope(strings.Join(in.Scope, ","))
	if err == nil && scopeErr != nil {
		found.complain("/scope", "%s", scopeErr)
	}
	wish = TokenWish{Role: role, Scope: scope, App: in.App, Location: in.Location, Note: in.Note}
	switch {
	case role.OfOneApp() != (in.App != ""):
		found.complain("/app", "is for the roles app and agency, and they need it")
	case (role == account.Agent) != (in.Location != ""):
		found.complain("/location", "is for the role agent, and it needs it")
	}
	if utf8.RuneCountInString(in.Note) > maxNote || !Plain(in.Note) {
		found.complain("/note", "write one line of plain text, at most %d characters", maxNote)
	}
	if in.Expires != "" {
		if wish.Expires, err = time.Parse(time.RFC3339, in.Expires); err != nil || !wish.Expires.After(now) {
			found.complain("/expires", "is no time to come; write one like 2026-10-15T15:30:00+09:00, or leave it out")
		}
	}
	return wish, found
}

func (s *Server) revokeKey(ctx context.Context, c *call) *problem {
	if err := s.options.Keyring.RevokeKey(ctx, c.Param("id")); err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.KeepAccounts, "token "+c.Param("id"), "revoked")
	c.Status(http.StatusNoContent)
	return nil
}
