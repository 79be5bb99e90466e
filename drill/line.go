package drill

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"unicode/utf16"
)

// lineDesk is another messenger in the shape of LINE's Messaging API. It stands
// on its own: the shared login is none of its business. It reports neither
// delivery nor reading, and takes a retry key once.
//
//	POST /v2/bot/message/push       to one person
//	POST /v2/bot/message/multicast  to at most 500
type lineDesk struct {
	city *City
	dice *dice

	mu    sync.Mutex
	keys  map[string]string // retry key → id of the request that was taken
	order []string          // of the keys, oldest first
}

const (
	lineKeyHeader = "X-Line-Retry-Key"
	lineMost      = 500  // people in one multicast
	lineLongest   = 5000 // UTF-16 units of a text
)

func newLineDesk(c *City) *lineDesk {
	return &lineDesk{city: c, dice: newDice(c.settings.Seed, "line"), keys: map[string]string{}}
}

// linePost is a request; To is a user id, or a list of them.
type linePost struct {
	To       json.RawMessage `json:"to"`
	Messages []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"messages"`
}

func (d *lineDesk) read(a *ask) note {
	n := note{key: a.r.Header.Get(lineKeyHeader)}
	var post linePost
	if readJSON(a.body, &post) != nil {
		return n
	}
	a.send = post
	if json.Unmarshal(post.To, &n.to) != nil {
		n.to = "" // many are told apart by their arrivals
	}
	if len(post.Messages) > 0 {
		n.body = post.Messages[0].Text
	}
	return n
}

func (d *lineDesk) answer(a *ask) {
	method, found := strings.CutPrefix(a.r.URL.Path, "/v2/bot/message/")
	token, _ := strings.CutPrefix(a.r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !same(token, d.city.keys.LineToken):
		writeJSON(a.w, http.StatusUnauthorized, lineError("Authentication failed. Confirm that the access token in the authorization header is valid."))
	case found && a.r.Method == http.MethodPost && (method == "push" || method == "multicast"):
		d.take(a, method == "multicast")
	default:
		writeJSON(a.w, http.StatusNotFound, lineError("Not found"))
	}
}

func (d *lineDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, lineError("Authentication failed due to the following reason: invalid token. Confirm that the access token in the authorization header is valid.")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, lineError("The API rate limit has been exceeded. Try again later.")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, lineError("The service is not available.")}
	}
}

// take takes a message or says why not. A key is used up by a request that
// passes, not by one that is refused for its content.
func (d *lineDesk) take(a *ask, many bool) {
	post, _ := a.send.(linePost)
	to, problem := lineRecipients(post.To, many)
	if problem == "" {
		problem = lineProblem(post)
	}
	key := a.r.Header.Get(lineKeyHeader)
	if problem == "" && key != "" && !lineUUID(key) {
		problem = "The retry key is not a UUID"
	}
	if problem != "" {
		writeJSON(a.w, http.StatusBadRequest, lineError(problem))
		return
	}
	a.ref = d.dice.id("")
	a.w.Header().Set("X-Line-Request-Id", a.ref)
	if first, fresh := d.claim(key, a.ref); !fresh {
		a.w.Header().Set("X-Line-Accepted-Request-Id", first)
		a.ref = first
		writeJSON(a.w, http.StatusConflict, lineError("The retry key is already accepted"))
		return
	}
	if a.mode != Lose {
		d.dispatch(a, to, post.Messages[0].Text, key)
	}
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	answer := fields{}
	if !many {
		answer["sentMessages"] = []fields{{"id": a.ref, "quoteToken": ""}}
	}
	writeJSON(a.w, http.StatusOK, simulated(answer))
}

func (d *lineDesk) dispatch(a *ask, to []string, text, key string) {
	for _, user := range to {
		p := &parcel{id: a.ref, to: user, body: text, key: key}
		d.city.bring(d.dice.between(d.city.settings.Travel), func() { d.city.arrive(Line, p, "") })
	}
}

// claim uses a key up. It says which request had it before, if one did.
func (d *lineDesk) claim(key, ref string) (first string, fresh bool) {
	if key == "" {
		return "", true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if first, known := d.keys[key]; known {
		return first, false
	}
	if len(d.order) >= d.city.settings.Keep {
		delete(d.keys, d.order[0])
		d.order = d.order[1:]
	}
	d.keys[key] = ref
	d.order = append(d.order, key)
	return "", true
}

func lineRecipients(raw json.RawMessage, many bool) (to []string, problem string) {
	if many {
		if json.Unmarshal(raw, &to) != nil || len(to) == 0 || len(to) > lineMost {
			return nil, "The property, 'to', in the request body is invalid (line: -, column: -)"
		}
	} else {
		var one string
		if json.Unmarshal(raw, &one) != nil {
			return nil, "The property, 'to', in the request body is invalid (line: -, column: -)"
		}
		to = []string{one}
	}
	for i, user := range to {
		if lineUser(user) {
			continue
		}
		name := "to"
		if many {
			name = fmt.Sprintf("to[%d]", i)
		}
		return nil, "The property, '" + name + "', in the request body is invalid (line: -, column: -)"
	}
	return to, ""
}

func lineProblem(post linePost) string {
	if len(post.Messages) != 1 || post.Messages[0].Type != "text" || post.Messages[0].Text == "" {
		return "The property, 'messages', in the request body is invalid (line: -, column: -)"
	}
	if len(utf16.Encode([]rune(post.Messages[0].Text))) > lineLongest {
		return "The property, 'messages[0].text', in the request body is invalid (line: -, column: -)"
	}
	return ""
}

// lineUser says whether an id is of the form of a person's.
func lineUser(id string) bool {
	return len(id) == 33 && id[0] == 'U' && strings.Trim(id[1:], "0123456789abcdef") == ""
}

func lineUUID(key string) bool {
	parts := strings.Split(key, "-")
	return len(key) == 36 && len(parts) == 5 && len(parts[0]) == 8 && strings.Trim(key, "0123456789abcdefABCDEF-") == ""
}

func lineError(text string) fields { return simulated(fields{"message": text}) }

// LineEvent is what a person does with the messenger's account: follow,
// unfollow, or write a text to it.
type LineEvent struct {
	User, Kind, Text string
}

// LineCallback is a callback in which the messenger tells of events: its body,
// and the signature that goes into X-Line-Signature.
func (c *City) LineCallback(events ...LineEvent) (body []byte, signature string) {
	list := make([]fields, 0, len(events))
	for _, e := range events {
		event := fields{
			"type": e.Kind, "mode": "active", "timestamp": c.now().UnixMilli(), "webhookEventId": strings.ToUpper(c.line.dice.id("01")),
			"deliveryContext": fields{"isRedelivery": false}, "source": fields{"type": "user", "userId": e.User},
		}
		if e.Kind == "message" {
			event["message"] = fields{"id": c.line.dice.id(""), "type": "text", "text": e.Text}
		}
		list = append(list, event)
	}
	body, err := json.Marshal(simulated(fields{"destination": "U" + strings.Repeat("0", 32), "events": list}))
	if err != nil {
		panic(err) // our own types always encode
	}
	mac := hmac.New(sha256.New, []byte(c.keys.LineSecret))
	mac.Write(body)
	return body, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
