package imports

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"bongsu/status"
)

// Import is what was read of a source: a configuration, history, and what
// became of each thing.
type Import struct {
	Incidents   []status.Incident // over, for the database
	Maintenance []status.Maintenance
	Report      []Line
	Variables   []Variable // what the configuration refers to, in the order of use

	source string // "Gatus"
	from   string // the files or the page
	lang   string

	name, url, zone string
	groups          []group
	components      []*component
	channels        []channel
	notes           []string // decisions and leftovers, at the end of the file

	ids       map[string]int // what is taken, by kind and id
	variables map[string]bool
}

// Variable is an environment variable that the configuration refers to.
type Variable struct{ Name, What string }

type group struct{ id, name string }

// component is a line on the page, as it will be written.
type component struct {
	id, group, name string
	where           string   // in the source
	notes           []string // decisions, above it
	checks          []*check
}

// check is one check: its settings in order, and of its only step what is
// expected.
type check struct {
	where  string
	notes  []string
	fields []pair
	expect []string
	steps  []*step // instead of fields of an action, several
}

// step is one of several steps of a check.
type step struct {
	fields []pair
	expect []string
}

type pair struct {
	key   string
	value any // string, int, bool, time.Duration, map[string]string, []string, save
}

func (c *check) set(key string, value any) { c.fields = append(c.fields, pair{key, value}) }

// channel is a way to people: written out, or as a comment that waits for a
// decision.
type channel struct {
	id     string
	where  string
	notes  []string
	fields []pair
	route  bool     // operators hear by it
	draft  []string // lines of a comment, instead of fields
}

func newImport(source string, o Options, files []Input) *Import {
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.Name)
	}
	return &Import{
		source: source, from: short(strings.Join(names, ", "), 200), lang: o.Lang,
		name: "Status", url: placeholderURL, zone: "UTC",
		ids: map[string]int{}, variables: map[string]bool{},
	}
}

// placeholderURL is written where a source does not say where the page will be.
const placeholderURL = "https://status.example"

// Components is how many components there are to write.
func (i *Import) Components() int { return len(i.components) }

// idFor makes an id of a name that nothing of the kind has yet.
func (i *Import) idFor(kind, name string) string {
	id := slug(name)
	if id == "" {
		id = kind
	}
	for n := 1; ; n++ {
		tried := id
		if n > 1 {
			tried = fmt.Sprintf("%s-%d", id, n)
		}
		if key := kind + " " + tried; i.ids[key] == 0 {
			i.ids[key] = 1
			return tried
		}
	}
}

// slug is a name in lower-case letters, digits and hyphens: at most 50.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	id := strings.Join(words, "-")
	return strings.Trim(id[:min(len(id), 50)], "-")
}

// groupOf is the id of the group with the name, which is made if need be.
func (i *Import) groupOf(name string) string {
	name = line(name, maxName)
	if name == "" {
		name = "Services"
	}
	for _, g := range i.groups {
		if g.name == name {
			return g.id
		}
	}
	g := group{i.idFor("group", name), name}
	i.groups = append(i.groups, g)
	return g.id
}

// maxName is how many characters a name may have.
const maxName = 80

// add puts a component on the page.
func (i *Import) add(where, groupName, name string) (*component, error) {
	if len(i.components) >= maxThings {
		return nil, fmt.Errorf("%s has more than %d components", i.from, maxThings)
	}
	name = line(name, maxName)
	if name == "" {
		name = "Unnamed"
	}
	c := &component{id: i.idFor("component", name), name: name, group: i.groupOf(groupName), where: where}
	i.components = append(i.components, c)
	return c, nil
}

// line is a text on one line, without what no name may hold, at most so many
// characters long.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, !unicode.IsPrint(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return short(strings.Join(strings.Fields(text), " "), most)
}

// short cuts a text at so many characters.
func short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// variable makes up the name of an environment variable for a secret, and
// notes what belongs in it.
func (i *Import) variable(of, part, what string) string {
	base := strings.ToUpper(strings.ReplaceAll(slug(of)+"-"+slug(part), "-", "_"))
	base = strings.Trim(base[:min(len(base), 100)], "_")
	if base == "" || base[0] >= '0' && base[0] <= '9' {
		base = "S_" + base
	}
	name := base
	for n := 2; i.variables[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	i.known(name, what)
	return name
}

// known notes a variable that the source itself reads.
func (i *Import) known(name, what string) {
	if !i.variables[name] {
		i.variables[name] = true
		i.Variables = append(i.Variables, Variable{name, line(what, 200)})
	}
}

// publicURL is the scheme and host of a page's address, if it can be ours.
func publicURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	return "https://" + u.Host
}

// interval sets how often a check looks and how long a look may take, inside
// of what can be written.
func (i *Import) interval(c *check, every, timeout time.Duration) {
	if every < time.Second || every > 24*time.Hour {
		bounded := min(max(every, time.Second), 24*time.Hour)
		if every == 0 {
			bounded = time.Minute
		} else {
			i.changed(c.where, "it looks every %s instead of %s, which cannot be written", brief(bounded), brief(every))
		}
		every = bounded
	}
	c.set("every", every.Round(time.Millisecond))
	if timeout == 0 || timeout == min(10*time.Second, every) {
		return
	}
	bounded := min(max(timeout, 100*time.Millisecond), every, 5*time.Minute)
	if bounded != timeout {
		i.changed(c.where, "a look may take %s instead of %s", brief(bounded), brief(timeout))
	}
	c.set("timeout", bounded.Round(time.Millisecond))
}

// brief writes a duration as people do: 2m, not 2m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// zoneOr is the name of a time zone that there is, or the other one.
func zoneOr(name, other string) string {
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return other
	}
	return name
}

func (i *Import) note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if !slices.Contains(i.notes, note) {
		i.notes = append(i.notes, note)
	}
}
