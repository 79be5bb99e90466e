package appnotice

import (
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// worst makes every subscriber of a plan hear, whatever they are told from.
const worst = status.MajorOutage

// Progress says how far a notice has come.
type Progress string

// The states of a notice.
const (
	StatePlanning  Progress = "planning"  // its recipients are being counted out
	StateSending   Progress = "sending"   // texts leave, or wait for a word of success
	StateEnded     Progress = "ended"     // everybody is through
	StateCancelled Progress = "cancelled" // the app took it back; what had left stays
)

// Counts are deliveries. A recipient who moved on to another gateway or channel
// counts on each that was tried for them.
type Counts struct {
	Planned   int64 `json:"planned"`
	Handed    int64 `json:"handed"`    // a gateway took it
	Delivered int64 `json:"delivered"` // and says that it arrived
	Failed    int64 `json:"failed"`
	Unknown   int64 `json:"unknown"` // may have been handed over; nobody knows
	Moved     int64 `json:"moved"`   // went on to another try, gateway or channel
	Cancelled int64 `json:"cancelled"`
}

// ByChannel is the counts of one channel.
type ByChannel struct {
	Channel string `json:"channel"`
	Counts
}

// View is a notice as its app sees it.
type View struct {
	ID       string      `json:"id"`
	State    Progress    `json:"state"`
	Template string      `json:"template"`
	Version  int         `json:"version"`
	Plan     string      `json:"plan"`
	Policy   string      `json:"policy"`
	Code     string      `json:"code"`
	Made     time.Time   `json:"made"`
	Expires  time.Time   `json:"expires"`
	People   int64       `json:"people"`  // when it was asked for
	Planned  int64       `json:"planned"` // of them so far
	AtMost   []Amount    `json:"at_most"`
	ETA      *int64      `json:"eta_s"` // seconds until the last has left; null: nobody can say, or it is not being sent
	Channels []ByChannel `json:"channels"`

	Number int64     `json:"-"` // of the notice in the ledger
	List   int64     `json:"-"` // 0: subscribers
	App    string    `json:"-"`
	Ended  time.Time `json:"-"`
}

// Outcome is what became of a recipient.
type Outcome string

// The outcomes.
const (
	OutWaiting   Outcome = "waiting"
	OutHanded    Outcome = "handed"
	OutDelivered Outcome = "delivered"
	OutFailed    Outcome = "failed"
	OutUnknown   Outcome = "unknown"
	OutCancelled Outcome = "cancelled"
	OutNoAddress Outcome = "no_address"
)

// Result is what became of a recipient, by the app's own name for them.
type Result struct {
	Ref     string     `json:"ref"` // empty: erased since
	Outcome Outcome    `json:"outcome"`
	Channel string     `json:"channel,omitempty"` // the one that carried it, or was tried last
	Tries   int        `json:"tries"`             // channels and gateways they were given to, those that had failed meanwhile included
	Again   bool       `json:"again"`             // may have arrived twice
	At      *time.Time `json:"at"`                // when it was handed over
	Done    *time.Time `json:"done"`              // when this was last heard of
	Why     string     `json:"why,omitempty"`     // why it failed or was cancelled
}

// Try is one delivery of a recipient, as far as a result goes.
type Try struct {
	Channel  string
	Rank     notifier.Rank
	Fate     notifier.Fate
	InDoubt  bool
	Again    bool
	At, Done time.Time
	Why      string
}

// Sum makes one result of a recipient's tries, in their order. planned says
// that everybody has been given a way.
func Sum(ref string, tries []Try, planned bool) Result {
	r := Result{Ref: ref, Outcome: OutWaiting}
	if len(tries) == 0 {
		if planned {
			r.Outcome = OutNoAddress
		}
		return r
	}
	best := -1
	for i := range tries {
		r.Again = r.Again || tries[i].Again
		if o := tries[i].outcome(); o != "" && (best < 0 || weight[o] >= weight[tries[best].outcome()]) {
			best = i
		}
	}
	r.Tries = len(tries)
	if best < 0 {
		r.Channel = tries[len(tries)-1].Channel
		return r
	}
	t := tries[best]
	r.Outcome, r.Channel, r.Why, r.At, r.Done = t.outcome(), t.Channel, t.Why, instant(t.At), instant(t.Done)
	if r.Outcome == OutDelivered || r.Outcome == OutHanded {
		r.Why = ""
	}
	return r
}

// weight says which of several outcomes is told: the best news, then what is
// still open.
var weight = map[Outcome]int{
	OutDelivered: 6, OutHanded: 5, OutWaiting: 4, OutUnknown: 3, OutFailed: 2, OutCancelled: 1,
}

// outcome is what one try came to; empty if the recipient went on elsewhere
// and nothing of it may have arrived.
func (t *Try) outcome() Outcome {
	switch {
	case t.Rank == notifier.Delivered:
		return OutDelivered
	case t.Fate == notifier.FateMoved:
		return ""
	case t.Rank == notifier.Accepted || t.Rank == notifier.Sent:
		return OutHanded
	case t.Rank == notifier.FailedRank:
		return OutFailed
	case t.InDoubt || t.Fate == notifier.FateUnknown:
		return OutUnknown
	case t.Fate == notifier.FateCancelled:
		return OutCancelled
	}
	return OutWaiting
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// Coded is what may be shown of a notice to whoever has its check code.
type Coded struct {
	App   string
	Code  string
	Made  time.Time
	Texts []notifier.Text
}

// most is the quote's highest sum, in the currency that is most of it.
func (q *Quote) most() notifier.Money {
	var m notifier.Money
	for currency, milli := range q.atMost {
		if milli > m.Milli || (milli == m.Milli && currency < m.Currency) {
			m = notifier.Money{Milli: milli, Currency: currency}
		}
	}
	return m
}

// AmountsOf is one sum of money, or none, as the API writes it.
func AmountsOf(m notifier.Money) []Amount {
	if m.Currency == "" {
		return []Amount{}
	}
	return []Amount{{decimal(m.Milli), m.Currency}}
}
