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
	keepShort = "public, max-age=5"
)

// Source is the site that is copied.
type Source interface {
	Copy() []web.CopyPage
	Now() (at, until time.Time)
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

	mu    sync.Mutex
	files map[string]file // what lies there
	begun bool
}

// file is one that lies in the copy.
type file struct {
	hash  string
	stamp string
	made  time.Time // by the site's instants
}

// Open prepares a mirror at an address: file:///a/folder, s3://bucket?region=….
// It does no I/O yet. The error never repeats the address.
func Open(address string, source Source, signer minisign.Signer, looks time.Duration, log *slog.Logger) (*Mirror, error) {
	name, place, err := open(address)
	if err != nil {
		return nil, err
	}
	return &Mirror{
		name: name, store: place, source: source, signer: signer, looks: looks, log: log,
		wake: make(chan struct{}, 1), files: map[string]file{},
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

// Update brings the copy up to date: first what says what is wrong now, then
// the rest. Whatever it says it is, it is: manifest and instant come last.
func (m *Mirror) Update(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at, until := m.source.Now()
	pages := m.source.Copy()
	if len(pages) == 0 {
		return nil // nothing has been judged yet
	}
	if !m.begun {
		if err := m.begin(ctx); err != nil {
			return err
		}
	}
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
	if err := m.putAll(ctx, first, at); err != nil {
		return err
	}
	if err := m.sign(ctx, at, until); err != nil {
		return err
	}
	gone := m.gone(pages)
	if len(rest)+len(gone) == 0 {
		return nil
	}
	failed := m.putAll(ctx, rest, at)
	for _, path := range gone {
		delete(m.files, path)
	}
	if err := m.sign(ctx, at, until); err != nil {
		return cmp.Or(failed, err)
	}
	for _, path := range gone {
		if err := m.store.remove(ctx, path); err != nil {
			m.log.Warn("removing from a mirror", "mirror", m.name, "file", path, "error", err)
		}
	}
	return failed
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

// putAll makes files and writes those whose bytes changed. It goes on after a
// failure: others may succeed.
func (m *Mirror) putAll(ctx context.Context, pages []web.CopyPage, at time.Time) error {
	var group errgroup.Group
	group.SetLimit(abreast)
	var mu sync.Mutex
	for _, p := range pages {
		group.Go(func() error {
			made, err := p.Make()
			if err != nil {
				return fmt.Errorf("making %s: %w", p.Path, err)
			}
			hash := Hash(made.Body)
			mu.Lock()
			lies := m.files[p.Path].hash == hash
			mu.Unlock()
			if !lies {
				if err := m.put(ctx, p.Path, made); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			m.files[p.Path] = file{hash: hash, stamp: p.Stamp, made: at}
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

// sign writes the manifest, if it changed, and the instant, each with its
// signature.
func (m *Mirror) sign(ctx context.Context, at, until time.Time) error {
	manifest := m.manifest()
	now := instant{At: at, Until: until, Manifest: Hash(manifest)}
	if err := m.putSigned(ctx, Manifest, "text/plain; charset=utf-8", manifest, at); err != nil {
		return err
	}
	return m.putSigned(ctx, NowFile, "application/json; charset=utf-8", now.json(), at)
}

func (m *Mirror) manifest() []byte {
	var out bytes.Buffer
	for _, path := range slices.Sorted(maps.Keys(m.files)) {
		fmt.Fprintf(&out, "%s  %s\n", m.files[path].hash, path)
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

// begin learns what lies there from its own manifest, and leaves the key.
func (m *Mirror) begin(ctx context.Context) error {
	lying, err := readManifest(m.signer.Public(), func(path string) ([]byte, error) { return m.store.read(ctx, path) })
	if err == nil {
		for path, hash := range lying {
			m.files[path] = file{hash: hash}
		}
	}
	key := web.CopyFile{Body: m.signer.Public().File(), Type: "text/plain; charset=utf-8", CacheControl: keepShort}
	if err := m.put(ctx, KeyFile, key); err != nil {
		return err
	}
	m.begun = true
	return nil
}
