package notifier

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"bongsu/status"
)

// Message is one text for one recipient, ready to be handed to a gateway.
type Message struct {
	Delivery string // the delivery's key: idempotency key, and our reference in callbacks
	To       string // number, channel or address, in clear: never log it
	Lang     string
	Title    string // where the channel has one
	Body     string
	Template string            // the gateway's registered template, where it needs one (AlimTalk)
	Params   map[string]string // the template's parameters
	Incident string            // incident id: what belongs in one thread
	ReplyTo  string            // the gateway's reference of the incident's first message to this recipient, or empty
	Valid    time.Duration     // how long the text is worth delivering; 0 leaves it to the gateway
	Again    bool              // an earlier hand-over may have succeeded; the gateway may mark it
}

// Gateway hands a message over, once. It returns the gateway's own reference.
//
// An error means: try again later, unless it is a [RejectedError] (nothing can
// help), a [ThrottledError] (it says when) or an [UncertainError] (the message
// may have been taken; it must be settled before it is sent again).
type Gateway interface {
	Send(ctx context.Context, m Message) (ref string, err error)
}

// Finder is a gateway that can be asked what became of a message whose
// hand-over has no known end.
type Finder interface {
	Find(ctx context.Context, m Message, since time.Time) (found bool, ref string, rank Rank, err error)
}

// Reporter is a gateway that calls nobody back: it is asked what became of a
// message that it took at the given time.
type Reporter interface {
	Result(ctx context.Context, ref string, at time.Time) (Receipt, error)
}

// Deduper is a gateway that takes the same Message.Delivery only once within
// the given time, so that sending again is safe.
type Deduper interface {
	DedupesFor() time.Duration
}

// RejectedError is a final no.
type RejectedError struct {
	Code      string // the gateway's
	Text      string
	Recipient bool // this recipient only: never counts against the gateway
	Suppress  bool // this address must not be tried again (landline, opted out)
}

func (e *RejectedError) Error() string { return fmt.Sprintf("rejected (%s): %s", e.Code, e.Text) }

// ThrottledError says that the gateway took nothing and when to come back.
type ThrottledError struct {
	After time.Duration
	Text  string
}

func (e *ThrottledError) Error() string { return fmt.Sprintf("throttled for %s: %s", e.After, e.Text) }

// UncertainError says that the message may or may not have been taken: bytes
// went out and no answer came back that tells.
type UncertainError struct{ Err error }

func (e *UncertainError) Error() string { return "no answer that tells: " + e.Err.Error() }

func (e *UncertainError) Unwrap() error { return e.Err }

// Rank is what is known of a delivery. A rank only ever rises: callbacks come
// late, twice and out of order.
type Rank uint8

// The ranks. Unknown is not one of them: it is derived (authorised, no result,
// owner gone).
const (
	Planned Rank = iota
	Accepted
	Sent
	FailedRank
	Delivered
)

var rankNames = [...]string{"planned", "accepted", "sent", "failed", "delivered"}

func (r Rank) String() string {
	if int(r) < len(rankNames) {
		return rankNames[r]
	}
	return fmt.Sprintf("rank(%d)", uint8(r))
}

// Receipt is what a gateway says, later, of a delivery.
type Receipt struct {
	Delivery string // our key, as it went out in the callback's address
	Ref      string // the gateway's reference
	Rank     Rank
	Code     string // the gateway's error code, if any
	Text     string
	Suppress bool
	At       time.Time
}

// Settings is a gateway's settings; the struct is decoded strictly from the
// configuration, described by doc tags, and opens the gateway.
type Settings interface {
	// Problems says what is wrong with the settings, as far as the values
	// themselves tell.
	Problems() []Problem
	// Open makes the gateway. It does no I/O.
	Open(o Outside) (Gateway, error)
}

// Problem is something wrong with settings: Path is relative to them.
type Problem struct {
	Path string
	Text string
}

// Outside is what a gateway may know of the program around it.
type Outside struct {
	PublicURL  string // callbacks come to PublicURL + /hooks/…
	UserAgent  string
	Simulation bool
	Token      func(delivery string) string // authenticates a delivery key in a callback's address
}

// GatewayKind is a way to hand over, chosen by `kind:`.
type GatewayKind struct {
	Kind  string // "twilio"
	Class Class  // the texts it carries
	Doc   string
	New   func() Settings // with defaults filled in
}

// Class is a kind of text: what limits hold for it.
type Class string

// The classes of this program's channels.
const (
	ClassSMS      Class = "sms"      // bytes in EUC-KR for ko, UCS-2 units for ja, septets for en
	ClassAlimTalk Class = "alimtalk" // a registered template with parameters
	ClassChat     Class = "chat"     // Slack and its like: operators
)

// Secret is a password or token. It prints as "…" however it is printed; only
// Reveal gives it away, so every use of a secret can be found with grep.
type Secret struct{ value string }

// NewSecret keeps a value from being printed.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal gives the secret away.
func (s Secret) Reveal() string { return s.value }

// Empty says whether there is no secret.
func (s Secret) Empty() bool { return s.value == "" }

func (Secret) String() string               { return "…" }
func (Secret) GoString() string             { return "…" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("…") }
func (Secret) MarshalText() ([]byte, error) { return []byte("…"), nil }

// Channel is a way to people, of one class, with its gateways in order.
type Channel struct {
	ID       string
	Kind     string // sms, alimtalk, slack
	Class    Class
	Follows  string   // the component it depends on, or empty
	Domains  []string //
	Target   string   // for a channel with one fixed recipient (Slack's "#outages"); empty otherwise
	DailyCap Money    // zero: no cap
	Gateways []Route  // tried in order
}

// Route is one gateway of a channel with its pace and price.
type Route struct {
	Name    string // "sms/twilio", unique
	Gateway Gateway
	Rate    float64 // messages a second, never above it in any second; 0 is no limit
	Price   Money   // per text segment
}

// Money is an amount in a currency's smallest everyday unit, in thousandths.
type Money struct {
	Milli    int64
	Currency string // KRW
}

// Hop is one step of a plan.
type Hop struct {
	Channel string
	Wait    time.Duration // how long to wait for Until before the next hop
	Until   Rank          // what counts as success: Accepted, Sent or Delivered
}

// Audience says who hears: a line of the configuration's routes.
type Audience struct {
	Audience string // subscribers or operators
	Plan     string // id of a plan, or of an implied one for a single channel
	AtLeast  status.State
}
