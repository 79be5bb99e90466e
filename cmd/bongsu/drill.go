package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/drill/scenario"
	"bongsu/drill/score"
)

func drillCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "drill",
		Short: "Replay a real outage through the production code, and score it",
		Long: `Replays an outage on virtual time: the services fail as they did, and the rules,
the ledger and the texts are the ones that run in production. A drill takes
seconds where the outage took days, asks no service and reaches no phone: its
probes and its gateways have no way but the simulated city in memory. All that it
words is marked 훈련, 訓練 or exercise.

docs/drills.md explains the scenarios and how to write one.`,
	}
	c.AddCommand(drillRunCommand(), drillListCommand())
	return c
}

func drillListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the scenarios that come with the program",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := scenario.Shipped()
			if err != nil {
				return err
			}
			return listScenarios(c.OutOrStdout(), all)
		},
	}
}

func listScenarios(out io.Writer, all []*scenario.Scenario) error {
	for _, s := range all {
		lasts := strings.TrimSuffix(s.End.Sub(s.Start).String(), "0s")
		_, err := fmt.Fprintf(out, "%-24s %s\n%24s %s\n%24s targets: %d, events: %d, expectations: %d, lasts %s\n",
			s.ID, s.Title.In("en"), "", s.About.In("en"), "", len(s.Targets), len(s.Events), len(s.Expect), lasts)
		if err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	return nil
}

// drillOptions are what `drill run` is told.
type drillOptions struct {
	config    string
	cast      []string
	asJSON    bool
	html, svg string
	quiet     bool
}

func drillRunCommand() *cobra.Command {
	var o drillOptions
	c := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Replay a scenario and print the scorecard",
		Long: `Replays a scenario, by the name that ` + "`bongsu drill list`" + ` gives it or from a file of
your own, and prints the scorecard: each expectation with its source and the
evidence, the first words beside those of real outages, every incident and every
text. The same scenario gives the same bytes each time.

Without -c it runs with a configuration made from the scenario. With -c FILE it
runs with your own: what it names by the scenario's ids, by --map, or by a preset
or operator of the same service takes the target's place; presets look at
stand-ins of their services, other checks are answered by the target's mode.
Your gateways are replaced by the city's, whatever their base_url says. What
nothing stands for is said to be not applicable.

Exits 1 if an expectation is broken.`,
		Example: `  bongsu drill run kakao-2022-10-15
  bongsu drill run own-network-dies --json
  bongsu drill run kakao-2022-10-15 -c bongsu.yaml --map kakao-pay-checkout=pay --html card.html`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return drillRun(c.Context(), c.OutOrStdout(), c.ErrOrStderr(), args[0], o)
		},
	}
	c.Flags().StringVarP(&o.config, "config", "c", "", "a configuration of your own; without it one is made from the scenario")
	c.Flags().StringArrayVar(&o.cast, "map", nil, "TARGET=COMPONENT: the component of your configuration that plays a target; may be repeated")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print the scorecard as JSON")
	c.Flags().StringVar(&o.html, "html", "", "write the scorecard as a page too")
	c.Flags().StringVar(&o.svg, "svg", "", "write the picture of the states too")
	c.Flags().BoolVar(&o.quiet, "quiet", false, "no progress on standard error")
	return c
}

func drillRun(ctx context.Context, out, errs io.Writer, name string, o drillOptions) error {
	s, err := findScenario(name)
	if err != nil {
		return err
	}
	record, err := rehearse(ctx, s, o, progress(errs, s, o.quiet))
	if err != nil {
		return err
	}
	card := record.Card()
	if err := writeCard(out, card, o); err != nil {
		return err
	}
	if !card.Passed {
		return errSaid
	}
	return nil
}

// findScenario is a shipped scenario, or one in a file.
func findScenario(name string) (*scenario.Scenario, error) {
	if !strings.ContainsAny(name, "./\\") {
		return scenario.Named(name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the scenario: %w", err)
	}
	return scenario.Parse(name, data)
}

func writeCard(out io.Writer, card *score.Card, o drillOptions) error {
	write := card.Text
	if o.asJSON {
		write = card.JSON
	}
	var failed error
	for _, to := range []struct {
		file  string
		write func(io.Writer) error
	}{{o.html, card.HTML}, {o.svg, card.SVG}} {
		if to.file == "" {
			continue
		}
		var page bytes.Buffer
		err := to.write(&page)
		if err == nil {
			err = os.WriteFile(to.file, page.Bytes(), 0o644) //nolint:gosec // a scorecard is for everybody
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("writing %s: %w", to.file, err))
		}
	}
	if err := write(out); err != nil {
		failed = errors.Join(failed, fmt.Errorf("printing the scorecard: %w", err))
	}
	return failed
}

// progress tells of each virtual day, so that a long drill does not look dead.
func progress(errs io.Writer, s *scenario.Scenario, quiet bool) func(time.Time) {
	told := s.Start
	return func(at time.Time) {
		if quiet || at.Sub(told) < 12*time.Hour {
			return
		}
		told = at
		fmt.Fprintf(errs, "%s  %.0f %%\n", at.In(s.Location()).Format("2 Jan 15:04"),
			100*at.Sub(s.Start).Seconds()/s.End.Sub(s.Start).Seconds())
	}
}

// rehearse runs a drill and returns what it left behind.
func rehearse(ctx context.Context, s *scenario.Scenario, o drillOptions, tell func(time.Time)) (_ *score.Record, err error) {
	folder, err := os.MkdirTemp("", "bongsu-drill-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the drill's database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	p, err := production(s, o)
	if err != nil {
		return nil, err
	}
	r, err := newRig(ctx, s, p, folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	return r.run(ctx, tell)
}

// production is the configuration of the drill: the scenario's own, or the
// user's.
func production(s *scenario.Scenario, o drillOptions) (*troupe, error) {
	if o.config == "" {
		if len(o.cast) > 0 {
			return nil, errors.New("--map names components of a configuration; write -c FILE with it")
		}
		return ownTroupe(s), nil
	}
	// Without the environment the form of secrets is checked and none is read:
	// a drill needs none, and could give none away.
	cfg, err := config.Load(o.config, readOptions(nil))
	if err != nil {
		return nil, err
	}
	return guestTroupe(s, cfg, o.cast)
}
