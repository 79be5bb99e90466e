package store

import (
	"context"
	"database/sql"
	"fmt"

	"bongsu/notifier"
	"bongsu/status"
)

// Record keeps what one judgement leaves behind, in one transaction: all of it
// or nothing. It may be called again with the same record, as one does who
// could not see whether the first call was committed: rows of equal or newer
// version stay as they are, updates and notices are made once.
func (s *Store) Record(ctx context.Context, r notifier.Record) error {
	looks, err := s.segments(ctx, r.Looks)
	if err != nil {
		return err
	}
	standings := s.quiet.news(&r)
	if err := s.inTx(ctx, func(tx *sql.Tx) error {
		if err := s.saveStandings(ctx, tx, standings); err != nil {
			return err
		}
		if err := s.saveSegments(ctx, tx, looks); err != nil {
			return err
		}
		if err := s.saveChange(ctx, tx, &r.Change); err != nil {
			return err
		}
		if err := s.insertNotices(ctx, tx, r.Notices); err != nil {
			return err
		}
		return s.saveAnswers(ctx, tx, r.Answers)
	}); err != nil {
		return err
	}
	s.quiet.wrote(standings)
	return nil
}

func (s *Store) saveChange(ctx context.Context, tx *sql.Tx, c *status.Change) error {
	if err := s.saveConditions(ctx, tx, c.Conditions); err != nil {
		return err
	}
	if err := s.saveIntervals(ctx, tx, c.Closed); err != nil {
		return err
	}
	for i := range c.Incidents {
		if err := s.saveIncident(ctx, tx, &c.Incidents[i]); err != nil {
			return fmt.Errorf("saving incident %s: %w", c.Incidents[i].ID, err)
		}
	}
	for i := range c.Maintenance {
		if err := s.saveMaintenance(ctx, tx, &c.Maintenance[i]); err != nil {
			return fmt.Errorf("saving maintenance %s: %w", c.Maintenance[i].ID, err)
		}
	}
	for i := range c.Words {
		if err := s.saveWords(ctx, tx, &c.Words[i]); err != nil {
			return fmt.Errorf("saving the words of %s/%s: %w", c.Words[i].App, c.Words[i].Function, err)
		}
	}
	for i := range c.Widgets {
		if err := s.saveSwitch(ctx, tx, &c.Widgets[i]); err != nil {
			return fmt.Errorf("saving whether the widget of %s is off: %w", c.Widgets[i].App, err)
		}
	}
	for i := range c.Routines {
		if err := s.saveRoutine(ctx, tx, &c.Routines[i]); err != nil {
			return fmt.Errorf("saving maintenance %s: %w", c.Routines[i].ID, err)
		}
	}
	for i := range c.Suspicions {
		if err := saveSuspicion(ctx, tx, &c.Suspicions[i], c.At); err != nil {
			return fmt.Errorf("saving a suspicion of %s: %w", c.Suspicions[i].Component, err)
		}
	}
	for i := range c.Silences {
		if err := saveSilence(ctx, tx, &c.Silences[i], c.At); err != nil {
			return fmt.Errorf("saving the silence of %s: %w", c.Silences[i].Component, err)
		}
	}
	return nil
}

// saveStandings keeps the newer look. They may be many, so the statement is
// prepared once per transaction.
func (s *Store) saveStandings(ctx context.Context, tx *sql.Tx, standings []status.Standing) error {
	if len(standings) == 0 {
		return nil
	}
	save, err := tx.PrepareContext(ctx, `
		INSERT INTO standing (checked, location, outcome, at, took_us, reason, level, recent, said, turned, usual_us, lately_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (checked, location) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, took_us = excluded.took_us,
			reason = excluded.reason, level = excluded.level, recent = excluded.recent, said = excluded.said, turned = excluded.turned,
			usual_us = excluded.usual_us, lately_us = excluded.lately_us
		WHERE standing.at <= excluded.at`)
	if err != nil {
		return fmt.Errorf("preparing to save standings: %w", err)
	}
	defer save.Close()
	for i := range standings {
		v := &standings[i]
		if _, err := save.ExecContext(ctx, v.Check, v.Location, v.Outcome.String(), millis(v.At), v.Took.Microseconds(),
			v.Reason, int(v.Level), v.Recent, millis(v.Said), millis(v.Turned), v.Usual.Microseconds(), v.Lately.Microseconds()); err != nil {
			return fmt.Errorf("saving the standing of %s at %s: %w", v.Check, v.Location, err)
		}
	}
	return nil
}

