package web

import (
	queue "container/list"
	"net"
	"net/http"
	"sync"
)

// mostConnections is how many connections are held at once. Beyond it the one
// that has been silent longest is closed for the newest: one that keeps open
// between requests loses nothing, and one that sends its headers a byte at a time
// does not keep readers out.
const mostConnections = 8192

// crowd is the connections of a server.
type crowd struct {
	most int

	mu     sync.Mutex
	silent queue.List                  // of net.Conn: those that are in no request, the longest silent first
	at     map[net.Conn]*queue.Element // where each is; nil for one that was closed for another
	busy   int
}

func newCrowd(most int) *crowd { return &crowd{most: most, at: map[net.Conn]*queue.Element{}} }

// state follows a connection, as [http.Server.ConnState].
func (c *crowd) state(conn net.Conn, state http.ConnState) {
	if victim := c.follow(conn, state); victim != nil {
		_ = victim.Close() // nobody is left to tell
	}
}

// follow says which connection is to be closed for another, or nil.
func (c *crowd) follow(conn net.Conn, state http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, waits := c.at[conn]
	if element != nil {
		c.silent.Remove(element)
	}
	switch state {
	case http.StateNew, http.StateIdle:
		if state == http.StateIdle {
			c.busy--
		}
		c.at[conn] = c.silent.PushBack(conn)
	case http.StateActive:
		c.busy++
		delete(c.at, conn)
	case http.StateClosed, http.StateHijacked:
		if !waits {
			c.busy--
		}
		delete(c.at, conn)
	}
	if state != http.StateNew || c.silent.Len()+c.busy <= c.most {
		return nil
	}
	longest, _ := c.silent.Remove(c.silent.Front()).(net.Conn)
	c.at[longest] = nil // its own end is told later, and nobody is to be closed for it twice
	return longest
}
