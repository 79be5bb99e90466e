package slack_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/slacktest"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
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

func TestSlackIsAGateway(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

// FuzzAnswers reads whatever may come back.
func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	no := func(word string) gatewaytest.Answer {
		return gatewaytest.JSON(200, fmt.Sprintf(`{"ok":false,"error":%q}`, word))
	}
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings {
			return &slack.Settings{Token: notifier.NewSecret(token), BaseURL: base}
		},
		Message: func(string) notifier.Message { return message() },
		Classes: []notifier.Class{notifier.ClassChat},
		Secrets: []string{token},
		Taken:   gatewaytest.JSON(200, `{"ok":true,"channel":"C1","ts":"1665816120.000001"}`), Ref: "1665816120.000001",
		Answers: []gatewaytest.Saying{
			{Answer: no("invalid_auth"), Want: gatewaytest.Rejects(gatewaytest.Ours, "invalid_auth")},
			{Answer: no("channel_not_found"), Want: gatewaytest.Rejects(gatewaytest.Recipient, "channel_not_found")},
			{Answer: no("ratelimited"), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: no("service_unavailable"), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: no("fatal_error"), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: no(gatewaytest.Echo + " is odd"), Want: gatewaytest.Is(gatewaytest.Ours)},
			{Answer: gatewaytest.JSON(200, `{"ok":false}`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(200, `{}`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			form, _ := url.ParseQuery(string(seen.Body))
			title, body, found := strings.Cut(form.Get("text"), "*\n")
			if !found {
				title, body = "", title
			}
			return strings.TrimPrefix(title, "*"), html.UnescapeString(body)
		},
	}
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
