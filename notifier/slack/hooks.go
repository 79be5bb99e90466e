package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"bongsu/notifier"
)

// Errors of what comes from Slack.
var (
	ErrForged    = errors.New("not signed by Slack for this app, or too long ago")
	ErrMalformed = errors.New("not of the form of Slack's requests")
)

// MaxBody bounds a request of Slack's, in bytes. A button's holds the message it
// is under, which has at most 40,000 characters.
const MaxBody = 512 << 10

// fresh is how old a request may be, or how far ahead of our clock.
const fresh = 5 * time.Minute

// Hooks believes what Slack has signed for one of the apps.
type Hooks struct{ Apps []App }

// App is an app of a workspace, with who may ask what by it.
type App struct {
	Secret notifier.Secret
	Users  map[string]string // by Slack's id of somebody: the name of their account here
}

// Ask is what somebody in Slack wants.
type Ask struct {
	Mark    string // of the request: one that is played again has the same
	User    string // Slack's id of them
	Account string // the name of their account here; empty: they have none
	Text    string // behind a slash command
	Button  string // which was pressed; empty: it is a slash command
	About   string // what the button is about
	Answer  string // where the answer to a button goes
}

// The buttons under the operators' messages.
const (
	ButtonAcknowledge = "acknowledge"
	ButtonPublish     = "publish"
)

// Command reads a slash command.
func (h *Hooks) Command(header http.Header, body []byte, at time.Time) (Ask, error) {
	a, form, err := h.read(header, body, at)
	if err != nil {
		return a, err
	}
	a.User, a.Text = form.Get("user_id"), strings.TrimSpace(form.Get("text"))
	if a.User == "" || form.Get("command") == "" {
		return a, fmt.Errorf("%w: it is no slash command", ErrMalformed)
	}
	return h.known(a), nil
}

// Press reads the press of a button.
func (h *Hooks) Press(header http.Header, body []byte, at time.Time) (Ask, error) {
	a, form, err := h.read(header, body, at)
	if err != nil {
		return a, err
	}
	var pressed struct { // of slack-go's InteractionCallback what we go by, so that new fields break nothing
		Type        string              `json:"type"`
		User        struct{ ID string } `json:"user"`
		ResponseURL string              `json:"response_url"`
		Actions     []struct {
			ID    string `json:"action_id"`
			Value string `json:"value"`
		} `json:"actions"`
	}
	if err := json.Unmarshal([]byte(form.Get("payload")), &pressed); err != nil {
		return a, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if pressed.Type != string(api.InteractionTypeBlockActions) || len(pressed.Actions) != 1 || pressed.User.ID == "" {
		return a, fmt.Errorf("%w: it is no press of one button", ErrMalformed)
	}
	a.User, a.Button, a.About, a.Answer = pressed.User.ID, pressed.Actions[0].ID, pressed.Actions[0].Value, pressed.ResponseURL
	return h.known(a), nil
}

// read checks the signature over the raw body, and when it was made; then it
// reads the form. Which app has signed is in the mark.
func (h *Hooks) read(header http.Header, body []byte, at time.Time) (Ask, url.Values, error) {
	stamp, signature := header.Get("X-Slack-Request-Timestamp"), header.Get("X-Slack-Signature")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || at.Sub(time.Unix(seconds, 0)).Abs() > fresh {
		return Ask{}, nil, ErrForged
	}
	for i := range h.Apps {
		if h.Apps[i].Secret.Empty() || !hmac.Equal([]byte(sign(h.Apps[i].Secret, stamp, body)), []byte(signature)) {
			continue
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return Ask{}, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		return Ask{Mark: strconv.Itoa(i) + " " + stamp + " " + signature}, form, nil
	}
	return Ask{}, nil, ErrForged
}

// sign is Slack's signature, version 0
// (https://docs.slack.dev/authentication/verifying-requests-from-slack).
func sign(secret notifier.Secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// known adds whose account it is, by the app that has signed.
func (h *Hooks) known(a Ask) Ask {
	number, _, _ := strings.Cut(a.Mark, " ")
	if i, err := strconv.Atoi(number); err == nil {
		a.Account = h.Apps[i].Users[a.User]
	}
	return a
}
