package notifier

import (
	"context"
	"errors"
	"time"

	"bongsu/status"
)

// Ledger keeps the books of deliveries. Every method is one transaction, or a
// read; the store implements it for both databases. Times are the caller's: a
// live node passes the database's clock as it read it at its last renewal plus
// the time since, a drill passes virtual time.
type Ledger interface {
	Nodes
	Planner
	Work
	Hops
	Pulses

	// Queue tells how much is waiting.
	Queue(ctx context.Context, now time.Time) (Queue, error)
	// NextDue is when the ledger next has something to do, after now; zero if never.
	NextDue(ctx context.Context, now time.Time) (time.Time, error)
}

// Nodes is the lease of a server: one row, renewed as a whole.
type Nodes interface {
	// Join registers a node under an id never used before. Where the caller is
	// known to be the only server, what its predecessors held is free at once.
	Join(ctx context.Context, id, name string) (Renewal, error)
	// Renew says that the node lives. ErrLapsed: a peer has declared it dead.
	Renew(ctx context.Context, id string) (Renewal, error)
	// Bury declares a peer dead whose beat has not moved, and frees its
	// batches. It reports false when the beat has moved after all.
	Bury(ctx context.Context, id string, beat int64) (bool, error)
	// Retire ends a node's registration and frees what it still holds.
	Retire(ctx context.Context, id string) error
	// Forget frees batches that the node owns but does not have in hand: a
	// claim whose answer was lost.
	Forget(ctx context.Context, id string, inHand []int64) error
}

// Renewal is what a node learns when it renews.
type Renewal struct {
	Clock  time.Time // the database's
	Paused bool      // an operator has stopped all sending
	Peers  []Peer    // the other nodes
}

// Peer is another node: its beat rises with each of its renewals.
type Peer struct {
	ID   string
	Beat int64
}

// Planner turns a notice and its audience into batches.
type Planner interface {
	// Begin gives the next notice that is not wholly planned, the most urgent
	// first. One that says "it is over" recalls those before it: what of them
	// has not left never will.
	Begin(ctx context.Context, now time.Time) (Planning, bool, error)
	// People reads the next of the audience after the planning's cursor.
	People(ctx context.Context, p Planning, above status.State, limit int) ([]Person, error)
	// SavePlan saves batches and cursor together. ErrFenced: another node was
	// faster, or the notice was recalled.
	SavePlan(ctx context.Context, node string, p Planning, c Chunk, now time.Time) error
	// Notice gives a notice with its texts by number.
	Notice(ctx context.Context, number int64) (Notice, error)
}

// Planning is a notice on its way into batches.
type Planning struct {
	Notice
	Number int64
	Cursor int64 // planned up to this subscriber
	Max    int64 // the audience ends here: later ones came later
	Total  int64 // people planned so far
	Heard  bool  // only for those who heard, or may have heard, an earlier notice of the incident
}

// Person is a recipient as the planner sees one.
type Person struct {
	ID int64
	Reach
	Wishes Wishes
	Heard  bool // something of the incident left, or may have left, for them
	Again  bool // what the notice says may have reached them before
}

// Chunk is a planned part of an audience.
type Chunk struct {
	Cursor  int64
	Done    bool
	Batches []NewBatch
}

// NewBatch is recipients who go the same way. Recipients are in rising order.
type NewBatch struct {
	Hop     int
	Channel string
	Kind    string     // the channel's
	Route   int        // the gateways of the channel that have been tried, a bit each
	ReadyAt time.Time  // not before
	Skipped string     // hops that were left out, and why
	Cap     *PersonCap // how many notices its people may get; nil: any number
	Late    bool       // deliveries are written with their results, not now
	People  []Mover
}

// PersonCap is how many notices a day somebody gets by a channel. Who is over
// it is not sent the notice, unless it always passes.
type PersonCap struct {
	Most   int
	Day    string
	Passes bool
}

// Mover is a recipient put into a batch.
type Mover struct {
	Rcpt   int64
	Tries  int    // failed tries at this gateway so far
	Again  bool   // an earlier hand-over may have succeeded
	Saved  bool   // from a gateway that is judged dead
	Singly bool   // not together with others in one request
	Why    string // why they left the batch before; empty in a first one
}

