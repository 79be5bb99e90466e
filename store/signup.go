package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier/signup"
)

// AskCode spends the caps of sign-up and keeps a code with the notice that
// carries it.
func (s *Store) AskCode(ctx context.Context, r signup.Request) (signup.Asked, error) {
	if s.keys == nil {
		return 0, ErrNoKeys
	}
	var asked signup.Asked
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		var err error
		var spent int64
		if asked, spent, err = s.spendCaps(ctx, tx, r); err != nil || asked != signup.Sent {
			return err
		}
		if r.Address.Value == "" {
			return s.keepCode(ctx, tx, r, r.Ticket, r.Person)
		}
		id, err := s.whoAsks(ctx, tx, r)
		if errors.Is(err, ErrNoSubscriber) {
			asked = signup.NobodyKnown
			_, err = tx.ExecContext(ctx, "UPDATE access_spent SET sent = 0 WHERE id = $1", spent)
			return err
		}
		if err != nil {
			return err
		}
		lookup := s.keys.hash(r.Address.Same)
		if err := endCode(ctx, tx, lookup, r.Kinds, r.Purpose, r.Made); err != nil {
			return err
		}
		owner := id
		if r.Adds {
			owner = r.Person
		}
		if err := s.keepCode(ctx, tx, r, lookup, owner); err != nil {
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

// keepCode keeps a code for somebody; lookup is the address it proves.
func (s *Store) keepCode(ctx context.Context, tx *sql.Tx, r signup.Request, lookup string, person int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO access_code (id, purpose, number, proof, subscriber, lang, at_least, made, expires, kinds, topics, adds)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.Ticket, int(r.Purpose), lookup, r.Proof, person, r.Lang, int(r.AtLeast), millis(r.Made), millis(r.Expires),
		strings.Join(r.Kinds, " "), strings.Join(r.Topics, " "), flag(r.Adds))
	return err
}

// spendCaps takes one of each cap, or none of any, and says under which id. The
// counter's row is held until the transaction ends, so one request is counted
// after the other. Joining and leaving have their caps each: nobody can use up
// another's way out by signing them up. What was asked for an address that
// nobody has counts for it and the network, and not for all, since nothing left.
// A row from the future, of a clock that ran ahead, counts until its time has
// come and gone.
func (s *Store) spendCaps(ctx context.Context, tx *sql.Tx, r signup.Request) (asked signup.Asked, id int64, err error) {
	if id, err = count(ctx, tx, "access"); err != nil {
		return 0, 0, err
	}
	counted := ""
	if r.Address.Value != "" {
		counted = s.keys.hash(r.Address.Count)
	}
	for _, limit := range []struct {
		over  signup.Asked
		rates []signup.Rate
		where string
		of    string // what is counted; empty: nothing, unless all are
	}{
		{signup.OverAddress, r.Caps.PerAddress, " AND number = $4", counted},
		{signup.OverNetwork, r.Caps.PerNetwork, " AND network = $4", r.Network},
		{signup.OverArea, r.Caps.PerArea, " AND area = $4", r.Area},
		{signup.OverAll, r.Caps.InAll, " AND sent = 1", ""},
	} {
		if limit.of == "" && limit.over != signup.OverAll {
			continue
		}
		for _, rate := range limit.rates {
			args := []any{r.Kind, int(r.Purpose), millis(r.Made.Add(-rate.Per))}
			if limit.of != "" {
				args = append(args, limit.of)
			}
			var spent int
			if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM access_spent WHERE kind = $1 AND purpose = $2 AND at > $3"+limit.where, args...).Scan(&spent); err != nil {
				return 0, 0, err
			}
			if spent >= rate.Count {
				return limit.over, 0, nil
			}
		}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO access_spent (id, purpose, number, network, sent, at, kind, area) VALUES ($1, $2, $3, $4, 1, $5, $6, $7)`,
		id, int(r.Purpose), counted, r.Network, millis(r.Made), r.Kind, r.Area)
	return signup.Sent, id, err
}

// whoAsks is the subscriber a code goes to. Who joins is made, not confirmed,
// if nobody has the address yet; who leaves must be there.
func (s *Store) whoAsks(ctx context.Context, tx *sql.Tx, r signup.Request) (int64, error) {
	if err := s.freshen(ctx, tx, r.Address.Same); err != nil {
		return 0, err
	}
	leaves := r.Purpose == signup.Leave
	id, confirmed, err := s.holder(ctx, tx, r, leaves)
	if err == nil && id == 0 && leaves {
		id, err = s.brought(ctx, tx, r.Address.Same)
	}
	switch {
	case err != nil:
		return 0, err
	case id == 0 && leaves, confirmed && r.Fresh && !leaves:
		return 0, ErrNoSubscriber
	case id == 0 && r.Adds:
		if err := stays(ctx, tx, r.Person); err != nil {
			return 0, err
		}
		id = r.Person
	case id == 0:
		if id, err = s.newPending(ctx, tx, r); err != nil {
			return 0, err
		}
	}
	for _, kind := range appendMissing(r.Kinds, r.Carrier) {
		if err := s.keepPending(ctx, tx, id, kind, r); err != nil {
			return 0, err
		}
	}
	return id, nil
}

func appendMissing(list []string, one string) []string {
	if one == "" || slices.Contains(list, one) {
		return list
	}
	return append(slices.Clone(list), one)
}

// freshen brings an address over to the newest key's hash, if a rotation has
// not reached it yet: what is compared from here on is that one.
func (s *Store) freshen(ctx context.Context, tx *sql.Tx, same string) error {
	hashes := s.keys.hashes(same)
	if len(hashes) == 1 {
		return nil
	}
	_, err := tx.ExecContext(ctx, s.lookups("UPDATE address SET lookup = $1 WHERE lookup <> $1 AND lookup IN {{lookups}}", same), hashes[0])
	return err
}

// holder is who has an address, by its own kind first, and whether they have
// confirmed it; 0: nobody.
func (s *Store) holder(ctx context.Context, tx *sql.Tx, r signup.Request, confirmed bool) (id int64, proven bool, err error) {
	err = tx.QueryRowContext(ctx, s.lookups(`
		SELECT subscriber, CASE WHEN confirmed > 0 THEN 1 ELSE 0 END FROM address
		WHERE lookup IN {{lookups}} AND (confirmed > 0 OR $1 = 0)
		ORDER BY CASE WHEN kind = $2 THEN 0 ELSE 1 END, CASE WHEN confirmed > 0 THEN 0 ELSE 1 END, subscriber LIMIT 1`, r.Address.Same),
		flag(confirmed), r.Kinds[0]).Scan(&id, &proven)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return id, proven, err
}

// stays asks whether somebody is there to add an address to. ErrNoSubscriber:
// they are not.
func stays(ctx context.Context, tx *sql.Tx, id int64) error {
	var there int
	err := tx.QueryRowContext(ctx, "SELECT 1 FROM subscriber WHERE id = $1 AND gone = 0", id).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNoSubscriber
	}
	return err
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

// keepPending gives the subscriber an address that waits to be confirmed, or
// lets the one that waits wait from now. Another address of the kind, or one
// that is confirmed, stays as it is.
func (s *Store) keepPending(ctx context.Context, tx *sql.Tx, id int64, kind string, r signup.Request) error {
	_, err := tx.ExecContext(ctx, s.lookups(`
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed)
		SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), $3, CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), 0
		WHERE NOT EXISTS (SELECT 1 FROM address WHERE kind = $2 AND subscriber <> $1 AND lookup IN {{lookups}})
		ON CONFLICT (subscriber, kind) DO UPDATE
		SET cipher = excluded.cipher, lookup = excluded.lookup, hint = excluded.hint, consented = excluded.consented
		WHERE address.confirmed = 0`, r.Address.Same),
		id, kind, s.keys.seal(id, kind, r.Address.Value), s.keys.hash(r.Address.Same), r.Address.Hint, signup.Source(kind), millis(r.Made))
	return err
}

// endCode ends the live code of an address; what carries it and has not left is
// not sent any more.
func endCode(ctx context.Context, tx *sql.Tx, lookup string, kinds []string, p signup.Purpose, now time.Time) error {
	return endCodes(ctx, tx, lookup, strings.Join(kinds, " "), int(p), now)
}

// endCodes ends the live codes of an address: for some kinds and a purpose, or
// all with none and below zero.
func endCodes(ctx context.Context, tx *sql.Tx, lookup, kinds string, p int, now time.Time) error {
	for _, text := range []string{
		`UPDATE notice SET recalled = $1, state = 2 WHERE recalled = 0 AND id IN (
		  SELECT id FROM access_code WHERE ended = 0 AND number = $2
		  AND (CAST($3 AS TEXT) = '' OR kinds = $3) AND (CAST($4 AS BIGINT) < 0 OR purpose = $4))`,
		`UPDATE access_code SET ended = $1 WHERE ended = 0 AND number = $2
		  AND (CAST($3 AS TEXT) = '' OR kinds = $3) AND (CAST($4 AS BIGINT) < 0 OR purpose = $4)`,
	} {
		if _, err := tx.ExecContext(ctx, text, millis(now), lookup, kinds, p); err != nil {
			return err
		}
	}
	return nil
}

// keptCode is a code with whom it is for.
type keptCode struct {
	signup.Code
	lookup     string
	subscriber int64
}

// Redeem uses a code up. A wrong try counts, and is committed.
func (s *Store) Redeem(ctx context.Context, r signup.Redemption) (person int64, err error) {
	err = s.useCode(ctx, r, func(tx *sql.Tx, c *keptCode) (good bool, err error) {
		person = c.subscriber
		return s.carryOut(ctx, tx, r, c)
	})
	return person, err
}

// useCode tries a code and, if it is good, does what it was for.
func (s *Store) useCode(ctx context.Context, r signup.Redemption, do func(tx *sql.Tx, c *keptCode) (good bool, err error)) error {
	if s.keys == nil {
		return ErrNoKeys
	}
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
		if good, err = do(tx, code); err != nil {
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
	var kinds, topics string
	err := tx.QueryRowContext(ctx, s.q(`
		SELECT id, purpose, number, proof, subscriber, lang, at_least, made, expires, tries, ended, kinds, topics, adds
		FROM access_code WHERE id = $1 AND purpose = $2 {{lock}}`), r.Ticket, int(r.Purpose)).Scan(
		&c.Ticket, &c.Purpose, &c.lookup, &c.Proof, &c.subscriber, &c.Lang, &c.AtLeast, &made, &expires, &c.Tries, &ended,
		&kinds, &topics, &c.Adds)
	c.Made, c.Expires, c.Ended = fromMillis(made), fromMillis(expires), ended > 0
	c.Kinds, c.Topics = words(kinds), words(topics)
	return &c, err
}

// carryOut does what the code was for. It says false if they have gone since.
func (s *Store) carryOut(ctx context.Context, tx *sql.Tx, r signup.Redemption, c *keptCode) (bool, error) {
	if c.Purpose == signup.Leave {
		left, err := s.leaveByCode(ctx, tx, c, r.Now)
		return left > 0, err
	}
	there, err := choose(ctx, tx, c)
	if err != nil || !there {
		return false, err
	}
	fresh := false
	for _, kind := range c.Kinds {
		proven, err := s.confirm(ctx, tx, c, kind, r.Now)
		if err != nil {
			return false, err
		}
		fresh = fresh || proven
	}
	if !fresh {
		return true, nil // they had joined before
	}
	welcome := r.Welcome
	welcome.Recipient = c.subscriber
	return true, s.insertNotice(ctx, tx, &welcome)
}

// choose keeps what came with a code. It says false if they have gone. Who only
// adds an address wants what they wanted before.
func choose(ctx context.Context, tx *sql.Tx, c *keptCode) (there bool, err error) {
	if c.Adds {
		err := stays(ctx, tx, c.subscriber)
		if errors.Is(err, ErrNoSubscriber) {
			return false, nil
		}
		return err == nil, err
	}
	kept, err := tx.ExecContext(ctx, "UPDATE subscriber SET lang = $1, at_least = $2, topics = $3 WHERE id = $4 AND gone = 0",
		c.Lang, int(c.AtLeast), strings.Join(c.Topics, " "), c.subscriber)
	if err != nil {
		return false, err
	}
	rows, err := kept.RowsAffected()
	return rows > 0, err
}

// confirm notes that an address is proven, and says whether that is news: it
// was not before, or nothing was sent there any more. One that somebody else
// had comes to who has proven it.
func (s *Store) confirm(ctx context.Context, tx *sql.Tx, c *keptCode, kind string, now time.Time) (news bool, err error) {
	if err := s.adopt(ctx, tx, c, kind); err != nil {
		return false, err
	}
	confirmed, err := tx.ExecContext(ctx, `
		UPDATE address SET confirmed = $1, consented = $2, suppressed = ''
		WHERE subscriber = $3 AND kind = $4 AND lookup = $5 AND (confirmed = 0 OR suppressed <> '')`,
		millis(now), millis(c.Made), c.subscriber, kind, c.lookup)
	if err != nil {
		return false, err
	}
	rows, err := confirmed.RowsAffected()
	return rows > 0, err
}

// adopt takes an address over from another subscriber: it is sealed for its row,
// so it moves by being opened and sealed anew. Who has none left has left.
func (s *Store) adopt(ctx context.Context, tx *sql.Tx, c *keptCode, kind string) error {
	if !c.Adds {
		return nil
	}
	var other int64
	var sealed []byte
	var hint string
	err := tx.QueryRowContext(ctx, "SELECT subscriber, cipher, hint FROM address WHERE kind = $1 AND lookup = $2 AND subscriber <> $3",
		kind, c.lookup, c.subscriber).Scan(&other, &sealed, &hint)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	value, err := s.keys.open(other, kind, sealed)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM address WHERE subscriber = $1 AND kind = $2", other, kind); err != nil {
		return err
	}
	if _, err := s.leftIfUnreachable(ctx, tx, other, c.Made); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
		ON CONFLICT (subscriber, kind) DO NOTHING`,
		c.subscriber, kind, s.keys.seal(c.subscriber, kind, value), c.lookup, hint, signup.Source(kind), millis(c.Made))
	return err
}

