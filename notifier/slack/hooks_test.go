package slack_test

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"
	"github.com/slack-go/slack/slacktest"

	"bongsu/notifier"
	"bongsu/notifier/slack"
)

const signing = "8f742231b10e8888abcd99yyyzzz85a5"

func hooks() *slack.Hooks {
	return &slack.Hooks{Apps: []slack.App{
		{Secret: notifier.NewSecret("another app's"), Users: map[string]string{"U1": "nobody"}},
		{Secret: notifier.NewSecret(signing), Users: map[string]string{"U1": "kim"}},
	}}
}

// signed are the headers of a request as Slack signs it.
func signed(secret string, at time.Time, body string) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{"X-Slack-Request-Timestamp": {stamp}, "X-Slack-Signature": {slack.Sign(notifier.NewSecret(secret), stamp, []byte(body))}}
}

func command(text string) string {
	return url.Values{"command": {"/bongsu"}, "text": {text}, "user_id": {"U1"}, "team_id": {"T1"}}.Encode()
}

// The example of Slack's own manual.
func TestTheSignatureIsSlacks(t *testing.T) {
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	h := http.Header{"X-Slack-Request-Timestamp": {"1531420618"}, "X-Slack-Signature": {"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}}
	a, err := hooks().Command(h, []byte(body), time.Unix(1531420700, 0))
	if err != nil || a.User != "U2CERLKJA" || a.Account != "" {
		t.Errorf("%+v, %v", a, err)
	}
}

// What slack-go makes of the same request.
func TestSlackGoBelievesTheSame(t *testing.T) {
	now := time.Now()
	for _, at := range []time.Time{now, now.Add(-4 * time.Minute), now.Add(-6 * time.Minute), now.Add(6 * time.Minute)} {
		body := command("status")
		h := signed(signing, at, body)
		_, mine := hooks().Command(h, []byte(body), now)
		v, theirs := api.NewSecretsVerifier(h, signing)
		if theirs == nil {
			if _, err := v.Write([]byte(body)); err != nil {
				t.Fatal(err)
			}
			theirs = v.Ensure()
		}
		if (mine == nil) != (theirs == nil) {
			t.Errorf("signed %s ago: we say %v, slack-go %v", now.Sub(at), mine, theirs)
		}
	}
}

func TestWhatIsNotSlacks(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	body := command("status")
	good := signed(signing, now, body)
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   error
	}{
		"no header":        {http.Header{}, body, slack.ErrForged},
		"another secret":   {signed("guess", now, body), body, slack.ErrForged},
		"no secret":        {signed("", now, body), body, slack.ErrForged},
		"another body":     {good, body + "&text=open", slack.ErrForged},
		"another order":    {good, url.Values{}.Encode() + "&" + body, slack.ErrForged},
		"too long ago":     {signed(signing, now.Add(-301*time.Second), body), body, slack.ErrForged},
		"yet to come":      {signed(signing, now.Add(301*time.Second), body), body, slack.ErrForged},
		"a later stamp":    {with("X-Slack-Request-Timestamp", strconv.FormatInt(now.Unix()+1, 10)), body, slack.ErrForged},
		"no number":        {with("X-Slack-Request-Timestamp", "now"), body, slack.ErrForged},
		"another version":  {with("X-Slack-Signature", strings.Replace(good.Get("X-Slack-Signature"), "v0", "v1", 1)), body, slack.ErrForged},
		"half a signature": {with("X-Slack-Signature", good.Get("X-Slack-Signature")[:20]), body, slack.ErrForged},
		"no command":       {signed(signing, now, "a=b"), "a=b", slack.ErrMalformed},
		"no form":          {signed(signing, now, "%zz"), "%zz", slack.ErrMalformed},
		"a button's":       {signed(signing, now, "payload={}"), "payload={}", slack.ErrMalformed},
	} {
		if _, err := hooks().Command(c.header, []byte(c.body), now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := hooks().Press(signed(signing, now, body), []byte(body), now); !errors.Is(err, slack.ErrMalformed) {
		t.Errorf("a command as a press: %v", err)
	}
}

func TestWhoAsksWhat(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	body := command(" say K7QX it is back ")
	a, err := hooks().Command(signed(signing, now, body), []byte(body), now)
	if err != nil || a.Account != "kim" || a.Text != "say K7QX it is back" || a.Mark == "" {
		t.Errorf("%+v, %v", a, err)
	}
	other, err := hooks().Command(signed("another app's", now, body), []byte(body), now)
	if err != nil || other.Account != "nobody" || other.Mark == a.Mark {
		t.Errorf("by another app: %+v, %v", other, err)
	}
	press := url.Values{"payload": {`{"type":"block_actions","user":{"id":"U2"},"response_url":"https://hooks.slack.com/actions/1","actions":[{"action_id":"publish","value":"i1"}],"more":[[]]}`}}.Encode()
	p, err := hooks().Press(signed(signing, now, press), []byte(press), now)
	if err != nil || p.Button != slack.ButtonPublish || p.About != "i1" || p.Account != "" || p.Answer != "https://hooks.slack.com/actions/1" {
		t.Errorf("%+v, %v", p, err)
	}
}

// The first message of an incident has buttons, where presses can be believed.
func TestButtonsUnderTheFirstMessage(t *testing.T) {
	var last string
	s := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/chat.postMessage", func(w http.ResponseWriter, r *http.Request) {
			last = r.PostFormValue("blocks")
			w.Write([]byte(`{"ok":true,"channel":"C1","ts":"1665816120.000001"}`))
		})
	})
	s.Start()
	defer s.Stop()
	for _, c := range []struct {
		secret, reply, incident string
		want                    bool
	}{{signing, "", "i1", true}, {"", "", "i1", false}, {signing, "1.2", "i1", false}, {signing, "", "", false}} {
		settings := &slack.Settings{Token: notifier.NewSecret(token), BaseURL: strings.TrimSuffix(s.GetAPIURL(), "/"), SigningSecret: notifier.NewSecret(c.secret)}
		g, err := settings.Open(notifier.Outside{UserAgent: "Bongsu/test"})
		if err != nil {
			t.Fatal(err)
		}
		m := message()
		m.ReplyTo, m.Incident, m.Lang = c.reply, c.incident, "ja"
		if _, err := g.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(last, slack.ButtonAcknowledge) && strings.Contains(last, "ページに載せる"); got != c.want {
			t.Errorf("%+v: %s", c, last)
		}
		if strings.Contains(last, "<!channel>") {
			t.Error("it wakes everybody")
		}
	}
}

func FuzzRequests(f *testing.F) {
	now := time.Unix(1_790_000_000, 0)
	f.Add(command("status"))
	f.Add("payload=" + url.QueryEscape(`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"publish","value":"i1"}]}`))
	f.Add("payload={")
	f.Fuzz(func(t *testing.T, body string) {
		h := signed(signing, now, body)
		for _, read := range []func(http.Header, []byte, time.Time) (slack.Ask, error){hooks().Command, hooks().Press} {
			a, err := read(h, []byte(body), now)
			if err != nil && !errors.Is(err, slack.ErrMalformed) {
				t.Fatal(err)
			}
			if err == nil && (a.User == "" || a.Mark == "") {
				t.Fatalf("%+v", a)
			}
		}
	})
}
