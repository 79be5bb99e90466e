package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/store"
)

// deadConfig is a station around which everything has died: the messenger, every
// gateway, and both places where copies of the page are kept.
var deadConfig = strings.NewReplacer(
	`channels:
`, `channels:
  - {id: talk, kind: alimtalk, follows: gate, gateways: [{kind: nhn, app_key: "env:APP", secret: "env:SECRET", sender_key: "env:SENDER", rate: 10/s, base_url: "{{.SMS}}"}]}
  - {id: mail, kind: email, gateways: [{kind: smtp, url: "env:MAIL", from: status@status.example}]}
`,
	`[{channel: sms}]`, `[{channel: talk, wait: 60s, until: delivered}, {channel: sms, wait: 60s, until: delivered}, {channel: mail}]`,
).Replace(stationConfig) + `
mirrors: ["{{.Folder}}", "s3://copies?endpoint={{.SMS}}&region=x&path_style=true"]
`

// With the messenger, the mirrors and every gateway dead, an operator logs in by
// the server's own door, publishes to the page, and sees what could not be sent.
func TestPublishingWhileEverythingElseIsDead(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIA0000000000000000")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "nothing")
	nowhere := "http://" + freeAddress(t) // nobody listens there
	gone := t.TempDir() + "/gone"
	s := openStationOn(t, deadConfig, nil,
		map[string]string{"SID": "AC0123456789abcdef0123456789abcdef", "TOKEN": "t", "SLACK": "xoxb-1", "APP": "a", "SECRET": "s", "SENDER": "k", "MAIL": "smtp://" + strings.TrimPrefix(nowhere, "http://")},
		map[string]any{"From": "+15005550006", "Rate": 100, "SMS": nowhere, "Slack": nowhere + "/api", "SlackChannel": "#outages", "Folder": "file:///dev/null" + gone},
		func(db *store.Store) {
			subscribe(t, db, map[string]string{"en": officeNumber(1)})
			if _, err := db.AddSubscriber(t.Context(), store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: time.Now()},
				[]store.Address{{Kind: "email", Address: "jo@mail.example", Source: "test", Consented: time.Now(), Confirmed: time.Now()}}); err != nil {
				t.Fatal(err)
			}
		})
	var log bytes.Buffer
	if err := s.server.offerFirstUser(t.Context(), slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/console/link/[A-Za-z0-9_-]{43}`).FindString(log.String())
	for _, step := range []struct {
		path string
		form url.Values
	}{
		{link, url.Values{"name": {"hana"}, "password": {"correct horse battery"}}},
		{"/console/login", url.Values{"name": {"hana"}, "password": {"correct horse battery"}}},
	} {
		if code, body, _ := s.ask(http.MethodPost, step.path, step.form); code != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", step.path, code, body)
		}
	}
	to := s.publish("/console/new-incident", s.fill("/console/new-incident", "title.en", "Gates stay shut", "text.en", "Use the side door.", "state.gate", "major_outage", "notify", "yes"))
	if page := s.get("/?lang=en"); !strings.Contains(page, "Gates stay shut") {
		t.Errorf("the page lacks it:\n%s", page)
	}
	const glance = 500 * time.Millisecond // the console lets nobody ask much oftener
	atEvery(t, glance, slowly, "the incident's page to say that nobody is told yet", func() bool { return strings.Contains(s.get(to+"?lang=en"), "0 / 2") })
	now := func() string { return s.get("/console?lang=en") }
	atEvery(t, glance, slowly, "the first screen to say how many wait", func() bool { return strings.Contains(now(), "2 people") })
	atEvery(t, glance, slowly, "the first screen to say that gateways are dead", func() bool { return strings.Contains(now(), "errors of its own") })
	for _, path := range []string{"/console/deliveries", "/console/components", "/console/map", "/console/subscribers", "/console/audit", "/console/settings", "/console/drills", "/console/users", "/console/account", "/incidents/" + strings.TrimPrefix(to, "/console/incidents/")} {
		if code, body, _ := s.ask(http.MethodGet, path+"?lang=en", nil); code != http.StatusOK && code != http.StatusNotFound {
			t.Errorf("%s: %d\n%s", path, code, body)
		}
	}
}
