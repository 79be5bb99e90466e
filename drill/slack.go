package drill

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"
)

// slackDesk is the operators' workspace in the shape of Slack's Web API:
// auth.test, and chat.postMessage into channels and threads, at the pace that
// Slack allows each channel.
type slackDesk struct {
	city *City
	dice *dice

	mu    sync.Mutex
	paces map[string]time.Time // by channel: when its next message is due at full pace
	last  int64                // microseconds of the newest ts
}

const (
	slackBurst    = 4   // messages that may come in advance of the pace
	slackChannels = 100 // channels that are remembered
)

func newSlackDesk(c *City) *slackDesk {
	return &slackDesk{city: c, dice: newDice(c.settings.Seed, "slack"), paces: map[string]time.Time{}}
}

// slackPost is a message as a JSON client sends it.
type slackPost struct {
	Channel string `json:"channel"`
	Text    string `json:"text"`
	Thread  string `json:"thread_ts"`
}

func (d *slackDesk) read(a *ask) note {
	var post slackPost
	if strings.HasPrefix(a.r.Header.Get("Content-Type"), "application/json") {
		if readJSON(a.body, &post) != nil {
			return note{}
		}
	} else {
		a.readForm()
		post = slackPost{a.form.Get("channel"), a.form.Get("text"), a.form.Get("thread_ts")}
	}
	a.send = post
	return note{to: post.Channel, body: post.Text, thread: post.Thread}
}

func (d *slackDesk) answer(a *ask) {
	token, found := strings.CutPrefix(a.r.Header.Get("Authorization"), "Bearer ")
	if !found {
		token = a.form.Get("token")
	}
	method := a.r.URL.Path[strings.LastIndex(a.r.URL.Path, "/")+1:] // with and without /api
	switch {
	case !same(token, d.city.keys.SlackToken):
		writeJSON(a.w, http.StatusOK, slackError("invalid_auth"))
	case method == "auth.test":
		writeJSON(a.w, http.StatusOK, simulated(fields{
			"ok": true, "url": d.city.URL(Slack) + "/", "team": "Simulation", "user": "bongsu",
			"team_id": "T00000001", "user_id": "U00000001", "bot_id": "B00000001",
		}))
	case method == "chat.postMessage" && a.r.Method == http.MethodPost:
		d.post(a)
	default:
		writeJSON(a.w, http.StatusOK, slackError("unknown_method"))
	}
}

func (d *slackDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, slackError("invalid_auth")}
	case Throttled:
		return complaint{http.StatusTooManyRequests, 1, slackError("ratelimited")}
	default:
		return complaint{http.StatusServiceUnavailable, 0, slackError("service_unavailable")}
	}
}

func (d *slackDesk) post(a *ask) {
	post, _ := a.send.(slackPost)
	switch {
	case post.Channel == "":
		writeJSON(a.w, http.StatusOK, slackError("channel_not_found"))
		return
	case post.Text == "":
		writeJSON(a.w, http.StatusOK, slackError("no_text"))
		return
	}
	now := d.city.now()
	pause, known := d.pace(post.Channel, now)
	if !known {
		writeJSON(a.w, http.StatusOK, slackError("channel_not_found"))
		return
	}
	if pause > 0 {
		refuse(a.w, complaint{http.StatusTooManyRequests, int(math.Ceil(pause.Seconds())), slackError("ratelimited")})
		return
	}
	a.ref = d.stamp(now)
	if a.mode != Lose {
		p := &parcel{id: a.ref, to: post.Channel, body: post.Text}
		d.city.bring(0, func() { d.city.arrive(Slack, p, post.Thread) })
	}
	d.city.pause(a.r.Context(), d.dice.between(d.city.settings.Latency))
	message := fields{"type": "message", "text": post.Text, "ts": a.ref, "user": "U00000001", "bot_id": "B00000001"}
	if post.Thread != "" {
		message["thread_ts"] = post.Thread
	}
	writeJSON(a.w, http.StatusOK, simulated(fields{"ok": true, "channel": post.Channel, "ts": a.ref, "message": message}))
}

// pace says how long a channel's next message has to wait, and takes its place
// if it need not.
func (d *slackDesk) pace(channel string, now time.Time) (pause time.Duration, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	due, known := d.paces[channel]
	if !known && len(d.paces) == slackChannels {
		return 0, false
	}
	step := d.city.settings.SlackPace
	if step < 0 {
		return 0, true
	}
	if due.Before(now) {
		due = now
	}
	if pause = due.Sub(now) - slackBurst*step; pause > 0 {
		return pause, true
	}
	d.paces[channel] = due.Add(step)
	return 0, true
}

// stamp makes a message's ts: seconds and microseconds, never the same twice.
func (d *slackDesk) stamp(now time.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = max(d.last+1, now.UnixMicro())
	return fmt.Sprintf("%d.%06d", d.last/1e6, d.last%1e6)
}

func slackError(code string) fields { return simulated(fields{"ok": false, "error": code}) }
