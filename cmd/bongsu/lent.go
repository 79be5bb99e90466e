package main

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// lent is a door that one server after another stands at. Closing it sends its
// server away and leaves the door open, unless the server owns it: who comes
// meanwhile waits for the next.
type lent struct {
	*net.TCPListener

	owned  bool
	closed atomic.Bool
}

// Accept waits for who comes next. The server before was woken by a deadline,
// which is taken back here.
func (l *lent) Accept() (net.Conn, error) {
	for !l.closed.Load() {
		conn, err := l.TCPListener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) || l.closed.Load() {
			return conn, err
		}
		if err := l.SetDeadline(time.Time{}); err != nil {
			return nil, err
		}
	}
	return nil, net.ErrClosed
}

// Close may be called more than once.
func (l *lent) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	if l.owned {
		return l.TCPListener.Close()
	}
	return l.SetDeadline(time.Unix(1, 0))
}
