package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
)

// cloakroom is a store of tokens that may be away.
type cloakroom struct {
	tokens map[[sha256.Size]byte]store.Token
	away   error
}

func (c *cloakroom) UseToken(_ context.Context, hash [sha256.Size]byte, _ time.Time) (store.Token, error) {
	t, known := c.tokens[hash]
	switch {
	case c.away != nil:
		return store.Token{}, c.away
	case !known:
		return store.Token{}, store.ErrNoToken
	}
	return t, nil
}

// While the database is away the agents that came before may come again, for
// looks are judged without it; nobody else may, and nobody whose token was
// revoked or has expired.
func TestBearersWhileTheDatabaseIsAway(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	busan, jeju, fresh, operator := [sha256.Size]byte{1}, [sha256.Size]byte{2}, [sha256.Size]byte{3}, [sha256.Size]byte{4}
	room := &cloakroom{tokens: map[[sha256.Size]byte]store.Token{
		busan:    {ID: "b", Role: string(account.Agent), Location: "busan-1", Expires: now.Add(time.Hour)},
		jeju:     {ID: "j", Role: string(account.Agent), Location: "jeju-1"},
		fresh:    {ID: "f", Role: string(account.Agent), Location: "fresh-1"},
		operator: {ID: "o", Role: string(account.Operator)},
	}}
	b := &bearers{tokens: room}
	for _, hash := range [][sha256.Size]byte{busan, jeju, operator} {
		if _, err := b.Bearer(t.Context(), hash, now); err != nil {
			t.Fatal(err)
		}
	}
	delete(room.tokens, jeju)
	if _, err := b.Bearer(t.Context(), jeju, now); !errors.Is(err, web.ErrNoToken) {
		t.Errorf("a revoked token: %v", err)
	}
	room.away = errors.New("connection refused")
	if who, err := b.Bearer(t.Context(), busan, now); err != nil || who.Location != "busan-1" || who.Role != account.Agent {
		t.Errorf("an agent that came before is told %+v, %v", who, err)
	}
	for name, hash := range map[string][sha256.Size]byte{"a revoked agent": jeju, "one never seen": fresh, "an operator": operator} {
		if who, err := b.Bearer(t.Context(), hash, now); !errors.Is(err, room.away) {
			t.Errorf("%s is told %+v, %v", name, who, err)
		}
	}
	if _, err := b.Bearer(t.Context(), busan, now.Add(2*time.Hour)); !errors.Is(err, room.away) {
		t.Errorf("an expired token: %v", err)
	}
}
