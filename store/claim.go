package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"bongsu/notifier"
)

// Ready names the channels that have ready batches.
func (s *Store) Ready(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT DISTINCT channel FROM batch WHERE state = 0 ORDER BY channel")
	if err != nil {
		return nil, fmt.Errorf("reading which channels have work: %w", err)
	}
	defer rows.Close()
	var channels []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("reading which channels have work: %w", err)
		}
		channels = append(channels, id)
	}
	return channels, rows.Err()
}

// Claim takes ready batches of a channel. The node's own row is kept from
// being buried meanwhile: a batch never belongs to a node that is gone.
func (s *Store) Claim(ctx context.Context, q notifier.ClaimQuery) ([]notifier.Claim, error) {
	ctx = s.calm(ctx)
	var claims []notifier.Claim
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		claims = nil
		var pause string
		err := tx.QueryRowContext(ctx, s.q("SELECT COALESCE((SELECT value FROM setting WHERE name = $2), '') FROM node WHERE id = $1 {{keep}}"),
			q.Node, settingPaused).Scan(&pause)
		if errors.Is(err, sql.ErrNoRows) {
			return notifier.ErrLapsed
		}
		if err != nil || pause == "true" {
			return err
		}
		gateways, err := s.takeBatches(ctx, tx, q, &claims)
		if err != nil {
			return err
		}
		ended := map[int64]bool{}
		for i := range claims {
			c := &claims[i]
			isOver, asked := ended[c.Notice]
			if !asked {
				if isOver, err = over(ctx, tx, c.Notice, q.Now); err != nil {
					return err
				}
				ended[c.Notice] = isOver
			}
			c.Over = isOver
			if err := s.markDoubts(ctx, tx, c, gateways[c.Batch], q.Now); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, notifier.ErrLapsed) {
		return nil, nil // the next renewal will say so
	}
	if err != nil {
		return nil, fmt.Errorf("claiming batches of %s: %w", q.Channel, err)
	}
	return claims, nil
}

// Lanes gives the lanes of a channel that have ready batches: one look into the
// index for each lane, however many batches there are.
func (s *Store) Lanes(ctx context.Context, channel string, now time.Time) ([]int, error) {
	found, err := numbers(ctx, s.read, `
		WITH RECURSIVE l(lane) AS (
		  SELECT MIN(lane) FROM batch WHERE state = 0 AND channel = $1
		  UNION ALL
		  SELECT (SELECT MIN(b.lane) FROM batch b WHERE b.state = 0 AND b.channel = $1 AND b.lane > l.lane) FROM l WHERE l.lane IS NOT NULL)
		SELECT lane FROM l WHERE lane IS NOT NULL
		  AND EXISTS (SELECT 1 FROM batch b WHERE b.state = 0 AND b.channel = $1 AND b.lane = l.lane AND b.ready_at <= $2)
		ORDER BY lane`, channel, millis(now))
	if err != nil {
		return nil, fmt.Errorf("reading which lanes of %s have work: %w", channel, err)
	}
	lanes := make([]int, len(found))
	for i, lane := range found {
		lanes[i] = int(lane)
	}
	return lanes, nil
}

// takeBatches makes ready batches the node's, and gives the gateway that each
// was last authorised for.
func (s *Store) takeBatches(ctx context.Context, tx *sql.Tx, q notifier.ClaimQuery, claims *[]notifier.Claim) (map[int64]string, error) {
	rows, err := tx.QueryContext(ctx, s.q(`
		WITH c AS MATERIALIZED (
		  SELECT id AS cid FROM batch
		  WHERE state = 0 AND channel = $1 AND ready_at <= $2 AND lane = $3
		  ORDER BY id LIMIT $4 {{skip}})
		UPDATE batch SET state = 1, owner = $5, fence = fence + 1, doubt = auth
		WHERE id IN (SELECT cid FROM c)
		RETURNING id, notice, hop, route, skipped, fence, auth, manner, late, gateway`),
		q.Channel, millis(q.Now), q.Lane, q.Limit, q.Node)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	gateways := map[int64]string{}
	for rows.Next() {
		c := notifier.Claim{Node: q.Node, Channel: q.Channel, Lane: q.Lane}
		var gateway string
		if err := rows.Scan(&c.Batch, &c.Notice, &c.Hop, &c.Route, &c.Skipped, &c.Fence, &c.Auth, &c.Manner, &c.Late, &gateway); err != nil {
			return nil, err
		}
		*claims = append(*claims, c)
		gateways[c.Batch] = gateway
	}
	slices.SortFunc(*claims, func(a, b notifier.Claim) int { return cmp.Compare(a.Batch, b.Batch) })
	return gateways, rows.Err()
}

