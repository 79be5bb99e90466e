package mirror_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/mirror"
	"bongsu/web/sample"
)

// node is one of several that keep the same copy, each with a page of its own.
type node struct {
	*mirror.Mirror

	page *web.Server
	at   time.Time
}

func newNode(t *testing.T, name, address string, at time.Time) *node {
	t.Helper()
	n := &node{page: site(t, dated(at)), at: at}
	var err error
	n.Mirror, err = mirror.Open(address, n.page, mirror.Options{Signer: signer(t), Writer: name, Looks: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	n.Hasten(200*time.Millisecond, 20*time.Millisecond)
	return n
}

func dated(at time.Time) *status.Snapshot {
	s := sample.Calm()
	s.At = at
	return s
}

// tick judges anew and brings the copy up to date.
func (n *node) tick(t *testing.T, after time.Duration) {
	t.Helper()
	n.at = n.at.Add(after)
	n.page.Publish(dated(n.at))
	update(t, n.Mirror)
}

// Of several that keep the same copy one writes; when it goes silent another
// takes over, and leaves the copy whole. The first, back again, stands by.
func TestOneOfSeveralWrites(t *testing.T) {
	dir, address := folder(t)
	at := sample.Now()
	a, b := newNode(t, "a", address, at), newNode(t, "b", address, at.Add(time.Second))
	a.tick(t, 0)
	for range 5 { // while a lives, b never writes
		a.tick(t, 10*time.Minute)
		b.tick(t, 10*time.Minute)
		if r := verified(t, reader(dir)); len(r.Wrong) > 0 || !r.At.Equal(a.at) {
			t.Fatalf("the copy is of %s and wrong are %v; a wrote %s", r.At, r.Wrong, a.at)
		}
	}
	// a was killed halfway: some files are newer than what it signed.
	if err := os.WriteFile(filepath.Join(dir, "en", "history.html"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool {
		b.tick(t, time.Minute)
		r, err := mirror.Verify(signer(t).Public(), reader(dir))
		return err == nil && len(r.Wrong) == 0 && r.At.Equal(b.at)
	})
	a.tick(t, 24*time.Hour)
	b.tick(t, time.Minute)
	if r := verified(t, reader(dir)); len(r.Wrong) > 0 || !r.At.Equal(b.at) {
		t.Errorf("a, back again, wrote: %+v", r)
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("it did not come to pass")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Whatever several do at once, as soon as they rest the copy is whole, and one of
// them writes it.
func TestSeveralAtOnceLeaveTheCopyWhole(t *testing.T) {
	dir, address := folder(t)
	at := sample.Now()
	var nodes []*node
	for _, name := range []string{"a", "b", "c"} {
		nodes = append(nodes, newNode(t, name, address, at))
	}
	var group errgroup.Group
	for _, n := range nodes {
		n.Hasten(time.Millisecond, 0) // impatient beyond all sense: they take the turn from each other all the time
		group.Go(func() error {
			for range 8 {
				n.at = n.at.Add(5 * time.Minute)
				n.page.Publish(dated(n.at))
				_ = n.Update(t.Context()) // losing the turn is an error, and expected
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.Hasten(50*time.Millisecond, 20*time.Millisecond)
	}
	until(t, func() bool {
		for _, n := range nodes {
			_ = n.Update(t.Context())
		}
		r, err := mirror.Verify(signer(t).Public(), reader(dir))
		return err == nil && len(r.Wrong) == 0 && r.Files > 50
	})
	for _, n := range nodes {
		n.Hasten(time.Hour, 0) // from now on nobody loses patience
	}
	writers := 0
	for _, n := range nodes {
		ours, err := n.Ours(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if ours {
			writers++
		}
	}
	if writers != 1 {
		t.Errorf("%d write the copy", writers)
	}
}

// Whenever the writer is killed, the copy that it leaves can be checked.
func TestACopyLeftHalfwayCanBeChecked(t *testing.T) {
	first, second := sample.Calm(), sample.Outage()
	second.At = first.At.Add(time.Hour)
	for after := 1; after < 200; after += 37 {
		dir, address := folder(t)
		server := site(t, first)
		m := into(t, address, server)
		server.Publish(second)
		m.KillAfter(after)
		err := m.Update(t.Context())
		r, broken := mirror.Verify(signer(t).Public(), reader(dir))
		if broken != nil && !strings.Contains(broken.Error(), mirror.Manifest) && !strings.Contains(broken.Error(), mirror.NowFile) { // half of a pair
			t.Errorf("after %d files: %v", after, broken)
		}
		if len(r.Wrong) > 0 {
			t.Errorf("after %d files (%v) wrong are %v", after, err, r.Wrong)
		}
		update(t, into(t, address, server))
		if r := verified(t, reader(dir)); len(r.Wrong) > 0 || !r.At.Equal(second.At) {
			t.Errorf("after %d files and a restart: %+v", after, r)
		}
	}
}

// Whoever writes by hand writes at once, and a server takes the copy up again.
func TestByHandAndBack(t *testing.T) {
	dir, address := folder(t)
	server := newNode(t, "a", address, sample.Now())
	server.tick(t, 0)
	into(t, address, site(t, sample.Outage()))
	if r := verified(t, reader(dir)); len(r.Wrong) > 0 {
		t.Errorf("by hand: %+v", r)
	}
	server.tick(t, time.Minute)
	if r := verified(t, reader(dir)); len(r.Wrong) > 0 || !r.At.Equal(server.at) {
		t.Errorf("the server then: %+v", r)
	}
}

// The copy has what programs read, the same as the site's, and the minisign
// command finds one flipped byte as surely as we do.
func TestTheCopyHasWhatProgramsRead(t *testing.T) {
	dir, address := folder(t)
	into(t, address, site(t, sample.Eventful()))
	all := files(t, dir)
	for _, want := range []string{
		"api/v2/summary.json", "api/v2/incidents/unresolved.json", "api/v2/scheduled-maintenances/active.json", "api/v1/status.json",
		"feed.atom", "ja/feed.rss", "en/feed.json", "en/feeds/components/login.atom", "feeds/groups/chat.rss", "maintenance.ics", "ko/maintenance.ics",
		"cap.atom", "en/cap.atom", "cap/01JD9R2W8F.xml", "badge/overall.svg", "badge/login.json", "en/badge/taxi.svg", "widget/safety-report.json", "ja/widget/safety-report.json", "widget.js", "key.pub",
	} {
		if all[want] == "" {
			t.Errorf("there is no %s", want)
		}
	}
	if !strings.Contains(all["now.json"], `"page_at"`) {
		t.Errorf("now.json is %s", all["now.json"])
	}
	if !strings.Contains(all["en/index.html"], `href="../en/feed.atom"`) {
		t.Error("the page does not lead to the copy's own feed")
	}
}

func TestMinisignFindsAFlippedByte(t *testing.T) {
	minisign, err := exec.LookPath("minisign")
	if err != nil {
		browsertest.Missing(t, "minisign")
	}
	dir, address := folder(t)
	into(t, address, site(t, sample.Calm()))
	check := func(name string) error {
		return exec.CommandContext(t.Context(), minisign, "-V", "-m", filepath.Join(dir, name), "-p", filepath.Join(dir, mirror.KeyFile)).Run()
	}
	for _, name := range []string{mirror.Manifest, mirror.NowFile} {
		if err := check(name); err != nil {
			t.Fatalf("%s as it was signed: %v", name, err)
		}
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		for at := 0; at < len(whole); at += 1 + len(whole)/8 {
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1
			if err := os.WriteFile(filepath.Join(dir, name), flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			if check(name) == nil {
				once.Do(func() { t.Errorf("minisign takes %s with byte %d flipped", name, at) })
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
