package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config/recur"
	"bongsu/notifier"
	"bongsu/status"
)

// manner is how planned work comes again, reminds people and is prolonged.
type manner struct {
	rule, zone string
	remind     []time.Duration
	step, most time.Duration
}

func (m *manner) flags(c *cobra.Command) {
	c.Flags().StringVar(&m.rule, "rrule", "", `when it comes again after the first time: a rule of RFC 5545, such as "FREQ=WEEKLY;BYDAY=SU"`)
	c.Flags().StringVar(&m.zone, "zone", "", "the time zone by whose clock it comes again (default: the site's)")
	c.Flags().DurationSliceVar(&m.remind, "remind", nil, "how long before it begins those who chose its components are told: 24h; several times if wanted")
	c.Flags().DurationVar(&m.step, "extend", 0, "prolong the work by so much at a time while it fails at its end")
	c.Flags().DurationVar(&m.most, "extend-most", 0, "and by so much in all (default: four times that)")
}

// command plans the work like that.
func (m *manner) command(work *status.Maintenance, zone *time.Location) (status.Command, error) {
	const mostReminders = 4
	if len(m.remind) > mostReminders {
		return status.Command{}, fmt.Errorf("--remind: %d times; write at most %d", len(m.remind), mostReminders)
	}
	for _, before := range m.remind {
		if before < time.Minute || before > status.FirstReminder {
			return status.Command{}, fmt.Errorf("--remind: %s is no time before the work; write one from a minute to 30 days, like 24h", before)
		}
	}
	work.Remind, work.Extend = m.remind, status.Extension{Step: m.step, Most: cmp.Or(m.most, 4*m.step)}
	if err := work.Extend.Check(); err != nil {
		return status.Command{}, fmt.Errorf("--extend: %w", err)
	}
	if m.rule == "" {
		return status.Command{Maintain: work}, nil
	}
	if _, err := recur.Parse(m.rule); err != nil {
		return status.Command{}, fmt.Errorf("--rrule: %q %w", m.rule, err)
	}
	r := &status.Routine{
		ID: work.ID, Title: work.Title, Text: work.Text, Components: work.Components, Rule: m.rule, First: work.From,
		Zone: cmp.Or(m.zone, zone.String()), Lasts: work.Until.Sub(work.From), Remind: work.Remind, Extend: work.Extend,
	}
	if _, err := notifier.ParseZone(r.Zone); err != nil {
		return status.Command{}, fmt.Errorf("--zone: %w", err)
	}
	return status.Command{Arrange: r}, nil
}

// listRoutines lists the work that comes again.
func listRoutines(c *cobra.Command, all []status.Routine, site status.Site) error {
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	listed := 0
	for i := range all {
		r := &all[i]
		if !r.Ended.IsZero() {
			continue
		}
		if listed++; listed == 1 {
			fmt.Fprintln(table, "\nCOMES AGAIN\tRULE\tZONE\tLASTS\tCOMPONENTS\tTITLE")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Rule, r.Zone, r.Lasts,
			strings.Join(r.Components, " "), r.Title.In(site.Languages[0], site.Languages...))
	}
	return table.Flush()
}
