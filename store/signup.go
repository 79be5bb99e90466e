package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"bongsu/notifier/signup"
)

// AskCode spends the caps of sign-up and keeps a code with the notice that
// carries it.
func (s *Store) AskCode(ctx context.Context, r signup.Request) (signup.Asked, error) {
	if s.keys == nil {
		return 0, ErrNoKeys
	}
	number := s.keys.hash(r.Number)
	var asked signup.Asked
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		var err error
		var spent int64
		if asked, spent, err = s.spendCaps(ctx, tx, r, number); err != nil || asked != signup.Sent {
			return err
		}
		id, err := s.whoAsks(ctx, tx, r, number)
		if errors.Is(err, ErrNoSubscriber) {
			asked = signup.NobodyKnown
			_, err = tx.ExecContext(ctx, "UPDATE access_spent SET sent = 0 WHERE id = $1", spent)
			return err
		}
		if err != nil {
			return err
		}
		if err := endCode(ctx, tx, number, r.Purpose, r.Made); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO access_code (id, purpose, number, proof, subscriber, lang, at_least, made, expires)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			r.Ticket, int(r.Purpose), number, r.Proof, id, r.Lang, int(r.AtLeast), millis(r.Made), millis(r.Expires)); err != nil {
			return err
		}
		notice := r.Notice
		notice.Recipient = id
		return s.insertNotice(ctx, tx, &notice)
	})
	if err != nil {
		return 0, fmt.Errorf("asking for a code: %w", err)
	}
	return asked, nil
}

// spendCaps takes one of each cap, or none of any, and says under which id. The
// counter's row is held until the transaction ends, so one request is counted
// after the other. Joining and leaving have their caps each: nobody can use up
// another's way out by signing them up. What was asked for a number that nobody
// has counts for number and network, and not for all, since nothing left.
// A row from the future, of a clock that ran ahead, counts until its time has
// come and gone.
func (s *Store) spendCaps(ctx context.Context, tx *sql.Tx, r signup.Request, number string) (asked signup.Asked, id int64, err error) {
	if id, err = count(ctx, tx, "access"); err != nil {
		return 0, 0, err
	}
	for _, limit := range []struct {
		over  signup.Asked
		rate  signup.Rate
		where string
		args  []any
	}{
		{signup.OverNumber, r.Caps.PerNumber, "number = $3", []any{number}},
		{signup.OverNetwork, r.Caps.PerNetwork, "network = $3", []any{r.Network}},
		{signup.OverAll, r.Caps.InAll, "sent = 1", nil},
	} {
		var spent int
		since := millis(r.Made.Add(-limit.rate.Per))
		err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM access_spent WHERE purpose = $1 AND at > $2 AND "+limit.where,
			append([]any{int(r.Purpose), since}, limit.args...)...).Scan(&spent)
		if err != nil {
			return 0, 0, err
		}
		if spent >= limit.rate.Count {
			return limit.over, 0, nil
		}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO access_spent (id, purpose, number, network, sent, at) VALUES ($1, $2, $3, $4, 1, $5)`,
		id, int(r.Purpose), number, r.Network, millis(r.Made))
	return signup.Sent, id, err
}

// whoAsks is the subscriber a code goes to. Who joins is made, not confirmed,
// if nobody has the number yet; who leaves must be there.
func (s *Store) whoAsks(ctx context.Context, tx *sql.Tx, r signup.Request, number string) (int64, error) {
	leaves := r.Purpose == signup.Leave
	var id int64
	err := tx.QueryRowContext(ctx, `
		SELECT subscriber FROM address WHERE lookup = $1 AND (confirmed > 0 OR $2 = 0)
		ORDER BY CASE WHEN kind = $3 THEN 0 ELSE 1 END, subscriber LIMIT 1`, number, flag(leaves), signup.AddressKind).Scan(&id)
	switch missing := errors.Is(err, sql.ErrNoRows); {
	case missing && leaves:
		return 0, ErrNoSubscriber
	case missing:
		id, err = s.newPending(ctx, tx, r)
	}
	if err != nil {
		return 0, err
	}
	return id, s.keepNumber(ctx, tx, id, r, number)
}

func (s *Store) newPending(ctx context.Context, tx *sql.Tx, r signup.Request) (int64, error) {
	id, err := count(ctx, tx, "subscriber")
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO subscriber (id, lang, plan, at_least, joined) VALUES ($1, $2, $3, $4, $5)",
		id, r.Lang, r.Plan, int(r.AtLeast), millis(r.Made))
	return id, err
}

// keepNumber gives the subscriber the number as an address that waits to be
// confirmed, or lets the one that waits wait from now.
func (s *Store) keepNumber(ctx context.Context, tx *sql.Tx, id int64, r signup.Request, number string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
		ON CONFLICT (subscriber, kind) DO UPDATE SET consented = excluded.consented
		WHERE address.confirmed = 0 AND address.lookup = excluded.lookup`,
		id, signup.AddressKind, s.keys.seal(id, signup.AddressKind, r.Number), number, mask(r.Number), signup.Source, millis(r.Made))
	return err
}

