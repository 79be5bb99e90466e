package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

func sayCommand() *cobra.Command {
	var s saying
	c := &cobra.Command{
		Use:   "say INCIDENT TEXT",
		Short: "Add an update to an incident, from the shell",
		Long: `Adds an update to an open incident, named by its id or its check code. The server
shows it within a second. Without a running server it is kept, and shown when
one starts.

The text is in the site's first language unless --lang names another. The page
names --author beside it.`,
		Example: `  bongsu say 7F3K "공통 로그인의 일부가 응답합니다. 결제는 아직 안 됩니다."
  bongsu say 7F3K --lang en --notify "Some logins answer again. Payments still fail."`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			s.incident, s.text = args[0], args[1]
			return s.run(c.Context(), c.OutOrStdout())
		},
	}
	configFlag(c, &s.config)
	c.Flags().StringVar(&s.lang, "lang", "", "language of the text: ko, ja or en")
	c.Flags().BoolVar(&s.notify, "notify", false, "send it to subscribers too")
	c.Flags().StringVar(&s.author, "author", "", "who the page says has written it (default: this account's user name)")
	c.Flags().DurationVar(&s.wait, "wait", 5*time.Second, "how long to wait for the server's answer")
	return c
}

type saying struct {
	config, incident, text, lang, author string

	notify bool
	wait   time.Duration
}

// maxSaid bounds an update written at the shell, in bytes.
const maxSaid = 4000

func (s saying) run(ctx context.Context, out io.Writer) error {
	if err := sayable(s.text); err != nil {
		return err
	}
	if s.author == "" {
		s.author = whoami()
	}
	if err := nameable(s.author); err != nil {
		return fmt.Errorf("--author: %w", err)
	}
	cfg, err := loadConfig(s.config, os.LookupEnv)
	if err != nil {
		return err
	}
	languages := cfg.Model().Site.Languages
	if s.lang == "" {
		s.lang = languages[0]
	}
	if !slices.Contains(languages, s.lang) {
		return fmt.Errorf("the site is not in %q; write one of %s", s.lang, strings.Join(languages, ", "))
	}
	return openBeside(ctx, cfg, func(db *store.Store) error { return s.ask(ctx, db, out) })
}

// sayable checks a text as the API does.
func sayable(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("the text is empty; write what people should read")
	case len(text) > maxSaid:
		return fmt.Errorf("the text has %d bytes; write at most %d", len(text), maxSaid)
	case !web.Plain(text):
		return errors.New("the text has control characters or is not UTF-8; write plain text")
	}
	return nil
}

func (s saying) ask(ctx context.Context, db *store.Store, out io.Writer) error {
	now := time.Now()
	id, err := openIncident(ctx, db, s.incident, now)
	if err != nil {
		return err
	}
	command := status.Command{
		ID: randomNames{}.ID(now), At: now, Incident: id,
		Note: &status.NoteDraft{Text: status.Text{s.lang: s.text}, Author: s.author, Notify: s.notify},
	}
	if err := db.Ask(ctx, command); err != nil {
		return err
	}
	answer, err := awaitAnswer(ctx, db, command.ID, s.wait)
	switch {
	case err != nil:
		return err
	case answer == nil:
		_, err = fmt.Fprintln(out, "Kept. No server has taken it up yet; it is shown when one does.")
	case answer.Error != "":
		return errors.New(answer.Error)
	default:
		_, err = fmt.Fprintf(out, "Shown as update %s of incident %s.\n", answer.Made, id)
	}
	return err
}

// openIncident finds an open incident by id or check code.
func openIncident(ctx context.Context, db *store.Store, wanted string, now time.Time) (string, error) {
	memory, err := db.Memory(ctx, now)
	if err != nil {
		return "", err
	}
	var open []string
	for i := range memory.Incidents {
		incident := &memory.Incidents[i]
		if !incident.Open() {
			continue
		}
		if incident.ID == wanted || strings.EqualFold(incident.Code, wanted) {
			return incident.ID, nil
		}
		open = append(open, incident.Code)
	}
	if len(open) == 0 {
		return "", errors.New("no incident is open")
	}
	return "", fmt.Errorf("no open incident is called %q; open are %s", wanted, strings.Join(open, ", "))
}

// awaitAnswer waits for what a server made of a command; nil if none did.
func awaitAnswer(ctx context.Context, db *store.Store, command string, wait time.Duration) (*status.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		answer, ok, err := db.Answer(ctx, command)
		if ok {
			return &answer, nil
		}
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
	}
}

// whoami is who the timeline says has written it, unless --author does.
func whoami() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "shell"
}
