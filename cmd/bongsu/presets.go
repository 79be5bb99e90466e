package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"bongsu/config"
)

func presetsCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "presets [ID]",
		Short: "List the ready-made checks, or print one whole",
		Long: `Lists the ready-made checks of services that everybody knows, by group: how far
each looks, how often it may, and what it needs from you.

With an ID it prints one whole: what it asks, what its success proves, where
that is described, what could not be confirmed, and a check to paste.`,
		Example: `  bongsu presets
  bongsu presets kakao/oauth-negative`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return presets(c.OutOrStdout(), args, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func presets(out io.Writer, ids []string, asJSON bool) error {
	all, err := config.Presets(kinds())
	if err != nil {
		return fmt.Errorf("reading presets: %w", err)
	}
	if len(ids) == 0 {
		if asJSON {
			return printJSON(out, presetReports(all))
		}
		return listPresets(out, all)
	}
	i := slices.IndexFunc(all, func(p config.Preset) bool { return p.ID == ids[0] })
	if i < 0 {
		return fmt.Errorf("no preset is called %q; `bongsu presets` lists them", ids[0])
	}
	if asJSON {
		return printJSON(out, newPresetReport(all[i]))
	}
	_, err = io.WriteString(out, describePreset(all[i]))
	return err
}

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// groupsInOrder are the groups of the presets, in the order in which an outage
// of them is felt.
var groupsInOrder = []string{"login", "chat", "maps", "payments", "ride-hailing", "sms"}

// byGroup sorts presets by group; groups that have no order come last.
func byGroup(all []config.Preset) (groups []string, of map[string][]config.Preset) {
	of = make(map[string][]config.Preset)
	for _, p := range all {
		of[p.Group] = append(of[p.Group], p)
	}
	for _, group := range append(slices.Clone(groupsInOrder), slices.Sorted(maps.Keys(of))...) {
		if len(of[group]) > 0 && !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups, of
}

func listPresets(out io.Writer, all []config.Preset) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	groups, of := byGroup(all)
	fmt.Fprintln(table, "PRESET\tDEPTH\tSCOPE\tFLOOR\tLOOKS A DAY\tNEEDS")
	for _, group := range groups {
		fmt.Fprintf(table, "%s\t\t\t\t\t\n", group)
		for _, p := range of[group] {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%d of %d\t%s\n", p.ID, p.Depth, scopeOf(p), brief(p.Floor), usualLooks(p), p.Daily, needs(p))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(out, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func scopeOf(p config.Preset) string {
	if p.Sandbox {
		return "sandbox"
	}
	return "production"
}

// usualLooks is how many looks a day a check has that does not say how often.
func usualLooks(p config.Preset) int { return int(24 * time.Hour / p.Every) }

// needs names what a check must give the preset.
func needs(p config.Preset) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		if p.Params[name].Required {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// brief writes a duration as people do: 2m, not 2m0s.
func brief(d time.Duration) string {
	s := d.String()
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}

// describePreset is all there is to know about a preset.
func describePreset(p config.Preset) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  (%s, depth %s, %s)\n\n", p.ID, p.Group, p.Depth, scopeOf(p))
	b.WriteString(wrapped("", "", p.Doc))
	if p.Label != "" {
		fmt.Fprintf(&b, "The page calls it %q.\n", p.Label)
	}
	b.WriteString("\nAsks\n")
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "  %s %s\n", s.Action, s.Target)
		for _, condition := range s.Expect {
			fmt.Fprintf(&b, "      %s\n", condition)
		}
		if len(s.Ours) > 0 {
			fmt.Fprintf(&b, "    our own trouble, if\n      %s\n", strings.Join(s.Ours, "\n      "))
		}
	}
	b.WriteString("\nHow often\n")
	b.WriteString(wrapped("  ", "  ", cadence(p)))
	b.WriteString("\nParameters\n")
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		b.WriteString(wrapped("  ", "      ", name+": "+aboutParam(p.Params[name])))
	}
	b.WriteString("\nSource\n")
	for _, text := range p.Source {
		b.WriteString(wrapped("  ", "  ", text))
	}
	b.WriteString("\nDoubts\n")
	for _, text := range p.Doubts {
		b.WriteString(wrapped("  ", "  ", text))
	}
	return b.String() + "\nA check to paste\n" + snippet(p)
}

