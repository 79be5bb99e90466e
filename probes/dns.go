package probes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/expr-lang/expr/types"
	"github.com/miekg/dns"
	"golang.org/x/net/idna"
)

// DNS is a question to a name server and what its answer must be.
type DNS struct {
	Type     string        `yaml:"type" must:"one=A|AAAA|CNAME|MX|TXT|NS|SOA|CAA|SRV" doc:"The kind of record to ask for; A by default."`
	Resolver string        `yaml:"resolver" doc:"Whom to ask, host:port. Then it is the target, and its silence a failure. Left out, this machine's own resolvers are asked, and their silence says nothing."`
	Expect   []string      `yaml:"expect" doc:"What must hold, each in one expression over answers (a sorted list of texts like '192.0.2.1' or '10 mail.example'), rcode ('NOERROR', 'NXDOMAIN' …), ttl (the shortest, in seconds), ms, nonce and saved values. Without one about answers or rcode there must be an answer."`
	Slow     time.Duration `yaml:"slow" doc:"An answer that takes longer is slow."`

	target string
	book   *phrasebook

	once     sync.Once
	name     string // fully qualified
	kind     uint16
	host     string // of the resolver, or empty
	expect   []*expression
	problems []Problem
}

func dnsKind() Kind {
	book := newPhrasebook(dnsWords)
	return Kind{
		Key:     "dns",
		Doc:     "Ask for a name's records and look at the answer.",
		Example: "{dns: portal.example, type: A, expect: [\"'192.0.2.1' in answers\"]}",
		New:     func(target string) Step { return &DNS{target: target, book: book} },
	}
}

var dnsWords = vocabulary{
	"answers": types.TypeOf([]string{}),
	"rcode":   types.String,
	"ttl":     types.Any,
	"ms":      types.Int,
	"nonce":   types.String,
}

// dnsTypes are the kinds of records that can be asked for.
var dnsTypes = []string{"A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA", "CAA", "SRV"}

// Problems implements [Step].
func (s *DNS) Problems() []Problem {
	s.prepare()
	return s.problems
}

func (s *DNS) prepare() {
	s.once.Do(func() {
		p := &planner{}
		name, err := domainOf(s.target)
		if err != nil {
			p.complain("dns", err)
		}
		s.name = name
		asked := cmp.Or(s.Type, "A")
		if !slices.Contains(dnsTypes, asked) {
			p.complain("type", fmt.Errorf("is %q; write one of %s", s.Type, strings.Join(dnsTypes, ", ")))
		}
		s.kind = dns.StringToType[asked]
		if s.Resolver != "" {
			s.host = p.hostOf("resolver", s.Resolver)
		}
		s.expect = p.conditions(s.Expect, s.book)
		p.checkSlow(s.Slow)
		s.problems = p.problems
	})
}

// domainOf is a name as it is sent: in ASCII and fully qualified.
func domainOf(target string) (string, error) {
	if _, err := netip.ParseAddr(target); err == nil {
		return "", errors.New("is an address; write a name like portal.example")
	}
	name := target
	if strings.ContainsFunc(target, func(r rune) bool { return r > '~' }) {
		ascii, err := idna.Lookup.ToASCII(target)
		if err != nil {
			return "", errors.New("is not a name; write one like portal.example")
		}
		name = ascii
	}
	if _, ok := dns.IsDomainName(name); !ok || strings.ContainsAny(name, " /:\\\"") {
		return "", errors.New("is not a name; write one like portal.example")
	}
	return dns.Fqdn(strings.ToLower(name)), nil
}

// Host implements [Hoster]: whoever is asked, or whoever serves the name.
func (s *DNS) Host() string {
	s.prepare()
	return cmp.Or(s.host, strings.TrimSuffix(s.name, "."))
}

// Look implements [Step].
func (s *DNS) Look(ctx context.Context, run *Run) StepSeen {
	if seen := unfit(s); seen.Reason != "" {
		return seen
	}
	t := newTrace(run)
	reply, err := s.resolve(ctx, run, t)
	seen := StepSeen{}
	if err != nil {
		seen = s.gaveUp(ctx, err, t, run)
	}
	seen.Action = s.action(run)
	seen.Phases, seen.Took = t.end()
	if err == nil {
		s.judge(reply, run, &seen)
	}
	return seen
}

func (s *DNS) action(run *Run) string {
	action := fmt.Sprintf("dns %s %s", s.target, dns.TypeToString[s.kind])
	if s.Resolver != "" {
		action += " at " + s.Resolver
	}
	return run.mask.clip(action, maxAction)
}

// gaveUp blames the resolver only where it is the target.
func (s *DNS) gaveUp(ctx context.Context, err error, t *trace, run *Run) StepSeen {
	_, setting := errors.AsType[*settingError](err)
	if s.Resolver == "" && ctx.Err() == nil && !setting {
		return StepSeen{Reason: run.mask.clip("our resolvers can not be asked: "+explainSocket(err), maxReason)}
	}
	return run.gaveUp(ctx, err, t)
}

// resolve asks one server after the other until one answers. Each gets an
// equal share of the time that is left.
func (s *DNS) resolve(ctx context.Context, run *Run, t *trace) (reply *dns.Msg, err error) {
	servers, phase := []string{s.Resolver}, phaseFirst
	if s.Resolver == "" {
		if servers, err = run.wires.nameServers(); err != nil {
			return nil, err
		}
		phase = phaseDNS
	}
	for i, server := range servers {
		share, cancel := shareOf(ctx, len(servers)-i)
		reply, err = s.ask(share, run, t, phase, server)
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return reply, err
}

// shareOf is a part of the time that is left.
func shareOf(ctx context.Context, parts int) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok || parts < 2 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/time.Duration(parts))
}

