package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/status"
)

// batchesPerNotice is how many batch numbers a notice has: its own number
// times this is its first.
const batchesPerNotice = 1 << 24

const noticeColumns = `n.id, n.number, n.incident, n.event, n.occasion, n.audience, n.plan, n.from_state, n.to_state,
	n.priority, n.policy, n.made, n.expires, n.recipient, n.about`

// scanNotice reads noticeColumns and what the caller adds to them.
func scanNotice(row interface{ Scan(into ...any) error }, n *notifier.Notice, number *int64, more ...any) error {
	var made, expires int64
	var about string
	err := row.Scan(append([]any{
		&n.ID, number, &n.Incident, &n.Event, &n.Update, &n.Audience, &n.Plan, &n.From, &n.To,
		&n.Priority, &n.Policy, &made, &expires, &n.Recipient, &about,
	}, more...)...)
	n.Made, n.Expires, n.About = fromMillis(made), fromMillis(expires), words(about)
	return err
}

// Begin gives the next notice that is not wholly planned.
func (s *Store) Begin(ctx context.Context, now time.Time) (notifier.Planning, bool, error) {
	var p notifier.Planning
	var state int
	row := s.read.QueryRowContext(ctx, `
		SELECT `+noticeColumns+`, n.state, n.cursor_at, n.audience_max, n.total
		FROM notice n WHERE n.state < 2 AND n.held = 0 ORDER BY n.priority, n.made, n.id LIMIT 1`)
	err := scanNotice(row, &p.Notice, &p.Number, &state, &p.Cursor, &p.Max, &p.Total)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("looking for notices to plan: %w", err)
	}
	if state == 0 {
		if err := s.number(ctx, &p, now); err != nil {
			return p, false, fmt.Errorf("beginning to plan notice %s: %w", p.ID, err)
		}
	}
	if p.Resolves() && p.Incident != "" {
		if err := s.recall(ctx, &p, now); err != nil {
			return p, false, fmt.Errorf("recalling what notice %s made untrue: %w", p.ID, err)
		}
	}
	return p, true, nil
}

