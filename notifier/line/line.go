// Package line hands texts over to LINE's Messaging API, to one person or to
// many at once, and reads what LINE calls back with: who follows the account,
// who has left it, and what people write to it.
//
// LINE takes a request with the same retry key only once, so a request that
// got no answer is simply made again. It reports neither delivery nor reading.
package line

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf16"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "line",
		Class: notifier.ClassMessenger,
		Doc:   "messages of a LINE official account to those who have added it",
		New:   func() notifier.Settings { return &Settings{BaseURL: "https://api.line.me"} },
	}
}

// Settings is a channel of the Messaging API.
type Settings struct {
	Token   notifier.Secret `yaml:"token" must:"required" doc:"the channel's access token, long-lived"`
	Secret  notifier.Secret `yaml:"secret" doc:"the channel's secret, which verifies LINE's callbacks; without it people cannot sign up from LINE"`
	BaseURL string          `yaml:"base_url" doc:"where the API is; for a stand-in"`
}

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	if t := s.Token.Reveal(); t == "" || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }) {
		found = append(found, notifier.Problem{Path: "token", Text: "is missing or no token; write env:NAME or file:PATH of the channel's access token"})
	}
	if _, err := wire.ParseBase(s.BaseURL); err != nil {
		found = append(found, notifier.Problem{Path: "base_url", Text: err.Error()})
	}
	return found
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	base, err := wire.ParseBase(s.BaseURL)
	if err != nil {
		return nil, err
	}
	return &gateway{token: s.Token, line: wire.NewLine(base, o)}, nil
}

type gateway struct {
	token notifier.Secret
	line  *wire.Line
}

// Limits of the API (https://developers.line.biz/en/reference/messaging-api/).
const (
	most    = 500            // recipients of one multicast
	longest = 5000           // UTF-16 units of a text
	keyLife = 24 * time.Hour // of a retry key, from the first request on
)

// DedupesFor is how long LINE refuses a retry key that it has taken
// (https://developers.line.biz/en/docs/messaging-api/retrying-api-request/).
// An hour of it is kept for clocks that differ and requests under way.
func (g *gateway) DedupesFor() time.Duration { return keyLife - time.Hour }

// Most is how many people one request may be for.
func (g *gateway) Most() int { return most }

// Send hands a text over to one person. The reference is LINE's id of the
// request that was taken.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	return g.post(ctx, "push", m.Delivery, m.To, []notifier.Message{m})
}

// SendMany hands one text over to many.
func (g *gateway) SendMany(ctx context.Context, key string, ms []notifier.Message) (string, error) {
	if len(ms) == 0 || len(ms) > most {
		return "", fmt.Errorf("LINE takes 1 to %d recipients in one request, not %d", most, len(ms))
	}
	to := make([]string, len(ms))
	for i, m := range ms {
		to[i] = m.To
	}
	return g.post(ctx, "multicast", key, to, ms)
}

type request struct {
	To       any    `json:"to"` // a user id, or a list of them
	Messages []text `json:"messages"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// post makes one request. A key that LINE has taken before means that the
// message is there already.
func (g *gateway) post(ctx context.Context, method, key string, to any, ms []notifier.Message) (string, error) {
	all := words(ms[0])
	if units(all) > longest {
		return "", &notifier.RejectedError{Code: "too long", Text: fmt.Sprintf("the text is longer than the %d UTF-16 units that LINE takes", longest)}
	}
	body, err := json.Marshal(request{To: to, Messages: []text{{"text", all}}})
	if err != nil {
		return "", fmt.Errorf("writing the request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/v2/bot/message/"+method, bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("writing the request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+g.token.Reveal())
	r.Header.Set("X-Line-Retry-Key", retryKey(key))
	x := &wire.Exchange{}
	err = g.line.Do(r, x)
	secrets := append([]string{g.token.Reveal(), ms[0].Body}, recipients(ms)...)
	switch {
	case x.Status == http.StatusConflict:
		return x.Header.Get("X-Line-Accepted-Request-Id"), nil
	case err != nil:
		return "", x.Fault(err, secrets...)
	case x.Status != http.StatusOK || !json.Valid(x.Body):
		return "", refusal(x, len(ms) == 1, secrets)
	}
	return x.Header.Get("X-Line-Request-Id"), nil
}

func recipients(ms []notifier.Message) []string {
	all := make([]string, len(ms))
	for i, m := range ms {
		all[i] = m.To
	}
	return all
}

// words are a message's text, with its title above.
func words(m notifier.Message) string {
	if m.Title == "" {
		return m.Body
	}
	return m.Title + "\n" + m.Body
}

func units(text string) int {
	n := 0
	for _, r := range text {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// retryKey makes a UUID of a key: the same for the same, on every node and
// after every restart (RFC 9562, version 8: a form of our own).
func retryKey(key string) string {
	sum := sha256.Sum256([]byte("bongsu/line/" + key))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// answer is LINE's word for a no.
type answer struct {
	Message string `json:"message"`
	Details []struct {
		Message  string `json:"message"`
		Property string `json:"property"`
	} `json:"details"`
}

// refusal says what an answer other than yes asks of the sender
// (https://developers.line.biz/en/reference/messaging-api/#error-responses). Of
// many recipients it is not known which one is at fault.
func refusal(x *wire.Exchange, one bool, secrets []string) error {
	var no answer
	if json.Unmarshal(x.Body, &no) != nil || no.Message == "" {
		return x.Fault(nil)
	}
	code, text := fmt.Sprintf("HTTP %d", x.Status), wire.Scrub(no.Message, secrets...)
	switch {
	case x.Status == http.StatusTooManyRequests && strings.Contains(strings.ToLower(no.Message), "monthly"):
		// Nothing is sent until the month or the plan changes: another way is better
		// than waiting.
		return &notifier.RejectedError{Code: "monthly limit", Text: text}
	case x.Status == http.StatusTooManyRequests:
		return x.Throttled(text)
	case x.Status == http.StatusBadRequest && aboutRecipient(no):
		return &notifier.RejectedError{Code: code, Text: text, Recipient: true, Suppress: one}
	case x.Status >= 400 && x.Status < 500 && x.Status != http.StatusRequestTimeout:
		return &notifier.RejectedError{Code: code, Text: text}
	}
	return x.Fault(errors.New(text), secrets...)
}

// aboutRecipient says whether a request was refused for whom it was for: an id
// that is none, or that belongs to another provider's channels. LINE answers so
// in words only: "The property, 'to', in the request body is invalid", and
// "Failed to send messages".
func aboutRecipient(no answer) bool {
	for _, d := range no.Details {
		if d.Property == "to" || strings.HasPrefix(d.Property, "to[") {
			return true
		}
	}
	return strings.Contains(no.Message, "'to'") || strings.Contains(no.Message, "'to[") || strings.HasPrefix(no.Message, "Failed to send messages")
}