// nameServersOf are those the system asks, as its file says.
func nameServersOf(path string) ([]string, error) {
	config, err := dns.ClientConfigFromFile(path)
	if err != nil || len(config.Servers) == 0 {
		return nil, &settingError{"this machine names no resolvers in " + path + "; write resolver: with one"}
	}
	const most = 3 // as the C library
	var servers []string
	for _, server := range config.Servers[:min(len(config.Servers), most)] {
		servers = append(servers, net.JoinHostPort(server, config.Port))
	}
	return servers, nil
}

// ask puts the question by UDP, and again by TCP if the answer did not fit.
func (s *DNS) ask(ctx context.Context, run *Run, t *trace, phase, server string) (*dns.Msg, error) {
	reply, err := s.exchange(ctx, run, t, phase, "udp", server)
	if err == nil && reply.Truncated {
		return s.exchange(ctx, run, t, phase, "tcp", server)
	}
	return reply, err
}

// maxDatagram is the size that passes any path unfragmented (DNS flag day 2020).
const maxDatagram = 1232

func (s *DNS) exchange(ctx context.Context, run *Run, t *trace, phase, network, server string) (*dns.Msg, error) {
	conn, err := run.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	t.enter(phase)
	question := new(dns.Msg).SetQuestion(s.name, s.kind)
	question.SetEdns0(maxDatagram, false)
	talk := &dns.Conn{Conn: conn, UDPSize: maxDatagram}
	if err := talk.WriteMsg(question); err != nil {
		return nil, fmt.Errorf("asking: %w", err)
	}
	for {
		reply, err := talk.ReadMsg()
		if err != nil {
			return nil, fmt.Errorf("reading the answer: %w", err)
		}
		if answers(reply, question) {
			t.leave(phase, nil)
			return reply, nil
		}
		if network == "tcp" {
			return nil, errors.New("the answer is to another question")
		}
	}
}

// answers says whether a message is the answer to a question, and not a late
// or a forged one.
func answers(reply, question *dns.Msg) bool {
	if reply.Id != question.Id || !reply.Response {
		return false
	}
	if len(reply.Question) == 0 {
		return reply.Rcode == dns.RcodeFormatError // which could not read it
	}
	got, want := reply.Question[0], question.Question[0]
	return strings.EqualFold(got.Name, want.Name) && got.Qtype == want.Qtype
}

func (s *DNS) judge(reply *dns.Msg, run *Run, seen *StepSeen) {
	found, ttl := recordsOf(reply, s.kind)
	scene := savedScene(run, seen.Took)
	scene["answers"], scene["rcode"], scene["ttl"] = found, dns.RcodeToString[reply.Rcode], ttl
	seen.Seen = run.mask.clip(strings.Join(found, ", "), maxSeen)
	if f := s.byCode(reply.Rcode, len(found)); f != nil {
		seen.Outcome, seen.Reason = f.outcome, f.reason
		return
	}
	judgeScene(s.expect, scene, run, seen)
	judgeSlow(seen.Took, s.Slow, seen)
	if seen.Outcome == OK {
		seen.Seen = ""
	}
}

// byCode is what the code of an answer says by itself.
func (s *DNS) byCode(code, found int) *fault {
	asks := func(name string) bool {
		return slices.ContainsFunc(s.expect, func(e *expression) bool { return e.speaksOf(name) })
	}
	if asks("rcode") {
		return nil
	}
	name := strings.TrimSuffix(s.name, ".")
	switch {
	case code == dns.RcodeRefused:
		return &fault{Inconclusive, "it refuses to answer us (REFUSED); ask a resolver that serves this machine, or those who run it"}
	case code == dns.RcodeNameError:
		return &fault{Failed, fmt.Sprintf("the name %s does not exist", name)}
	case code == dns.RcodeServerFailure:
		return &fault{Failed, fmt.Sprintf("the name %s can not be resolved: its name servers fail", name)}
	case code != dns.RcodeSuccess:
		return &fault{Wrong, "it answers " + cmp.Or(dns.RcodeToString[code], fmt.Sprintf("code %d", code))}
	case found == 0 && !asks("answers"):
		return &fault{Wrong, fmt.Sprintf("the name %s has no %s record", name, dns.TypeToString[s.kind])}
	}
	return nil
}

// recordsOf are the records of a kind in an answer, as texts in order, and the
// shortest time they may be kept, or nil.
func recordsOf(reply *dns.Msg, kind uint16) (found []string, ttl any) {
	found = []string{}
	for _, record := range reply.Answer {
		if record.Header().Rrtype != kind {
			continue // the aliases on the way to it
		}
		found = append(found, textOf(record))
		seconds := int(record.Header().Ttl)
		if shortest, ok := ttl.(int); !ok || seconds < shortest {
			ttl = seconds
		}
	}
	slices.Sort(found)
	return found, ttl
}

// textOf is what a record says, names in lower case and without their last
// dot.
func textOf(record dns.RR) string {
	if txt, ok := record.(*dns.TXT); ok {
		return strings.Join(txt.Txt, "")
	}
	said := strings.TrimPrefix(record.String(), record.Header().String())
	if record.Header().Rrtype == dns.TypeCAA {
		return said
	}
	fields := strings.Fields(strings.ToLower(said))
	for i, field := range fields {
		if field != "." {
			fields[i] = strings.TrimSuffix(field, ".")
		}
	}
	return strings.Join(fields, " ")
}

// uses implements speaker.
func (s *DNS) uses() []use {
	s.prepare()
	return usesOf(s.Expect, s.expect, dnsWords)
}

// saves implements speaker.
func (*DNS) saves() []string { return nil }
