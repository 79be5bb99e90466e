package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/expr-lang/expr/types"
)

// TCP is a connection, and perhaps a word sent and a word expected.
type TCP struct {
	Send     string        `yaml:"send" doc:"A text to send once connected; ${nonce}, ${saved} and ${env:NAME} are filled in."`
	Expect   []string      `yaml:"expect" doc:"What must hold, each in one expression over banner (what the target has said so far), ms, nonce and saved values. Reading goes on until all of it holds."`
	Slow     time.Duration `yaml:"slow" doc:"A connection, with what is expected on it, that takes longer is slow."`
	MaxBytes int           `yaml:"max_bytes" must:"min=0 max=65536" doc:"How many bytes are read at most; 4096 by default."`
	IP       int           `yaml:"ip" must:"min=4 max=6" doc:"4 or 6: only addresses of that kind. Either kind if left out."`

	target string
	book   *phrasebook

	once     sync.Once
	send     text
	expect   []*expression
	problems []Problem
}

const (
	defaultMaxBytes = 4 << 10
	maxMaxBytes     = 64 << 10
)

func tcpKind() Kind {
	book := newPhrasebook(tcpWords)
	return Kind{
		Key:     "tcp",
		Doc:     "Connect to a port, and perhaps send a text and look at what comes back.",
		Example: "{tcp: \"mail.example:25\", expect: [\"banner startsWith '220 '\"]}",
		New:     func(target string) Step { return &TCP{target: target, book: book} },
	}
}

var tcpWords = vocabulary{"banner": types.String, "ms": types.Int, "nonce": types.String}

// Problems implements [Step].
func (s *TCP) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *TCP) prepare() {
	s.once.Do(func() {
		p := &planner{}
		p.checkIP(s.IP, p.hostOf("tcp", s.target))
		s.send = p.text("send", s.Send)
		s.expect = p.conditions(s.Expect, s.book)
		p.checkSlow(s.Slow)
		if s.MaxBytes < 0 || s.MaxBytes > maxMaxBytes {
			p.complain("max_bytes", fmt.Errorf("is %d; write 1 to %d bytes", s.MaxBytes, maxMaxBytes))
		}
		s.problems = p.problems
	})
}

// Look implements [Step].
func (s *TCP) Look(ctx context.Context, run *Run) StepSeen {
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	seen := StepSeen{}
	scene, err := s.talk(ctx, run, t, &seen)
	if err != nil {
		seen = run.gaveUp(ctx, err, t)
	}
	seen.Action = "tcp " + s.target
	seen.Phases, seen.Took = t.end()
	if seen.Outcome == OK {
		scene["ms"] = int(seen.Took.Milliseconds())
		judgeSlow(seen.Took, s.Slow, &seen)
		judgeLate(s.expect, scene, &seen)
	}
	return seen
}

// talk connects, sends and listens.
func (s *TCP) talk(ctx context.Context, run *Run, t *trace, seen *StepSeen) (map[string]any, error) {
	word, err := s.send.render(run)
	if err != nil {
		return nil, err
	}
	conn, err := run.dial(t.follow(ctx), networkOf("tcp", s.IP), s.target)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if _, err := io.WriteString(conn, word); err != nil {
		return nil, fmt.Errorf("sending: %w", err)
	}
	t.enter(phaseFirst)
	return s.listen(ctx, conn, run, t, seen)
}

// listen reads until what is expected holds, or no more can come.
func (s *TCP) listen(ctx context.Context, conn net.Conn, run *Run, t *trace, seen *StepSeen) (map[string]any, error) {
	scene := savedScene(run, 0)
	banner := make([]byte, 0, cmp.Or(s.MaxBytes, defaultMaxBytes))
	for {
		scene["banner"] = string(banner)
		unmet := unmetIn(s.expect, scene)
		if unmet == nil {
			seen.Outcome = OK
			return scene, nil
		}
		if len(banner) == cap(banner) || unmet.outcome == Inconclusive {
			unmet.tell(run, seen)
			return scene, nil
		}
		n, err := conn.Read(banner[len(banner):cap(banner)])
		if n > 0 {
			t.leave(phaseFirst, nil)
			banner = banner[:len(banner)+n]
			continue
		}
		return scene, s.ended(ctx, err, len(banner) > 0, unmet, run, seen)
	}
}

// ended is what it comes to that no more is said: wrong where something was.
func (s *TCP) ended(ctx context.Context, err error, spoke bool, unmet *miss, run *Run, seen *StepSeen) error {
	inTime := ctx.Err() == nil || errors.Is(context.Cause(ctx), errTimeout)
	switch {
	case spoke && inTime:
		unmet.tell(run, seen)
		return nil
	case errors.Is(err, io.EOF) && ctx.Err() == nil:
		seen.Outcome, seen.Reason = Failed, "it closed the connection without a word"
		return nil
	default:
		return fmt.Errorf("reading: %w", err)
	}
}

// uses implements speaker.
func (s *TCP) uses() []use {
	s.prepare()
	return append(valuesOf("send", s.send), usesOf(s.Expect, s.expect, tcpWords)...)
}

// saves implements speaker.
func (*TCP) saves() []string { return nil }
