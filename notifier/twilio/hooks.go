package twilio

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // it is what Twilio signs with
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Where Twilio calls back.
const (
	StatusPath  = "/hooks/twilio/status"
	InboundPath = "/hooks/twilio/inbound"
)

// Errors of a callback.
var (
	ErrForged    = errors.New("the callback is not signed by the account")
	ErrMalformed = errors.New("the callback is not of Twilio's form")
)

// Hooks reads what Twilio calls back with.
type Hooks struct {
	// AuthTokens are those of the accounts in use; a callback must be signed
	// by one. There are two of one account while a token is being changed.
	AuthTokens []notifier.Secret
	// PublicURL is the site's address as Twilio calls it. What a request says
	// of its own host is what a forger would choose, so it is not asked.
	PublicURL string
	// Token is the one that went out with a delivery (notifier.Outside.Token).
	Token func(delivery string) string
}

// Reply is a text that somebody sent to our number.
type Reply struct {
	From string // the number, in clear: never log it
	To   string
	Ref  string // Twilio's id of the text
	Stop bool   // wants no more
	At   time.Time
}

// Status reads a report on a delivery. form is the request's body, parsed. A
// status that is not known is reported as Planned, which changes nothing.
func (h *Hooks) Status(r *http.Request, form url.Values, at time.Time) (notifier.Receipt, error) {
	if err := h.verify(r, form); err != nil {
		return notifier.Receipt{}, err
	}
	query := r.URL.Query()
	delivery, token := query.Get("d"), query.Get("t")
	if h.Token == nil || !hmac.Equal([]byte(h.Token(delivery)), []byte(token)) {
		return notifier.Receipt{}, fmt.Errorf("%w: its delivery has another token", ErrForged)
	}
	status := form.Get("MessageStatus")
	if delivery == "" || status == "" || form.Get("MessageSid") == "" {
		return notifier.Receipt{}, fmt.Errorf("%w: d, MessageStatus or MessageSid is missing", ErrMalformed)
	}
	rank, _ := Rank(status)
	code, err := errorCode(form.Get("ErrorCode"))
	if err != nil {
		return notifier.Receipt{}, err
	}
	return notifier.Receipt{
		Delivery: delivery, Ref: form.Get("MessageSid"), Rank: rank,
		Code: form.Get("ErrorCode"), Text: wire.Scrub(form.Get("ErrorMessage"), form.Get("To")),
		Suppress: verdicts[code] == suppress, At: at,
	}, nil
}

func errorCode(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	code, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("%w: ErrorCode is no number", ErrMalformed)
	}
	return code, nil
}

// Inbound reads a text sent to us.
func (h *Hooks) Inbound(r *http.Request, form url.Values, at time.Time) (Reply, error) {
	if err := h.verify(r, form); err != nil {
		return Reply{}, err
	}
	if form.Get("From") == "" {
		return Reply{}, fmt.Errorf("%w: From is missing", ErrMalformed)
	}
	if form.Get("MessageSid") == "" {
		return Reply{}, fmt.Errorf("%w: MessageSid is missing", ErrMalformed)
	}
	stop := form.Get("OptOutType") == "STOP" || saysStop(form.Get("Body"))
	return Reply{From: form.Get("From"), To: form.Get("To"), Ref: form.Get("MessageSid"), Stop: stop, At: at}, nil
}

// stopWords end a subscription when they are the whole text. Twilio itself
// knows the English ones.
var stopWords = []string{
	"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE",
	"수신거부", "거부", "해지", "중지", "정지", "그만",
	"停止", "配信停止", "解除", "登録解除", "中止", "ストップ", "やめる",
}

func saysStop(body string) bool {
	word := strings.ToUpper(strings.Trim(body, " \t\r\n.!。！\"'「」"))
	word = strings.NewReplacer(" ", "", "-", "").Replace(word)
	return slices.Contains(stopWords, word)
}

// Rank says what a status means. ok is false for one we do not know, whose
// rank is Planned: it changes nothing.
func Rank(status string) (r notifier.Rank, ok bool) {
	switch status {
	case "queued", "accepted", "scheduled":
		return notifier.Accepted, true
	case "sending", "sent":
		return notifier.Sent, true
	case "delivered", "read":
		return notifier.Delivered, true
	case "failed", "undelivered", "canceled":
		return notifier.FailedRank, true
	}
	return notifier.Planned, false
}

// verify checks X-Twilio-Signature. No parameter comes twice in what Twilio
// sends; what has one twice is read differently by different readers, so it is
// refused.
func (h *Hooks) verify(r *http.Request, form url.Values) error {
	for _, values := range []url.Values{form, r.URL.Query()} {
		for name, v := range values {
			if len(v) != 1 {
				return fmt.Errorf("%w: %q is there %d times", ErrMalformed, name, len(v))
			}
		}
	}
	given := r.Header.Get("X-Twilio-Signature")
	address := h.PublicURL + r.URL.RequestURI()
	for _, token := range h.AuthTokens {
		if signed(token, address, form, given) {
			return nil
		}
	}
	return ErrForged
}

// signed tries the address as it is, and with its default port named or not:
// Twilio has signed either.
func signed(token notifier.Secret, address string, form url.Values, given string) bool {
	if token.Empty() {
		return false
	}
	params := sortedParams(form)
	match := false
	for _, a := range withAndWithoutPort(address) {
		match = hmac.Equal([]byte(sign(token, a+params)), []byte(given)) || match
	}
	return match
}

func sign(token notifier.Secret, text string) string {
	mac := hmac.New(sha1.New, []byte(token.Reveal()))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// sortedParams is what a signature covers beside the address: name, value,
// name, value, sorted by name.
func sortedParams(form url.Values) string {
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		all.WriteString(name + form.Get(name))
	}
	return all.String()
}

func withAndWithoutPort(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	bare, ported := *u, *u
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	if u.Port() == "" {
		ported.Host = u.Host + ":" + port
	} else {
		bare.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return []string{address, bare.String(), ported.String()}
}
