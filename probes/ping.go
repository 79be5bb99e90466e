package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/expr-lang/expr/types"
	probing "github.com/prometheus-community/pro-bing"
)

// Ping is a few echo requests and how many come back.
type Ping struct {
	Count  int           `yaml:"count" must:"min=1 max=20" doc:"How many echo requests to send; 3 by default, 200ms apart."`
	Wait   time.Duration `yaml:"wait" must:"min=10ms max=1m" doc:"How long to wait for the last answer; 1s by default."`
	Expect []string      `yaml:"expect" doc:"What must hold, each in one expression over loss (in percent), sent, received, rtt (the average in milliseconds), ms, nonce and saved values. One about rtt or ms alone makes it slow. Without one that names loss, one answer is enough."`
	IP     int           `yaml:"ip" must:"min=4 max=6" doc:"4 or 6: only addresses of that kind. Either kind if left out."`

	target string
	book   *phrasebook

	once     sync.Once
	expect   []*expression
	problems []Problem
}

const (
	defaultCount = 3
	maxCount     = 20
	defaultWait  = time.Second
	pingEvery    = 200 * time.Millisecond
)

func pingKind() Kind {
	book := newPhrasebook(pingWords)
	return Kind{
		Key:     "ping",
		Doc:     "Send ICMP echo requests to a host and count what comes back.",
		Example: "{ping: portal.example, count: 5, expect: [\"loss < 50\", \"rtt < 200\"]}",
		New:     func(target string) Step { return &Ping{target: target, book: book} },
	}
}

var pingWords = vocabulary{
	"loss": types.Float64, "sent": types.Int, "received": types.Int, "rtt": types.Any,
	"ms": types.Int, "nonce": types.String,
}

// Problems implements [Step].
func (s *Ping) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *Ping) prepare() {
	s.once.Do(func() {
		p := &planner{}
		if u, err := url.Parse("//" + net.JoinHostPort(s.target, "7")); err != nil || u.Hostname() != s.target || s.target == "" {
			p.complain("ping", errors.New("is not a host; write one like portal.example, without a port"))
		}
		p.checkIP(s.IP, s.target)
		if s.Count < 0 || s.Count > maxCount {
			p.complain("count", fmt.Errorf("is %d; write 1 to %d", s.Count, maxCount))
		}
		if s.Wait < 0 {
			p.complain("wait", errors.New("is less than nothing; write a duration like 1s"))
		}
		s.expect = p.conditions(s.Expect, s.book)
		s.problems = p.problems
	})
}

// echoes is what came of some echo requests.
type echoes struct {
	sent, received int
	total          time.Duration // of the way there and back, over those received
}

// Look implements [Step].
func (s *Ping) Look(ctx context.Context, run *Run) StepSeen {
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	got, err := s.ping(ctx, run, t)
	seen := StepSeen{}
	if err != nil {
		seen = run.gaveUp(ctx, err, t)
	}
	seen.Action = "ping " + s.target
	seen.Phases, seen.Took = t.end()
	if err == nil {
		s.judge(got, run, &seen)
	}
	return seen
}

// ping finds the address, sends and counts. A check whose time ends while it
// waits for an answer has heard what there was to hear.
func (s *Ping) ping(ctx context.Context, run *Run, t *trace) (echoes, error) {
	address, err := s.address(ctx, run, t)
	if err != nil {
		return echoes{}, err
	}
	t.enter(phaseFirst)
	got, err := run.wires.ping(ctx, address, cmp.Or(s.Count, defaultCount), cmp.Or(s.Wait, defaultWait))
	if err != nil && got.sent > 0 && errors.Is(context.Cause(ctx), errTimeout) {
		err = nil
	}
	if err == nil && got.received > 0 {
		t.leave(phaseFirst, nil)
	}
	return got, err
}

// address is the host's. It also finds out whether there is a way there: a
// datagram socket connects without a packet being sent.
func (s *Ping) address(ctx context.Context, run *Run, t *trace) (*net.IPAddr, error) {
	const discard = "9"
	conn, err := run.dial(t.follow(ctx), networkOf("udp", s.IP), net.JoinHostPort(s.target, discard))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	remote, ok := conn.RemoteAddr().(*net.UDPAddr)
	if !ok {
		return nil, errors.New("the socket has no address")
	}
	return &net.IPAddr{IP: remote.IP, Zone: remote.Zone}, nil
}

var errNoPings = &settingError{"this machine lets us send no pings; " +
	`set the sysctl net.ipv4.ping_group_range to "0 2147483647", or give the program CAP_NET_RAW`}

// sendPings pings by a datagram socket, which needs no privilege where the
// system allows it, else by a raw one.
func sendPings(ctx context.Context, to *net.IPAddr, count int, wait time.Duration) (echoes, error) {
	got, err := sendPingsBy(ctx, false, to, count, wait)
	if got.sent == 0 && errors.Is(err, os.ErrPermission) {
		got, err = sendPingsBy(ctx, true, to, count, wait)
	}
	if got.sent == 0 && errors.Is(err, os.ErrPermission) {
		return got, errNoPings
	}
	return got, err
}

func sendPingsBy(ctx context.Context, raw bool, to *net.IPAddr, count int, wait time.Duration) (echoes, error) {
	pinger := probing.New(to.String())
	pinger.SetIPAddr(to)
	pinger.SetPrivileged(raw)
	pinger.SetLogger(probing.NoopLogger{})
	pinger.Count, pinger.Interval = count, pingEvery
	pinger.Timeout = time.Duration(count-1)*pingEvery + wait
	pinger.RecordRtts, pinger.RecordTTLs = false, false
	// The library reads the way's time from what the target sends back; we
	// measure it. Both functions run in one goroutine, which has ended when
	// the run has.
	var got echoes
	began := make(map[int]time.Time, count)
	pinger.OnSend = func(p *probing.Packet) {
		began[p.Seq] = time.Now()
		got.sent++
	}
	pinger.OnRecv = func(p *probing.Packet) {
		got.received++
		got.total += time.Since(began[p.Seq])
	}
	err := pinger.RunWithContext(ctx)
	return got, err
}

func (s *Ping) judge(got echoes, run *Run, seen *StepSeen) {
	scene := savedScene(run, seen.Took)
	loss := 100 * float64(got.sent-got.received) / float64(max(1, got.sent))
	scene["sent"], scene["received"] = got.sent, got.received
	scene["loss"], scene["rtt"] = math.Round(10*loss)/10, got.rtt()
	asksLoss := false
	for _, e := range s.expect {
		asksLoss = asksLoss || e.speaksOf("loss") || e.speaksOf("received")
	}
	if got.received == 0 && !asksLoss {
		seen.Outcome, seen.Reason = Failed, fmt.Sprintf("no answer to %d echo requests", got.sent)
		return
	}
	judgeScene(s.expect, scene, run, seen)
	if got.received == 0 && seen.Outcome == Wrong {
		seen.Outcome = Failed
	}
}

// rtt is the average in milliseconds, or nil without an answer.
func (e echoes) rtt() any {
	if e.received == 0 {
		return nil
	}
	average := e.total / time.Duration(e.received)
	return float64(average.Round(10*time.Microsecond)) / float64(time.Millisecond)
}

// uses implements speaker.
func (s *Ping) uses() []use {
	s.prepare()
	return usesOf(s.Expect, s.expect, pingWords)
}

// saves implements speaker.
func (*Ping) saves() []string { return nil }
