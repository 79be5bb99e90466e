package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bongsu/status"
)

// Memory is what a board needs to go on where the last one ended: every
// standing and condition, open incidents, and of what is over the intervals,
// incidents and maintenances that ended at since or later.
func (s *Store) Memory(ctx context.Context, since time.Time) (status.Memory, error) {
	var m status.Memory
	// One transaction, so that the parts belong together.
	err := s.inReading(ctx, func(tx *sql.Tx) error {
		for _, part := range []struct {
			what string
			load func(context.Context, *sql.Tx, time.Time, *status.Memory) error
		}{
			{"standings", loadStandings},
			{"the latest looks", s.refresh},
			{"conditions", loadConditions},
			{"history", loadIntervals},
			{"incidents", loadIncidents},
			{"incidents' components", loadAffected},
			{"incidents' updates", loadUpdates},
			{"maintenances", loadMaintenance},
			{"words of functions", loadWords},
			{"widgets that are off", loadSwitches},
			{"work that comes again", loadRoutines},
			{"suspicions", loadSuspicions},
			{"silences", loadSilences},
		} {
			if err := part.load(ctx, tx, since, &m); err != nil {
				return fmt.Errorf("remembering %s: %w", part.what, err)
			}
		}
		return nil
	})
	if err != nil {
		return status.Memory{}, err
	}
	return m, nil
}

// each runs do on every row of a query.
func each(ctx context.Context, q querier, do func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func loadStandings(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var v status.Standing
		if err := rows.Scan(&v.Check, &v.Location, named(&v.Outcome), instant{&v.At}, micros{&v.Took}, &v.Reason, &v.Level, &v.Recent,
			instant{&v.Said}, instant{&v.Turned}, micros{&v.Usual}, micros{&v.Lately}); err != nil {
			return err
		}
		m.Standings = append(m.Standings, v)
		return nil
	}, "SELECT checked, location, outcome, at, took_us, reason, level, recent, said, turned, usual_us, lately_us FROM standing ORDER BY checked, location")
}

func loadConditions(ctx context.Context, tx *sql.Tx, _ time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var c status.Condition
		var why string
		err := rows.Scan(&c.Component, named(&c.State), &c.Derived, &c.AffectedBy, instant{&c.Since}, &why, instant{&c.Measured}, &c.Version)
		if err != nil {
			return err
		}
		if c.Why, err = findingsFrom(why); err != nil {
			return err
		}
		m.Conditions = append(m.Conditions, c)
		return nil
	}, "SELECT component, state, derived, affected_by, since, why, measured, version FROM condition ORDER BY component")
}

func loadIntervals(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var v status.Interval
		if err := rows.Scan(&v.Component, instant{&v.Since}, instant{&v.Until}, named(&v.State)); err != nil {
			return err
		}
		m.Intervals = append(m.Intervals, v)
		return nil
	}, "SELECT component, since, until, state FROM state_interval WHERE until >= $1 ORDER BY component, since", millis(since))
}

// wanted chooses the incidents to remember: the open ones, and those that
// ended or went over into another since $1.
const wanted = `(i.resolved = 0 AND i.merged_into = '' OR i.resolved >= $1 OR i.merged_into <> '' AND i.detected >= $1)`

func loadIncidents(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	return each(ctx, tx, func(rows *sql.Rows) error {
		var i status.Incident
		if err := rows.Scan(&i.ID, &i.Code, &i.Cause, inJSON[status.Text]{&i.Title}, named(&i.Stage), named(&i.Impact), named(&i.Worst), named(&i.Told),
			instant{&i.Began}, instant{&i.Detected}, instant{&i.Announced}, instant{&i.Watching}, instant{&i.Resolved}, instant{&i.Next},
			&i.MergedInto, instant{&i.Retracted}, &i.Apart, &i.Version); err != nil {
			return err
		}
		m.Incidents = append(m.Incidents, i)
		return nil
	}, `SELECT i.id, i.code, i.cause, i.title, i.stage, i.impact, i.worst, i.told, i.began, i.detected, i.announced, i.watching, i.resolved,
		i.next_word, i.merged_into, i.retracted, i.apart, i.version FROM incident i WHERE `+wanted+` ORDER BY i.id`, millis(since))
}

func loadAffected(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	incidents := byID(m)
	return each(ctx, tx, func(rows *sql.Rows) error {
		var id string
		var a status.Affected
		if err := rows.Scan(&id, &a.Component, named(&a.State), named(&a.Worst), &a.Derived, &a.Cause, instant{&a.Since}, instant{&a.Until}); err != nil {
			return err
		}
		incidents[id].Components = append(incidents[id].Components, a)
		return nil
	}, `SELECT c.incident, c.component, c.state, c.worst, c.derived, c.cause, c.since, c.until
		FROM incident_component c JOIN incident i ON i.id = c.incident WHERE `+wanted+` ORDER BY c.incident, c.pos`, millis(since))
}

func loadUpdates(ctx context.Context, tx *sql.Tx, since time.Time, m *status.Memory) error {
	incidents := byID(m)
	return each(ctx, tx, func(rows *sql.Rows) error {
		var id, components, correction, statement, eta string
		var u status.Update
		err := rows.Scan(&id, &u.ID, instant{&u.At}, &u.Kind, named(&u.Stage), &u.Cause, &components, instant{&u.Next}, inJSON[status.Text]{&u.Text}, &u.Author,
			instant{&u.Missed}, &u.Other, &correction, &statement, &eta)
		if err != nil {
			return err
		}
		if u.Components, err = affectedFrom(components); err != nil {
			return err
		}
		if u.Correction, err = correctionFrom(correction); err != nil {
			return err
		}
		if u.Statement, err = statementFrom(statement); err != nil {
			return err
		}
		if u.ETA, err = etaFrom(eta); err != nil {
			return err
		}
		incidents[id].Updates = append(incidents[id].Updates, u)
		return nil
	}, `SELECT u.incident, u.id, u.at, u.kind, u.stage, u.cause, u.components, u.next_word, u.body, u.author,
			u.missed, u.other, u.correction, u.statement, u.eta
		FROM incident_update u JOIN incident i ON i.id = u.incident WHERE `+wanted+` ORDER BY u.incident, u.pos, u.id`, millis(since))
}

// byID finds the incidents loaded so far. One transaction reads them all, so
// no row of theirs can belong to an incident that is not among them.
func byID(m *status.Memory) map[string]*status.Incident {
	found := make(map[string]*status.Incident, len(m.Incidents))
	for i := range m.Incidents {
		found[m.Incidents[i].ID] = &m.Incidents[i]
	}
	return found
}