// Work is claiming, authorising, recording.
type Work interface {
	// Lanes gives the lanes of a channel that have ready batches, in rising order.
	Lanes(ctx context.Context, channel string, now time.Time) ([]int, error)
	// Claim takes ready batches of a channel's lane, and marks what their last
	// owner left in the air as in doubt.
	Claim(ctx context.Context, q ClaimQuery) ([]Claim, error)
	// Ready names the channels that have ready batches.
	Ready(ctx context.Context) ([]string, error)
	// Unfinished gives the recipients of a batch that its last owner left in
	// doubt, failed or to be tried again; with rest also those who were never
	// authorised.
	Unfinished(ctx context.Context, c Claim, rest bool) ([]Item, error)
	// Authorise makes the next recipients of a claim durable as "may have been
	// sent to", before the first byte leaves, and reserves their cost.
	Authorise(ctx context.Context, w Window) (Grant, error)
	// Resend arms recipients in doubt for one more hand-over, durably, before
	// it is made, and reserves its cost.
	Resend(ctx context.Context, w Window, rcpts []int64) (Grant, error)
	// Enter commits results and receipts, each a fact of its own: they need
	// no lease, ranks only rise, and committing twice changes nothing.
	Enter(ctx context.Context, node string, results []Result, receipts []ReceiptRow) (unknown int, err error)
	// Finish closes a batch: every recipient has a rank, a fate or a new batch.
	// ErrFenced: it is no longer the caller's. ErrOpen: somebody was left over.
	Finish(ctx context.Context, f Finish) error
	// Held names the channels that nothing is sent by at now, with the reason.
	Held(ctx context.Context, now time.Time) (map[string]string, error)
	// Release gives a batch back unfinished.
	Release(ctx context.Context, r Release) error
	// FreeExpired lets notices go on that an operator keeps back and that have
	// expired, so that their batches close. It says whether there were any.
	FreeExpired(ctx context.Context, now time.Time) (bool, error)
}

// Errors of the ledger that its callers tell apart.
var (
	// ErrLapsed says that a peer has declared this node dead: it must join anew.
	ErrLapsed = errors.New("the node's lease has lapsed")
	// ErrFenced says that a batch or plan belongs to somebody else by now.
	ErrFenced = errors.New("somebody else has taken it over")
	// ErrOpen says that a batch cannot close: it would lose a recipient.
	ErrOpen = errors.New("the batch still has open recipients")
)

// ClaimQuery says which batches a node would take.
type ClaimQuery struct {
	Node    string
	Now     time.Time
	Channel string
	Lane    int
	Limit   int
}

// Claim is a batch in a node's hand. Fence proves the possession.
type Claim struct {
	Node    string
	Batch   int64
	Notice  int64
	Hop     int
	Channel string
	Route   int // as in NewBatch
	Lane    int
	Skipped string
	Fence   int64
	Auth    int64 // recipients up to this one may have been sent to; -1: nobody
	Over    bool  // the notice has been recalled or has expired
	Manner  Manner
	Late    bool // as in NewBatch
}

// Item is one recipient of a batch, as the sender needs them.
type Item struct {
	Rcpt    int64
	Rank    Rank
	Fate    Fate
	Tries   int
	Again   bool
	Doubt   time.Time // since when the end of the last try is not known; zero if it is
	Doubts  int       // tries that a gateway left without an answer; not those a crash left
	Gateway string    // of the try in doubt, or of the one that waits for its result
	Ref     string    // the gateway's reference of what it took
	At      time.Time // when it took it
	Code    string    // of the last failure
	To      string    // in clear: never log it; empty: no usable address
	Lang    string
	ReplyTo string
}

// Fate is what became of a delivery besides its rank.
type Fate uint8

// The fates.
const (
	FateOpen      Fate = iota
	FateAgain          // the last try failed and left nothing: to be tried again
	FateMoved          // goes on in another batch
	FateCancelled      // needed no more
	FateUnknown        // nobody will ever know
)

var fateNames = [...]string{"open", "again", "moved", "cancelled", "unknown"}

func (f Fate) String() string { return fateNames[f] }

// Window asks for the next recipients of a claim.
type Window struct {
	Claim
	Now     time.Time
	Limit   int
	Gateway string
	Kind    string           // of address
	Target  string           // a channel's one fixed recipient, instead of an address
	Thread  string           // incident whose first reference each recipient's message answers, or empty
	Prices  map[string]int64 // thousandths per message, by language; "" for any other
	Cap     int64            // the channel's daily cap in thousandths; 0: none
	PerDay  int              // most messages that the gateway is given in a day; 0: no limit
	Day     string           // the day the cost counts to
	DayEnds time.Time        // a channel held for its cap is free again then
	Many    bool             // if the window takes the whole batch, it goes out as one
}

// Price is what a message in a language costs, in thousandths.
func (w *Window) Price(lang string) int64 {
	if p, ok := w.Prices[lang]; ok {
		return p
	}
	return w.Prices[""]
}

// Grant is the answer to a window. Items may be fewer than were asked for only
// when Last is set or Stop says why.
type Grant struct {
	Items []Item
	Auth  int64 // the claim's new mark
	Last  bool  // nobody comes after these
	Many  bool  // the batch goes out as one, now and when it is repeated
	Stop  Stop
}

// Stop says why a window was not granted.
type Stop uint8

