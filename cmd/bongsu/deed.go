package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/notifier/words"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

// deed is something an operator asks of the server from the shell: it goes by
// the database, so a server that is away finds it when it starts.
type deed struct {
	config, lang, author string
	wait                 time.Duration
}

func (d *deed) flags(c *cobra.Command) {
	configFlag(c, &d.config)
	c.Flags().StringVar(&d.lang, "lang", "", "language of the text: ko, ja or en (default: the site's first)")
	c.Flags().StringVar(&d.author, "author", "", "who the page says has written it (default: this account's user name)")
	c.Flags().DurationVar(&d.wait, "wait", 5*time.Second, "how long to wait for the server's answer")
}

// desk is the database a deed goes to, with what was known when it was asked.
type desk struct {
	*store.Store

	now       time.Time
	zone      *time.Location
	lang      string
	incidents func() ([]status.Incident, error) // open, and ended within the days the page shows
}

// shownDays is how far back an incident can be named at the shell.
const shownDays = 90 * 24 * time.Hour

// run asks for what prepare makes and says what came of it. Made is how that is
// called, such as "update %s".
func (d *deed) run(ctx context.Context, out io.Writer, made string, prepare func(*desk) (status.Command, error)) error {
	if d.author == "" {
		d.author = whoami()
	}
	if err := nameable(d.author); err != nil {
		return fmt.Errorf("--author: %w", err)
	}
	cfg, err := loadBeside(d.config)
	if err != nil {
		return err
	}
	site := cfg.Model().Site
	if d.lang == "" {
		d.lang = site.Languages[0]
	}
	if !slices.Contains(site.Languages, d.lang) {
		return fmt.Errorf("the site is not in %q; write one of %s", d.lang, strings.Join(site.Languages, ", "))
	}
	return openBeside(ctx, cfg, func(db *store.Store) error {
		now := time.Now()
		incidents := func() ([]status.Incident, error) {
			memory, err := db.Memory(ctx, now.Add(-shownDays))
			return memory.Incidents, err
		}
		command, err := prepare(&desk{Store: db, now: now, zone: site.Zone, lang: d.lang, incidents: incidents})
		if err != nil {
			return err
		}
		command.ID, command.At, command.Author = randomNames{}.ID(now), now, d.author
		if err := warn(out, cfg, command, incidents); err != nil {
			return err
		}
		return d.ask(ctx, db, command, made, out)
	})
}

// warn says what people will not read of a note that is sent to them.
func warn(out io.Writer, cfg *config.Config, command status.Command, incidents func() ([]status.Incident, error)) error {
	if command.Note == nil || !command.Note.Notify {
		return nil
	}
	known, err := incidents()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(known, func(i status.Incident) bool { return i.ID == command.Incident })
	if i < 0 {
		return nil
	}
	for _, p := range words.CheckNote(cfg.Model().Site, &known[i], command.Note.Text, allClasses(cfg)) {
		fmt.Fprintf(out, "note: in %s the text %s\n", p.Path, p.Text)
	}
	return nil
}

func (d *deed) ask(ctx context.Context, db *store.Store, command status.Command, made string, out io.Writer) error {
	if err := db.Ask(ctx, command); err != nil {
		return err
	}
	answer, err := awaitAnswer(ctx, db, command.ID, d.wait)
	switch {
	case err != nil:
		return err
	case answer == nil:
		_, err = fmt.Fprintln(out, "Kept. No server has taken it up yet; it is shown when one does.")
	case answer.Error != "":
		return errors.New(answer.Error)
	default:
		_, err = fmt.Fprintf(out, "Shown as "+made+".\n", answer.Made)
	}
	return err
}

// open finds an open incident by id or check code.
func (d *desk) open(wanted string) (string, error) {
	return d.find(wanted, func(i *status.Incident) bool { return i.Open() }, "open ")
}

// shown finds an incident by id or check code, also one that has ended.
func (d *desk) shown(wanted string) (string, error) {
	return d.find(wanted, func(*status.Incident) bool { return true }, "")
}

func (d *desk) find(wanted string, among func(*status.Incident) bool, kind string) (string, error) {
	incidents, err := d.incidents()
	if err != nil {
		return "", err
	}
	var codes []string
	for i := range incidents {
		incident := &incidents[i]
		if !among(incident) {
			continue
		}
		if incident.ID == wanted || strings.EqualFold(incident.Code, wanted) {
			return incident.ID, nil
		}
		codes = append(codes, incident.Code)
	}
	if len(codes) == 0 {
		return "", fmt.Errorf("there is no %sincident", kind)
	}
	return "", fmt.Errorf("no %sincident is called %q; there are %s", kind, wanted, strings.Join(codes, ", "))
}

// text is what was written at the shell, in the language it was written in.
func (d *desk) text(s string) status.Text { return status.Text{d.lang: s} }

// shellTimes are the forms of a time at the shell. Those without a zone are in
// the site's.
var shellTimes = []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"}

// time reads a time: with a zone as in RFC 3339, else in the site's zone; an
// hour and minute alone are of today.
func (d *desk) time(flag, text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, form := range shellTimes {
		if t, err := time.ParseInLocation(form, text, d.zone); err == nil {
			return t, nil
		}
	}
	if t, err := time.Parse("15:04", text); err == nil {
		year, month, day := d.now.In(d.zone).Date()
		return time.Date(year, month, day, t.Hour(), t.Minute(), 0, 0, d.zone), nil
	}
	return time.Time{}, fmt.Errorf("--%s: %q is no time; write 2026-10-15 15:30, 15:30, or 2026-10-15T15:30:00+09:00", flag, text)
}

// maxSaid bounds a text written at the shell, in bytes.
const maxSaid = 4000

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
