package drill

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Settings make a city. The zero value is a healthy city of moderate size.
type Settings struct {
	Seed    uint64        // what is random follows from it
	Slow    time.Duration // delay of a slow service; 3 s if zero
	Late    time.Duration // delay of late receipts; 30 s if zero
	Latency Span          // a gateway's time to answer a hand-over; none if zero
	Travel  Span          // from hand-over to phone; 100–400 ms if zero

	// Templates are the registered AlimTalk templates by code, with variables
	// written #{name}. With none registered every code is taken, and the text is
	// made of the parameters.
	Templates map[string]string

	SlackPace time.Duration // between messages to one channel, a few in advance; 1 s if zero, negative is no limit
	Keep      int           // entries of each kind in the log, and messages at each gateway; 100,000 if zero
}

func (s Settings) withDefaults() Settings {
	s.Slow = cmp.Or(s.Slow, 3*time.Second)
	s.Late = cmp.Or(s.Late, 30*time.Second)
	s.Travel = cmp.Or(s.Travel, Span{100 * time.Millisecond, 400 * time.Millisecond})
	s.SlackPace = cmp.Or(s.SlackPace, time.Second)
	s.Keep = cmp.Or(s.Keep, 100_000)
	return s
}

// Keys are what clients of the city's services need to be let in. They follow
// from the seed and open nothing else.
type Keys struct {
	Token                    string // bearer token for chat, places, pay, taxi and the bank's linked function
	ClientID, ClientSecret   string // for login's token endpoint
	TwilioSID, TwilioToken   string // account and auth token of the SMS gateway
	TwilioFrom               string // its number
	TwilioService            string // its messaging service
	AlimTalkApp              string // appkey
	AlimTalkSecret           string // X-Secret-Key
	AlimTalkSender           string // senderKey
	SlackToken, SlackChannel string
	NHNApp, NHNSecret        string // appKey and X-Secret-Key of the SMS gateway in NHN Cloud's shape
	NHNFrom                  string // its sender number
	NHNHook                  string // the signature of its webhook
	SolapiKey, SolapiSecret  string
	SolapiFrom               string
	SolapiHook               string // the secret of its webhook
	LineToken, LineSecret    string // access token and secret of the other messenger's channel
}

func newKeys(seed uint64) Keys {
	return Keys{
		Token:          newMint(seed).issue(forever),
		ClientID:       "city",
		ClientSecret:   secret(seed, "client secret"),
		TwilioSID:      "AC" + secret(seed, "account"),
		TwilioToken:    secret(seed, "auth token"),
		TwilioFrom:     "+15005550006", // the sender of the gateway's own test credentials
		TwilioService:  "MG" + secret(seed, "messaging service"),
		AlimTalkApp:    secret(seed, "appkey")[:16],
		AlimTalkSecret: secret(seed, "secret key")[:16],
		AlimTalkSender: secret(seed, "sender key") + "00000000", // 40 characters
		SlackToken:     "xoxb-simulation-" + secret(seed, "slack"),
		SlackChannel:   "#outages",
		NHNApp:         secret(seed, "nhn appkey")[:16],
		NHNSecret:      secret(seed, "nhn secret key")[:16],
		NHNFrom:        "15880000", // nobody is given numbers that end in four zeros here
		NHNHook:        secret(seed, "nhn webhook"),
		SolapiKey:      "NCS" + secret(seed, "solapi key")[:13],
		SolapiSecret:   secret(seed, "solapi secret"),
		SolapiFrom:     "15880000",
		SolapiHook:     secret(seed, "solapi webhook"),
		LineToken:      secret(seed, "line token"),
		LineSecret:     secret(seed, "line secret"),
	}
}

// City is the simulated city. Its addresses are known once it is made; they
// answer while it runs. It is safe for concurrent use.
type City struct {
	settings  Settings
	keys      Keys
	authority *authority
	log       *Log
	houses    map[Service]*house
	twilio    *twilioDesk
	webhooks  sync.Map // Service → address: where the spare gateways report to
	line      *lineDesk
	travels   *courier // messages on their way to phones
	callbacks *courier // receipts and replies on their way to the sender
	outward   *http.Client
	inward    *http.Client
	now       func() time.Time
	pause     func(context.Context, time.Duration) bool
	indoors   *Indoors // nil: the city is asked through its ports
}

const (
	callbackWorkers  = 16
	callbackPatience = 5 * time.Second
	loginPatience    = time.Second // how long a service waits for login
)

