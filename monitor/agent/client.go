package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/status/remote"
)

// How long an exchange may take: a line that takes five seconds each way, and
// needs three such turns to begin to talk, still gets through.
const (
	exchangeTime = 40 * time.Second
	wakeTime     = remote.WakeWait + exchangeTime
	dialTime     = 15 * time.Second
	idleTime     = 90 * time.Second
)

// Client talks to a hub.
type Client struct {
	hub       *url.URL
	token     string
	userAgent string
	http      *http.Client
	now       func() time.Time
}

// ClientOptions say whom to talk to, and how.
type ClientOptions struct {
	Hub       string           // the address of the hub's page: https, or http on this machine
	Token     string           // that `bongsu token create --agent` made
	Roots     *x509.CertPool   // whom to trust; nil: the system
	UserAgent string           // how the agent introduces itself
	Now       func() time.Time // the agent's clock
}

// NewClient says what is wrong with the address or the token.
func NewClient(o ClientOptions) (*Client, error) {
	hub, err := url.Parse(strings.TrimSuffix(o.Hub, "/"))
	if err != nil {
		return nil, fmt.Errorf("reading the hub's address: %w", err)
	}
	switch {
	case hub.Hostname() == "" || hub.User != nil || hub.RawQuery != "" || hub.Fragment != "":
		return nil, fmt.Errorf("the hub's address %q is not one; write https://status.example", hub.Redacted())
	case hub.Scheme == "http" && !isLoopback(hub.Hostname()):
		return nil, fmt.Errorf("http://%s would show the token and the secrets of the checks to everybody on the way; write https://", hub.Host)
	case hub.Scheme != "https" && hub.Scheme != "http":
		return nil, fmt.Errorf("the hub's address begins with %q; write https://", hub.Scheme)
	case o.Token == "" || strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("the token is empty or not one; `bongsu token create --agent LOCATION` on the hub makes one")
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: dialTime}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   exchangeTime,
		IdleConnTimeout:       idleTime,
		MaxIdleConnsPerHost:   2,
		ResponseHeaderTimeout: wakeTime,
	}
	return &Client{
		hub: hub, token: o.Token, userAgent: o.UserAgent, now: o.Now,
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected }, // the token stays here
		},
	}, nil
}

var errRedirected = errors.New("the hub sends elsewhere; write the address at which it answers itself")

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hello asks for work.
func (c *Client) hello(ctx context.Context, h *remote.Hello) (*remote.Welcome, remote.Sample, error) {
	h.Sent = c.now().Round(0)
	began := time.Now()
	w, err := post[remote.Welcome](ctx, c, remote.HelloPath, h, remote.MaxWelcome)
	if err != nil {
		return nil, remote.Sample{}, err
	}
	return w, sample(h.Sent, began, w.Received, w.Answered), nil
}

// send brings looks.
func (c *Client) send(ctx context.Context, b *remote.Batch) (*remote.Ack, remote.Sample, error) {
	b.Sent = c.now().Round(0)
	began := time.Now()
	ack, err := post[remote.Ack](ctx, c, remote.VotesPath, b, remote.MaxReply)
	if err != nil {
		return nil, remote.Sample{}, err
	}
	return ack, sample(b.Sent, began, ack.Received, ack.Answered), nil
}

// sample is the times of an exchange. When the answer came follows from the time
// that has elapsed, so that a clock that is set meanwhile does not matter.
func sample(sent, began, received, answered time.Time) remote.Sample {
	return remote.Sample{Sent: sent, Received: received, Answered: answered, Got: sent.Add(time.Since(began))}
}

// wait waits for a call.
func (c *Client) wait(ctx context.Context, run, work string, after uint64) (*remote.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, wakeTime)
	defer cancel()
	query := url.Values{"run": {run}, "work": {work}, "after": {strconv.FormatUint(after, 10)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.at(remote.WakePath)+"?"+query.Encode(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking the hub: %w", err)
	}
	return exchange[remote.Call](c, request, remote.MaxReply)
}

func post[Answer remote.Message](ctx context.Context, c *Client, path string, message any, most int64) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, exchangeTime)
	defer cancel()
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("writing to the hub: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.at(path), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("asking the hub: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	return exchange[Answer](c, request, most)
}

func (c *Client) at(path string) string { return c.hub.String() + path }

func exchange[Answer remote.Message](c *Client, request *http.Request, most int64) (*Answer, error) {
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("User-Agent", c.userAgent)
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the hub: %w", withoutURL(err))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the hub's answer: %w", err)
	case int64(len(text)) > most:
		return nil, fmt.Errorf("reading the hub's answer: it is longer than %d bytes", most)
	case answer.StatusCode != http.StatusOK:
		return nil, refusalOf(answer, text)
	}
	return remote.Decode[Answer](text)
}

// withoutURL leaves out the address, which the agent's log names once.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// refusal is an answer of the hub, or of something before it, that is no yes.
type refusal struct {
	code  int
	why   string
	after time.Duration // when to try again, as far as it was said
	ours  bool          // the hub itself says so, in the form of its problems
}

func (r *refusal) Error() string { return fmt.Sprintf("the hub answers %d: %s", r.code, r.why) }

// final says whether the agent is not wanted, now or later. Only the hub can say
// so: a gateway before it, or a wall in between, may refuse for a minute.
func (r *refusal) final() bool {
	return r.ours && (r.code == http.StatusUnauthorized || r.code == http.StatusForbidden || r.code == http.StatusConflict)
}

// useless says whether the same would be refused each time.
func (r *refusal) useless() bool {
	return r.ours && r.code == http.StatusBadRequest || r.code == http.StatusRequestEntityTooLarge
}

func refusalOf(answer *http.Response, text []byte) *refusal {
	r := &refusal{code: answer.StatusCode, why: http.StatusText(answer.StatusCode)}
	r.ours = strings.HasPrefix(answer.Header.Get("Content-Type"), "application/problem+json")
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		r.why = oneLine(problem.Detail)
	}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		r.after = min(time.Duration(seconds)*time.Second, longestPause)
	}
	return r
}