// number gives a notice its number, fixes its audience, and marks those before
// it as recalled if it says that all is over.
func (s *Store) number(ctx context.Context, p *notifier.Planning, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		number, err := count(ctx, tx, "notice")
		if err != nil {
			return err
		}
		err = tx.QueryRowContext(ctx, `
			UPDATE notice SET state = 1, number = $1, audience_max = (SELECT COALESCE(MAX(id), 0) FROM subscriber)
			WHERE id = $2 AND state = 0 RETURNING number, audience_max`, number, p.ID).Scan(&p.Number, &p.Max)
		if errors.Is(err, sql.ErrNoRows) { // another node was faster
			return tx.QueryRowContext(ctx, "SELECT number, audience_max, cursor_at, total FROM notice WHERE id = $1", p.ID).
				Scan(&p.Number, &p.Max, &p.Cursor, &p.Total)
		}
		if err != nil || !p.Resolves() || p.Incident == "" {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE notice SET recalled = $1, state = 2, held = 0
			WHERE incident = $2 AND audience = $3 AND plan = $4 AND event <> $5 AND recalled = 0
			  AND (number BETWEEN 1 AND $6 OR (number = 0 AND made <= $7))`,
			millis(now), p.Incident, p.Audience, p.Plan, p.Event, number, millis(p.Made))
		return err
	})
}

// recall cancels, batch by batch, what of the incident's earlier notices has
// not left. A window being authorised meanwhile holds its batch's row: it
// either comes first, and then counts as heard, or finds the recall.
func (s *Store) recall(ctx context.Context, p *notifier.Planning, now time.Time) error {
	earlier, err := s.earlier(ctx, p)
	if err != nil {
		return err
	}
	p.Heard = len(earlier) > 0 && p.Audience != "operators"
	if p.Cursor > 0 {
		return nil
	}
	for _, number := range earlier {
		open, err := numbers(ctx, s.read, "SELECT id FROM batch WHERE id >= $1 AND id < $2 AND state < 2 ORDER BY id",
			number*batchesPerNotice, (number+1)*batchesPerNotice)
		if err != nil {
			return err
		}
		for _, batch := range open {
			if err := s.cancelBatch(ctx, batch, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// earlier are the numbers of the incident's notices before this one; a notice
// that was never planned counts too, as 0.
func (s *Store) earlier(ctx context.Context, p *notifier.Planning) ([]int64, error) {
	return numbers(ctx, s.read, `
		SELECT number FROM notice
		WHERE incident = $1 AND audience = $2 AND plan = $3 AND id <> $4 AND number < $5 AND event <> $6 ORDER BY number`,
		p.Incident, p.Audience, p.Plan, p.ID, p.Number, p.Event)
}

func (s *Store) cancelBatch(ctx context.Context, batch int64, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		var auth, number int64
		var channel string
		err := tx.QueryRowContext(ctx, s.q("SELECT auth, notice, channel FROM batch WHERE id = $1 {{lock}}"), batch).Scan(&auth, &number, &channel)
		if err != nil {
			return err
		}
		n, err := s.cancelAbove(ctx, tx, batch, auth, "recalled", now)
		if err != nil {
			return err
		}
		if err := s.spellOut(ctx, tx, batch); err != nil { // who heard is read from the rows
			return err
		}
		if err := freeBatch(ctx, tx, batch); err != nil {
			return err
		}
		return addTally(ctx, tx, "", tallies{{number, channel}: {cancelled: n}})
	})
}

// cancelAbove cancels the recipients of a batch above a mark.
func (s *Store) cancelAbove(ctx context.Context, tx *sql.Tx, batch, mark int64, why string, now time.Time) (int64, error) {
	known, err := change(ctx, tx, `
		UPDATE delivery SET fate = 3, why = $1, done = $2
		WHERE batch = $3 AND rcpt > $4 AND rank = 0 AND fate = 0`, why, millis(now), batch, mark)
	if err != nil {
		return 0, err
	}
	people, err := latePeople(ctx, tx, batch)
	if err != nil {
		return 0, err
	}
	unknown, err := s.spell(ctx, tx, batch, between(people, mark, highest), notifier.FateCancelled, why, now)
	return known + unknown, err
}

// The kinds of audience: who has subscribed, whom an app has brought, and who is
// told once more. How they can be reached is a look of its own: each follows one
// index from end to end, which takes half as long as looking everybody up.
const (
	audienceText = `
		SELECT id, ` + wishesText + `, 0 FROM subscriber
		WHERE id > $1 AND id <= $2 AND plan = $3 AND gone = 0 AND at_least > $4 AND at_least <= $5
		ORDER BY id LIMIT $6`
	listText = "SELECT person, NULL, 0 FROM app_list_person WHERE person > $1 AND list = $2 ORDER BY person LIMIT $3"
)

// People reads the next of a notice's audience, with the kinds of address that
// reach them.
func (s *Store) People(ctx context.Context, p notifier.Planning, above status.State, limit int) ([]notifier.Person, error) {
	ctx = s.calm(ctx)
	if p.Recipient > 0 {
		return s.onePerson(ctx, p)
	}
	text, args := audienceText, []any{p.Cursor, p.Max, p.Plan, int(above), int(p.To), limit}
	if list, is := appnotice.ListOf(p.Audience); is {
		text, args = listText, []any{p.Cursor, list, limit}
	}
	origin, turn, err := s.resendOf(ctx, p.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the audience: %w", err)
	}
	if origin > 0 {
		text, args = resendText, []any{p.Cursor, origin, turn, limit}
	}
	people := make([]notifier.Person, 0, limit)
	hours := quietHours{}
	err = each(ctx, s.read, func(rows *sql.Rows) error {
		var w sql.NullString
		person := notifier.Person{}
		err := rows.Scan(&person.ID, &w, &person.Again)
		if w.Valid {
			person.Wishes = readWishes(w.String, hours)
		}
		people = append(people, person)
		return err
	}, text, args...)
	if err != nil {
		return nil, fmt.Errorf("reading the audience: %w", err)
	}
	if err := s.readReach(ctx, people); err != nil {
		return nil, fmt.Errorf("reading how an audience can be reached: %w", err)
	}
	if !p.Heard || len(people) == 0 {
		return people, nil
	}
	return people, s.markHeard(ctx, p, people)
}

// readReach adds how people, in rising order, can be reached.
func (s *Store) readReach(ctx context.Context, people []notifier.Person) error {
	if len(people) == 0 {
		return nil
	}
	ids := make([]int64, len(people))
	for i := range people {
		ids[i] = people[i].ID
	}
	among, args := s.among("subscriber", ids, 1)
	alone := map[string][]string{} // most have one kind of address
	i := 0
	err := each(ctx, s.read, func(rows *sql.Rows) error {
		var id int64
		var kind string
		if err := rows.Scan(&id, &kind); err != nil {
			return err
		}
		for i < len(people)-1 && people[i].ID < id {
			i++
		}
		if p := &people[i]; p.ID == id && len(p.Kinds) == 0 {
			if alone[kind] == nil {
				alone[kind] = []string{kind}
			}
			p.Kinds = alone[kind][:1:1]
		} else if p.ID == id {
			p.Kinds = append(p.Kinds, kind)
		}
		return nil
	}, "SELECT subscriber, kind FROM address WHERE confirmed > 0 AND suppressed = '' AND "+among+" ORDER BY subscriber, kind", args...)
	for i := range people {
		people[i].Reach = notifier.InOrder(people[i].Kinds, people[i].Wishes.Order)
	}
	return err
}

// onePerson reads an audience of one. Its address need not be confirmed, and may
// be one that nothing else is sent to any more: a code proves it anew.
func (s *Store) onePerson(ctx context.Context, p notifier.Planning) ([]notifier.Person, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT a.kind FROM subscriber s JOIN address a ON a.subscriber = s.id
		WHERE s.id = $1 AND s.gone = 0 AND s.id > $2 ORDER BY a.kind`, p.Recipient, p.Cursor)
	if err != nil {
		return nil, fmt.Errorf("reading an audience of one: %w", err)
	}
	defer rows.Close()
	person := notifier.Person{ID: p.Recipient}
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return nil, fmt.Errorf("reading an audience of one: %w", err)
		}
		person.Kinds = append(person.Kinds, kind)
	}
	if err := rows.Err(); err != nil || person.Kinds == nil {
		return nil, err
	}
	return []notifier.Person{person}, nil
}

