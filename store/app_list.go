package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"bongsu/notifier/appnotice"
	"bongsu/notifier/signup"
)

// appSource is where consent to an app's texts was given: to the app.
const appSource = "app"

// maxListFaults is how many faults of one list are kept with their reason.
const maxListFaults = 10_000

// OpenList begins a list of an app's people.
func (s *Store) OpenList(ctx context.Context, l appnotice.List) (number int64, err error) {
	if s.keys == nil {
		return 0, ErrNoKeys
	}
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if number, err = count(ctx, tx, "app_list"); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO app_list (id, name, app, made, keep_until) VALUES ($1, $2, $3, $4, $5)",
			number, l.Name, l.App, millis(l.Made), millis(l.Until))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("beginning a list: %w", err)
	}
	return number, nil
}

// filler adds people to a list in one transaction.
type filler struct {
	s    *Store
	tx   *sql.Tx
	list appnotice.List
	made int64
	next int64 // number of the next who is new

	find, insert, enlist, address, change, left *sql.Stmt
}

// FillList adds people to a list, and notes the lines that cannot be taken.
func (s *Store) FillList(ctx context.Context, l appnotice.List, people []appnotice.Person, faults []appnotice.Fault) (all []appnotice.Fault, err error) {
	if s.keys == nil {
		return nil, ErrNoKeys
	}
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		all = append([]appnotice.Fault(nil), faults...)
		f := &filler{s: s, tx: tx, list: l, made: millis(l.Made)}
		if err := f.reserve(ctx, len(people)); err != nil {
			return err
		}
		if err := f.prepare(ctx); err != nil {
			return err
		}
		for i := range people {
			why, err := f.add(ctx, &people[i])
			if err != nil {
				return err
			}
			if why != "" {
				all = append(all, appnotice.Fault{Line: people[i].Line, Why: why})
			}
		}
		return f.note(ctx, all)
	})
	if err != nil {
		return nil, fmt.Errorf("filling a list: %w", err)
	}
	return all, nil
}

// reserve takes the numbers of as many as may be new. Who fills a list at the
// same time waits here, so that nobody is made twice.
func (f *filler) reserve(ctx context.Context, most int) error {
	var last int64
	err := f.tx.QueryRowContext(ctx, "UPDATE counter SET value = value + $1 WHERE name = 'subscriber' RETURNING value", most).Scan(&last)
	f.next = last - int64(most) + 1
	return err
}

// The statements of a filler, each used for many people.
const (
	findPerson   = "SELECT id FROM subscriber WHERE app = $1 AND ref = $2 AND ref <> ''"
	insertPerson = "INSERT INTO subscriber (id, lang, plan, at_least, joined, app, ref) VALUES ($1, $2, '', 0, $3, $4, $5)"
	enlistPerson = "INSERT INTO app_list_person (list, person) VALUES ($1, $2) ON CONFLICT DO NOTHING"
	findAddress  = "SELECT subscriber FROM address WHERE lookup = $1 AND kind = $2"
	setAddress   = `
		INSERT INTO address (subscriber, kind, cipher, lookup, hint, source, consented, confirmed, suppressed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
		ON CONFLICT (subscriber, kind) DO UPDATE SET cipher = excluded.cipher, lookup = excluded.lookup, hint = excluded.hint,
			consented = excluded.consented, confirmed = excluded.confirmed, suppressed = excluded.suppressed`
	findLeft = "SELECT 1 FROM address_left WHERE mark = $1"
)

// prepare has the statements read once. They end with the transaction.
func (f *filler) prepare(ctx context.Context) error {
	var errs [6]error
	f.find, errs[0] = f.tx.PrepareContext(ctx, findPerson)
	f.insert, errs[1] = f.tx.PrepareContext(ctx, insertPerson)
	f.enlist, errs[2] = f.tx.PrepareContext(ctx, enlistPerson)
	f.address, errs[3] = f.tx.PrepareContext(ctx, findAddress)
	f.change, errs[4] = f.tx.PrepareContext(ctx, setAddress)
	f.left, errs[5] = f.tx.PrepareContext(ctx, findLeft)
	return errors.Join(errs[:]...)
}

