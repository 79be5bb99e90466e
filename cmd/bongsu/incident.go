package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/status"
)

func incidentCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "incident",
		Short: "Record statements, expectations and corrections; merge, split and retract",
		Long: `Adds to what the page tells of an incident, which is named by its id or its check
code. Nothing of it turns anything green: that takes measurement. Nothing is ever
taken away either: what a correction replaces stays on show, struck through.

The server takes it up within a second; without one it is kept until one starts.`,
	}
	c.AddCommand(stateCommand(), expectCommand(), correctCommand(), mergeCommand(), splitCommand(), retractCommand())
	return c
}

func stateCommand() *cobra.Command {
	var d deed
	var speaker, said, source string
	var fixed bool
	c := &cobra.Command{
		Use:   "state INCIDENT TEXT",
		Short: "Record what somebody else has said, mostly the failing service's operator",
		Long: `Records a public statement with who made it, when, and where it can be read. The
page shows it as a statement, beside what is measured; it changes no state.`,
		Example: `  bongsu incident state 7F3K --speaker "the operator" --said 16:12 --source https://social.example/1 "We are looking into it."
  bongsu incident state 7F3K --speaker "the operator" --fixed "All work is finished."`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(sayable(args[1]), named("speaker", speaker)); err != nil {
				return err
			}
			return d.run(c.Context(), c.OutOrStdout(), "update %s", func(desk *desk) (status.Command, error) {
				at, err := desk.timeOr("said", said, desk.now)
				if err != nil {
					return status.Command{}, err
				}
				id, err := desk.open(args[0])
				return status.Command{Incident: id, State: &status.Statement{
					Speaker: speaker, Said: at, Source: source, Text: desk.text(args[1]), Fixed: fixed,
				}}, err
			})
		},
	}
	d.flags(c)
	c.Flags().StringVar(&speaker, "speaker", "", "who said it")
	c.Flags().StringVar(&said, "said", "", "when (default: now)")
	c.Flags().StringVar(&source, "source", "", "where it can be read, https://…")
	c.Flags().BoolVar(&fixed, "fixed", false, "it claims that the service works again")
	require(c, "speaker")
	return c
}

func expectCommand() *cobra.Command {
	var d deed
	var speaker, by, expires, source string
	c := &cobra.Command{
		Use:   "expect INCIDENT BASIS",
		Short: "Record when somebody expects the end, and why",
		Long: `Records an expected end. It needs a basis, and a time after which it is worth
nothing: if the incident is not being watched or over by then, the page calls it
not met by itself. Without --by it hangs on something that has not happened yet,
which the basis then says.`,
		Example: `  bongsu incident expect 7F3K --speaker "the operator" --by 20:30 "two hours after power returns at 18:30"
  bongsu incident expect 7F3K --speaker "the operator" --expires "2026-10-16 12:00" "two hours after power returns"`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := errors.Join(sayable(args[1]), named("speaker", speaker)); err != nil {
				return err
			}
			if by == "" && expires == "" {
				return errors.New("write --by, the expected end, or --expires, when an expectation without one is worth nothing any more")
			}
			return d.run(c.Context(), c.OutOrStdout(), "update %s", func(desk *desk) (status.Command, error) {
				end, err := desk.timeOr("by", by, time.Time{})
				if err != nil {
					return status.Command{}, err
				}
				worth, err := desk.timeOr("expires", expires, end)
				if err != nil {
					return status.Command{}, err
				}
				id, err := desk.open(args[0])
				return status.Command{Incident: id, Expect: &status.ETA{
					Speaker: speaker, Basis: desk.text(args[1]), By: end, Expires: worth, Source: source,
				}}, err
			})
		},
	}
	d.flags(c)
	c.Flags().StringVar(&speaker, "speaker", "", "who expects it")
	c.Flags().StringVar(&by, "by", "", "the expected end")
	c.Flags().StringVar(&expires, "expires", "", "when it is worth nothing any more (default: --by)")
	c.Flags().StringVar(&source, "source", "", "where it can be read, https://…")
	require(c, "speaker")
	return c
}

