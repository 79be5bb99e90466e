package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/web/account"
)

// calledConfig is a station that Alertmanager and Slack may call.
var calledConfig = strings.Replace(stationConfig, `base_url: "{{.Slack}}"}`, `base_url: "{{.Slack}}", signing_secret: "env:SIGNING", users: {U0HANA0001: hana}}`, 1) + `
incoming:
  - id: prom
    kind: alertmanager
    token: env:ALERTS
    rules: [{match: {alertname: "Payment.*", severity: page}, component: card, state: major_outage}]
`

// recorded is a body as it was sent, with words of it replaced.
func recorded(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "hooks", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(pairs...).Replace(strings.TrimSpace(string(body)))
}

// call posts a body to a hook.
func (s *station) call(path, body string, headers ...string) (code int, answer string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := s.client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		s.Fatal(err)
	}
	return a.StatusCode, string(text)
}

// slack posts a body as Slack signs it at an instant.
func (s *station) slack(path, body, secret string, at time.Time) (code int, answer string) {
	s.Helper()
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return s.call(path, body, "Content-Type", "application/x-www-form-urlencoded", "User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)",
		"X-Slack-Request-Timestamp", stamp, "X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// What Alertmanager sends, byte for byte as version 0.25 of it did, and what Slack
// sends, in the form of its manual, come to a running server: an alert is a
// suspicion and no more, until it is resolved; a command and a button do what an
// account of ours may do, once, and only as Slack has signed them.
func TestCallsOfAlertmanagerAndSlack(t *testing.T) {
	nowhere := "http://" + freeAddress(t)
	s := openStationOn(t, calledConfig, oneDoor{},
		map[string]string{"SID": "AC0123456789abcdef0123456789abcdef", "TOKEN": "t", "SLACK": "xoxb-1", "SIGNING": "8f742231b10e8888abcd99yyyzzz85a5", "ALERTS": "s3cret"},
		map[string]any{"From": "+15005550006", "Rate": 100, "SMS": nowhere, "Slack": nowhere + "/api", "SlackChannel": "#outages"},
		func(db *store.Store) {
			if err := db.AddAccount(t.Context(), account.Account{ID: "u7", Name: "hana", Role: account.Operator, Made: time.Now()}); err != nil {
				t.Fatal(err)
			}
		})
	alert := func(file, token string) (int, string) {
		return s.call("/hooks/alertmanager/prom", recorded(t, file), "Content-Type", "application/json", "User-Agent", "Alertmanager/0.25.0", "Authorization", "Bearer "+token)
	}
	suspected := func() int { return len(s.server.latest.Load().Suspicions) }
	for _, c := range []struct {
		file, token string
		code        int
		says        string
		suspicions  int
	}{
		{"alertmanager-firing.json", "s3cre7", 403, "", 0},
		{"alertmanager-other.json", "s3cret", 200, `{"taken":0,"unmatched":1}`, 0},
		{"alertmanager-firing.json", "s3cret", 200, `{"taken":1,"unmatched":0}`, 1},
		{"alertmanager-firing.json", "s3cret", 200, `{"taken":1,"unmatched":0}`, 1},
		{"alertmanager-resolved.json", "s3cret", 200, `{"taken":1,"unmatched":0}`, 0},
	} {
		code, said := alert(c.file, c.token)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s with %s: %d %s", c.file, c.token, code, said)
		}
		eventually(t, slowly, c.file, func() bool { return suspected() == c.suspicions })
	}
	if n := len(s.server.latest.Load().Incidents); n > 0 || strings.Contains(s.get("/?lang=en"), "5xx above") {
		t.Errorf("an alert alone has opened %d incidents", n)
	}

	const signing = "8f742231b10e8888abcd99yyyzzz85a5"
	command := func(text, secret string, at time.Time) (int, string) {
		return s.slack("/hooks/slack/command", recorded(t, "slack-command.txt", "TEXT", url.QueryEscape(text)), secret, at)
	}
	open := "open major_outage card Transit cards fail"
	now := time.Now()
	for name, c := range map[string]struct {
		secret string
		at     time.Time
	}{"another app's": {"another", now}, "of yesterday": {signing, now.Add(-24 * time.Hour)}, "of tomorrow": {signing, now.Add(24 * time.Hour)}} {
		if code, said := command(open, c.secret, c.at); code != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, code, said)
		}
	}
	if code, said := command(open, signing, now); code != 200 || !strings.Contains(said, "nobody was texted") || !strings.Contains(said, `"ephemeral"`) {
		t.Fatalf("the command: %d %s", code, said)
	}
	if _, said := command(open, signing, now); !strings.Contains(said, "not done twice") {
		t.Errorf("played again: %s", said)
	}
	eventually(t, slowly, "the incident", func() bool { return len(s.server.latest.Load().Incidents) == 1 })
	incident := s.server.latest.Load().Incidents[0]
	if page := s.get("/incidents/" + incident.ID + "?lang=en"); !strings.Contains(page, "Transit cards fail") {
		t.Errorf("the page lacks it:\n%s", page)
	}
	press := func(button string) int {
		body := url.Values{"payload": {recorded(t, "slack-block_actions.json", "BUTTON", button, "INCIDENT", incident.ID)}}.Encode()
		code, _ := s.slack("/hooks/slack/interact", body, signing, time.Now())
		return code
	}
	if code := press("acknowledge"); code != 200 || !strings.Contains(s.get("/console/incidents/"+incident.ID+"?lang=en"), "hana has it") {
		t.Errorf("acknowledging: %d", code)
	}
	before := len(incident.Updates)
	if code := press("publish"); code != 200 {
		t.Errorf("saying so: %d", code)
	}
	eventually(t, slowly, "the words on the page", func() bool { return len(s.server.latest.Load().Incidents[0].Updates) == before+1 })
}
