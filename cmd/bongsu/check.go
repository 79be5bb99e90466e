package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bongsu/config"
	"bongsu/probes"
	"bongsu/status"
)

func checkCommand() *cobra.Command {
	var path string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check [COMPONENT…]",
		Short: "Run the checks once and show what they saw",
		Long: `Looks at every component once, or at those named, and prints the result of each
check with its evidence: the steps, their times, the expectation that did not
hold and what was there instead. Secrets are masked.

Exits 1 if any result is not ok.`,
		RunE: func(c *cobra.Command, components []string) error {
			return check(c.Context(), c.OutOrStdout(), path, components, asJSON)
		},
	}
	configFlag(c, &path)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object per check")
	return c
}

// checksAtOnce bounds how many looks `check` has under way.
const checksAtOnce = 32

func check(ctx context.Context, out io.Writer, path string, components []string, asJSON bool) error {
	cfg, err := loadConfig(path, os.LookupEnv)
	if err != nil {
		return err
	}
	wanted, err := chosen(cfg, components)
	if err != nil {
		return err
	}
	results := lookOnce(ctx, cfg, wanted)
	failed := false
	for i, c := range wanted {
		failed = failed || results[i].Outcome != probes.OK
		if asJSON {
			err = json.NewEncoder(out).Encode(newCheckReport(c, results[i]))
		} else {
			err = printResult(out, c, results[i])
		}
		if err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if failed {
		return errSaid
	}
	return nil
}

// chosen are the checks of the components named, or all, the controls included.
func chosen(cfg *config.Config, components []string) ([]config.Check, error) {
	all := cfg.Checks()
	if len(components) == 0 {
		return append(all, cfg.Controls()...), nil
	}
	model := cfg.Model()
	for _, id := range components {
		if !slices.ContainsFunc(model.Components, func(c status.Component) bool { return c.ID == id }) {
			return nil, fmt.Errorf("no component is called %q", id)
		}
	}
	return slices.DeleteFunc(all, func(c config.Check) bool { return !slices.Contains(components, c.Component) }), nil
}

func lookOnce(ctx context.Context, cfg *config.Config, wanted []config.Check) []probes.Result {
	results := make([]probes.Result, len(wanted))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(checksAtOnce)
	for i, c := range wanted {
		if c.Held {
			results[i] = probes.Result{Reason: "not looked at: " + cfg.Waiting()}
			continue
		}
		group.Go(func() error {
			results[i] = probeOf(cfg, c, os.LookupEnv, nil).Probe(ctx, time.Now())
			return nil
		})
	}
	_ = group.Wait() // a look has a result, never an error
	return results
}

// printResult is one line, and the evidence behind it when all is not well.
func printResult(out io.Writer, c config.Check, r probes.Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %s  %s", outcomeWord(r.Outcome), c.ID, r.Took.Round(time.Millisecond))
	if r.Reason != "" {
		fmt.Fprintf(&b, "  %s", r.Reason)
	}
	b.WriteByte('\n')
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "             %s  %s%s\n", s.Action, s.Took.Round(time.Millisecond), phases(s.Phases))
		if s.Expect != "" {
			fmt.Fprintf(&b, "             expected %s\n             saw      %s\n", s.Expect, cmp.Or(s.Seen, "nothing"))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func outcomeWord(o probes.Outcome) string { return cmp.Or(string(o), "inconclusive") }

func phases(all []probes.Phase) string {
	if len(all) == 0 {
		return ""
	}
	parts := make([]string, len(all))
	for i, p := range all {
		parts[i] = fmt.Sprintf("%s %s", p.Name, p.Took.Round(100*time.Microsecond))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// checkReport is a result as JSON: times in milliseconds.
type checkReport struct {
	Check     string       `json:"check"`
	Component string       `json:"component"`
	Outcome   string       `json:"outcome"`
	Reason    string       `json:"reason,omitempty"`
	TookMS    float64      `json:"took_ms"`
	Steps     []stepReport `json:"steps"`
}

type stepReport struct {
	Action string             `json:"action"`
	Status int                `json:"status,omitempty"`
	Expect string             `json:"expect,omitempty"`
	Seen   string             `json:"seen,omitempty"`
	TookMS float64            `json:"took_ms"`
	Phases map[string]float64 `json:"phases_ms,omitempty"`
}

func newCheckReport(c config.Check, r probes.Result) checkReport {
	report := checkReport{
		Check: c.ID, Component: c.Component, Outcome: outcomeWord(r.Outcome), Reason: r.Reason,
		TookMS: inMS(r.Took), Steps: []stepReport{},
	}
	for _, s := range r.Steps {
		step := stepReport{Action: s.Action, Status: s.Status, Expect: s.Expect, Seen: s.Seen, TookMS: inMS(s.Took), Phases: map[string]float64{}}
		for _, p := range s.Phases {
			step.Phases[p.Name] = inMS(p.Took)
		}
		report.Steps = append(report.Steps, step)
	}
	return report
}

func inMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