// endCode ends the live code of a number; what carries it and has not left is
// not sent any more.
func endCode(ctx context.Context, tx *sql.Tx, number string, p signup.Purpose, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `
		UPDATE notice SET recalled = $1, state = 2 WHERE recalled = 0 AND id IN (
		  SELECT id FROM access_code WHERE number = $2 AND purpose = $3 AND ended = 0)`, millis(now), number, int(p)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE access_code SET ended = $1 WHERE number = $2 AND purpose = $3 AND ended = 0", millis(now), number, int(p))
	return err
}

// keptCode is a code with whom it is for.
type keptCode struct {
	signup.Code
	number     string
	subscriber int64
}

// Redeem uses a code up. A wrong try counts, and is committed.
func (s *Store) Redeem(ctx context.Context, r signup.Redemption) error {
	good := false
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		good = false
		code, err := s.codeOf(ctx, tx, r)
		if errors.Is(err, sql.ErrNoRows) || (err == nil && !code.Live(r.Now)) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE access_code SET tries = tries + 1 WHERE id = $1", r.Ticket); err != nil {
			return err
		}
		if !code.Proves(r.Proof) {
			return nil
		}
		if good, err = s.carryOut(ctx, tx, r, code); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE access_code SET ended = $1 WHERE id = $2", millis(r.Now), r.Ticket)
		return err
	})
	if err != nil {
		return fmt.Errorf("trying a code: %w", err)
	}
	if !good {
		return signup.ErrCode
	}
	return nil
}

func (s *Store) codeOf(ctx context.Context, tx *sql.Tx, r signup.Redemption) (*keptCode, error) {
	var c keptCode
	var made, expires, ended int64
	err := tx.QueryRowContext(ctx, s.q(`
		SELECT id, purpose, number, proof, subscriber, lang, at_least, made, expires, tries, ended
		FROM access_code WHERE id = $1 AND purpose = $2 {{lock}}`), r.Ticket, int(r.Purpose)).Scan(
		&c.Ticket, &c.Purpose, &c.number, &c.Proof, &c.subscriber, &c.Lang, &c.AtLeast, &made, &expires, &c.Tries, &ended)
	c.Made, c.Expires, c.Ended = fromMillis(made), fromMillis(expires), ended > 0
	return &c, err
}

