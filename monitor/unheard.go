package monitor

import (
	"fmt"
	"time"

	"bongsu/status"
)

// patience is how long a failure may wait for the controls of its location
// before operators are told. They are asked at once, so it should take seconds.
const patience = time.Minute

// unheard tells operators of locations whose failures wait for controls that do
// not answer: nothing else would say that an outage goes untold.
func (d *Desk) unheard(locations []status.LocationView, now time.Time) {
	for i := range locations {
		l := &locations[i]
		if l.Waiting.IsZero() || now.Sub(l.Waiting) < patience {
			continue
		}
		silent := "have never answered"
		if !l.Answered.IsZero() {
			silent = "have not answered since " + clockTime(l.Answered)
		}
		d.Alarm("controls "+l.ID, fmt.Sprintf("the controls of the location %s %s, so what fails from there since %s waits and nobody is told; `bongsu check` says what keeps them from answering",
			l.ID, silent, clockTime(l.Waiting)), now)
	}
}
