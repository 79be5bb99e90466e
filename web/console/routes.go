package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bongsu/web/account"
)

// route is a page or a form's target. Its path is below [Root]; a {app} in it
// names the app that it is about.
type route struct {
	method string // GET answers HEAD too
	path   string
	deed   account.Deed // the least that who comes must be allowed; empty: anybody, logged in or not
	body   int64        // bytes of a body at most; maxForm if zero
	handle func(*visit) error
}

// allRoutes is every page there is.
func (c *Console) allRoutes() []route {
	return slices.Concat(
		c.nowRoutes(),
		c.incidentRoutes(),
		c.componentRoutes(),
		c.lookRoutes(),
		c.silenceRoutes(),
		c.mapRoutes(),
		c.subscriberRoutes(),
		c.deliveryRoutes(),
		c.appRoutes(),
		c.drillRoutes(),
		c.settingRoutes(),
		c.auditRoutes(),
		c.workRoutes(),
		c.liveRoutes(),
		c.entryRoutes(),
		c.accountRoutes(),
		c.userRoutes(),
		c.tokenRoutes(),
	)
}

// navigation are the places in the order of the menu. A place is shown to whom
// may go there, once there is a page.
func navigation() []string {
	return []string{
		"", "/incidents", "/maintenance", "/components", "/map", "/subscribers", "/deliveries", "/apps", "/drills", "/settings", "/audit", "/users", "/tokens", "/account",
	}
}

func (c *Console) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	methods := map[string][]string{} // by path
	for _, r := range c.routes {
		mux.Handle(r.method+" "+Root+r.path, c.enter(r))
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		mux.Handle(Root+path, c.notAllowed(allowed))
	}
	mux.HandleFunc("GET "+Root+"/assets/{name}", c.assets.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" { // a listener of its own
			http.Redirect(w, r, Root, http.StatusSeeOther)
			return
		}
		c.fail(w, r, refuse(http.StatusNotFound, "problem_not_found"))
	})
	return mux
}

// notAllowed answers methods that a path does not have.
func (c *Console) notAllowed(allowed []string) http.HandlerFunc {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(slices.Clone(allowed), http.MethodHead)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		c.fail(w, r, refuse(http.StatusMethodNotAllowed, "problem_not_allowed"))
	}
}

// enter lets in who may, and runs the route.
func (c *Console) enter(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		limit := int64(maxForm)
		if r.body > 0 {
			limit = r.body
		}
		request.Body = http.MaxBytesReader(w, request.Body, limit)
		v := c.visit(w, request)
		err := v.come(r) //nolint:contextcheck // the request has it
		switch {
		case errors.Is(err, errElsewhere):
			err = v.lead(v.home(), nil)
		case err == nil:
			err = r.handle(v)
		}
		if err != nil {
			c.fail(w, request, err)
		}
	}
}

// come finds out who it is, and whether they may.
func (v *visit) come(r route) error {
	who, err := v.console.options.Door.Who(v.request)
	switch {
	case err == nil:
		v.enterAs(who)
	case errors.Is(err, ErrNobody) && r.deed == "":
		return nil
	case errors.Is(err, ErrNobody):
		return errNobody
	default:
		v.console.options.Log.ErrorContext(v.request.Context(), "asking who it is", "error", err)
		return refuse(http.StatusServiceUnavailable, "problem_away")
	}
	if r.deed != "" && !v.may(r.deed) {
		if r.path == "" && v.home() != "" {
			return errElsewhere
		}
		return refuse(http.StatusForbidden, "problem_forbidden")
	}
	return nil
}

// errElsewhere is whose first place is another than the first of all.
var errElsewhere = errors.New("their first place is elsewhere")

// may says whether who has come may do it, with the app of the path; whoever is
// good for one app only sees that one's where the path names none.
func (v *visit) may(deed account.Deed) bool {
	app := v.request.PathValue("app")
	if app == "" {
		app = v.who.App
	}
	return v.who.May(deed, app)
}

// toLogin leads nobody to where they log in, and back from there. What is no
// page that one can come back to is refused.
func (c *Console) toLogin(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.answer(w, r, refuse(http.StatusForbidden, "problem_logged_out"))
		return
	}
	to := url.URL{Path: loginPath, RawQuery: url.Values{"next": {r.URL.RequestURI()}}.Encode()}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
