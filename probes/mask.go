package probes

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	masked    = "…"     // stands for a secret
	maxSeen   = 200     // characters of evidence about an answer
	maxReason = 300     // characters of a reason
	maxAction = 300     // characters of an action
	maxSecret = 4 << 10 // bytes of a secret; an access token is seldom over 2 KiB
)

// A mask knows what must not be seen.
type mask struct {
	forms   []string // the secrets, and how they look inside URLs, JSON and quotes
	longest int      // bytes of the longest form
}

// add learns a secret in the forms in which it may come back to us.
func (m *mask) add(secret string) {
	for _, form := range formsOf(secret) {
		if form == "" || slices.Contains(m.forms, form) {
			continue
		}
		m.forms = append(m.forms, form)
		m.longest = max(m.longest, len(form))
	}
}

func formsOf(secret string) []string {
	forms := []string{
		secret, strings.TrimSpace(secret), url.QueryEscape(secret), url.PathEscape(secret),
		unquoted(strconv.Quote(secret)),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		forms = append(forms, unquoted(string(quoted)))
	}
	return forms
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// clip returns the first characters of s, at most limit, on one line and with
// every secret masked. It never looks at more of s than it needs, and never
// cuts a secret in half.
func (m *mask) clip(s string, limit int) string {
	window := min(len(s), limit*utf8.UTFMax)
	line := oneLine(m.hide(s[:min(len(s), window+m.longest)], window))
	return shorten(m.hide(line, len(line)), limit, window < len(s))
}

// hide puts … in place of each stretch of secrets that begins before end, and
// drops what is left from there on.
func (m *mask) hide(s string, end int) string {
	if len(m.forms) == 0 {
		return s[:end]
	}
	secret := make([]bool, len(s))
	for _, form := range m.forms {
		markAll(secret, s, form)
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !secret[i] && i < end:
			b.WriteByte(s[i])
		case secret[i] && i < end && (i == 0 || !secret[i-1]):
			b.WriteString(masked)
		}
	}
	return b.String()
}

// markAll marks every place of s that an occurrence of form covers, those that
// overlap included.
func markAll(secret []bool, s, form string) {
	marked := 0
	for from := 0; ; from++ {
		i := strings.Index(s[from:], form)
		if i < 0 {
			return
		}
		from += i
		for k := max(from, marked); k < from+len(form); k++ {
			secret[k] = true
		}
		marked = from + len(form)
	}
}

// oneLine makes s fit for a line of evidence: no control characters, nothing
// that ends a line or turns what follows round, no broken UTF-8.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == utf8.RuneError:
			return '·'
		}
		return r
	}, s)
}

// shorten cuts s after limit characters and says so.
func shorten(s string, limit int, more bool) string {
	n := 0
	for i := range s {
		if n == limit-1 && (more || utf8.RuneCountInString(s[i:]) > 1) {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
