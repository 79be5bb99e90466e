package store

import (
	"context"
	"fmt"
	"time"

	"bongsu/notifier"
)

// Told is a notice to subscribers as it was sent.
type Told struct {
	Event string
	At    time.Time
	Texts []notifier.Text
}

// maxTold bounds the texts that are read of one incident: a thousand are some
// ten notices in every language and class.
const maxTold = 1000

// Told gives what subscribers were told of an incident, oldest first. What went
// out by several plans in the same words is there once; what nobody has been
// planned for yet is not.
func (s *Store) Told(ctx context.Context, incident string) ([]Told, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT n.event, n.occasion, n.made, t.lang, t.class, t.title, t.body
		FROM notice n JOIN notice_text t ON t.notice = n.id
		WHERE n.incident = $1 AND n.audience = 'subscribers' AND n.state > 0
		ORDER BY n.made, n.event, n.occasion, n.plan, t.pos LIMIT $2`, incident, maxTold)
	if err != nil {
		return nil, fmt.Errorf("looking for what was sent: %w", err)
	}
	defer rows.Close()
	var told []Told
	last, seen := "", map[[4]string]bool{}
	for rows.Next() {
		var event, occasion string
		var made int64
		var t notifier.Text
		if err := rows.Scan(&event, &occasion, &made, &t.Lang, &t.Class, &t.Title, &t.Body); err != nil {
			return nil, fmt.Errorf("reading what was sent: %w", err)
		}
		if key := event + "\x00" + occasion; key != last {
			last, seen = key, map[[4]string]bool{}
			told = append(told, Told{Event: event, At: fromMillis(made)})
		}
		if key := [4]string{t.Lang, string(t.Class), t.Title, t.Body}; !seen[key] {
			seen[key] = true
			told[len(told)-1].Texts = append(told[len(told)-1].Texts, t)
		}
	}
	return told, rows.Err()
}
