package store_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
	"bongsu/store/pgtest"
)

// What may befall the database while a notice is being sent must cost nobody
// their text, repeat none, and reach the operators.

// mishap is a notice being sent by a live sender while its database suffers.
type mishap struct {
	t      *testing.T
	s      *store.Store
	gate   *stopwatch
	ledger notifier.Ledger
	ttl    time.Duration
	rate   float64
	people int

	mu     sync.Mutex
	alarms []notifier.AlarmKind
}

func newMishap(t *testing.T, s *store.Store, ttl time.Duration, adjust ...func(*notifier.Notice)) *mishap {
	o := &mishap{t: t, s: s, gate: &stopwatch{heard: map[string]int{}}, ledger: s, ttl: ttl, rate: 200, people: 300}
	subscribe(t, s, o.people, "sms")
	n := noticeOf(status.EventOpened)
	n.Made = time.Now()
	for _, f := range adjust {
		f(&n)
	}
	tell(t, s, n)
	return o
}

// run sends, has it suffer once a third is through, and waits until all are.
func (o *mishap) run(suffer func()) {
	o.t.Helper()
	sender := notifier.NewSender(o.ledger, notifier.Options{
		Stamp: stamp, TTL: o.ttl, BatchSize: 50, Early: early(o.t),
		Channels: []notifier.Channel{{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Gateway: o.gate, Rate: o.rate}}}},
		Plans:    map[string][]notifier.Hop{"citizens": {{Channel: "sms", Until: notifier.Accepted}}},
		Alarm: func(a notifier.Alarm) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.alarms = append(o.alarms, a.Kind)
		},
	})
	runFor(o.t, sender, func() {
		eventually(o.t, time.Minute, func() bool { return o.gate.count() >= o.people/3 })
		suffer()
		eventually(o.t, 2*time.Minute, func() bool { return o.gate.count() >= o.people })
		campaign{}.waitForEnd(o.t, o.s, time.Minute)
	})
	for to, times := range o.gate.heard {
		if times != 1 {
			o.t.Errorf("%s heard %d times", to, times)
		}
	}
	p, err := o.s.Progress(context.WithoutCancel(o.t.Context()), "n-opened")
	if err != nil {
		o.t.Fatal(err)
	}
	if c := p.Channels[0]; c.Handed != int64(o.people) || c.Unknown != 0 {
		o.t.Errorf("progress %+v", c)
	}
}

// told says whether an alarm has been raised.
func (o *mishap) told(kind notifier.AlarmKind) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Contains(o.alarms, kind)
}

// untilTold waits for the alarm, and for nothing to leave any more.
func (o *mishap) untilTold() {
	o.t.Helper()
	eventually(o.t, time.Minute, func() bool { return o.told(notifier.AlarmLedger) })
	before := o.gate.count()
	time.Sleep(o.ttl) // nothing must happen in it
	if left := o.gate.count() - before; left > 0 {
		o.t.Errorf("%d texts left without a ledger", left)
	}
}

func (o *mishap) wantTold(kinds ...notifier.AlarmKind) {
	o.t.Helper()
	for _, k := range kinds {
		if !o.told(k) {
			o.t.Errorf("no alarm %s; there were %v", k, o.alarms)
		}
	}
}

func TestTheDatabaseIsAwayForAMinute(t *testing.T) { modes(t, awayForAMinute) }

func awayForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys()})
		defer s.Close() // within the bubble
		f := &faults{}
		f.arm(0, false)
		o := newMishap(t, s, 0)
		s.Through(f.wrap)
		o.run(func() {
			f.down.Store(true)
			time.Sleep(time.Minute)
			if n := o.gate.count(); n > 2*o.people/3 {
				t.Errorf("%d texts left by then", n)
			}
			f.down.Store(false)
		})
		o.wantTold(notifier.AlarmLedger, notifier.AlarmBack)
	})
}

func TestThePostgresIsAway(t *testing.T) { modes(t, postgresAway) }

func postgresAway(t *testing.T) {
	for what, how := range map[string][2]string{
		"no connection": {"ALTER DATABASE %s ALLOW_CONNECTIONS false", "ALTER DATABASE %s ALLOW_CONNECTIONS true"},
		"read-only":     {"ALTER DATABASE %s SET default_transaction_read_only = on", "ALTER DATABASE %s SET default_transaction_read_only = off"},
	} {
		t.Run(what, func(t *testing.T) {
			address := newPostgres(t)
			o := newMishap(t, openAt(t, address, store.Options{Keys: keys()}), 500*time.Millisecond)
			o.run(func() {
				command(t, address, how[0])
				o.untilTold()
				command(t, address, how[1])
			})
			o.wantTold(notifier.AlarmBack)
		})
	}
}

