package console

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/web/account"
	"bongsu/web/door"
)

// entryRoutes are where people come in and go out.
func (c *Console) entryRoutes() []route {
	if c.options.Entry == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/login", handle: c.login},
		{method: http.MethodPost, path: "/login", body: maxEntry, handle: c.logIn},
		{method: http.MethodPost, path: "/login/code", body: maxEntry, handle: c.loginCode},
		{method: http.MethodPost, path: "/login/again", body: maxEntry, handle: c.loginAgain},
		{method: http.MethodPost, path: "/logout", body: maxEntry, handle: c.logOut},
		{method: http.MethodGet, path: "/link/{token}", handle: c.link},
		{method: http.MethodPost, path: "/link/{token}", body: maxEntry, handle: c.choose},
	}
}

// maxEntry bounds what the forms about accounts send, in bytes.
const maxEntry = 8 << 10

// entryForm is a form that may have been wrong.
type entryForm struct {
	Problem string // in words; empty: none
	Field   string // the one that is wrong; empty: none, or no one of them
}

// loginPage asks for name and password, or for a code.
type loginPage struct {
	entryForm

	Code bool
	Name string
	Next string
}

func (c *Console) login(v *visit) error {
	next := ourPath(v.request.URL.Query().Get("next"))
	if v.who.ID != "" {
		return v.leadTo(next)
	}
	pending, err := c.options.Entry.Pending(v.request)
	if err != nil {
		return v.away(err)
	}
	return v.render("login", v.Say("login"), loginPage{Code: pending, Next: next})
}

func (c *Console) logIn(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	page := loginPage{Name: form.Get("name"), Next: ourPath(form.Get("next"))}
	if len(page.Name) > account.MaxPassword {
		page.Name = ""
	}
	in, err := c.options.Entry.LogIn(v.writer, v.request, v.from(), page.Name, form.Get("password"))
	if err != nil {
		return v.wrong(err, &page.entryForm, "login", "login", func() any { return page })
	}
	if in {
		return v.leadTo(page.Next)
	}
	return v.lead("/login", url.Values{"next": {page.Next}})
}

func (c *Console) loginCode(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	page := loginPage{Code: true, Next: ourPath(form.Get("next"))}
	left, err := c.options.Entry.Code(v.writer, v.request, v.from(), form.Get("code"))
	if errors.Is(err, account.ErrNobody) {
		v.undone("login_late")
		return v.lead("/login", url.Values{"next": {page.Next}})
	}
	if err != nil {
		return v.wrong(err, &page.entryForm, "login", "login", func() any { return page })
	}
	if left >= 0 {
		v.done("login_recovery", "Left", strconv.Itoa(left))
	}
	return v.leadTo(page.Next)
}

// loginAgain goes back from the code to the name.
func (c *Console) loginAgain(v *visit) error {
	if err := c.options.Entry.LogOut(v.writer, v.request); err != nil {
		return v.away(err)
	}
	return v.lead("/login", nil)
}

func (c *Console) logOut(v *visit) error {
	if err := c.options.Entry.LogOut(v.writer, v.request); err != nil {
		return v.away(err)
	}
	v.done("logged_out")
	return v.lead("/login", nil)
}

// linkPage is what a one-time link opens: the form of a new password, and of the
// first user's name.
type linkPage struct {
	entryForm

	First bool
	Name  string
	Token string
	Least int
}

func (c *Console) linkPage(v *visit) (linkPage, error) {
	page := linkPage{Token: v.request.PathValue("token"), Least: account.MinPassword}
	link, name, err := c.options.Entry.Link(v.request.Context(), page.Token)
	page.First, page.Name = link.Purpose == account.FirstUser, name
	if errors.Is(err, account.ErrNoLink) {
		return page, refuse(http.StatusNotFound, "problem_link")
	}
	if err != nil {
		return page, v.away(err)
	}
	return page, nil
}

func (c *Console) link(v *visit) error {
	page, err := c.linkPage(v)
	if err != nil {
		return err
	}
	return v.render("link", v.Say("link"), page)
}

func (c *Console) choose(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	page, err := c.linkPage(v)
	if err != nil {
		return err
	}
	if page.First {
		page.Name = form.Get("name")
	}
	err = c.options.Entry.Choose(v.request, page.Token, page.Name, form.Get("password"))
	if errors.Is(err, account.ErrNoLink) {
		return refuse(http.StatusNotFound, "problem_link")
	}
	if err != nil {
		return v.wrong(err, &page.entryForm, "link", "link", func() any { return page })
	}
	v.done("link_done")
	return v.lead("/login", nil)
}

// ourPath is a path of the console to go on to, or its first page: nobody is led
// to another site by what stands in an address.
func ourPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || strings.ContainsAny(next, "\\\n\r\t") || len(next) > 2000 {
		return Root
	}
	if u.Path != Root && !strings.HasPrefix(u.Path, Root+"/") || strings.Contains(u.Path, "..") || strings.HasPrefix(u.Path, loginPath) {
		return Root
	}
	return u.RequestURI()
}

// leadTo leads to a path that [ourPath] gave.
func (v *visit) leadTo(path string) error {
	http.Redirect(v.writer, v.request, cmp.Or(path, Root), http.StatusSeeOther) //nolint:gosec // ourPath leads nowhere else
	return nil
}

// away is what is said when the database does not answer. Whoever has been
// logged out since the request began is led to where they log in, or told so.
func (v *visit) away(err error) error {
	if errors.Is(err, account.ErrNobody) {
		if v.request.Method == http.MethodPost {
			return refuse(http.StatusConflict, "problem_logged_out")
		}
		return errNobody
	}
	v.console.options.Log.ErrorContext(v.request.Context(), "asking for an account", "error", err)
	return refuse(http.StatusServiceUnavailable, "problem_away")
}

// wrong shows a form again and says what is wrong with it; what is no fault of
// the form's is a problem of its own.
func (v *visit) wrong(err error, form *entryForm, page, title string, content func() any) error {
	status := v.entryProblem(err, form)
	if status == 0 {
		return v.away(err)
	}
	return v.renderAs(status, page, v.Say(title), content())
}

// entryProblem words what went wrong, and gives the status of the answer; zero
// if it is no fault of who asked.
func (v *visit) entryProblem(err error, form *entryForm) int {
	if fault, ok := errors.AsType[account.PasswordError](err); ok {
		form.Problem, form.Field = v.Say(string(fault), "Least", account.MinPassword, "Most", account.MaxPassword), "password"
		return http.StatusUnprocessableEntity
	}
	if wait, ok := errors.AsType[*door.WaitError](err); ok {
		form.Problem = v.Say("login_wait", "Time", v.Span(wait.For+30*time.Second))
		v.writer.Header().Set("Retry-After", strconv.Itoa(int(wait.For/time.Second)+1))
		return http.StatusTooManyRequests
	}
	if _, ok := errors.AsType[*door.NameError](err); ok {
		form.Problem, form.Field = v.Say("name_cannot"), "name"
		return http.StatusUnprocessableEntity
	}
	for known, id := range map[error]string{
		door.ErrWrong: "login_wrong", account.ErrNameTaken: "name_taken", account.ErrLastAdmin: "last_admin", account.ErrNoAccount: "user_gone",
		errRole: "role_cannot", errApp: "app_cannot",
	} {
		if errors.Is(err, known) {
			form.Problem = v.Say(id)
			return http.StatusUnprocessableEntity
		}
	}
	if errors.Is(err, door.ErrBusy) {
		form.Problem = v.Say("login_busy")
		v.writer.Header().Set("Retry-After", "5")
		return http.StatusServiceUnavailable
	}
	return 0
}
