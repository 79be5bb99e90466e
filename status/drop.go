package status

import (
	"slices"
	"time"
)

// drop ends a story whose components the configuration has dropped. Nobody has
// measured that they recovered, so that is not what it says, and who heard the
// beginning is not told of a recovery.
func (b *Board) drop(s *story, now time.Time) {
	s.Stage, s.Resolved = Resolved, now
	b.write(s, UpdateDropped, now)
}

// Dropped says whether the story ended because nothing that it is about is
// measured any more, and not because it recovered.
func (i *Incident) Dropped() bool {
	return slices.ContainsFunc(i.Updates, func(u Update) bool { return u.Kind == UpdateDropped })
}
