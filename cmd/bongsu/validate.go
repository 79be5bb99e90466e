package main

import (
	"errors"
	"fmt"
	"io"
	"os"

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
not fit its channel. Exits 1 if there is a problem.`,
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
	if wrong := proveTexts(cfg); len(wrong) > 0 {
		for _, p := range wrong {
			fmt.Fprintf(out, "%s: %s: %s\n", path, p.Path, p.Text)
		}
		fmt.Fprintf(out, "%s\n", counted(len(wrong), "text that cannot be sent", "texts that cannot be sent"))
		return errSaid
	}
	model := cfg.Model()
	fmt.Fprintf(out, "%s is fine: %s, %s, %s.\n", path, counted(len(model.Components), "component"),
		counted(len(cfg.Checks()), "check"), counted(len(cfg.Channels()), "channel"))
	if waiting := cfg.Waiting(); waiting != "" {
		fmt.Fprintf(out, "note: %s\n", waiting)
	}
	return nil
}

// proveTexts words everything that could have to be sent, at its longest.
func proveTexts(cfg *config.Config) []notifier.Problem {
	var used []notifier.Class
	seen := map[notifier.Class]bool{}
	for _, c := range cfg.Channels() {
		if !seen[c.Class] {
			seen[c.Class] = true
			used = append(used, c.Class)
		}
	}
	return words.Prove(cfg.Model(), used)
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
