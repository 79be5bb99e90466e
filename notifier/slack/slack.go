// Package slack hands messages over to Slack: for operators, one message per
// incident, with what follows in its thread. Slack may be among what has
// failed, so it should never be the only way to them.
package slack

import (
	"context"
	"errors"
	"strings"

	api "github.com/slack-go/slack"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "slack",
		Class: notifier.ClassChat,
		Doc:   "messages in a Slack channel, by a bot that is a member of it",
		New:   func() notifier.Settings { return &Settings{BaseURL: "https://slack.com/api"} },
	}
}

// Settings is a bot.
type Settings struct {
	Token   notifier.Secret `yaml:"token" must:"required" doc:"the bot's token, xoxb-…, with the scope chat:write"`
	BaseURL string          `yaml:"base_url" doc:"where the API is; for a stand-in"`

	SigningSecret notifier.Secret   `yaml:"signing_secret" doc:"the app's signing secret: with it /hooks/slack/command takes slash commands, and messages have buttons"`
	Users         map[string]string `yaml:"users" doc:"who may use them: Slack's id of somebody, U…, and the name of their account here"`
}

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	if s.Token.Empty() {
		found = append(found, notifier.Problem{Path: "token", Text: "is missing; write env:NAME or file:PATH of the bot's token"})
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		found = append(found, notifier.Problem{Path: "base_url", Text: err.Error()})
	}
	if len(s.Users) > 0 && s.SigningSecret.Empty() {
		found = append(found, notifier.Problem{Path: "signing_secret", Text: "is missing; without it nobody can know that a request is Slack's: write env:NAME or file:PATH, or leave users out"})
	}
	return found
}

// App is who may ask by it.
func (s *Settings) App() App { return App{Secret: s.SigningSecret, Users: s.Users} }

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	base, err := wire.ParseBase(s.BaseURL)
	if err != nil {
		return nil, err
	}
	return &gateway{token: s.Token, line: wire.NewLine(base, o), pressed: !s.SigningSecret.Empty()}, nil
}

type gateway struct {
	token   notifier.Secret
	line    *wire.Line
	pressed bool // presses of buttons can be believed
}

// Send posts to the channel in m.To, in the thread of m.ReplyTo if there is
// one. The reference is the message's timestamp, which is also what a later
// message of the incident replies to.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	x := &wire.Exchange{}
	// The line sets the host and what comes before the method's name.
	bot := api.New(g.token.Reveal(), api.OptionAPIURL("https://slack.invalid/"), api.OptionHTTPClient(g.line.Client(ctx, x)))
	options := []api.MsgOption{
		api.MsgOptionText(text(m), true), // escaped: <!channel> in a text wakes nobody
		api.MsgOptionDisableLinkUnfurl(),
		api.MsgOptionDisableMediaUnfurl(),
	}
	options = append(options, g.buttons(m)...)
	if m.ReplyTo != "" {
		options = append(options, api.MsgOptionTS(m.ReplyTo))
	}
	_, ts, err := bot.PostMessageContext(ctx, m.To, options...)
	switch {
	case err != nil:
		return "", g.refusal(x, err, m)
	case ts == "":
		return "", x.Fault(nil)
	}
	return ts, nil
}

func text(m notifier.Message) string {
	if m.Title == "" {
		return m.Body
	}
	// An asterisk in the title would end its emphasis early.
	return "*" + strings.ReplaceAll(m.Title, "*", "") + "*\n" + m.Body
}

// escape keeps what stands in a text from being read as Slack's markup.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func (g *gateway) refusal(x *wire.Exchange, err error, m notifier.Message) error {
	secrets := []string{g.token.Reveal(), m.To, m.Title, m.Body}
	no, told := errors.AsType[api.SlackErrorResponse](err)
	if !told || !x.Whole {
		return x.Fault(err, secrets...)
	}
	return classify(x, no.Err, secrets)
}

// classify turns Slack's word for an error into the one that says what to do
// (https://docs.slack.dev/reference/methods/chat.postMessage, "Errors").
func classify(x *wire.Exchange, code string, secrets []string) error {
	code = wire.Scrub(code, secrets...)
	switch code {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return x.Throttled(code)
	case "service_unavailable", "request_timeout", "team_added_to_org", "accesslimited":
		return errors.New("refused for now: " + code)
	case "internal_error", "fatal_error": // Slack: some of it may have been done
		return &notifier.UncertainError{Err: errors.New(code)}
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action":
		return &notifier.RejectedError{Code: code, Text: "the channel does not take it", Recipient: true}
	}
	return &notifier.RejectedError{Code: code, Text: "Slack refuses it"}
}
