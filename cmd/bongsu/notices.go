package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/notifier"
	"bongsu/store"
)

func noticesCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "notices",
		Short: "List the latest notices and how far they have come; show, hold or cancel one",
		Long: `Lists the latest notices, newest first, with how many of their people they have
been handed over for, and when the rest will be if things go on as they did over
the last minute. "?" stands where nothing was handed over lately.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error { return listNotices(c.Context(), c.OutOrStdout(), s) })
		},
	}
	configFlag(c, &path)
	c.AddCommand(showNoticeCommand(),
		noticeDeedCommand("hold", "Keep a notice back, while the others go", "Notice %s is kept back. `bongsu notices free` lets it go on.\n",
			func(ctx context.Context, s *store.Store, id string) error { return s.HoldNotice(ctx, id, time.Now()) }),
		noticeDeedCommand("free", "Let a notice go on that was kept back", "Notice %s goes on.\n",
			func(ctx context.Context, s *store.Store, id string) error { return s.FreeNotice(ctx, id) }),
		noticeDeedCommand("cancel", "Stop a notice: what of it has not left never will", "Notice %s is cancelled.\n",
			func(ctx context.Context, s *store.Store, id string) error { return s.CancelNotice(ctx, id, time.Now()) }))
	return c
}

func showNoticeCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "show NOTICE",
		Short: "Show the counts of a notice by channel, and how long people waited",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error { return showNotice(c.Context(), c.OutOrStdout(), s, args[0]) })
		},
	}
	configFlag(c, &path)
	return c
}

// noticeDeedCommand does something to one notice and says so.
func noticeDeedCommand(verb, short, said string, do func(ctx context.Context, s *store.Store, id string) error) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   verb + " NOTICE",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				if err := do(c.Context(), s, args[0]); err != nil {
					return noSuchNotice(err, args[0])
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), said, args[0])
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}

func noSuchNotice(err error, id string) error {
	if errors.Is(err, store.ErrNoNotice) {
		return fmt.Errorf("no notice is called %q; `bongsu notices` lists them", id)
	}
	if errors.Is(err, store.ErrNoticeOver) {
		return fmt.Errorf("notice %s is over: it was cancelled, or what it says is no longer true", id)
	}
	return err
}

// noticesListed is how many notices are listed.
const noticesListed = 20

func listNotices(ctx context.Context, out io.Writer, s *store.Store) error {
	list, err := s.RecentProgress(ctx, noticesListed)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There is no notice yet.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NOTICE\tMADE\tEVENT\tAUDIENCE\tPROGRESS")
	for i := len(list) - 1; i >= 0; i-- {
		p := &list[i]
		ahead, err := s.Outlook(ctx, p.Notice, time.Now())
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", p.Notice, p.Made.UTC().Format("2006-01-02 15:04"), p.Event, p.Audience, progressText(p, ahead))
	}
	return table.Flush()
}

// progressText is a notice's progress in a few words: "1.2 M of 3.0 M, 11
// minutes".
func progressText(p *store.Progress, ahead map[string]notifier.Outlook) string {
	left := int64(0)
	for _, o := range ahead {
		left += o.Left
	}
	longest, known := notifier.LastETA(ahead)
	text := fmt.Sprintf("%s of %s", people(max(p.People-left, 0)), people(p.People))
	switch {
	case p.Recalled:
		return text + ", stopped"
	case !p.Held.IsZero():
		return text + ", kept back"
	case !p.Planned:
		text += " so far"
	}
	switch {
	case left == 0:
		return text
	case !known:
		return text + ", ?"
	}
	return text + ", " + roughly(longest)
}

// people is a number of people, in as many digits as matter.
func people(n int64) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%.1f k", float64(n)/1e3)
	}
	return strconv.FormatInt(n, 10)
}

func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return counted(max(int(d.Round(time.Second)/time.Second), 1), "second")
	case d < 2*time.Hour:
		return counted(int(d.Round(time.Minute)/time.Minute), "minute")
	}
	return counted(int(d.Round(time.Hour)/time.Hour), "hour")
}

func showNotice(ctx context.Context, out io.Writer, s *store.Store, id string) error {
	p, err := s.Progress(ctx, id)
	if err != nil {
		return noSuchNotice(err, id)
	}
	ahead, err := s.Outlook(ctx, id, time.Now())
	if err != nil {
		return err
	}
	took, err := s.Waited(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %s of %s by plan %s, made %s. %s\n\n", p.Notice, p.Event, p.Audience, p.Plan, p.Made.UTC().Format(time.RFC3339), progressText(&p, ahead))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "CHANNEL\tPLANNED\tHANDED OVER\tDELIVERED\tFAILED\tUNKNOWN\tMOVED\tRESCUED\tTWICE\tCANCELLED\tHANDED p50\tp99\tDELIVERED p50\tp99\t")
	for _, c := range p.Channels {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\t\n", c.Channel, c.Planned, c.Handed, c.Delivered, c.Failed, c.Unknown,
			c.Moved, c.Rescued, c.Twice, c.Cancelled,
			waited(took.Handed[c.Channel], 0.5), waited(took.Handed[c.Channel], 0.99), waited(took.Delivered[c.Channel], 0.5), waited(took.Delivered[c.Channel], 0.99))
	}
	return table.Flush()
}

func waited(s notifier.Spread, part float64) string {
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", s.Quantile(part).Seconds())
}
