package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/words"
)

func validateCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "validate",
		Short: "Name every problem of the configuration, with its place",
		Long: `Reads the configuration as serve would and prints every problem as

  file:line:col: path: what is wrong; what to write

It also words every text that the program could have to send and says which does
not fit its channel, and fails every failure domain in turn: an audience that
would be left with no way is a problem unless its route waives that domain, one
way alone is worth a note. Exits 1 if there is a problem.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return validate(c.OutOrStdout(), path) },
	}
	configFlag(c, &path)
	return c
}

func validate(out io.Writer, path string) error {
	cfg, err := loadConfig(path, os.LookupEnv)
	if problems, ok := errors.AsType[config.Problems](err); ok {
		for _, p := range problems {
			fmt.Fprintln(out, p)
		}
		fmt.Fprintf(out, "%s\n", counted(len(problems), "problem"))
		return errSaid
	}
	if err != nil {
		return err
	}
	tried, wrong := words.Try(cfg.Model(), allClasses(cfg))
	if len(wrong) > 0 {
		for _, p := range wrong {
			fmt.Fprintf(out, "%s: %s: %s\n", path, p.Path, p.Text)
		}
		fmt.Fprintf(out, "%s\n", counted(len(wrong), "text that cannot be sent", "texts that cannot be sent"))
		return errSaid
	}
	model := cfg.Model()
	fmt.Fprintf(out, "%s is fine: %s, %s, %s.\n", path, counted(len(model.Components), "component"),
		counted(len(cfg.Checks()), "check"), counted(len(cfg.Channels()), "channel"))
	if c := tried.Closest; tried.Texts > 0 {
		fmt.Fprintf(out, "texts: %d tried at their longest; closest to its limit is %s by %s in %s, %d of %d %s\n",
			tried.Texts, c.Event, c.Class, c.Lang, c.Size.Units, c.Size.Limit, c.Size.Unit)
	}
	for _, w := range cfg.Warnings() {
		fmt.Fprintf(out, "note: %s\n", w)
	}
	if waiting := cfg.Waiting(); waiting != "" {
		fmt.Fprintf(out, "note: %s\n", waiting)
	}
	return nil
}

// allClasses are the kinds of text that the configuration's channels carry, and
// its plans ask for.
func allClasses(cfg *config.Config) []notifier.Class {
	var used []notifier.Class
	add := func(class notifier.Class) {
		if !slices.Contains(used, class) {
			used = append(used, class)
		}
	}
	for _, c := range cfg.Channels() {
		add(c.Class)
	}
	if byPlan := classes(cfg); slices.ContainsFunc(slices.Collect(maps.Values(byPlan)), func(of []notifier.Class) bool { return slices.Contains(of, notifier.ClassLMS) }) {
		add(notifier.ClassLMS)
	}
	return used
}

// counted is a number with its noun; the plural adds an s unless it is given.
func counted(n int, noun string, plural ...string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case len(plural) == 1:
		return fmt.Sprintf("%d %s", n, plural[0])
	default:
		return fmt.Sprintf("%d %ss", n, noun)
	}
}
