package monitor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/status"
	"bongsu/status/remote"
)

const (
	// clockStep is by how much a clock must have moved against elapsed time to
	// have been set rather than slowed down or sped up.
	clockStep = time.Second
	// stepPatience bounds how long a step is held against a location: checks
	// that come around less often are not waited for.
	stepPatience = 10 * time.Minute
	// deafAfter is so many echoes in a row that did not come back.
	deafAfter = 2
)

// Self is what a node holds against itself: that its clock was set, until each
// check has been looked at by the new time, and that it does not reach even
// itself. Its methods may be used from several goroutines.
type Self struct {
	checks []Check

	mu      sync.Mutex
	known   bool
	anchor  time.Time // the wall clock's time when elapsed was 0
	stepped time.Time // when the clock was set, by the new time; zero: it was not, or all looks since are in
	by      time.Duration
	waiting map[string]bool // checks not looked at since
	deaf    int             // echoes in a row that did not come back
	silence string          // why
}

// NewSelf watches over a node that looks at these checks.
func NewSelf(checks []Check) *Self { return &Self{checks: checks} }

// Tick compares the wall clock with the time elapsed since some start.
func (s *Self) Tick(wall time.Time, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall = wall.Round(0)
	anchor := wall.Add(-elapsed)
	by := anchor.Sub(s.anchor)
	if s.known && by.Abs() < clockStep {
		return
	}
	s.anchor = anchor
	if !s.known {
		s.known = true
		return
	}
	s.stepped, s.by, s.waiting = wall, by, map[string]bool{}
	for i := range s.checks {
		if c := &s.checks[i]; c.Cron == "" && c.Every+c.Timeout < stepPatience {
			s.waiting[c.ID] = true
		}
	}
}

// Looked notes a look that began at a time of this node's clock.
func (s *Self) Looked(check string, began, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stepped.IsZero() && !began.Before(s.stepped) && !began.After(now) {
		delete(s.waiting, check)
	}
}

// Echoed notes whether what this node sent to itself came back.
func (s *Self) Echoed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.deaf = 0
		return
	}
	s.deaf++
	s.silence = err.Error()
}

// Doubts are those that last.
func (s *Self) Doubts(now time.Time) []remote.SelfDoubt {
	s.mu.Lock()
	defer s.mu.Unlock()
	var doubts []remote.SelfDoubt
	if !s.stepped.IsZero() && (len(s.waiting) == 0 || now.Sub(s.stepped) >= stepPatience) {
		s.stepped, s.waiting = time.Time{}, nil
	}
	if !s.stepped.IsZero() {
		doubts = append(doubts, remote.SelfDoubt{Kind: status.DoubtClock, Reason: "its clock was set " + inDirection(s.by)})
	}
	if s.deaf >= deafAfter {
		doubts = append(doubts, remote.SelfDoubt{Kind: status.DoubtSelf, Reason: "it does not reach even itself: " + s.silence})
	}
	return doubts
}

func inDirection(by time.Duration) string {
	if by < 0 {
		return fmt.Sprintf("back by %s", (-by).Round(time.Millisecond))
	}
	return fmt.Sprintf("forward by %s", by.Round(time.Millisecond))
}

const (
	tickEvery = time.Second
	echoEvery = 5 * time.Second
	echoTime  = 2 * time.Second
)

// Watch has the node watch its clock and its own loopback address until ctx is
// done.
func (s *Self) Watch(ctx context.Context, now func() time.Time) error {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	s.Tick(now(), 0)
	group.Go(func() error {
		every(ctx, tickEvery, func() { s.Tick(now(), time.Since(began)) })
		return nil
	})
	group.Go(func() error {
		every(ctx, echoEvery, func() {
			if err := echo(ctx); ctx.Err() == nil {
				s.Echoed(err)
			}
		})
		return nil
	})
	return group.Wait()
}

func every(ctx context.Context, d time.Duration, do func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// echo listens on an address of this machine's own, connects to it and reads
// back what it wrote: what needs no network works.
func echo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, echoTime)
	defer cancel()
	door, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() { door.Close() })
	defer stop()
	group.Go(func() error { return answerOnce(ctx, door) })
	group.Go(func() error { return askOnce(ctx, door.Addr().String()) })
	return group.Wait()
}

var echoed = []byte("bongsu")

func answerOnce(ctx context.Context, door net.Listener) error {
	defer door.Close()
	c, err := door.Accept()
	if err != nil {
		return fmt.Errorf("accepting: %w", err)
	}
	defer c.Close()
	keepTo(ctx, c)
	if _, err := io.CopyN(c, c, int64(len(echoed))); err != nil {
		return fmt.Errorf("answering: %w", err)
	}
	return nil
}

func askOnce(ctx context.Context, address string) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer c.Close()
	keepTo(ctx, c)
	if _, err := c.Write(echoed); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	answer := make([]byte, len(echoed))
	if _, err := io.ReadFull(c, answer); err != nil {
		return fmt.Errorf("reading back: %w", err)
	}
	if !bytes.Equal(answer, echoed) {
		return fmt.Errorf("%q came back as %q", echoed, answer)
	}
	return nil
}

// keepTo has a connection end with ctx.
func keepTo(ctx context.Context, c net.Conn) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline) // a connection that takes none fails by itself
	}
}
