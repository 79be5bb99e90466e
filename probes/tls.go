package probes

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/expr-lang/expr/types"
)

// TLS is a handshake and what the certificate must be.
type TLS struct {
	ServerName string   `yaml:"server_name" doc:"The name the certificate must be for; the host if left out."`
	IP         int      `yaml:"ip" must:"min=4 max=6" doc:"4 or 6: only addresses of that kind. Either kind if left out."`
	Expect     []string `yaml:"expect" doc:"What must hold, each in one expression over cert.days (whole days until it expires), cert.issuer, version (1.2, 1.3) and ms."`

	target string
	book   *phrasebook

	once     sync.Once
	host     string
	expect   []*expression
	problems []Problem
}

func tlsKind() Kind {
	book := newPhrasebook(tlsWords)
	return Kind{
		Key:     "tls",
		Doc:     "Shake hands on a TLS port and look at the certificate.",
		Example: "{tls: \"chat.example:443\", expect: [\"cert.days > 14\"]}",
		New:     func(target string) Step { return &TLS{target: target, book: book} },
	}
}

var tlsWords = vocabulary{
	"cert":    types.TypeOf(map[string]any{}),
	"version": types.Float64,
	"ms":      types.Int,
	"nonce":   types.String,
}

// Problems implements [Step].
func (s *TLS) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *TLS) prepare() {
	s.once.Do(func() {
		p := &planner{}
		s.host = p.hostOf("tls", s.target)
		p.checkIP(s.IP, s.host)
		s.expect = p.conditions(s.Expect, s.book)
		s.problems = p.problems
	})
}

// hostOf is the host of a target host:port.
func (p *planner) hostOf(path, target string) string {
	host, err := hostOf(target)
	if err != nil {
		p.complain(path, err)
	}
	return host
}

func hostOf(target string) (string, error) {
	host, port, err := net.SplitHostPort(target)
	if err != nil {
		return "", errors.New("is not host:port; write one like chat.example:443")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("has %q for a port; write a number from 1 to 65535", port)
	}
	if u, err := url.Parse("//" + target); err != nil || u.Hostname() != host || host == "" {
		return "", errors.New("names no host; write one like chat.example:443")
	}
	return host, nil
}

// Look implements [Step].
func (s *TLS) Look(ctx context.Context, run *Run) StepSeen {
	s.prepare()
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	state, err := s.shake(ctx, run, t)
	seen := StepSeen{}
	if err != nil {
		seen = run.gaveUp(ctx, err, t)
	}
	seen.Action = "tls " + s.target
	seen.Phases, seen.Took = t.end()
	if err == nil {
		s.judge(state, run, &seen)
	}
	return seen
}

// shake connects and shakes hands with full verification: a certificate that
// does not verify ends it, and the error carries what was shown.
func (s *TLS) shake(ctx context.Context, run *Run, t *trace) (tls.ConnectionState, error) {
	name := cmp.Or(s.ServerName, s.host)
	if run.rehearsal != nil {
		t.enter(phaseTLS)
		state, err := run.rehearsal.handshake(ctx, s.target, name)
		t.leave(phaseTLS, err)
		return state, err
	}
	conn, err := run.dial(t.follow(ctx), networkOf("tcp", s.IP), s.target)
	if err != nil {
		return tls.ConnectionState{}, fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	settings := run.wires.tls.Clone()
	settings.ServerName = name
	t.enter(phaseTLS)
	shaken := tls.Client(conn, settings)
	if err := shaken.HandshakeContext(ctx); err != nil {
		return tls.ConnectionState{}, fmt.Errorf("shaking hands: %w", err)
	}
	t.leave(phaseTLS, nil)
	return shaken.ConnectionState(), nil
}

func (s *TLS) judge(state tls.ConnectionState, run *Run, seen *StepSeen) {
	scene := savedScene(run, seen.Took)
	scene["cert"] = sceneOfCert(state.PeerCertificates, run.instant())
	scene["version"] = versionOf(state.Version)
	judgeScene(s.expect, scene, run, seen)
}

func versionOf(version uint16) float64 {
	if version == tls.VersionTLS13 {
		return 1.3
	}
	return 1.2 // the only other one that is accepted
}

// sceneOfCert is what expectations may say of a certificate.
func sceneOfCert(chain []*x509.Certificate, now time.Time) map[string]any {
	if len(chain) == 0 {
		return nil
	}
	return map[string]any{
		"days":   int(chain[0].NotAfter.Sub(now) / day),
		"issuer": issuerOf(chain[0]),
	}
}

// uses implements speaker.
func (s *TLS) uses() []use {
	s.prepare()
	return usesOf(s.Expect, s.expect, tlsWords)
}

// saves implements speaker.
func (*TLS) saves() []string { return nil }
