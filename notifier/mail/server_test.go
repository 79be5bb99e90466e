package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is a real SMTP server, of another maker, that keeps what it takes.
type postOffice struct {
	*smtp.Server
	address string
	roots   *x509.CertPool

	mu       sync.Mutex
	letters  []letter
	sessions int
}

type letter struct {
	from, to string
	raw      []byte
	secure   bool
	user     string
	utf8     bool
}

// office opens a post office on this machine.
func office(t *testing.T, adjust ...func(*smtp.Server)) *postOffice {
	t.Helper()
	p := &postOffice{}
	certificate, roots := certificate(t)
	p.roots = roots
	p.Server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.sessions++
		return &counter{office: p, conn: c}, nil
	}))
	p.Domain = "mx.example"
	p.EnableSMTPUTF8 = true
	p.MaxMessageBytes = 1 << 20
	p.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	p.ErrorLog = silence{}
	for _, f := range adjust {
		f(p.Server)
	}
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = door.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Serve(door)
	}()
	t.Cleanup(func() {
		p.Close()
		<-done
	})
	return p
}

func (p *postOffice) got() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]letter(nil), p.letters...)
}

// connections is how many came.
func (p *postOffice) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions
}

// counter is one connection to a post office.
type counter struct {
	office *postOffice
	conn   *smtp.Conn
	letter letter
	user   string
}

func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "status" || password != "5ecret" {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}), nil
}

func (c *counter) Mail(from string, o *smtp.MailOptions) error {
	_, secure := c.conn.TLSConnectionState()
	c.letter = letter{from: from, secure: secure, user: c.user, utf8: o.UTF8}
	return nil
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<" + to + "> is unknown here"}
	}
	c.letter.to = to
	return nil
}

func (c *counter) Data(r io.Reader) (err error) {
	if c.letter.raw, err = io.ReadAll(r); err != nil {
		return err
	}
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.letters = append(c.office.letters, c.letter)
	return nil
}

func (c *counter) Reset()        {}
func (c *counter) Logout() error { return nil }

// certificate is one for 127.0.0.1, and who signed it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}

// clerk is a server that says what it is told to, command by command: for what
// no well-kept server says.
type clerk struct {
	address string
	say     map[string]string // by command; "" hangs up, "mute" says nothing; "." is the end of a mail

	mu    sync.Mutex
	once  string // the command that is answered so only once
	came  int
	ended int // mails
}

// turn has the clerk say something else at a command, once.
func (c *clerk) turn(command, words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say[command], c.once = words, command
}

func hire(t *testing.T, say map[string]string) *clerk {
	t.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &clerk{address: door.Addr().String(), say: say}
	var all sync.WaitGroup
	end := make(chan struct{})
	all.Go(func() {
		for {
			conn, err := door.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.came++
			c.mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				stop := make(chan struct{})
				defer close(stop)
				go func() { // ends a conversation that the test is done with
					select {
					case <-end:
						conn.Close()
					case <-stop:
					}
				}()
				c.serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		door.Close()
		close(end)
		all.Wait()
	})
	return c
}

var errHungUp = errors.New("hung up")

// answer says what is due at a command.
func (c *clerk) answer(conn net.Conn, command, otherwise string) error {
	c.mu.Lock()
	words, told := c.say[command]
	if c.once == command {
		delete(c.say, command)
	}
	c.mu.Unlock()
	switch {
	case !told:
		words = otherwise
	case words == "":
		return errHungUp
	case words == "mute":
		_, err := io.Copy(io.Discard, conn)
		return errors.Join(errHungUp, err)
	}
	_, err := io.WriteString(conn, words+"\r\n")
	return err
}

func (c *clerk) serve(conn net.Conn) {
	if c.answer(conn, "CONNECT", "220 mx.example") != nil {
		return
	}
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		command, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		otherwise := map[string]string{"EHLO": "250-mx.example\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES", "DATA": "354 go on", "AUTH": "235 welcome", "QUIT": "221 bye"}[command]
		if otherwise == "" {
			otherwise = "250 fine"
		}
		if c.answer(conn, command, otherwise) != nil {
			return
		}
		if command == "DATA" && !c.refuses("DATA") {
			for line != ".\r\n" {
				if line, err = in.ReadString('\n'); err != nil {
					return
				}
			}
			c.mu.Lock()
			c.ended++
			c.mu.Unlock()
			if c.answer(conn, ".", "250 2.0.0 queued as 7") != nil {
				return
			}
		}
	}
}

func (c *clerk) refuses(command string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, told := c.say[command]
	return told
}

// connections is how many came.
func (c *clerk) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.came
}

// mails is how many came to their end.
func (c *clerk) mails() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

func (c *clerk) url() string { return "smtp://status:5ecret@" + c.address }

// silence keeps what a server complains of to itself.
type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}

// stopper is a drill's way for gateways that speak HTTP.
type stopper struct{}

func (stopper) RoundTrip(*http.Request) (*http.Response, error) { return nil, errHungUp }
