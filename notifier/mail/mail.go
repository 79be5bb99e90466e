// Package mail hands notices over to a mail server by SMTP: plain text and
// HTML, with the headers by which readers and their programs leave
// (RFC 8058) and by which other programs know that no person wrote it.
//
// A server that has taken a message has promised to deliver it or to say so by
// mail; it reports nothing back to this program. So a hand-over is what is
// known of a mail.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	stdmail "net/mail"
	"net/url"
	"strings"
	"time"

	api "github.com/wneessen/go-mail"

	"bongsu/notifier"
	"bongsu/notifier/wire"
)

// Kind is the gateway's entry in the table of kinds.
func Kind() notifier.GatewayKind {
	return notifier.GatewayKind{
		Kind:  "smtp",
		Class: notifier.ClassMail,
		Doc:   "mail through a server that takes it by SMTP",
		New:   func() notifier.Settings { return &Settings{Connections: 4} },
	}
}

// Settings is a mail server and who writes through it.
type Settings struct {
	URL          notifier.Secret `yaml:"url" must:"required" doc:"the server: smtp://user:password@host:587, or smtps:// where TLS comes first"`
	From         string          `yaml:"from" must:"required" doc:"the sender: an address, or a name and an address: Status <status@status.example>"`
	ReplyTo      string          `yaml:"reply_to" doc:"where answers go, if not to the sender"`
	LeaveMail    string          `yaml:"leave_mail" doc:"an address to which people may also write to leave, if somebody reads it"`
	TLS          string          `yaml:"tls" must:"one=required|opportunistic|none" doc:"for smtp://: whether the server has to offer STARTTLS; required, unless the server is on this machine"`
	Hello        string          `yaml:"hello" doc:"the name by which the program greets the server; the sender's domain if left out"`
	Connections  int             `yaml:"connections" must:"min=1 max=50" doc:"how many connections to the server at once"`
	DKIMSelector string          `yaml:"dkim_selector" doc:"signs mails (DKIM) under this selector of the sender's domain, where the server does not"`
	DKIMKey      notifier.Secret `yaml:"dkim_key" doc:"the private key in PEM, RSA or Ed25519, that belongs to the selector"`

	// Roots are for tests, whose servers have certificates of their own. Nil is
	// the system's; no configuration sets it.
	Roots *x509.CertPool `yaml:"-"`
}

// Problems says what is wrong with the settings.
func (s *Settings) Problems() []notifier.Problem {
	var found []notifier.Problem
	complain := func(path, text string) { found = append(found, notifier.Problem{Path: path, Text: text}) }
	server, err := s.server()
	if err != nil {
		complain("url", err.Error())
	} else if server.user != "" && server.policy == inClear && !loopback(server.host) {
		complain("tls", "would send the password in clear; leave it out, or write required")
	}
	if _, err := parseSender(s.From); err != nil {
		complain("from", "is no address; write one, like status@status.example or Status <status@status.example>")
	}
	for path, address := range map[string]string{"reply_to": s.ReplyTo, "leave_mail": s.LeaveMail} {
		if _, err := bare(address); address != "" && err != nil {
			complain(path, "is no address; write one, like ops@status.example")
		}
	}
	if strings.ContainsFunc(s.Hello, func(r rune) bool { return r <= ' ' || r > '~' }) {
		complain("hello", "is no host name; write one, like status.example")
	}
	if (s.DKIMSelector == "") != s.DKIMKey.Empty() {
		complain("dkim_selector", "needs both dkim_selector and dkim_key, or neither")
	} else if strings.ContainsFunc(s.DKIMSelector, func(r rune) bool { return r <= ' ' || r > '~' || r == ';' }) || len(s.DKIMSelector) > 63 {
		complain("dkim_selector", "is no selector; write the name that stands before ._domainkey in the name server")
	} else if _, err := s.signer(); err != nil {
		complain("dkim_key", "is no private key in PEM; write env:NAME or file:PATH of one")
	}
	return found
}

// server is where mail is handed over.
type server struct {
	host, port     string
	user, password string
	policy         policy
}

// policy is how a connection becomes a private one.
type policy int

const (
	mustStartTLS policy = iota
	mayStartTLS
	tlsFirst
	inClear
)

