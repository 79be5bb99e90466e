package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// report tells the sender's webhook, if there is one, what becomes of a text. say
// words a state and gives the headers that show who is calling.
func (c *City) report(s Service, p *parcel, travel time.Duration, mode Mode, say func(state string) (body string, header http.Header)) {
	hook, known := c.webhooks.Load(s)
	address, _ := hook.(string)
	if !known || address == "" || mode == Lose {
		return
	}
	for _, r := range receipts(&parcel{state: twilioQueued}, travel, mode, c.settings.Late) {
		came := Entry{Kind: Callback, Service: s, To: p.to, Body: r.state, Key: p.key, Ref: p.id}
		room := c.callbacks.after(r.after, func(ctx context.Context) {
			came := came
			body, header := say(r.state)
			came.At = c.now()
			came.Outcome, _ = c.tell(ctx, address, "application/json", body, header)
			c.log.write(came)
		})
		if !room {
			came.At, came.Outcome = c.now(), "dropped: too many callbacks are waiting"
			c.log.write(came)
		}
	}
}

// SetReports says where a spare SMS gateway reports results to. The address must
// be of this machine; empty switches it off.
func (c *City) SetReports(s Service, address string) error {
	if !s.Spare() {
		return fmt.Errorf("reports of %s: %w", s, ErrNoSuch)
	}
	if address != "" && !loopback(address) {
		return fmt.Errorf("setting the address for reports to %s: %w", address, errNotLoopback)
	}
	c.webhooks.Store(s, address)
	return nil
}

// inJSON writes our own types, which always encode.
func inJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}