// cadence says how often a preset looks and may look.
func cadence(p config.Preset) string {
	return fmt.Sprintf("Every %s if nothing is said, which is %d looks a day; never more often than every %s. Rechecks come at least %s after a look, and no day has more than %d looks in all. A look takes at most %s.",
		brief(p.Every), usualLooks(p), brief(p.Floor), brief(p.RecheckFloor), p.Daily, brief(p.Timeout))
}

func aboutParam(p config.Param) string {
	switch {
	case p.Secret:
		return p.Doc + " A secret: write env:NAME."
	case p.Required:
		return p.Doc + " Needed."
	default:
		return fmt.Sprintf("%s If not given: %s", p.Doc, p.Default)
	}
}

// snippet is a check that uses the preset, as it stands in a configuration.
func snippet(p config.Preset) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  checks:\n    - preset: %s\n", p.ID)
	needed := slices.DeleteFunc(slices.Sorted(maps.Keys(p.Params)), func(name string) bool { return !p.Params[name].Required })
	if len(needed) > 0 {
		b.WriteString("      with:\n")
	}
	for _, name := range needed {
		fmt.Fprintf(&b, "        %s: %q  # %s\n", name, stopgap(p, name), p.Params[name].Doc)
	}
	return b.String()
}

// stopgap stands where the operator's own value goes: the name of a variable
// for a secret.
func stopgap(p config.Preset, name string) string {
	if !p.Params[name].Secret {
		return "fill-in.example"
	}
	operator, _, _ := strings.Cut(p.ID, "/")
	return "env:" + strings.ToUpper(strings.ReplaceAll(operator+"_"+name, "-", "_"))
}

// wide is how many characters a line of a description may have.
const wide = 80

// wrapped breaks a text into lines, the first behind one indent and the rest
// behind another.
func wrapped(first, rest, text string) string {
	var b strings.Builder
	line, empty := first, true
	for word := range strings.FieldsSeq(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > wide {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return b.String() + line + "\n"
}

// presetReport is a preset as JSON: times in seconds.
type presetReport struct {
	ID           string        `json:"id"`
	Group        string        `json:"group"`
	Doc          string        `json:"doc"`
	Label        string        `json:"label,omitempty"`
	Depth        string        `json:"depth"`
	Scope        string        `json:"scope"`
	Floor        float64       `json:"floor_seconds"`
	RecheckFloor float64       `json:"recheck_floor_seconds"`
	Every        float64       `json:"every_seconds"`
	Timeout      float64       `json:"timeout_seconds"`
	Looks        int           `json:"looks_a_day"`
	Daily        int           `json:"daily_budget"`
	Steps        []stepAsked   `json:"steps"`
	Params       []paramReport `json:"params"`
	Source       []string      `json:"source"`
	Doubts       []string      `json:"doubts"`
	Snippet      string        `json:"yaml"`
}

type stepAsked struct {
	Action string   `json:"action"`
	Target string   `json:"target"`
	Expect []string `json:"expect"`
	Ours   []string `json:"our_own_trouble,omitempty"`
}

type paramReport struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Default  string `json:"default,omitempty"`
	Required bool   `json:"required"`
	Secret   bool   `json:"secret"`
}

func presetReports(all []config.Preset) []presetReport {
	reports := make([]presetReport, 0, len(all))
	for _, p := range all {
		reports = append(reports, newPresetReport(p))
	}
	return reports
}

func newPresetReport(p config.Preset) presetReport {
	report := presetReport{
		ID: p.ID, Group: p.Group, Doc: p.Doc, Label: p.Label, Depth: p.Depth.String(), Scope: scopeOf(p),
		Floor: p.Floor.Seconds(), RecheckFloor: p.RecheckFloor.Seconds(), Every: p.Every.Seconds(), Timeout: p.Timeout.Seconds(),
		Looks: usualLooks(p), Daily: p.Daily, Source: p.Source, Doubts: p.Doubts, Params: []paramReport{}, Snippet: snippet(p),
	}
	for _, s := range p.Steps {
		report.Steps = append(report.Steps, stepAsked(s))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		param := p.Params[name]
		report.Params = append(report.Params, paramReport{name, param.Doc, param.Default, param.Required, param.Secret})
	}
	return report
}
