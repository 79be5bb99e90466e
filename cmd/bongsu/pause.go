package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/store"
)

func pauseCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "pause",
		Short: "Stop all sending at once, on every server of this database",
		Long: `Stops all sending within a second, on every server of the database. Nothing is
lost: what waits goes on after ` + "`bongsu resume`" + `. Probes and the page go on.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				if err := s.Pause(c.Context(), time.Now()); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.OutOrStdout(), "All sending is stopped. `bongsu resume` lets it go on.")
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}

func resumeCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "resume [CHANNEL]",
		Short: "Let sending go on, or a channel that stopped at its daily cap",
		Long: `Lets all sending go on after ` + "`bongsu pause`" + `. With a channel's id, lets that channel
go on which stopped at its daily cap: it may then spend as much again.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return resumeChannel(c, path, args[0])
			}
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				if err := s.Resume(c.Context(), time.Now()); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.OutOrStdout(), "Sending goes on.")
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}

// resumeChannel allows a channel one more daily cap. Its day is the site's.
func resumeChannel(c *cobra.Command, path, channel string) error {
	cfg, err := loadBeside(path)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(cfg.Channels(), func(known config.Channel) bool { return known.ID == channel }) {
		return fmt.Errorf("no channel is called %q", channel)
	}
	day := time.Now().In(cfg.Model().Site.Zone).Format(time.DateOnly)
	err = openBeside(c.Context(), cfg, func(s *store.Store) error { return s.ResumeChannel(c.Context(), channel, day) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "Channel %s goes on, and may spend its daily cap once more today.\n", channel)
	return err
}
