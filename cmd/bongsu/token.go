package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/store"
	"bongsu/web"
	"bongsu/web/account"
)

func tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "token",
		Short: "Make, list and revoke tokens for the API",
		Long: `A token lets a program write by the API: incidents, updates, maintenance; lets an
agent look from another location; or lets an app send notices. Reading needs
none. The database keeps only its hash.`,
	}
	c.AddCommand(tokenCreateCommand(), tokenListCommand(), tokenRevokeCommand())
	return c
}

// tokenWish is the token that somebody wants.
type tokenWish struct {
	path, role, scope, agent, app, note string
	lasts                               time.Duration
}

func tokenCreateCommand() *cobra.Command {
	var w tokenWish
	c := &cobra.Command{
		Use:   "create",
		Short: "Make a token and show it, once",
		Long: `Makes a token and shows it. It is shown this once only.

Roles: viewer (reads), supervisor (reads everything, people and audit log
included), operator (writes incidents, updates and maintenance), admin (whatever
an operator may, and more). The note is what the page says of who wrote. With
--scope it is good for some of that only, such as publish.

With --agent the token is for the ` + "`bongsu agent`" + ` of a location, and good for
nothing else: it gets what that location looks at, and brings what it saw.

With --app the token is for an app of the configuration: it proposes templates
and sends notices to the app's own people. The secret that callbacks to the app
are signed with is shown beside it; it is the same for each token of the app.
With --role agency as well it is for whoever looks after the app.`,
		Example: `  bongsu token create --role operator --note "night shift" --expires 720h
  bongsu token create --role admin --scope publish,approve-words
  bongsu token create --agent busan-1
  bongsu token create --app safety-report --expires 8760h`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return w.grant(c) },
	}
	configFlag(c, &w.path)
	c.Flags().StringVar(&w.role, "role", "", "viewer, supervisor, operator or admin; agency with --app")
	c.Flags().StringVar(&w.scope, "scope", "", "what of the role's rights it has, such as publish; default: all")
	c.Flags().StringVar(&w.agent, "agent", "", "the location whose agent it is for, one of `locations:`")
	c.Flags().StringVar(&w.app, "app", "", "the app that sends by it, one of `apps:`")
	c.Flags().StringVar(&w.note, "note", "", "who or what it is for; the page shows it as the author")
	c.Flags().DurationVar(&w.lasts, "expires", 0, "how long it is good, such as 720h; 0: until it is revoked")
	c.MarkFlagsOneRequired("role", "agent", "app")
	c.MarkFlagsMutuallyExclusive("agent", "role")
	c.MarkFlagsMutuallyExclusive("agent", "app")
	return c
}

// grant makes the token.
func (w *tokenWish) grant(c *cobra.Command) error {
	if err := w.problem(); err != nil {
		return err
	}
	cfg, err := loadBeside(w.path)
	if err != nil {
		return err
	}
	token := store.Token{Role: w.role, Note: w.note}
	if w.agent != "" {
		token.Role, token.Location = string(account.Agent), w.agent
		if err := expectsAgent(cfg, w.agent); err != nil {
			return fmt.Errorf("--agent: %w", err)
		}
	}
	if w.app != "" {
		token.Role, token.App = cmp.Or(w.role, string(account.App)), w.app
		if err := mayGetToken(cfg, w.app); err != nil {
			return fmt.Errorf("--app: %w", err)
		}
	}
	if token.Scope, err = account.Role(token.Role).ParseScope(w.scope); err != nil {
		return fmt.Errorf("--scope: %w", err)
	}
	return openBeside(c.Context(), cfg, func(s *store.Store) error {
		if err := createToken(c, s, token, w.lasts); err != nil || w.app == "" {
			return err
		}
		return showCallbackSecret(c, cfg, w.app)
	})
}

// mayGetToken says whether an app of the configuration can send at all.
func mayGetToken(cfg *config.Config, app string) error {
	var others []string
	for _, a := range cfg.Sendings() {
		switch {
		case a.App != app:
			others = append(others, a.App)
		case len(a.Plans) == 0:
			return fmt.Errorf("the app %q has no plan to send by; write plans: under it", app)
		default:
			return nil
		}
	}
	if len(others) == 0 {
		return fmt.Errorf("the configuration has no app %q, and no other", app)
	}
	return fmt.Errorf("the configuration has no app %q; it has %s", app, strings.Join(others, ", "))
}

// showCallbackSecret shows what callbacks to the app are signed with.
func showCallbackSecret(c *cobra.Command, cfg *config.Config, app string) error {
	keys, err := keysOf(cfg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.ErrOrStderr(), "Callbacks to %s are signed with %s\n", app, callbackSecret(keys, app).Reveal())
	return err
}

func (w *tokenWish) problem() error {
	if w.role != "" {
		known, err := account.ParseRole(w.role)
		switch {
		case err != nil:
			return fmt.Errorf("--role: %w", err)
		case known == account.Agent:
			return errors.New("--role: an agent's token is for one location; write --agent LOCATION")
		case known.OfOneApp() && w.app == "":
			return fmt.Errorf("--role: an %s's token is for one app; write --app ID", known)
		case !known.OfOneApp() && w.app != "":
			return fmt.Errorf("--role: the role %s is not for one app; leave --app out, or write --role agency", known)
		}
	}
	if w.lasts < 0 {
		return errors.New("--expires: is negative; write how long it is good, such as 720h")
	}
	if err := nameable(w.note); err != nil {
		return fmt.Errorf("--note: %w", err)
	}
	return nil
}

// expectsAgent says whether an agent can look from a location.
func expectsAgent(cfg *config.Config, location string) error {
	var others []string
	for _, l := range cfg.Model().Locations {
		switch {
		case l.ID != cfg.Location:
			others = append(others, l.ID)
		case l.ID == location:
			return fmt.Errorf("%q is where the server itself looks from; it needs no agent", location)
		}
	}
	switch {
	case slices.Contains(others, location):
		return nil
	case len(others) == 0:
		return fmt.Errorf("the configuration has no location %q; write `locations: [{id: %s}]`", location, location)
	default:
		return fmt.Errorf("the configuration has no location %q; it has %s", location, strings.Join(others, ", "))
	}
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
	fmt.Fprintf(c.ErrOrStderr(), "Token %s, role %s. Keep it; it is not shown again:\n", t.ID, roleOf(&t))
	_, err = fmt.Fprintln(c.OutOrStdout(), token)
	return err
}

// roleOf is what a token is good for, and where.
func roleOf(t *store.Token) string {
	switch {
	case t.Location != "":
		return t.Role + " of " + t.Location
	case t.App != "":
		return t.Role + " " + t.App + rightsOf(t)
	}
	return t.Role + rightsOf(t)
}

// rightsOf is what a token is good for, if not for all that its role may.
func rightsOf(t *store.Token) string {
	if len(t.Scope) == 0 {
		return ""
	}
	words := make([]string, len(t.Scope))
	for i, d := range t.Scope {
		words[i] = string(d)
	}
	return " (" + strings.Join(words, ", ") + ")"
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
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, roleOf(&t), shortTime(t.Made, ""), expires, shortTime(t.LastUsed, "never"), t.Note)
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
