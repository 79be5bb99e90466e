package config_test

import (
	"fmt"
	"strings"
	"testing"

	"bongsu/config"
)

// Every value is shown with its place, defaults are told apart, and no secret is
// shown, not even one that somebody has written in clear.
func TestValues(t *testing.T) {
	const text = `site:
  name: {en: "Status <b>"}
  url: https://status.example
  languages: [en]
  contact: ops@status.example
judgement: {confirm: 5}
groups: [{id: chat, name: Chat}]
components:
  - id: talk
    group: chat
    name: Talk
    checks:
      - name: send
        every: 30s
        steps:
          - GET: https://user:hunter2@chat.example/
            headers: {Authorization: "Bearer hunter2", X-Api-Key: "${env:KEY}", Accept: text/plain}
            expect: ["status == 200"]
keys: file:bongsu.keys
`
	cfg, err := config.Parse("bongsu.yaml", []byte(text), config.Options{Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	values, err := cfg.Values()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, v := range values {
		fmt.Fprintf(&all, "%s = %s [%s:%d %t]\n", v.Path, v.Text, v.File, v.Line, v.Secret)
	}
	for _, want := range []string{
		"site.name.en = Status <b> [bongsu.yaml:2 false]",
		"judgement.confirm = 5 [bongsu.yaml:6 false]",
		"components[0].checks[0].steps[0].GET = https://…@chat.example/ [bongsu.yaml:16 true]",
		"components[0].checks[0].steps[0].headers.Authorization = … [bongsu.yaml:17 true]",
		"= … (${env:KEY}) [bongsu.yaml:17 true]",
		"components[0].checks[0].steps[0].headers.Accept = text/plain [bongsu.yaml:17 false]",
		"keys = … (file:bongsu.keys) [bongsu.yaml:19 true]",
		"judgement.recover = 3 [:0 false]", "judgement.watch = 1h [:0 false]", "listen = :8080 [:0 false]", "retention.deliveries = 2160h [:0 false]",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %q in\n%s", want, all.String())
		}
	}
	if strings.Contains(all.String(), "hunter2") || strings.Contains(all.String(), "judgement.confirm = 3") {
		t.Errorf("a secret, or the default of what is written, is shown:\n%s", all.String())
	}
}