// New makes a city and takes its ports. End it with Run, or with Close if it
// never ran.
func New(ctx context.Context, settings Settings) (*City, error) {
	now := time.Now()
	authority, err := newAuthority(now)
	if err != nil {
		return nil, err
	}
	certificates, err := newCertificates(authority, now)
	if err != nil {
		return nil, err
	}
	settings = settings.withDefaults()
	c := &City{
		settings:  settings,
		keys:      newKeys(settings.Seed),
		authority: authority,
		log:       newLog(settings.Keep),
		houses:    map[Service]*house{},
		travels:   newCourier(1, settings.Keep, time.Now),
		callbacks: newCourier(callbackWorkers, settings.Keep, time.Now),
		outward:   loopbackClient(authority.pool(), callbackPatience, callbackWorkers),
		inward:    loopbackClient(authority.pool(), loginPatience, 64),
		now:       time.Now,
		pause:     wait,
	}
	for _, service := range Services() {
		if err := c.build(ctx, service, certificates); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.furnish()
	return c, nil
}

// build takes a service's ports.
func (c *City) build(ctx context.Context, service Service, certificates *certificates) error {
	plain, err := openDoor(ctx)
	if err != nil {
		return fmt.Errorf("taking a port for %s: %w", service, err)
	}
	secure, err := openDoor(ctx)
	if err != nil {
		plain.Close()
		return fmt.Errorf("taking a port for %s: %w", service, err)
	}
	h := c.raise(service)
	h.plain, h.secure, h.certificates = plain, secure, certificates
	return nil
}

// raise puts up a service's house, which has no ports yet.
func (c *City) raise(service Service) *house {
	h := &house{service: service, log: c.log, slow: c.settings.Slow, now: c.now, pause: c.pause}
	well := OK
	h.mode.Store(&well)
	c.houses[service] = h
	return h
}

// furnish puts a desk into every house; they know each other's addresses now.
func (c *City) furnish() {
	mint := newMint(c.settings.Seed)
	guard := &guard{client: c.inward, login: c.URL(Login)}
	c.twilio, c.line = newTwilioDesk(c), newLineDesk(c)
	desks := map[Service]desk{
		Login:    &loginDesk{mint: mint, keys: c.keys, url: c.URL(Login), now: c.now},
		Chat:     newChatDesk(guard, c.now),
		Places:   &placesDesk{guard},
		Route:    routeDesk{},
		Pay:      &payDesk{guard: guard, dice: newDice(c.settings.Seed, "payments")},
		Taxi:     &taxiDesk{guard},
		Bank:     bankDesk{},
		BankLink: &bankLinkDesk{guard: guard, dice: newDice(c.settings.Seed, "linked payments")},
		SMS:      c.twilio,
		AlimTalk: newAlimTalkDesk(c),
		Slack:    newSlackDesk(c),
		NHN:      newNHNSMSDesk(c),
		Solapi:   newSolapiDesk(c),
		Line:     c.line,
	}
	for service, h := range c.houses {
		h.desk = desks[service]
	}
}

// Run serves until ctx ends, then returns when every server and every sender
// of receipts has ended. It can be called once.
func (c *City) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer c.outward.CloseIdleConnections()
	defer c.inward.CloseIdleConnections()

	var everyone sync.WaitGroup
	everyone.Go(func() { c.travels.run(ctx) })
	everyone.Go(func() { c.callbacks.run(ctx) })
	broken := make(chan error, len(c.houses))
	for _, h := range c.houses {
		everyone.Go(func() {
			broken <- h.run(ctx)
			end() // a city with a house missing would be a false witness
		})
	}
	everyone.Wait()
	close(broken)
	var failed error
	for err := range broken {
		failed = errors.Join(failed, err)
	}
	return failed
}

// Close gives the ports back. Run does so by itself.
func (c *City) Close() error {
	var failed error
	for _, h := range c.houses {
		failed = errors.Join(failed, h.plain.Close(), h.secure.Close())
	}
	return failed
}

// URL is the service's plain address, without a trailing slash. For a gateway
// it is the base URL to put in the real one's place.
func (c *City) URL(s Service) string { return c.houses[s].url() }

// SecureURL is the service's address by TLS, signed by [City.Authority].
func (c *City) SecureURL(s Service) string { return c.houses[s].secureURL() }

// Authority holds the certificate authority that signed the services'
// certificates.
func (c *City) Authority() *x509.CertPool { return c.authority.pool() }

// Keys are what clients need to be let in.
func (c *City) Keys() Keys { return c.keys }

// Travelling says how many messages and receipts are still on their way.
func (c *City) Travelling() int { return c.travels.waiting() + c.callbacks.waiting() }

// Log is what the city saw.
func (c *City) Log() *Log { return c.log }

// ErrNoSuch says that there is no such service or that it has no such mode.
var ErrNoSuch = errors.New("no such service or mode")

// Mode says how a service behaves now.
func (c *City) Mode(s Service) Mode {
	if h := c.houses[s]; h != nil {
		return h.current()
	}
	return ""
}

// Set changes how a service behaves. Once it has returned, no later request
// meets the old behaviour. The error is [ErrNoSuch], or that a port could not
// be taken again.
func (c *City) Set(ctx context.Context, s Service, m Mode) error {
	if !slices.Contains(s.Modes(), m) {
		return fmt.Errorf("setting %q to %q: %w", s, m, ErrNoSuch)
	}
	return c.houses[s].set(ctx, m)
}

// messengerDead says whether people get no messages by the messenger.
func (c *City) messengerDead() bool { return c.Mode(Chat).dead() || c.Mode(Login).dead() }

// bring does something that happens to a message on its way, after a while. A
// road that is full is left out: a message that the city took must not be lost
// by its own stand-in.
func (c *City) bring(after time.Duration, do func()) {
	if !c.travels.after(after, func(context.Context) { do() }) {
		do()
	}
}

// arrive puts a message on a phone.
func (c *City) arrive(s Service, p *parcel, thread string) {
	c.log.write(Entry{
		At: c.now(), Kind: Arrival, Service: s, To: p.to, Body: p.body,
		Key: p.key, Ref: p.id, Thread: thread, Outcome: "arrived",
	})
}

var errNotLoopback = errors.New("not a loopback address; the simulated city speaks to this machine only")

// loopbackClient reaches loopback addresses only, whatever names resolve to,
// and follows no redirects.
func loopbackClient(roots *x509.CertPool, patience time.Duration, connections int) *http.Client {
	dialer := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			return fmt.Errorf("connecting to %s: %w", address, errNotLoopback)
		}
		return nil
	}}
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			MaxIdleConnsPerHost: connections,
			IdleConnTimeout:     30 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