func correctCommand() *cobra.Command {
	var d deed
	var began, resolved, cause, source string
	c := &cobra.Command{
		Use:   "correct INCIDENT REASON",
		Short: "Correct the onset, the end or the cause, also of an incident that is over",
		Long: `Corrects one thing that the page tells of an incident. The page shows the new value
with the reason, and the old one struck through; both are kept for ever.

A cause is component:ID, domain:ID, or in words stated:WHAT.`,
		Example: `  bongsu incident correct 7F3K --began "2026-10-15 15:27" "the ministry counts from the first failing node"
  bongsu incident correct 7F3K --cause domain:dc-south "a fire there, says the operator"`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := sayable(args[1]); err != nil {
				return err
			}
			field, value, err := oneOf(began, resolved, cause)
			if err != nil {
				return err
			}
			return d.run(c.Context(), c.OutOrStdout(), "update %s", func(desk *desk) (status.Command, error) {
				if field != status.CorrectCause {
					at, err := desk.time(string(field), value)
					if err != nil {
						return status.Command{}, err
					}
					value = at.Format(time.RFC3339)
				}
				id, err := desk.shown(args[0])
				return status.Command{Incident: id, Correct: &status.Correction{
					Field: field, Is: value, Reason: desk.text(args[1]), Source: source,
				}}, err
			})
		},
	}
	d.flags(c)
	c.Flags().StringVar(&began, "began", "", "when it really began")
	c.Flags().StringVar(&resolved, "resolved", "", "when it was really over")
	c.Flags().StringVar(&cause, "cause", "", "what it really came from: component:ID, domain:ID or stated:WHAT")
	c.Flags().StringVar(&source, "source", "", "where that can be read, https://…")
	return c
}

// oneOf is the one thing that a correction corrects.
func oneOf(began, resolved, cause string) (field status.CorrectionField, value string, err error) {
	set := 0
	for _, one := range []struct {
		field status.CorrectionField
		value string
	}{
		{status.CorrectBegan, began}, {status.CorrectResolved, resolved}, {status.CorrectCause, cause},
	} {
		if one.value != "" {
			field, value = one.field, one.value
			set++
		}
	}
	if set != 1 {
		return "", "", errors.New("write exactly one of --began, --resolved and --cause")
	}
	return field, value, nil
}

func mergeCommand() *cobra.Command {
	var d deed
	c := &cobra.Command{
		Use:     "merge INCIDENT INTO",
		Short:   "Let another incident go on with what this one tells",
		Example: "  bongsu incident merge 7F3K 9Q2M",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return d.run(c.Context(), c.OutOrStdout(), "incident %s", func(desk *desk) (status.Command, error) {
				id, err := desk.open(args[0])
				if err != nil {
					return status.Command{}, err
				}
				into, err := desk.open(args[1])
				return status.Command{Incident: id, Merge: into}, err
			})
		},
	}
	d.flags(c)
	return c
}

func splitCommand() *cobra.Command {
	var d deed
	c := &cobra.Command{
		Use:     "split INCIDENT COMPONENT...",
		Short:   "Let some components go on as an incident of their own",
		Example: "  bongsu incident split 7F3K taxi payment",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return d.run(c.Context(), c.OutOrStdout(), "incident %s", func(desk *desk) (status.Command, error) {
				id, err := desk.open(args[0])
				return status.Command{Incident: id, Split: args[1:]}, err
			})
		},
	}
	d.flags(c)
	return c
}

func retractCommand() *cobra.Command {
	var d deed
	c := &cobra.Command{
		Use:   "retract INCIDENT REASON",
		Short: "Take back a false alarm, as loudly as it was raised",
		Long: `Ends an incident as a false alarm: the page says so as prominently as it said the
outage, and whoever was told of the outage is told that there was none. While
something of it still fails it is refused: mend the check first.`,
		Example: `  bongsu incident retract 7F3K "Our check asked the wrong address. The service worked throughout."`,
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := sayable(args[1]); err != nil {
				return err
			}
			return d.run(c.Context(), c.OutOrStdout(), "update %s", func(desk *desk) (status.Command, error) {
				id, err := desk.open(args[0])
				return status.Command{Incident: id, Retract: desk.text(args[1])}, err
			})
		},
	}
	d.flags(c)
	return c
}

// timeOr reads a flag's time, or is the other one if the flag is empty.
func (d *desk) timeOr(flag, text string, or time.Time) (time.Time, error) {
	if text == "" {
		return or, nil
	}
	return d.time(flag, text)
}

// named checks what the page is to call a speaker.
func named(flag, name string) error {
	if strings.TrimSpace(name) == "" {
		return fmt.Errorf("--%s: is empty; write who it is", flag)
	}
	if err := nameable(name); err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return nil
}
