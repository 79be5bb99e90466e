package console

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"bongsu/web/account"
	"bongsu/web/door"
	"bongsu/web/speech"
)

// userRoutes are who reads and keeps the accounts of others.
func (c *Console) userRoutes() []route {
	if c.options.Entry == nil {
		return nil
	}
	keep := func(path string, handle func(*visit) error) route {
		return route{method: http.MethodPost, path: "/users" + path, deed: account.KeepAccounts, body: maxEntry, handle: handle}
	}
	keeper := c.options.Entry.Keeper()
	return []route{
		{method: http.MethodGet, path: "/users", deed: account.ReadAccounts, handle: c.users},
		keep("/add", c.addUser),
		keep("/link", c.linkUser),
		keep("/role", c.roleUser),
		keep("/disable", c.changeUser("user_disabled", func(v *visit, name string) error {
			return keeper.Disable(v.request.Context(), v.who, name)
		})),
		keep("/enable", c.changeUser("user_enabled", func(v *visit, name string) error {
			return keeper.Enable(v.request.Context(), v.who, name)
		})),
		keep("/totp", c.changeUser("user_totp_gone", func(v *visit, name string) error {
			return keeper.ResetTOTP(v.request.Context(), v.who, name)
		})),
	}
}

// usersPage lists the users, with forms to change each.
type usersPage struct {
	entryForm

	Keep  bool // may change them
	Users []userRow
	Roles []choice
	Apps  []choice // what an agency can look after
	Add   struct{ Name, Role, App string }
	Link  string // a new link, shown once
	For   string // whose
	Lasts string
}

// choice is one of a list.
type choice struct {
	Value, Text string
	Chosen      bool
}

type userRow struct {
	Name, Role, App string
	RoleName, State string
	Class           string
	TOTP, Disabled  bool
	Self            bool
	LastIn          *speech.Moment
	Roles, Apps     []choice
}

func (c *Console) users(v *visit) error {
	page, err := c.usersPage(v)
	if err != nil {
		return err
	}
	return v.render("users", v.Say("menu_users"), page)
}

func (c *Console) usersPage(v *visit) (*usersPage, error) {
	all, err := c.options.Entry.Keeper().Accounts(v.request.Context())
	if err != nil {
		return nil, v.away(err)
	}
	page := &usersPage{Keep: v.may(account.KeepAccounts), Roles: v.roles(""), Apps: v.apps("")}
	for i := range all {
		page.Users = append(page.Users, v.userRow(&all[i]))
	}
	return page, nil
}

func (v *visit) userRow(a *account.Account) userRow {
	row := userRow{
		Name: a.Name, Role: string(a.Role), App: a.App, RoleName: v.Say("role_" + string(a.Role)), State: v.Say("user_ok"), Class: "ok",
		TOTP: len(a.TOTP) > 0, Disabled: !a.Disabled.IsZero(), Self: a.ID == v.who.ID, Roles: v.roles(a.Role), Apps: v.apps(a.App),
	}
	switch {
	case row.Disabled:
		row.State, row.Class = v.Say("user_out"), "none"
	case a.Password == "":
		row.State, row.Class = v.Say("user_waits"), "slow"
	case !row.TOTP:
		row.State, row.Class = v.Say("user_no_totp"), "slow"
	}
	if !a.LastIn.IsZero() {
		row.LastIn = v.Moment(a.LastIn)
	}
	return row
}

// roles are those that people can have.
func (v *visit) roles(chosen account.Role) []choice {
	var list []choice
	for _, role := range account.RolesOfPeople() {
		list = append(list, choice{role, v.Say("role_" + role), role == string(chosen)})
	}
	return list
}

