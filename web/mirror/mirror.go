// Package mirror keeps copies of the page where the server's end does not reach
// them: a folder of another web server, a bucket of another provider. Each copy
// is the whole site as files, says itself how old it is, and can be checked: a
// manifest of hashes and the instant it speaks of are signed.
package mirror

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/web"
	"bongsu/web/minisign"
)

// The files of a copy that are no pages. [Manifest] is in the form of
// sha256sum, so that command checks it too.
const (
	NowFile   = "now.json"
	Manifest  = "manifest.txt"
	KeyFile   = "key.pub"
	Signature = ".minisig" // what is signed has its signature beside it
)

const (
	every     = 15 * time.Second // without being woken
	fileTime  = 20 * time.Second // for one file
	abreast   = 8                // files that are written at once
	batch     = 64               // files between two manifests
	keepShort = "public, max-age=5"

	manifestType = "text/plain; charset=utf-8"
)

// Source is the site that is copied.
type Source interface {
	Copy() []web.CopyPage
	Now() web.Instant
}

// Mirror keeps one copy. It belongs to one goroutine, but for Wake.
type Mirror struct {
	name   string
	store  store
	source Source
	signer minisign.Signer
	looks  time.Duration // pages of single looks are made anew no more often
	log    *slog.Logger
	wake   chan struct{}
	turn   turn

	mu    sync.Mutex
	files map[string]file // what lies there
	begun bool
	// pending says that what is about to be written was announced.
	pending bool
}

// file is one that lies in the copy.
type file struct {
	hash  string
	stamp string
	made  time.Time // by the site's instants
}

// Options are how a copy is kept.
type Options struct {
	Signer minisign.Signer
	// Writer names who writes: of several that keep the same copy only one does at
	// a time. Empty is whoever writes once and is not heard of again, by hand.
	Writer string
	Looks  time.Duration // pages of single looks are made anew no more often
	Log    *slog.Logger
}

// Open prepares a mirror at an address: file:///a/folder, s3://bucket?region=….
// It does no I/O yet. The error never repeats the address.
func Open(address string, source Source, o Options) (*Mirror, error) {
	name, place, err := open(address)
	if err != nil {
		return nil, err
	}
	return &Mirror{
		name: name, store: place, source: source, signer: o.Signer, looks: o.Looks, log: o.Log,
		wake: make(chan struct{}, 1), files: map[string]file{}, turn: newTurn(o.Writer),
	}, nil
}

// Name is the mirror without what may be secret in its address.
func (m *Mirror) Name() string { return m.name }

// Files is how many files lie there.
func (m *Mirror) Files() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.files)
}

// Wake has the copy brought up to date now. It never blocks.
func (m *Mirror) Wake() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Run keeps the copy up to date until ctx ends. What fails is told and tried
// again; the copy stays whole meanwhile, and says how old it is.
func (m *Mirror) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failing := false
	for {
		switch err := m.Update(ctx); {
		case err != nil && ctx.Err() == nil:
			m.log.Warn("mirroring the page; it will be tried again", "mirror", m.name, "error", err)
			failing = true
		case failing && err == nil:
			m.log.Info("mirroring the page works again", "mirror", m.name)
			failing = false
		}
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-tick.C:
		}
	}
}

// Update brings the copy up to date, if it is ours to write: first what says
// what is wrong now, then the rest. Whatever it says it is, it is: manifest and
// instant come last.
func (m *Mirror) Update(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, pages := m.source.Now(), m.source.Copy()
	if len(pages) == 0 {
		return nil // nothing has been judged yet
	}
	if ours, err := m.ours(ctx, now); !ours || err != nil {
		return err
	}
	if !m.begun {
		if err := m.begin(ctx); err != nil {
			return err
		}
	}
	return m.bring(ctx, pages, now)
}

