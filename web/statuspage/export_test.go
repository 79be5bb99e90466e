package statuspage

import "bongsu/status"

// NewHashed reads a snapshot with another way to make ids.
func NewHashed(s *status.Snapshot, w Words, hash func(kind, id string) string) *API {
	return newAPI(s, w, hash)
}
