package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// Token is what a machine calls the API with, as the console shows it.
type Token struct {
	ID       string
	Role     account.Role
	App      string
	Location string
	Scope    []account.Deed
	Note     string
	Made     time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // zero: never
}

// Tokens keeps the API's tokens.
type Tokens interface {
	Tokens(ctx context.Context) ([]Token, error)
	// MakeToken keeps a token and gives its text, which is nowhere else.
	MakeToken(ctx context.Context, by account.Who, t Token) (text string, err error)
	// RevokeToken makes one worthless. That there is none is [ErrNoToken].
	RevokeToken(ctx context.Context, by account.Who, id string) error
}

// ErrNoToken says that there is no such token.
var ErrNoToken = errors.New("no such token")

// tokenRoutes are who keeps the tokens.
func (c *Console) tokenRoutes() []route {
	if c.options.Tokens == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/tokens", deed: account.ReadAccounts, handle: c.tokens},
		{method: http.MethodPost, path: "/tokens/add", deed: account.KeepAccounts, body: maxEntry, handle: c.addToken},
		{method: http.MethodPost, path: "/tokens/revoke", deed: account.KeepAccounts, body: maxEntry, handle: c.revokeToken},
	}
}

// tokensPage lists the tokens, with forms to make one and to revoke each.
type tokensPage struct {
	entryForm

	Keep   bool // may make and revoke them
	Tokens []tokenRow
	Roles  []choice
	Apps   []choice
	Lasts  []choice
	Note   string
	New    string // a new token, shown once
}

type tokenRow struct {
	ID, Role, Of, Scope, Note string
	Made, Expires, Used       *speech.Moment
	Over                      bool
}

// tokenDays are how long a token can be good; 0 is until it is revoked.
var tokenDays = []int{30, 90, 365, 0}

// maxNote bounds what a token is called, in bytes: the page shows it as an author.
const maxNote = 80

func (c *Console) tokens(v *visit) error {
	page, err := c.tokensPage(v)
	if err != nil {
		return err
	}
	return v.render("tokens", v.Say("menu_tokens"), page)
}

func (c *Console) tokensPage(v *visit) (*tokensPage, error) {
	all, err := c.options.Tokens.Tokens(v.request.Context())
	if err != nil {
		return nil, v.away(err)
	}
	page := &tokensPage{Keep: v.may(account.KeepAccounts), Apps: v.apps("")}
	for i := range all {
		page.Tokens = append(page.Tokens, v.tokenRow(&all[i]))
	}
	for _, role := range account.Roles() {
		if role != account.Agent { // one of an agent goes with a location of the configuration: made at the shell
			page.Roles = append(page.Roles, choice{string(role), v.Say("role_" + string(role)), role == account.Operator})
		}
	}
	for _, days := range tokenDays {
		text := v.Say("token_for_ever")
		if days > 0 {
			text = v.Count("token_days", days)
		}
		page.Lasts = append(page.Lasts, choice{strconv.Itoa(days), text, days == 90})
	}
	return page, nil
}

func (v *visit) tokenRow(t *Token) tokenRow {
	row := tokenRow{ID: t.ID, Role: v.Say("role_" + string(t.Role)), Of: t.App + t.Location, Note: t.Note, Made: v.Moment(t.Made)}
	words := make([]string, len(t.Scope))
	for i, d := range t.Scope {
		words[i] = string(d)
	}
	row.Scope = strings.Join(words, ", ")
	if !t.Expires.IsZero() {
		row.Expires, row.Over = v.Moment(t.Expires), !v.now().Before(t.Expires)
	}
	if !t.LastUsed.IsZero() {
		row.Used = v.Moment(t.LastUsed)
	}
	return row
}

func (c *Console) addToken(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	t, wrong := v.wantedToken(form.Get("role"), form.Get("app"), form.Get("note"), form.Get("days"))
	if wrong != "" {
		page, err := c.tokensPage(v)
		if err != nil {
			return err
		}
		page.Problem, page.Note = v.Say(wrong), form.Get("note")
		return v.renderAs(http.StatusUnprocessableEntity, "tokens", v.Say("menu_tokens"), page)
	}
	text, err := c.options.Tokens.MakeToken(v.request.Context(), v.who, t)
	if err != nil {
		return v.away(err)
	}
	page, err := c.tokensPage(v)
	if err != nil {
		return err
	}
	page.New = text
	return v.render("tokens", v.Say("menu_tokens"), page)
}

// wantedToken is the token that a form asks for, or the text of what is wrong.
func (v *visit) wantedToken(role, app, note, days string) (t Token, wrong string) {
	known, err := account.ParseRole(role)
	if err != nil || known == account.Agent {
		return t, "role_cannot"
	}
	if !known.OfOneApp() {
		app = ""
	} else if app, err = v.appOf(account.Agency, app); err != nil {
		return t, "app_cannot"
	}
	if len(note) > maxNote || !web.Plain(note) || strings.ContainsAny(note, "\n\t") {
		return t, "note_cannot"
	}
	t = Token{Role: known, App: app, Note: note, Made: v.now()}
	for _, n := range tokenDays {
		if days != strconv.Itoa(n) {
			continue
		}
		if n > 0 {
			t.Expires = v.now().AddDate(0, 0, n)
		}
		return t, ""
	}
	return t, "days_cannot"
}

func (c *Console) revokeToken(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	err = c.options.Tokens.RevokeToken(v.request.Context(), v.who, form.Get("id"))
	switch {
	case errors.Is(err, ErrNoToken):
		v.undone("token_gone")
	case err != nil:
		return v.away(err)
	default:
		v.done("token_revoked")
	}
	return v.lead("/tokens", nil)
}
