package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/incoming"
	"bongsu/web/sample"
)

// alerts is a server that Alertmanager may tell what it suspects.
func alerts(t testing.TB) (*desk, http.Handler) {
	t.Helper()
	d := &desk{}
	pattern, err := incoming.Pattern("Pay.*")
	if err != nil {
		t.Fatal(err)
	}
	source := &incoming.Source{ID: "prom", Kind: incoming.Alertmanager, Token: notifier.NewSecret("s3cret"), Lasts: time.Hour, Rules: []incoming.Rule{
		{Match: []incoming.Match{{Name: "alertname", Pattern: pattern}}, Component: "pay", State: status.MajorOutage},
	}}
	find := func(kind incoming.Kind, id string) *incoming.Source {
		if kind == source.Kind && id == source.ID {
			return source
		}
		return nil
	}
	return d, serve(t, sample.Outage(), web.Options{Desk: d, Incoming: find, Now: ever()}).Handler()
}

const alertBody = `{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "PayErrors"}, "annotations": {"summary": "5xx"}, "startsAt": "2026-03-01T00:00:00Z", "fingerprint": "ab"}]}`

func TestAlertsAreTakenIn(t *testing.T) {
	for name, c := range map[string]struct {
		path, body, auth string
		err              error
		code, done       int
	}{
		"firing":            {"/hooks/alertmanager/prom", alertBody, "Bearer s3cret", nil, 200, 1},
		"by password":       {"/hooks/alertmanager/prom", alertBody, "Basic cHJvbTpzM2NyZXQ=", nil, 200, 1},
		"of something else": {"/hooks/alertmanager/prom", strings.ReplaceAll(alertBody, "PayErrors", "Disk"), "Bearer s3cret", nil, 200, 0},
		"no token":          {"/hooks/alertmanager/prom", alertBody, "", nil, 403, 0},
		"a wrong token":     {"/hooks/alertmanager/prom", alertBody, "Bearer s3cre7", nil, 403, 0},
		"nobody":            {"/hooks/alertmanager/nobody", alertBody, "Bearer s3cret", nil, 403, 0},
		"of another kind":   {"/hooks/json/prom", alertBody, "Bearer s3cret", nil, 403, 0},
		"not of the form":   {"/hooks/alertmanager/prom", `{}`, "Bearer s3cret", nil, 400, 0},
		"too big":           {"/hooks/alertmanager/prom", strings.Repeat(" ", incoming.MaxBody+1), "Bearer s3cret", nil, 413, 0},
		"too many":          {"/hooks/alertmanager/prom", alertBody, "Bearer s3cret", status.ErrSuspects, 200, 1},
		"the desk is away":  {"/hooks/alertmanager/prom", alertBody, "Bearer s3cret", errors.New("away"), 503, 1},
	} {
		d, h := alerts(t)
		d.err = c.err
		w := send(h, c.path, c.body, "Content-Type", "application/json", "Authorization", c.auth)
		if w.Code != c.code || len(d.done) != c.done {
			t.Errorf("%s answers %d %s, did %d", name, w.Code, w.Body, len(d.done))
		}
		for _, did := range d.done {
			if did.Suspect == nil || did.Suspect.Component != "pay" || did.Open != nil || did.Note != nil {
				t.Errorf("%s asked for more than a suspicion: %+v", name, did)
			}
		}
	}
}

// workspace is Slack on paper: whom it believes, and what it was told.
type workspace struct {
	who      account.Who
	forged   bool
	seen     map[string]bool
	ask      web.SlackAsk
	answered []string
}

func (s *workspace) Command(http.Header, []byte, time.Time) (web.SlackAsk, error) {
	if s.forged {
		return web.SlackAsk{}, fmt.Errorf("%w: by whoever", web.ErrForged)
	}
	return s.ask, nil
}

func (s *workspace) Press(h http.Header, body []byte, at time.Time) (web.SlackAsk, error) {
	return s.Command(h, body, at)
}

func (s *workspace) Account(context.Context, web.SlackAsk) (account.Who, error) {
	if s.who.Name == "" {
		return s.who, web.ErrNone
	}
	return s.who, nil
}

