package appnotice

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bongsu/notifier"
)

// How callbacks are made. An app that cannot be reached is called again for
// about a day; progress is told at most once a minute.
const (
	callEvery  = time.Minute
	callTries  = 12
	firstPause = 5 * time.Second
	longPause  = 4 * time.Hour
	callLease  = 2 * time.Minute // one node makes a call; after this another may
	callTime   = 10 * time.Second
	callsEach  = 20 // in one look
)

// Calls keeps which apps are to be called.
type Calls interface {
	// DueCalls gives notices whose app is to be called by now, and keeps others
	// from calling until then.
	DueCalls(ctx context.Context, now, until time.Time, limit int) ([]Call, error)
	// SetCall says what became of a call, and when the next one is.
	SetCall(ctx context.Context, c Call) error
}

// Call is a callback of a notice.
type Call struct {
	View

	Callback string
	Number   int64     // of the call; the same in each of its tries
	Tries    int       // of this call
	Said     string    // what the last call told that was taken
	At       time.Time // when to call next; zero: never again
}

// told is what a callback says.
type told struct {
	Type      string    `json:"type"` // notice.progress or notice.ended
	Timestamp time.Time `json:"timestamp"`
	Data      View      `json:"data"`
}

// Callbacks makes the callbacks that are due, once.
func (d *Desk) Callbacks(ctx context.Context, now time.Time) error {
	r := d.Rules()
	if r == nil || d.Poster == nil {
		return nil
	}
	due, err := d.Book.DueCalls(ctx, now, now.Add(callLease), callsEach)
	if err != nil {
		return err
	}
	var errs []error
	for i := range due {
		errs = append(errs, d.callback(ctx, r, &due[i], now))
	}
	return errors.Join(errs...)
}

// callback makes one call, unless there is nothing new to tell.
func (d *Desk) callback(ctx context.Context, r *Rules, c *Call, now time.Time) error {
	over := c.State == StateEnded || c.State == StateCancelled && c.settled()
	said := c.sayable(over)
	app := r.Apps[c.App]
	switch {
	case app == nil || app.Callbacks.Empty():
		c.At = time.Time{} // the configuration has it no more
		return d.Book.SetCall(ctx, *c)
	case said == c.Said && !over:
		c.At = now.Add(callEvery)
		return d.Book.SetCall(ctx, *c)
	}
	if c.Tries == 0 {
		c.Number++
	}
	if err := d.expect(ctx, &c.View, now); err != nil {
		return err
	}
	err := d.post(ctx, app.Callbacks, c, over, now)
	c.Tries++
	switch {
	case err == nil && over:
		c.Said, c.Tries, c.At = said, 0, time.Time{}
	case err == nil:
		c.Said, c.Tries, c.At = said, 0, now.Add(callEvery)
	case c.Tries >= callTries:
		d.Log.Warn("calling an app back: giving up", "app", c.App, "notice", c.ID, "error", err)
		c.At = time.Time{}
	default:
		d.Log.Info("calling an app back", "app", c.App, "notice", c.ID, "try", c.Tries, "error", err)
		c.At = now.Add(min(firstPause<<min(2*(c.Tries-1), 20), longPause))
	}
	return d.Book.SetCall(ctx, *c)
}

// settled says whether nothing of the notice is on its way.
func (v *View) settled() bool { return !v.Ended.IsZero() }

// sayable is what a call would tell, to see whether it is news.
func (c *Call) sayable(over bool) string {
	text, err := json.Marshal(c.Channels)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append(text, strconv.FormatBool(over)...))
	return base64.RawStdEncoding.EncodeToString(sum[:9])
}

// post has the callback carried as a webhook is: signed as Standard Webhooks
// has it, to public addresses only.
func (d *Desk) post(ctx context.Context, secret notifier.Secret, c *Call, over bool, now time.Time) error {
	kind := "notice.progress"
	if over {
		kind = "notice.ended"
	}
	body, err := json.Marshal(told{Type: kind, Timestamp: now.UTC(), Data: c.View})
	if err != nil {
		return err
	}
	to, err := json.Marshal(map[string]string{"url": c.Callback, "secret": secret.Reveal()})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	_, err = d.Poster.Send(ctx, notifier.Message{
		Delivery: fmt.Sprintf("%s_%d", c.ID, c.Number), To: string(to), Class: notifier.ClassWebhook, Body: string(body),
	})
	return err
}
