package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/store"
	"bongsu/web"
)

func tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke tokens for the API",
		Long: `A token lets a program write by the API: incidents, updates, maintenance. Reading
needs none. The database keeps only its hash.`,
	}
	c.AddCommand(tokenCreateCommand(), tokenListCommand(), tokenRevokeCommand())
	return c
}

func tokenCreateCommand() *cobra.Command {
	var path, role, note string
	var lasts time.Duration
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a token and show it, once",
		Long: `Makes a token and shows it. It is shown this once only.

Roles: viewer (reads), operator (writes incidents, updates and maintenance),
admin (whatever an operator may). The note is what the page says of who wrote.`,
		Example: `  bongsu token create --role operator --note "night shift" --expires 720h`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			known, err := web.ParseRole(role)
			if err != nil {
				return fmt.Errorf("--role: %w", err)
			}
			if lasts < 0 {
				return errors.New("--expires: is negative; write how long it is good, such as 720h")
			}
			if err := nameable(note); err != nil {
				return fmt.Errorf("--note: %w", err)
			}
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				return createToken(c, s, store.Token{Role: string(known), Note: note}, lasts)
			})
		},
	}
	configFlag(c, &path)
	c.Flags().StringVar(&role, "role", "", "viewer, operator or admin")
	c.Flags().StringVar(&note, "note", "", "who or what it is for; the page shows it as the author")
	c.Flags().DurationVar(&lasts, "expires", 0, "how long it is good, such as 720h; 0: until it is revoked")
	if err := c.MarkFlagRequired("role"); err != nil {
		panic(err) // the flag is defined two lines above
	}
	return c
}

// maxName bounds what the page calls an author, in bytes.
const maxName = 80

// nameable checks what the page is to call an author: one short line.
func nameable(name string) error {
	if len(name) > maxName || !web.Plain(name) || strings.ContainsAny(name, "\n\t") {
		return fmt.Errorf("not one line of plain text; write at most %d bytes", maxName)
	}
	return nil
}

func createToken(c *cobra.Command, s *store.Store, t store.Token, lasts time.Duration) error {
	token, hash, err := web.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	t.ID, t.Hash, t.Made = randomNames{}.ID(now), hash, now
	if lasts > 0 {
		t.Expires = now.Add(lasts)
	}
	if err := s.AddToken(c.Context(), t); err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "Token %s, role %s. Keep it; it is not shown again:\n", t.ID, t.Role)
	_, err = fmt.Fprintln(c.OutOrStdout(), token)
	return err
}

func tokenListCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the tokens",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				tokens, err := s.Tokens(c.Context())
				if err != nil {
					return err
				}
				return listTokens(c, tokens, time.Now())
			})
		},
	}
	configFlag(c, &path)
	return c
}

func listTokens(c *cobra.Command, tokens []store.Token, now time.Time) error {
	if len(tokens) == 0 {
		_, err := fmt.Fprintln(c.OutOrStdout(), "There is no token. `bongsu token create --role operator` makes one.")
		return err
	}
	table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tROLE\tMADE\tEXPIRES\tLAST USED\tNOTE")
	for _, t := range tokens {
		expires := shortTime(t.Expires, "never")
		if !t.Expires.IsZero() && !now.Before(t.Expires) {
			expires = "expired"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.Role, shortTime(t.Made, ""), expires, shortTime(t.LastUsed, "never"), t.Note)
	}
	return table.Flush()
}

func shortTime(t time.Time, none string) string {
	if t.IsZero() {
		return none
	}
	return t.Local().Format("2006-01-02 15:04")
}

func tokenRevokeCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "revoke ID",
		Short: "Make a token worthless at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return withDatabase(c.Context(), path, func(s *store.Store) error {
				err := s.RevokeToken(c.Context(), args[0])
				if errors.Is(err, store.ErrNoToken) {
					return fmt.Errorf("no token has the id %q; `bongsu token list` shows those there are", args[0])
				}
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "Token %s is revoked.\n", args[0])
				return err
			})
		},
	}
	configFlag(c, &path)
	return c
}
