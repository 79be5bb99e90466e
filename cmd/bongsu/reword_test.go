package main

import (
	"errors"
	"strings"
	"testing"

	"bongsu/config"
	"bongsu/status"
)

// What an app's people write has to fit a phone in its longest form, where
// phones are told.
func TestWordsMustFitPhones(t *testing.T) {
	const text = `
site: {name: Status, url: https://status.example, languages: [en]}
keys: env:KEYS
groups: [{id: g, name: G}]
components: [{id: pay, group: g, name: Pay, checks: [{GET: "https://pay.example/"}]}]
apps: [{id: app, name: App, functions: [{id: f, name: F, needs: [pay]}]}]
`
	const phones = `
channels: [{id: sms, kind: sms, gateways: [{kind: solapi, key: "env:K", secret: "env:S", from: "0212345678"}]}]
routes: [{audience: subscribers, channel: sms}]
`
	long := &status.FunctionWords{App: "app", Function: "f", Instead: status.Text{"en": strings.Repeat("x", 200)}}
	for _, c := range []struct {
		what  string
		text  string
		words *status.FunctionWords
		err   error
	}{
		{"short", text + phones, &status.FunctionWords{App: "app", Function: "f", Instead: status.Text{"en": "119"}}, nil},
		{"long", text + phones, long, status.ErrCannotReach},
		{"long, and nobody has a phone", text, long, nil},
	} {
		cfg, err := config.Parse("bongsu.yaml", []byte(c.text), readOptions(nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := sendable(cfg, c.words); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.what, err, c.err)
		}
	}
}
