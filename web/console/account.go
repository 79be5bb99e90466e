package console

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rsc.io/qr"

	"bongsu/web/account"
	"bongsu/web/speech"
)

// accountRoutes are what everybody has of their own.
func (c *Console) accountRoutes() []route {
	if c.options.Entry == nil {
		return nil
	}
	own := func(method, path string, handle func(*visit) error) route {
		return route{method: method, path: "/account" + path, deed: account.OwnAccount, body: maxEntry, handle: handle}
	}
	return []route{
		own(http.MethodGet, "", c.ownAccount),
		own(http.MethodPost, "/language", c.ownLanguage),
		own(http.MethodPost, "/password", c.ownPassword),
		own(http.MethodPost, "/session", c.endSession),
		own(http.MethodPost, "/everywhere", c.logOutEverywhere),
		own(http.MethodGet, "/authenticator", c.authenticator),
		own(http.MethodPost, "/authenticator", c.setAuthenticator),
		own(http.MethodPost, "/authenticator/drop", c.dropAuthenticator),
		own(http.MethodPost, "/recovery", c.newRecovery),
	}
}

// accountPage is somebody's own account. Each form has its own complaint.
type accountPage struct {
	entryForm

	Form     string // the one that was wrong: password, drop or recovery
	Name     string
	Role     string
	App      string
	LastIn   *speech.Moment
	Tongues  []ownTongue
	TOTP     bool
	Recovery int
	Least    int
	Sessions []sessionRow
}

type ownTongue struct {
	Lang, Name string
	Chosen     bool
}

type sessionRow struct {
	ID, Browser, Network string
	Made, Seen           *speech.Moment
	Current              bool
}

func (c *Console) ownAccount(v *visit) error {
	page, err := c.accountPage(v)
	if err != nil {
		return err
	}
	return v.render("account", v.Say("menu_account"), page)
}

func (c *Console) accountPage(v *visit) (*accountPage, error) {
	a, err := c.options.Entry.Account(v.request)
	if err != nil {
		return nil, v.away(err)
	}
	sessions, err := c.options.Entry.Sessions(v.request)
	if err != nil {
		return nil, v.away(err)
	}
	page := &accountPage{
		Name: a.Name, Role: v.Say("role_" + string(a.Role)), App: a.App, TOTP: len(a.TOTP) > 0, Recovery: a.Recovery, Least: account.MinPassword,
	}
	if !a.LastIn.IsZero() {
		page.LastIn = v.Moment(a.LastIn)
	}
	for _, lang := range languages {
		page.Tongues = append(page.Tongues, ownTongue{lang, c.catalog.Voice(lang).Say("language_name"), lang == v.Lang})
	}
	for _, s := range sessions {
		page.Sessions = append(page.Sessions, sessionRow{s.Hash, s.Browser, s.Network, v.Moment(s.Made), v.Moment(s.Seen), s.Current})
	}
	return page, nil
}

// accountWrong shows the account with what is wrong with one of its forms.
func (c *Console) accountWrong(v *visit, name string, wrong error) error {
	page, err := c.accountPage(v)
	if err != nil {
		return err
	}
	page.Form = name
	return v.wrong(wrong, &page.entryForm, "account", "menu_account", func() any { return page })
}

func (c *Console) ownLanguage(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	lang := form.Get("lang")
	if !slices.Contains(languages, lang) {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	if err := c.options.Entry.SetLang(v.request, lang); err != nil {
		return v.away(err)
	}
	c.cookie(v.writer, langCookie, "", -1) // the account says it now
	v.done("account_saved")
	return v.lead("/account", nil)
}

func (c *Console) ownPassword(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if err := c.options.Entry.ChangePassword(v.request, v.from(), form.Get("old"), form.Get("password")); err != nil {
		return c.accountWrong(v, "password", err)
	}
	v.done("password_changed")
	return v.lead("/account", nil)
}

func (c *Console) endSession(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if err := c.options.Entry.EndSession(v.request, form.Get("id")); err != nil {
		return v.away(err)
	}
	v.done("session_ended")
	return v.lead("/account", nil)
}

func (c *Console) logOutEverywhere(v *visit) error {
	if err := c.options.Entry.LogOutEverywhere(v.writer, v.request); err != nil {
		return v.away(err)
	}
	v.done("logged_out_everywhere")
	return v.lead("/login", nil)
}

// totpPage shows the secret for an authenticator, as a picture and as text.
type totpPage struct {
	entryForm

	Secret string // as it is sent back
	Spaced string // as it is typed
	QR     qrPicture
}

func (c *Console) authenticator(v *visit) error {
	a, err := c.options.Entry.Account(v.request)
	if err != nil {
		return v.away(err)
	}
	secret, err := c.options.Entry.NewTOTP()
	if err != nil {
		return err
	}
	page, err := c.totpPage(v, secret, a.Name)
	if err != nil {
		return err
	}
	return v.render("authenticator", v.Say("totp"), page)
}

func (c *Console) totpPage(v *visit, secret []byte, name string) (*totpPage, error) {
	text := account.TOTPText(secret)
	page := &totpPage{Secret: text}
	for i := 0; i < len(text); i += 4 {
		page.Spaced += text[i:min(i+4, len(text))] + " "
	}
	page.Spaced = strings.TrimSpace(page.Spaced)
	var err error
	page.QR, err = newQR(account.TOTPAddress(secret, v.text(c.site().Name), name))
	return page, err
}

func (c *Console) setAuthenticator(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	secret, ok := account.ParseTOTP(form.Get("secret"))
	if !ok {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	codes, err := c.options.Entry.SetTOTP(v.request, v.from(), form.Get("password"), secret, form.Get("code"))
	if errors.Is(err, account.ErrNobody) {
		return v.away(err)
	}
	if err != nil {
		page, also := c.totpPage(v, secret, v.who.Name)
		if also != nil {
			return also
		}
		return v.wrong(err, &page.entryForm, "authenticator", "totp", func() any { return page })
	}
	return v.render("recovery", v.Say("recovery"), recoveryPage{codes})
}

// recoveryPage shows recovery codes, once.
type recoveryPage struct{ Codes []string }

func (c *Console) newRecovery(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	codes, err := c.options.Entry.RenewRecovery(v.request, v.from(), form.Get("password"))
	if err != nil {
		return c.accountWrong(v, "recovery", err)
	}
	if len(codes) == 0 { // no authenticator: there is nothing to recover
		return v.lead("/account", nil)
	}
	return v.render("recovery", v.Say("recovery"), recoveryPage{codes})
}

func (c *Console) dropAuthenticator(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if err := c.options.Entry.DropTOTP(v.request, v.from(), form.Get("password")); err != nil {
		return c.accountWrong(v, "drop", err)
	}
	v.done("totp_dropped")
	return v.lead("/account", nil)
}

// qrPicture is a QR code as one path of unit squares, with its quiet border.
type qrPicture struct {
	Size int
	Path string
}

const qrBorder = 4

func newQR(text string) (qrPicture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return qrPicture{}, fmt.Errorf("drawing a QR code: %w", err)
	}
	var path bytes.Buffer
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+qrBorder, y+qrBorder, x-from, x-from)
			}
		}
	}
	return qrPicture{code.Size + 2*qrBorder, path.String()}, nil
}
