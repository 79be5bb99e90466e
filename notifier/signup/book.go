package signup

import (
	"context"
	"time"

	"bongsu/notifier"
)

// Asked says what became of a request for a code. Visitors are never told.
type Asked uint8

// What may become of it.
const (
	Sent Asked = iota
	NobodyKnown
	OverAddress
	OverNetwork
	OverArea
	OverAll
)

// Book is what is kept. Each method is one transaction.
type Book interface {
	// AskCode spends the caps and, if there was room in each of them and
	// somebody to send to, keeps code and notice. A code for the same number
	// and purpose from before ends. Requests that come at the same time, here
	// or elsewhere, are taken one after the other.
	AskCode(ctx context.Context, r Request) (Asked, error)
	// Redeem uses a code up: who is behind it joins, or leaves. ErrCode: it is
	// not good. It says who they are.
	Redeem(ctx context.Context, r Redemption) (person int64, err error)
	// Bind uses up a code that came from the address it proves.
	Bind(ctx context.Context, b Binding) error
	// LeaveByText forgets the addresses that are the same as one that sent us a
	// text; the same text does so once.
	LeaveByText(ctx context.Context, same, ref string, said, now time.Time) error
	// Member reads somebody who is told. ErrGone: they have left.
	Member(ctx context.Context, id int64) (Member, error)
	// Choose keeps what somebody wants. ErrGone: they have left.
	Choose(ctx context.Context, id int64, c Choices) error
	// Drop forgets somebody's address of a kind, or all with an empty kind, and
	// says whether they have left by that, or had before.
	Drop(ctx context.Context, id int64, kind string, now time.Time) (gone bool, err error)
	// TidyAccess removes codes that have died with the words that carried them,
	// addresses nobody confirmed since pending, and what no cap counts since spent.
	TidyAccess(ctx context.Context, now, pending, spent time.Time) error
}

// Request is a request for a code.
type Request struct {
	Code
	Address Address // in clear: it is sealed before it is kept; none for a code that comes to us
	Carrier string  // the kind of address that the code goes to
	Fresh   bool    // only for an address that nobody has: one in use is asked nothing
	Person  int64   // who adds the address to theirs; 0: who comes with it
	Network string  // hashed
	Area    string  // hashed; empty: none
	Kind    string  // what the caps count by
	Caps    Caps
	Plan    string
	Notice  notifier.Notice // carries the code; the recipient is the book's to find
}

// Redemption is a try at a code.
type Redemption struct {
	Ticket  string
	Purpose Purpose
	Proof   string
	Now     time.Time
	Welcome notifier.Notice // for who joins, if they had not before
}

// Binding is a code that came from an address.
type Binding struct {
	Redemption
	Address Address
	Plan    string
}