// bring writes what would read otherwise.
func (m *Mirror) bring(ctx context.Context, pages []web.CopyPage, now web.Instant) error {
	at := now.At
	var first, rest []web.CopyPage
	for i := range pages {
		switch {
		case !m.due(&pages[i], at):
		case pages[i].First:
			first = append(first, pages[i])
		default:
			rest = append(rest, pages[i])
		}
	}
	if err := m.putAll(ctx, first, now); err != nil {
		return err
	}
	if err := m.sign(ctx, now); err != nil {
		return err
	}
	failed := m.putAll(ctx, rest, now)
	if errors.Is(failed, errLost) {
		return failed
	}
	if err := m.drop(ctx, m.gone(pages), now); err != nil {
		return cmp.Or(failed, err)
	}
	if m.pending {
		if err := m.store.remove(ctx, pendingFile); err != nil {
			return cmp.Or(failed, err)
		}
		m.pending = false
	}
	return failed
}

// drop takes files out of the manifest, then away.
func (m *Mirror) drop(ctx context.Context, gone []string, now web.Instant) error {
	if len(gone) == 0 {
		return nil
	}
	for _, path := range gone {
		delete(m.files, path)
	}
	if err := m.sign(ctx, now); err != nil {
		return err
	}
	for _, path := range gone {
		if err := m.store.remove(ctx, path); err != nil {
			m.log.Warn("removing from a mirror", "mirror", m.name, "file", path, "error", err)
		}
	}
	return nil
}

// due says whether a page may read otherwise than what lies there.
func (m *Mirror) due(p *web.CopyPage, at time.Time) bool {
	f, known := m.files[p.Path]
	return !known || f.stamp != p.Stamp || (p.Looks && at.Sub(f.made) >= m.looks)
}

// gone are the files whose pages are no more.
func (m *Mirror) gone(pages []web.CopyPage) []string {
	are := make(map[string]bool, len(pages))
	for i := range pages {
		are[pages[i].Path] = true
	}
	var gone []string
	for path := range m.files {
		if !are[path] {
			gone = append(gone, path)
		}
	}
	return gone
}

// putAll makes files and writes those whose bytes changed, some at a time. It
// goes on after a failure: others may succeed.
func (m *Mirror) putAll(ctx context.Context, pages []web.CopyPage, now web.Instant) error {
	var failed error
	for some := range slices.Chunk(pages, batch) {
		changed, err := m.makeAll(some, now.At)
		failed = cmp.Or(failed, err)
		if len(changed) == 0 {
			continue
		}
		if err := m.announce(ctx, changed, now.At); err != nil {
			return err
		}
		failed = cmp.Or(failed, m.writeAll(ctx, changed))
		if err := m.sign(ctx, now); err != nil {
			return err
		}
	}
	return failed
}

// changed is a file that reads otherwise than what lies there.
type changed struct {
	web.CopyFile
	file

	path string
}

// makeAll makes files, and gives those whose bytes changed.
func (m *Mirror) makeAll(pages []web.CopyPage, at time.Time) ([]changed, error) {
	var group errgroup.Group
	group.SetLimit(abreast)
	var mu sync.Mutex
	var all []changed
	for _, p := range pages {
		group.Go(func() error {
			made, err := p.Make()
			if err != nil {
				return fmt.Errorf("making %s: %w", p.Path, err)
			}
			now := file{hash: Hash(made.Body), stamp: p.Stamp, made: at}
			mu.Lock()
			defer mu.Unlock()
			if m.files[p.Path].hash == now.hash {
				m.files[p.Path] = now
			} else {
				all = append(all, changed{CopyFile: made, file: now, path: p.Path})
			}
			return nil
		})
	}
	err := group.Wait()
	return all, err
}

// announce signs what is about to be written, so that a copy whose writer is
// killed halfway can be checked all the same: each file is what one manifest or
// the other says.
func (m *Mirror) announce(ctx context.Context, all []changed, at time.Time) error {
	files := make(map[string]file, len(all))
	for i := range all {
		files[all[i].path] = all[i].file
	}
	body, err := sealPending(m.signer, manifest(files), at)
	if err != nil {
		return err
	}
	m.pending = true
	return m.put(ctx, pendingFile, web.CopyFile{Body: body, Type: manifestType, CacheControl: keepShort})
}

