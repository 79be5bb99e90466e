package signup

import (
	"context"
	"errors"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// Member is somebody who is told, as they see themselves.
type Member struct {
	ID        int64
	Lang      string
	AtLeast   status.State
	Wishes    notifier.Wishes
	Addresses []Held
}

// Held is one of somebody's addresses.
type Held struct {
	Kind       string
	Hint       string // masked
	Confirmed  time.Time
	Suppressed string // why nothing is sent there any more, until it is confirmed again; empty: it is
}

// ErrGone says that who had the personal address has left.
var ErrGone = errors.New("they have left")

// Choices are what somebody may change of themselves.
type Choices struct {
	Lang    string
	AtLeast status.State
	Wishes  notifier.Wishes
}

// Member reads whose a personal address is, and what they chose. Kind is that
// of the address the link was sent to, or empty. The error is [ErrLink],
// [ErrGone] or the book's.
func (d *Desk) Member(ctx context.Context, token string) (m Member, kind string, err error) {
	id, kind, err := d.rules.Links.Read(token)
	if err != nil {
		return Member{}, "", err
	}
	m, err = d.book.Member(ctx, id)
	return m, kind, err
}

// Choose keeps what somebody wants. An order may name only addresses they have.
func (d *Desk) Choose(ctx context.Context, token string, c Choices) error {
	m, _, err := d.Member(ctx, token)
	if err != nil {
		return err
	}
	c.Lang = d.lang(c.Lang)
	c.Wishes.Order = slices.DeleteFunc(c.Wishes.Order, func(kind string) bool {
		return !slices.ContainsFunc(m.Addresses, func(h Held) bool { return h.Kind == kind })
	})
	return d.book.Choose(ctx, m.ID, c)
}

// Drop forgets one of somebody's addresses, or all with an empty kind. Who has
// none left has left: then it says so. Doing it twice is no error.
func (d *Desk) Drop(ctx context.Context, token, kind string, now time.Time) (gone bool, err error) {
	id, _, err := d.rules.Links.Read(token)
	if err != nil {
		return false, err
	}
	return d.book.Drop(ctx, id, kind, now)
}
