package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"bongsu/web/account"
)

// Token is what a machine may call the API with. The token itself is nowhere:
// it is found by its hash.
type Token struct {
	ID       string
	Hash     [32]byte // SHA-256 of the token's random bytes
	Role     string
	Location string         // of an agent's token: the one it speaks for; else empty
	App      string         // of an app's or agency's token: the one it is good for; else empty
	Scope    []account.Deed // what it is good for of what the role may; empty: all of it
	Note     string
	Made     time.Time
	Expires  time.Time // zero: never
	LastUsed time.Time // to the minute; zero: never
}

// ErrNoToken says that there is no such token, or that it has expired.
var ErrNoToken = errors.New("no such token")

// AddToken keeps a token.
func (s *Store) AddToken(ctx context.Context, t Token) error {
	if _, err := s.write.ExecContext(ctx, "INSERT INTO token (id, hash, role, location, app, scope, note, made, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		t.ID, hex.EncodeToString(t.Hash[:]), t.Role, t.Location, t.App, scopeText(t.Scope), t.Note, millis(t.Made), millis(t.Expires)); err != nil {
		return fmt.Errorf("keeping a token: %w", err)
	}
	return nil
}

func scopeText(deeds []account.Deed) string {
	words := make([]string, len(deeds))
	for i, d := range deeds {
		words[i] = string(d)
	}
	return strings.Join(words, " ")
}

const tokenColumns = "id, hash, role, location, app, scope, note, made, expires, last_used" //nolint:gosec // these are names of columns

func scanToken(row interface{ Scan(into ...any) error }) (Token, error) {
	var t Token
	var hash, scope string
	var made, expires, used int64
	if err := row.Scan(&t.ID, &hash, &t.Role, &t.Location, &t.App, &scope, &t.Note, &made, &expires, &used); err != nil {
		return t, err
	}
	sum, err := hex.DecodeString(hash)
	if err != nil || len(sum) != len(t.Hash) {
		return t, fmt.Errorf("reading token %s: its hash is not one", t.ID)
	}
	copy(t.Hash[:], sum)
	for deed := range strings.FieldsSeq(scope) {
		t.Scope = append(t.Scope, account.Deed(deed))
	}
	t.Made, t.Expires, t.LastUsed = fromMillis(made), fromMillis(expires), fromMillis(used)
	return t, nil
}

// Tokens lists the tokens, oldest first, those that have expired included.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+tokenColumns+" FROM token ORDER BY made, id")
	if err != nil {
		return nil, fmt.Errorf("listing tokens: %w", err)
	}
	defer rows.Close()
	var list []Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, fmt.Errorf("listing tokens: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// usedEvery is how exactly a token's last use is kept: not every call is worth
// a write.
const usedEvery = time.Minute

// UseToken gives the token with a hash and notes that it was used. ErrNoToken:
// there is none, or it has expired. The hash is of a random secret, so how
// long the look-up takes tells nothing of use.
func (s *Store) UseToken(ctx context.Context, hash [32]byte, now time.Time) (Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, "SELECT "+tokenColumns+" FROM token WHERE hash = $1", hex.EncodeToString(hash[:])))
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !t.Expires.IsZero() && !now.Before(t.Expires)) {
		return Token{}, ErrNoToken
	}
	if err != nil {
		return Token{}, fmt.Errorf("finding a token: %w", err)
	}
	if now.Sub(t.LastUsed) < usedEvery {
		return t, nil
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE token SET last_used = $1 WHERE id = $2 AND last_used < $1", millis(now), t.ID); err != nil {
		return Token{}, fmt.Errorf("noting the use of token %s: %w", t.ID, err)
	}
	return t, nil
}

// RevokeToken removes a token. ErrNoToken: there is none with the id.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	gone, err := s.write.ExecContext(ctx, "DELETE FROM token WHERE id = $1", id)
	if err != nil {
		return fmt.Errorf("revoking token %s: %w", id, err)
	}
	if rows, err := gone.RowsAffected(); err != nil || rows == 0 {
		return errors.Join(err, ErrNoToken)
	}
	return nil
}
