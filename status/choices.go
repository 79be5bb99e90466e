package status

import (
	"fmt"
	"strings"
	"time"
)

// mostChoices bounds how many ids an error lists.
const mostChoices = 20

// oneOfThese words what there is instead of what is not there.
func oneOfThese(ids []string) string {
	if more := len(ids) - mostChoices; more > 0 {
		return fmt.Sprintf("%s, and %d more", strings.Join(ids[:mostChoices], ", "), more)
	}
	return strings.Join(ids, ", ")
}

// unknownComponent is [ErrNoComponent] with the components there are.
func (b *Board) unknownComponent(id string) error {
	ids := make([]string, len(b.subjects))
	for i, s := range b.subjects {
		ids[i] = s.ID
	}
	return fmt.Errorf("%q: %w; there are %s", id, ErrNoComponent, oneOfThese(ids))
}

// unknownMaintenance is [ErrNoMaintenance] with the work that can be called off.
func (b *Board) unknownMaintenance(now time.Time) error {
	var ids []string
	for i := range b.maintenance {
		if w := &b.maintenance[i]; w.End().After(now) {
			ids = append(ids, w.ID)
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%w; nothing is planned", ErrNoMaintenance)
	}
	return fmt.Errorf("%w; what is planned has the ids %s", ErrNoMaintenance, oneOfThese(ids))
}
