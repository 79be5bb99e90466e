package line

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bongsu/notifier"
)

// HookPath is where LINE calls back.
const HookPath = "/hooks/line"

// Limits of a callback.
const (
	MaxCallback = 256 << 10 // bytes of a body
	maxEvents   = 100       // LINE sends some at a time; the rest of a longer list is dropped
	maxWords    = 1000      // bytes of what somebody wrote
)

// Errors of a callback.
var (
	ErrForged    = errors.New("the callback is not signed with a channel's secret")
	ErrMalformed = errors.New("the callback is not of LINE's form")
)

// Happening is what an event tells.
type Happening string

// The happenings. What else LINE may tell of is left out.
const (
	Followed   Happening = "follow"   // added the account, or unblocked it
	Unfollowed Happening = "unfollow" // blocked it
	Wrote      Happening = "message"  // sent it a text
)

// Event is something that a person did with the account.
type Event struct {
	ID   string // LINE's, the same when it tells of it again
	Kind Happening
	User string // the user id, a channel's address of this person: never log it
	Text string // what was written, at most 1,000 bytes of it, without spaces around
	// ReplyToken lets one answer be sent for free within a minute.
	ReplyToken string
	At         time.Time // when it happened, by LINE's clock
	Again      bool      // LINE has told of it before
}

// Hooks reads what LINE calls back with.
type Hooks struct {
	// Secrets are those of the channels in use. There are two of one channel
	// while a secret is being changed.
	Secrets []notifier.Secret
}

// Events reads a callback: body is the request's, exactly as it came and at
// most MaxCallback bytes. LINE also calls with no events, to try an address
// out. It may call again with the same events, so a receiver remembers ids; an
// event is as old as its At says, whatever the callback.
func (h *Hooks) Events(header http.Header, body []byte) ([]Event, error) {
	if len(body) > MaxCallback {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrMalformed, MaxCallback)
	}
	if !h.signed(header.Get("X-Line-Signature"), body) {
		return nil, ErrForged
	}
	var call callback
	if err := json.Unmarshal(body, &call); err != nil {
		return nil, fmt.Errorf("%w: it is no JSON of the expected shape", ErrMalformed)
	}
	events := []Event{}
	for _, raw := range call.Events[:min(len(call.Events), maxEvents)] {
		var e event
		if json.Unmarshal(raw, &e) != nil {
			continue // one that we cannot read must not hide the others
		}
		if event, ok := e.read(); ok {
			events = append(events, event)
		}
	}
	return events, nil
}

// signed checks X-Line-Signature: HMAC-SHA256 over the raw body, in Base64
// (https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/).
func (h *Hooks) signed(signature string, body []byte) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	match := false
	for _, s := range h.Secrets {
		if s.Empty() {
			continue
		}
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		mac.Write(body)
		match = hmac.Equal(mac.Sum(nil), given) || match
	}
	return match
}

type callback struct {
	Events []json.RawMessage `json:"events"`
}

// event is the part of LINE's webhook events that means something here.
type event struct {
	Type       string `json:"type"`
	Mode       string `json:"mode"` // standby: another program answers for the account
	ID         string `json:"webhookEventId"`
	ReplyToken string `json:"replyToken"`
	Timestamp  int64  `json:"timestamp"` // milliseconds
	Source     struct {
		Type string `json:"type"`
		User string `json:"userId"`
	} `json:"source"`
	Message struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"message"`
	Delivery struct {
		Again bool `json:"isRedelivery"`
	} `json:"deliveryContext"`
}

// latest keeps a time in years of four digits.
const latest = 253402300799999

// read says false to what is none of a person's own doing with the account:
// groups, pictures, and whatever else LINE has events for.
func (e *event) read() (Event, bool) {
	if e.Source.Type != "user" || !IsUser(e.Source.User) || e.Mode == "standby" || e.Timestamp < 0 || e.Timestamp > latest {
		return Event{}, false
	}
	if len(e.ID) > 64 || len(e.ReplyToken) > 128 {
		return Event{}, false
	}
	out := Event{
		ID: e.ID, Kind: Happening(e.Type), User: e.Source.User, ReplyToken: e.ReplyToken,
		At: time.UnixMilli(e.Timestamp).UTC(), Again: e.Delivery.Again,
	}
	switch out.Kind {
	case Followed, Unfollowed:
		return out, true
	case Wrote:
		out.Text = clip(e.Message.Text)
		return out, e.Message.Type == "text"
	}
	return Event{}, false
}

func clip(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "")
	}
	return text
}

// IsUser says whether a text has the form of a user id: U and 32 hexadecimal
// digits.
func IsUser(id string) bool {
	return len(id) == 33 && id[0] == 'U' && !strings.ContainsFunc(id[1:], func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
}
