package imports

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// plainHeaders are those whose values are no secrets. Every other header's
// value goes by a variable: which of them is one cannot be told from outside.
var plainHeaders = []string{
	"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection",
	"content-type", "dnt", "host", "if-none-match", "origin", "pragma", "range", "referer", "upgrade-insecure-requests",
	"user-agent", "x-requested-with",
}

var secretWord = regexp.MustCompile(`(?i)pass|pwd|\bpw\b|secret|token|key|auth|credential|sig|session|cookie|code|hash|\bsid\b`)

// header is a header's value as it may be written.
func (i *Import) header(of, name, value string) string {
	if slices.Contains(plainHeaders, strings.ToLower(name)) && !looksRandom(value) {
		return i.unreferenced(value)
	}
	if i.refers(value) && slices.Contains(schemes, strings.ToLower(strings.TrimSpace(reference.ReplaceAllString(value, "")))) {
		return value
	}
	return "${env:" + i.variable(of, name, "the header "+line(name, 60)+" of "+of) + "}"
}

// body is a body as it may be written: by a variable, since what of it is a
// secret cannot be told from outside.
func (i *Import) body(of string) string {
	return "${env:" + i.variable(of, "body", "the body that is sent to "+of) + "}"
}

// address is a URL as it may be written: without a password, and with
// variables in the place of whatever looks like a secret. It says whether
// anything was replaced, and gives the name and password that it had.
func (i *Import) address(of, raw string) (written string, replaced bool, user *url.Userinfo) {
	raw, _, _ = strings.Cut(strings.TrimSpace(raw), "#")
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return i.unreferenced(raw), false, nil
	}
	_, rest, _ := strings.Cut(raw, "//")
	at := strings.IndexAny(rest, "/?")
	if at < 0 {
		return u.Scheme + "://" + u.Host, false, u.User
	}
	path, query, asks := strings.Cut(rest[at:], "?")
	segments := strings.Split(path, "/")
	for n, s := range segments {
		if looksRandom(s) && !i.refers(s) {
			segments[n], replaced = "${env:"+i.variable(of, "path", "a part of the path in the address of "+of)+"}", true
		} else {
			segments[n] = i.unreferenced(s)
		}
	}
	written = u.Scheme + "://" + u.Host + strings.Join(segments, "/")
	if asks && query != "" {
		clean, hid := i.query(of, query)
		written, replaced = written+"?"+clean, replaced || hid
	}
	return written, replaced, u.User
}

func (i *Import) query(of, raw string) (written string, replaced bool) {
	parts := strings.Split(raw, "&")
	for n, p := range parts {
		key, value, ok := strings.Cut(p, "=")
		if ok && value != "" && !i.refers(value) && (secretWord.MatchString(key) || looksRandom(value)) {
			parts[n], replaced = i.unreferenced(key)+"=${env:"+i.variable(of, key, "the parameter "+line(key, 60)+" in the address of "+of)+"}", true
		} else {
			parts[n] = i.unreferenced(p)
		}
	}
	return strings.Join(parts, "&"), replaced
}

// looksRandom says whether a word is likely to be a key: long, of letters and
// digits, both in it.
func looksRandom(word string) bool {
	if len(word) < 20 || strings.ContainsAny(word, " .") {
		return false
	}
	digits := strings.ContainsAny(word, "0123456789")
	letters := strings.ContainsAny(strings.ToLower(word), "abcdefghijklmnopqrstuvwxyz")
	return digits && letters
}

// schemes are what may stand before a reference in a header.
var schemes = []string{"", "bearer", "basic", "token"}

// reference is one of ours to a variable.
var reference = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]{0,127})\}`)

// refers says whether a text holds a reference to a variable that is noted.
func (i *Import) refers(text string) bool {
	m := reference.FindStringSubmatch(text)
	return m != nil && i.variables[m[1]]
}

// unreferenced keeps a text that is copied from being read as a reference of
// ours: in Bongsu's own steps ${…} is filled in. Those to variables that are
// noted stay.
func (i *Import) unreferenced(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if m := reference.FindStringSubmatchIndex("${" + rest); m != nil && m[0] == 0 && i.variables[("${" + rest)[m[2]:m[3]]] {
			b.WriteString(("${" + rest)[:m[1]])
			text = ("${" + rest)[m[1]:]
			continue
		}
		b.WriteString("$%7B")
		text = rest
	}
}
