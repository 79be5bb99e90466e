package gatewaytest

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"bongsu/notifier"
)

// prefix is the path below which every stand-in lives, as a base_url may have
// one.
const prefix = "/stand-in"

// Seen is a request as it came in.
type Seen struct {
	Method string
	Path   string // below the base address
	Query  url.Values
	Header http.Header
	Body   []byte
}

// standIn is an HTTP server that notes what it is asked.
type standIn struct {
	*httptest.Server
	mu   sync.Mutex
	seen []Seen
}

// stand makes a stand-in that answers everything the same way.
func stand(t *testing.T, answer http.HandlerFunc) *standIn {
	t.Helper()
	s := &standIn{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20)) // a request cut short is noted as far as it came
		path, below := strings.CutPrefix(r.URL.Path, prefix)
		if !below {
			t.Errorf("a request to %s, which is not below the base address", r.URL.Path)
		}
		s.mu.Lock()
		s.seen = append(s.seen, Seen{r.Method, path, r.URL.Query(), r.Header, body})
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// base is the address that goes into the settings.
func (s *standIn) base() string { return s.URL + prefix }

// requests gives what came so far.
func (s *standIn) requests() []Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Seen(nil), s.seen...)
}

// says makes a handler of an answer.
func (c *Case) says(a Answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), a.Header)
		if a.Status != 0 {
			w.WriteHeader(a.Status)
		}
		io.WriteString(w, strings.ReplaceAll(a.Body, Echo, c.echo("http://"+r.Host+prefix)))
	}
}

// echo is what a careless gateway repeats, fit for the inside of a JSON string.
func (c *Case) echo(base string) string {
	text, _ := json.Marshal(strings.Join(c.hidden(c.Message(base)), " and ")) // text always encodes
	return strings.Trim(string(text), `"`)
}

// hidden lists what no error may tell.
func (c *Case) hidden(m notifier.Message) []string {
	list := append([]string{m.To, m.Body, m.Title}, c.Secrets...)
	for _, secret := range c.Secrets {
		list = append(list, base64.StdEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret))
	}
	if rest, korean := strings.CutPrefix(m.To, "+82"); korean {
		list = append(list, "0"+rest, "82"+rest, url.QueryEscape(m.To))
	}
	var told []string
	for _, s := range list {
		if s != "" {
			told = append(told, s)
		}
	}
	return told
}

// raw is a server that does to each connection whatever talk does, and counts
// them.
type raw struct {
	door net.Listener
	done chan struct{}
	came int

	mu      sync.Mutex
	inside  net.Conn // who is talked with
	stopped bool
}

func listen(t *testing.T, talk func(net.Conn)) *raw {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &raw{door: door, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			if r.came++; r.enter(c) {
				talk(c)
			}
			c.Close()
		}
	}()
	t.Cleanup(r.stop)
	return r
}

func (r *raw) base() string { return "http://" + r.door.Addr().String() + prefix }

// enter says whether there is anybody to talk to still.
func (r *raw) enter(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside = c
	return !r.stopped
}

// stop ends the server and whatever it still waits for; after it came may be
// read.
func (r *raw) stop() {
	r.door.Close()
	r.mu.Lock()
	r.stopped = true
	if r.inside != nil {
		r.inside.Close()
	}
	r.mu.Unlock()
	<-r.done
}

// hear reads one request whole.
func hear(c net.Conn) { hearOn(bufio.NewReader(c)) }

func hearOn(in *bufio.Reader) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// reset makes the next Close a TCP reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}
