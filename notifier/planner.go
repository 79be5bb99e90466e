package notifier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bongsu/status"
)

// planAll plans until nothing is left to plan, chunk by chunk: sending begins
// after the first.
func (s *Sender) planAll(ctx context.Context, t *term) error {
	for ctx.Err() == nil {
		more, err := s.planChunk(ctx, t)
		if err != nil || !more {
			return err
		}
		t.worked()
		poke(s.toSend)
	}
	return ctx.Err()
}

// planChunk plans the next part of the most urgent notice's audience. It
// reports whether there was any.
func (s *Sender) planChunk(ctx context.Context, t *term) (bool, error) {
	p, ok, err := s.ledger.Begin(ctx, t.now())
	if err != nil || !ok {
		return false, err
	}
	chunk, err := s.chunk(ctx, t, p)
	if err != nil {
		return false, fmt.Errorf("planning notice %s: %w", p.ID, err)
	}
	if err := s.ledger.SavePlan(ctx, t.id, p, chunk, t.now()); err != nil && !errors.Is(err, ErrFenced) {
		return false, fmt.Errorf("saving the plan of notice %s: %w", p.ID, err)
	}
	return true, nil
}

func (s *Sender) chunk(ctx context.Context, t *term, p Planning) (Chunk, error) {
	plan := s.planOf(p.Plan)
	if len(plan) == 0 {
		s.alarm(AlarmNoPlan, p.ID, "plan "+p.Plan+" is not configured, so nobody is told", t.now())
		return Chunk{Done: true}, nil
	}
	moves := s.newMoves(t, &p.Notice, "")
	if p.Audience == "operators" {
		if way, ok := NextWay(plan, 0, s.hasTarget, t.blocks(s)); ok {
			moves.add(plan[way.Hop].Channel, way, 0, Mover{}, time.Time{})
		}
		return Chunk{Done: true, Batches: moves.batches(s.o.BatchSize)}, nil
	}
	limit := s.o.Chunk
	if p.Cursor == 0 {
		limit = min(limit, s.o.BatchSize) // the first words leave before the audience is known
	}
	people, err := s.ledger.People(ctx, p, s.threshold(p), limit)
	if err != nil {
		return Chunk{}, err
	}
	blocked := t.blocks(s)
	for i := range people {
		person := &people[i]
		ready, worth := p.Leaves(&person.Wishes, t.now())
		if (p.Heard && !person.Heard) || !person.Wishes.Want(p.About) || !worth || (p.OfWork() && len(person.Wishes.Topics) == 0) {
			continue
		}
		own := OwnPlan(plan, person.Reach, s.kind)
		if way, ok := NextWay(own, 0, s.has(person.Kinds), blocked); ok {
			moves.add(own[way.Hop].Channel, way, 0, Mover{Rcpt: person.ID, Again: person.Again}, ready)
		}
	}
	chunk := Chunk{Cursor: p.Max, Done: len(people) < limit, Batches: moves.batches(s.batchSize(plan))}
	if p.Total >= int64(s.o.Early) {
		for i := range chunk.Batches {
			chunk.Batches[i].Late = chunk.Batches[i].mayBeLate()
		}
	}
	if !chunk.Done {
		chunk.Cursor = people[len(people)-1].ID
	}
	return chunk, nil
}

// early is how many of a notice's people have their deliveries written when they
// are planned: a batch. Those after them get theirs with the result, which is half
// the writing.
const early = 500

// mayBeLate says whether nothing is to be kept of a batch's people but who they
// are.
func (b *NewBatch) mayBeLate() bool {
	return b.Cap == nil && !slices.ContainsFunc(b.People, func(m Mover) bool { return m != Mover{Rcpt: m.Rcpt} })
}

// threshold is the state above which subscribers' own thresholds count: what
// the route has told of before, everybody on it knows.
func (s *Sender) threshold(p Planning) status.State {
	for _, a := range s.o.Audiences {
		if a.Audience == p.Audience && a.Plan == p.Plan && a.AtLeast > p.floor() {
			return status.Unknown
		}
	}
	return p.floor()
}

