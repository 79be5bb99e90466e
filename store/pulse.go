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

type pulseKey struct {
	gateway string
	slot    int64
}

// pulses is what a transaction adds to what is known of gateways.
type pulses map[pulseKey]*notifier.Beat

// of is the entry to add to.
func (p pulses) of(gateway string, at int64) *notifier.Beat {
	const slot = int64(notifier.PulseSlot / time.Millisecond)
	k := pulseKey{gateway, at - at%slot}
	if p[k] == nil {
		p[k] = &notifier.Beat{}
	}
	return p[k]
}

// result counts how a gateway answered.
func (p pulses) result(r *notifier.Result) {
	if r.Answer == notifier.NoRequest {
		return
	}
	b := p.of(r.Gateway, millis(r.At))
	switch r.Answer {
	case notifier.Answered:
		b.Answered++
		if r.Kind == notifier.Handed {
			b.Taken++
		}
	case notifier.Fault:
		b.Faults++
	case notifier.Throttled:
		b.Throttled++
	case notifier.NoRequest:
	}
}

// receipt counts that a gateway has said what became of a message it took.
func (p pulses) receipt(gateway string, taken, told int64) {
	if gateway == "" || taken == 0 {
		return
	}
	b := p.of(gateway, taken)
	b.Told++
	b.Age += time.Duration(max(told-taken, 0)) * time.Millisecond
}

const pulseText = `
	INSERT INTO pulse (gateway, slot, node, answered, taken, told, age, faults, throttled)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
	ON CONFLICT (gateway, slot, node) DO UPDATE SET
	  answered = pulse.answered + excluded.answered, taken = pulse.taken + excluded.taken,
	  told = pulse.told + excluded.told, age = pulse.age + excluded.age,
	  faults = pulse.faults + excluded.faults, throttled = pulse.throttled + excluded.throttled`

// statements add to the node's own rows, in one order for all.
func (p pulses) statements(node string) []statement {
	keys := make([]pulseKey, 0, len(p))
	for k := range p {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b pulseKey) int {
		return cmp.Or(cmp.Compare(a.gateway, b.gateway), cmp.Compare(a.slot, b.slot))
	})
	all := make([]statement, len(keys))
	for i, k := range keys {
		b := p[k]
		all[i] = statement{pulseText, []any{k.gateway, k.slot, node, b.Answered, b.Taken, b.Told, b.Age.Milliseconds(), b.Faults, b.Throttled}}
	}
	return all
}

// Pulse gives what is known of every gateway since a time, oldest first.
func (s *Store) Pulse(ctx context.Context, since time.Time) (map[string][]notifier.Beat, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT gateway, slot, SUM(answered), SUM(taken), SUM(told), SUM(age), SUM(faults), SUM(throttled)
		FROM pulse WHERE slot >= $1 GROUP BY gateway, slot ORDER BY gateway, slot`, millis(since))
	if err != nil {
		return nil, fmt.Errorf("reading the gateways' pulse: %w", err)
	}
	defer rows.Close()
	out := map[string][]notifier.Beat{}
	for rows.Next() {
		var gateway string
		var slot, age int64
		var b notifier.Beat
		if err := rows.Scan(&gateway, &slot, &b.Answered, &b.Taken, &b.Told, &age, &b.Faults, &b.Throttled); err != nil {
			return nil, fmt.Errorf("reading the gateways' pulse: %w", err)
		}
		b.At, b.Age = fromMillis(slot), time.Duration(age)*time.Millisecond
		out[gateway] = append(out[gateway], b)
	}
	return out, rows.Err()
}

// Healths gives what is held of each gateway's health.
func (s *Store) Healths(ctx context.Context) (map[string]notifier.Health, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT gateway, stage, since, lost, relapses, why, version FROM gateway_health")
	if err != nil {
		return nil, fmt.Errorf("reading the gateways' health: %w", err)
	}
	defer rows.Close()
	out := map[string]notifier.Health{}
	for rows.Next() {
		var gateway string
		var since, lost int64
		var h notifier.Health
		if err := rows.Scan(&gateway, &h.Stage, &since, &lost, &h.Relapses, &h.Why, &h.Version); err != nil {
			return nil, fmt.Errorf("reading the gateways' health: %w", err)
		}
		h.Since, h.Lost = fromMillis(since), fromMillis(lost)
		out[gateway] = h
	}
	return out, rows.Err()
}

// SetHealth keeps what is now held of a gateway's health, unless another node
// has decided since: then it says false.
func (s *Store) SetHealth(ctx context.Context, gateway string, h notifier.Health) (bool, error) {
	var version int64
	err := s.write.QueryRowContext(ctx, `
		INSERT INTO gateway_health (gateway, stage, since, lost, relapses, why, version)
		VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT) + 1)
		ON CONFLICT (gateway) DO UPDATE SET stage = excluded.stage, since = excluded.since, lost = excluded.lost,
		  relapses = excluded.relapses, why = excluded.why, version = excluded.version
		WHERE gateway_health.version = CAST($7 AS BIGINT)
		RETURNING version`,
		gateway, int(h.Stage), millis(h.Since), millis(h.Lost), h.Relapses, h.Why, h.Version).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("keeping the health of %s: %w", gateway, err)
	}
	return true, nil
}
