package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// Users keeps who comes in at the console. What is changed it puts on the audit
// log itself. Errors are those of web/account and [ForWhatError].
type Users interface {
	Users(ctx context.Context) ([]UserView, error)
	// AddUser makes an account without a password and gives a link by which its
	// owner chooses one, once.
	AddUser(ctx context.Context, by account.Who, name string, role account.Role, app string) (link string, err error)
	LinkUser(ctx context.Context, by account.Who, name string) (link string, err error)
	SetUser(ctx context.Context, by account.Who, name string, role account.Role, app string) error
	KeepOut(ctx context.Context, by account.Who, name string, out bool) error
	DropTOTP(ctx context.Context, by account.Who, name string) error
}

// UserView is what may be shown of an account.
type UserView struct {
	Name     string       `json:"name"`
	Role     account.Role `json:"role"`
	App      string       `json:"app,omitempty"`
	Language string       `json:"language,omitempty"`
	Password bool         `json:"password"` // one has been chosen
	TOTP     bool         `json:"totp"`     // a code of an authenticator is asked for
	Made     time.Time    `json:"made"`
	LastIn   *time.Time   `json:"last_in"`
	Disabled *time.Time   `json:"disabled"` // kept out since
}

// apiUsers is the answer of GET /api/v1/users.
type apiUsers struct {
	Users []UserView `json:"users"` // by name
}

// apiUserLink is a link by which a user chooses a password, once and for an hour.
type apiUserLink struct {
	Name string `json:"name"`
	Link string `json:"link"`
}

type newUser struct {
	Name string `json:"name"`
	Role string `json:"role"`
	App  string `json:"app"`
}

type newRole struct {
	Role string `json:"role"`
	App  string `json:"app"`
}

func (s *Server) userRoutes(engine *gin.Engine) {
	if s.options.Users == nil || s.options.Tokens == nil {
		return
	}
	const one = apiRoot + "users/:name"
	keep := func(do func(context.Context, *call) *problem) gin.HandlerFunc {
		return s.asApp(account.KeepAccounts, do)
	}
	get(engine, apiRoot+"users", s.asApp(account.ReadAccounts, s.listUsers))
	engine.POST(apiRoot+"users", keep(s.addUser))
	get(engine, one, s.asApp(account.ReadAccounts, s.readUser))
	engine.PUT(one, keep(s.setUser))
	engine.POST(one+"/link", keep(s.linkUser))
	engine.POST(one+"/disable", keep(s.changeUser(func(ctx context.Context, c *call) error {
		return s.options.Users.KeepOut(ctx, c.holder(), c.Param("name"), true)
	})))
	engine.POST(one+"/enable", keep(s.changeUser(func(ctx context.Context, c *call) error {
		return s.options.Users.KeepOut(ctx, c.holder(), c.Param("name"), false)
	})))
	engine.DELETE(one+"/totp", keep(s.changeUser(func(ctx context.Context, c *call) error {
		return s.options.Users.DropTOTP(ctx, c.holder(), c.Param("name"))
	})))
}

func (s *Server) listUsers(ctx context.Context, c *call) *problem {
	all, err := s.options.Users.Users(ctx)
	if err != nil {
		return s.userRefusal(err)
	}
	return tagged(c.Context, apiUsers{Users: append([]UserView{}, all...)})
}

// userNamed is the user in the path.
func (s *Server) userNamed(ctx context.Context, c *call) (UserView, *problem) {
	all, err := s.options.Users.Users(ctx)
	if err != nil {
		return UserView{}, s.userRefusal(err)
	}
	name := account.FoldName(c.Param("name"))
	for i := range all {
		if all[i].Name == name {
			return all[i], nil
		}
	}
	return UserView{}, s.userRefusal(account.ErrNoAccount)
}

func (s *Server) readUser(ctx context.Context, c *call) *problem {
	one, refusal := s.userNamed(ctx, c)
	if refusal != nil {
		return refusal
	}
	return tagged(c.Context, one)
}

// userSeen says whether the user in the path is as who asks has seen them.
func (s *Server) userSeen(ctx context.Context, c *call) *problem {
	if len(c.Request.Header["If-Match"]) == 0 {
		return nil
	}
	one, refusal := s.userNamed(ctx, c)
	if refusal != nil {
		return refusal
	}
	body, err := jsonLine(one)
	if err != nil {
		return s.deskRefusal(err)
	}
	if tag := strongTag(body); !asSeen(c.Context, tag) {
		return changed(tag, "The user has changed since.")
	}
	return nil
}

func (s *Server) addUser(ctx context.Context, c *call) *problem {
	var in newUser
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	var found complaints
	if err := account.CheckName(in.Name); err != nil {
		found.complain("/name", "%s", err)
	}
	if err := account.CheckRole(account.Role(in.Role), in.App); err != nil {
		found.complain("/role", "%s", err)
	}
	if len(found) > 0 {
		return invalid(found)
	}
	link, err := s.options.Users.AddUser(ctx, c.holder(), in.Name, account.Role(in.Role), in.App)
	if err != nil {
		return s.userRefusal(err)
	}
	name := account.FoldName(in.Name)
	c.Header("Location", apiRoot+"users/"+name)
	c.JSON(http.StatusCreated, apiUserLink{Name: name, Link: link})
	return nil
}

func (s *Server) setUser(ctx context.Context, c *call) *problem {
	var in newRole
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	if err := account.CheckRole(account.Role(in.Role), in.App); err != nil {
		return invalid(complaints{{"/role", err.Error()}})
	}
	if refusal := s.userSeen(ctx, c); refusal != nil {
		return refusal
	}
	if err := s.options.Users.SetUser(ctx, c.holder(), c.Param("name"), account.Role(in.Role), in.App); err != nil {
		return s.userRefusal(err)
	}
	c.JSON(http.StatusOK, done{Done: true})
	return nil
}

func (s *Server) linkUser(ctx context.Context, c *call) *problem {
	if refusal := s.userSeen(ctx, c); refusal != nil {
		return refusal
	}
	link, err := s.options.Users.LinkUser(ctx, c.holder(), c.Param("name"))
	if err != nil {
		return s.userRefusal(err)
	}
	c.JSON(http.StatusOK, apiUserLink{Name: account.FoldName(c.Param("name")), Link: link})
	return nil
}

// changeUser is a change of the user in the path that takes no words.
func (s *Server) changeUser(do func(context.Context, *call) error) func(context.Context, *call) *problem {
	return func(ctx context.Context, c *call) *problem {
		if refusal := s.userSeen(ctx, c); refusal != nil {
			return refusal
		}
		if err := do(ctx, c); err != nil {
			return s.userRefusal(err)
		}
		c.JSON(http.StatusOK, done{Done: true})
		return nil
	}
}

// userRefusal words what was not done about a user.
func (s *Server) userRefusal(err error) *problem {
	if no, told := errors.AsType[*ForWhatError](err); told {
		return invalid(complaints{{no.Pointer, no.Text}})
	}
	switch {
	case errors.Is(err, account.ErrNoAccount):
		return newProblem(http.StatusNotFound, "There is no user with this name. GET /api/v1/users lists them.")
	case errors.Is(err, account.ErrNameTaken), errors.Is(err, account.ErrLastAdmin):
		return newProblem(http.StatusConflict, sentence(err.Error()))
	}
	return s.deskRefusal(err)
}