// writeAll writes files, and goes on after a failure.
func (m *Mirror) writeAll(ctx context.Context, all []changed) error {
	var group errgroup.Group
	group.SetLimit(abreast)
	var mu sync.Mutex
	for i := range all {
		group.Go(func() error {
			if err := m.put(ctx, all[i].path, all[i].CopyFile); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			m.files[all[i].path] = all[i].file
			return nil
		})
	}
	return group.Wait()
}

// Hash is how a manifest names the content of a file: SHA-256 in hexadecimal.
func Hash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

func (m *Mirror) put(ctx context.Context, path string, f web.CopyFile) error {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	if err := m.store.write(ctx, path, f); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// sign writes the manifest and the instant, each with its signature, unless
// somebody else has taken the copy over meanwhile.
func (m *Mirror) sign(ctx context.Context, now web.Instant) error {
	if err := m.stillOurs(ctx); err != nil {
		return err
	}
	list := manifest(m.files)
	if err := m.putSigned(ctx, Manifest, manifestType, list, now.At); err != nil {
		return err
	}
	return m.putNow(ctx, instant{Instant: now.Rounded(), Manifest: Hash(list), Writer: m.turn.writer})
}

// putNow says of when the copy speaks, and whose it is to write.
func (m *Mirror) putNow(ctx context.Context, now instant) error {
	body := now.json()
	if err := m.putSigned(ctx, NowFile, "application/json; charset=utf-8", body, now.At); err != nil {
		return err
	}
	m.turn.left = body
	return nil
}

// manifest lists files. Those without a hash are not as they should be, and not
// yet written.
func manifest(files map[string]file) []byte {
	var out bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if files[path].hash != "" {
			fmt.Fprintf(&out, "%s  %s\n", files[path].hash, path)
		}
	}
	return out.Bytes()
}

func (m *Mirror) putSigned(ctx context.Context, path, contentType string, body []byte, at time.Time) error {
	signature, err := m.signer.Sign(body, path+" at "+at.UTC().Format(time.RFC3339))
	if err != nil {
		return err
	}
	if err := m.put(ctx, path, web.CopyFile{Body: body, Type: contentType, CacheControl: keepShort}); err != nil {
		return err
	}
	return m.put(ctx, path+Signature, web.CopyFile{Body: signature, Type: "text/plain; charset=utf-8", CacheControl: keepShort})
}

// begin learns what lies there, and leaves the key. Of what its manifest lists
// only what has the very bytes is taken as there: whoever wrote before may have
// been killed halfway, or lost its turn.
func (m *Mirror) begin(ctx context.Context) error {
	m.files = map[string]file{}
	read := func(path string) ([]byte, error) { return m.get(ctx, path) }
	if listed, err := readManifest(m.signer.Public(), read); err == nil {
		m.learn(listed, read)
	}
	key := web.CopyFile{Body: m.signer.Public().File(), Type: "text/plain; charset=utf-8", CacheControl: keepShort}
	if err := m.put(ctx, KeyFile, key); err != nil {
		return err
	}
	m.begun, m.pending = true, true // one who was killed halfway has left what it announced
	return nil
}

// learn hashes what lies there. A file that is not as listed has no hash: it is
// written again, or removed.
func (m *Mirror) learn(listed map[string]string, read func(string) ([]byte, error)) {
	var group errgroup.Group
	group.SetLimit(abreast)
	var mu sync.Mutex
	for path, hash := range listed {
		group.Go(func() error {
			body, err := read(path)
			if err != nil || Hash(body) != hash {
				hash = ""
			}
			mu.Lock()
			defer mu.Unlock()
			m.files[path] = file{hash: hash}
			return nil
		})
	}
	_ = group.Wait() // none returns an error
}

func (m *Mirror) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTime)
	defer cancel()
	return m.store.read(ctx, path)
}
