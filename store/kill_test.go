package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// slaughter is notice after notice, sent by processes that are killed at any
// instant: while they start, plan, claim, authorise, send or commit.
type slaughter struct {
	name   string
	nodes  []string
	manner string
	kills  int // of twenty in all
}

var slaughters = []slaughter{
	{"sqlite", []string{"a"}, "", 4},
	{"sqlite, a gateway that dedupes", []string{"a"}, "dedupes", 3},
	{"sqlite, many in one request", []string{"a"}, "many", 3},
	{"postgres, two nodes", []string{"a", "b"}, "", 4},
	{"postgres, two nodes, a gateway that dedupes", []string{"a", "b"}, "dedupes", 3},
	{"postgres, two nodes, many in one request", []string{"a", "b"}, "many", 3},
}

const (
	killedPeople = 150
	killedRate   = 250
	// flushed is how long an answer may take to be in the books: the flush
	// window, and a commit.
	flushed = 50 * time.Millisecond
)

// written is how long a few bytes take to be on the disk now, beside all others
// who use the machine.
func written(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("here"); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

// Killed at any instant, nobody is missed; what is repeated is at most what was
// under way or not yet in the books, and was in doubt there before; with a
// gateway that drops a key it knows nobody hears twice. Twenty kills of those who write deliveries when they are
// planned, and as many of those who write them late; BONGSU_KILLS asks for more.
func TestKilledAtAnyInstantNobodyIsMissed(t *testing.T) {
	kills := 20
	if asked := os.Getenv("BONGSU_KILLS"); asked != "" {
		var err error
		if kills, err = strconv.Atoi(asked); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range slaughters {
		k.kills = k.kills * kills / 20
		for _, mode := range []string{"", ", late"} {
			t.Run(k.name+mode, func(t *testing.T) {
				if len(k.nodes) == 1 {
					k.run(t, filepath.Join(t.TempDir(), "bongsu.db"))
				} else {
					k.run(t, newPostgres(t))
				}
			})
		}
	}
}

func (k slaughter) run(t *testing.T, database string) {
	keyText := store.NewKeys()
	keyring, err := store.ParseKeys(keyText)
	if err != nil {
		t.Fatal(err)
	}
	s := openAt(t, database, store.Options{Keys: keyring})
	subscribe(t, s, killedPeople, "sms")
	gate := newWitness(t, func() time.Duration { return time.Duration(50+rand.IntN(250)) * time.Millisecond })
	gate.dedupes = k.manner != ""
	begin := func(node string) *process {
		return start(t, database, gate.URL, keyText, node, killedRate, k.manner)
	}
	alive := map[string]*process{}
	for _, node := range k.nodes {
		alive[node] = begin(node)
	}
	notices, bound := 0, 0
	for range k.kills {
		if heard, _, _ := gate.count(); heard >= notices*killedPeople-killedPeople/3 {
			notices++
			tell(t, s, killedNotice(notices))
		}
		k.live(gate)
		victim := k.nodes[rand.IntN(len(k.nodes))]
		busy := written(t)
		bound += gate.unsettled(atLeisure(flushed + 4*busy))
		alive[victim].kill()
		alive[victim] = begin(victim)
	}
	campaign{}.waitForEnd(t, s, 2*time.Minute)
	for _, p := range alive {
		p.kill()
	}

	heard, repeats, flagged := gate.count()
	t.Logf("%d kills: %d of %d texts heard, %d repeats (at most %d), %d of them flagged, %d requests dropped by their key",
		k.kills, heard, notices*killedPeople, repeats, bound, flagged, gate.dropped)
	if heard != notices*killedPeople {
		t.Errorf("%d of %d texts were heard", heard, notices*killedPeople)
	}
	if gate.dedupes {
		bound = 0
	}
	if repeats > bound {
		t.Errorf("%d repeats, want at most %d", repeats, bound)
	}
	if flagged != repeats {
		t.Errorf("%d of %d repeats were flagged", flagged, repeats)
	}
	wantDoubtsFirst(t, s, gate)
	wantBalance(t, s, notices)
}

// atLeisure is how long something may take that is to take d: five times that
// where races are watched for, beside other tests on the same processors. The
// deep part has it by itself.
func atLeisure(d time.Duration) time.Duration {
	if testing.Short() {
		return 5 * d
	}
	return d
}

// live lets the processes live for a while: mostly until something has left and
// some time more, now and then for less.
func (k slaughter) live(gate *witness) {
	before, _, _ := gate.count()
	if rand.IntN(4) > 0 {
		for range 150 {
			if now, _, _ := gate.count(); now > before {
				break
			}
			time.Sleep(20 * time.Millisecond) // polling other processes: there is nothing to wait on
		}
	}
	time.Sleep(rand.N(400 * time.Millisecond)) // the instant is what is random here
}

func killedNotice(number int) notifier.Notice {
	n := noticeOf(status.EventOpened)
	n.ID, n.Update, n.Made = fmt.Sprintf("n-%d", number), fmt.Sprintf("u-%d", number), time.Now()
	n.Incident = fmt.Sprintf("i-%d", number)
	for i := range n.Texts {
		n.Texts[i].Body = n.ID
	}
	return n
}

// wantDoubtsFirst checks that every repeat was in doubt in the books before
// its second request left.
func wantDoubtsFirst(t *testing.T, s *store.Store, gate *witness) {
	t.Helper()
	gate.mu.Lock()
	defer gate.mu.Unlock()
	for who, all := range gate.heard {
		if len(all) < 2 {
			continue
		}
		tries := triesOf(t, s, who)
		for i, again := range all[1:] {
			if i >= len(tries) || tries[i].Kind != "in_doubt" || tries[i].At.After(again.at) {
				t.Errorf("repeat %d of %s left before it was in doubt: %+v", i+1, who.body, tries)
			}
		}
	}
}

func triesOf(t *testing.T, s *store.Store, who heardBy) []store.Tried {
	t.Helper()
	sub, err := s.FindSubscriber(t.Context(), "sms", who.to)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := s.History(t.Context(), sub.ID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var all []store.Tried
	for _, line := range lines {
		if line.Notice != who.body {
			continue
		}
		tries, err := s.Attempts(t.Context(), line.Batch, sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tries...)
	}
	return all
}

// wantBalance checks that the sums say what the gateway saw: everybody was
// handed every notice once.
func wantBalance(t *testing.T, s *store.Store, notices int) {
	t.Helper()
	list, err := s.RecentProgress(context.WithoutCancel(t.Context()), notices)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		var handed, unknown int64
		for _, c := range p.Channels {
			handed, unknown = handed+c.Handed, unknown+c.Unknown
		}
		if handed != killedPeople || unknown != 0 {
			t.Errorf("%s: %d handed and %d unknown of %d", p.Notice, handed, unknown, killedPeople)
		}
	}
}
