package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// GRPC asks a server how it is, by the standard health service.
type GRPC struct {
	Service    string            `yaml:"service" must:"max=200" doc:"The service to ask about; the server as a whole if left out."`
	Plaintext  bool              `yaml:"plaintext" doc:"Without TLS."`
	ServerName string            `yaml:"server_name" doc:"The name the certificate must be for; the host if left out."`
	Headers    map[string]string `yaml:"headers" doc:"Metadata to send."`
	Slow       time.Duration     `yaml:"slow" doc:"An answer that takes longer is slow."`
	Way        `yaml:",inline"`

	target string

	once       sync.Once
	way        way
	headers    []header
	credential bool // a secret is sent
	problems   []Problem
}

func grpcKind() Kind {
	return Kind{
		Key:     "grpc",
		Doc:     "Ask a gRPC server how it is (grpc.health.v1).",
		Example: "{grpc: \"orders.example:443\", service: orders.v1.Orders, slow: 1s}",
		New:     func(target string) Step { return &GRPC{target: target} },
	}
}

// Problems implements [Step].
func (s *GRPC) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *GRPC) prepare() {
	s.once.Do(func() {
		p := &planner{}
		s.way = p.planWay(s.Way, p.hostOf("grpc", s.target))
		s.headers = p.headers(s.Headers)
		p.checkSlow(s.Slow)
		if s.Plaintext && (s.Cert != "" || s.ServerName != "") {
			p.complain("plaintext", errors.New("goes without certificates; leave out cert, key and server_name, or it"))
		}
		s.credential = s.way.cert != "" || slices.ContainsFunc(s.headers, func(h header) bool { return h.value.secret() })
		s.problems = p.problems
	})
}

// Look implements [Step].
func (s *GRPC) Look(ctx context.Context, run *Run) StepSeen {
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	link := &grpcLink{way: &s.way, run: run, trace: t}
	reply, err := s.check(ctx, run, link)
	seen := s.judge(ctx, reply, err, link)
	seen.Action = run.mask.clip(strings.TrimSpace("grpc "+s.target+" "+s.Service), maxAction)
	seen.Phases, seen.Took = t.end()
	judgeSlow(seen.Took, s.Slow, &seen)
	return seen
}

// maxReply is far more bytes than an answer about health has.
const maxReply = 4 << 10

// check asks, over a connection of its own.
func (s *GRPC) check(ctx context.Context, run *Run, link *grpcLink) (*health.HealthCheckResponse, error) {
	if run.rehearsal != nil {
		return nil, errNotRehearsed
	}
	secure, err := s.security(run, link)
	if err != nil {
		return nil, err
	}
	// The deadline stays with us: a server that knew it could end the call
	// first, and that would look like an answer.
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	call, err = s.withHeaders(call, run)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("passthrough:///"+s.target,
		grpc.WithTransportCredentials(secure),
		grpc.WithContextDialer(link.dial),
		grpc.WithUserAgent(cmp.Or(run.check.UserAgent, UserAgent("dev", ""))),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxReply)),
		grpc.WithMaxHeaderListSize(maxHeader),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithNoProxy(),
	)
	if err != nil {
		return nil, &settingError{err.Error()}
	}
	defer conn.Close()
	defer link.hangUp()
	reply, err := health.NewHealthClient(conn).Check(call, &health.HealthCheckRequest{Service: s.Service})
	link.trace.leave(phaseFirst, err)
	return reply, err
}

func (s *GRPC) withHeaders(ctx context.Context, run *Run) (context.Context, error) {
	filled := http.Header{}
	if _, err := fillHeaders(s.headers, run, filled, ""); err != nil {
		return nil, err
	}
	headers := metadata.MD{}
	for name, values := range filled {
		headers.Append(name, values...)
	}
	return metadata.NewOutgoingContext(ctx, headers), nil
}

// security is TLS with what a look keeps of it, or none.
func (s *GRPC) security(run *Run, link *grpcLink) (credentials.TransportCredentials, error) {
	if s.Plaintext {
		return insecure.NewCredentials(), nil
	}
	settings, err := s.way.tls(run)
	if err != nil {
		return nil, err
	}
	settings.ServerName = s.ServerName // the library takes the host if it is empty
	return &watched{credentials.NewTLS(settings), link}, nil
}

// A grpcLink is how one look connects. The library reports why it could not
// as a text only; the link keeps the error itself.
type grpcLink struct {
	way   *way
	run   *Run
	trace *trace

	mu     sync.Mutex
	conn   net.Conn
	broken error
}

func (l *grpcLink) dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := l.way.dial(l.trace.follow(ctx), l.run, l.trace, address)
	if err != nil {
		return nil, l.keep(err)
	}
	l.trace.enter(phaseFirst)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn = conn
	return conn, nil
}

// hangUp ends the connection at once. The library would take leave first, for
// as long as a target likes that has stopped reading.
func (l *grpcLink) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
	}
}

func (l *grpcLink) keep(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = err
	return err
}

