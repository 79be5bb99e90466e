package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/notifier/signup"
	"bongsu/store"
)

func subscribersCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "subscribers",
		Short: "Take in and write out lists of who is told; show or erase one person",
		Long: `Lists of subscribers are CSV in UTF-8, one address a line. What is shown of an
address is masked; only export and show --clear write addresses in clear.`,
	}
	c.AddCommand(importCommand(), exportCommand(), showCommand(), eraseCommand())
	return c
}

func exportCommand() *cobra.Command {
	var path, out string
	c := &cobra.Command{
		Use:   "export",
		Short: "Write everybody who is told as a list, addresses in clear",
		Long: `Writes a list that "bongsu subscribers import" reads: one address a line, with
the source and the time of consent. It holds addresses in clear: keep it as you
keep the keys. A field that a spreadsheet would take for a formula begins with
an apostrophe.`,
		Example: "  bongsu subscribers export --out people.csv",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) (err error) {
				to := c.OutOrStdout()
				if out != "" {
					file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
					if err != nil {
						return fmt.Errorf("--out: %w", err)
					}
					defer func() { err = errors.Join(err, file.Close()) }()
					to = file
				}
				return exportPeople(c, s, to)
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&out, "out", "", "a new file to write to, which only you can read; standard output without it")
	return c
}

// exportChunk is how many people are read at once.
const exportChunk = 1000

func exportPeople(c *cobra.Command, s *store.Store, to io.Writer) error {
	w := bufio.NewWriter(to)
	_, _ = w.WriteString(signup.Cells(signup.Columns)) // a writer keeps its first error, and Flush gives it
	var written, after int64
	told := newTeller(c.ErrOrStderr())
	for {
		people, err := s.OpenedAfter(c.Context(), after, exportChunk)
		if err != nil {
			return err
		}
		for i := range people {
			for _, line := range listed(&people[i]) {
				_, _ = w.WriteString(line.Cells())
				written++
			}
			after = people[i].ID
		}
		if len(people) == 0 {
			break
		}
		told.say("%d addresses written", written)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the list: %w", err)
	}
	told.end("%d addresses written.", written)
	return nil
}

// listed are somebody's addresses as lines of a list.
func listed(p *store.Opened) []signup.Listed {
	var lines []signup.Listed
	for _, a := range p.Addresses {
		line := signup.Listed{
			Address: signup.Address{Kind: a.Kind, Value: a.Address}, Lang: p.Lang, Plan: p.Plan, AtLeast: p.AtLeast, Wishes: p.Wishes,
			Source: a.Source, Consented: a.Consented, Confirmed: a.Confirmed, Suppressed: a.Suppressed,
		}
		if len(p.Addresses) > 1 {
			line.Person = strconv.FormatInt(p.ID, 10)
		}
		lines = append(lines, line)
	}
	return lines
}

func showCommand() *cobra.Command {
	var path string
	var open bool
	c := &cobra.Command{
		Use:   "show WHO",
		Short: "Show what is kept of somebody",
		Long: `Shows what is kept of somebody. WHO is their number, an address of theirs as it
is masked ("+82*******678"), or the address itself. With --clear, for somebody
who asks what is kept of them, it writes all of it as JSON, addresses in clear.`,
		Example: "  bongsu subscribers show 'jo***@mail.example'",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				found, err := findPeople(c, s, args[0])
				if err != nil {
					return err
				}
				if !open {
					return listPeople(c, found)
				}
				if len(found) > 1 {
					return errSeveral(found)
				}
				return disclose(c, s, found[0])
			})
		},
	}
	configFlag(c, &path)
	c.Flags().BoolVar(&open, "clear", false, "write everything as JSON, addresses in clear")
	return c
}

func eraseCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "erase WHO",
		Short: "Forget somebody for good; what was sent keeps its counts",
		Long: `Forgets the addresses and the wishes of somebody, and what gateways wrote of
single tries. What was sent to them stays counted, under a number with nobody
behind it. A keyed hash of each address stays, so that an old list does not
bring them back; it tells nobody the address.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				found, err := findPeople(c, s, args[0])
				if err != nil {
					return err
				}
				if len(found) > 1 {
					return errSeveral(found)
				}
				if err := s.Erase(c.Context(), found[0].ID, time.Now()); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "Subscriber %d is erased.\n", found[0].ID)
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}

// manyPeople is how many are shown at most.
const manyPeople = 50

// findPeople finds who is meant.
func findPeople(c *cobra.Command, s *store.Store, who string) ([]store.Subscriber, error) {
	var found []store.Subscriber
	if id, err := strconv.ParseInt(who, 10, 64); err == nil && id > 0 && id < 1<<40 && who[0] != '0' {
		one, err := s.Subscribers(c.Context(), id-1, 1)
		if err != nil {
			return nil, err
		}
		if len(one) == 1 && one[0].ID == id {
			found = one
		}
	}
	if found == nil {
		var err error
		if found, err = s.SubscribersLike(c.Context(), who, sames(who), manyPeople); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, errors.New("nobody who is told is known by that; write a number, a masked address such as '+82*******678', or an address")
	}
	return found, nil
}

// sames are what makes an address the same as one, whatever kind it is of.
func sames(typed string) []string {
	var all []string
	for _, kind := range signup.KindIDs() {
		if a, err := signup.Read(kind, typed, signup.Numbers{Possible: true, Simulation: true}); err == nil && !slices.Contains(all, a.Same) {
			all = append(all, a.Same)
		}
	}
	return all
}

func errSeveral(found []store.Subscriber) error {
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	return fmt.Errorf("that is the mask of %d people, with the numbers %v; write one of these", len(found), ids)
}

func listPeople(c *cobra.Command, found []store.Subscriber) error {
	for i := range found {
		p := &found[i]
		state := "is told"
		if !p.Gone.IsZero() {
			state = "left " + shortTime(p.Gone, "")
		}
		fmt.Fprintf(c.OutOrStdout(), "Subscriber %d, joined %s, %s: %s, plan %s, from %s on\n", p.ID, shortTime(p.Joined, "never"), state, p.Lang, p.Plan, p.AtLeast)
		if len(p.Wishes.Topics) > 0 || !p.Wishes.Quiet.IsZero() || len(p.Wishes.Order) > 0 {
			fmt.Fprintf(c.OutOrStdout(), "  wants %v, quiet %q, ways %v\n", p.Wishes.Topics, p.Wishes.Quiet, p.Wishes.Order)
		}
		table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  KIND\tADDRESS\tCONSENT\tSOURCE\tCONFIRMED\tSTOPPED")
		for _, r := range p.Reach {
			stopped := r.Suppressed
			if stopped == "" {
				stopped = "no"
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", r.Kind, r.Hint, shortTime(r.Consented, ""), r.Source, shortTime(r.Confirmed, "not yet"), stopped)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// disclose writes all that is kept of somebody, for them.
func disclose(c *cobra.Command, s *store.Store, p store.Subscriber) error {
	return discloseTo(c.Context(), c.OutOrStdout(), s, p)
}

func discloseTo(ctx context.Context, to io.Writer, s *store.Store, p store.Subscriber) error {
	opened, err := s.OpenedAfter(ctx, p.ID-1, 1)
	if err != nil {
		return err
	}
	type address struct {
		Kind, Address, Source, Suppressed string
		Consented, Confirmed              time.Time
	}
	told := struct {
		Number            int64
		Lang, Plan        string
		AtLeast, Quiet    string
		Topics, Order     []string
		Joined            time.Time
		Addresses         []address
		NoticesHandedOver int64
	}{p.ID, p.Lang, p.Plan, p.AtLeast.String(), p.Wishes.Quiet.String(), p.Wishes.Topics, p.Wishes.Order, p.Joined, nil, 0}
	for _, one := range opened {
		for _, a := range one.Addresses {
			if one.ID == p.ID {
				told.Addresses = append(told.Addresses, address{a.Kind, a.Address, a.Source, a.Suppressed, a.Consented, a.Confirmed})
			}
		}
	}
	if told.NoticesHandedOver, err = s.HandedTo(ctx, p.ID); err != nil {
		return err
	}
	out := json.NewEncoder(to)
	out.SetIndent("", "  ")
	return out.Encode(told)
}

// teller tells how far long work has come, at most once a second.
type teller struct {
	to   io.Writer
	last time.Time
}

func newTeller(to io.Writer) *teller { return &teller{to: to, last: time.Now()} }

func (t *teller) say(format string, args ...any) {
	if now := time.Now(); now.Sub(t.last) >= time.Second {
		t.last = now
		fmt.Fprintf(t.to, format+"\n", args...)
	}
}

func (t *teller) end(format string, args ...any) { fmt.Fprintf(t.to, format+"\n", args...) }

// planFor is the plan of the first route for subscribers that reaches a kind of
// address; empty if none does.
func planFor(cfg *config.Config, kind string) string {
	for _, a := range cfg.Audiences() {
		if a.Audience != "subscribers" {
			continue
		}
		for _, hop := range cfg.Plans()[a.Plan] {
			if slices.ContainsFunc(cfg.Channels(), func(c config.Channel) bool { return c.ID == hop.Channel && c.Kind == kind }) {
				return a.Plan
			}
		}
	}
	return ""
}
