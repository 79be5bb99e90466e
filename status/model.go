package status

import "time"

// Text is a text in several languages, keyed by language tag (ko, ja, en).
type Text map[string]string

// In returns the text in the language, or in the first of the fallbacks that
// has one. It is empty only if none has.
func (t Text) In(lang string, fallbacks ...string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	for _, l := range fallbacks {
		if s, ok := t[l]; ok {
			return s
		}
	}
	return ""
}

// Model is what is judged and shown: the configuration as the rules and the
// page need it. It does not change; a reload makes a new one.
type Model struct {
	Site        Site
	Groups      []Group
	Components  []Component
	Apps        []App
	Rules       Rules
	Locations   []Location    // those whose votes count, by id
	Maintenance []Maintenance // planned by the configuration; ids begin with "config/"
	Routines    []Routine     // likewise, work that comes again
	Recur       Recur         // knows when a routine comes again; nil: there are none
	Controls    []Check       // what every location looks at to tell "the world is down" from "we are"
}

// Site is who publishes the page.
type Site struct {
	Name       Text
	URL        string // the public address, without a trailing slash; never taken from a request
	Languages  []string
	Zone       *time.Location
	Contact    string
	Mirrors    []string // public addresses of copies of the page, each ending with a slash
	Look       Look
	Simulation bool // everything says so: page, text, feed
	Exercise   bool // a simulation that is a drill: everything calls itself an exercise
}

// Look is what the site's owner adds to the page's look. What is empty stays as
// it is.
type Look struct {
	Logo         []byte // SVG or PNG
	Colour, Dark string // #rrggbb, on light and on dark paper
	Footer       Text
	Style        string // CSS
}

// Location is where a node looks from.
type Location struct {
	ID      string
	Name    Text     // may be empty: then the id is shown
	Domains []string // the failure domains it stands in
}

// Group is a heading on the page.
type Group struct {
	ID   string
	Name Text
}

// Component is a line on the page: one capability people use.
type Component struct {
	ID          string
	Group       string
	Name        Text
	Short       Text // for texts; at most 12 bytes in the channel's code page
	Operator    string
	Users       int // monthly users, 0 if not told
	Domains     []string
	Needs       []Need
	Substitutes []string
	Advice      Text
	Checks      []Check
}

// Need is an edge of the dependency graph.
type Need struct {
	ID   string
	Soft bool
}

// Check is what the rules must know of a check.
type Check struct {
	ID       string // unique: component id, slash, the check's name or number
	Name     string
	Depth    Depth
	Sandbox  bool          // a sandbox never colours production
	CountsAs State         // the state this check's failure means, instead of §2a's table; Unknown leaves the table alone
	Fresh    time.Duration // a vote older than this does not count
	From     []string      // ids of the locations that look at it, sorted; empty: all of them
	Awaits   bool          // it asks nothing: something else reports in, and silence is the failure
	Label    string        // what is honestly measured, e.g. "derived from login, routing and place search"; may be empty
}

// App is a public-service app whose functions need components.
type App struct {
	ID        string
	Name      Text
	Origins   []string
	WidgetOff bool // its widget shows nothing
	Functions []AppFunction
}

// Rules are the judgement settings.
type Rules struct {
	Confirm int           // consecutive troubled looks of one location before it counts, at least 1
	Recover int           // consecutive better looks before that counts, at least 1
	Quorum  int           // locations that must agree; 0 means a majority of those that look at the check
	Settle  time.Duration // how long the first words may wait for the cause
	Watch   time.Duration // how long a recovery is watched before it is called one
	Promise time.Duration // the longest time to the next word
}
