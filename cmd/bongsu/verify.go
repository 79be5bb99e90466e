package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bongsu/web/minisign"
	"bongsu/web/mirror"
)

func verifyCommand() *cobra.Command {
	var v verification
	c := &cobra.Command{
		Use:   "verify DIR|URL",
		Short: "Check a copy of the page: its signatures, every file, its age",
		Long: `Checks a copy of the page that ` + "`bongsu export`" + ` or a mirror has written: that the
manifest and the instant it speaks of are signed, that every file is the one
that was signed, and that it still speaks for the present.

Without --key it is checked against the key that lies in the copy itself, which
proves that the copy is whole, and not whose it is. ` + "`bongsu export`" + ` prints the key.`,
		Example: `  bongsu verify /var/www/status --key RWQ…
  bongsu verify https://mirror.example/status --any-age`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return v.run(c.Context(), c.OutOrStdout(), args[0]) },
	}
	c.Flags().StringVar(&v.key, "key", "", "the public key, or the name of a file that has it (default: the copy's own key.pub)")
	c.Flags().BoolVar(&v.anyAge, "any-age", false, "take a copy that speaks for the present no more")
	return c
}

// verification is a copy to be checked.
type verification struct {
	key    string
	anyAge bool
}

func (v *verification) run(ctx context.Context, out io.Writer, place string) error {
	read, done, err := reader(ctx, place)
	if err != nil {
		return err
	}
	defer done()
	key, own, err := v.publicKey(read)
	if err != nil {
		return err
	}
	r, err := settled(ctx, key, read)
	if err != nil {
		return err
	}
	for _, wrong := range r.Wrong {
		fmt.Fprintln(out, wrong)
	}
	if len(r.Wrong) > 0 {
		return fmt.Errorf("%d of %d files are not as they were signed", len(r.Wrong), r.Files)
	}
	fmt.Fprintf(out, "%d files, all as signed by %s\n", r.Files, key)
	if own {
		fmt.Fprintln(out, "note: that is the copy's own key; compare it with the one you know, or give it with --key")
	}
	fmt.Fprintf(out, "as of %s, good until %s\n", r.At.Local().Format(time.RFC3339), r.Until.Local().Format(time.RFC3339))
	if time.Now().After(r.Until) && !v.anyAge {
		return fmt.Errorf("the copy has spoken for the present until %s, which is over; --any-age takes it all the same", r.Until.Local().Format(time.RFC3339))
	}
	return nil
}

// A copy that is written to meanwhile is checked again, so often.
const (
	verifyTries = 3
	verifyPause = 2 * time.Second
)

// settled checks a copy. Its files and their signatures are replaced one after
// another, several times a minute, so what does not fit may only be under way.
func settled(ctx context.Context, key minisign.PublicKey, read func(string) ([]byte, error)) (r mirror.Report, err error) {
	for try := range verifyTries {
		if r, err = mirror.Verify(key, read); err == nil && len(r.Wrong) == 0 || try == verifyTries-1 {
			break
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(verifyPause):
		}
	}
	return r, err
}

// publicKey is the key to check with, and whether it is the copy's own.
func (v *verification) publicKey(read func(string) ([]byte, error)) (key minisign.PublicKey, own bool, err error) {
	text := v.key
	switch {
	case text == "":
		body, err := read(mirror.KeyFile)
		if err != nil {
			return key, false, fmt.Errorf("%s: %w; give the key with --key", mirror.KeyFile, err)
		}
		text, own = string(body), true
	case !strings.HasPrefix(text, "RW"):
		body, err := os.ReadFile(text)
		if err != nil {
			return key, false, fmt.Errorf("--key: %w", err)
		}
		text = string(body)
	}
	key, err = minisign.ParsePublicKey(text)
	return key, own, err
}

// reader reads the files of a copy in a folder, and nothing outside of it, or
// on the web.
func reader(ctx context.Context, place string) (read func(path string) ([]byte, error), done func(), err error) {
	if u, err := url.Parse(place); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		return webReader(ctx, u), func() {}, nil
	}
	root, err := os.OpenRoot(place)
	if err != nil {
		return nil, nil, err
	}
	read = func(path string) ([]byte, error) {
		body, err := mirror.ReadFile(root, path)
		if inner := errors.Unwrap(err); inner != nil {
			err = inner // the name is told beside it
		}
		return body, err
	}
	return read, func() { root.Close() }, nil
}

// fetchTime is how long one file of a copy on the web may take.
const fetchTime = 30 * time.Second

func webReader(ctx context.Context, base *url.URL) func(path string) ([]byte, error) {
	client := &http.Client{Timeout: fetchTime, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != base.Host || len(via) > 3 {
			return fmt.Errorf("the server leads to %s; check what lies there by its own address", r.URL.Host)
		}
		return nil
	}}
	return func(path string) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(escaped(path)).String(), nil)
		if err != nil {
			return nil, err
		}
		answer, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the server answers %s", answer.Status)
		}
		return mirror.ReadBounded(answer.Body)
	}
}

// escaped has every letter of a path mean itself in an address: a copy may name
// a file %2e%2e/x, which must not lead out of it.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}
