package probes_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bongsu/probes"
)

// A glutton is a target that costs as much as it can. It counts the bytes that
// it got rid of.
type glutton struct {
	name   string
	step   func(address string) string
	serve  func(c net.Conn)
	want   probes.Outcome
	reason string
	bytes  int64         // that may leave the target, the kernel's buffers aside
	memory uint64        // that a look may take, in bytes
	time   time.Duration // that a look may take
}

const kernelBuffers = 8 << 20

// counted counts what is written to a connection.
type counted struct {
	net.Conn
	sent *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// forever writes the same again and again, until nobody takes it or a gigabyte
// has gone.
func forever(c net.Conn, what string) {
	chunk := []byte(strings.Repeat(what, max(1, 64<<10/len(what))))
	for sent := 0; sent < 1<<30; sent += len(chunk) {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
}

func site(more ...string) func(string) string {
	return func(address string) string { return get("http://"+address, more...) }
}

// head writes the head of an answer once a request has come.
func head(c net.Conn, headers ...string) {
	readRequest(c)
	io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n")
}

// bomb is a gigabyte of zeros in a megabyte of gzip.
func bomb(t *testing.T) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 32 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b.Bytes(), 32) // the parts of a gzip file follow each other
}

// Whatever a target sends, a look costs no more than its bounds.
func TestBounds(t *testing.T) {
	packed := bomb(t)
	drip := func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	const second = time.Second
	for _, g := range []glutton{
		{"a body of 1 GB", site(", expect: [\"json.ok\"]"), func(c net.Conn) {
			head(c, "Content-Length: 1073741824")
			forever(c, "x")
		}, probes.Wrong, "longer than 1048576 bytes (max_body)", 1 << 20, 16 << 20, second},
		{"a body of 1 GB that nothing is asked of", site(), func(c net.Conn) {
			head(c, "Content-Length: 1073741824")
			forever(c, "x")
		}, probes.OK, "", 1 << 20, 16 << 20, second},
		{"a body without an end", site(", max_body: 1000, expect: [\"body == 'x'\"]"), func(c net.Conn) {
			head(c)
			forever(c, "x")
		}, probes.Wrong, "expected body == 'x'", 1 << 10, 2 << 20, second},
		{"chunks without an end", site(", max_body: 1000, expect: [\"body == 'x'\"]"), func(c net.Conn) {
			head(c, "Transfer-Encoding: chunked")
			forever(c, "1\r\nx\r\n")
		}, probes.Wrong, "expected body == 'x'", 1 << 20, 2 << 20, second},
		{"a chunk that is a comment", site(), func(c net.Conn) {
			head(c, "Transfer-Encoding: chunked")
			forever(c, "1;")
		}, probes.Failed, "no usable answer", 1 << 20, 2 << 20, second},
		{"less than it promised", site(), func(c net.Conn) {
			head(c, "Content-Length: 1073741824")
			io.WriteString(c, "short")
		}, probes.Failed, "in the middle of the answer", 1 << 10, 2 << 20, second},
		{"more than it promised", site(", expect: [\"body == 'xxxxx'\"]"), func(c net.Conn) {
			head(c, "Content-Length: 5")
			forever(c, "x")
		}, probes.OK, "", 1 << 20, 2 << 20, second},
		{"a length below nothing", site(), func(c net.Conn) { head(c, "Content-Length: -1") }, probes.Failed, "no usable answer", 1 << 10, 2 << 20, second},
		{"a head of 1 GB", site(), func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nX: ")
			forever(c, "x")
		}, probes.Failed, "no usable answer", 1 << 20, 4 << 20, second},
		{"headers without an end", site(), func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			forever(c, "X: y\r\n")
		}, probes.Failed, "no usable answer", 1 << 20, 4 << 20, second},
		{"answers before the answer", site(), func(c net.Conn) {
			readRequest(c)
			forever(c, "HTTP/1.1 103 Early Hints\r\n\r\n")
		}, probes.Failed, "no usable answer", 1 << 20, 2 << 20, second},
		{"a bomb of gzip", site(", expect: [\"body == 'x'\"]"), func(c net.Conn) {
			head(c, "Content-Encoding: gzip", fmt.Sprintf("Content-Length: %d", len(packed)))
			c.Write(packed)
		}, probes.Wrong, "expected body == 'x'", 2 << 20, 16 << 20, second},
		{"a body in drops", site(), func(c net.Conn) { head(c); drip(c) }, probes.Failed, "no complete answer within 300ms", 1 << 10, 2 << 20, second},
		{"a head in drops", site(), func(c net.Conn) { readRequest(c); drip(c) }, probes.Failed, "no complete answer within 300ms", 1 << 10, 2 << 20, second},
		{"redirects for ever", site(", follow: 5"), func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")
			forever(c, "x")
		}, probes.OK, "", 40 << 20, 16 << 20, second},
		{"JSON without a bottom", site(", expect: [\"json.ok\"]"), func(c net.Conn) {
			head(c)
			forever(c, "[")
		}, probes.Wrong, "max_body", 1 << 20, 64 << 20, second},
		{"a banner without an end", func(a string) string { return "[{tcp: \"" + a + "\", expect: [\"banner == 'x'\"]}]" }, func(c net.Conn) { forever(c, "x") }, probes.Wrong, "expected banner == 'x'", 4 << 10, 16 << 20, second},
		{"a banner in drops", func(a string) string { return "[{tcp: \"" + a + "\", expect: [\"banner == ''\", \"banner == 'y'\"]}]" }, drip, probes.Wrong, "expected banner ==", 1 << 10, 16 << 20, second},
		{"a message without an end", func(a string) string { return "[{ws: \"ws://" + a + "\", expect: [\"message == 'x'\"]}]" }, func(c net.Conn) {
			acceptSocket(c)
			io.WriteString(c, "\x81\x7f\x00\x00\x00\x00\x7f\xff\xff\xff")
			forever(c, "x")
		}, probes.Wrong, "longer than 65536 bytes (max_message)", 1 << 20, 4 << 20, second},
		{"messages without an end", func(a string) string { return "[{ws: \"ws://" + a + "\", expect: [\"message == 'x'\"]}]" }, func(c net.Conn) {
			acceptSocket(c)
			forever(c, "\x81\x01y")
		}, probes.Wrong, "expected message == 'x'", 1 << 20, 4 << 20, second},
		{"pings without an end", func(a string) string { return "[{ws: \"ws://" + a + "\", expect: [\"message == 'x'\"]}]" }, func(c net.Conn) {
			acceptSocket(c)
			go io.Copy(io.Discard, c)
			forever(c, "\x89\x00")
		}, probes.Failed, "no complete answer within 300ms", 1 << 30, 256 << 20, second},
		{"health without an end", func(a string) string { return healthAt(a) }, func(c net.Conn) { forever(c, "\x00\x00\x00\x04\x00\x00\x00\x00\x00") }, probes.Failed, "", 1 << 30, 128 << 20, second},
	} {
		t.Run(g.name, func(t *testing.T) { g.feed(t) })
	}
}

func (g glutton) feed(t *testing.T) {
	var sent atomic.Int64
	address := listen(t, func(c net.Conn) { g.serve(counted{c, &sent}) })
	check := newCheck(t, g.step(address))
	check.Timeout = 300 * time.Millisecond
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	result := check.Probe(t.Context(), began)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if result.Outcome != g.want || !strings.Contains(result.Reason, g.reason) {
		t.Errorf("got %q %q, want %q %q", result.Outcome, result.Reason, g.want, g.reason)
	}
	if took > g.time {
		t.Errorf("took %s, want at most %s", took, g.time)
	}
	if memory := after.TotalAlloc - before.TotalAlloc; memory > g.memory {
		t.Errorf("took %d bytes of memory, want at most %d", memory, g.memory)
	}
	if n := sent.Load(); n > g.bytes+kernelBuffers {
		t.Errorf("took %d bytes off the target, want at most %d", n, g.bytes)
	}
	checkEvidence(t, result)
}
