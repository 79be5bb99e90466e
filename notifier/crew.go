package notifier

import "sync"

// crew makes a gateway's requests, with as many hands as it may have requests
// open. Whoever is free takes the next one, so that nobody has to be woken for
// each of them. Hands stay for as long as batches are worked: a goroutine that
// has made a request has grown to what one takes.
type crew struct {
	most int

	mu     sync.Mutex
	call   *sync.Cond // wakes a hand that is free
	lines  []*line    // lanes that have something to send, in turn
	hands  int
	free   int  // hands that wait
	taking bool // one of them waits for the next request's turn
	runs   int  // batches being worked
}

// line is the windows of one lane, in the order in which they were authorised.
type line struct {
	lane int
	all  []*sending
}

// sending is a window on its way out. Only one hand at a time asks for the next
// of its requests.
type sending struct {
	lane  int
	next  func() (f flight, ok, more bool) // ok: f may leave now; more: ask again
	fly   func(flight)
	begun chan struct{} // closed when next has no more
}

func newCrew(most int) *crew {
	c := &crew{most: most}
	c.call = sync.NewCond(&c.mu)
	return c
}

// join says that a batch is being worked.
func (c *crew) join() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
}

// leave says that it is no more. Without any the hands go home.
func (c *crew) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs--; c.runs == 0 {
		c.call.Broadcast()
	}
}

// send has a window's requests made, and returns when the last has begun.
func (c *crew) send(s *sending) {
	c.mu.Lock()
	c.queue(s)
	c.summon()
	c.mu.Unlock()
	<-s.begun
}

// queue puts a window behind the others of its lane. The lock is held.
func (c *crew) queue(s *sending) {
	for _, l := range c.lines {
		if l.lane == s.lane {
			l.all = append(l.all, s)
			return
		}
	}
	c.lines = append(c.lines, &line{lane: s.lane, all: []*sending{s}})
}

// summon has one more hand take the next request: who is free, else somebody
// new. The lock is held.
func (c *crew) summon() {
	switch {
	case len(c.lines) == 0:
	case c.free > 0:
		c.call.Signal()
	case c.hands < c.most:
		c.hands++
		go c.work()
	}
}

// work is a hand.
func (c *crew) work() {
	for {
		s, f, ok := c.take()
		if !ok {
			return
		}
		s.fly(f)
	}
}

// take waits for a request that may leave. It says false when nobody needs
// another hand.
func (c *crew) take() (s *sending, f flight, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !ok {
		for c.taking || len(c.lines) == 0 {
			if len(c.lines) == 0 && c.runs == 0 {
				c.hands--
				return nil, flight{}, false
			}
			c.free++
			c.call.Wait()
			c.free--
		}
		s = c.first()
		c.taking = true
		c.mu.Unlock()
		var more bool
		f, ok, more = s.next() // it may wait for the gateway's pace
		c.mu.Lock()
		c.taking = false
		c.turn(s, more)
		c.summon()
	}
	return s, f, true
}

// first is the window whose turn it is. The lock is held.
func (c *crew) first() *sending { return c.lines[0].all[0] }

// turn notes that the first window had its turn. The next is another lane's, if
// one has any: a code that somebody waits for stands behind one message of an
// outage, not behind hundreds. The lock is held.
func (c *crew) turn(s *sending, more bool) {
	l := c.lines[0]
	if !more {
		l.all[0] = nil
		l.all = l.all[1:]
		close(s.begun)
	}
	switch {
	case len(l.all) == 0:
		c.lines = c.lines[1:]
	case len(c.lines) > 1:
		copy(c.lines, c.lines[1:])
		c.lines[len(c.lines)-1] = l
	}
}
