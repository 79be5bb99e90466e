package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bongsu/status"
)

// PastIncidents are the incidents that ended at since or later, with what they
// hit and without what was said of them, oldest first.
func (s *Store) PastIncidents(ctx context.Context, since time.Time) ([]status.Incident, error) {
	var m status.Memory
	err := s.inReading(ctx, func(tx *sql.Tx) error {
		if err := loadIncidents(ctx, tx, since, &m); err != nil {
			return err
		}
		return loadAffected(ctx, tx, since, &m)
	})
	if err != nil {
		return nil, fmt.Errorf("reading past incidents: %w", err)
	}
	var past []status.Incident
	for i := range m.Incidents {
		if !m.Incidents[i].Resolved.IsZero() {
			past = append(past, m.Incidents[i])
		}
	}
	return past, nil
}
