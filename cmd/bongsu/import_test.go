package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bongsu/config/imports"
)

// A page is fetched whole, from where the operator lets it be, and nowhere
// that it leads on to.
func TestAPageIsFetched(t *testing.T) {
	const page = `"page": {"id": "abc", "name": "Shop", "url": "https://status.shop.example", "time_zone": "Etc/UTC"}`
	answers := map[string]string{
		"/api/v2/components.json":             `{` + page + `, "components": [{"id": "c1", "name": "Checkout", "group": false}]}`,
		"/api/v2/incidents.json":              `{` + page + `, "incidents": []}`,
		"/api/v2/scheduled-maintenances.json": `{` + page + `, "scheduled_maintenances": []}`,
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch {
		case strings.HasPrefix(r.URL.Path, "/away"):
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/endless"):
			w.Write([]byte(strings.Repeat(" ", imports.MaxFile+1)))
		case answers[r.URL.Path] == "":
			http.NotFound(w, r)
		default:
			w.Write([]byte(answers[r.URL.Path]))
		}
	}))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		what string
		args []string
		code int
		says string
		asks int
	}{
		{"a page of one's own network", []string{server.URL + "/", "--allow-private"}, 0, "component checkout", 3},
		{"the same, without leave", []string{server.URL}, 1, "it is not https", 0},
		{"an address inside", []string{"https://127.0.0.1/"}, 1, "inside of a network", 0},
		{"an address inside, written otherwise", []string{"https://[::ffff:10.0.0.1]/"}, 1, "inside of a network", 0},
		{"a name that leads inside", []string{"https://localhost/"}, 1, "fetching https://localhost/api/v2/components.json", 0},
		{"a name and password", []string{"https://a:b@status.example/"}, 1, "a name or password", 0},
		{"another port", []string{"https://status.example:8443/"}, 1, "a port other", 0},
		{"a page that leads away", []string{server.URL + "/away", "--allow-private"}, 1, "redirects are not followed", 1},
		{"an endless page", []string{server.URL + "/endless", "--allow-private"}, 1, "longer than allowed", 1},
		{"no page", []string{server.URL + "/none", "--allow-private"}, 1, "it answers 404", 1},
		{"two at once", []string{server.URL, server.URL, "--allow-private"}, 1, "one address at a time", 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			asked = nil
			var out, errs strings.Builder
			code := run(t.Context(), append([]string{"import", "statuspage"}, c.args...), &out, &errs)
			if said := out.String() + errs.String(); code != c.code || !strings.Contains(said, c.says) || len(asked) != c.asks {
				t.Errorf("exit %d, %d asked, want %d and %d: %s", code, len(asked), c.code, c.asks, said)
			}
		})
	}
}