// Bind uses up a code that came from the address it proves.
func (s *Store) Bind(ctx context.Context, b signup.Binding) error {
	return s.useCode(ctx, b.Redemption, func(tx *sql.Tx, c *keptCode) (bool, error) {
		r := signup.Request{Code: c.Code, Address: b.Address, Plan: b.Plan, Person: c.subscriber}
		id, err := s.whoAsks(ctx, tx, r)
		if errors.Is(err, ErrNoSubscriber) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if c.lookup = s.keys.hash(b.Address.Same); !c.Adds {
			c.subscriber = id
		}
		return s.carryOut(ctx, tx, b.Redemption, c)
	})
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
			{`UPDATE notice_text SET title = '', body = '', html = '', params = '{}'
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

// forgetPending removes addresses that nobody has confirmed, and who has no
// other.
func forgetPending(ctx context.Context, tx *sql.Tx, before time.Time) error {
	args := []any{millis(before)}
	var sources []string
	for i, kind := range signup.KindIDs() {
		args = append(args, signup.Source(kind))
		sources = append(sources, "$"+strconv.Itoa(i+2))
	}
	people, err := numbers(ctx, tx, "DELETE FROM address WHERE confirmed = 0 AND consented <= $1 AND source IN ("+strings.Join(sources, ", ")+") RETURNING subscriber", args...)
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