// The reasons.
const (
	Go        Stop = iota
	Paused         // an operator has stopped all sending
	Held           // the channel is held
	OverCap        // the channel's daily cap: it is held from now on
	Exhausted      // the gateway has had its day's number of messages
	KeptBack       // an operator keeps the notice back
)

// ResultKind says how a try ended.
type ResultKind uint8

// The ends of a try.
const (
	Handed   ResultKind = iota // the gateway has it
	Doubtful                   // nobody knows
	Retry                      // not taken; may be tried again
	Refused                    // a final no
)

// Result is the end of one try.
type Result struct {
	Batch    int64
	Rcpt     int64
	Notice   int64
	Channel  string
	Kind     ResultKind
	Rank     Rank // of a hand-over
	Tries    int  // failed ones at this gateway, after a retry
	Ref      string
	Gateway  string
	At       time.Time
	Code     string
	Text     string
	Suppress string // kind of address that must not be tried again, or empty
	Answer   Answer // what it says of the gateway
	Made     time.Time
	Thread   string // incident whose thread this message may have begun, or empty
	Late     bool   // of a batch whose deliveries are written with their results
}

// ReceiptRow is a receipt whose delivery is known to be ours.
type ReceiptRow struct {
	Batch, Rcpt int64
	Receipt
}

// Leaving is who goes on from a claim, and who ends there, and what they have
// not cost.
type Leaving struct {
	Now   time.Time
	Moves []NewBatch
	Ends  []Ending  // without a rank
	Due   time.Time // who was handed over and is not reached by then goes on; zero: only who fails does
	// Refund was reserved for messages that no gateway took, in thousandths, on
	// Day; Unused is how many of them there were at gateways that count.
	Refund int64
	Unused map[string]int
	Day    string
}

// Finish closes a claim.
type Finish struct {
	Claim
	Leaving
	More bool // the plan has further hops
}

// Ending is the end of a delivery that its tries did not bring.
type Ending struct {
	Rcpt int64
	Fate Fate // FateOpen here: failed for good
	Why  string
}

// Release gives a claim back. Auth is the highest recipient a request was
// made for, as far as the caller knows for certain; it never rises above the
// claim's mark.
type Release struct {
	Claim
	Leaving
	ReadyAt time.Time
	Auth    int64
}

// Hops is what waits at a hop for its word of success.
type Hops interface {
	// Waiting gives batches whose time has come to be looked at.
	Waiting(ctx context.Context, now time.Time, limit int) ([]Waiting, error)
	// Unheard gives batches of a channel that a node works, or that wait for a
	// time to come, to ask what became of what was handed over.
	Unheard(ctx context.Context, node, channel string, now time.Time, limit int) ([]Waiting, error)
	// Advance moves those not reached to other batches, and says when to look
	// again. ErrFenced: somebody else has looked.
	Advance(ctx context.Context, node string, a Advance) error
	// Nudge has the waiting batches of a channel looked at now.
	Nudge(ctx context.Context, channel string, now time.Time) error
	// Reaches tells how the recipients of a batch can be reached.
	Reaches(ctx context.Context, batch int64) (map[int64]Reach, error)
	// Strand has the batches looked at now from which a gateway took messages
	// since a time that it has told nothing of. Notices that may be sent once
	// only are left alone.
	Strand(ctx context.Context, channel, gateway string, since, now time.Time) error
	// Twice tells how many of a notice's people on a channel were delivered to
	// after another way had been taken, and how many were planned.
	Twice(ctx context.Context, notice int64, channel string) (twice, planned int64, err error)
}

// Pulses is what is known of gateways' health, on all nodes.
type Pulses interface {
	// Pulse gives every gateway's beats since a time, oldest first.
	Pulse(ctx context.Context, since time.Time) (map[string][]Beat, error)
	// Healths gives what is held of each gateway; a gateway without is well.
	Healths(ctx context.Context) (map[string]Health, error)
	// SetHealth keeps what is now held of a gateway, unless another node has
	// decided since: then it says false.
	SetHealth(ctx context.Context, gateway string, h Health) (bool, error)
}

// Waiting is a batch some of whose recipients may not be reached.
type Waiting struct {
	Batch   int64
	Notice  int64
	Hop     int
	Channel string
	Over    bool // the notice has been recalled or has expired
	Due     time.Time
	CheckAt time.Time
	Items   []Item // those neither delivered nor moved
}

// Advance is what becomes of a waiting batch.
type Advance struct {
	Waiting
	Until Rank // what the hop counts as success
	Moves []NewBatch
	Next  time.Time // when to look again; zero: never
	Now   time.Time
}

// Queue is how much is waiting.
type Queue struct {
	Depth  int       // recipients in batches that are not done
	Oldest time.Time // since when the longest-waiting ready batch is due; zero if none is
}
