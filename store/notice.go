package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"bongsu/notifier"
)

// AddNotices saves notices that tell of nothing else in the database, such as
// alarms. Those of an incident are saved with what they tell of.
func (s *Store) AddNotices(ctx context.Context, notices []notifier.Notice) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return s.insertNotices(ctx, tx, notices) })
}

// insertNotices saves notices in the transaction that saves what they tell of.
// A notice that is there already (same incident, event, update, audience and
// plan) is left as it was, so a judgement made twice tells nobody twice.
func (s *Store) insertNotices(ctx context.Context, tx *sql.Tx, notices []notifier.Notice) error {
	for i := range notices {
		if err := s.insertNotice(ctx, tx, &notices[i]); err != nil {
			return fmt.Errorf("saving the notice of %s %s: %w", notices[i].Incident, notices[i].Event, err)
		}
	}
	return nil
}

func (s *Store) insertNotice(ctx context.Context, tx *sql.Tx, n *notifier.Notice) error {
	id := n.ID
	if id == "" {
		id = occasionID(n)
	}
	made, err := tx.ExecContext(ctx, `
		INSERT INTO notice (id, incident, event, occasion, audience, plan, from_state, to_state, priority, policy, made, expires, recipient, about)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (incident, event, occasion, audience, plan) DO NOTHING`,
		id, n.Incident, n.Event, n.Update, n.Audience, n.Plan, int(n.From), int(n.To), n.Priority, int(n.Policy), millis(n.Made), millis(n.Expires), n.Recipient, strings.Join(n.About, " "))
	if err != nil {
		return err
	}
	if rows, err := made.RowsAffected(); err != nil || rows == 0 {
		return err
	}
	for i, t := range n.Texts {
		params, err := json.Marshal(t.Params)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO notice_text (notice, lang, class, pos, title, body, html, switched, template, params, segments, parts)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, t.Lang, string(t.Class), i, t.Title, t.Body, t.HTML, t.Switched, t.Template, string(params), t.Segments, t.Parts); err != nil {
			return err
		}
	}
	return nil
}

// occasionID names a notice after what makes it unique.
func occasionID(n *notifier.Notice) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{n.Incident, n.Event, n.Update, n.Audience, n.Plan}, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// millis is how a time is kept; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is the other way.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
