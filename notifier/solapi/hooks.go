package solapi

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // it is what Solapi shows its secret by
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"bongsu/notifier"
)

// ReportPath is where Solapi reports results.
const ReportPath = "/hooks/solapi/report"

// Errors of a callback.
var (
	ErrForged    = errors.New("the callback does not know the webhook's secret")
	ErrMalformed = errors.New("the callback is not of Solapi's form")
)

// Hooks reads what Solapi calls back with.
//
// How a callback looks is known from several people's code and not from a
// document: a list of messages, and in a header the secret that the webhook was
// registered with, as its SHA-1; some have it as it is, so both are taken. It
// signs nothing of the callback, so whoever once saw one can make others; but
// each delivery's key has a proof of its own, and no callback takes back what is
// known.
type Hooks struct {
	Secrets []notifier.Secret // of the webhooks in use
}

// mostReports bounds the messages of one callback.
const mostReports = 10_000

// Reports reads results of deliveries. Messages that are not ours, having no
// key, are left out.
func (h *Hooks) Reports(r *http.Request, body []byte, at time.Time) ([]notifier.Receipt, error) {
	if !h.knows(r.Header.Get("X-Solapi-Secret")) {
		return nil, ErrForged
	}
	var came []struct {
		message
		Data *message `json:"data"` // some have the message one deeper
	}
	if err := json.Unmarshal(body, &came); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(came) > mostReports {
		return nil, fmt.Errorf("%w: it has %d messages", ErrMalformed, len(came))
	}
	var receipts []notifier.Receipt
	for _, c := range came {
		m := &c.message
		if c.Data != nil {
			m = c.Data
		}
		if m.delivery() != "" {
			receipts = append(receipts, m.receipt(m.ID, at))
		}
	}
	return receipts, nil
}

func (h *Hooks) knows(shown string) bool {
	known := false
	for _, s := range h.Secrets {
		if s.Empty() {
			continue
		}
		sum := sha1.Sum([]byte(s.Reveal())) //nolint:gosec // see above
		known = hmac.Equal([]byte(hex.EncodeToString(sum[:])), []byte(shown)) || known
		known = hmac.Equal([]byte(s.Reveal()), []byte(shown)) || known
	}
	return known
}
