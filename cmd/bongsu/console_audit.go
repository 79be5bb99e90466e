package main

import (
	"context"
	"sync"

	"bongsu/store"
	"bongsu/web/account"
	"bongsu/web/console"
)

// deskAudit is the audit log as the console reads it, and writes to it.
type deskAudit struct {
	*server

	mu     sync.Mutex
	last   account.Entry // the log is proven up to this one
	broken int64         // the first entry that does not follow; 0: none
}

// Record implements [console.Recorder].
func (d *deskAudit) Record(ctx context.Context, done console.Done) error {
	defer d.tellAudit()
	return d.store.Audit(ctx, account.Entry{At: done.At, Who: done.Who, Deed: done.Deed, About: done.About, Detail: done.Detail})
}

// tellAudit has open pages look again at the log.
func (s *server) tellAudit() {
	if s.console != nil {
		s.console.Changed(console.Audit)
	}
}

// Entries implements [console.AuditLog].
func (d *deskAudit) Entries(ctx context.Context, q console.AuditQuery) ([]console.AuditEntry, error) {
	list, err := d.store.FindEntries(ctx, store.EntryQuery{
		Who: q.Who, Deed: account.Deed(q.Deed), About: q.About, From: q.From, Until: q.Until, Before: q.Before, Limit: q.Limit,
	})
	entries := make([]console.AuditEntry, 0, len(list))
	for i := range list {
		e := &list[i]
		entries = append(entries, console.AuditEntry{
			Number: e.Number, At: e.At, Who: e.Who.ID, Name: e.Who.Name, Role: e.Who.Role, Deed: e.Deed, About: e.About, Detail: e.Detail,
		})
	}
	return entries, err
}

const (
	// chainAtOnce is how many entries are read at once, and chainMost how many of
	// them for one page: a long log is proven over some views.
	chainAtOnce = 1000
	chainMost   = 50
)

// Chain implements [console.AuditLog]. It goes on from what it has proven before.
func (d *deskAudit) Chain(ctx context.Context) (console.AuditChain, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for range chainMost {
		entries, err := d.store.Entries(ctx, d.last.Number, chainAtOnce)
		if err != nil {
			return console.AuditChain{}, err
		}
		for _, e := range entries {
			if e.Number != d.last.Number+1 || e.Chain(d.last.Hash) != e.Hash {
				d.broken = d.last.Number + 1
				break
			}
			d.last = e
		}
		if d.broken > 0 || len(entries) < chainAtOnce {
			break
		}
	}
	latest, err := d.store.FindEntries(ctx, store.EntryQuery{Limit: 1})
	if err != nil {
		return console.AuditChain{}, err
	}
	c := console.AuditChain{Upto: d.last.Number, Broken: d.broken}
	if len(latest) > 0 {
		c.Last = latest[0].Number
	}
	return c, nil
}
