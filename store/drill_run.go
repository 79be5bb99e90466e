package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

// DrillRun is a drill that was run from the console.
type DrillRun struct {
	ID       string
	Scenario string
	Ours     bool // with the installation's own configuration
	By       string
	Began    time.Time
	Ended    time.Time // zero: it runs, or its server has died
	State    DrillState
	Kept     int // expectations that held
	Broken   int
	Error    string // why it failed
}

// DrillState says what became of a drill.
type DrillState string

// The states of a drill.
const (
	DrillRunning   DrillState = "running"
	DrillPassed    DrillState = "passed"
	DrillBroken    DrillState = "broken" // an expectation was
	DrillFailed    DrillState = "failed" // it could not be run to its end
	DrillCancelled DrillState = "cancelled"
)

// DrillCard is a drill's scorecard.
type DrillCard struct {
	HTML, JSON, SVG []byte
}

// drillsKept is how many drills are kept.
const drillsKept = 50

// ErrNoDrill says that there is no such drill, or that it has no scorecard.
var ErrNoDrill = errors.New("no such drill")

// BeginDrill notes that a drill begins, and forgets the oldest ones.
func (s *Store) BeginDrill(ctx context.Context, d DrillRun) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO drill_run (id, scenario, ours, made_by, began, state) VALUES ($1, $2, $3, $4, $5, $6)",
			d.ID, d.Scenario, flag(d.Ours), d.By, millis(d.Began), string(DrillRunning)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM drill_run WHERE id NOT IN (SELECT id FROM drill_run ORDER BY began DESC, id DESC LIMIT $1)", drillsKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("noting that a drill begins: %w", err)
	}
	return nil
}

// EndDrill keeps what became of a drill, and its scorecard if it has one.
func (s *Store) EndDrill(ctx context.Context, d DrillRun, card DrillCard) error {
	var packed [3][]byte
	for i, part := range [][]byte{card.HTML, card.JSON, card.SVG} {
		var err error
		if packed[i], err = zipped(part); err != nil {
			return fmt.Errorf("packing a scorecard: %w", err)
		}
	}
	if _, err := s.write.ExecContext(ctx, `
		UPDATE drill_run SET ended = $1, state = $2, kept = $3, broken = $4, error = $5, html = $6, json = $7, svg = $8 WHERE id = $9`,
		millis(d.Ended), string(d.State), d.Kept, d.Broken, d.Error, packed[0], packed[1], packed[2], d.ID); err != nil {
		return fmt.Errorf("keeping what became of a drill: %w", err)
	}
	return nil
}

const drillColumns = "id, scenario, ours, made_by, began, ended, state, kept, broken, error"

// DrillRuns lists the drills, the newest first.
func (s *Store) DrillRuns(ctx context.Context) ([]DrillRun, error) {
	var list []DrillRun
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		d, err := scanDrill(rows)
		list = append(list, d)
		return err
	}, "SELECT "+drillColumns+" FROM drill_run ORDER BY began DESC, id DESC")
	if err != nil {
		return nil, fmt.Errorf("listing drills: %w", err)
	}
	return list, nil
}

func scanDrill(row interface{ Scan(into ...any) error }, more ...any) (DrillRun, error) {
	var d DrillRun
	var began, ended int64
	err := row.Scan(append([]any{&d.ID, &d.Scenario, &d.Ours, &d.By, &began, &ended, &d.State, &d.Kept, &d.Broken, &d.Error}, more...)...)
	d.Began, d.Ended = fromMillis(began), fromMillis(ended)
	return d, err
}

// DrillRun gives a drill with its scorecard. ErrNoDrill: there is none.
func (s *Store) DrillRun(ctx context.Context, id string) (DrillRun, DrillCard, error) {
	var packed [3][]byte
	d, err := scanDrill(s.read.QueryRowContext(ctx, "SELECT "+drillColumns+", html, json, svg FROM drill_run WHERE id = $1", id),
		&packed[0], &packed[1], &packed[2])
	if errors.Is(err, sql.ErrNoRows) {
		return d, DrillCard{}, ErrNoDrill
	}
	var card DrillCard
	for i, part := range []*[]byte{&card.HTML, &card.JSON, &card.SVG} {
		if err == nil && len(packed[i]) > 0 {
			*part, err = unzipped(packed[i])
		}
	}
	if err != nil {
		return d, card, fmt.Errorf("reading a drill: %w", err)
	}
	return d, card, nil
}

// maxPacked bounds what is read back of something packed.
const maxPacked = 64 << 20

// zipped packs what may have 64 MiB at most.
func zipped(plain []byte) ([]byte, error) {
	if len(plain) == 0 {
		return nil, nil
	}
	if len(plain) > maxPacked {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(plain), maxPacked)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func unzipped(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxPacked))
	if err != nil {
		return nil, err
	}
	return plain, r.Close()
}
