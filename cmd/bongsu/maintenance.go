package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/status"
	"bongsu/store"
)

func maintenanceCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "maintenance",
		Short: "Plan work, change or cancel the plan",
		Long: `Plans work on components. While it lasts they are under maintenance: not alarmed,
and not counted against uptime. Whatever else fails is told as ever. Work can also
be planned under maintenance: in the configuration.`,
	}
	c.AddCommand(planCommand(), cancelCommand(), plannedCommand())
	return c
}

func planCommand() *cobra.Command {
	var d deed
	var from, until, text, id string
	var again manner
	c := &cobra.Command{
		Use:   "plan TITLE COMPONENT...",
		Short: "Plan work, or with --id plan it anew: later, longer, other components",
		Example: `  bongsu maintenance plan --from "2026-12-01 02:00" --until "2026-12-01 05:00" "New database" payment
  bongsu maintenance plan --from "2026-12-06 02:00" --until "2026-12-06 03:00" --rrule "FREQ=WEEKLY;BYDAY=SU" --remind 24h --remind 1h "Weekly upkeep" payment
  bongsu maintenance plan --id ID --from "2026-12-01 02:00" --until "2026-12-01 07:00" "New database, takes longer" payment`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := sayable(args[0]); err != nil {
				return err
			}
			return d.run(c.Context(), c.OutOrStdout(), "maintenance %s", func(desk *desk) (status.Command, error) {
				begins, err := desk.timeOr("from", from, desk.now)
				if err != nil {
					return status.Command{}, err
				}
				ends, err := desk.time("until", until)
				if err != nil {
					return status.Command{}, err
				}
				work := &status.Maintenance{ID: id, Title: desk.text(args[0]), Components: args[1:], From: begins, Until: ends}
				if text != "" {
					work.Text = desk.text(text)
				}
				command, err := again.command(work, desk.zone)
				return command, cmp.Or(err, sayableOrEmpty(text))
			})
		},
	}
	d.flags(c)
	c.Flags().StringVar(&from, "from", "", "when it begins (default: now)")
	c.Flags().StringVar(&until, "until", "", "when it ends")
	c.Flags().StringVar(&text, "text", "", "what it means for people")
	c.Flags().StringVar(&id, "id", "", "the planned work to plan anew; with --rrule the work that comes again")
	again.flags(c)
	require(c, "until")
	return c
}

func sayableOrEmpty(text string) error {
	if text == "" {
		return nil
	}
	return sayable(text)
}

func cancelCommand() *cobra.Command {
	var d deed
	c := &cobra.Command{
		Use:   "cancel ID",
		Short: "Call planned work off, or end it now; with the id of work that comes again, all that lies ahead",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return d.run(c.Context(), c.OutOrStdout(), "cancelled: maintenance %s", func(*desk) (status.Command, error) {
				return status.Command{Cancel: args[0]}, nil
			})
		},
	}
	d.flags(c)
	return c
}

func plannedCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the work that is planned or going on",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadBeside(path)
			if err != nil {
				return err
			}
			return openBeside(c.Context(), cfg, func(db *store.Store) error {
				now := time.Now()
				memory, err := db.Memory(c.Context(), now)
				if err != nil {
					return err
				}
				if err := listPlanned(c, memory.Maintenance, cfg.Model().Site, now); err != nil {
					return err
				}
				return listRoutines(c, memory.Routines, cfg.Model().Site)
			})
		},
	}
	configFlag(c, &path)
	return c
}

func listPlanned(c *cobra.Command, all []status.Maintenance, site status.Site, now time.Time) error {
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tFROM\tUNTIL\tCOMPONENTS\tTITLE")
	listed := 0
	for _, w := range all {
		if !w.End().After(now) { // called off is over, too
			continue
		}
		listed++
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", w.ID,
			w.From.In(site.Zone).Format("2006-01-02 15:04"), w.Until.In(site.Zone).Format("2006-01-02 15:04"),
			strings.Join(w.Components, " "), w.Title.In(site.Languages[0], site.Languages...))
	}
	if listed == 0 {
		_, err := fmt.Fprintln(c.OutOrStdout(), "No work is planned. `bongsu maintenance plan` plans some.")
		return err
	}
	return table.Flush()
}