// apps are those that an agency can look after.
func (v *visit) apps(chosen string) []choice {
	var list []choice
	if v.snapshot != nil {
		for i := range v.snapshot.Apps {
			app := &v.snapshot.Apps[i]
			list = append(list, choice{app.ID, v.text(app.Name), app.ID == chosen})
		}
	}
	if chosen != "" && !slices.ContainsFunc(list, func(c choice) bool { return c.Value == chosen }) {
		list = append(list, choice{chosen, chosen, true})
	}
	return list
}

// usersWrong shows the users with what is wrong with the form.
func (c *Console) usersWrong(v *visit, wrong error, fill func(*usersPage)) error {
	page, err := c.usersPage(v)
	if err != nil {
		return err
	}
	fill(page)
	if status := v.entryProblem(wrong, &page.entryForm); status != 0 {
		return v.renderAs(status, "users", v.Say("menu_users"), page)
	}
	return v.away(wrong)
}

func (c *Console) addUser(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	name, role, app := form.Get("name"), account.Role(form.Get("role")), form.Get("app")
	again := func(p *usersPage) {
		p.Add.Name, p.Add.Role, p.Add.App = name, string(role), app
		p.Roles, p.Apps = v.roles(role), v.apps("")
		for i := range p.Apps {
			p.Apps[i].Chosen = p.Apps[i].Value == app
		}
	}
	if app, err = v.appOf(role, app); err != nil {
		return c.usersWrong(v, err, again)
	}
	link, err := c.options.Entry.Keeper().Add(v.request.Context(), v.who, name, role, app)
	if err != nil {
		return c.usersWrong(v, err, again)
	}
	return c.showUserLink(v, link, account.FoldName(name))
}

// appOf is the app of a role: an agency's must be one there is; others have
// none, whatever the form says.
func (v *visit) appOf(role account.Role, app string) (string, error) {
	switch {
	case !role.OfPeople():
		return "", errRole
	case !role.OfOneApp():
		return "", nil
	case !slices.ContainsFunc(v.apps(""), func(c choice) bool { return c.Value == app }):
		return "", errApp
	}
	return app, nil
}

// What can be wrong with a role.
var (
	errRole = errors.New("no such role")
	errApp  = errors.New("no such app")
)

// showUserLink shows a one-time link; it is not shown again.
func (c *Console) showUserLink(v *visit, text, name string) error {
	page, err := c.usersPage(v)
	if err != nil {
		return err
	}
	page.Link, page.For, page.Lasts = c.origin()+Root+"/link/"+text, name, v.Period(door.LinkLasts)
	return v.render("users", v.Say("menu_users"), page)
}

// origin is the address that people open the console by.
func (c *Console) origin() string {
	return strings.TrimSuffix(cmp.Or(c.options.Address, c.site().URL, c.options.Site.URL), "/")
}

func (c *Console) linkUser(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	name := account.FoldName(form.Get("name"))
	link, err := c.options.Entry.Keeper().Link(v.request.Context(), v.who, name)
	if err != nil {
		return c.usersWrong(v, err, func(*usersPage) {})
	}
	return c.showUserLink(v, link, name)
}

func (c *Console) roleUser(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	role := account.Role(form.Get("role"))
	app, err := v.appOf(role, form.Get("app"))
	if err == nil {
		err = c.options.Entry.Keeper().SetRole(v.request.Context(), v.who, form.Get("name"), role, app)
	}
	if err != nil {
		return c.usersWrong(v, err, func(*usersPage) {})
	}
	v.done("user_role_set", "Name", account.FoldName(form.Get("name")), "Role", v.Say("role_"+string(role)))
	return v.lead("/users", nil)
}

// changeUser is a form that names a user, and what it does.
func (c *Console) changeUser(said string, do func(v *visit, name string) error) func(*visit) error {
	return func(v *visit) error {
		form, err := v.form()
		if err != nil {
			return err
		}
		if err := do(v, form.Get("name")); err != nil {
			return c.usersWrong(v, err, func(*usersPage) {})
		}
		v.done(said, "Name", account.FoldName(form.Get("name")))
		return v.lead("/users", nil)
	}
}
