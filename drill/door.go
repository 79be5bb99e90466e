package drill

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// door is a listener that can be shut, so that connecting is refused, and
// opened again at the same address. It implements [net.Listener] and stays the
// same listener to its server meanwhile.
type door struct {
	addr net.Addr

	mu       sync.Mutex
	listener *net.TCPListener // nil while shut
	gone     bool             // closed for good
	changed  chan struct{}    // closed when one of the above changes
	callers  map[*caller]struct{}
}

// openDoor listens on a free loopback port.
func openDoor(ctx context.Context) (*door, error) {
	listener, err := listenTCP(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &door{addr: listener.Addr(), listener: listener, changed: make(chan struct{}), callers: map[*caller]struct{}{}}, nil
}

func listenTCP(ctx context.Context, address string) (*net.TCPListener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return listener.(*net.TCPListener), nil
}

// Accept waits for a caller. While the door is shut it waits for it to open.
func (d *door) Accept() (net.Conn, error) {
	for {
		listener, changed, gone := d.state()
		switch {
		case gone:
			return nil, net.ErrClosed
		case listener == nil:
			<-changed
			continue
		}
		conn, err := listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			continue // shut under our hands, or gone: the next round tells
		}
		if err != nil {
			return nil, err
		}
		if c := d.admit(listener, conn); c != nil {
			return c, nil
		}
	}
}

func (d *door) state() (listener *net.TCPListener, changed chan struct{}, gone bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.listener, d.changed, d.gone
}

// admit keeps the caller, unless the door was shut since.
func (d *door) admit(through *net.TCPListener, conn *net.TCPConn) *caller {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := &caller{TCPConn: conn, door: d}
	if d.listener != through {
		c.reset()
		return nil
	}
	d.callers[c] = struct{}{}
	return c
}

// shut refuses new callers and resets those inside.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener == nil {
		return
	}
	d.listener.Close()
	d.listener = nil
	for c := range d.callers {
		c.reset()
	}
	clear(d.callers)
	d.announce()
}

// open lets callers in again. Another program may have been given the port in
// between, as the local end of a connection; those are short, so it is asked
// for again a few times.
func (d *door) open(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.listener != nil || d.gone {
		return nil
	}
	const tries, pause = 40, 50 * time.Millisecond
	for try := 1; ; try++ {
		listener, err := listenTCP(ctx, d.addr.String())
		if err == nil {
			d.listener = listener
			d.announce()
			return nil
		}
		if try == tries || !wait(ctx, pause) {
			return err
		}
	}
}

// Close shuts the door for good. Callers inside are left to the server.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil
	}
	d.gone = true
	defer d.announce()
	if d.listener == nil {
		return nil
	}
	err := d.listener.Close()
	d.listener = nil
	return err
}

// announce wakes Accept; mu is held.
func (d *door) announce() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *door) Addr() net.Addr { return d.addr }

// caller is a connection that its door can reset.
type caller struct {
	*net.TCPConn
	door *door
}

func (c *caller) Close() error {
	c.door.mu.Lock()
	delete(c.door.callers, c)
	c.door.mu.Unlock()
	return c.TCPConn.Close()
}

// reset closes the connection with a TCP reset instead of a goodbye. A setting
// that fails means the connection is already gone.
func (c *caller) reset() {
	_ = c.SetLinger(0)
	_ = c.TCPConn.Close()
}

// resetConn resets what is below a plain or a TLS connection of a door.
func resetConn(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if c, ok := conn.(*caller); ok {
		c.reset()
	}
	conn.Close()
}

// wait waits for d and says whether it could: false if ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