// markHeard marks those for whom something of the incident left, or may have.
func (s *Store) markHeard(ctx context.Context, p notifier.Planning, people []notifier.Person) error {
	earlier, err := s.earlier(ctx, &p)
	if err != nil {
		return fmt.Errorf("reading who heard: %w", err)
	}
	first, last := people[0].ID, people[len(people)-1].ID
	heard := map[int64]bool{}
	for _, number := range earlier {
		list, err := numbers(ctx, s.read, `
			SELECT DISTINCT d.rcpt FROM batch b JOIN delivery d ON d.batch = b.id
			WHERE b.id >= $1 AND b.id < $2 AND b.hi >= $3 AND b.lo <= $4 AND d.rcpt BETWEEN $3 AND $4
			  AND (d.rank IN (1, 2, 4) OR d.doubt > 0 OR (d.rank = 0 AND d.fate = 0 AND d.rcpt <= b.auth))`,
			number*batchesPerNotice, (number+1)*batchesPerNotice, first, last)
		if err != nil {
			return fmt.Errorf("reading who heard: %w", err)
		}
		for _, id := range list {
			heard[id] = true
		}
	}
	for i := range people {
		people[i].Heard = heard[people[i].ID]
	}
	return nil
}

// SavePlan saves a chunk's batches and the cursor together.
func (s *Store) SavePlan(ctx context.Context, node string, p notifier.Planning, c notifier.Chunk, now time.Time) error {
	ctx = s.calm(ctx)
	people := 0
	for _, b := range c.Batches {
		people += len(b.People)
	}
	state := 1
	if c.Done {
		state = 2
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		var batches int64
		err := tx.QueryRowContext(ctx, `
			UPDATE notice SET cursor_at = $1, state = $2, batches = batches + $3, total = total + $4
			WHERE id = $5 AND cursor_at = $6 AND state = 1 AND recalled = 0 RETURNING batches`,
			c.Cursor, state, len(c.Batches), people, p.ID, p.Cursor).Scan(&batches)
		if errors.Is(err, sql.ErrNoRows) {
			return notifier.ErrFenced
		}
		if err != nil {
			return err
		}
		t := tallies{}
		kept, err := heldOf(ctx, tx, p.Number) // nobody holds or frees it while its row is ours
		if err != nil {
			return err
		}
		for i, b := range c.Batches {
			id := p.Number*batchesPerNotice + batches - int64(len(c.Batches)) + int64(i)
			spared, err := s.insertBatch(ctx, tx, id, p.Number, p.Priority, kept, b, now)
			if err != nil {
				return fmt.Errorf("saving batch %d: %w", id, err)
			}
			t.of(p.Number, b.Channel).planned += int64(len(b.People))
			t.of(p.Number, b.Channel).cancelled += spared
		}
		return addTally(ctx, tx, node, t)
	})
}

