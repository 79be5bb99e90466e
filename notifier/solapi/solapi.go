// Package solapi hands SMS and long texts (LMS) over to Solapi, asks it what
// became of them, and reads what it calls back with.
//
// Requests and answers are as the vendor's documents and its own libraries have
// them. What only other people's code shows is marked so; see docs/notices.md.
package solapi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "solapi",
		Class: notifier.ClassSMS,
		Doc:   "SMS and LMS through Solapi, API 4; to Korean numbers only",
		New:   func() notifier.Settings { return &Settings{BaseURL: "https://api.solapi.com"} },
	}
}

// Settings is an API key of an account and a sender number in it.
type Settings struct {
	Key     notifier.Secret `yaml:"key" must:"required" doc:"the API key"`
	Secret  notifier.Secret `yaml:"secret" must:"required" doc:"the API key's secret; it signs every request and is never sent"`
	From    string          `yaml:"from" must:"required" doc:"the sender number, registered with Solapi, digits only"`
	Webhook notifier.Secret `yaml:"webhook" doc:"the secret of the webhook that reports results to /hooks/solapi/report; without it Solapi is asked for them"`
	BaseURL string          `yaml:"base_url" doc:"where the API is; for a stand-in"`
}

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	complain := func(path, text string) { found = append(found, notifier.Problem{Path: path, Text: text}) }
	if !isKey(s.Key.Reveal()) {
		complain("key", "is missing or no key; write env:NAME or file:PATH")
	}
	if !isKey(s.Secret.Reveal()) {
		complain("secret", "is missing or no secret; write env:NAME or file:PATH")
	}
	if len(s.From) < 7 || len(s.From) > 12 || strings.Trim(s.From, "0123456789") != "" {
		complain("from", "is no sender number; write 7 to 12 digits, such as 15880000")
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		complain("base_url", err.Error())
	}
	return found
}

// isKey keeps what ends a part of the Authorization header out of it.
func isKey(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`,"=`, r) })
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	base, err := wire.ParseBase(s.BaseURL)
	if err != nil {
		return nil, err
	}
	if o.Now == nil || o.Nonce == nil {
		return nil, errors.New("a gateway that signs needs a clock and nonces")
	}
	return &Gateway{settings: *s, outside: o, line: wire.NewLine(base, o)}, nil
}

// Gateway is Solapi. It has no key that makes sending again safe, so a
// hand-over without an answer is looked up by the delivery's key, which goes
// out as a custom field of the message.
type Gateway struct {
	settings Settings
	outside  notifier.Outside
	line     *wire.Line
}

// keyField is our custom field. A field's name may have 30 characters, its
// value 100.
const keyField = "delivery"

type order struct {
	Messages []text `json:"messages"`
	ShowList bool   `json:"showMessageList"` // without it the answer has no message's id
}

type text struct {
	To     string            `json:"to"`
	From   string            `json:"from"`
	Text   string            `json:"text"`
	Type   string            `json:"type"`
	Title  string            `json:"subject,omitempty"` // an SMS may have none
	Guess  bool              `json:"autoTypeDetect"`    // of the type: what costs more must not be chosen for us
	Fields map[string]string `json:"customFields"`
}

