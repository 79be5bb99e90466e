package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bongsu/status/remote"
)

// Shelf keeps the last work in a folder, so that an agent that starts while its
// hub is away looks on. Secrets are left out: checks that name one wait for the
// hub, or find it in the agent's own environment.
type Shelf struct {
	Folder string
}

func (s *Shelf) path() string { return filepath.Join(s.Folder, "work.json") }

// Work is what was kept last; nil if nothing was.
func (s *Shelf) Work() (*remote.Work, error) {
	info, err := os.Stat(s.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // an agent's first start is no mistake
	case err != nil:
		return nil, fmt.Errorf("reading the kept work: %w", err)
	case info.Size() > remote.MaxWelcome:
		return nil, fmt.Errorf("reading the kept work: %s is too big to be it", s.path())
	}
	text, err := os.ReadFile(s.path())
	if err != nil {
		return nil, fmt.Errorf("reading the kept work: %w", err)
	}
	return remote.Decode[remote.Work](text)
}

// Keep puts work in the place of what was kept before, as a whole.
func (s *Shelf) Keep(work *remote.Work) error {
	text, err := json.Marshal(work.WithoutSecrets())
	if err != nil {
		return fmt.Errorf("writing the work: %w", err)
	}
	const private = 0o600
	next := s.path() + ".new"
	if err := os.WriteFile(next, text, private); err != nil {
		return fmt.Errorf("writing the work: %w", err)
	}
	if err := os.Rename(next, s.path()); err != nil {
		return fmt.Errorf("writing the work: %w", err)
	}
	return nil
}
