// Package nhn hands SMS and long texts (LMS) over to NHN Cloud and asks what
// became of them. It has what all of NHN Cloud's message products share, too.
//
// Paths, fields and codes are those of the vendor's guide to API 3.0 of SMS.
// What the guide does not say is named where it matters; see docs/notices.md.
package nhn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// API is the way to one of NHN Cloud's products.
type API struct {
	line   *wire.Line
	secret notifier.Secret
}

// NewAPI makes the way to the product at the base address, with the app's
// secret key.
func NewAPI(base string, secret notifier.Secret, o notifier.Outside) (*API, error) {
	u, err := wire.ParseBase(base)
	if err != nil {
		return nil, err
	}
	return &API{line: wire.NewLine(u, o), secret: secret}, nil
}

// Header begins every answer: whatever its HTTP status, it says whether the
// request as a whole was taken.
type Header struct {
	OK   bool   `json:"isSuccessful"`
	Code int    `json:"resultCode"`
	Text string `json:"resultMessage"`
}

// Ask makes one exchange and reads its answer into answer. An error says that
// there is none that tells.
func (a *API) Ask(r *http.Request, x *wire.Exchange, answer any) error {
	r.Header.Set("X-Secret-Key", a.secret.Reveal())
	r.Header.Set("Content-Type", "application/json;charset=UTF-8")
	if err := a.line.Do(r, x); err != nil {
		return err
	}
	if err := json.Unmarshal(x.Body, answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}

// Get asks a question at a path and reads its answer, whose header is head, of
// at most limit bytes. A refusal is told by its code alone: its words may have
// somebody's number or text in them, and who asks need not know which.
func (a *API) Get(ctx context.Context, path string, limit int, answer any, head *Header, secrets ...string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return errors.New("the app key makes no address")
	}
	x := &wire.Exchange{Limit: limit}
	err = a.Ask(r, x, answer)
	switch {
	case err != nil:
		return x.Fault(err, secrets...)
	case x.Status == http.StatusTooManyRequests:
		return x.Throttled("HTTP 429")
	case head.Code != 0:
		return &notifier.RejectedError{Code: strconv.Itoa(head.Code), Text: "the question is refused"}
	case !head.OK || x.Status >= 300:
		return x.Fault(nil, secrets...)
	}
	return nil
}

// Bounds of a question for many results.
const (
	PageSize  = 1000    // the most that the APIs give at once
	PageLimit = 1 << 20 // bytes of one page: half a kilobyte each, and as much again
	mostPages = 1000
)

// Pages asks for one page after the other, the first being 1, until one has
// less than it may. ask returns how many results its page had.
func Pages(ask func(page int) (int, error)) error {
	for page := 1; page <= mostPages; page++ {
		n, err := ask(page)
		if err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		if n < PageSize {
			return nil
		}
	}
	return fmt.Errorf("more than %d results", mostPages*PageSize)
}

// Seoul is the time zone of NHN Cloud's dates. Korea has had no other since
// 1988.
var Seoul = time.FixedZone("KST", 9*60*60)

// Domestic writes a Korean number as Korea does; another country's keeps its
// country's digits. korean says which it is.
func Domestic(number string) (digits string, korean bool) {
	if rest, ok := strings.CutPrefix(number, "+82"); ok {
		return "0" + rest, true
	}
	return strings.TrimPrefix(number, "+"), false
}

// IsKey says whether a text may be one of NHN Cloud's keys: what would change
// the meaning of an address or a header may not.
func IsKey(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/?#%", r) })
}
