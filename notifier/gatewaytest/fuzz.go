package gatewaytest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
)

// Fuzz gives a gateway answers that nobody thought of: it must not fall over,
// must tell nothing, and must make no receipt that says what cannot be.
func Fuzz(f *testing.F, c Case) {
	f.Helper()
	const base = "http://127.0.0.1:1" + prefix
	f.Add(max(c.Taken.Status, 200), c.Taken.Body)
	for _, said := range c.Answers {
		f.Add(said.Status, said.Body)
	}
	for _, body := range []string{"", "null", "[]", "{}", `"x"`, "1e999", page} {
		f.Add(200, body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		status = 200 + (status%400+400)%400 // what a final answer may have
		g := c.openWith(t, base, words{status, strings.ReplaceAll(body, Echo, c.echo(base))})
		m := c.Message(base)
		_, err := g.Send(t.Context(), m)
		c.quiet(t, err, m)
		if c.Find {
			_, _, _, err := g.(notifier.Finder).Find(t.Context(), m, time.Unix(1_665_816_120, 0))
			c.quiet(t, err, m)
		}
		if c.Result {
			receipt, err := g.(notifier.Reporter).Result(t.Context(), c.Ref, time.Unix(1_665_816_120, 0))
			c.quiet(t, err, m)
			if receipt.Rank > notifier.Delivered || receipt.Suppress && receipt.Rank != notifier.FailedRank {
				t.Errorf("receipt %+v", receipt)
			}
		}
	})
}

// words is an answer without a network.
type words struct {
	status int
	body   string
}

func (w words) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body.Close()
	}
	return &http.Response{
		StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"Content-Type": {"application/json"}},
		Body:    io.NopCloser(strings.NewReader(w.body)),
		Request: r, ContentLength: int64(len(w.body)),
	}, nil
}