// noResult is the code of a try whose owner died without saying how it ended.
const noResult = "no_result"

// markDoubts names those whom the last owner may have sent to: authorised, and
// no result. From here on everybody can see that they may hear twice.
func (s *Store) markDoubts(ctx context.Context, tx *sql.Tx, c *notifier.Claim, gateway string, now time.Time) error {
	if c.Auth < 0 {
		return nil
	}
	if c.Late {
		if err := s.spellUpTo(ctx, tx, c.Batch, c.Auth); err != nil {
			return err
		}
	}
	const lost = "batch = $1 AND rcpt <= $2 AND rank = 0 AND fate = 0 AND doubt = 0"
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO attempt (batch, rcpt, try, at, gateway, kind, code, text)
		SELECT d.batch, d.rcpt, COALESCE((SELECT MAX(a.try) FROM attempt a WHERE a.batch = d.batch AND a.rcpt = d.rcpt), 0) + 1,
		       CAST($3 AS BIGINT), CAST($4 AS TEXT), 1, CAST($5 AS TEXT), ''
		FROM delivery d WHERE `+lost, c.Batch, c.Auth, millis(now), gateway, noResult); err != nil {
		return err
	}
	marked, err := tx.ExecContext(ctx, "UPDATE delivery SET doubt = $3, gateway = $4 WHERE "+lost, c.Batch, c.Auth, millis(now), gateway)
	if err != nil {
		return err
	}
	n, err := marked.RowsAffected()
	if err != nil {
		return err
	}
	return addTally(ctx, tx, c.Node, tallies{{c.Notice, c.Channel}: {unknown: n}})
}

// over says whether a notice has been recalled or has expired.
func over(ctx context.Context, q querier, number int64, now time.Time) (bool, error) {
	var recalled, expires int64
	if err := q.QueryRowContext(ctx, "SELECT recalled, expires FROM notice WHERE number = $1", number).Scan(&recalled, &expires); err != nil {
		return false, fmt.Errorf("reading notice %d: %w", number, err)
	}
	return recalled > 0 || (expires > 0 && expires <= millis(now)), nil
}

const itemColumns = `d.rcpt, d.rank, d.fate, d.tries, d.again, d.doubt, COALESCE(d.gateway, ''), COALESCE(d.why, ''),
	COALESCE(s.lang, ''), COALESCE(s.gone, 0), a.cipher, COALESCE(a.confirmed, 0), COALESCE(a.suppressed, '')`

const itemTables = `delivery d
	LEFT JOIN subscriber s ON s.id = d.rcpt
	LEFT JOIN address a ON a.subscriber = d.rcpt AND a.kind = $2`

// scannedItem is an item with what decides whether it can be sent to.
type scannedItem struct {
	notifier.Item
	gone    bool
	sealed  []byte
	pending bool // its address is not confirmed yet, or is to be confirmed again
}

// items reads recipients of a batch; the text's $1 is the batch, $2 the kind
// of address.
func (s *Store) items(ctx context.Context, q querier, where string, batch int64, kind, target string, args ...any) ([]scannedItem, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+itemColumns+" FROM "+itemTables+" WHERE d.batch = $1 AND "+where, append([]any{batch, kind}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []scannedItem
	for rows.Next() {
		var i scannedItem
		var doubt, gone, confirmed int64
		var suppressed string
		if err := rows.Scan(&i.Rcpt, &i.Rank, &i.Fate, &i.Tries, &i.Again, &doubt, &i.Gateway, &i.Code,
			&i.Lang, &gone, &i.sealed, &confirmed, &suppressed); err != nil {
			return nil, err
		}
		i.Doubt, i.gone = fromMillis(doubt), gone > 0
		switch {
		case i.Rcpt == 0:
			i.To = target
		case confirmed > 0 && suppressed == "":
			if i.To, err = s.unseal(i.Rcpt, kind, i.sealed); err != nil {
				return nil, err
			}
		case i.sealed != nil:
			i.pending = true
		}
		items = append(items, i)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return items, s.openPending(ctx, q, batch, kind, items)
}

// openPending opens addresses that are not confirmed, or that nothing is sent to
// any more, if the batch is of a notice for one person. Nothing else may reach
// them.
func (s *Store) openPending(ctx context.Context, q querier, batch int64, kind string, items []scannedItem) error {
	for k := range items {
		i := &items[k]
		if !i.pending {
			continue
		}
		var recipient int64
		err := q.QueryRowContext(ctx, "SELECT recipient FROM notice WHERE number = $1", batch/batchesPerNotice).Scan(&recipient)
		if err != nil {
			return fmt.Errorf("reading whom batch %d is for: %w", batch, err)
		}
		if recipient != i.Rcpt {
			continue
		}
		if i.To, err = s.unseal(i.Rcpt, kind, i.sealed); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) unseal(subscriber int64, kind string, sealed []byte) (string, error) {
	if s.keys == nil {
		return "", ErrNoKeys
	}
	return s.keys.open(subscriber, kind, sealed)
}

// Unfinished gives the recipients of a batch that are not through.
func (s *Store) Unfinished(ctx context.Context, c notifier.Claim, rest bool) ([]notifier.Item, error) {
	var kind string
	if err := s.read.QueryRowContext(ctx, "SELECT kind FROM batch WHERE id = $1", c.Batch).Scan(&kind); err != nil {
		return nil, fmt.Errorf("reading batch %d: %w", c.Batch, err)
	}
	mark := c.Auth
	if rest {
		mark = highest
		if err := s.spellClaim(ctx, c); err != nil {
			return nil, fmt.Errorf("writing out batch %d: %w", c.Batch, err)
		}
	}
	found, err := s.items(ctx, s.read, "d.rank IN (0, 3) AND d.fate IN (0, 1) AND d.rcpt <= $3 ORDER BY d.rcpt", c.Batch, kind, "", mark)
	if err != nil {
		return nil, fmt.Errorf("reading what is left of batch %d: %w", c.Batch, err)
	}
	doubts, err := s.doubts(ctx, c.Batch)
	if err != nil {
		return nil, fmt.Errorf("reading the doubts of batch %d: %w", c.Batch, err)
	}
	items := make([]notifier.Item, len(found))
	for i := range found {
		items[i] = found[i].Item
		items[i].Doubts = doubts[found[i].Rcpt]
	}
	return items, nil
}

// spellClaim writes out a late batch of whom more is to be said than results.
func (s *Store) spellClaim(ctx context.Context, c notifier.Claim) error {
	if !c.Late {
		return nil
	}
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := s.lockClaim(ctx, tx, c); err != nil {
			return err
		}
		return s.spellOut(ctx, tx, c.Batch)
	})
}

// doubts counts the tries of each recipient that a gateway left without an
// answer. What a crash left does not count: each crash adds one try at most,
// and most of these never began.
func (s *Store) doubts(ctx context.Context, batch int64) (map[int64]int, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT rcpt, COUNT(*) FROM attempt WHERE batch = $1 AND kind = 1 AND code <> $2 GROUP BY rcpt", batch, noResult)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[int64]int{}
	for rows.Next() {
		var rcpt int64
		var n int
		if err := rows.Scan(&rcpt, &n); err != nil {
			return nil, err
		}
		counts[rcpt] = n
	}
	return counts, rows.Err()
}

// Authorise makes the next recipients of a claim durable before they are sent
// to. All that forbids sending is asked once more here, under the batch's lock.
func (s *Store) Authorise(ctx context.Context, w notifier.Window) (g notifier.Grant, err error) {
	ctx = s.calm(ctx)
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		g = notifier.Grant{}
		stop, isOver, err := s.mayGrant(ctx, tx, &w, &g)
		if err != nil || stop {
			return err
		}
		if isOver {
			g.Last = true
			return s.cancelRest(ctx, tx, &w, g.Auth)
		}
		found, err := s.untried(ctx, tx, &w, g.Auth)
		if err != nil {
			return err
		}
		g.Last = len(found) <= w.Limit
		found = found[:min(len(found), w.Limit)]
		return s.grant(ctx, tx, &w, &g, found, true)
	})
	if err != nil {
		return g, fmt.Errorf("authorising a window of batch %d: %w", w.Batch, err)
	}
	return g, nil
}

// Resend arms recipients in doubt for one more hand-over.
func (s *Store) Resend(ctx context.Context, w notifier.Window, rcpts []int64) (g notifier.Grant, err error) {
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		g = notifier.Grant{}
		stop, isOver, err := s.mayGrant(ctx, tx, &w, &g)
		if err != nil || stop || isOver {
			return err
		}
		found, err := s.items(ctx, tx, "d.doubt > 0 AND d.rank = 0 AND d.fate = 0 ORDER BY d.rcpt", w.Batch, w.Kind, w.Target)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(i scannedItem) bool { return !slices.Contains(rcpts, i.Rcpt) })
		if err := s.grant(ctx, tx, &w, &g, found, false); err != nil {
			return err
		}
		for _, i := range g.Items {
			if _, err := tx.ExecContext(ctx, "UPDATE delivery SET doubt = 0 WHERE batch = $1 AND rcpt = $2", w.Batch, i.Rcpt); err != nil {
				return err
			}
		}
		return addTally(ctx, tx, w.Node, tallies{{w.Notice, w.Channel}: {unknown: -int64(len(g.Items))}})
	})
	if err != nil {
		return g, fmt.Errorf("arming doubts of batch %d: %w", w.Batch, err)
	}
	return g, nil
}

// mayGrant locks the batch and says what stands against a window.
func (s *Store) mayGrant(ctx context.Context, tx *sql.Tx, w *notifier.Window, g *notifier.Grant) (stop, isOver bool, err error) {
	if g.Auth, err = s.lockClaim(ctx, tx, w.Claim); err != nil {
		return false, false, err
	}
	g.Stop, isOver, err = s.against(ctx, tx, w)
	return g.Stop != notifier.Go, isOver, err
}

// against is stopped and over in one question.
func (s *Store) against(ctx context.Context, tx *sql.Tx, w *notifier.Window) (stop notifier.Stop, isOver bool, err error) {
	var pause string
	var held int
	var recalled, expires, back int64
	err = tx.QueryRowContext(ctx, `
		SELECT COALESCE((SELECT value FROM setting WHERE name = $1), ''),
		       (SELECT COUNT(*) FROM channel_hold WHERE channel = $2 AND (held_until = 0 OR held_until > $3)), recalled, expires, held
		FROM notice WHERE number = $4`, settingPaused, w.Channel, millis(w.Now), w.Notice).Scan(&pause, &held, &recalled, &expires, &back)
	isOver = recalled > 0 || (expires > 0 && expires <= millis(w.Now))
	switch {
	case err != nil:
		return stop, false, fmt.Errorf("reading notice %d: %w", w.Notice, err)
	case pause == "true":
		stop = notifier.Paused
	case held > 0:
		stop = notifier.Held
	case back > 0 && !isOver:
		stop = notifier.KeptBack
	}
	return stop, isOver, nil
}

// lockClaim holds a claimed batch for the transaction and gives its mark.
// ErrFenced: it is somebody else's by now.
func (s *Store) lockClaim(ctx context.Context, tx *sql.Tx, c notifier.Claim) (auth int64, err error) {
	err = tx.QueryRowContext(ctx, s.q("SELECT auth FROM batch WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 1 {{lock}}"),
		c.Batch, c.Node, c.Fence).Scan(&auth)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notifier.ErrFenced
	}
	return auth, err
}

func (s *Store) cancelRest(ctx context.Context, tx *sql.Tx, w *notifier.Window, auth int64) error {
	n, err := s.cancelAbove(ctx, tx, w.Batch, auth, "over", w.Now)
	if err != nil {
		return err
	}
	return addTally(ctx, tx, w.Node, tallies{{w.Notice, w.Channel}: {cancelled: n}})
}

// grant authorises as many of the recipients as the channel's cap has room
// for; those who have left are cancelled.
func (s *Store) grant(ctx context.Context, tx *sql.Tx, w *notifier.Window, g *notifier.Grant, found []scannedItem, mark bool) error {
	room, err := s.room(ctx, tx, w)
	if err != nil {
		return err
	}
	places, err := s.places(ctx, tx, w)
	if err != nil {
		return err
	}
	var cost, left int64
	begun := g.Auth >= 0
	given := 0
	stop := notifier.OverCap
	g.Items = make([]notifier.Item, 0, len(found))
	for n := range found {
		i := &found[n]
		if i.gone {
			if err := cancelOne(ctx, tx, w, i.Rcpt); err != nil {
				return err
			}
			left++
			g.Auth = max(g.Auth, i.Rcpt)
			continue
		}
		price := w.Price(i.Lang)
		if i.To != "" {
			if w.Cap > 0 && cost+price > room {
				g.Last = false
				break
			}
			if w.PerDay > 0 && given >= places {
				g.Last, stop = false, notifier.Exhausted
				break
			}
			cost, given = cost+price, given+1
		}
		g.Items = append(g.Items, i.Item)
		g.Auth = max(g.Auth, i.Rcpt)
	}
	if err := addTally(ctx, tx, w.Node, tallies{{w.Notice, w.Channel}: {cancelled: left}}); err != nil {
		return err
	}
	if w.Many && !mark && len(g.Items)+int(left) < len(found) {
		g.Items, cost, given = nil, 0, 0 // what went out as one is repeated as one
	}
	if len(g.Items) == 0 && left < int64(len(found)) {
		if g.Stop = stop; stop == notifier.Exhausted {
			return nil
		}
		return hold(ctx, tx, w.Channel, "daily cap", w.Now, w.DayEnds)
	}
	if err := spend(ctx, tx, w, cost); err != nil {
		return err
	}
	if err := give(ctx, tx, w, given); err != nil {
		return err
	}
	if err := s.addThreads(ctx, tx, w, g); err != nil {
		return err
	}
	if !mark {
		_, err = tx.ExecContext(ctx, "UPDATE batch SET gateway = $1 WHERE id = $2", w.Gateway, w.Batch)
		return err
	}
	g.Many = w.Many && g.Last && !begun
	_, err = tx.ExecContext(ctx, "UPDATE batch SET auth = $1, gateway = $2, manner = CASE WHEN $3 = 1 THEN 1 ELSE manner END WHERE id = $4",
		g.Auth, w.Gateway, flag(g.Many), w.Batch)
	return err
}

func cancelOne(ctx context.Context, tx *sql.Tx, w *notifier.Window, rcpt int64) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO delivery (batch, rcpt, fate, why, done) VALUES ($1, $2, 3, 'left', $3)
		ON CONFLICT (batch, rcpt) DO UPDATE SET fate = 3, why = 'left', done = excluded.done`, w.Batch, rcpt, millis(w.Now))
	return err
}

