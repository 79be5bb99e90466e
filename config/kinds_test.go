package config_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/probes"
)

// request is a small kind of step with every shape of setting that the real
// ones have.
type request struct {
	Method  string            `yaml:"-"`
	URL     string            `yaml:"-"`
	Headers map[string]string `yaml:"headers" doc:"Headers to send."`
	JSON    any               `yaml:"json" doc:"A body as JSON."`
	Expect  []string          `yaml:"expect" doc:"What must hold."`
	Save    map[string]string `yaml:"save" doc:"What later steps need."`
	Until   *until            `yaml:"until" doc:"Look again until it holds."`
}

type until struct {
	Within time.Duration `yaml:"within" must:"required min=1s max=5m" doc:"For how long."`
	Every  time.Duration `yaml:"every" must:"min=100ms" doc:"How often."`
}

func (q *request) Problems() []probes.Problem {
	var problems []probes.Problem
	if u, err := url.Parse(q.URL); err != nil || u.Host == "" {
		problems = append(problems, probes.Problem{Text: "is no URL; write it whole, https://…"})
	}
	for i, e := range q.Expect {
		if strings.Contains(e, " = ") {
			problems = append(problems, probes.Problem{Path: "expect[" + string(rune('0'+i)) + "]", Text: "compares with one =; write =="})
		}
	}
	return problems
}

func (*request) Look(context.Context, *probes.Run) probes.StepSeen { return probes.StepSeen{} }

type handshake struct {
	Address string        `yaml:"-"`
	Warn    time.Duration `yaml:"warn" doc:"How long before it ends a certificate is slow."`
}

func (*handshake) Problems() []probes.Problem { return nil }

func (*handshake) Look(context.Context, *probes.Run) probes.StepSeen { return probes.StepSeen{} }

// account is a small gateway.
type account struct {
	BaseURL string          `yaml:"base_url" doc:"Where the gateway is."`
	User    string          `yaml:"account_sid" must:"required" doc:"The account."`
	Token   notifier.Secret `yaml:"auth_token" must:"required" doc:"Its token."`
	From    string          `yaml:"from" doc:"The sender."`
}

func (a *account) Problems() []notifier.Problem {
	if a.From == "" {
		return []notifier.Problem{{Path: "from", Text: "missing; write the sender's number"}}
	}
	return nil
}

func (*account) Open(notifier.Outside) (notifier.Gateway, error) { return nil, nil }

type workspace struct {
	BaseURL string          `yaml:"base_url" doc:"Where the gateway is."`
	Token   notifier.Secret `yaml:"token" must:"required" doc:"The bot's token."`
}

func (*workspace) Problems() []notifier.Problem { return nil }

func (*workspace) Open(notifier.Outside) (notifier.Gateway, error) { return nil, nil }

// nothing is a gateway whose kind is all there is to write.
type nothing struct{}

func (*nothing) Problems() []notifier.Problem { return nil }

func (*nothing) Open(notifier.Outside) (notifier.Gateway, error) { return nil, nil }

// kinds is a table as cmd hands it over, small.
func kinds() config.Kinds {
	k := config.Kinds{
		Gateways: []notifier.GatewayKind{
			{Kind: "twilio", Class: notifier.ClassSMS, Doc: "A text by Twilio.", New: func() notifier.Settings { return &account{} }},
			{Kind: "nhn", Class: notifier.ClassAlimTalk, Doc: "A message by NHN Cloud.", New: func() notifier.Settings { return &account{} }},
			{Kind: "line", Class: notifier.ClassMessenger, Doc: "A message by LINE.", New: func() notifier.Settings { return &workspace{} }},
			{Kind: "smtp", Class: notifier.ClassMail, Doc: "A mail.", New: func() notifier.Settings { return &workspace{} }},
			{Kind: "webpush", Class: notifier.ClassPush, Doc: "A push.", New: func() notifier.Settings { return &workspace{} }},
			{Kind: "webhook", Class: notifier.ClassWebhook, Doc: "JSON of ours.", New: func() notifier.Settings { return &nothing{} }},
			{Kind: "statuspage", Class: notifier.ClassStatuspage, Doc: "JSON of Statuspage's.", New: func() notifier.Settings { return &nothing{} }},
			{Kind: "slack", Class: notifier.ClassChat, Doc: "A message in Slack.", New: func() notifier.Settings { return &workspace{} }},
		},
		Presets: os.DirFS("testdata/presets"),
	}
	for _, method := range []string{"GET", "POST"} {
		k.Probes = append(k.Probes, probes.Kind{
			Key: method, Doc: "A request.",
			New: func(target string) probes.Step { return &request{Method: method, URL: target} },
		})
	}
	k.Probes = append(k.Probes, probes.Kind{
		Key: "tls", Doc: "A handshake.",
		New: func(target string) probes.Step { return &handshake{Address: target} },
	})
	return k
}

// secrets is an environment whose values must never be seen again.
var secrets = map[string]string{
	"KEYS": "hush-keys-19d4", "TOKEN": "hush-token-7f3a", "SID": "hush-sid-2b91", "CANARY_TOKEN": "hush-canary-c04e", "MAP_KEY": "hush-map-6d1f", "KEY": "hush-key-88a2", "OK": "hush-ok-1e77", "DSN": "postgres://u:hush-dsn-55c0@db.example/bongsu",
}

func options(t testing.TB) config.Options {
	t.Helper()
	return config.Options{
		Kinds: kinds(),
		Dir:   t.TempDir(),
		Env: func(name string) (string, bool) {
			value, ok := secrets[name]
			return value, ok
		},
		Measure: func(_, text string) (int, error) {
			if strings.Contains(text, "햏") {
				return 0, errors.New(`the code page has no "햏"`)
			}
			return len([]rune(text)), nil
		},
	}
}
