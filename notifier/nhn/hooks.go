package nhn

import (
	"cmp"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"bongsu/notifier"
)

// ReportPath is where NHN Cloud SMS reports results.
const ReportPath = "/hooks/nhn-sms/report"

// Errors of a callback.
var (
	ErrForged    = errors.New("the callback does not know the webhook's signature")
	ErrMalformed = errors.New("the callback is not of NHN Cloud's form")
)

// Hooks reads what NHN Cloud SMS calls back with. It shows the signature that
// the webhook was registered with and signs nothing of the callback, so whoever
// once saw one can make others; but each delivery's key has a proof of its own,
// and no callback takes back what is known.
type Hooks struct {
	Signatures []notifier.Secret // of the webhooks in use
}

// mostHooks bounds the results of one callback.
const mostHooks = 10_000

// eventResults is the event that reports results; others are left out.
const eventResults = "MESSAGE_RESULT_UPDATE"

// hook is a result as a callback has it.
type hook struct {
	Kind      string `json:"senderType"` // NORMAL_SMS and its like
	RequestID string `json:"requestId"`
	Seq       any    `json:"recipientSeq"` // a number, or one in a string
	State     string `json:"messageStatus"`
	Code      string `json:"resultCode"`
	Key       string `json:"recipientGroupingKey"`
	KeyAsSent string `json:"recipientGropuingKey"` // as the guide's example spells it
}

// Reports reads results of deliveries. Texts that are not ours, having no key,
// are left out.
func (h *Hooks) Reports(r *http.Request, body []byte, at time.Time) ([]notifier.Receipt, error) {
	if !h.knows(r.Header.Get("X-Toast-Webhook-Signature")) {
		return nil, ErrForged
	}
	var came struct {
		Event string `json:"event"`
		Hooks []hook `json:"hooks"`
	}
	if err := json.Unmarshal(body, &came); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(came.Hooks) > mostHooks {
		return nil, fmt.Errorf("%w: it has %d results", ErrMalformed, len(came.Hooks))
	}
	if came.Event != eventResults {
		return nil, nil
	}
	var receipts []notifier.Receipt
	for _, one := range came.Hooks {
		if receipt := one.receipt(at); receipt.Delivery != "" {
			receipts = append(receipts, receipt)
		}
	}
	return receipts, nil
}

func (h *hook) receipt(at time.Time) notifier.Receipt {
	kind := long
	if strings.HasSuffix(h.Kind, "SMS") {
		kind = short
	}
	return notifier.Receipt{
		Delivery: cmp.Or(h.Key, h.KeyAsSent), Ref: fmt.Sprintf("%s/%s/%v", kind, h.RequestID, h.Seq),
		Rank: h.rank(), Code: h.Code, Suppress: h.Code == codeNobody || h.Code == codeNoSuch, At: at,
	}
}

// rank is what a callback's words for a state say.
func (h *hook) rank() notifier.Rank {
	switch h.State {
	case "FAILED", "CANCEL", "DUPLICATED", "FAILED_AD":
		return rank(stateFailed, h.Code)
	case "COMPLETED":
		return rank(stateDone, h.Code)
	}
	return rank("", h.Code)
}

func (h *Hooks) knows(shown string) bool {
	known := false
	for _, s := range h.Signatures {
		known = !s.Empty() && hmac.Equal([]byte(s.Reveal()), []byte(shown)) || known
	}
	return known
}
