package main

import (
	"context"
	"errors"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

// proofs finds what was sent under a check code.
type proofs struct {
	store *store.Store
	apps  []status.App
}

func (p proofs) Told(ctx context.Context, incident string) ([]web.Proof, error) {
	told, err := p.store.Told(ctx, incident)
	all := make([]web.Proof, 0, len(told))
	for _, t := range told {
		all = append(all, web.Proof{Event: t.Event, At: t.At, Texts: t.Texts})
	}
	return all, err
}

// Coded gives the notice of an app that has the check code, in each form in
// which it may have come.
func (p proofs) Coded(ctx context.Context, code string) (web.Proof, error) {
	sent, err := p.store.Coded(ctx, code)
	if errors.Is(err, appnotice.ErrNone) {
		return web.Proof{}, web.ErrNoCode
	}
	if err != nil {
		return web.Proof{}, err
	}
	proof := web.Proof{App: status.Text{}, At: sent.Made}
	for _, a := range p.apps {
		if a.ID == sent.App {
			proof.App = a.Name
		}
	}
	for _, t := range sent.Texts {
		proof.Texts = append(proof.Texts, t)
		if t.Switched != "" {
			t.Body = t.Switched
			proof.Texts = append(proof.Texts, t)
		}
	}
	return proof, nil
}
