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
	Site       Site
	Groups     []Group
	Components []Component
	Apps       []App
	Rules      Rules
	Locations  []string // the locations whose votes count, sorted
}

// Site is who publishes the page.
type Site struct {
	Name       Text
	URL        string // the public address, without a trailing slash; never taken from a request
	Languages  []string
	Zone       *time.Location
	Contact    string
	Simulation bool // everything says so: page, text, feed
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
	Label    string        // what is honestly measured, e.g. "derived from login, routing and place search"; may be empty
}

// App is a public-service app whose functions need components.
type App struct {
	ID        string
	Name      Text
	Origins   []string
	Functions []AppFunction
}

// AppFunction is one thing an app offers.
type AppFunction struct {
	ID      string
	Name    Text
	Needs   []Need
	Instead Text
}

// Rules are the judgement settings.
type Rules struct {
	Confirm int           // consecutive troubled looks of one location before it counts, at least 1
	Recover int           // consecutive better looks before that counts, at least 1
	Quorum  int           // locations that must agree; 0 means a majority of Model.Locations
	Settle  time.Duration // how long the first words may wait for the cause
	Watch   time.Duration // how long a recovery is watched before it is called one
	Promise time.Duration // the longest time to the next word
}
