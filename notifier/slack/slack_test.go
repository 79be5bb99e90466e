package slack_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/slacktest"

	"bongsu/notifier"
	"bongsu/notifier/slack"
)

const (
	token = "xoxb-5ecret"
	body  = "login is down <!channel> & more"
)

func open(t *testing.T, base string) notifier.Gateway {
	t.Helper()
	s := &slack.Settings{Token: notifier.NewSecret(token), BaseURL: base}
	g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func message() notifier.Message {
	return notifier.Message{Delivery: "d1", To: "#outages", Title: "Outage *now*", Body: body, Incident: "i1"}
}

func TestOneMessagePerIncidentAndThenItsThread(t *testing.T) {
	var got []url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got = append(got, r.PostForm)
		if r.URL.Path != "/api/chat.postMessage" {
			t.Errorf("path %s", r.URL.Path)
		}
		fmt.Fprintf(w, `{"ok":true,"channel":"C1","ts":"1665816120.00000%d"}`, len(got))
	}))
	defer s.Close()
	g := open(t, s.URL+"/api")
	first, err := g.Send(t.Context(), message())
	if err != nil {
		t.Fatal(err)
	}
	m := message()
	m.ReplyTo = first
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	type said struct{ Channel, Text, Thread string }
	var have []said
	for _, f := range got {
		have = append(have, said{f.Get("channel"), f.Get("text"), f.Get("thread_ts")})
	}
	words := "*Outage now*\nlogin is down &lt;!channel&gt; &amp; more"
	if diff := cmp.Diff([]said{{"#outages", words, ""}, {"#outages", words, "1665816120.000001"}}, have); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func shape(err error) string {
	if e, ok := errors.AsType[*notifier.RejectedError](err); ok {
		return fmt.Sprintf("rejected %s recipient=%t", e.Code, e.Recipient)
	}
	if e, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return "throttled " + e.After.String()
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return "uncertain"
	}
	return "again"
}

func TestKindsOfNo(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{200, `{"ok":false,"error":"invalid_auth"}`, "rejected invalid_auth recipient=false"},
		{200, `{"ok":false,"error":"channel_not_found"}`, "rejected channel_not_found recipient=true"},
		{200, `{"ok":false,"error":"ratelimited"}`, "throttled 7s"},
		{200, `{"ok":false,"error":"service_unavailable"}`, "again"},
		{200, `{"ok":false,"error":"fatal_error"}`, "uncertain"},
		{200, `{"ok":false,"error":"xoxb-5ecret is odd"}`, "rejected … is odd recipient=false"},
		{200, `{"ok":false}`, "uncertain"},
		{200, `{}`, "uncertain"},
		{200, `<html>`, "uncertain"},
		{429, ``, "throttled 7s"},
		{404, ``, "rejected HTTP 404 recipient=false"},
		{503, `<html>`, "uncertain"},
		{302, ``, "again"},
	} {
		seen := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			seen++
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "/other")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		_, err := open(t, s.URL).Send(t.Context(), message())
		s.Close()
		if got := shape(err); got != c.want || seen != 1 {
			t.Errorf("%d %s: %s after %d requests, want %s: %v", c.status, c.body, got, seen, c.want, err)
		}
		leaksNothing(t, err)
	}
}

func leaksNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	} else if said := fmt.Sprintf("%v %+v", err, err); strings.Contains(said, token) || strings.Contains(said, body) {
		t.Errorf("an error tells too much: %s", said)
	}
}

func TestALostAnswerIsInDoubt(t *testing.T) {
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := door.Accept(); err == nil {
			if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.Copy(io.Discard, r.Body)
			}
			c.Close()
		}
	}()
	_, err = open(t, "http://"+door.Addr().String()).Send(t.Context(), message())
	door.Close()
	<-done
	if shape(err) != "uncertain" {
		t.Errorf("got %v", err)
	}
	leaksNothing(t, err)
	if _, err = open(t, "http://127.0.0.1:1").Send(t.Context(), message()); shape(err) != "again" {
		t.Errorf("nobody listening: %v", err)
	}
	leaksNothing(t, err)
}

// slacktest is the library's own stand-in.
func TestAgainstSlacktest(t *testing.T) {
	s := slacktest.NewTestServer()
	s.Start()
	defer s.Stop()
	ref, err := open(t, strings.TrimSuffix(s.GetAPIURL(), "/")).Send(t.Context(), message())
	if err != nil || ref == "" {
		t.Errorf("ref %q, error %v", ref, err)
	}
}

func TestProblems(t *testing.T) {
	s := slack.Kind().New().(*slack.Settings)
	s.BaseURL = "nowhere"
	if got := s.Problems(); len(got) != 2 {
		t.Errorf("problems %v", got)
	}
	s = slack.Kind().New().(*slack.Settings)
	s.Token = notifier.NewSecret(token)
	if got := s.Problems(); got != nil {
		t.Errorf("problems %v", got)
	}
}
