package config_test

import (
	"strings"
	"testing"

	"bongsu/config"
)

func TestTheConsoleIsOnUnlessTheConfigurationSaysOtherwise(t *testing.T) {
	base := "site: {name: {ko: a, ja: b, en: c}, url: \"https://a.example\"}\nlisten: 127.0.0.1:8080\n" +
		"groups: [{id: g, name: G}]\ncomponents: [{id: a, group: g, name: A, checks: [{GET: \"https://a.example/\"}]}]\n"
	for _, c := range []struct {
		line    string
		want    config.Console
		problem string
	}{
		{"", config.Console{Enabled: true}, ""},
		{"console: false", config.Console{}, ""},
		{"console: {enabled: false}", config.Console{}, ""},
		{"console: {listen: 127.0.0.1:8081}", config.Console{Enabled: true, Listen: "127.0.0.1:8081"}, ""},
		{"console: {listen: 127.0.0.1:8080}", config.Console{}, "the page listens there already"},
		{"console: {listen: nowhere}", config.Console{}, "is no address to listen on"},
	} {
		cfg, err := config.Parse("bongsu.yaml", []byte(base+c.line+"\n"), config.Options{Kinds: kinds()})
		switch {
		case c.problem != "":
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want %q", c.line, err, c.problem)
			}
		case err != nil:
			t.Errorf("%s: %v", c.line, err)
		case cfg.Console != c.want:
			t.Errorf("%s: %+v, want %+v", c.line, cfg.Console, c.want)
		}
	}
}
