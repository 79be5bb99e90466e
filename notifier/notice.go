package notifier

import (
	"time"

	"bongsu/status"
)

// Policy says what to do about a hand-over whose end nobody can tell.
type Policy uint8

// The policies.
const (
	AtLeastOnce Policy = iota // send again, flagged: safety before money
	AtMostOnce                // leave it unknown
)

// Notice is one thing to tell one audience. It is saved in the transaction
// that saves what it tells of; (Incident, Event, Update, Audience, Plan) is unique, so
// it is never made twice.
type Notice struct {
	ID       string
	Incident string // or empty for an alarm
	Event    string // a status.EventKind, or "alarm"
	Update   string // with Event names the occasion
	Audience string // subscribers, operators, or one
	Plan     string // the route's plan
	// Recipient is the one subscriber an audience of one is made of, else 0. It
	// reaches them even by an address they have not confirmed, so it may carry
	// only what confirms it, or follows from that.
	Recipient int64
	// About is what the notice is of: ids of components, and [GroupTopic] of
	// their groups. With none it concerns everybody on the route.
	About    []string
	From, To status.State // a subscriber hears it whose threshold lies above From and not above To
	Priority int          // lower goes first
	Policy   Policy
	Texts    []Text
	Made     time.Time
	Expires  time.Time // not worth handing over after this; zero never
}

// Text is a notice's words in one language for one class of channel.
type Text struct {
	Lang     string
	Class    Class
	Title    string
	Body     string
	HTML     string // a mail's body once more
	Switched string // the body for whom a failed channel was passed over; empty: Body says it as well
	Template string
	Params   map[string]string
	Segments int // pieces that a carrier of its own code page takes it for: one Korean SMS or LMS is one
	Parts    int // pieces in GSM-7 or UCS-2, as gateways that serve many countries count; 0: as Segments
}
