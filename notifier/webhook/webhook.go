// Package webhook hands notices over to machines: the JSON of a notice, posted
// to the address that its receiver gave, signed as Standard Webhooks has it
// (https://www.standardwebhooks.com), or in the shape that receivers of
// Statuspage's webhooks know.
//
// The receiver's server is the recipient: a 2xx is a delivery, and what fails
// there says nothing of this program. A message that is sent again has the same
// id, by which a receiver knows that it has seen it.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/guard"
	"bongsu/notifier/wire"
)

// Kind is the entry, in the table of kinds, of webhooks in our own shape.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "webhook",
		Class: notifier.ClassWebhook,
		Doc:   "JSON to the addresses that subscribers give, signed as Standard Webhooks has it",
		New:   func() notifier.Settings { return &Settings{} },
	}
}

// StatuspageKind is the entry of webhooks in Statuspage's shape.
func StatuspageKind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "statuspage",
		Class: notifier.ClassStatuspage,
		Doc:   "JSON in the shape of Statuspage's webhooks to the addresses that subscribers give",
		New:   func() notifier.Settings { return &Settings{} },
	}
}

// Settings are none: everything is in the subscribers' addresses.
type Settings struct {
	// Transport is for tests, whose receivers are on this machine. Nil is the
	// guarded way, which reaches public addresses only; no configuration sets it.
	Transport http.RoundTripper `yaml:"-"`
}

// Problems finds none.
func (s *Settings) Problems() []notifier.Problem { return nil }

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	if o.Now == nil {
		return nil, errors.New("a webhook's signature needs a clock")
	}
	way := s.Transport
	if way == nil {
		way = guard.NewTransport(guard.Options{})
	}
	return &gateway{line: wire.NewOpenLine(way, o), now: o.Now}, nil
}

// Address is where a webhook goes: what Message.To holds, as JSON.
type Address struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"` // whsec_ and a key in Base64; without one nothing is signed
}

// Bounds of a secret's key, as Standard Webhooks has them.
const (
	leastKey = 24
	mostKey  = 64
)

// ParseAddress reads an address and refuses one that could not be used,
// whatever its name resolves to. The error is fit to be shown.
func ParseAddress(text string) (Address, error) {
	var a Address
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return Address{}, errors.New(`the address is not of the form {"url": "https://…", "secret": "whsec_…"}`)
	}
	if _, err := guard.Parse(a.URL); err != nil {
		return Address{}, fmt.Errorf("the address %w", err)
	}
	if _, err := a.key(); err != nil {
		return Address{}, err
	}
	return a, nil
}

func (a Address) key() ([]byte, error) {
	if a.Secret == "" {
		return nil, nil
	}
	text, found := strings.CutPrefix(a.Secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < leastKey || len(key) > mostKey {
		return nil, fmt.Errorf("the secret is not whsec_ and %d to %d bytes in Base64", leastKey, mostKey)
	}
	return key, nil
}

type gateway struct {
	line *wire.Line
	now  func() time.Time
}

// HandedOver is Delivered: who answers is the recipient.
func (g *gateway) HandedOver() notifier.Rank { return notifier.Delivered }

// DedupesFor is how long a message may be sent again under its id. Receivers
// are told to take an id once; that they do is their part of the contract.
func (g *gateway) DedupesFor() time.Duration { return 24 * time.Hour }

// Send posts the message's body. The reference is the id it was sent under.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	to, key, err := destination(m)
	if err != nil {
		return "", err
	}
	if !json.Valid([]byte(m.Body)) {
		return "", &notifier.RejectedError{Code: "no JSON", Text: "a webhook's text is a JSON document"}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader([]byte(m.Body)))
	if err != nil {
		return "", &notifier.RejectedError{Code: "no address", Text: "the address cannot be used", Recipient: true}
	}
	r.Header.Set("Content-Type", "application/json")
	g.sign(r.Header, m, key)
	x := &wire.Exchange{}
	err = g.line.Do(r, x)
	if x.Status >= 200 && x.Status < 300 {
		return m.Delivery, nil // whatever else it says
	}
	return "", refusal(x, err, []string{m.To, to.URL, r.URL.Host, r.URL.Hostname(), to.Secret, m.Body})
}

// destination reads where to send. What was a good address once may be none by
// the rules of today.
func destination(m notifier.Message) (Address, []byte, error) {
	var to Address
	no := &notifier.RejectedError{Code: "no address", Text: "the address cannot be used", Recipient: true}
	if json.Unmarshal([]byte(m.To), &to) != nil || to.URL == "" {
		return to, nil, no
	}
	key, err := to.key()
	if err != nil {
		no.Text = err.Error()
		return to, nil, no
	}
	return to, key, nil
}

// sign adds the headers of Standard Webhooks: an id, a time, and a keyed hash
// over both and the body.
func (g *gateway) sign(h http.Header, m notifier.Message, key []byte) {
	id, at := headerText(m.Delivery), strconv.FormatInt(g.now().Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", at)
	if key == nil {
		return
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + m.Body))
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// headerText keeps to what a header may hold. Our own keys need no change.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '.' {
			return '_'
		}
		return r
	}, s)
}

// refusal says what no 2xx asks of the sender. All of it is of the receiver's
// own end.
//
//	410                   gone: never again
//	429                   later, as it says
//	any other answer      later: a server being changed may say anything
//	nothing came back     in doubt: the receiver may have it
func refusal(x *wire.Exchange, err error, secrets []string) error {
	switch {
	case errors.Is(err, guard.ErrRefused):
		return &notifier.RejectedError{Code: "address refused", Text: guard.ErrRefused.Error(), Recipient: true}
	case x.Status == http.StatusGone:
		return &notifier.RejectedError{Code: "HTTP 410", Text: "the receiver is gone", Recipient: true, Suppress: true}
	case x.Status == http.StatusTooManyRequests, x.Status == 0:
		return &notifier.RecipientError{Err: x.Fault(err, secrets...)}
	}
	return &notifier.RecipientError{Err: fmt.Errorf("HTTP %d", x.Status)}
}