// Send hands one text over. The reference is the message's id, or its group's
// where the answer tells no other; the group has this message alone.
func (g *Gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	to, korean := domestic(m.To)
	if !korean {
		return "", &notifier.RejectedError{Code: "country", Text: "this gateway sends to Korean numbers only", Recipient: true}
	}
	one := text{To: to, From: g.settings.From, Text: m.Body, Type: "SMS", Fields: map[string]string{keyField: m.Delivery}}
	if m.Class == notifier.ClassLMS {
		one.Type, one.Title = "LMS", m.Title
	}
	body, err := json.Marshal(order{Messages: []text{one}, ShowList: true})
	if err != nil {
		return "", fmt.Errorf("writing the order: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/messages/v4/send-many/detail", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("making the request: %w", err)
	}
	x := &wire.Exchange{}
	var answer reply
	if err := g.ask(r, x, &answer); err != nil {
		return "", x.Fault(err, g.secrets(m)...)
	}
	return answer.taken(x, g.secrets(m))
}

func domestic(number string) (digits string, korean bool) {
	if rest, ok := strings.CutPrefix(number, "+82"); ok {
		return "0" + rest, true
	}
	return "", false
}

// reply is an answer to a hand-over: of a group with one message, or an error
// of the whole request.
type reply struct {
	ErrorCode string `json:"errorCode"`
	ErrorText string `json:"errorMessage"`
	Group     struct {
		ID string `json:"groupId"`
	} `json:"groupInfo"`
	Failed   messages `json:"failedMessageList"`
	Messages messages `json:"messageList"`
}

func (a *reply) taken(x *wire.Exchange, secrets []string) (string, error) {
	switch {
	case a.ErrorCode != "":
		return "", refused(x, a.ErrorCode, a.ErrorText, secrets)
	case x.Status >= 300:
		return "", x.Fault(nil)
	case len(a.Failed) > 0:
		return "", classify(x, a.Failed[0].Code, a.Failed[0].CodeText, secrets)
	case len(a.Messages) == 1 && a.Messages[0].ID != "":
		return a.Messages[0].ID, nil
	case a.Group.ID != "":
		return a.Group.ID, nil
	}
	return "", x.Fault(nil)
}

// message is one as answers have it.
type message struct {
	ID       string                     `json:"messageId"`
	Code     string                     `json:"statusCode"`
	CodeText string                     `json:"statusMessage"`
	Fields   map[string]json.RawMessage `json:"customFields"` // of messages that are not ours, anything
}

// delivery is our key, or empty: then the message is not ours.
func (m *message) delivery() string {
	var key string
	if json.Unmarshal(m.Fields[keyField], &key) != nil {
		return ""
	}
	return key
}

// messages come as a list, and from look-ups as an object by their ids.
type messages []message

func (ms *messages) UnmarshalJSON(raw []byte) error {
	*ms = messages{} // not nil: it was there
	if len(raw) > 0 && raw[0] == '[' {
		return json.Unmarshal(raw, (*[]message)(ms))
	}
	var byID map[string]message
	if err := json.Unmarshal(raw, &byID); err != nil {
		return err
	}
	for id, m := range byID {
		if m.ID == "" {
			m.ID = id
		}
		*ms = append(*ms, m)
	}
	return nil
}

// ask signs a request, makes one exchange and reads its answer. An error says
// that there is none that tells.
func (g *Gateway) ask(r *http.Request, x *wire.Exchange, answer any) error {
	r.Header.Set("Authorization", g.sign(g.outside.Now(), g.outside.Nonce()))
	r.Header.Set("Content-Type", "application/json")
	if err := g.line.Do(r, x); err != nil {
		return err
	}
	if err := json.Unmarshal(x.Body, answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// sign makes the Authorization header. Solapi takes each signature once, and a
// date within a quarter of an hour of its own clock.
func (g *Gateway) sign(now time.Time, salt string) string {
	date := now.UTC().Format(time.RFC3339)
	mac := hmac.New(sha256.New, []byte(g.settings.Secret.Reveal()))
	mac.Write([]byte(date + salt))
	return fmt.Sprintf("HMAC-SHA256 apiKey=%s, date=%s, salt=%s, signature=%s",
		g.settings.Key.Reveal(), date, salt, hex.EncodeToString(mac.Sum(nil)))
}

func (g *Gateway) secrets(m notifier.Message) []string {
	s := g.settings
	to, _ := domestic(m.To)
	return []string{s.Secret.Reveal(), s.Key.Reveal(), s.Webhook.Reveal(), m.To, to, m.Title, m.Body}
}

// listPath is where messages are looked up.
func listPath(query url.Values) string { return "/messages/v4/list?" + query.Encode() }
