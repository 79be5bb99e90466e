package notifier

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// desk commits results and receipts in groups: whatever comes within a few
// milliseconds is one transaction. Results are left with it and kept until they
// are durable; whoever brings receipts waits for them. No goroutine of it lives
// longer than there is something to commit.
type desk struct {
	window time.Duration
	enough int       // do not wait longer once so much has come
	began  time.Time // the last commit; whoever is busy has it alone
	enter  func(ctx context.Context, node string, results []Result, receipts []ReceiptRow) error
	giveUp time.Duration // results are tried for so long after closing
	log    *slog.Logger

	mu       sync.Mutex
	node     string
	results  []Result
	owners   []*run // of the results
	receipts []ReceiptRow
	bringers []chan error
	spare    sheaf // emptied, to be filled again
	busy     bool
	full     chan struct{} // poked once enough is there
	closing  time.Time     // since when the sender wants to end; zero: it does not
}

// put leaves results to be committed, these in one transaction. Their run is
// told when they are.
func (d *desk) put(ctx context.Context, node string, results []Result, owner *run) {
	d.mu.Lock()
	d.node = node
	d.results = append(d.results, results...)
	for range results {
		d.owners = append(d.owners, owner)
	}
	d.begin(ctx)
	d.mu.Unlock()
}

// bring commits receipts together with what else there is, and returns when
// they are durable.
func (d *desk) bring(ctx context.Context, receipts []ReceiptRow) error {
	told := make(chan error, 1)
	d.mu.Lock()
	d.receipts, d.bringers = append(d.receipts, receipts...), append(d.bringers, told)
	d.begin(ctx)
	d.mu.Unlock()
	return <-told
}

// begin has somebody commit, if nobody does. The lock is held.
func (d *desk) begin(ctx context.Context) {
	if len(d.results)+len(d.receipts) >= d.enough {
		poke(d.full)
	}
	if d.busy {
		return
	}
	d.busy = true
	go d.work(context.WithoutCancel(ctx)) // it commits for others too: one visitor's hanging up must not undo that
}

// work commits until nothing is left.
func (d *desk) work(ctx context.Context) {
	pause := time.Duration(0)
	for d.left() {
		if pause > 0 {
			_ = sleep(ctx, pause) // never done
		} else {
			d.gather()
		}
		d.mu.Lock()
		g := sheaf{d.node, d.results, d.owners, d.receipts, d.bringers}
		d.results, d.owners, d.receipts, d.bringers = d.spare.results, d.spare.owners, nil, nil
		d.spare = sheaf{}
		d.mu.Unlock()
		pause = d.commit(ctx, g, pause)
	}
}

// left says whether there is something to commit; if there is not, nobody is busy
// from here on.
func (d *desk) left() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = len(d.results)+len(d.bringers) > 0
	return d.busy
}

// sheaf is what is committed together.
type sheaf struct {
	node     string
	results  []Result
	owners   []*run
	receipts []ReceiptRow
	bringers []chan error
}

// commit enters a sheaf. If that fails, those who brought receipts are told so;
// results go back on the pile, to be tried again after the pause it returns.
func (d *desk) commit(ctx context.Context, g sheaf, pause time.Duration) time.Duration {
	g.sort()
	d.began = time.Now()
	err := d.enter(ctx, g.node, g.results, g.receipts)
	for _, b := range g.bringers {
		b <- err
	}
	if err == nil || len(g.results) == 0 {
		d.done(g.owners)
		d.clear(g)
		return 0
	}
	d.mu.Lock()
	lost := !d.closing.IsZero() && time.Since(d.closing) > d.giveUp
	if !lost {
		d.results, d.owners = append(g.results, d.results...), append(g.owners, d.owners...)
	}
	d.mu.Unlock()
	if lost {
		d.log.Error("recording results: they will be in doubt", "results", len(g.results), "error", err)
		d.done(g.owners)
		return 0
	}
	pause = min(max(2*pause, 20*time.Millisecond), time.Second)
	d.log.Warn("recording results: asking again", "results", len(g.results), "error", err, "in", pause)
	return pause
}

// clear keeps the room that a sheaf took for the next one.
func (d *desk) clear(g sheaf) {
	clear(g.results)
	clear(g.owners)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spare.results, d.spare.owners = g.results[:0], g.owners[:0]
}

func (d *desk) done(owners []*run) {
	for _, r := range owners {
		r.flights.Done()
	}
}

// gather waits for company until a window has passed since the last commit
// began: a commit that took longer has gathered enough, and who comes alone
// after a while does not wait at all.
func (d *desk) gather() {
	wait := d.window - time.Since(d.began)
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.full:
	}
}

// close says that the sender wants to end: what cannot be committed for too
// long from now on is let go.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = time.Now()
}

// sort orders a sheaf so that two nodes never wait for each other in a circle.
// Owners need no order: they are told all together.
func (g *sheaf) sort() {
	slices.SortStableFunc(g.results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(a.Rcpt, b.Rcpt))
	})
	slices.SortStableFunc(g.receipts, func(a, b ReceiptRow) int {
		return cmp.Or(cmp.Compare(a.Batch, b.Batch), cmp.Compare(a.Rcpt, b.Rcpt))
	})
}
