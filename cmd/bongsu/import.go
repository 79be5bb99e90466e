package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/config/imports"
	"bongsu/notifier/words"
	"bongsu/store"
)

func importFromCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Take over what another tool keeps: its checks, its groups, its history",
		Long: `Reads what another tool keeps and says of each thing what becomes of it: carried
over and as what, changed and in which way, or left behind and why. Nothing is
written unless it is asked for, and nothing is ever overwritten.

--write DIR writes bongsu.yaml, which ` + "`bongsu validate`" + ` passes once the variables are
set that it names; a person has to look at what is marked "decide:". --database
keeps what is over: past incidents with what was said in them, and planned work.
Secrets are not copied: in their place stands the name of a variable.`,
	}
	for _, s := range imports.Sources() {
		c.AddCommand(importFromOne(s))
	}
	return c
}

func importFromOne(s imports.Source) *cobra.Command {
	t := takeover{source: s}
	c := &cobra.Command{
		Use:   s.Name + " FILE...",
		Short: "Take over " + s.Doc,
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return t.run(c, args) },
	}
	c.Example = "  bongsu import " + s.Name + " FILE\n  bongsu import " + s.Name + " FILE --write newfolder"
	c.Flags().StringVar(&t.dir, "write", "", "the folder to write bongsu.yaml into, with its keys; made if need be")
	c.Flags().StringVar(&t.lang, "lang", "en", "the language its texts are in: ko, ja or en")
	c.Flags().BoolVar(&t.database, "database", false, "keep what is over in the database that --config names")
	configFlag(c, &t.config)
	if len(s.Pages) > 0 {
		c.Use = s.Name + " FILE...|URL"
		c.Example = "  bongsu import " + s.Name + " https://status.example\n  bongsu import " + s.Name + " summary.json incidents.json --write newfolder"
		c.Flags().BoolVar(&t.private, "allow-private", false, "let the address be one inside of a network, and without https")
	}
	return c
}

// takeover is one import.
type takeover struct {
	source   imports.Source
	dir      string
	lang     string
	config   string
	database bool
	private  bool
}

func (t *takeover) run(c *cobra.Command, args []string) error {
	if !slices.Contains(config.Languages, t.lang) {
		return fmt.Errorf("--lang: there is no %q; write one of %s", t.lang, strings.Join(config.Languages, ", "))
	}
	files, err := t.read(c, args)
	if err != nil {
		return err
	}
	got, err := t.source.Read(imports.Options{Lang: t.lang, Now: time.Now()}, files)
	if err != nil {
		return err
	}
	settled := got.Settle(judgeImport)
	out := c.OutOrStdout()
	for _, l := range got.Report {
		fmt.Fprintln(out, l)
	}
	for _, v := range got.Variables {
		fmt.Fprintf(out, "set      %s: %s\n", v.Name, v.What)
	}
	fmt.Fprintf(out, "%s; %d carried over, %d changed, %d left behind; %s and %s of history.\n", counted(got.Components(), "component"),
		got.Count(imports.Carried), got.Count(imports.Changed), got.Count(imports.Left),
		counted(len(got.Incidents), "incident"), counted(len(got.Maintenance), "planned work", "planned works"))
	if onlyHistory := t.database && t.dir == "" && errors.Is(settled, imports.ErrNothing); settled != nil && !onlyHistory {
		return settled
	}
	return t.keep(c, got)
}

// keep writes what is asked for.
func (t *takeover) keep(c *cobra.Command, got *imports.Import) error {
	if t.dir != "" {
		if err := writeImport(c.OutOrStdout(), t.dir, got.YAML()); err != nil {
			return err
		}
	}
	if t.database {
		return t.remember(c, got)
	}
	if t.dir == "" {
		fmt.Fprintln(c.OutOrStdout(), "Nothing was written: --write DIR writes the configuration, --database keeps the history.")
	}
	return nil
}

// judgeImport is what validate would say.
func judgeImport(text []byte) []imports.Fault {
	cfg, err := config.Parse("bongsu.yaml", text, readOptions(nil))
	var faults []imports.Fault
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range problems {
			faults = append(faults, imports.Fault{Path: p.Path, Text: p.Text})
		}
		return faults
	}
	if err != nil {
		return []imports.Fault{{Text: err.Error()}}
	}
	_, wrong := words.Try(cfg.Model(), allClasses(cfg))
	for _, p := range wrong {
		faults = append(faults, imports.Fault{Path: p.Path, Text: p.Text})
	}
	return faults
}

// writeImport writes the configuration, and keys unless there are some.
func writeImport(out io.Writer, dir string, text []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the operator's own folder, with nothing secret in its listing
		return fmt.Errorf("making the folder: %w", err)
	}
	path := filepath.Join(dir, "bongsu.yaml")
	if err := writeNew(path, string(text), 0o644); err != nil {
		return fmt.Errorf("%w; move it away, or choose another folder", err)
	}
	fmt.Fprintf(out, "wrote %s\n", path)
	keys := filepath.Join(dir, "bongsu.keys")
	if _, err := os.Lstat(keys); err == nil {
		return nil
	}
	if err := writeNew(keys, store.NewKeys(), 0o600); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "wrote %s\n", keys)
	return err
}
