package store

import (
	"context"
	"fmt"

	"bongsu/notifier"
)

// Waits is how long people waited for a notice, by channel.
type Waits struct {
	Handed    map[string]notifier.Spread // until it was handed over
	Delivered map[string]notifier.Spread // until it was delivered
}

// Waited tells how long people waited for a notice. Of one that nobody has yet
// there is nothing.
func (s *Store) Waited(ctx context.Context, id string) (Waits, error) {
	all, err := s.waited(ctx, "n.id = $1", id)
	if err != nil {
		return Waits{}, fmt.Errorf("reading how long notice %s took: %w", id, err)
	}
	return all[id], nil
}

// IncidentWaited tells it of each notice of an incident, by the notice's id.
func (s *Store) IncidentWaited(ctx context.Context, incident string) (map[string]Waits, error) {
	all, err := s.waited(ctx, "n.incident = $1", incident)
	if err != nil {
		return nil, fmt.Errorf("reading how long the notices of incident %s took: %w", incident, err)
	}
	return all, nil
}

func (s *Store) waited(ctx context.Context, which, arg string) (map[string]Waits, error) {
	//nolint:gosec // which is one of the two constants above
	rows, err := s.read.QueryContext(ctx, `
		SELECT n.id, s.channel, s.what, s.bucket, SUM(s.people) FROM notice n JOIN spread s ON s.notice = n.number AND n.number > 0
		WHERE `+which+` GROUP BY n.id, s.channel, s.what, s.bucket`, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]Waits{}
	for rows.Next() {
		var id, channel string
		var what, bucket int
		var people int64
		if err := rows.Scan(&id, &channel, &what, &bucket, &people); err != nil {
			return nil, err
		}
		w, known := all[id]
		if !known {
			w = Waits{Handed: map[string]notifier.Spread{}, Delivered: map[string]notifier.Spread{}}
			all[id] = w
		}
		into := w.Handed
		if what == spreadDelivered {
			into = w.Delivered
		}
		if into[channel] == nil {
			into[channel] = notifier.Spread{}
		}
		into[channel][bucket] += people
	}
	return all, rows.Err()
}
