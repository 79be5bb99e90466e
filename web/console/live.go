package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"bongsu/web/account"
)

// Topic is a part of what pages show. Open pages name theirs, and are told when
// it may have changed.
type Topic string

// The topics.
const (
	States      Topic = "states"      // what is measured, and our own doubts
	Incidents   Topic = "incidents"   // stories, their updates and promises
	Maintenance Topic = "maintenance" // planned work
	Deliveries  Topic = "deliveries"  // what is sent, gateways and the backlog
	Subscribers Topic = "subscribers" // who is told
	Apps        Topic = "apps"        // apps, functions and templates
	Drills      Topic = "drills"      // runs of drills
	Settings    Topic = "settings"    // the configuration
	Audit       Topic = "audit"       // who did what
)

// Bounds of the streams.
const (
	maxStreams     = 500              // in all
	maxPerUser     = 20               // open pages of one user
	heartbeat      = 15 * time.Second // so often the session is looked at, and the line kept open
	writeTime      = 10 * time.Second // for one event to leave
	settleTime     = 250 * time.Millisecond
	streamRetry    = 3 * time.Second // after which a browser comes back
	fullRetryAfter = "30"            // seconds, when there is no place
)

// live tells open pages what changed. A page that is slow hears the topics of
// several changes at once, and nothing piles up.
type live struct {
	mu      sync.Mutex
	streams map[*stream]struct{}
	perUser map[string]int
	ended   chan struct{}
	close   func()
}

// stream is one open page.
type stream struct {
	user  string
	woken chan struct{} // holds one
	dirty []Topic       // guarded by live.mu
}

func newLive() *live {
	l := &live{streams: map[*stream]struct{}{}, perUser: map[string]int{}, ended: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.ended) })
	return l
}

func (l *live) changed(topics []Topic) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for s := range l.streams {
		for _, t := range topics {
			if !slices.Contains(s.dirty, t) {
				s.dirty = append(s.dirty, t)
			}
		}
		select {
		case s.woken <- struct{}{}:
		default:
		}
	}
}

// open takes a place for a user's page; nil if there is none.
func (l *live) open(user string) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.streams) >= maxStreams || l.perUser[user] >= maxPerUser {
		return nil
	}
	s := &stream{user: user, woken: make(chan struct{}, 1)}
	l.streams[s] = struct{}{}
	l.perUser[user]++
	return s
}

func (l *live) leave(s *stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, s)
	if l.perUser[s.user]--; l.perUser[s.user] <= 0 {
		delete(l.perUser, s.user)
	}
}

// take is what changed since it was last asked.
func (l *live) take(s *stream) []Topic {
	l.mu.Lock()
	defer l.mu.Unlock()
	dirty := s.dirty
	s.dirty = nil
	slices.Sort(dirty)
	return dirty
}

func (c *Console) liveRoutes() []route {
	return []route{{method: http.MethodGet, path: "/live", deed: account.OwnAccount, handle: c.follow}}
}

// follow streams what changes until the page goes, the session ends or we do.
func (c *Console) follow(v *visit) error {
	s := c.live.open(v.who.ID)
	if s == nil {
		v.writer.Header().Set("Retry-After", fullRetryAfter)
		return refuse(http.StatusTooManyRequests, "problem_too_many_pages")
	}
	defer c.live.leave(s)
	h := v.writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	out := &events{writer: v.writer, control: http.NewResponseController(v.writer)}
	if err := out.begin(); err != nil {
		return http.ErrAbortHandler
	}
	c.stream(v.request.Context(), v, s, out)
	return nil
}

func (c *Console) stream(ctx context.Context, v *visit, s *stream, out *events) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-c.live.ended:
			return
		case <-beat.C:
			who, gone := c.options.Door.Who(v.request)
			if errors.Is(gone, ErrNobody) || gone == nil && who.ID != s.user {
				_ = out.send("bye", "session") // whether it arrives or not, this is the end
				return
			}
			err = out.send("beat", "")
		case <-s.woken:
			if !rest(ctx, settleTime) { // what changes together is told together
				return
			}
			for _, topic := range c.live.take(s) {
				if err = out.send("changed", string(topic)); err != nil {
					break
				}
			}
		}
		if err != nil {
			return
		}
	}
}

// rest waits, unless ctx ends.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// events writes a stream of events.
type events struct {
	writer  http.ResponseWriter
	control *http.ResponseController
}

// begin lifts the limits that requests have: this one lasts. Each event has
// one of its own.
func (e *events) begin() error {
	_ = e.control.SetReadDeadline(time.Time{}) // where there is no connection, as in tests, there is none to lift
	if err := e.write(fmt.Sprintf("retry: %d\n\n", streamRetry.Milliseconds())); err != nil {
		return err
	}
	return nil
}

func (e *events) send(event, data string) error {
	return e.write("event: " + event + "\ndata: " + data + "\n\n")
}

func (e *events) write(text string) error {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := e.writer.Write([]byte(text)); err != nil { //nolint:gosec // an event stream, and topics are our own words
		return err
	}
	return e.control.Flush()
}