// add puts one person on the list, and says why not. What the app has said of
// them before, it says anew.
func (f *filler) add(ctx context.Context, p *appnotice.Person) (why string, err error) {
	var id int64
	err = f.find.QueryRowContext(ctx, f.list.App, p.Ref).Scan(&id)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}
	same := map[string]bool{} // kinds whose address is as it was
	for _, a := range p.Addresses {
		var owner int64
		err := f.owner(ctx, a, &owner)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return "", err
		case !known || owner != id:
			return "another ref of the app has the same " + a.Kind + "; nobody is told twice", nil
		default:
			same[a.Kind] = true
		}
	}
	if !known {
		if id, err = f.join(ctx, p); err != nil {
			return "", err
		}
	}
	added, err := f.enlist.ExecContext(ctx, f.list.Number, id)
	if err != nil {
		return "", err
	}
	if n, err := added.RowsAffected(); err != nil {
		return "", err
	} else if n == 0 {
		return "the ref stands in this list already", nil
	}
	if known {
		if err := f.renew(ctx, id, p); err != nil {
			return "", err
		}
	}
	for _, a := range p.Addresses {
		if same[a.Kind] {
			continue
		}
		if err := f.reachBy(ctx, id, a); err != nil {
			return "", err
		}
	}
	return "", nil
}

