package drill

import (
	"context"
	"net/http"
	"time"
)

// ForTest opens what tests need of the inside.

// Service is a service's handler without its sockets.
func (c *City) ServiceForTest(s Service) http.Handler { return c.houses[s] }

// Phone is how the city writes numbers.
var Phone = phone

// Courier is a courier for tests that live through its time.
type Courier struct{ *courier }

// NewCourier makes one.
func NewCourier(workers, limit int) Courier { return Courier{newCourier(workers, limit, time.Now)} }

// After takes an errand.
func (c Courier) After(d time.Duration, do func(context.Context)) bool { return c.after(d, do) }

// Run does errands until ctx ends.
func (c Courier) Run(ctx context.Context) { c.run(ctx) }
