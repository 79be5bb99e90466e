// Package twilio hands SMS over to Twilio, asks it what became of one, and
// reads what it calls back with.
//
// Of Twilio's library only the request handler and the 2010 API are used. The
// library takes no context, drops Retry-After and reads TWILIO_EDGE and
// TWILIO_REGION from the environment; package wire and a handler made without
// the environment take care of that.
package twilio

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "twilio",
		Class: notifier.ClassSMS,
		Parts: true,
		Doc:   "SMS through Twilio's Programmable Messaging",
		New: func() notifier.Settings {
			return &Settings{Validity: 4 * time.Hour, BaseURL: "https://api.twilio.com"}
		},
	}
}

// Settings is an account and a sender in it.
type Settings struct {
	AccountSID       notifier.Secret `yaml:"account_sid" must:"required" doc:"the account's SID, AC…"`
	AuthToken        notifier.Secret `yaml:"auth_token" must:"required" doc:"the account's auth token; it also verifies Twilio's callbacks"`
	From             string          `yaml:"from" doc:"the sender: a number with its country code, or a name; instead of messaging_service"`
	MessagingService string          `yaml:"messaging_service" doc:"the SID of a messaging service, MG…, that chooses the sender; instead of from"`
	Validity         time.Duration   `yaml:"validity" doc:"how long Twilio may try, 1s to 10h; a text that says itself how long it is good for comes first"`
	BaseURL          string          `yaml:"base_url" doc:"where the API is; for a stand-in"`
}

// longestValidity is Twilio's own limit, and its default.
const longestValidity = 10 * time.Hour

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	complain := func(path, text string) { found = append(found, notifier.Problem{Path: path, Text: text}) }
	if !isSID(s.AccountSID.Reveal(), "AC") {
		complain("account_sid", "is no account SID; write env:NAME of a variable that holds AC and 32 hexadecimal digits")
	}
	if !alphanumeric(s.AuthToken.Reveal()) {
		complain("auth_token", "is missing or not of letters and digits; write env:NAME or file:PATH of the account's auth token")
	}
	switch {
	case (s.From == "") == (s.MessagingService == ""):
		complain("from", "needs either from or messaging_service, not both and not neither")
	case s.MessagingService != "" && !isSID(s.MessagingService, "MG"):
		complain("messaging_service", "is no messaging service SID; write MG and 32 hexadecimal digits")
	}
	if s.Validity < time.Second || s.Validity > longestValidity {
		complain("validity", "must be from 1s to 10h")
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		complain("base_url", err.Error())
	}
	return found
}

func isSID(sid, kind string) bool {
	return len(sid) == 34 && strings.HasPrefix(sid, kind) && alphanumeric(sid)
}

// alphanumeric is what the library demands of both credentials.
func alphanumeric(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	base, err := wire.ParseBase(s.BaseURL)
	if err != nil {
		return nil, err
	}
	return &gateway{settings: *s, outside: o, line: wire.NewLine(base, o)}, nil
}

type gateway struct {
	settings Settings
	outside  notifier.Outside
	line     *wire.Line
}

// Send hands a text over. The reference is the message's SID.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	x := &wire.Exchange{}
	taken, err := g.service(ctx, x).CreateMessage(g.params(m))
	switch {
	case err != nil:
		return "", g.refusal(x, err, m)
	case x.Status >= 300 || taken.Sid == nil || *taken.Sid == "":
		return "", x.Fault(nil)
	}
	return *taken.Sid, nil
}

func (g *gateway) params(m notifier.Message) *api.CreateMessageParams {
	p := &api.CreateMessageParams{}
	p.SetTo(m.To).SetBody(m.Body).SetValidityPeriod(g.validity(m))
	if service := g.settings.MessagingService; service != "" {
		p.SetMessagingServiceSid(service)
	} else {
		p.SetFrom(g.settings.From)
	}
	if g.outside.PublicURL != "" && g.outside.Token != nil {
		p.SetStatusCallback(callback(g.outside.PublicURL, m.Delivery, g.outside.Token(m.Delivery)))
	}
	return p
}

// validity is in seconds, within what Twilio takes.
func (g *gateway) validity(m notifier.Message) int {
	d := g.settings.Validity
	if m.Valid > 0 {
		d = m.Valid
	}
	return int(min(max(d, time.Second), longestValidity) / time.Second)
}

// callback is where Twilio reports what becomes of a delivery. It carries our
// own key, so a report tells of a message even when the answer to its
// hand-over was lost.
func callback(public, delivery, token string) string {
	return public + StatusPath + "?" + url.Values{"d": {delivery}, "t": {token}}.Encode()
}

// service is the library's face of one exchange.
func (g *gateway) service(ctx context.Context, x *wire.Exchange) *api.ApiService {
	c := &client.Client{
		Credentials: client.NewCredentials(g.settings.AccountSID.Reveal(), g.settings.AuthToken.Reveal()),
		HTTPClient:  g.line.Client(ctx, x),
	}
	c.SetAccountSid(g.settings.AccountSID.Reveal())
	// Not NewRequestHandler: it reads the environment.
	return api.NewApiService(&client.RequestHandler{Client: c})
}

// refusal says what an error of the library asks of the sender.
func (g *gateway) refusal(x *wire.Exchange, err error, m notifier.Message) error {
	no, told := errors.AsType[*client.TwilioRestError](err)
	if !told || no.Code == 0 || !x.Whole {
		return x.Fault(err, g.secrets(m)...)
	}
	return classify(x, no.Code, no.Message, g.secrets(m))
}

func (g *gateway) secrets(m notifier.Message) []string {
	s := g.settings
	return []string{s.AuthToken.Reveal(), s.AccountSID.Reveal(), s.From, s.MessagingService, m.To, m.Body}
}

// looked is how many of a number's newest messages a look-up reads.
const looked = 100

var errTooMany = errors.New("the number got more messages since than one look-up reads")

// Find asks whether a message whose hand-over has no known end was taken. Two
// messages of the same words to the same number cannot be told apart; the
// newest counts. It filters by number only, since a message still in Twilio's
// queue has no date of sending.
func (g *gateway) Find(ctx context.Context, m notifier.Message, since time.Time) (bool, string, notifier.Rank, error) {
	x := &wire.Exchange{}
	p := &api.ListMessageParams{}
	p.SetTo(m.To).SetPageSize(looked)
	page, err := g.service(ctx, x).PageMessage(p, "", "")
	switch {
	case err != nil:
		return false, "", notifier.Planned, g.refusal(x, err, m)
	case x.Status >= 300 || page.Messages == nil: // no list is no answer; an empty one is
		return false, "", notifier.Planned, x.Fault(nil)
	}
	for _, found := range page.Messages {
		if createdBefore(found, since.Add(-time.Minute)) { // newest first; a minute for clocks that differ
			return false, "", notifier.Planned, nil
		}
		if found.Body != nil && *found.Body == m.Body && found.Sid != nil {
			return true, *found.Sid, rank(found.Status), nil
		}
	}
	if len(page.Messages) >= looked {
		return false, "", notifier.Planned, errTooMany
	}
	return false, "", notifier.Planned, nil
}

func createdBefore(m api.ApiV2010Message, t time.Time) bool {
	if m.DateCreated == nil {
		return false
	}
	created, err := time.Parse(time.RFC1123Z, *m.DateCreated)
	return err == nil && created.Before(t)
}

// rank is what a message found is known to have reached; it was taken at
// least.
func rank(status *string) notifier.Rank {
	if status == nil {
		return notifier.Accepted
	}
	r, _ := Rank(*status)
	return max(r, notifier.Accepted)
}
