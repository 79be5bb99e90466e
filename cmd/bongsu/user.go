package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/store"
	"bongsu/web/account"
	"bongsu/web/door"
)

func userCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "user",
		Short: "Add and change those who may use the operators' console",
		Long: `A user logs in to /console with a name, a password and, if they have set it up, a
code of an authenticator. All of it is in our own database: no login provider has
to be up for it.

Roles: viewer (reads the desk), supervisor (reads everything, people and audit
log included), operator (says what happens, and steers what goes out), agency (looks after one
app: its functions, texts and notices), admin (everything, users included).

Whatever is done here is on the audit log.`,
	}
	c.AddCommand(userAddCommand(), userListCommand(), userRoleCommand(), userPasswordCommand(), userLinkCommand(), userTOTPCommand(),
		userChangeCommand("disable NAME", "Keep somebody out, at once", "%s is kept out.\n", door.Keeper.Disable),
		userChangeCommand("enable NAME", "Let somebody in again", "%s may come in again.\n", door.Keeper.Enable))
	return c
}

// atTheShell is who changes accounts from the command line.
func atTheShell() account.Who { return account.Who{ID: "shell", Name: whoami(), Role: account.Admin} }

// userErr says what to do about an account that is not there or cannot be.
func userErr(err error, name string) error {
	switch {
	case errors.Is(err, account.ErrNoAccount):
		return fmt.Errorf("there is no user %q; `bongsu user list` shows those there are", name)
	case errors.Is(err, account.ErrNameTaken):
		return fmt.Errorf("there is a user %q already; `bongsu user link %s` lets them choose a new password", name, name)
	case errors.Is(err, account.ErrLastAdmin):
		return fmt.Errorf("%s is the last administrator who can come in; make another one first: `bongsu user role NAME admin`", name)
	}
	return err
}

func userAddCommand() *cobra.Command {
	var path, role, app string
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user and show the link by which they choose a password",
		Long: `Adds a user and shows a link. Whoever opens it within an hour chooses the user's
password, once. ` + "`bongsu user link NAME`" + ` makes another.`,
		Example: `  bongsu user add hana --role admin
  bongsu user add duri --role agency --app safety-report`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withUsers(c, path, func(cfg *config.Config, k door.Keeper) error {
				if err := knownApp(cfg, app); err != nil {
					return err
				}
				link, err := k.Add(c.Context(), atTheShell(), args[0], account.Role(role), app)
				if err != nil {
					return userErr(err, args[0])
				}
				return showLink(c, cfg, link, "choose "+account.FoldName(args[0])+"'s password")
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&role, "role", "", strings.Join(account.RolesOfPeople(), ", "))
	c.Flags().StringVar(&app, "app", "", "the app an agency looks after, one of `apps:`")
	_ = c.MarkFlagRequired("role")
	return c
}

// knownApp says whether the configuration has an app; none is as good.
func knownApp(cfg *config.Config, app string) error {
	if app == "" {
		return nil
	}
	var known []string
	for _, a := range cfg.Model().Apps {
		if a.ID == app {
			return nil
		}
		known = append(known, a.ID)
	}
	if len(known) == 0 {
		return fmt.Errorf("--app: the configuration has no app %q, and no other", app)
	}
	return fmt.Errorf("--app: the configuration has no app %q; it has %s", app, strings.Join(known, ", "))
}

// withUsers is the configuration's database, for who keeps accounts.
func withUsers(c *cobra.Command, path string, do func(cfg *config.Config, k door.Keeper) error) error {
	cfg, err := loadBeside(path)
	if err != nil {
		return err
	}
	return openBeside(c.Context(), cfg, func(s *store.Store) error { return do(cfg, keeperOf(s)) })
}

// showLink shows a link: the link itself on the standard output, all else beside
// it.
func showLink(c *cobra.Command, cfg *config.Config, text, to string) error {
	public, local := linkAddresses(cfg, text)
	fmt.Fprintf(c.ErrOrStderr(), "Whoever opens this within an hour may %s, once:\n", to)
	if _, err := fmt.Fprintln(c.OutOrStdout(), public); err != nil {
		return err
	}
	if local != public {
		fmt.Fprintf(c.ErrOrStderr(), "On the machine that serves: %s\n", local)
	}
	return nil
}

func userListCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withUsers(c, path, func(_ *config.Config, k door.Keeper) error {
				all, err := k.Accounts(c.Context())
				if err != nil {
					return err
				}
				return listUsers(c.OutOrStdout(), all)
			})
		},
	}
	configFlag(c, &path)
	return c
}