// room is what the channel may still cost today, in thousandths.
func (s *Store) room(ctx context.Context, tx *sql.Tx, w *notifier.Window) (int64, error) {
	if w.Cap == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO spend (channel, day, milli) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", w.Channel, w.Day); err != nil {
		return 0, err
	}
	var spent, grants int64
	err := tx.QueryRowContext(ctx, s.q("SELECT milli, grants FROM spend WHERE channel = $1 AND day = $2 {{lock}}"), w.Channel, w.Day).Scan(&spent, &grants)
	return w.Cap*(1+grants) - spent, err
}

func spend(ctx context.Context, tx *sql.Tx, w *notifier.Window, cost int64) error {
	if cost == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO spend (channel, day, milli) VALUES ($1, $2, $3)
		ON CONFLICT (channel, day) DO UPDATE SET milli = spend.milli + excluded.milli`, w.Channel, w.Day, cost)
	return err
}

func hold(ctx context.Context, q querier, channel, why string, now, until time.Time) error {
	_, err := q.ExecContext(ctx, `
		INSERT INTO channel_hold (channel, why, at, held_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (channel) DO UPDATE SET why = excluded.why, at = excluded.at, held_until = excluded.held_until`,
		channel, why, millis(now), millis(until))
	return err
}

// addThreads finds the message that each recipient's answers.
func (s *Store) addThreads(ctx context.Context, tx *sql.Tx, w *notifier.Window, g *notifier.Grant) error {
	if w.Thread == "" {
		return nil
	}
	for i := range g.Items {
		err := tx.QueryRowContext(ctx, "SELECT ref FROM thread WHERE incident = $1 AND channel = $2 AND rcpt = $3",
			w.Thread, w.Channel, g.Items[i].Rcpt).Scan(&g.Items[i].ReplyTo)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

// Release gives a claim back unfinished.
func (s *Store) Release(ctx context.Context, r notifier.Release) error {
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		kept, err := s.heldNow(ctx, tx, r.Notice)
		if err != nil {
			return err
		}
		released, err := tx.ExecContext(ctx, `
			UPDATE batch SET state = 0, owner = '', ready_at = $1, lane = lane + $7, auth = CASE WHEN auth > $2 THEN $2 ELSE auth END,
			       manner = CASE WHEN manner = 1 AND $2 < 0 THEN 0 ELSE manner END,
			       due = CASE WHEN due = 0 THEN $3 ELSE due END, check_at = CASE WHEN due = 0 THEN $3 ELSE check_at END
			WHERE id = $4 AND owner = $5 AND fence = $6 AND state = 1`,
			millis(r.ReadyAt)+kept.later, r.Auth, millis(r.Due), r.Batch, r.Node, r.Fence, kept.lane)
		if err != nil {
			return err
		}
		if rows, err := released.RowsAffected(); err != nil || rows == 0 {
			return cmpErr(err, notifier.ErrFenced)
		}
		return s.leave(ctx, tx, r.Claim, r.Leaving)
	})
	if err != nil {
		return fmt.Errorf("giving back batch %d: %w", r.Batch, err)
	}
	return nil
}

// Finish closes a batch.
func (s *Store) Finish(ctx context.Context, f notifier.Finish) error {
	ctx = s.calm(ctx)
	err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := s.lockClaim(ctx, tx, f.Claim); err != nil {
			return err
		}
		if err := s.leave(ctx, tx, f.Claim, f.Leaving); err != nil {
			return err
		}
		return closeBatch(ctx, tx, f)
	})
	if err != nil {
		return fmt.Errorf("closing batch %d: %w", f.Batch, err)
	}
	return nil
}

// leave carries out who goes on from a claim and who ends there, and takes
// back what they have not cost.
func (s *Store) leave(ctx context.Context, tx *sql.Tx, c notifier.Claim, l notifier.Leaving) error {
	t := tallies{}
	if err := s.move(ctx, tx, c, l.Moves, notifier.Planned, notifier.Accepted, l.Now, t); err != nil {
		return err
	}
	for _, e := range l.Ends {
		if err := end(ctx, tx, c, e, l.Now, t.of(c.Notice, c.Channel)); err != nil {
			return err
		}
	}
	if err := addTally(ctx, tx, c.Node, t); err != nil {
		return err
	}
	if err := takeBack(ctx, tx, l); err != nil || l.Refund == 0 {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE spend SET milli = milli - $1 WHERE channel = $2 AND day = $3", l.Refund, c.Channel, l.Day)
	return err
}

// closeBatch is where nobody can be lost: a batch closes once as many deliveries
// are through as it has recipients.
func closeBatch(ctx context.Context, tx *sql.Tx, f notifier.Finish) error {
	n, err := change(ctx, tx, `
		UPDATE batch SET state = 2, owner = '', due = $1, check_at = CASE WHEN $3 = 1 THEN check_at ELSE $1 END, late = 0
		WHERE id = $2 AND size = (SELECT COUNT(*) FROM delivery WHERE batch = $2 AND (rank > 0 OR fate NOT IN (0, 1)))`,
		millis(f.Due), f.Batch, flag(f.More))
	if err != nil || n == 0 {
		return cmpErr(err, notifier.ErrOpen)
	}
	if f.Late {
		if _, err := tx.ExecContext(ctx, "DELETE FROM batch_people WHERE batch = $1", f.Batch); err != nil {
			return err
		}
	}
	if !f.More {
		return nil
	}
	var failed int
	err = tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM delivery WHERE batch = $1 AND rank = 3 AND fate = 0", f.Batch).Scan(&failed)
	if err != nil {
		return err
	}
	if failed > 0 { // a receipt came in between
		return checkNow(ctx, tx, f.Batch)
	}
	_, err = tx.ExecContext(ctx, "UPDATE batch SET check_at = $1 WHERE id = $2", millis(f.Due), f.Batch)
	return err
}

// end ends a delivery that its tries did not end. A failure is a rank; the
// other ends are fates.
func end(ctx context.Context, tx *sql.Tx, c notifier.Claim, e notifier.Ending, now time.Time, t *tallied) error {
	rank := notifier.Planned
	if e.Fate == notifier.FateOpen {
		rank = notifier.FailedRank
	}
	n, err := change(ctx, tx, `
		UPDATE delivery SET fate = $1, rank = $2, why = $3, done = $4
		WHERE batch = $5 AND rcpt = $6 AND rank = 0 AND fate IN (0, 1)`, int(e.Fate), int(rank), e.Why, millis(now), c.Batch, e.Rcpt)
	switch e.Fate {
	case notifier.FateOpen:
		t.failed += n
	case notifier.FateCancelled:
		t.cancelled += n
	default: // unknown: it has counted as that since it was in doubt
	}
	return err
}