// command does something to a database from outside, and ends its connections.
func command(t *testing.T, address, text string) {
	t.Helper()
	c, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("pgx", c.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := address[strings.LastIndex(address, "/")+1 : strings.Index(address, "?")]
	if _, err := admin.ExecContext(t.Context(), strings.ReplaceAll(text, "%s", name)); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name); err != nil {
		t.Fatal(err)
	}
}

func TestTheSQLiteFileIsReadOnly(t *testing.T) { modes(t, fileReadOnly) }

func fileReadOnly(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Keys: keys()})
	o := newMishap(t, s, 500*time.Millisecond)
	o.run(func() {
		readOnly := func(on string) {
			if err := s.Do(context.WithoutCancel(t.Context()), "PRAGMA query_only = "+on); err != nil {
				t.Fatal(err)
			}
		}
		readOnly("on")
		o.untilTold()
		readOnly("off")
	})
	o.wantTold(notifier.AlarmBack)
}

func TestTheDiskIsFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		pgtest.Missing(t, "a small file system: mounting one needs root")
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, 0) })
	s := openAt(t, filepath.Join(disk, "bongsu.db"), store.Options{Keys: keys()})
	defer s.Close() // before the disk goes
	o := newMishap(t, s, 500*time.Millisecond)
	o.people, o.rate = 300, 100
	o.run(func() {
		filler := filepath.Join(disk, "filler")
		fill(t, filler)
		o.untilTold()
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	})
	o.wantTold(notifier.AlarmBack)
}

// fill takes what room a file system has left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil && !errors.Is(err, io.ErrShortWrite) {
			t.Fatal(err)
		}
	}
}

// setClock is a ledger whose clock can be set.
type setClock struct {
	*store.Store
	by atomic.Int64
}

func (c *setClock) Join(ctx context.Context, id, name string) (notifier.Renewal, error) {
	r, err := c.Store.Join(ctx, id, name)
	r.Clock = r.Clock.Add(time.Duration(c.by.Load()))
	return r, err
}

func (c *setClock) Renew(ctx context.Context, id string) (notifier.Renewal, error) {
	r, err := c.Store.Renew(ctx, id)
	r.Clock = r.Clock.Add(time.Duration(c.by.Load()))
	return r, err
}

// A clock that is set by an hour while a notice is being sent neither holds
// anything back, nor lets anything expire.
func TestTheClockIsSet(t *testing.T) {
	for what, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(what, func(t *testing.T) {
			ledgers(t, func(t *testing.T, s *store.Store) {
				o := newMishap(t, s, 500*time.Millisecond, func(n *notifier.Notice) { n.Expires = time.Now().Add(30 * time.Minute) })
				clock := &setClock{Store: s}
				o.ledger = clock
				begun := time.Now()
				o.run(func() { clock.by.Store(int64(by)) })
				o.wantTold(notifier.AlarmClock)
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// What must be said when there is no ledger goes past it, to whoever is on duty
// and to nobody else.
func TestOperatorsAreToldPastTheLedger(t *testing.T) {
	s := openSQLite(t)
	desk := &booth{}
	c := newCity(t, s, func(o *notifier.Options) {
		o.Channels = append(o.Channels, notifier.Channel{
			ID: "ops", Kind: "slack", Class: notifier.ClassChat, Target: "#outages",
			Gateways: []notifier.Route{{Name: "ops/slack", Gateway: desk}},
		})
		o.Plans["duty"] = []notifier.Hop{{Channel: "sms"}, {Channel: "ops"}}
	})
	n := noticeOf(status.EventOpened)
	n.Plan = "duty"
	if err := c.sender.TellAtOnce(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	c.want("texts to people", len(c.sms.messages()), 0)
	if sent := desk.messages(); len(sent) != 1 || sent[0].To != "#outages" || sent[0].Body != "opened" {
		t.Errorf("sent %+v", sent)
	}
	desk.answer = func(notifier.Message) error { return errFault }
	if err := c.sender.TellAtOnce(t.Context(), n); !errors.Is(err, errFault) {
		t.Errorf("a gateway that fails: %v", err)
	}
}
