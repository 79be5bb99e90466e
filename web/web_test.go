package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// serve is a server that has published a snapshot.
func serve(t testing.TB, s *status.Snapshot, o web.Options) *web.Server {
	t.Helper()
	server, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	server.Publish(s)
	return server
}

// site is such a server on a real socket, with the outage's notices counted.
func site(t testing.TB, s *status.Snapshot) *httptest.Server {
	t.Helper()
	page := serve(t, s, web.Options{})
	page.Count(tallied(1_447_293))
	tellLately(page, s)
	server := httptest.NewServer(page.Handler())
	t.Cleanup(server.Close)
	return server
}

// tellLately hands a server what the history knows beside a snapshot.
func tellLately(page *web.Server, s *status.Snapshot) {
	for g := range s.Groups {
		for _, c := range s.Groups[g].Components {
			for _, v := range c.Standings[:min(1, len(c.Standings))] {
				page.Time(c.ID, []web.Took{{Series: status.Series{Check: v.Check, Location: v.Location}, Points: sample.Points()}})
			}
		}
	}
	page.Remember(sample.Older())
	page.Publish(s)
}

// ask makes one request in memory. Headers are given as name, value.
func ask(handler http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func call[P, R any](tab context.Context, t *testing.T, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(tab, command, params); err != nil {
		t.Fatal(err)
	}
}
