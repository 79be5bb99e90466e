// Package webpush hands notices over to browsers: encrypted for one browser
// (RFC 8291), through the push service that the browser chose (RFC 8030),
// signed with the site's key (RFC 8292).
//
// The push service's address comes from the subscriber, so it is reached by the
// guarded way only, and what fails there is the subscriber's end: one push
// service in trouble must not stop the pushes through others.
package webpush

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"

	api "github.com/SherClockHolmes/webpush-go"

	"bongsu/notifier"
	"bongsu/notifier/guard"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "webpush",
		Class: notifier.ClassPush,
		Doc:   "pushes to browsers that have subscribed on the page",
		New:   func() notifier.Settings { return &Settings{Validity: 4 * time.Hour} },
	}
}

// Settings is the site's key and what push services may know of the site.
type Settings struct {
	PrivateKey notifier.Secret `yaml:"private_key" must:"required" doc:"the site's key (VAPID), as bongsu webpush-key makes it; subscriptions end with it"`
	Contact    string          `yaml:"contact" must:"required" doc:"where a push service may write to: a mail address, or an https address"`
	Validity   time.Duration   `yaml:"validity" doc:"how long a push service may keep a push for a browser that is away, 0s to 28d; a text that says itself how long it is good for comes first"`

	// Transport is for tests, whose push services are on this machine. Nil is the
	// guarded way, which reaches public addresses only; no configuration sets it.
	Transport http.RoundTripper `yaml:"-"`
}

// longestValidity is what push services cut to: four weeks.
const longestValidity = 28 * 24 * time.Hour

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	complain := func(path, text string) { found = append(found, notifier.Problem{Path: path, Text: text}) }
	if s.PrivateKey.Empty() {
		complain("private_key", "is missing; make one with `bongsu webpush-key` and write env:NAME or file:PATH of it")
	} else if _, err := PublicKey(s.PrivateKey.Reveal()); err != nil {
		complain("private_key", err.Error()+"; `bongsu webpush-key` makes one")
	}
	if !isContact(s.Contact) {
		complain("contact", "is neither a mail address nor an https address; write one, like ops@status.example")
	}
	if s.Validity < 0 || s.Validity > longestValidity {
		complain("validity", "must be from 0s to 28d")
	}
	return found
}

func isContact(contact string) bool {
	if u, err := url.Parse(contact); err == nil && u.Scheme == "https" && u.Host != "" {
		return true
	}
	a, err := mail.ParseAddress(contact)
	return err == nil && a.Address == contact
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	public, err := PublicKey(s.PrivateKey.Reveal())
	if err != nil {
		return nil, fmt.Errorf("the private key %w", err)
	}
	way := s.Transport
	if way == nil {
		way = guard.NewTransport(guard.Options{})
	}
	return &gateway{settings: *s, public: public, site: o.PublicURL, line: wire.NewOpenLine(way, o)}, nil
}

type gateway struct {
	settings Settings
	public   string
	site     string
	line     *wire.Line
}

// notification is what the page's service worker gets.
type notification struct {
	Title    string `json:"title"`
	Body     string `json:"body"`
	Lang     string `json:"lang,omitempty"`
	Incident string `json:"incident,omitempty"`
	URL      string `json:"url,omitempty"` // the incident's page
}

// Send hands a push over. There is no reference to it: a push service does not
// say what becomes of one.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	to, err := readSubscription(m.To)
	if err != nil {
		return "", &notifier.RejectedError{Code: "no subscription", Text: err.Error(), Recipient: true, Suppress: true}
	}
	payload, err := json.Marshal(g.notification(m))
	if err != nil {
		return "", fmt.Errorf("writing the push: %w", err)
	}
	size := record(len(payload))
	if size == 0 {
		return "", &notifier.RejectedError{Code: "too long", Text: fmt.Sprintf("the push is of %d bytes, more than push services take", len(payload))}
	}
	x := &wire.Exchange{}
	answer, err := api.SendNotificationWithContext(ctx, payload, &api.Subscription{
		Endpoint: to.Endpoint, Keys: api.Keys{P256dh: to.Keys.P256dh, Auth: to.Keys.Auth},
	}, &api.Options{
		HTTPClient: g.line.Client(ctx, x), RecordSize: size,
		Subscriber: g.settings.Contact, VAPIDPublicKey: g.public, VAPIDPrivateKey: g.settings.PrivateKey.Reveal(),
		TTL: g.validity(m), Topic: topic(m.Incident), Urgency: urgency(m),
	})
	if err == nil {
		err = answer.Body.Close()
	}
	if x.Status >= 200 && x.Status < 300 {
		return "", nil
	}
	return "", refusal(x, err, g.secrets(m, to))
}

