package mirror

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"bongsu/web"
)

// Several nodes may keep the same copy, each with pages of its own instants, so
// one at a time writes. Whose turn it is stands in the copy itself, in its signed
// now.json: no database is asked, since the copy must go on without one.
//
// Whoever writes moves the instant on at least once a minute. The others watch:
// one that has not seen it move for [patience] of its own clock takes the turn,
// by signing the same instant under its own name, and writes if that still
// stands [settle] later: of two who take it at once the latter does. A node
// looks again before each manifest. One that finds that its turn is over stops
// there; since what it has written by then may not be what the other has signed,
// it counts that up in now.json, and the other looks at every file anew. So files
// are of two writers for seconds, and only where two took the turn in one instant.
const (
	patience = 50 * time.Second // three updates and the time to write
	jitter   = 15 * time.Second // so that not all lose patience at once
	settle   = 3 * time.Second
)

// errLost says that the turn is another's.
var errLost = errors.New("another server has taken over writing the copy")

// turn is whose turn it is, as far as one node knows.
type turn struct {
	writer   string
	patience time.Duration
	settle   time.Duration

	left  []byte    // the now.json that we wrote last; nil if it is not our turn
	seen  []byte    // another's, as it last was
	moved time.Time // when we first saw it so
}

func newTurn(writer string) turn {
	return turn{writer: writer, patience: patience + rand.N(jitter), settle: settle} //nolint:gosec // no secret: it only spreads
}

// ours says whether it is our turn to write, and takes it if it is nobody's.
func (m *Mirror) ours(ctx context.Context, now web.Instant) (bool, error) {
	lies, err := m.readNow(ctx)
	t := &m.turn
	switch {
	case err != nil:
		return false, err
	case t.writer == "": // by hand, now
		return true, nil
	case lies.body == nil:
		return m.take(ctx, lies, now)
	case lies.signed && (lies.Writer == t.writer || lies.Writer == ""):
		if t.left != nil && !bytes.Equal(lies.body, t.left) {
			m.begun = false // somebody has written in between
		}
		return true, nil
	}
	if t.left != nil && lies.signed {
		m.lose(ctx, lies.instant)
	}
	if !bytes.Equal(lies.body, t.seen) {
		t.seen, t.moved = lies.body, time.Now()
		return false, nil
	}
	if time.Since(t.moved) < t.patience || now.At.Before(lies.At) {
		return false, nil // it lives, or knows better than we do
	}
	return m.take(ctx, lies, now)
}

// take signs the instant that lies there under our name, or one of an empty copy
// if there is none of our key, and says whether that stands.
func (m *Mirror) take(ctx context.Context, lies lying, now web.Instant) (bool, error) {
	claim := lies.instant
	if !lies.signed {
		claim = instant{Instant: now.Rounded(), Manifest: Hash(nil)}
		if err := m.putSigned(ctx, Manifest, manifestType, nil, now.At); err != nil {
			return false, err
		}
	}
	claim.Writer = m.turn.writer
	if err := m.putNow(ctx, claim); err != nil {
		return false, err
	}
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(m.turn.settle):
	}
	stands, err := m.readNow(ctx)
	if err != nil || !bytes.Equal(stands.body, m.turn.left) {
		m.turn.left = nil
		return false, err
	}
	m.log.Info("this server writes the copy from now on", "mirror", m.name)
	m.begun = false
	return true, nil
}

// stillOurs is an error if another has taken the turn since we last looked.
func (m *Mirror) stillOurs(ctx context.Context) error {
	if m.turn.writer == "" || m.turn.left == nil {
		return nil
	}
	lies, err := m.readNow(ctx)
	if err != nil || !lies.signed || lies.Writer == m.turn.writer || lies.Writer == "" {
		return err
	}
	m.lose(ctx, lies.instant)
	return errLost
}

// lose gives the turn up, and has the other look at every file.
func (m *Mirror) lose(ctx context.Context, lies instant) {
	m.log.Warn("another server writes the copy from now on", "mirror", m.name, "writer", lies.Writer)
	lies.Again++
	if err := m.putNow(ctx, lies); err != nil {
		m.log.Warn("telling the other server to look at every file of the copy", "mirror", m.name, "error", err)
	}
	m.turn.left, m.begun = nil, false
}

// lying is the now.json that lies there.
type lying struct {
	instant

	signed bool   // by our key; else it is half written, or another's
	body   []byte // nil: there is none
}

func (m *Mirror) readNow(ctx context.Context) (lying, error) {
	body, err := m.get(ctx, NowFile)
	if errors.Is(err, fs.ErrNotExist) {
		return lying{}, nil
	}
	if err != nil {
		return lying{}, fmt.Errorf("%s: %w", NowFile, err)
	}
	l := lying{body: body}
	signature, err := m.get(ctx, NowFile+Signature)
	if err == nil {
		_, err = m.signer.Public().Verify(body, signature)
	}
	l.signed = err == nil && json.Unmarshal(body, &l.instant) == nil
	return l, nil
}
