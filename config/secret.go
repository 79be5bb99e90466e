package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"bongsu/notifier"
)

// maxSecret is how many bytes a secret in a file may have.
const maxSecret = 64 << 10

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// isReference says whether a word says where the value is, not what it is.
func isReference(text string) bool {
	return strings.HasPrefix(text, "env:") || strings.HasPrefix(text, "file:")
}

// resolve follows a reference to a value outside the configuration. It reports
// false if there is none, which it has said, or if values are not looked up in
// this run. Neither what is written here nor what is found there is printed.
func (r *reader) resolve(n *node) (string, bool) {
	if n.form != scalar || !isReference(n.text) {
		r.complain(n.place, "a secret is never written into the configuration; write env:NAME or file:PATH")
		return "", false
	}
	find := r.envOfOthers()
	if n.path == "keys" || n.path == "database" {
		find = r.options.Env
	}
	value, err := r.lookUp(n.text, find)
	switch {
	case errors.Is(err, errNotLookedUp):
		r.hush(n.place)
		return "", false
	case err != nil:
		r.complain(n.place, "%s", err)
		return "", false
	}
	return value, true
}

var errNotLookedUp = errors.New("values are not looked up in this run")

// environment finds a variable; nil looks nothing up.
type environment = func(name string) (string, bool)

// envOfOthers is where the secrets of checks and gateways come from.
func (r *reader) envOfOthers() environment {
	if r.options.OwnOnly {
		return nil
	}
	return r.options.Env
}

func (r *reader) lookUp(reference string, find environment) (string, error) {
	if name, ok := strings.CutPrefix(reference, "env:"); ok {
		return variable(name, find)
	}
	return r.contents(strings.TrimPrefix(reference, "file:"), find)
}

func variable(name string, find environment) (string, error) {
	if !envName.MatchString(name) {
		return "", errors.New("not the name of an environment variable; write env:NAME")
	}
	if find == nil {
		return "", errNotLookedUp
	}
	value, ok := find(name)
	if !ok || value == "" {
		return "", fmt.Errorf("the environment variable %s is not set; set it before starting", name)
	}
	return value, nil
}

func (r *reader) contents(path string, find environment) (string, error) {
	if path == "" {
		return "", errors.New("names no file; write file:PATH")
	}
	if find == nil {
		return "", errNotLookedUp
	}
	return secretIn(r.options.Dir, path)
}

// File reads the secret in a file that a step refers to, at most 64 KiB. Each
// call reads it anew, so that a secret can be changed without a restart.
func (c *Config) File(path string) (string, error) { return secretIn(c.Dir, path) }

func secretIn(dir, path string) (string, error) {
	value, err := readBounded(beside(dir, path), path, maxSecret)
	if err != nil {
		return "", fmt.Errorf("%w; check the path and who may read it", err)
	}
	secret := strings.TrimRight(string(value), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("the file %s is empty; write the secret into it", path)
	}
	return secret, nil
}

// beside makes a path relative to the configuration, not to where the program
// was started.
func beside(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readBounded reads a file that must not have more than limit bytes. Errors
// call it by name.
func readBounded(path, name string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("reading %s: more than %d bytes", name, limit)
	}
	return data, nil
}

// withoutPath drops the path that os puts into its errors: it is named already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// DSN says where the database is. It may carry a password, so it prints as "…".
type DSN struct{ notifier.Secret }

// Shared says whether several servers may use the database.
func (d DSN) Shared() bool { return strings.Contains(d.Reveal(), "://") }

// read takes a path or a database URL as it is, a URL with a password by
// reference only.
func (d *DSN) read(r *reader, n *node) {
	switch {
	case n.form != scalar:
		r.complain(n.place, "is %s; write a path, or postgres://…", n.form)
	case isReference(n.text):
		if value, ok := r.resolve(n); ok {
			d.set(r, value)
		}
	case urlPassword.MatchString(n.text):
		r.complain(n.place, "a password is never written into the configuration; put the whole address into env:NAME or file:PATH")
	case n.text == "":
		r.complain(n.place, "is empty; write a path, or postgres://…")
	default:
		d.set(r, n.text)
	}
}

var urlPassword = regexp.MustCompile(`(?i)^[a-z]+://[^/@]*:[^/@]+@|[?&]password=|\bpassword\s*=`)

func (d *DSN) set(r *reader, value string) {
	if !strings.Contains(value, "://") {
		value = beside(r.options.Dir, value)
	}
	d.Secret = notifier.NewSecret(value)
}