func (s *workspace) First(_ context.Context, mark string, _ time.Time) (bool, error) {
	if s.seen[mark] {
		return false, nil
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[mark] = true
	return true, nil
}

func (s *workspace) Answer(_ context.Context, to, text string) error {
	s.answered = append(s.answered, to+" "+text)
	return nil
}

// What can be asked by Slack, by whom, and what comes of it.
func TestSlackCommands(t *testing.T) {
	code := sample.Outage().Incidents[0].Code
	for _, c := range []struct {
		name string
		role account.Role // empty: no account
		text string
		says string
		done int
	}{
		{"help", account.Operator, "", "/bongsu say CODE", 0},
		{"status", account.Viewer, "status", "major_outage", 0},
		{"incidents", account.Viewer, "incidents", code, 0},
		{"a stranger", "", "status", "No account here is yours", 0},
		{"an app", account.App, "status", "may not read the desk", 0},
		{"an agency", account.Agency, "status", "may not read the desk", 0},
		{"a viewer who speaks", account.Viewer, "say " + code + " hello", "may not publish", 0},
		{"an update", account.Operator, "say " + strings.ToLower(code) + " half of it is back", "It is on the page", 1},
		{"acknowledged", account.Operator, "ack " + code, "is yours now", 0},
		{"acknowledged, none", account.Operator, "ack ZZZZ", "No open incident", 0},
		{"to none", account.Operator, "say ZZZZ hello", "No open incident", 0},
		{"nothing", account.Operator, "say " + code, "Write what people should read", 0},
		{"a turned line", account.Operator, "say " + code + " a\u202eb", "plain text", 0},
		{"endless", account.Operator, "say " + code + " " + strings.Repeat("x", 5000), "at most 4000", 0},
		{"an incident", account.Admin, "open partial_outage pay Payments are slow", "nobody was texted", 1},
		{"of nothing", account.Admin, "open partial_outage nothing Payments are slow", "No component", 0},
		{"well already", account.Admin, "open operational pay Payments", "/bongsu open STATE", 0},
		{"no title", account.Admin, "open major_outage pay", "Write what", 0},
	} {
		d := &desk{}
		s := &workspace{ask: web.SlackAsk{Mark: c.name, User: "U1", Text: c.text}}
		if c.role != "" {
			s.who = account.Who{ID: "a1", Name: "kim", Role: c.role, App: map[account.Role]string{account.App: "a", account.Agency: "a"}[c.role], Lang: "en"}
		}
		h := serve(t, sample.Outage(), web.Options{Desk: d, Slack: s, Holds: &shelf{}}).Handler()
		w := send(h, "/hooks/slack/command", "x")
		if w.Code != 200 || !strings.Contains(w.Body.String(), c.says) || !strings.Contains(w.Body.String(), `"ephemeral"`) || len(d.done) != c.done {
			t.Errorf("%s answers %d %s, did %+v", c.name, w.Code, w.Body, d.done)
		}
		again := send(h, "/hooks/slack/command", "x")
		if !strings.Contains(again.Body.String(), "not done twice") || len(d.done) != c.done {
			t.Errorf("%s, played again, answers %s", c.name, again.Body)
		}
		for _, did := range d.done {
			if did.Author != "kim" || did.Open != nil && did.Open.Notify || did.Note != nil && did.Note.Notify {
				t.Errorf("%s: %+v", c.name, did)
			}
		}
	}
}

// The silences in force are part of the answer: who reads that something is down
// sees why nobody is told, and until when.
func TestSlackStatusListsSilences(t *testing.T) {
	outage := sample.Outage()
	outage.Silences = []status.Silence{{Component: "chat-text", Reason: "known fault *4711* <!channel>", Author: "kim", Since: outage.At, Until: outage.At.Add(time.Hour)}}
	s := &workspace{ask: web.SlackAsk{Mark: "m", User: "U1", Text: "status"}, who: account.Who{ID: "a1", Name: "kim", Role: account.Viewer, Lang: "en"}}
	h := serve(t, outage, web.Options{Desk: &desk{}, Slack: s}).Handler()
	said := send(h, "/hooks/slack/command", "x").Body.String()
	c, _ := outage.Component("chat-text")
	for _, want := range []string{"silenced until " + outage.At.Add(time.Hour).UTC().Format(time.RFC3339) + " by kim: " + c.Name["en"], "known fault 4711 "} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	if strings.Contains(said, "<!channel>") || strings.Contains(said, "u003c!channel") {
		t.Errorf("a reason calls everybody: %s", said)
	}
}

func TestSlackButtons(t *testing.T) {
	id := sample.Outage().Incidents[0].ID
	for _, c := range []struct {
		name, button, about, says string
		role                      account.Role
		done                      int
	}{
		{"say so on the page", "publish", id, "It is on the page", account.Operator, 1},
		{"by a viewer", "publish", id, "may not publish", account.Viewer, 0},
		{"acknowledge", "acknowledge", id, "is yours now", account.Operator, 0},
		{"of what is over", "publish", "i0", "is over", account.Operator, 0},
		{"another", "delete", id, "does not know", account.Operator, 0},
	} {
		d, log := &desk{}, &shelf{}
		s := &workspace{ask: web.SlackAsk{Mark: c.name, User: "U1", Button: c.button, About: c.about, Answer: "here"}, who: account.Who{ID: "a1", Name: "kim", Role: c.role}}
		h := serve(t, sample.Outage(), web.Options{Desk: d, Slack: s, Audit: log.audit, Holds: log}).Handler()
		w := send(h, "/hooks/slack/interact", "x")
		if w.Code != 200 || w.Body.Len() > 0 || len(s.answered) != 1 || !strings.Contains(s.answered[0], c.says) || len(d.done) != c.done || len(log.audited) != c.done+len(log.deeds) {
			t.Errorf("%s answers %d, told %q, did %+v, on the log %q", c.name, w.Code, s.answered, d.done, log.audited)
		}
	}
	s := &workspace{forged: true}
	h := serve(t, sample.Outage(), web.Options{Desk: &desk{}, Slack: s}).Handler()
	for _, path := range []string{"command", "interact"} {
		if w := send(h, "/hooks/slack/"+path, "x"); w.Code != 403 || len(s.answered) > 0 {
			t.Errorf("forged, %s answers %d", path, w.Code)
		}
	}
}
