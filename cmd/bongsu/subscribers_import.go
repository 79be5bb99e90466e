package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/store"
)

func importCommand() *cobra.Command {
	var i importer
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take in a list, with source and time of consent on every line",
		Long: `Reads a list line by line, however long it is, and says of every line that it
does not take which one it is, what is wrong and what to write. A line without
the source and the time of consent is not taken. Doing it again changes nothing:
who is there stays as they are, and who left after they gave that consent stays
away.

Columns of our own lists (csv): ` + strings.Join(signup.Columns, ", ") + `. kind,
address, source and consented must be there. Lines one after another with the
same word under person are one person's.

A list of Statuspage's (statuspage) needs the columns that its export has; see
docs/notices.md. FILE may be - for standard input.`,
		Example: `  bongsu subscribers import people.csv --dry-run
  bongsu subscribers import export.csv --format statuspage --topic "Payments API=payment"`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return i.run(c, args[0]) },
	}
	configFlag(c, &i.path)
	c.Flags().StringVar(&i.format, "format", "csv", "csv or statuspage")
	c.Flags().BoolVar(&i.dry, "dry-run", false, "say what would happen and keep nothing")
	c.Flags().StringToStringVar(&i.topics, "topic", nil, "what a service is called in the list, and the id of the component, or group/ID, it is here")
	c.Flags().StringVar(&i.country, "country", "", "of numbers without a country code, such as JP; KR without it")
	return c
}

// importer takes in a list.
type importer struct {
	path, format, country string
	dry                   bool
	topics                map[string]string

	cfg     *config.Config
	now     time.Time
	name    string                                    // of the list, as problems name it
	remark  func(line int, warning bool, text string) // hears what is wrong with a line
	tell    func(format string, args ...any)          // hears how far it has come
	waiting []store.Newcomer
	lines   [][]int // of each newcomer's addresses
	person  string  // the word under person of the last newcomer

	added, there, refused, warned int64
}

// importChunk is how many people one transaction takes in.
const importChunk = 500

// mostAddresses is how many addresses one person may have in a list: one of each
// kind, and no more lines are held back than that.
const mostAddresses = 16

func (i *importer) run(c *cobra.Command, file string) (err error) {
	if _, ok := i.formats()[i.format]; !ok {
		return i.noFormat()
	}
	if i.cfg, err = loadBeside(i.path); err != nil {
		return err
	}
	i.now, i.name = time.Now(), file
	i.remark = func(line int, warning bool, text string) {
		if warning {
			text = "warning: " + text
		}
		fmt.Fprintf(c.OutOrStdout(), "%s:%d: %s\n", file, line, text)
	}
	told := newTeller(c.ErrOrStderr())
	i.tell = told.say
	in := c.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("opening the list: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	return openBeside(c.Context(), i.cfg, func(s *store.Store) error {
		if err := i.takeAll(c.Context(), s, in); err != nil {
			return err
		}
		return i.sum(told)
	})
}

// formats are the forms of list that can be read, by name.
func (i *importer) formats() map[string]signup.Format {
	return map[string]signup.Format{"csv": signup.OwnFormat(), "statuspage": signup.StatuspageFormat()}
}

func (i *importer) noFormat() error {
	return fmt.Errorf("--format: there is no %q; write one of %s", i.format, strings.Join(slices.Sorted(maps.Keys(i.formats())), ", "))
}

// takeAll takes in a list to its end.
func (i *importer) takeAll(ctx context.Context, s *store.Store, in io.Reader) error {
	format, ok := i.formats()[i.format]
	if !ok {
		return i.noFormat()
	}
	list, err := signup.NewList(in, format)
	if err != nil {
		return fmt.Errorf("%s: %w", i.name, err)
	}
	list.Numbers, list.Now = signup.Numbers{Region: i.country}, i.now
	if list.Topics, err = i.known(); err != nil {
		return err
	}
	return i.take(ctx, s, list)
}

// known are the names by which a list may speak of our services.
func (i *importer) known() (map[string]string, error) {
	known := map[string]string{}
	model := i.cfg.Model()
	for _, g := range model.Groups {
		known[notifier.GroupTopic(g.ID)] = notifier.GroupTopic(g.ID)
	}
	for _, component := range model.Components {
		known[component.ID] = component.ID
		for _, name := range component.Name {
			if _, taken := known[strings.ToLower(name)]; !taken {
				known[strings.ToLower(name)] = component.ID
			}
		}
	}
	for name, id := range i.topics {
		topic, ok := known[strings.ToLower(id)]
		if !ok {
			return nil, fmt.Errorf("--topic: the configuration has no component or group %q", id)
		}
		known[strings.ToLower(name)] = topic
	}
	return known, nil
}

