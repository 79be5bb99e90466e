package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/store"
)

func reachCommand() *cobra.Command {
	var path, failed string
	var asJSON bool
	c := &cobra.Command{
		Use:   "reach",
		Short: "Rehearse who would hear if a component or a failure domain failed",
		Long: `Counts the subscribers as they are now and says, for the failure of a component or
of a failure domain, how many would hear by which channel and gateways, within
what time at the configured rates, at what cost for the very first words of that
failure, and how many would hear nothing. Nothing is sent.`,
		Example: `  bongsu reach --fail kakaotalk-text
  bongsu reach --fail dc-pangyo --json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadBeside(path)
			if err != nil {
				return err
			}
			if err := canFail(cfg, failed); err != nil {
				return err
			}
			return openBeside(c.Context(), cfg, func(s *store.Store) error {
				crowds, err := s.Crowds(c.Context(), addressKinds(cfg))
				if err != nil {
					return err
				}
				town := townOf(cfg)
				town.Texts = firstWords(cfg, failed)
				return writeReach(c.OutOrStdout(), failed, slices.Contains(cfg.Domains, failed), town.Rehearse(failed, crowds), asJSON)
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&failed, "fail", "", "the component or failure domain that fails")
	c.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	require(c, "fail")
	return c
}

// canFail says whether the configuration knows something by that name.
func canFail(cfg *config.Config, id string) error {
	known := slices.Clone(cfg.Domains)
	model := cfg.Model()
	for i := range model.Components {
		known = append(append(known, model.Components[i].ID), model.Components[i].Domains...)
	}
	for _, c := range cfg.Channels() {
		for _, p := range cfg.Paths(c.ID) {
			known = append(known, p.Domains...)
		}
	}
	if slices.Contains(known, id) {
		return nil
	}
	slices.Sort(known)
	return fmt.Errorf("--fail: nothing is called %q; write one of %s", id, strings.Join(slices.Compact(known), ", "))
}

// addressKinds are the kinds of address that the channels need.
func addressKinds(cfg *config.Config) []string {
	var kinds []string
	for _, c := range cfg.Channels() {
		if c.Target == "" && !slices.Contains(kinds, c.Kind) {
			kinds = append(kinds, c.Kind)
		}
	}
	return kinds
}

// townOf is the configuration as a rehearsal sees it: no gateway is opened.
func townOf(cfg *config.Config) *notifier.Town {
	town := &notifier.Town{Paths: map[string][]notifier.Path{}, Plans: cfg.Plans(), Audiences: cfg.Audiences()}
	for _, c := range cfg.Channels() {
		out := notifier.Channel{ID: c.ID, Kind: c.Kind, Class: c.Class, Target: c.Target}
		for _, g := range c.Gateways {
			out.Gateways = append(out.Gateways, notifier.Route{Name: g.Name, Rate: g.Rate, Price: g.Price, PriceLong: g.PriceLong, Parts: g.Parts, Weight: g.Weight})
		}
		town.Channels = append(town.Channels, out)
		town.Paths[c.ID] = cfg.Paths(c.ID)
	}
	return town
}

func writeReach(out io.Writer, failed string, own bool, heard []notifier.Heard, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			Failed string           `json:"failed"`
			Own    bool             `json:"this_server_stands_in_it"`
			Heard  []notifier.Heard `json:"heard"`
		}{failed, own, heard})
	}
	fmt.Fprintf(out, "If %s fails:\n\n", failed)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AUDIENCE\tPLAN\tBY\tPEOPLE\tWITHIN\tCOST")
	for i := range heard {
		h := &heard[i]
		by, within := h.Channel+" ("+strings.Join(h.Gateways, ", ")+")", "no rate configured"
		if h.Seconds > 0 {
			within = roughly(max(h.Took(), time.Second))
		}
		if h.Channel == "" {
			by, within = "nothing: "+h.Why, "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", h.Audience, h.Plan, by, h.People, within, costText(h.Costs))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if own {
		fmt.Fprintf(out, "\nThis server stands in %s itself: without another one elsewhere on the same database nobody hears anything.\n", failed)
	}
	return nil
}

func costText(costs []notifier.MoneyAmount) string {
	if len(costs) == 0 {
		return "-"
	}
	parts := make([]string, len(costs))
	for i, c := range costs {
		parts[i] = fmt.Sprintf("%d.%03d %s", c.Milli/1000, c.Milli%1000, c.Currency)
		parts[i] = strings.Replace(parts[i], ".000 ", " ", 1)
	}
	return strings.Join(parts, " + ")
}