func listUsers(out io.Writer, all []account.Account) error {
	if len(all) == 0 {
		_, err := fmt.Fprintln(out, "There is no user. `bongsu user link` makes a link for the first one, `bongsu user add` adds one.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tROLE\tAUTHENTICATOR\tLAST IN\tSTATE")
	for _, a := range all {
		role, second, state := string(a.Role), "no", "may come in"
		if a.App != "" {
			role += " of " + a.App
		}
		if len(a.TOTP) > 0 {
			second = fmt.Sprintf("yes, %d recovery codes", a.Recovery)
		}
		switch {
		case !a.Disabled.IsZero():
			state = "kept out since " + shortTime(a.Disabled, "")
		case a.Password == "":
			state = "has no password yet"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.Name, role, second, shortTime(a.LastIn, "never"), state)
	}
	return table.Flush()
}

func userRoleCommand() *cobra.Command {
	var path, app string
	c := &cobra.Command{
		Use:   "role NAME ROLE",
		Short: "Give a user another role, at once",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return withUsers(c, path, func(cfg *config.Config, k door.Keeper) error {
				if err := knownApp(cfg, app); err != nil {
					return err
				}
				if err := k.SetRole(c.Context(), atTheShell(), args[0], account.Role(args[1]), app); err != nil {
					return userErr(err, args[0])
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), "%s is %s now.\n", args[0], strings.TrimSpace(args[1]+" "+app))
				return err
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&app, "app", "", "the app an agency looks after, one of `apps:`")
	return c
}

func userPasswordCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "password NAME",
		Short: "Set a user's password from the standard input",
		Long: `Sets the password to the first line of the standard input and ends the user's
sessions. A password typed here would be seen: ` + "`bongsu user link NAME`" + ` lets them
choose one unseen.`,
		Example: "  bongsu user password hana < /run/secrets/hana",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			password, err := readPassword(c.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return withUsers(c, path, func(_ *config.Config, k door.Keeper) error {
				if err := k.SetPassword(c.Context(), atTheShell(), args[0], password, account.StandardCost()); err != nil {
					return userErr(err, args[0])
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), "The password of %s is set; they are logged out everywhere.\n", args[0])
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}

// readPassword reads one line that nobody types.
func readPassword(in io.Reader, name string) (string, error) {
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return "", fmt.Errorf("the password would be seen as you type it; write it into a file and `< FILE` behind the command, or use `bongsu user link %s`", name)
		}
	}
	line, err := bufio.NewReader(io.LimitReader(in, account.MaxPassword+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func userLinkCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "link [NAME]",
		Short: "Make a one-time link: to choose a password, or for the first user",
		Long: `Makes a link that is good for an hour, once. With a name, whoever opens it chooses
that user's password. Without one it makes the first user, an administrator;
that works as long as there is no user.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withUsers(c, path, func(cfg *config.Config, k door.Keeper) error {
				if len(args) == 1 {
					link, err := k.Link(c.Context(), atTheShell(), args[0])
					if err != nil {
						return userErr(err, args[0])
					}
					return showLink(c, cfg, link, "choose "+account.FoldName(args[0])+"'s password")
				}
				link, err := k.FirstLink(c.Context())
				if err == nil && link == "" {
					err = errors.New("there are users already; `bongsu user link NAME` lets one of them choose a new password")
				}
				if err != nil {
					return err
				}
				return showLink(c, cfg, link, "become the first user, an administrator")
			})
		},
	}
	configFlag(c, &path)
	return c
}

func userTOTPCommand() *cobra.Command {
	c := &cobra.Command{Use: "totp", Short: "Help somebody who has lost their authenticator"}
	reset := userChangeCommand("reset NAME", "Take a user's authenticator and recovery codes away",
		"%s logs in with the password alone now, and can set up another authenticator.\n", door.Keeper.ResetTOTP)
	reset.Long = `Takes the authenticator and the recovery codes away and ends the user's sessions.
Be sure that it is they who ask.`
	c.AddCommand(reset)
	return c
}

// keeping is one of a keeper's changes of an account.
type keeping = func(k door.Keeper, ctx context.Context, by account.Who, name string) error

func userChangeCommand(use, short, said string, do keeping) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withUsers(c, path, func(_ *config.Config, k door.Keeper) error {
				if err := do(k, c.Context(), atTheShell(), args[0]); err != nil {
					return userErr(err, args[0])
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), said, args[0])
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}
