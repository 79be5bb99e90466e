package incoming

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bongsu/notifier"
	"bongsu/status"
)

// Kind says in which form a source sends.
type Kind string

// The kinds of source.
const (
	Alertmanager Kind = "alertmanager" // Prometheus Alertmanager's webhook, version 4
	JSON         Kind = "json"         // any JSON, read by Fields
)

// MaxBody bounds a body, in bytes.
const MaxBody = 256 << 10

// mostAlerts bounds the alerts of one body. Alertmanager's max_alerts can be set
// to send fewer.
const mostAlerts = 100

// maxSummary and maxKey bound what is kept of an alert's words, in characters.
const (
	maxSummary = 300
	maxKey     = 120
)

// ErrMalformed says that a body is not of the source's form.
var ErrMalformed = errors.New("the body is not of the form that this source sends")

// Source is who may send, and how it is read.
type Source struct {
	ID    string
	Kind  Kind
	Token notifier.Secret
	Lasts time.Duration // how long a suspicion stands without being repeated
	Rules []Rule        // the first that matches an alert says what it is of
	Fields
}

// Rule says what component an alert is of.
type Rule struct {
	Match     []Match // all of them
	Component string
	State     status.State
}

// Match is a label, or a field by its path, with the whole of the value that it
// has to have.
type Match struct {
	Name    string
	Pattern *regexp.Regexp
}

// Fields say where generic JSON has what. Paths are dotted: a.b.0.c.
type Fields struct {
	List     string   // where the alerts are; empty: the body is one
	Key      string   // what the source calls the one thing that an alert speaks of
	Resolved string   // what tells that it is over
	Over     []string // the values of Resolved that say so
	Summary  string
	Since    string // when it began, in RFC 3339
}

// Pattern makes a pattern that has to match the whole of a value.
func Pattern(text string) (*regexp.Regexp, error) { return regexp.Compile(`\A(?:` + text + `)\z`) }

// Admits says whether a request proves that the source has sent it: a bearer
// token, or a password by whatever user name, as Alertmanager's http_config
// sends either.
func (s *Source) Admits(h http.Header) bool {
	scheme, given, _ := strings.Cut(h.Get("Authorization"), " ")
	switch {
	case s.Token.Empty() || len(given) > 1000:
		return false
	case strings.EqualFold(scheme, "Basic"):
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(given))
		if err != nil {
			return false
		}
		_, given, _ = strings.Cut(string(text), ":")
	case !strings.EqualFold(scheme, "Bearer"):
		return false
	}
	mine, theirs := sha256.Sum256([]byte(s.Token.Reveal())), sha256.Sum256([]byte(strings.TrimSpace(given)))
	return subtle.ConstantTimeCompare(mine[:], theirs[:]) == 1
}

// Report is what a body says.
type Report struct {
	Suspicions []status.Suspicion
	Unmatched  int // alerts that no rule says anything about
}

// Read reads a body. Its error wraps [ErrMalformed].
func (s *Source) Read(body []byte, now time.Time) (Report, error) {
	if s.Kind == Alertmanager {
		return s.readAlertmanager(body, now)
	}
	return s.readJSON(body, now)
}

// alert is what an alert says, whatever its form.
type alert struct {
	value   func(name string) (string, bool)
	key     string
	summary string
	over    bool
	since   time.Time
}

// add makes a suspicion of an alert, if a rule says of what.
func (r *Report) add(s *Source, a *alert, now time.Time) {
	for i := range s.Rules {
		rule := &s.Rules[i]
		if !rule.matches(a.value) {
			continue
		}
		suspicion := status.Suspicion{
			Component: rule.Component, Source: s.ID, Key: short(a.key, maxKey), State: rule.State, Summary: short(a.summary, maxSummary),
			Since: a.since, Until: now.Add(s.Lasts),
		}
		if a.over {
			suspicion.Ended = now
		}
		r.Suspicions = append(r.Suspicions, suspicion)
		return
	}
	r.Unmatched++
}

func (r *Rule) matches(value func(name string) (string, bool)) bool {
	for _, m := range r.Match {
		text, there := value(m.Name)
		if !there || !m.Pattern.MatchString(text) {
			return false
		}
	}
	return true
}

// short keeps one line of plain text, cut where it gets long. A key that is cut
// keeps a mark of the whole, so that two never become one.
func short(text string, most int) string {
	clean := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)), " ")
	if utf8.RuneCountInString(clean) <= most {
		return clean
	}
	sum := sha256.Sum256([]byte(text))
	return string([]rune(clean)[:most-9]) + "…" + hex.EncodeToString(sum[:4])
}
