package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Bounds of a connection.
const (
	dialTime = 3 * time.Second
	idleTime = 20 * time.Second // below the minutes that servers grant
	// restless is after how long an idle connection is asked whether it lives.
	restless  = 2 * time.Second
	mostMails = 200       // on one connection, as many servers allow at least
	mostHeard = 256 << 10 // bytes that a server may say about one mail
)

// pool is the connections to one server: some at a time, each used again.
type pool struct {
	server server
	hello  string
	tls    *tls.Config
	places chan struct{}

	mu   sync.Mutex
	idle []*session // the one used last at the end
}

func newPool(to server, hello string, config *tls.Config, most int) *pool {
	return &pool{server: to, hello: hello, tls: config, places: make(chan struct{}, max(most, 1))}
}

// session is one connection.
type session struct {
	client *smtp.Client
	conn   *ear
	mails  int
	since  time.Time   // idle since
	ender  *time.Timer // closes it when it is idle for too long
}

// send hands one mail over. The step says how far an error let it come.
func (p *pool) send(ctx context.Context, from, to string, letter []byte) (step, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return greeting, ctx.Err()
	}
	s := p.take(ctx)
	if s != nil {
		at, err := s.send(ctx, from, to, letter)
		if p.put(s, err); err == nil || at > sender || said(err) && !over(err) || ctx.Err() != nil {
			return at, err
		}
		// It died while it was idle: nothing of the mail has left.
	}
	s, at, err := p.dial(ctx)
	if err != nil {
		return at, err
	}
	at, err = s.send(ctx, from, to, letter)
	p.put(s, err)
	return at, err
}

// said says whether the server itself said no.
func said(err error) bool {
	_, told := errors.AsType[*textproto.Error](err)
	return told
}

// over says whether the server itself ended the connection.
func over(err error) bool {
	no, told := errors.AsType[*textproto.Error](err)
	return told && no.Code == closing
}

// take is an idle connection that lives, or nil.
func (p *pool) take(ctx context.Context) *session {
	for {
		p.mu.Lock()
		if len(p.idle) == 0 {
			p.mu.Unlock()
			return nil
		}
		s := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.mu.Unlock()
		if !s.ender.Stop() {
			continue // it is being closed
		}
		if time.Since(s.since) < restless || s.under(ctx, s.client.Noop) == nil {
			return s
		}
		s.conn.Close()
	}
}

// put keeps a connection for the next mail, if it can carry one.
func (p *pool) put(s *session, err error) {
	if err != nil && !said(err) || s.mails >= mostMails || s.conn.failed.Load() {
		s.conn.Close()
		return
	}
	s.since = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.ender = time.AfterFunc(idleTime, func() { p.drop(s) })
	p.idle = append(p.idle, s)
}

// drop closes a connection that nobody needed.
func (p *pool) drop(s *session) {
	p.mu.Lock()
	p.idle = slices.DeleteFunc(p.idle, func(other *session) bool { return other == s })
	p.mu.Unlock()
	s.conn.Close()
}

// dial makes a connection that is ready for a mail.
func (p *pool) dial(ctx context.Context) (*session, step, error) {
	dialer := net.Dialer{Timeout: dialTime}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(p.server.host, p.server.port))
	if err != nil {
		return nil, greeting, err
	}
	s := &session{conn: &ear{Conn: raw}}
	at := greeting
	err = s.under(ctx, func() (err error) {
		at, err = s.begin(p)
		return err
	})
	if err != nil {
		raw.Close()
		return nil, at, err
	}
	return s, at, nil
}

// begin greets the server, makes the connection private and logs in.
func (s *session) begin(p *pool) (at step, err error) {
	conn := net.Conn(s.conn)
	if p.server.policy == tlsFirst {
		private := tls.Client(s.conn, p.tls)
		if err := private.Handshake(); err != nil { //nolint:noctx // under ends it with the context
			return greeting, err
		}
		conn = private
	}
	if s.client, err = smtp.NewClient(conn, p.server.host); err != nil {
		return greeting, err
	}
	// A mail of ours needs nothing of SMTPUTF8, and one that asks for it is
	// refused by every server on its way that does not have it.
	s.client.SkipSMTPUTF8(true)
	if err := s.client.Hello(p.hello); err != nil {
		return greeting, err
	}
	if err := s.startTLS(p); err != nil {
		return greeting, err
	}
	if p.server.user == "" {
		return greeting, nil
	}
	return login, s.logIn(p.server)
}

func (s *session) startTLS(p *pool) error {
	if p.server.policy != mustStartTLS && p.server.policy != mayStartTLS {
		return nil
	}
	if offered, _ := s.client.Extension("STARTTLS"); offered {
		return s.client.StartTLS(p.tls)
	}
	if p.server.policy == mayStartTLS {
		return nil
	}
	return errors.New("the server does not offer STARTTLS, which tls: required asks for")
}

func (s *session) logIn(to server) error {
	_, offered := s.client.Extension("AUTH")
	ways := strings.Fields(offered)
	for _, way := range []struct {
		name string
		auth smtp.Auth
	}{
		{"SCRAM-SHA-256", smtp.ScramSHA256Auth(to.user, to.password)},
		{"PLAIN", smtp.PlainAuth("", to.user, to.password, to.host, false)},
		{"LOGIN", smtp.LoginAuth(to.user, to.password, to.host, false)},
	} {
		if slices.Contains(ways, way.name) {
			return s.client.Auth(way.auth)
		}
	}
	return errors.New("the server offers no way to log in that the program has: SCRAM-SHA-256, PLAIN or LOGIN")
}

// send hands one mail over.
func (s *session) send(ctx context.Context, from, to string, letter []byte) (at step, err error) {
	s.mails++
	err = s.under(ctx, func() (err error) {
		at, err = s.converse(from, to, letter)
		return err
	})
	return at, err
}

func (s *session) converse(from, to string, letter []byte) (step, error) {
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return sender, s.again(err)
	}
	if err := s.client.Rcpt("<" + to + ">"); err != nil {
		return recipient, s.again(err)
	}
	w, err := s.client.Data()
	if err != nil {
		return content, s.again(err)
	}
	if _, err := w.Write(letter); err != nil {
		return content, err
	}
	// Closing writes the dot. What is buffered may fail to leave, but how much of
	// it did is not known.
	if err := w.Close(); err != nil {
		return end, err
	}
	return end, nil
}

// again makes the connection ready for the next mail after a no. Where that
// fails the connection is not used again; the no stays what it is.
func (s *session) again(err error) error {
	if said(err) && s.client.Reset() != nil {
		s.conn.failed.Store(true)
	}
	return err
}

// under does something with the connection, and breaks it off when ctx ends.
func (s *session) under(ctx context.Context, do func() error) error {
	s.conn.left.Store(mostHeard)
	stop := context.AfterFunc(ctx, func() {
		s.conn.failed.Store(true)
		_ = s.conn.SetDeadline(time.Unix(1, 0)) // the connection is of no use any more, however this ends
	})
	err := do()
	if !stop() && err != nil && !said(err) {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// ear is a connection on which the server may say only so much.
type ear struct {
	net.Conn
	left   atomic.Int64
	failed atomic.Bool
}

var errTooMuch = fmt.Errorf("the server said more than %d bytes", mostHeard)

func (e *ear) Read(p []byte) (int, error) {
	n, err := e.Conn.Read(p)
	if e.left.Add(-int64(n)) < 0 {
		e.failed.Store(true)
		return 0, errTooMuch
	}
	return n, err
}
