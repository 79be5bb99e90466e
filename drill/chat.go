package drill

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// chatDesk is the messenger. The user "canary" answers each message with the
// same text, so a probe can send and read it back.
//
//	GET  /v1/health          the front door, without login
//	POST /v1/send            {"to": …, "text": …} → message.id
//	GET  /v1/inbox?after=ID  what came after the message
type chatDesk struct {
	guard *guard
	now   func() time.Time

	mu       sync.Mutex
	messages []chatMessage // the newest, oldest first
	last     int
}

// chatKept is how many messages the messenger remembers.
const chatKept = 1000

type chatMessage struct {
	number int
	From   string    `json:"from"`
	To     string    `json:"to"`
	Text   string    `json:"text"`
	At     time.Time `json:"at"`
	ID     string    `json:"id"`
}

const (
	me     = "me"     // the account of the token
	canary = "canary" // echoes
)

func newChatDesk(g *guard, now func() time.Time) *chatDesk { return &chatDesk{guard: g, now: now} }

type chatDraft struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

func (d *chatDesk) read(a *ask) note {
	var draft chatDraft
	if a.r.Method == http.MethodPost && readJSON(a.body, &draft) == nil {
		a.send = draft
	}
	return note{to: draft.To, body: draft.Text}
}

func (d *chatDesk) answer(a *ask) {
	action := a.r.Method + " " + a.r.URL.Path
	switch action {
	case "GET /v1/health":
		writeJSON(a.w, http.StatusOK, simulated(fields{"ok": true, "service": "chat"}))
		return
	case "POST /v1/send", "GET /v1/inbox":
	default:
		writeJSON(a.w, http.StatusNotFound, chatError("not_found"))
		return
	}
	switch err := d.guard.check(a); {
	case errors.Is(err, errNoToken):
		writeJSON(a.w, http.StatusUnauthorized, chatError("invalid_token"))
	case err != nil:
		writeJSON(a.w, http.StatusServiceUnavailable, chatError("login_unavailable"))
	case action == "POST /v1/send":
		d.take(a)
	default:
		d.inbox(a)
	}
}

func (d *chatDesk) take(a *ask) {
	draft, ok := a.send.(chatDraft)
	if !ok || draft.To == "" || draft.Text == "" || len(draft.Text) > 4000 {
		writeJSON(a.w, http.StatusBadRequest, chatError("invalid_message"))
		return
	}
	sent := d.keep(draft, d.now())
	a.ref = sent.ID
	writeJSON(a.w, http.StatusOK, simulated(fields{"ok": true, "message": sent}))
}

// keep remembers the message, and the canary's answer right behind it, so that
// what follows a message in the inbox is its own echo whoever else is writing.
func (d *chatDesk) keep(draft chatDraft, now time.Time) chatMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	sent := d.add(chatMessage{From: me, To: draft.To, Text: draft.Text, At: now})
	if draft.To == canary {
		d.add(chatMessage{From: canary, To: me, Text: draft.Text, At: now})
	}
	return sent
}

func (d *chatDesk) add(m chatMessage) chatMessage {
	d.last++
	m.number, m.ID = d.last, "m-"+strconv.Itoa(d.last)
	if len(d.messages) == chatKept {
		d.messages = d.messages[1:]
	}
	d.messages = append(d.messages, m)
	return m
}

func (d *chatDesk) inbox(a *ask) {
	after, err := messageNumber(a.r.URL.Query().Get("after"))
	if err != nil {
		writeJSON(a.w, http.StatusBadRequest, chatError("invalid_after"))
		return
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{"ok": true, "messages": d.received(after)}))
}

// received returns at most 100 messages to the account after a number.
func (d *chatDesk) received(after int) []chatMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := []chatMessage{}
	for _, m := range d.messages {
		if m.number > after && m.To == me && len(found) < 100 {
			found = append(found, m)
		}
	}
	return found
}

func messageNumber(id string) (int, error) {
	if id == "" {
		return 0, nil
	}
	if len(id) < 3 || id[:2] != "m-" {
		return 0, errors.New("a message's id looks like m-7")
	}
	return strconv.Atoi(id[2:])
}

func (d *chatDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, chatError("invalid_token")}
	case Quota:
		return complaint{http.StatusTooManyRequests, retryAfter, chatError("rate_limited")}
	case QuotaCode:
		return quotaCode()
	default:
		return complaint{http.StatusServiceUnavailable, 0, chatError("unavailable")}
	}
}

func chatError(code string) fields { return simulated(fields{"ok": false, "error": code}) }