// why is the error that kept us from asking, or err.
func (l *grpcLink) why(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return l.broken
	}
	return err
}

// watched keeps why a handshake failed.
type watched struct {
	credentials.TransportCredentials
	link *grpcLink
}

// ClientHandshake implements [credentials.TransportCredentials].
func (w *watched) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	w.link.trace.enter(phaseTLS)
	conn, info, err := w.TransportCredentials.ClientHandshake(ctx, authority, raw)
	w.link.trace.leave(phaseTLS, err)
	if err != nil {
		return nil, nil, w.link.keep(err)
	}
	w.link.trace.enter(phaseFirst)
	return &candid{conn, w.link}, info, nil
}

// candid is a connection that keeps why the target has ended it. One that
// refuses our certificate says so once the handshake is over. By then we may be
// writing to a connection that is closed, and would know no more than that if
// we did not listen to its last word.
type candid struct {
	net.Conn
	link *grpcLink
}

// lastWord is how long to listen where writing has failed: what the target has
// said is there already.
const lastWord = 100 * time.Millisecond

// Read implements [net.Conn].
func (c *candid) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if _, alert := explainAlert(err); alert {
		err = c.link.keep(err)
	}
	return n, err //nolint:wrapcheck // The library asks what the error is.
}

// Write implements [net.Conn].
func (c *candid) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil && c.SetReadDeadline(time.Now().Add(lastWord)) == nil {
		_, _ = c.Read(make([]byte, 1))
	}
	return n, err //nolint:wrapcheck // The library asks what the error is.
}

// Clone implements [credentials.TransportCredentials].
func (w *watched) Clone() credentials.TransportCredentials {
	return &watched{w.TransportCredentials.Clone(), w.link}
}

func (s *GRPC) judge(ctx context.Context, reply *health.HealthCheckResponse, err error, link *grpcLink) StepSeen {
	run := link.run
	code, said := status.Code(err), status.Convert(err).Message()
	var f fault
	switch _, setting := errors.AsType[*settingError](err); {
	case err == nil:
		f = s.byHealth(reply.GetStatus())
	case setting, ctx.Err() != nil, code == codes.Unavailable && link.why(nil) != nil:
		f = explain(ctx, link.why(err), link.trace.doing(), run)
	default:
		f = s.byCode(code, said)
	}
	seen := StepSeen{Outcome: f.outcome, Reason: run.mask.clip(f.reason, maxReason)}
	if err != nil {
		seen.Seen = run.mask.clip(said, maxSeen)
	}
	return seen
}

// byHealth is what the server says of itself.
func (s *GRPC) byHealth(said health.HealthCheckResponse_ServingStatus) fault {
	switch said {
	case health.HealthCheckResponse_SERVING:
		return fault{outcome: OK}
	case health.HealthCheckResponse_NOT_SERVING:
		return fault{Failed, "it says that it does not serve (NOT_SERVING)"}
	case health.HealthCheckResponse_SERVICE_UNKNOWN:
		return s.unknownService()
	default:
		return fault{Wrong, "it does not know how it is (" + said.String() + ")"}
	}
}

func (s *GRPC) unknownService() fault {
	return fault{Inconclusive, fmt.Sprintf("it knows no service %q; mend service:, or leave it out for the server as a whole", s.Service)}
}

// byCode is what an error of the server means.
func (s *GRPC) byCode(code codes.Code, said string) fault {
	ours := strings.HasPrefix(said, "grpc: ")         // the library's own words
	web := strings.Contains(said, "HTTP status code") // an answer that is not gRPC
	_, alert, refused := strings.Cut(said, "remote error: tls: ")
	switch {
	case refused: // TLS 1.3 refuses our certificate once the handshake is over
		return alertFault(alert)
	case code == codes.NotFound:
		return s.unknownService()
	case code == codes.Unauthenticated, code == codes.PermissionDenied:
		return fault{Inconclusive, fmt.Sprintf("credential refused (%s); write a valid one under headers or cert", code)}
	case code == codes.ResourceExhausted && !ours:
		return fault{Inconclusive, "our quota is used up (ResourceExhausted); look less often or ask for a larger one"}
	case code == codes.Unimplemented && !web:
		return fault{Inconclusive, "it has no health service (grpc.health.v1); look at it by tls or tcp, or ask those who run it"}
	case web && code == codes.Unimplemented, code == codes.ResourceExhausted, code == codes.InvalidArgument:
		return fault{Wrong, fmt.Sprintf("its answer is not one about health: %s, %s", code, said)}
	default:
		return fault{Failed, fmt.Sprintf("it answers that it can not: %s, %s", code, said)}
	}
}

// uses implements speaker.
func (s *GRPC) uses() []use {
	s.prepare()
	var uses []use
	for _, h := range s.headers {
		uses = append(uses, valuesOf("headers."+strings.ToLower(h.name), h.value)...)
	}
	return uses
}

// saves implements speaker.
func (*GRPC) saves() []string { return nil }