// insertBatch saves a batch with its deliveries. It says how many were spared
// it at once, because they have had their day's number.
func (s *Store) insertBatch(ctx context.Context, tx *sql.Tx, id, number int64, priority int, kept keptBack, b notifier.NewBatch, now time.Time) (spared int64, err error) {
	ready := b.ReadyAt
	if ready.Before(now) {
		ready = now
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO batch (id, notice, hop, channel, kind, route, size, lo, hi, lane, ready_at, skipped, manner, late)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		id, number, b.Hop, b.Channel, b.Kind, b.Route, len(b.People), b.People[0].Rcpt, b.People[len(b.People)-1].Rcpt,
		notifier.LaneOf(priority)+kept.lane, millis(ready)+kept.later, b.Skipped, 2*flag(b.People[0].Singly), flag(b.Late))
	if err != nil {
		return 0, err
	}
	switch {
	case b.Late:
		err = insertPeople(ctx, tx, id, b.People)
	case s.dialect == postgres:
		err = insertDeliveriesAtOnce(ctx, tx, id, b.People)
	default:
		err = insertDeliveries(ctx, tx, id, b.People)
	}
	if err != nil || b.Cap == nil {
		return 0, err
	}
	return s.spare(ctx, tx, id, b, now)
}

// insertDeliveries is SQLite's way: one statement with the numbers in its text,
// which is read in a third of the time that a statement for each row takes. Its
// $n parameters are looked up one by one, so a long list of those is slower yet.
func insertDeliveries(ctx context.Context, tx *sql.Tx, batch int64, people []notifier.Mover) error {
	text := make([]byte, 0, 64+32*len(people))
	text = append(text, "INSERT INTO delivery (batch, rcpt, tries, again) VALUES "...)
	for i, m := range people {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, '(')
		text = strconv.AppendInt(text, batch, 10)
		text = append(text, ',')
		text = strconv.AppendInt(text, m.Rcpt, 10)
		text = append(text, ',')
		text = strconv.AppendInt(text, int64(m.Tries), 10)
		text = append(text, ',')
		text = strconv.AppendInt(text, int64(flag(m.Again)), 10)
		text = append(text, ')')
	}
	_, err := tx.ExecContext(ctx, string(text))
	return err
}

// insertDeliveriesAtOnce is PostgreSQL's way: one statement, one journey.
func insertDeliveriesAtOnce(ctx context.Context, tx *sql.Tx, batch int64, people []notifier.Mover) error {
	rcpts, tries, again := make([]int64, len(people)), make([]int64, len(people)), make([]int64, len(people))
	for i, m := range people {
		rcpts[i], tries[i], again[i] = m.Rcpt, int64(m.Tries), int64(flag(m.Again))
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO delivery (batch, rcpt, tries, again)
		SELECT CAST($1 AS BIGINT), m.rcpt, m.tries, m.again
		FROM unnest(CAST($2 AS BIGINT[]), CAST($3 AS BIGINT[]), CAST($4 AS BIGINT[])) AS m(rcpt, tries, again)`,
		batch, rcpts, tries, again)
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Notice gives a notice with its texts by number.
func (s *Store) Notice(ctx context.Context, number int64) (notifier.Notice, error) {
	var n notifier.Notice
	if err := scanNotice(s.read.QueryRowContext(ctx, "SELECT "+noticeColumns+" FROM notice n WHERE n.number = $1", number), &n, &number); err != nil {
		return n, err
	}
	var err error
	n.Texts, err = s.textsOf(ctx, n.ID)
	return n, err
}

// textsOf are the texts of a notice, in their order.
func (s *Store) textsOf(ctx context.Context, notice string) ([]notifier.Text, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT lang, class, title, body, html, switched, template, params, segments, parts
		FROM notice_text WHERE notice = $1 ORDER BY pos`, notice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var texts []notifier.Text
	for rows.Next() {
		var t notifier.Text
		var params string
		if err := rows.Scan(&t.Lang, &t.Class, &t.Title, &t.Body, &t.HTML, &t.Switched, &t.Template, &params, &t.Segments, &t.Parts); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(params), &t.Params); err != nil {
			return nil, fmt.Errorf("reading the parameters of a text: %w", err)
		}
		texts = append(texts, t)
	}
	return texts, rows.Err()
}
