package monitor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"bongsu/status"
	"bongsu/status/remote"
)

// ackTime is how long an agent waits for its looks to be kept. When the
// database takes longer they are judged all the same, and the agent sends them
// again later; none is judged twice.
const ackTime = 2 * time.Second

// posts are the locations with agents, as the hub knows them. Its methods may be
// used from several goroutines.
type posts struct {
	mu sync.Mutex
	of map[string]*post
}

// post is what the hub knows of one location's agent.
type post struct {
	work  *remote.Work
	looks map[string]bool // the checks it looks at
	clock remote.Clock
	run   string   // of the agent that speaks for it; empty before the first word
	past  []string // runs that another has replaced
	taken uint64   // looks up to this number are judged
	kept  uint64   // and up to this one committed

	calls  []call // not heard yet, oldest first
	serial uint64
	bell   chan struct{} // closed when there is something to call for
}

// call is a check to be looked at at once.
type call struct {
	serial uint64
	check  string
}

// pastRuns is how many replaced runs are remembered.
const pastRuns = 8

func newPosts(works map[string]*remote.Work) *posts {
	p := &posts{of: make(map[string]*post, len(works))}
	for location, work := range works {
		one := &post{work: work, looks: make(map[string]bool, len(work.Checks)), bell: make(chan struct{})}
		for i := range work.Checks {
			one.looks[work.Checks[i].ID] = true
		}
		p.of[location] = one
	}
	return p
}

// claim finds the location's post for the agent that speaks for it. Fresh says
// that the agent says hello: then it takes the place of another.
func (p *posts) claim(location, run string, fresh bool) (*post, error) {
	one := p.of[location]
	switch {
	case one == nil:
		return nil, remote.ErrNoLocation
	case one.run == run:
		return one, nil
	case slices.Contains(one.past, run) || one.run != "" && !fresh:
		return nil, remote.ErrReplaced
	}
	if one.run != "" {
		one.past = append(one.past, one.run)
		one.past = one.past[max(0, len(one.past)-pastRuns):]
	}
	one.run, one.taken, one.kept, one.clock = run, 0, 0, remote.Clock{}
	one.ring() // who waits under the old run is to hear of it
	return one, nil
}

func (p *post) ring() {
	close(p.bell)
	p.bell = make(chan struct{})
}

// welcome gives an agent its work if it has another.
func (p *posts) welcome(location string, h *remote.Hello) (remote.Welcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, err := p.claim(location, h.Run, true)
	if err != nil || h.Work == one.work.Version {
		return remote.Welcome{}, err
	}
	return remote.Welcome{Work: one.work}, nil
}

// delivery is what a batch brings that is new.
type delivery struct {
	votes   []status.Vote
	doubts  []remote.SelfDoubt
	taken   uint64
	clock   remote.Difference
	refused int // looks that are neither judged nor kept
}

// oldest is how old a look may be that is still history: an agent that was cut
// off for longer has let it go.
const oldest = 7 * 24 * time.Hour

// take notes a batch. Looks that came before are left out. Refused are those by
// a clock that is too far off, those too old to be history, and those of checks
// that the location does not look at, as it was told last: nobody speaks of what
// is not theirs, neither to operators nor to the history.
func (p *posts) take(location string, b *remote.Batch, received time.Time) (delivery, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, err := p.claim(location, b.Run, false)
	if err != nil {
		return delivery{}, err
	}
	one.clock.Add(b.Clock)
	var d delivery
	d.clock, _ = one.clock.Difference()
	d.doubts = slices.Clone(b.Doubts)
	refused := d.clock.Refused()
	if refused { // it says more than the agent can
		d.doubts = slices.DeleteFunc(d.doubts, func(x remote.SelfDoubt) bool { return x.Kind == status.DoubtClock })
		d.doubts = append(d.doubts, remote.SelfDoubt{Kind: status.DoubtClock, Reason: d.clock.String()})
	}
	for i := range b.Looks {
		switch l := &b.Looks[i]; {
		case b.First+uint64(i) <= one.taken:
		case refused, !one.looks[l.Check], received.Sub(l.At) > oldest:
			d.refused++
		default:
			v := l.Vote(location, d.clock.Certain())
			v.At = earlier(v.At, received) // nothing has begun after it was told
			d.votes = append(d.votes, v)
		}
	}
	one.taken = max(one.taken, b.First+uint64(len(b.Looks))-1)
	d.taken = one.taken
	return d, nil
}

