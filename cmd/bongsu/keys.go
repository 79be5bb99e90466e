package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bongsu/store"
)

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Change the keys that personal data is sealed with",
		Long: `A keys file has a line for each key. The newest, which is the last, seals; all of
them open. To change the key:

  1. bongsu keys add bongsu.keys     adds one; give every server the new file
  2. restart every server            so that all of them know the new key
  3. bongsu keys rotate              seals every address anew
  4. bongsu keys list                says which keys seal nothing any more

A line that seals nothing may be taken out, a month later at the soonest: the
ways to leave in notices already sent, and the addresses of reports, hang on the
oldest line and end with it.`,
	}
	c.AddCommand(keysAddCommand(), keysListCommand(), keysRotateCommand())
	return c
}

func keysAddCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "add FILE",
		Short: "Add a key to a keys file",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			before, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("reading the keys file: %w", err)
			}
			after, err := store.AddKey(string(before))
			if err != nil {
				return err
			}
			if err := replaceFile(args[0], after); err != nil {
				return fmt.Errorf("writing the keys file: %w", err)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "A key is added. Keep a copy of the file, give it to every server, restart them, then run `bongsu keys rotate`.")
			return err
		},
	}
}

// replaceFile puts a file in the place of another, whole or not at all.
func replaceFile(path, text string) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	_, err = temp.WriteString(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

func keysListCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "list",
		Short: "Show which keys there are and how many addresses each has sealed",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadBeside(path)
			if err != nil {
				return err
			}
			keys, err := parseKeys(cfg.Keys.Reveal())
			if err != nil {
				return err
			}
			return openBeside(c.Context(), cfg, func(s *store.Store) error {
				seals, err := s.Seals(c.Context())
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "KEY\tADDRESSES")
				for _, version := range keys.Versions() {
					fmt.Fprintf(table, "%d\t%d\n", version, seals[version])
					delete(seals, version)
				}
				for version, n := range seals {
					fmt.Fprintf(table, "%d (missing)\t%d\n", version, n)
				}
				return table.Flush()
			})
		},
	}
	configFlag(c, &path)
	return c
}

func keysRotateCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Seal every address anew with the newest key",
		Long: `Seals every address anew with the newest key of the keys file, and has it found
by that key. It may run beside the servers, once all of them were restarted with
that file, and be stopped at any moment: run it again and it goes on.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				told := newTeller(c.ErrOrStderr())
				done, err := s.Reseal(c.Context(), func(r store.Resealing) {
					told.say("%d of %d addresses, %d sealed anew", r.Seen, r.Total, r.Changed)
				})
				if err != nil {
					return fmt.Errorf("after %d of %d addresses: %w; nothing is lost, run it again", done.Seen, done.Total, err)
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%d addresses, %d of them sealed anew.\n", done.Seen, done.Changed)
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}
