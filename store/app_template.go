package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"bongsu/notifier/appnotice"
)

const templateColumns = "app, id, version, state, texts, params, proposed_by, proposed, decided_by, decided, reason"

func scanTemplate(row interface{ Scan(into ...any) error }) (appnotice.Template, error) {
	var t appnotice.Template
	var texts, params string
	var proposed, decided int64
	err := row.Scan(&t.App, &t.ID, &t.Version, &t.State, &texts, &params, &t.ProposedBy, &proposed, &t.DecidedBy, &decided, &t.Reason)
	if err != nil {
		return t, err
	}
	t.Proposed, t.Decided = fromMillis(proposed), fromMillis(decided)
	if err := errors.Join(json.Unmarshal([]byte(texts), &t.Texts), json.Unmarshal([]byte(params), &t.Params)); err != nil {
		return t, fmt.Errorf("reading template %s of app %s: %w", t.ID, t.App, err)
	}
	return t, nil
}

// maxTemplates bounds how many versions of templates an app can have: each is
// work for whoever decides.
const maxTemplates = 500

// ErrTooManyTemplates says that an app has proposed too much.
var ErrTooManyTemplates = fmt.Errorf("the app has %d versions of templates; an operator removes what is used no more", maxTemplates)

// Propose keeps a version of a template and gives its number. A version that
// nobody has decided on is replaced.
func (s *Store) Propose(ctx context.Context, t appnotice.Template) (version int, err error) {
	texts, err := json.Marshal(t.Texts)
	if err != nil {
		return 0, err
	}
	params, err := json.Marshal(t.Params)
	if err != nil {
		return 0, err
	}
	err = s.inRetriedTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM app_template WHERE app = $1 AND id = $2 AND state = $3", t.App, t.ID, string(appnotice.Proposed)); err != nil {
			return err
		}
		var all int
		err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(CASE WHEN id = $1 THEN version END), 0) + 1, COUNT(*) FROM app_template WHERE app = $2",
			t.ID, t.App).Scan(&version, &all)
		if err == nil && all >= maxTemplates {
			err = ErrTooManyTemplates
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO app_template (app, id, version, state, texts, params, proposed_by, proposed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			t.App, t.ID, version, string(appnotice.Proposed), string(texts), string(params), t.ProposedBy, millis(t.Proposed))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("keeping a template: %w", err)
	}
	return version, nil
}

// Decide approves or refuses a version that has been proposed.
func (s *Store) Decide(ctx context.Context, t appnotice.Template) error {
	n, err := s.write.ExecContext(ctx, `
		UPDATE app_template SET state = $1, decided_by = $2, decided = $3, reason = $4
		WHERE app = $5 AND id = $6 AND version = $7 AND state = $8`,
		string(t.State), t.DecidedBy, millis(t.Decided), t.Reason, t.App, t.ID, t.Version, string(appnotice.Proposed))
	if err != nil {
		return fmt.Errorf("deciding on a template: %w", err)
	}
	if rows, err := n.RowsAffected(); err != nil || rows == 1 {
		return err
	}
	var there int
	err = s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM app_template WHERE app = $1 AND id = $2 AND version = $3", t.App, t.ID, t.Version).Scan(&there)
	if err != nil {
		return fmt.Errorf("deciding on a template: %w", err)
	}
	if there == 0 {
		return appnotice.ErrNone
	}
	return appnotice.ErrDecided
}

// TemplatesOf lists the templates of an app, or of all.
func (s *Store) TemplatesOf(ctx context.Context, app string) ([]appnotice.Template, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT `+templateColumns+` FROM app_template WHERE app = $1 OR $1 = '' ORDER BY app, id, version DESC`, app)
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	defer rows.Close()
	var list []appnotice.Template
	for rows.Next() {
		t, err := scanTemplate(rows)
		if err != nil {
			return nil, fmt.Errorf("listing templates: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// Usable is the version of a template that was approved last.
func (s *Store) Usable(ctx context.Context, app, id string) (appnotice.Template, error) {
	t, err := scanTemplate(s.read.QueryRowContext(ctx, `
		SELECT `+templateColumns+` FROM app_template
		WHERE app = $1 AND id = $2 AND state = $3 ORDER BY version DESC LIMIT 1`, app, id, string(appnotice.Approved)))
	if errors.Is(err, sql.ErrNoRows) {
		return t, appnotice.ErrNone
	}
	if err != nil {
		return t, fmt.Errorf("finding a template: %w", err)
	}
	return t, nil
}
