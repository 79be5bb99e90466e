package console_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/web/account"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// stream opens /console/live as somebody and gives what arrives, line by line.
// It ends with the test.
func stream(t *testing.T, c *console.Console, role string) (lines <-chan string, leave func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer out.Close()
		c.ServeHTTP(&pipe{header: http.Header{}, to: out}, request(http.MethodGet, "/console/live", role, "").WithContext(ctx))
	}()
	heard := make(chan string, 100)
	go func() {
		defer close(heard)
		for scan := bufio.NewScanner(in); scan.Scan(); {
			if text := scan.Text(); strings.HasPrefix(text, "event: ") || strings.HasPrefix(text, "data: ") {
				heard <- text
			}
		}
	}()
	return heard, func() { cancel(); <-ended }
}

// pipe is an answer that is read while it is written.
type pipe struct {
	header http.Header
	to     io.Writer
}

func (p *pipe) Header() http.Header         { return p.header }
func (p *pipe) WriteHeader(int)             {}
func (p *pipe) Write(b []byte) (int, error) { return p.to.Write(b) }
func (p *pipe) Flush()                      {}

func TestOpenPagesAreToldWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := furnished(t, sample.Outage())
		heard, leave := stream(t, c, "viewer")
		synctest.Wait()
		c.Changed(console.States, console.Incidents)
		c.Changed(console.States)
		time.Sleep(time.Second)
		synctest.Wait()
		for _, want := range []string{"event: changed", "data: incidents", "event: changed", "data: states"} {
			if got := <-heard; got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
		time.Sleep(16 * time.Second)
		if got := <-heard; got != "event: beat" {
			t.Errorf("after a while heard %q", got)
		}
		leave()
		if n := c.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
}

// switched is a door whose session can end.
type switched struct{ ended, away atomic.Bool }

func (d *switched) Who(r *http.Request) (account.Who, error) {
	switch {
	case d.ended.Load():
		return account.Who{}, console.ErrNobody
	case d.away.Load():
		return account.Who{}, errors.New("no database")
	}
	return fakeDoor{}.Who(r)
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := &switched{}
		c := furnished(t, sample.Outage(), func(o *console.Options) { o.Door = door })
		heard, leave := stream(t, c, "viewer")
		defer leave()
		synctest.Wait()
		door.away.Store(true) // a database that is away ends no session
		time.Sleep(16 * time.Second)
		if got := <-heard; got != "event: beat" {
			t.Fatalf("without a database heard %q", got)
		}
		<-heard
		door.ended.Store(true)
		time.Sleep(16 * time.Second)
		if got := <-heard; got != "event: bye" {
			t.Errorf("after the session heard %q", got)
		}
		synctest.Wait()
		if n := c.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
}

func TestStreamsAreBoundedForEachUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := furnished(t, sample.Outage())
		for range 20 {
			_, leave := stream(t, c, "viewer")
			defer leave()
		}
		synctest.Wait()
		w := httptest.NewRecorder()
		c.ServeHTTP(w, request(http.MethodGet, "/console/live", "viewer", ""))
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("the twenty-first page of a user gets %d", w.Code)
		}
		_, leave := stream(t, c, "admin")
		defer leave()
		synctest.Wait()
		if n := c.Streams(); n != 21 {
			t.Errorf("%d streams, want 21: another user is not kept out", n)
		}
		c.Close()
		synctest.Wait()
		if n := c.Streams(); n != 0 {
			t.Errorf("%d streams outlive the console", n)
		}
	})
}