// carryOut does what the code was for. It says false if they have gone since.
func (s *Store) carryOut(ctx context.Context, tx *sql.Tx, r signup.Redemption, c *keptCode) (bool, error) {
	if c.Purpose == signup.Leave {
		left, err := leaveByNumber(ctx, tx, c.number, r.Now)
		return left > 0, err
	}
	kept, err := tx.ExecContext(ctx, "UPDATE subscriber SET lang = $1, at_least = $2 WHERE id = $3 AND gone = 0", c.Lang, int(c.AtLeast), c.subscriber)
	if err != nil {
		return false, err
	}
	if rows, err := kept.RowsAffected(); err != nil || rows == 0 {
		return false, err
	}
	confirmed, err := tx.ExecContext(ctx, `
		UPDATE address SET confirmed = $1, consented = $2
		WHERE subscriber = $3 AND kind = $4 AND lookup = $5 AND confirmed = 0`,
		millis(r.Now), millis(c.Made), c.subscriber, signup.AddressKind, c.number)
	if err != nil {
		return false, err
	}
	if rows, err := confirmed.RowsAffected(); err != nil || rows == 0 {
		return err == nil, err // they had joined before
	}
	welcome := r.Welcome
	welcome.Recipient = c.subscriber
	return true, s.insertNotice(ctx, tx, &welcome)
}

// leaveByNumber lets everybody with a number go, and ends the codes on their
// way to it. It says how many they were.
func leaveByNumber(ctx context.Context, tx *sql.Tx, number string, now time.Time) (int, error) {
	people, err := numbers(ctx, tx, "SELECT DISTINCT subscriber FROM address WHERE lookup = $1 ORDER BY subscriber", number)
	if err != nil {
		return 0, err
	}
	for _, id := range people {
		if err := leaveOne(ctx, tx, id, now); err != nil {
			return 0, err
		}
	}
	for _, p := range []signup.Purpose{signup.Join, signup.Leave} {
		if err := endCode(ctx, tx, number, p, now); err != nil {
			return 0, err
		}
	}
	return len(people), nil
}

// LeaveByText lets a number go that sent a text saying so, once for each text.
func (s *Store) LeaveByText(ctx context.Context, number, ref string, now time.Time) error {
	if s.keys == nil {
		return ErrNoKeys
	}
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		added, err := tx.ExecContext(ctx, "INSERT INTO access_stop (ref, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", ref, millis(now))
		if err != nil {
			return err
		}
		if rows, err := added.RowsAffected(); err != nil || rows == 0 {
			return err
		}
		_, err = leaveByNumber(ctx, tx, s.keys.hash(number), now)
		return err
	})
	if err != nil {
		return fmt.Errorf("letting a number go: %w", err)
	}
	return nil
}

// stopsKept is how long a text that made somebody leave is remembered.
const stopsKept = 365 * 24 * time.Hour

// TidyAccess removes what of sign-up has had its day.
func (s *Store) TidyAccess(ctx context.Context, now, pending, spent time.Time) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if err := forgetPending(ctx, tx, pending); err != nil {
			return err
		}
		for _, step := range []struct {
			text string
			at   time.Time
		}{
			{`UPDATE notice_text SET title = '', body = '', params = '{}'
			  WHERE notice IN (SELECT id FROM access_code WHERE expires <= $1)`, now},
			{"DELETE FROM access_code WHERE expires <= $1", now},
			{"DELETE FROM access_spent WHERE at <= $1", spent},
			{"DELETE FROM access_stop WHERE at <= $1", now.Add(-stopsKept)},
		} {
			if _, err := tx.ExecContext(ctx, step.text, millis(step.at)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("tidying up after sign-ups: %w", err)
	}
	return nil
}

// forgetPending removes numbers that nobody has confirmed, and who has no
// other address.
func forgetPending(ctx context.Context, tx *sql.Tx, before time.Time) error {
	people, err := numbers(ctx, tx, "DELETE FROM address WHERE confirmed = 0 AND source = $2 AND consented <= $1 RETURNING subscriber",
		millis(before), signup.Source)
	if err != nil {
		return err
	}
	for _, id := range people {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM subscriber WHERE id = $1 AND gone = 0
			AND NOT EXISTS (SELECT 1 FROM address a WHERE a.subscriber = subscriber.id)`, id); err != nil {
			return err
		}
	}
	return nil
}
