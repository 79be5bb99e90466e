package console

import (
	"context"
	"strconv"
	"strings"
	"time"

	"bongsu/web/account"
	"bongsu/web/speech"
)

// Done is something that somebody did through the console, for the audit log.
type Done struct {
	Who    account.Who
	Deed   account.Deed
	About  string // what it was done to: notice ID, subscriber 4711, channel sms
	Detail string // in one line; no address and no secret is in it
	At     time.Time
}

// Recorder keeps what was done where nobody can change it unseen.
type Recorder interface {
	Record(ctx context.Context, d Done) error
}

// record puts on the audit log what has been done. It was done whether or not
// that works, so the visitor is not told otherwise; the log is.
func (v *visit) record(deed account.Deed, about, detail string) {
	d := Done{Who: v.who, Deed: deed, About: about, Detail: detail, At: v.now()}
	if v.console.options.Recorder == nil {
		return
	}
	if err := v.console.options.Recorder.Record(context.WithoutCancel(v.request.Context()), d); err != nil {
		v.console.options.Log.ErrorContext(v.request.Context(), "putting it on the audit log", "deed", deed, "about", about, "detail", detail, "error", err)
	}
}

// grouped writes a number in groups of three digits.
func grouped(n int64) string { return speech.Grouped(n) }

// option is a choice of a form.
type option struct {
	Value, Text string
	Chosen      bool
}

// options are choices, with the one that is chosen.
func choices(chosen string, pairs ...string) []option {
	var list []option
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, option{Value: pairs[i], Text: pairs[i+1], Chosen: pairs[i] == chosen})
	}
	return list
}

// asked is a value of the page's address, within a bound.
func (v *visit) asked(name string) string {
	const most = 200 // bytes
	value := strings.TrimSpace(v.request.URL.Query().Get(name))
	if len(value) > most || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
		return ""
	}
	return value
}

// number is a value of the page's address that is a number from 0 on; else 0.
func (v *visit) number(name string) int64 {
	n, err := strconv.ParseInt(v.asked(name), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
