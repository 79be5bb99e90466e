package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"bongsu/notifier"
)

// What a gateway's wish for a pause is taken as: some say none, some say
// nonsense, and none should stop a queue for a day.
const (
	leastPause   = time.Second
	longestPause = time.Hour
)

// Fault says what an exchange that brought no answer of the gateway's own
// means for the message. err is what the exchange or the library around it
// returned, nil if there was an answer that made no sense.
//
//	nothing left this machine        plain: try again
//	no answer                        uncertain
//	2xx, 5xx without sense           uncertain: something behind it may have taken the message
//	429                              throttled
//	3xx, 408                         plain: not taken, and no verdict on the message
//	other 4xx                        rejected
func (x *Exchange) Fault(err error, secrets ...string) error {
	if err == nil {
		err = errors.New("an answer without sense")
	}
	err = quiet(err, secrets)
	if x.Status == 0 {
		if x.began.Load() {
			return &notifier.UncertainError{Err: err}
		}
		return err
	}
	err = fmt.Errorf("HTTP %d: %w", x.Status, err)
	switch {
	case x.Status == http.StatusTooManyRequests:
		return x.Throttled("HTTP 429")
	case x.Status < 300 || x.Status >= 500:
		return &notifier.UncertainError{Err: err}
	case x.Status < 400, x.Status == http.StatusRequestTimeout:
		return err
	}
	return &notifier.RejectedError{Code: "HTTP " + strconv.Itoa(x.Status), Text: "refused without a reason"}
}

// Throttled is the error for a gateway that took nothing and wants a pause, as
// long as its Retry-After says, or a second.
func (x *Exchange) Throttled(text string, secrets ...string) *notifier.ThrottledError {
	return &notifier.ThrottledError{After: retryAfter(x.Header), Text: Scrub(text, secrets...)}
}

// retryAfter reads seconds or a date; a date is taken relative to the answer's
// own, so it does not depend on how well two clocks agree.
func retryAfter(h http.Header) time.Duration {
	wish := h.Get("Retry-After")
	after := leastPause
	if seconds, err := strconv.Atoi(wish); err == nil {
		after = time.Duration(min(max(seconds, 0), int(longestPause/time.Second))) * time.Second
	} else if until, err := http.ParseTime(wish); err == nil {
		if sent, err := http.ParseTime(h.Get("Date")); err == nil {
			after = until.Sub(sent)
		}
	}
	return min(max(after, leastPause), longestPause)
}

// quietError is an error whose text names neither an address nor a secret.
type quietError struct {
	text string
	err  error
}

func (e *quietError) Error() string { return e.text }

// Unwrap keeps errors.Is working, for a context that ended.
func (e *quietError) Unwrap() error { return e.err }

// quiet drops the address that net/http puts into its errors: credentials and
// numbers are in it, and errors end up in logs.
func quiet(err error, secrets []string) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &quietError{text: Scrub(err.Error(), secrets...), err: err}
}

// numberLike is anything that may be somebody's number.
var numberLike = regexp.MustCompile(`\+?\d(?:[ ().-]{0,2}\d){6,}`)

// maxWords is how much of a gateway's own words an error carries, in bytes.
const maxWords = 200

// Scrub makes a gateway's own words fit for an error: one short line of them,
// without the secrets given, as they are or as headers and addresses have them,
// and without anything that may be a number.
func Scrub(text string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.NewReplacer(s, "…", url.QueryEscape(s), "…", base64.StdEncoding.EncodeToString([]byte(s)), "…").Replace(text)
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = numberLike.ReplaceAllString(strings.Join(strings.Fields(text), " "), "…")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}
