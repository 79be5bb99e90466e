package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config/imports"
	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// remember keeps the history of an import in the database of the
// configuration. What is there already stays as it is.
func (t *takeover) remember(c *cobra.Command, got *imports.Import) error {
	cfg, err := loadBeside(t.config)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	known := map[string]bool{}
	for _, x := range cfg.Model().Components {
		known[x.ID] = true
	}
	return openBeside(c.Context(), cfg, func(s *store.Store) error {
		there, err := s.Memory(c.Context(), time.UnixMilli(1))
		if err != nil {
			return err
		}
		change := newHistory(got, &there, known)
		for _, text := range change.said {
			fmt.Fprintln(out, text)
		}
		if err := s.Record(c.Context(), notifier.Record{Change: change.Change}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "kept %s and %s; a server that runs shows them after its next start.\n",
			counted(len(change.Incidents), "incident"), counted(len(change.Maintenance), "planned work", "planned works"))
		return err
	})
}

// history is what is to be kept, and what is not.
type history struct {
	status.Change
	said []string
}

// newHistory leaves out what the database has, and the components that the
// configuration has not.
func newHistory(got *imports.Import, there *status.Memory, known map[string]bool) history {
	var h history
	for _, i := range got.Incidents {
		if slices.ContainsFunc(there.Incidents, func(x status.Incident) bool { return x.ID == i.ID }) {
			h.said = append(h.said, "there already: incident "+i.ID)
			continue
		}
		i.Components = slices.DeleteFunc(i.Components, func(a status.Affected) bool {
			if !known[a.Component] {
				h.said = append(h.said, fmt.Sprintf("left     incident %s: the configuration has no component %s", i.ID, a.Component))
			}
			return !known[a.Component]
		})
		h.Incidents = append(h.Incidents, i)
	}
	for _, w := range got.Maintenance {
		if slices.ContainsFunc(there.Maintenance, func(x status.Maintenance) bool { return x.ID == w.ID }) {
			h.said = append(h.said, "there already: maintenance "+w.ID)
			continue
		}
		w.Components = slices.DeleteFunc(w.Components, func(id string) bool { return !known[id] })
		if len(w.Components) == 0 {
			h.said = append(h.said, fmt.Sprintf("left     maintenance %s: the configuration has none of its components", w.ID))
			continue
		}
		h.Maintenance = append(h.Maintenance, w)
	}
	return h
}