// take reads the list to its end.
func (i *importer) take(ctx context.Context, s *store.Store, list *signup.List) error {
	for {
		one, err := list.Next()
		var wrong *signup.LineError
		switch {
		case errors.Is(err, io.EOF):
			return i.save(ctx, s, len(i.waiting))
		case errors.As(err, &wrong):
			i.refuse(wrong.Line, wrong.Text)
			continue
		case err != nil:
			return fmt.Errorf("reading %s: %w", i.name, err)
		}
		i.gather(&one)
		if len(i.waiting) > importChunk { // the last one may have another line
			if err := i.save(ctx, s, importChunk); err != nil {
				return err
			}
			i.tell("line %d: %d added, %d there already, %d refused", one.Line, i.added, i.there, i.refused)
		}
	}
}

func (i *importer) refuse(line int, text string) {
	i.refused++
	i.remark(line, false, text)
}

// gather puts a line with the person it is of.
func (i *importer) gather(one *signup.Listed) {
	if one.Warning != "" {
		i.warned++
		i.remark(one.Line, true, one.Warning)
	}
	a := store.Address{
		Kind: one.Address.Kind, Address: one.Address.Value, Source: one.Source, Consented: one.Consented, Confirmed: one.Confirmed, Suppressed: one.Suppressed,
	}
	if one.Consented.After(i.now) {
		i.refuse(one.Line, "consented lies in the future; write when they gave consent")
		return
	}
	last := len(i.waiting) - 1
	if one.Person != "" && one.Person == i.person && last >= 0 && len(i.waiting[last].Addresses) < mostAddresses {
		i.waiting[last].Addresses, i.lines[last] = append(i.waiting[last].Addresses, a), append(i.lines[last], one.Line)
		return
	}
	sub := store.Subscriber{Lang: one.Lang, Plan: one.Plan, AtLeast: one.AtLeast, Joined: i.now, Wishes: one.Wishes}
	if problem := i.complete(&sub, a.Kind); problem != "" {
		i.refuse(one.Line, problem)
		return
	}
	i.person = one.Person
	i.waiting, i.lines = append(i.waiting, store.Newcomer{Subscriber: sub, Addresses: []store.Address{a}}), append(i.lines, []int{one.Line})
}

// complete fills in what a line leaves out, and says what cannot be.
func (i *importer) complete(sub *store.Subscriber, kind string) (problem string) {
	languages := i.cfg.Model().Site.Languages
	if sub.Lang == "" && len(languages) > 0 {
		sub.Lang = languages[0]
	}
	if !slices.Contains(languages, sub.Lang) {
		return "lang is none of the site's; write one of " + strings.Join(languages, ", ")
	}
	if sub.Plan == "" {
		sub.Plan = planFor(i.cfg, kind)
	}
	if sub.Plan == "" {
		return "no route for subscribers reaches addresses of kind " + kind + "; write a channel of it, and a route, or leave the line out"
	}
	if _, ok := i.cfg.Plans()[sub.Plan]; !ok {
		return "plan is none of the configuration's; write one of " + strings.Join(slices.Sorted(maps.Keys(i.cfg.Plans())), ", ")
	}
	return ""
}

// save takes in the first people that were gathered.
func (i *importer) save(ctx context.Context, s *store.Store, people int) error {
	if people == 0 {
		return nil
	}
	taken, err := s.Import(ctx, i.waiting[:people], i.dry)
	if err != nil {
		return err
	}
	for n := range taken {
		for k, what := range taken[n] {
			switch what {
			case store.Added:
				i.added++
			case store.There:
				i.there++
			case store.HasLeft:
				i.refuse(i.lines[n][k], "left after they gave this consent; take the line out, or let them sign up anew")
			case store.Conflicts:
				i.refuse(i.lines[n][k], "the person has another address of this kind, or it is twice in the list; keep one")
			}
		}
	}
	i.waiting, i.lines = append(i.waiting[:0], i.waiting[people:]...), append(i.lines[:0], i.lines[people:]...)
	return nil
}

// sum tells what came of it all.
func (i *importer) sum(told *teller) error {
	verb := "added"
	if i.dry {
		verb = "would be added"
	}
	told.end("%d %s, %d there already, %d refused, %d with a warning.", i.added, verb, i.there, i.refused, i.warned)
	if i.refused > 0 {
		return fmt.Errorf("%d lines were not taken; what is wrong with each is said above", i.refused)
	}
	return nil
}
