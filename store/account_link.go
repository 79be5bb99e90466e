package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"time"

	"bongsu/web/account"
)

// AddLink keeps a one-time link in place of those before it for the same
// account and purpose.
func (s *Store) AddLink(ctx context.Context, l account.Link) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_link WHERE account = $1 AND purpose = $2", l.Account, string(l.Purpose)); err != nil {
			return fmt.Errorf("removing links: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO account_link (hash, purpose, account, made, expires) VALUES ($1, $2, $3, $4, $5)",
			l.Hash, string(l.Purpose), l.Account, millis(l.Made), millis(l.Expires)); err != nil {
			return fmt.Errorf("keeping a link: %w", err)
		}
		return nil
	})
}

// Link finds a link that is still good; [account.ErrNoLink] if there is none. It
// does not use it up.
func (s *Store) Link(ctx context.Context, hash string, now time.Time) (account.Link, error) {
	return linkOf(s.read.QueryRowContext(ctx, linkText, hash, millis(now)))
}

const linkText = "SELECT hash, purpose, account, made, expires FROM account_link WHERE hash = $1 AND expires > $2"

func linkOf(row *sql.Row) (account.Link, error) {
	var l account.Link
	var made, expires int64
	err := row.Scan(&l.Hash, &l.Purpose, &l.Account, &made, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return l, account.ErrNoLink
	}
	if err != nil {
		return l, fmt.Errorf("finding a link: %w", err)
	}
	l.Made, l.Expires = fromMillis(made), fromMillis(expires)
	return l, nil
}

// UseFirstLink makes the first account by its link, which is used up.
// [account.ErrNoLink]: it is none, or somebody was first.
func (s *Store) UseFirstLink(ctx context.Context, hash string, a account.Account, now time.Time) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if err := takeLink(ctx, tx, hash, account.FirstUser, now); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM account").Scan(&n); err != nil {
			return fmt.Errorf("counting accounts: %w", err)
		}
		if n > 0 {
			return account.ErrNoLink
		}
		return addAccount(ctx, tx, &a)
	})
}

// UsePasswordLink sets the password of a link's account; the link is used up
// and every session of the account ends.
func (s *Store) UsePasswordLink(ctx context.Context, l account.Link, password string, now time.Time) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if err := takeLink(ctx, tx, l.Hash, account.SetPassword, now); err != nil {
			return err
		}
		return setPassword(ctx, tx, l.Account, password, now, "")
	})
}

func takeLink(ctx context.Context, tx *sql.Tx, hash string, purpose account.Purpose, now time.Time) error {
	done, err := tx.ExecContext(ctx, "DELETE FROM account_link WHERE hash = $1 AND purpose = $2 AND expires > $3", hash, string(purpose), millis(now))
	return happened(done, err, "using a link", account.ErrNoLink)
}

// TakeTry counts a try for every lock, unless one of them makes it wait: then
// none counts and the wait is given.
func (s *Store) TakeTry(ctx context.Context, locks []account.Lock, now time.Time) (wait time.Duration, err error) {
	locks = append([]account.Lock(nil), locks...)
	sort.Slice(locks, func(i, j int) bool { return locks[i].Key < locks[j].Key }) // so two cannot wait for each other
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		wait = 0
		next := make([]account.Misses, len(locks))
		for i, l := range locks {
			var w time.Duration
			if next[i], w, err = takeTry(ctx, tx, l, now, s.q(" {{lock}}")); err != nil {
				return err
			}
			wait = max(wait, w)
		}
		if wait > 0 {
			return nil
		}
		for i, l := range locks {
			if _, err := tx.ExecContext(ctx, "UPDATE account_try SET n = $1, last = $2, gone = $3 WHERE id = $4",
				next[i].Count, millis(now), millis(now.Add(l.Forget)), l.Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("counting a try: %w", err)
	}
	return wait, nil
}

func takeTry(ctx context.Context, tx *sql.Tx, l account.Lock, now time.Time, lock string) (account.Misses, time.Duration, error) {
	if _, err := tx.ExecContext(ctx, "INSERT INTO account_try (id, n, last, gone) VALUES ($1, 0, 0, $2) ON CONFLICT (id) DO NOTHING",
		l.Key, millis(now.Add(l.Forget))); err != nil {
		return account.Misses{}, 0, err
	}
	var m account.Misses
	var last int64
	if err := tx.QueryRowContext(ctx, "SELECT n, last FROM account_try WHERE id = $1"+lock, l.Key).Scan(&m.Count, &last); err != nil {
		return m, 0, err
	}
	m.Last = fromMillis(last)
	next, wait := l.Try(m, now)
	return next, wait, nil
}

// ForgiveTry takes back what a try counted that was right: the account's own
// misses at that place are forgotten, a network's others stay.
func (s *Store) ForgiveTry(ctx context.Context, locks []account.Lock) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		for i, l := range locks {
			text := "UPDATE account_try SET n = n - 1 WHERE id = $1 AND n > 0"
			if i == 0 { // the account at one place; see account.Guess.Locks
				text = "DELETE FROM account_try WHERE id = $1"
			}
			if _, err := tx.ExecContext(ctx, text, l.Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forgiving a try: %w", err)
	}
	return nil
}