func (s *Store) saveConditions(ctx context.Context, tx *sql.Tx, conditions []status.Condition) error {
	for i := range conditions {
		c := &conditions[i]
		why, err := findingsJSON(c.Why)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO condition (component, state, derived, affected_by, since, why, measured, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (component) DO UPDATE SET state = excluded.state, derived = excluded.derived, affected_by = excluded.affected_by,
				since = excluded.since, why = excluded.why, measured = excluded.measured, version = excluded.version
			WHERE condition.version < excluded.version`,
			c.Component, c.State.String(), c.Derived, c.AffectedBy, millis(c.Since), why, millis(c.Measured), c.Version); err != nil {
			return fmt.Errorf("saving the condition of %s: %w", c.Component, err)
		}
	}
	return nil
}

// saveIntervals adds to the history. Two edges within one millisecond leave an
// interval of no length and one that begins with it: the longer one stands.
func (s *Store) saveIntervals(ctx context.Context, tx *sql.Tx, intervals []status.Interval) error {
	for i := range intervals {
		v := &intervals[i]
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO state_interval (component, since, until, state) VALUES ($1, $2, $3, $4)
			ON CONFLICT (component, since) DO UPDATE SET until = excluded.until, state = excluded.state
			WHERE state_interval.until < excluded.until`,
			v.Component, millis(v.Since), millis(v.Until), v.State.String()); err != nil {
			return fmt.Errorf("saving the history of %s: %w", v.Component, err)
		}
	}
	return nil
}

// saveIncident keeps an incident whole, unless the database has this version
// or a newer one: then what is here came second, and leaves no trace.
func (s *Store) saveIncident(ctx context.Context, tx *sql.Tx, i *status.Incident) error {
	title, err := toJSON(i.Title)
	if err != nil {
		return err
	}
	saved, err := tx.ExecContext(ctx, `
		INSERT INTO incident (id, code, cause, title, stage, impact, worst, told, began, detected, announced, watching, resolved, next_word, merged_into, retracted, apart, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, cause = excluded.cause, title = excluded.title, stage = excluded.stage,
			impact = excluded.impact, worst = excluded.worst, told = excluded.told, began = excluded.began, detected = excluded.detected,
			announced = excluded.announced, watching = excluded.watching, resolved = excluded.resolved,
			next_word = excluded.next_word, merged_into = excluded.merged_into, retracted = excluded.retracted,
			apart = excluded.apart, version = excluded.version
		WHERE incident.version < excluded.version`,
		i.ID, i.Code, i.Cause, title, i.Stage.String(), i.Impact.String(), i.Worst.String(), i.Told.String(), millis(i.Began), millis(i.Detected),
		millis(i.Announced), millis(i.Watching), millis(i.Resolved), millis(i.Next), i.MergedInto, millis(i.Retracted), i.Apart, i.Version)
	if err != nil {
		return err
	}
	if rows, err := saved.RowsAffected(); err != nil || rows == 0 {
		return err
	}
	if err := s.saveAffected(ctx, tx, i.ID, i.Components); err != nil {
		return err
	}
	return s.saveUpdates(ctx, tx, i.ID, i.Updates)
}

func (s *Store) saveAffected(ctx context.Context, tx *sql.Tx, incident string, affected []status.Affected) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM incident_component WHERE incident = $1", incident); err != nil {
		return err
	}
	for pos, a := range affected {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO incident_component (incident, pos, component, state, worst, derived, cause, since, until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			incident, pos, a.Component, a.State.String(), a.Worst.String(), a.Derived, a.Cause, millis(a.Since), millis(a.Until)); err != nil {
			return err
		}
	}
	return nil
}

// saveUpdates adds what was said since. Reading what is there first keeps a
// long story from being written anew with every change.
func (s *Store) saveUpdates(ctx context.Context, tx *sql.Tx, incident string, updates []status.Update) error {
	said := map[string]bool{}
	if err := each(ctx, tx, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		said[id] = true
		return err
	}, "SELECT id FROM incident_update WHERE incident = $1", incident); err != nil {
		return err
	}
	for pos := range updates {
		if u := &updates[pos]; !said[u.ID] {
			if err := s.saveUpdate(ctx, tx, incident, pos, u); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) saveUpdate(ctx context.Context, tx *sql.Tx, incident string, pos int, u *status.Update) error {
	components, err := affectedJSON(u.Components)
	if err != nil {
		return err
	}
	body, err := toJSON(u.Text)
	if err != nil {
		return err
	}
	correction, err := correctionJSON(u.Correction)
	if err != nil {
		return err
	}
	statement, err := statementJSON(u.Statement)
	if err != nil {
		return err
	}
	eta, err := etaJSON(u.ETA)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO incident_update (incident, id, pos, at, kind, stage, cause, components, next_word, body, author, missed, other, correction, statement, eta)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		incident, u.ID, pos, millis(u.At), string(u.Kind), u.Stage.String(), u.Cause, components, millis(u.Next), body, u.Author,
		millis(u.Missed), u.Other, correction, statement, eta)
	return err
}
