package config

import "time"

// Retention is how long the books name people.
type Retention struct {
	Deliveries time.Duration `yaml:"deliveries" must:"min=24h" doc:"How long it is kept who was sent what: 90d by default. The counts of each notice stay."`
}
