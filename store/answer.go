package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier/appnotice"
)

// KeptAnswer is what a request with an Idempotency-Key was answered with.
type KeptAnswer struct {
	Code     int
	Location string
	ETag     string
	Body     []byte
}

// BeginAnswer takes a key for a request that is about to be carried out, or
// gives what an earlier one was answered with. The errors are
// [appnotice.ErrKeyReused], when it asked for something else, and
// [appnotice.ErrBusy], when it was begun and nothing more is known of it: since
// when, begun says.
func (s *Store) BeginAnswer(ctx context.Context, k appnotice.Key, now time.Time) (kept *KeptAnswer, begun time.Time, err error) {
	added, err := s.write.ExecContext(ctx, "INSERT INTO answer (token, id, hash, answer, made, code) VALUES ($1, $2, $3, '', $4, 0) ON CONFLICT DO NOTHING",
		k.Token, k.Text, k.Hash, millis(now))
	if err != nil {
		return nil, begun, fmt.Errorf("taking an Idempotency-Key: %w", err)
	}
	if rows, err := added.RowsAffected(); err != nil || rows > 0 {
		return nil, now, err
	}
	return s.keptAnswer(ctx, k)
}

func (s *Store) keptAnswer(ctx context.Context, k appnotice.Key) (*KeptAnswer, time.Time, error) {
	var a KeptAnswer
	var hash, plain string
	var made int64
	var cipher []byte
	err := s.write.QueryRowContext(ctx, "SELECT hash, made, code, location, etag, answer, cipher FROM answer WHERE token = $1 AND id = $2", k.Token, k.Text).
		Scan(&hash, &made, &a.Code, &a.Location, &a.ETag, &plain, &cipher)
	begun := fromMillis(made)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && a.Code == 0 && hash == k.Hash: // given back meanwhile, or in hand
		return nil, begun, appnotice.ErrBusy
	case err != nil:
		return nil, begun, fmt.Errorf("looking for an earlier answer: %w", err)
	case hash != k.Hash:
		return nil, begun, appnotice.ErrKeyReused
	}
	a.Body = []byte(plain)
	if len(cipher) > 0 && s.keys != nil {
		text, err := s.keys.open(0, answerPlace(k), cipher)
		if err != nil {
			return nil, begun, err
		}
		a.Body = []byte(text)
	}
	return &a, begun, nil
}

// answerPlace is where a sealed answer belongs: elsewhere it does not open.
func answerPlace(k appnotice.Key) string { return "answer " + k.Token + " " + k.Text }

// EndAnswer keeps what a request that was begun has been answered with.
func (s *Store) EndAnswer(ctx context.Context, k appnotice.Key, a KeptAnswer) error {
	plain, cipher := string(a.Body), []byte(nil)
	if s.keys != nil {
		plain, cipher = "", s.keys.seal(0, answerPlace(k), string(a.Body))
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE answer SET code = $1, location = $2, etag = $3, answer = $4, cipher = $5 WHERE token = $6 AND id = $7 AND code = 0",
		a.Code, a.Location, a.ETag, plain, cipher, k.Token, k.Text); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

// DropAnswer gives a key back: nothing was done under it.
func (s *Store) DropAnswer(ctx context.Context, k appnotice.Key) error {
	if _, err := s.write.ExecContext(ctx, "DELETE FROM answer WHERE token = $1 AND id = $2 AND code = 0", k.Token, k.Text); err != nil {
		return fmt.Errorf("giving an Idempotency-Key back: %w", err)
	}
	return nil
}

// FirstTime notes a request by what marks it, and says whether it came for the
// first time within the last day.
func (s *Store) FirstTime(ctx context.Context, id string, now time.Time) (bool, error) {
	added, err := s.write.ExecContext(ctx, "INSERT INTO request_seen (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", id, millis(now))
	if err != nil {
		return false, fmt.Errorf("noting a request: %w", err)
	}
	rows, err := added.RowsAffected()
	return rows > 0, err
}
