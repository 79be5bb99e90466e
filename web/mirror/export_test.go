package mirror

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"bongsu/web"
)

// Hasten makes a mirror lose patience, and trust its turn, this soon.
func (m *Mirror) Hasten(patience, settle time.Duration) {
	m.turn.patience, m.turn.settle = patience, settle
}

// Ours says whether the mirror may write now.
func (m *Mirror) Ours(ctx context.Context) (bool, error) { return m.ours(ctx, m.source.Now()) }

// KillAfter has the mirror write no more after so many files, as if its process
// had been killed.
func (m *Mirror) KillAfter(files int) {
	dying := &dying{store: m.store}
	dying.left.Store(int64(files))
	m.store = dying
}

type dying struct {
	store

	left atomic.Int64
}

var errDead = errors.New("the process is dead")

func (d *dying) write(ctx context.Context, path string, f web.CopyFile) error {
	if d.left.Add(-1) < 0 {
		return errDead
	}
	return d.store.write(ctx, path, f)
}

func (d *dying) remove(ctx context.Context, path string) error {
	if d.left.Load() < 0 {
		return errDead
	}
	return d.store.remove(ctx, path)
}

// InFolder is a file of a copy in a folder: written, read and removed.
func InFolder(ctx context.Context, dir, name string, body []byte) (read []byte, err error) {
	f := folder(dir)
	if err := f.write(ctx, name, web.CopyFile{Body: body}); err != nil {
		return nil, errors.Join(err, f.remove(ctx, name))
	}
	read, err = f.read(ctx, name)
	return read, errors.Join(err, f.remove(ctx, name))
}