// batchSize keeps a batch of a slow channel short, so that its first
// recipients do not wait for its last.
func (s *Sender) batchSize(plan []Hop) int {
	size := s.o.BatchSize
	for _, h := range plan {
		if most := s.outlets[h.Channel].most(); most > 0 {
			size = min(size, most)
			continue // its rate counts requests
		}
		if rate := s.outlets[h.Channel].rate(); rate > 0 {
			size = min(size, max(int(5*rate), 20))
		}
	}
	return size
}

// has says which channels reach somebody with these kinds of address.
func (s *Sender) has(kinds []string) func(channel string) bool {
	return func(channel string) bool {
		o := s.outlets[channel]
		return o != nil && o.Target == "" && slices.Contains(kinds, o.Kind)
	}
}

func (s *Sender) hasTarget(channel string) bool {
	o := s.outlets[channel]
	return o != nil && o.Target != ""
}

// blocks says why a channel should not be used at the term's present. One that
// comes back takes its share of people. Whoever asks it for many asks the channel
// once.
func (t *term) blocks(s *Sender) func(channel string) Block {
	type answer struct {
		Block
		share float64
	}
	known := map[string]answer{}
	return func(channel string) Block {
		a, is := known[channel]
		if !is {
			a.Block = t.block(s, channel)
			if a.Why == "" {
				a.share = s.outlets[channel].share()
			}
			known[channel] = a
		}
		if a.Why == "" && a.share < 1 && s.jitter() >= a.share {
			return Block{Why: "is coming back", Soft: true}
		}
		return a.Block
	}
}

// block says it but for the share.
func (t *term) block(s *Sender, channel string) Block {
	if why := s.blocked(channel, t.tick()); why != "" {
		return Block{Why: why}
	}
	o := s.outlets[channel]
	if why := o.held(); why != "" {
		return Block{Why: why}
	}
	if why := o.ailing(t.tick()); why != "" {
		return Block{Why: why, Soft: true}
	}
	return Block{}
}

// moves gathers recipients by where they go.
type moves struct {
	s     *Sender
	now   time.Time
	n     *Notice
	from  string // the channel that they come from, or empty
	ways  []moveKey
	piles map[moveKey]*[]Mover
	last  moveKey // where the last one went
	pile  *[]Mover
}

type moveKey struct {
	hop, route int
	channel    string
	skipped    string
	ready      int64
	singly     bool
}

func (s *Sender) newMoves(t *term, n *Notice, from string) *moves {
	return &moves{s: s, now: t.now(), n: n, from: from, piles: map[moveKey]*[]Mover{}}
}

// add puts somebody on a way by a channel, not before ready; the zero time is
// at once.
func (m *moves) add(channel string, w Way, route int, who Mover, ready time.Time) {
	if ready.Before(m.now) {
		ready = m.now
	}
	k := moveKey{w.Hop, route, channel, w.Skipped, ready.UnixMilli(), who.Singly}
	if m.pile == nil || k != m.last {
		m.last, m.pile = k, m.piles[k]
	}
	if m.pile == nil {
		m.pile = &[]Mover{}
		m.ways, m.piles[k] = append(m.ways, k), m.pile
	}
	*m.pile = append(*m.pile, who)
}

// batches are the piles, cut to size, in the order in which they began.
func (m *moves) batches(size int) []NewBatch {
	var all []NewBatch
	for _, k := range m.ways {
		pile := *m.piles[k]
		slices.SortFunc(pile, func(a, b Mover) int { return int(min(max(a.Rcpt-b.Rcpt, -1), 1)) })
		for part := range slices.Chunk(pile, size) {
			all = append(all, NewBatch{
				Hop: k.hop, Channel: k.channel, Kind: m.s.kind(k.channel), Route: k.route, Skipped: k.skipped,
				ReadyAt: time.UnixMilli(k.ready), People: part, Cap: m.caps(k),
			})
		}
	}
	return all
}

// caps is the cap that those who come to a channel anew are under.
func (m *moves) caps(k moveKey) *PersonCap {
	o := m.s.outlets[k.channel]
	if o == nil || o.PerPerson == 0 || o.Target != "" || k.channel == m.from {
		return nil
	}
	return &PersonCap{Most: o.PerPerson, Day: m.now.In(m.s.o.Zone).Format(time.DateOnly), Passes: !m.n.MayBeCapped()}
}

// kind is the kind of address a channel needs.
func (s *Sender) kind(channel string) string {
	if o := s.outlets[channel]; o != nil {
		return o.Kind
	}
	return ""
}
