package scenario

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"bongsu/drill"
)

// Shipped are the scenarios that come with the program, by id.
func Shipped() ([]*Scenario, error) {
	files, err := fs.Glob(drill.Scenarios(), "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the scenarios: %w", err)
	}
	all := make([]*Scenario, 0, len(files))
	for _, file := range files {
		s, err := Named(strings.TrimSuffix(file, ".yaml"))
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Named is the shipped scenario of that id.
func Named(id string) (*Scenario, error) {
	data, err := fs.ReadFile(drill.Scenarios(), path.Base(id)+".yaml")
	if err != nil {
		return nil, fmt.Errorf("no scenario is called %q; `bongsu drill list` names them: %w", id, err)
	}
	return Parse(id+".yaml", data)
}
