package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"bongsu/status"
	"bongsu/web/account"
)

func silenceCommand() *cobra.Command {
	var d deed
	var reason, until string
	var span time.Duration
	var lift bool
	c := &cobra.Command{
		Use:   "silence COMPONENT",
		Short: "Keep a component's failures from being told for a while, or with --lift tell them again",
		Long: `While a component is silenced, nobody is sent anything about its failures but what
a person writes: not subscribers, not operators. The page goes on showing the truth.
An incident in which something else fails too is told as ever. The silence ends by
itself; what still fails then is told then. It is on the audit log.`,
		Example: `  bongsu silence payment --for 2h --reason "The operator works on it and has told everybody."
  bongsu silence payment --until "2026-12-01 05:00" --reason "Known fault 4711."
  bongsu silence payment --lift`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return d.run(c.Context(), c.OutOrStdout(), "the silence of %s", func(desk *desk) (status.Command, error) {
				if lift {
					return status.Command{Lift: args[0]}, desk.noteSilence(c.Context(), d.author, args[0], "asks for the end of its silence")
				}
				end, err := desk.silenceEnd(span, until)
				if err == nil {
					err = sayable(reason)
				}
				if err != nil {
					return status.Command{}, err
				}
				command := status.Command{Silence: &status.Silence{Component: args[0], Reason: reason, Until: end}}
				return command, desk.noteSilence(c.Context(), d.author, args[0], "asks for its silence until "+end.UTC().Format(time.RFC3339)+": "+reason)
			})
		},
	}
	d.flags(c)
	c.Flags().StringVar(&reason, "reason", "", "why, for operators, in one line")
	c.Flags().DurationVar(&span, "for", 0, "how long it lasts, up to 720h")
	c.Flags().StringVar(&until, "until", "", "when it ends, in place of --for")
	c.Flags().BoolVar(&lift, "lift", false, "end the silence now")
	c.MarkFlagsMutuallyExclusive("for", "until", "lift")
	c.MarkFlagsMutuallyExclusive("reason", "lift")
	return c
}

// silenceEnd is when a silence ends.
func (d *desk) silenceEnd(span time.Duration, until string) (time.Time, error) {
	switch {
	case until != "":
		return d.time("until", until)
	case span > 0:
		return d.now.Add(span), nil
	default:
		return time.Time{}, errors.New("write --for, how long, or --until, when it ends")
	}
}

// noteSilence puts on the audit log what is asked for at the shell.
func (d *desk) noteSilence(ctx context.Context, author, component, detail string) error {
	return d.Audit(ctx, account.Entry{
		At: d.now, Who: account.Who{ID: atTheShell().ID, Name: author, Role: account.Admin}, Deed: account.Watch, About: "component:" + component, Detail: detail,
	})
}
