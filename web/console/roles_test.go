package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// A supervisor reads everything: the pages that refuse one are the steps of a
// deed, whose form posts to the very address, and nothing else.
func TestASupervisorReadsEveryPage(t *testing.T) {
	c := furnished(t, sample.Outage(), behindNetworks)
	posts := map[string]bool{}
	for _, r := range c.Routes() {
		posts[r.Path] = posts[r.Path] || r.Method == http.MethodPost
	}
	for i, r := range c.Routes() {
		if r.Method != http.MethodGet || r.Deed == "" || r.Path == console.Root+"/live" {
			continue
		}
		may := account.Supervisor.May(r.Deed)
		if !may && !posts[r.Path] {
			t.Errorf("%s asks for %s, and is no form: a supervisor should read it", r.Path, r.Deed)
		}
		want := http.StatusForbidden
		switch {
		case r.Deed == account.OwnAccount:
			want = http.StatusSeeOther // to the log-in: nobody has logged in by the door's own book here
		case may:
			want = http.StatusOK
		}
		if got := askFrom(c, i, address(t, r.Path), account.Supervisor).Code; got != want {
			t.Errorf("%s answers a supervisor with %d, want %d", r.Path, got, want)
		}
	}
}

// No page has a form or a link that would refuse who reads it.
func TestPagesOfferNobodyWhatTheyMayNotDo(t *testing.T) {
	c := furnished(t, sample.Outage(), behindNetworks)
	routes := routesOf(c)
	for _, role := range account.Roles() {
		if !role.OfPeople() {
			continue
		}
		seen := 0
		for i, r := range c.Routes() {
			if r.Method != http.MethodGet || r.Path == console.Root+"/live" || aFile.MatchString(r.Path) {
				continue
			}
			path := address(t, r.Path)
			w := askFrom(c, i, path, role)
			if w.Code != http.StatusOK {
				continue
			}
			seen++
			for _, o := range offers(t, w.Body.String()) {
				if deed, known := routes.deed(o.method, o.path); !known {
					t.Errorf("%s offers a %s %s %s, which is nowhere", path, role, o.method, o.path)
				} else if deed != "" && !role.May(deed) {
					t.Errorf("%s offers a %s %s %s, which asks for %s", path, role, o.method, o.path, deed)
				}
			}
		}
		if seen < 5 {
			t.Errorf("a %s has only %d pages", role, seen)
		}
	}
}

// behindNetworks has each request of [askFrom] come from a network of its own,
// so that none asks too often.
func behindNetworks(o *console.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} }

func askFrom(c http.Handler, network int, path string, role account.Role) *httptest.ResponseRecorder {
	return ask(c, http.MethodGet, path, string(role), "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", network%250))
}

// offer is something that a page leads to.
type offer struct{ method, path string }

// offers are a page's forms and links within the console, what stands on every
// page apart.
func offers(t *testing.T, page string) []offer {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var list []offer
	add := func(method, address string) {
		if to, err := url.Parse(address); err == nil && to.Host == "" && strings.HasPrefix(to.Path, console.Root) && !strings.HasPrefix(to.Path, console.Root+"/assets/") {
			list = append(list, offer{method, to.Path})
		}
	}
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "a":
			add(http.MethodGet, attribute(n, "href"))
		case n.Data == "form" && strings.EqualFold(attribute(n, "method"), http.MethodPost):
			add(http.MethodPost, attribute(n, "action"))
		case n.Data == "form":
			add(http.MethodGet, attribute(n, "action"))
		case n.Data == "button" && attribute(n, "formaction") != "":
			add(http.MethodPost, attribute(n, "formaction"))
		}
	}
	return list
}

// routed finds the route of an address.
type routed struct {
	mux   *http.ServeMux
	deeds map[string]account.Deed // by pattern
}

func routesOf(c *console.Console) routed {
	r := routed{http.NewServeMux(), map[string]account.Deed{}}
	for _, route := range c.Routes() {
		pattern := route.Method + " " + route.Path
		r.deeds[pattern] = route.Deed
		r.mux.Handle(pattern, http.NotFoundHandler())
	}
	return r
}

func (r routed) deed(method, path string) (account.Deed, bool) {
	_, pattern := r.mux.Handler(httptest.NewRequest(method, path, http.NoBody))
	deed, known := r.deeds[pattern]
	return deed, known
}
