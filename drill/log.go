package drill

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is a kind of log entry.
type Kind string

// The kinds.
const (
	Request  Kind = "request"  // somebody asked a service
	Arrival  Kind = "arrival"  // a message reached a phone, or a channel of the operators' workspace
	Callback Kind = "callback" // a gateway told the sender what became of a message
)

// Entry is one thing that happened in the city.
type Entry struct {
	At      time.Time `json:"at"`
	Kind    Kind      `json:"kind"`
	Service Service   `json:"service"`
	Action  string    `json:"action,omitempty"` // "POST /v1/send", without the query
	To      string    `json:"to,omitempty"`     // number in E.164 form, or channel
	Body    string    `json:"body,omitempty"`   // the text
	Key     string    `json:"key,omitempty"`    // AlimTalk: idempotency key; Twilio: the callback's address, which names the delivery
	Ref     string    `json:"ref,omitempty"`    // the gateway's reference
	Thread  string    `json:"thread,omitempty"` // Slack: the message that this one answers
	// Outcome is how it ended: for a request "201", "reset", "hung", "answer
	// lost"; empty while it goes on. For a callback the status it was given, or why
	// it was not. For an arrival always "arrived".
	Outcome string `json:"outcome,omitempty"`
}

// Query says which entries are meant. Zero fields mean any.
type Query struct {
	Kind    Kind
	Service Service
	Method  string // of a request: POST hands over, GET looks up
	Action  string
	To      string
	Body    string
	Key     string
	Ref     string
	From    time.Time // not before this
	Until   time.Time // before this
}

func (q *Query) matches(e *Entry) bool {
	return (q.Service == "" || q.Service == e.Service) &&
		(q.Method == "" || strings.HasPrefix(e.Action, q.Method+" ")) &&
		(q.Action == "" || q.Action == e.Action) &&
		(q.To == "" || q.To == e.To) &&
		(q.Body == "" || q.Body == e.Body) &&
		(q.Key == "" || q.Key == e.Key) &&
		(q.Ref == "" || q.Ref == e.Ref) &&
		(q.From.IsZero() || !e.At.Before(q.From)) &&
		(q.Until.IsZero() || e.At.Before(q.Until))
}

// Log is what the city saw, in the order it saw it. It keeps the newest
// entries of each kind and counts those it had to let go, so a test that
// counts can first demand that none were. It is safe for concurrent use.
type Log struct {
	requests, arrivals, callbacks *chain
}

func newLog(limit int) *Log {
	return &Log{requests: newChain(limit), arrivals: newChain(limit), callbacks: newChain(limit)}
}

// Find returns copies of the entries meant, oldest first, each kind for itself.
func (l *Log) Find(q Query) []Entry {
	var found []Entry
	l.each(&q, func(e *Entry) { found = append(found, *e) })
	return found
}

// Count says how many entries are meant.
func (l *Log) Count(q Query) int {
	count := 0
	l.each(&q, func(*Entry) { count++ })
	return count
}

// CountByRecipient says how many entries are meant for each To.
func (l *Log) CountByRecipient(q Query) map[string]int {
	counts := map[string]int{}
	l.each(&q, func(e *Entry) { counts[e.To]++ })
	return counts
}

// Peak is the most entries meant that fall within any window of the given
// length: with one second, the highest rate a gateway has seen.
func (l *Log) Peak(q Query, window time.Duration) int {
	var times []time.Time
	l.each(&q, func(e *Entry) { times = append(times, e.At) })
	slices.SortFunc(times, time.Time.Compare) // requests are written when their body has come
	peak, first := 0, 0
	for last := range times {
		for times[last].Sub(times[first]) >= window {
			first++
		}
		peak = max(peak, last-first+1)
	}
	return peak
}

// Dropped says how many entries were let go to stay within the limit.
func (l *Log) Dropped() uint64 {
	dropped := uint64(0)
	for _, c := range l.chains("") {
		dropped += c.letGo()
	}
	return dropped
}

func (l *Log) each(q *Query, yield func(*Entry)) {
	for _, c := range l.chains(q.Kind) {
		c.each(func(e *Entry) {
			if q.matches(e) {
				yield(e)
			}
		})
	}
}

// last returns copies of the newest entries of a kind, oldest first.
func (l *Log) last(kind Kind, count int) []Entry {
	entries := l.Find(Query{Kind: kind})
	return entries[max(0, len(entries)-count):]
}

func (l *Log) chains(kind Kind) []*chain {
	switch kind {
	case Request:
		return []*chain{l.requests}
	case Arrival:
		return []*chain{l.arrivals}
	case Callback:
		return []*chain{l.callbacks}
	default:
		return []*chain{l.requests, l.arrivals, l.callbacks}
	}
}

// write adds an entry and returns the line, so that its end can be added.
func (l *Log) write(e Entry) *line {
	c := l.chains(e.Kind)[0]
	return c.add(e)
}

// chain keeps entries in chunks: adding never moves what is there, a line's
// address stays good, and the oldest chunk is let go whole.
type chain struct {
	chunks int // how many are kept

	mu      sync.Mutex
	full    []*chunk // oldest first, the last one is being filled
	dropped uint64
}

// A chunk of some 200 KB is cheap to let go and seldom asked for.
const chunkSize = 1024

type chunk struct {
	used    int
	entries [chunkSize]Entry
}

// newChain keeps at least limit entries.
func newChain(limit int) *chain {
	return &chain{chunks: 1 + (limit+chunkSize-1)/chunkSize}
}

// line is one entry in its chain.
type line struct {
	chain *chain
	entry *Entry
}

func (c *chain) add(e Entry) *line {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.room()
	entry := &last.entries[last.used]
	*entry = e
	last.used++
	return &line{c, entry}
}

// room returns a chunk with room, and lets the oldest go for it if it must;
// mu is held.
func (c *chain) room() *chunk {
	if n := len(c.full); n > 0 && c.full[n-1].used < chunkSize {
		return c.full[n-1]
	}
	if len(c.full) == c.chunks {
		c.dropped += uint64(c.full[0].used) //nolint:gosec // a count
		c.full[0] = nil
		c.full = c.full[1:]
	}
	c.full = append(c.full, new(chunk))
	return c.full[len(c.full)-1]
}

func (c *chain) each(yield func(*Entry)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, chunk := range c.full {
		for i := range chunk.used {
			yield(&chunk.entries[i])
		}
	}
}

func (c *chain) letGo() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// ended adds how it ended, and the gateway's reference if there is one.
func (l *line) ended(outcome, ref string) {
	l.chain.mu.Lock()
	defer l.chain.mu.Unlock()
	l.entry.Outcome = outcome
	if ref != "" {
		l.entry.Ref = ref
	}
}
