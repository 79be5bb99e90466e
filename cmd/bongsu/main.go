// Command bongsu is a public status page and notice broadcaster for the day the
// national messenger goes dark.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // the image has no time zones of its own

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

func main() { os.Exit(Main()) }

// Main runs the program and returns its exit code: 0 fine, 1 failed, 2 wrong
// usage. It is apart from main so that tests run it in their own process.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	root, began := rootCommand() //nolint:contextcheck // the commands get it from ExecuteContext
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return 1
	case !*began:
		fmt.Fprintf(errs, "bongsu: %v\nTry `bongsu --help`, or `bongsu COMMAND --help`.\n", err)
		return 2
	default:
		fmt.Fprintf(errs, "bongsu: %v\n", err)
		return 1
	}
}

// errSaid says that the command failed and has already said why.
var errSaid = errors.New("said above")

// rootCommand is the whole command line. began becomes true once a command's
// own work starts: an error before that is wrong usage.
func rootCommand() (root *cobra.Command, began *bool) {
	began = new(bool)
	root = &cobra.Command{
		Use:   "bongsu",
		Short: "A public status page and notice broadcaster for the day the messenger goes dark",
		Long: `Bongsu probes services from outside, publishes what it finds on a status page,
and tells people by channels that do not depend on what has failed.

Start with ` + "`bongsu demo`" + `: it needs no configuration and no network.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if err := errors.Join(c.ValidateRequiredFlags(), c.ValidateFlagGroups()); err != nil { // cobra would look only after this
				return err
			}
			*began = true
			return nil
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(
		demoCommand(),
		drillCommand(),
		initCommand(),
		importFromCommand(),
		validateCommand(),
		checkCommand(),
		presetsCommand(),
		serveCommand(),
		agentCommand(time.Now),
		sayCommand(),
		silenceCommand(),
		incidentCommand(),
		maintenanceCommand(),
		heartbeatsCommand(),
		historyCommand(),
		pauseCommand(),
		resumeCommand(),
		noticesCommand(),
		reachCommand(),

		templatesCommand(),
		tokenCommand(),
		userCommand(),
		auditCommand(),
		subscribersCommand(),
		keysCommand(),
		exportPageCommand(),
		verifyCommand(),
		webpushKeyCommand(),
		schemaCommand(),
		healthcheckCommand(),
		versionCommand(),
	)
	return root, began
}

// configFlag is the flag that names the configuration.
func configFlag(c *cobra.Command, into *string) {
	c.Flags().StringVarP(into, "config", "c", "bongsu.yaml", "configuration: a YAML file, or a folder of them")
}

// require marks a flag that is defined as one that must be given.
func require(c *cobra.Command, flag string) {
	if err := c.MarkFlagRequired(flag); err != nil {
		panic(err) // the flag is defined by the caller
	}
}
