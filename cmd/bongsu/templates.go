package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/user"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/notifier/appnotice"
	"bongsu/store"
)

func templatesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "templates",
		Short: "Look at what apps want to say; approve or refuse it",
		Long: `An app sends only what has been approved: it proposes a template by the API, and
somebody here reads it and decides. Parameters fill it within bounds; the app's
name and a check code are added to every text.`,
	}
	c.AddCommand(templatesListCommand(), templatesShowCommand(), decideCommand(appnotice.Approved), decideCommand(appnotice.Refused))
	return c
}

func templatesListCommand() *cobra.Command {
	var path, app string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the templates, those that wait first",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				list, err := s.TemplatesOf(c.Context(), app)
				if err != nil {
					return err
				}
				return listTemplates(c.OutOrStdout(), list)
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&app, "app", "", "only this app's")
	return c
}

func listTemplates(out io.Writer, list []appnotice.Template) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "No app has proposed a template.")
		return err
	}
	slices.SortStableFunc(list, func(a, b appnotice.Template) int { return waits(b) - waits(a) })
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "APP\tTEMPLATE\tVERSION\tSTATE\tPROPOSED\tDECIDED\tBY")
	for _, t := range list {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", t.App, t.ID, t.Version, t.State, shortTime(t.Proposed, ""), shortTime(t.Decided, ""), t.DecidedBy)
	}
	return table.Flush()
}

// waits is 1 for what somebody has to decide on.
func waits(t appnotice.Template) int {
	if t.State == appnotice.Proposed {
		return 1
	}
	return 0
}

// templateWish names a version of a template.
type templateWish struct {
	path, reason, by string
	version          int
}

func templatesShowCommand() *cobra.Command {
	var w templateWish
	c := &cobra.Command{
		Use:   "show APP TEMPLATE",
		Short: "Show a template's texts and parameters",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), w.path, func(s *store.Store) error {
				t, err := w.find(c.Context(), s, args[0], args[1])
				if err != nil {
					return err
				}
				return showTemplate(c.OutOrStdout(), &t)
			})
		},
	}
	configFlag(c, &w.path)
	c.Flags().IntVar(&w.version, "version", 0, "the version (default: the newest)")
	return c
}

// find gives the version that is meant.
func (w *templateWish) find(ctx context.Context, s *store.Store, app, id string) (appnotice.Template, error) {
	list, err := s.TemplatesOf(ctx, app)
	if err != nil {
		return appnotice.Template{}, err
	}
	for _, t := range list {
		if t.ID == id && (w.version == 0 || t.Version == w.version) {
			return t, nil
		}
	}
	return appnotice.Template{}, fmt.Errorf("the app %q has no such version of a template %q; `bongsu templates list` shows those there are", app, id)
}

func showTemplate(out io.Writer, t *appnotice.Template) error {
	fmt.Fprintf(out, "%s of %s, version %d, %s\nproposed %s by %s\n", t.ID, t.App, t.Version, t.State, shortTime(t.Proposed, ""), t.ProposedBy)
	if t.DecidedBy != "" {
		fmt.Fprintf(out, "%s %s by %s\n", t.State, shortTime(t.Decided, ""), t.DecidedBy)
	}
	if t.Reason != "" {
		fmt.Fprintf(out, "because: %s\n", t.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Params)) {
		fmt.Fprintf(out, "#{%s}: %s, at most %d characters\n", name, t.Params[name].Kind, t.Params[name].Max)
	}
	for _, lang := range slices.Sorted(maps.Keys(t.Texts)) {
		for _, class := range slices.Sorted(maps.Keys(t.Texts[lang])) {
			w := t.Texts[lang][class]
			fmt.Fprintf(out, "\n%s, %s%s%s\n", lang, class, prefixed(", registered as ", w.Registered), prefixed(": ", w.Title))
			fmt.Fprintf(out, "  %s\n", w.Body)
		}
	}
	return nil
}

func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func decideCommand(state appnotice.State) *cobra.Command {
	var w templateWish
	verb, short := "approve", "Let an app send what a template says"
	if state == appnotice.Refused {
		verb, short = "refuse", "Tell an app that it may not say so, and why"
	}
	c := &cobra.Command{
		Use:   verb + " APP TEMPLATE",
		Short: short,
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			by, err := w.decider()
			if err != nil {
				return err
			}
			return withDatabase(c.Context(), w.path, func(s *store.Store) error {
				t, err := w.find(c.Context(), s, args[0], args[1])
				if err != nil {
					return err
				}
				t.State, t.DecidedBy, t.Decided, t.Reason = state, by, time.Now(), w.reason
				if err := s.Decide(c.Context(), t); errors.Is(err, appnotice.ErrDecided) {
					return fmt.Errorf("somebody has decided on version %d of %s already; a change is a new version", t.Version, t.ID)
				} else if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "Template %s of %s, version %d, is %s.\n", t.ID, t.App, t.Version, t.State)
				return err
			})
		},
	}
	configFlag(c, &w.path)
	c.Flags().IntVar(&w.version, "version", 0, "the version (default: the newest)")
	c.Flags().StringVar(&w.by, "by", "", "who decides (default: the user of this shell)")
	if state == appnotice.Refused {
		c.Flags().StringVar(&w.reason, "reason", "", "what the app has to change")
		require(c, "reason")
	}
	return c
}

// decider is who decides: a name, or the shell's user.
func (w *templateWish) decider() (string, error) {
	if w.by == "" {
		if u, err := user.Current(); err == nil {
			w.by = u.Username
		}
	}
	if w.by == "" {
		return "", errors.New("--by: nobody is named; write who decides")
	}
	if err := nameable(w.by); err != nil {
		return "", fmt.Errorf("--by: %w", err)
	}
	return w.by, nil
}
