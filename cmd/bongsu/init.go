package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/store"
)

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Write a commented starter configuration and its keys",
		Long: `Writes bongsu.yaml and bongsu.keys into the folder, or this one. Nothing is
overwritten. The configuration checks real services that need no key; its probes
start once site.contact says whom their operators may ask.

Keep a copy of bongsu.keys apart from the database: personal data opens with it
alone.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			folder := "."
			if len(args) == 1 {
				folder = args[0]
			}
			return initialise(c.OutOrStdout(), folder)
		},
	}
}

func initialise(out io.Writer, folder string) error {
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"bongsu.yaml", config.Starter, 0o644},
		{"bongsu.keys", store.NewKeys(), 0o600},
	}
	for _, f := range files { // before anything is written
		if _, err := os.Lstat(filepath.Join(folder, f.name)); err == nil {
			return fmt.Errorf("%s is there already; move it away, or choose another folder", filepath.Join(folder, f.name))
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // the operator's own folder, with nothing secret in its listing
		return fmt.Errorf("making the folder: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(folder, f.name)
		if err := writeNew(path, f.text, f.mode); err != nil {
			return err
		}
		fmt.Fprintf(out, "wrote %s\n", path)
	}
	fmt.Fprint(out, "\nNext: set site.contact in bongsu.yaml, then `bongsu validate`, `bongsu check`, `bongsu serve`.\n")
	return nil
}

func writeNew(path, text string, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