// keep notes that looks are committed, and returns up to which number those of
// the run are.
func (p *posts) keep(location, run string, upTo uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.of[location]
	if one == nil || one.run != run {
		return 0
	}
	one.kept = max(one.kept, upTo)
	return one.kept
}

// call has every location but one look at a check at once, if it looks at it.
func (p *posts) call(check, except string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for location, one := range p.of {
		if location == except || !one.looks[check] {
			continue
		}
		one.calls = slices.DeleteFunc(one.calls, func(c call) bool { return c.check == check })
		one.serial++
		one.calls = append(one.calls, call{one.serial, check})
		one.calls = one.calls[max(0, len(one.calls)-remote.MaxCalled):]
		one.ring()
	}
}

// hear returns what to call an agent for, or what to wait for until there is
// something.
func (p *posts) hear(location, run, work string, after uint64) (c remote.Call, wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, err := p.claim(location, run, false)
	if err != nil {
		return c, nil, err
	}
	if after > one.serial {
		after = 0 // we have begun to count anew
	}
	one.calls = slices.DeleteFunc(one.calls, func(x call) bool { return x.serial <= after })
	c = remote.Call{Serial: one.serial, Work: one.work.Version}
	for _, x := range one.calls {
		c.Checks = append(c.Checks, x.check)
	}
	if len(c.Checks) == 0 && work == one.work.Version {
		wait = one.bell
	}
	return c, wait, nil
}

// Welcome gives an agent its work. It speaks for its location from now on, and
// whoever did before is refused. The errors are [remote.ErrNoLocation] and
// [remote.ErrReplaced].
func (m *Monitor) Welcome(location string, h *remote.Hello, _ time.Time) (remote.Welcome, error) {
	return m.posts.welcome(location, h)
}

// Take folds an agent's looks in and says which are kept: when they are
// committed, or a little later if that takes long. The errors are those of
// Welcome, and [ErrStopped].
func (m *Monitor) Take(ctx context.Context, location string, b *remote.Batch, received time.Time) (remote.Ack, error) {
	ctx, cancel := context.WithTimeout(ctx, ackTime)
	defer cancel()
	var taken uint64
	_, err := m.ask(ctx, func(desk *Desk, now time.Time) (string, error) {
		d, err := m.posts.take(location, b, received)
		if err != nil {
			return "", err
		}
		m.Metrics.arrived(location, &d, b.Lost)
		desk.Heard(location, now)
		desk.Believe(location, d.doubts, now)
		for i := range d.votes {
			m.follow(&d.votes[i], desk.Vote(d.votes[i], now), now)
		}
		taken = d.taken
		return "", nil
	})
	switch {
	case err == nil: // so what was asked is done, and taken is set
		return remote.Ack{Kept: m.posts.keep(location, b.Run, taken)}, nil
	case errors.Is(err, context.DeadlineExceeded):
		return remote.Ack{Kept: m.posts.keep(location, b.Run, 0)}, nil
	default:
		return remote.Ack{}, err
	}
}

// Call waits until there is something to call an agent for: checks that are to
// be looked at at once, or other work. It is empty if ctx is done before. The
// errors are those of Take.
func (m *Monitor) Call(ctx context.Context, location, run, work string, after uint64) (remote.Call, error) {
	for {
		c, wait, err := m.posts.hear(location, run, work, after)
		if err != nil || wait == nil {
			return c, err
		}
		select {
		case <-ctx.Done():
			return c, nil
		case <-m.stopped:
			return c, ErrStopped
		case <-wait:
		}
	}
}

// follow has those look who are to look because of a vote. What an agent's own
// look calls for at its own location, the agent knows by itself.
func (m *Monitor) follow(v *status.Vote, f status.Followup, now time.Time) {
	own := v.Location == m.Location
	if f.Elsewhere {
		m.posts.call(v.Check, v.Location)
	}
	switch {
	case own && f.Controls:
		m.rounds.AtOnce(m.controls, now)
	case !own && f.Elsewhere:
		m.rounds.AtOnce([]string{v.Check}, now)
	}
}