func (g *gateway) notification(m notifier.Message) notification {
	n := notification{Title: m.Title, Body: m.Body, Lang: m.Lang, Incident: m.Incident}
	if m.Incident != "" && g.site != "" {
		n.URL = g.site + "/incidents/" + url.PathEscape(m.Incident)
	}
	return n
}

func (g *gateway) secrets(m notifier.Message, to Subscription) []string {
	all := []string{g.settings.PrivateKey.Reveal(), m.To, to.Endpoint, to.Keys.Auth, to.Keys.P256dh, m.Body, m.Title}
	if u, err := url.Parse(to.Endpoint); err == nil {
		all = append(all, u.Host, u.Hostname())
	}
	return all
}

// Sizes that a push is padded to, so that its length tells little of its words
// to those who carry it. 4,096 bytes are what every push service takes.
var sizes = []uint32{1024, 2048, 4096}

// overhead is what encryption adds to a push: RFC 8188's head with the key of
// the sender, a mark for the end of the text, and a tag.
const overhead = 16 + 4 + 1 + 65 + 1 + 16

// record is the size for a payload, 0 if there is none.
func record(payload int) uint32 {
	for _, s := range sizes {
		if payload+overhead <= int(s) {
			return s
		}
	}
	return 0
}

// validity is in seconds, within what push services take.
func (g *gateway) validity(m notifier.Message) int {
	d := g.settings.Validity
	if m.Valid > 0 {
		d = m.Valid
	}
	return int(min(max(d, 0), longestValidity) / time.Second)
}

// topic has a newer push of an incident take the place of an older one that has
// not been delivered: 32 characters of URL-safe Base64, as RFC 8030 allows.
func topic(incident string) string {
	if incident == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("bongsu/webpush/" + incident))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// urgency wakes a device that saves power for an incident, and for nothing
// else.
func urgency(m notifier.Message) api.Urgency {
	if m.Incident != "" {
		return api.UrgencyHigh
	}
	return api.UrgencyNormal
}

// refusal says what no 2xx asks of the sender.
//
//	404, 410         the subscription has ended: never again
//	413              our own mistake
//	400, 401         our own mistake: the form, or the key's signature
//	403              the subscription was made with another key
//	429              later, as it says
//	5xx, no answer   later or in doubt, of this push service alone
func refusal(x *wire.Exchange, err error, secrets []string) error {
	code := fmt.Sprintf("HTTP %d", x.Status)
	text := wire.Scrub(words(x.Body), secrets...)
	switch {
	case errors.Is(err, guard.ErrRefused):
		return &notifier.RejectedError{Code: "address refused", Text: guard.ErrRefused.Error(), Recipient: true, Suppress: true}
	case x.Status == http.StatusNotFound, x.Status == http.StatusGone:
		return &notifier.RejectedError{Code: code, Text: "the subscription has ended", Recipient: true, Suppress: true}
	case x.Status == http.StatusForbidden:
		return &notifier.RejectedError{Code: code, Text: "the subscription was made with another key: " + text, Recipient: true}
	case x.Status >= 400 && x.Status < 500 && x.Status != http.StatusTooManyRequests && x.Status != http.StatusRequestTimeout:
		return &notifier.RejectedError{Code: code, Text: text}
	}
	return &notifier.RecipientError{Err: x.Fault(err, secrets...)}
}

// words are what a push service says, if they are words and not a page.
func words(body []byte) string {
	text := strings.TrimSpace(string(body))
	if strings.HasPrefix(text, "<") {
		return "refused without a reason"
	}
	return text
}