// reachBy keeps an address of a person. One that has left the app once is kept
// and not used: an app has no way to bring back who wanted to go.
func (f *filler) reachBy(ctx context.Context, id int64, a appnotice.Address) error {
	same := sameFor(f.list.App, a.Kind, a.Address)
	suppressed, one := "", 0
	switch err := f.left.QueryRowContext(ctx, f.s.keys.mark(same)).Scan(&one); {
	case err == nil:
		suppressed = "left"
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	_, err := f.change.ExecContext(ctx, id, a.Kind, f.s.keys.seal(id, a.Kind, a.Address), f.s.keys.hash(same), signup.Hint(a.Kind, a.Address),
		appSource, f.made, suppressed)
	return err
}

// owner finds whose an address is among the app's people, by whichever key.
func (f *filler) owner(ctx context.Context, a appnotice.Address, into *int64) error {
	err := sql.ErrNoRows
	for _, lookup := range f.s.keys.hashes(sameFor(f.list.App, a.Kind, a.Address)) {
		if err = f.address.QueryRowContext(ctx, lookup, a.Kind).Scan(into); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return err
}

// sameFor is what an address is found by. Those that an app has brought are
// found among the app's own alone: what one app knows, no other can find.
func sameFor(app, kind, address string) string {
	return among(app, signup.Same(kind, address))
}

// among is what tells an address, by what makes it the same as another, among
// those of an app.
func among(app, same string) string {
	if app == "" {
		return same
	}
	return app + "\x00" + same
}

func (f *filler) join(ctx context.Context, p *appnotice.Person) (int64, error) {
	id := f.next
	f.next++
	_, err := f.insert.ExecContext(ctx, id, p.Lang, f.made, f.list.App, p.Ref)
	return id, err
}

// renew takes over what the app says of somebody now; kinds of address that it
// names no more are forgotten. Who had left is there again: what they left by
// stays suppressed.
func (f *filler) renew(ctx context.Context, id int64, p *appnotice.Person) error {
	if _, err := f.tx.ExecContext(ctx, "UPDATE subscriber SET lang = $1, gone = 0 WHERE id = $2 AND (lang <> $1 OR gone > 0)", p.Lang, id); err != nil {
		return err
	}
	rows, err := f.tx.QueryContext(ctx, "SELECT kind FROM address WHERE subscriber = $1", id)
	if err != nil {
		return err
	}
	defer rows.Close()
	var gone []string
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			return err
		}
		named := false
		for _, a := range p.Addresses {
			named = named || a.Kind == kind
		}
		if !named {
			gone = append(gone, kind)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, kind := range gone {
		if _, err := f.tx.ExecContext(ctx, "DELETE FROM address WHERE subscriber = $1 AND kind = $2", id, kind); err != nil {
			return err
		}
	}
	return nil
}

// note keeps the faults, as many as are worth it.
func (f *filler) note(ctx context.Context, faults []appnotice.Fault) error {
	if len(faults) == 0 {
		return nil
	}
	var have int64
	err := f.tx.QueryRowContext(ctx, "UPDATE app_list SET faults = faults + $1 WHERE id = $2 RETURNING faults - $1", len(faults), f.list.Number).Scan(&have)
	if err != nil {
		return err
	}
	for _, fault := range faults[:min(int64(len(faults)), max(maxListFaults-have, 0))] {
		if _, err := f.tx.ExecContext(ctx, "INSERT INTO app_list_fault (list, line, why) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			f.list.Number, fault.Line, fault.Why); err != nil {
			return err
		}
	}
	return nil
}

// CloseList says that the list is whole, with what it came to.
func (s *Store) CloseList(ctx context.Context, l appnotice.List) error {
	if _, err := s.write.ExecContext(ctx, "UPDATE app_list SET state = 1, people = $1, faults = $2, rows_read = $3 WHERE id = $4",
		l.People, l.Faults, l.Lines, l.Number); err != nil {
		return fmt.Errorf("closing a list: %w", err)
	}
	return nil
}

// ListNamed is an app's list by its name.
func (s *Store) ListNamed(ctx context.Context, app, name string) (appnotice.List, error) {
	l := appnotice.List{App: app, Name: name}
	var made, until int64
	var state int
	err := s.read.QueryRowContext(ctx, `
		SELECT id, made, keep_until, state, rows_read, people, faults FROM app_list WHERE name = $1 AND app = $2`, name, app).
		Scan(&l.Number, &made, &until, &state, &l.Lines, &l.People, &l.Faults)
	if errors.Is(err, sql.ErrNoRows) {
		return l, appnotice.ErrNone
	}
	if err != nil {
		return l, fmt.Errorf("finding a list: %w", err)
	}
	l.Made, l.Until, l.Whole = fromMillis(made), fromMillis(until), state == 1
	return l, nil
}

// FaultsOf gives faults of a list after a line.
func (s *Store) FaultsOf(ctx context.Context, number, after int64, limit int) ([]appnotice.Fault, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT line, why FROM app_list_fault WHERE list = $1 AND line > $2 ORDER BY line LIMIT $3", number, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the faults of a list: %w", err)
	}
	defer rows.Close()
	var list []appnotice.Fault
	for rows.Next() {
		var f appnotice.Fault
		if err := rows.Scan(&f.Line, &f.Why); err != nil {
			return nil, fmt.Errorf("reading the faults of a list: %w", err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

// Reach counts an audience by language and by which of the kinds of address
// reach them.
func (s *Store) Reach(ctx context.Context, audience, plan string, kinds []string) ([]appnotice.Reached, error) {
	from, args := "subscriber s", []any{plan}
	where := "s.gone = 0 AND s.plan = $1"
	if list, is := appnotice.ListOf(audience); is {
		from, args = "app_list_person l JOIN subscriber s ON s.id = l.person", []any{list}
		where = "l.list = $1 AND s.gone = 0"
	}
	var columns, names, groups strings.Builder
	for i, kind := range kinds {
		args = append(args, kind)
		fmt.Fprintf(&columns, ", MAX(CASE WHEN a.kind = $%d THEN 1 ELSE 0 END) AS k%d", i+2, i)
		fmt.Fprintf(&names, ", k%d", i)
		fmt.Fprintf(&groups, ", k%d", i)
	}
	//nolint:gosec // the text is made of numbers and of the constants above
	rows, err := s.read.QueryContext(ctx, `
		SELECT lang, COUNT(*)`+names.String()+` FROM (
			SELECT s.id, s.lang`+columns.String()+`
			FROM `+from+` LEFT JOIN address a ON a.subscriber = s.id AND a.confirmed > 0 AND a.suppressed = ''
			WHERE `+where+` GROUP BY s.id, s.lang) reached
		GROUP BY lang`+groups.String()+` ORDER BY lang`+groups.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("counting an audience: %w", err)
	}
	defer rows.Close()
	var parts []appnotice.Reached
	for rows.Next() {
		var r appnotice.Reached
		has := make([]int, len(kinds))
		into := []any{&r.Lang, &r.People}
		for i := range has {
			into = append(into, &has[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("counting an audience: %w", err)
		}
		for i, kind := range kinds {
			if has[i] == 1 {
				r.Kinds = append(r.Kinds, kind)
			}
		}
		parts = append(parts, r)
	}
	return parts, rows.Err()
}

// ErasePerson forgets one of an app's people: their addresses, and what the app calls
// them. What was sent stays counted.
func (s *Store) ErasePerson(ctx context.Context, app, ref string, now time.Time) error {
	return s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, "SELECT id FROM subscriber WHERE app = $1 AND ref = $2 AND ref <> ''", app, ref).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return appnotice.ErrNone
		}
		if err != nil {
			return fmt.Errorf("finding one of an app's people: %w", err)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE attempt SET text = '' WHERE rcpt = $1 AND text <> ''", id); err != nil { // it may quote an address
			return err
		}
		return eraseAppPerson(ctx, tx, id, now)
	})
}

// eraseAppPerson forgets a person of an app. That their list has had its day
// says nothing of what they want of others, so nothing is remembered of it.
func eraseAppPerson(ctx context.Context, tx *sql.Tx, id int64, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM address WHERE subscriber = $1", id); err != nil {
		return fmt.Errorf("forgetting the addresses of an app's person: %w", err)
	}
	_, err := tx.ExecContext(ctx, "UPDATE subscriber SET gone = $1, ref = '' WHERE id = $2", millis(now), id)
	return err
}

// DropList forgets a list and whom no other list names, a part at a time.
func (s *Store) DropList(ctx context.Context, number int64, now time.Time) error {
	for {
		left := 0
		err := s.inRetriedTx(ctx, func(tx *sql.Tx) error {
			people, err := numbers(ctx, tx, "SELECT person FROM app_list_person WHERE list = $1 ORDER BY person LIMIT 500", number)
			if err != nil {
				return err
			}
			left = len(people)
			for _, id := range people {
				if err := s.unlist(ctx, tx, number, id, now); err != nil {
					return err
				}
			}
			if left > 0 {
				return nil
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM app_list_fault WHERE list = $1", number); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "DELETE FROM app_list WHERE id = $1", number)
			return err
		})
		if err != nil {
			return fmt.Errorf("dropping list %d: %w", number, err)
		}
		if left == 0 {
			return nil
		}
	}
}

func (s *Store) unlist(ctx context.Context, tx *sql.Tx, list, person int64, now time.Time) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM app_list_person WHERE list = $1 AND person = $2", list, person); err != nil {
		return err
	}
	var others int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM app_list_person WHERE person = $1", person).Scan(&others); err != nil || others > 0 {
		return err
	}
	return eraseAppPerson(ctx, tx, person, now)
}

// TidyLists drops lists whose time has passed, those that never came to their
// end after a day included, and answers made before a time.
func (s *Store) TidyLists(ctx context.Context, now, answers time.Time) error {
	if _, err := s.write.ExecContext(ctx, "DELETE FROM answer WHERE made < $1", millis(answers)); err != nil {
		return fmt.Errorf("removing old answers: %w", err)
	}
	if _, err := s.write.ExecContext(ctx, "DELETE FROM request_seen WHERE at < $1", millis(answers)); err != nil {
		return fmt.Errorf("forgetting old requests: %w", err)
	}
	lists, err := numbers(ctx, s.read, "SELECT id FROM app_list WHERE keep_until <= $1 OR (state = 0 AND made <= $2) ORDER BY id",
		millis(now), millis(now.Add(-24*time.Hour)))
	if err != nil {
		return fmt.Errorf("looking for old lists: %w", err)
	}
	for _, list := range lists {
		if err := s.DropList(ctx, list, now); err != nil {
			return err
		}
	}
	return nil
}
