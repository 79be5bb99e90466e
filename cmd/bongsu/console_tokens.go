package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/console"
)

// consoleTokens is the database's tokens as the console asks for them. What is
// changed is on the audit log.
type consoleTokens struct{ store *store.Store }

func (t consoleTokens) Tokens(ctx context.Context) ([]console.Token, error) {
	all, err := t.store.Tokens(ctx)
	list := make([]console.Token, 0, len(all))
	for _, one := range all {
		list = append(list, console.Token{
			ID: one.ID, Role: account.Role(one.Role), App: one.App, Location: one.Location, Scope: one.Scope, Note: one.Note,
			Made: one.Made, Expires: one.Expires, LastUsed: one.LastUsed,
		})
	}
	return list, err
}

func (t consoleTokens) MakeToken(ctx context.Context, by account.Who, wanted console.Token) (string, error) {
	text, hash, err := web.NewToken(rand.Reader)
	if err != nil {
		return "", err
	}
	one := store.Token{
		ID: randomNames{}.ID(wanted.Made), Hash: hash, Role: string(wanted.Role), App: wanted.App, Note: wanted.Note,
		Made: wanted.Made, Expires: wanted.Expires,
	}
	if err := t.store.AddToken(ctx, one); err != nil {
		return "", err
	}
	return text, t.audit(ctx, by, one.ID, "made, role "+roleOf(&one))
}

func (t consoleTokens) RevokeToken(ctx context.Context, by account.Who, id string) error {
	err := t.store.RevokeToken(ctx, id)
	if errors.Is(err, store.ErrNoToken) {
		return console.ErrNoToken
	}
	if err != nil {
		return err
	}
	return t.audit(ctx, by, id, "revoked")
}

func (t consoleTokens) audit(ctx context.Context, by account.Who, id, detail string) error {
	return t.store.Audit(ctx, account.Entry{At: time.Now(), Who: by, Deed: account.KeepAccounts, About: "token " + id, Detail: detail})
}