func (s *Settings) server() (server, error) {
	u, err := url.Parse(s.URL.Reveal())
	form := errors.New("is no mail server; write env:NAME or file:PATH of smtp://user:password@host:587 or smtps://host")
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return server{}, form
	}
	out := server{host: u.Hostname(), port: u.Port(), user: u.User.Username()}
	out.password, _ = u.User.Password()
	switch u.Scheme {
	case "smtps":
		out.policy = tlsFirst
		if s.TLS != "" {
			return server{}, errors.New("is smtps://, where TLS always comes first; leave tls out")
		}
	case "smtp":
		out.policy = s.startTLS(out.host)
	default:
		return server{}, form
	}
	if out.port == "" {
		out.port = map[string]string{"smtps": "465", "smtp": "587"}[u.Scheme]
	}
	return out, nil
}

func (s *Settings) startTLS(host string) policy {
	switch {
	case s.TLS == "opportunistic":
		return mayStartTLS
	case s.TLS == "none", s.TLS == "" && loopback(host):
		return inClear
	}
	return mustStartTLS
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// signer signs mails, or is nil.
func (s *Settings) signer() (*api.DKIMSigner, error) {
	if s.DKIMKey.Empty() {
		return nil, nil
	}
	key, err := api.PrivKeyFromPEM([]byte(s.DKIMKey.Reveal()))
	if err != nil {
		return nil, errors.New("the key for DKIM is no private key in PEM")
	}
	signer := api.NewDKIMSigner(domainOf(s.From), s.DKIMSelector, key)
	// RFC 8058 asks for the headers by which people leave to be signed too. The
	// list has to fit on a line: the library (v0.8.1) breaks a longer one in the
	// middle of a name after it has signed it unbroken.
	signer.SignHeaders("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
	return signer, nil
}

// domainOf is the domain of a sender that has been checked.
func domainOf(from string) string {
	a, err := parseSender(from)
	if err != nil {
		return ""
	}
	return a.Address[strings.LastIndex(a.Address, "@")+1:]
}

// Open makes the gateway.
func (s *Settings) Open(o notifier.Outside) (notifier.Gateway, error) {
	to, err := s.server()
	if err != nil {
		return nil, fmt.Errorf("the server %w", err)
	}
	if o.Now == nil {
		return nil, errors.New("a mail needs a clock for its date")
	}
	signer, err := s.signer()
	if err != nil {
		return nil, err
	}
	from, err := parseSender(s.From)
	if err != nil {
		return nil, fmt.Errorf("the sender %w", err)
	}
	hello := s.Hello
	if hello == "" {
		hello = domainOf(s.From)
	}
	g := &gateway{settings: *s, server: to, from: from, outside: o, signer: signer}
	if o.Transport == nil {
		g.pool = newPool(to, hello, &tls.Config{ServerName: to.host, MinVersion: tls.VersionTLS12, RootCAs: s.Roots}, s.Connections)
	}
	return g, nil
}

type gateway struct {
	settings Settings
	server   server
	from     *stdmail.Address
	outside  notifier.Outside
	signer   *api.DKIMSigner
	pool     *pool // nil in a drill: no mail leaves it
}

// Timeout bounds one hand-over, the connection included.
const Timeout = 10 * time.Second

// Send hands a mail over. The reference is its Message-ID.
func (g *gateway) Send(ctx context.Context, m notifier.Message) (string, error) {
	to, err := bare(m.To)
	if err != nil {
		return "", &notifier.RejectedError{Code: "no address", Text: "it is no mail address", Recipient: true, Suppress: true}
	}
	letter, id, err := g.compose(m, to)
	if err != nil {
		return "", &notifier.RejectedError{Code: "no mail", Text: wire.Scrub(err.Error(), g.secrets(m, to)...)}
	}
	if g.pool == nil {
		return "", &notifier.RejectedError{Code: "drill", Text: "no mail leaves a drill"}
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	if step, err := g.pool.send(ctx, g.from.Address, to, letter); err != nil {
		return "", classify(step, err, g.secrets(m, to))
	}
	return id, nil
}

func (g *gateway) secrets(m notifier.Message, to string) []string {
	return []string{m.To, to, m.Leave, m.Body, m.HTML, m.Title, g.server.password, g.server.user, g.settings.URL.Reveal()}
}
