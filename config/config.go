package config

import (
	"io/fs"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/probes"
	"bongsu/status"
)

// Kinds is the table of what a configuration may use: the caller knows the
// kinds, this package only reads their settings.
type Kinds struct {
	Probes   []probes.Kind
	Gateways []notifier.GatewayKind
	Presets  fs.FS // *.yaml at any depth, one preset each; nil for none
}

// Options are what reading depends on besides the files.
type Options struct {
	Kinds Kinds
	// Dir is what relative paths (database, file:) are relative to. [Load]
	// sets it to the folder of the configuration if it is empty.
	Dir string
	// Env looks an environment variable up, as os.LookupEnv does. Without it
	// the references of secrets are checked in form only, files included, and
	// the secrets are empty.
	Env func(name string) (string, bool)
	// OwnOnly looks up what the database and the keys refer to and nothing
	// else: the secrets of checks and gateways are checked in form only and are
	// empty. It is for who works on the database beside the server, in a shell
	// that need not know what the server knows.
	OwnOnly bool
	// Measure counts the bytes that a text takes in an SMS in the language, in
	// the code page that networks use for it; an error says which character it
	// does not have. Without it the short names are not measured.
	Measure func(lang, text string) (bytes int, err error)
	// Mirror says what is wrong with the address of a copy of the page. Without
	// it addresses are not checked.
	Mirror func(address string) error
}

// Config is a configuration that has passed every check. It does not change.
type Config struct {
	Dir            string   // what relative paths are relative to, ${file:…} of steps included
	Listen         string   // host:port of the page
	TrustedProxies []string // addresses and networks whose X-Forwarded-For counts
	Mirrors        []string // addresses of copies of the page
	LastPage       string   // the file that keeps the last page for a start without the database
	Console        Console
	Database       DSN
	Keys           notifier.Secret // what `keys:` refers to; empty if it is left out
	Location       string          // this node's point of view
	Domains        []string        // the failure domains this node stands in
	Judgement      Judgement
	Signup         Signup
	Texts          Texts
	Retention      Retention

	model     status.Model
	checks    []Check
	controls  []Check
	channels  []Channel
	plans     map[string][]notifier.Hop
	audiences []notifier.Audience
	sendings  []Sending
	incoming  []Incoming
	waiting   string
	paths     map[string][]notifier.Path
	warnings  []Problem
	sources   []writing
}

// Model is what is judged and shown. Each call returns a copy of its own, but
// the slices and texts inside are shared and must not be changed.
func (c *Config) Model() *status.Model {
	model := c.model
	return &model
}

// Checks lists the checks in the order of the components.
func (c *Config) Checks() []Check { return slices.Clone(c.checks) }

// Controls lists what every location looks at to doubt itself, in order.
func (c *Config) Controls() []Check { return slices.Clone(c.controls) }

// Channels lists the channels in order. Their gateways are yet to be opened.
func (c *Config) Channels() []Channel { return slices.Clone(c.channels) }

// Plans are the plans by id, those that a route with a channel implies
// included. It must not be changed.
func (c *Config) Plans() map[string][]notifier.Hop { return c.plans }

// Sendings lists what the apps may send, in their order. Those without a plan
// may send nothing.
func (c *Config) Sendings() []Sending { return slices.Clone(c.sendings) }

// Audiences lists who hears, in the order of the routes.
func (c *Config) Audiences() []notifier.Audience { return slices.Clone(c.audiences) }

// Waiting says in one sentence why some checks do not start yet, and what to
// write so that they do. It is empty when nothing waits. Those checks have
// [Check.Held] set; everything else works.
func (c *Config) Waiting() string { return c.waiting }

// document is the configuration as it is written. Its structs, and those they
// hold, are the only list of keys there is: the reader, the schema and the
// rules all go by them.
type document struct {
	Site           site             `yaml:"site" must:"required" doc:"Who publishes the page."`
	Listen         string           `yaml:"listen" doc:"Where the page is served: host:port."`
	TrustedProxies []string         `yaml:"trusted_proxies" doc:"Addresses or networks of proxies whose X-Forwarded-For is believed. None by default."`
	Mirrors        []string         `yaml:"mirrors" doc:"Where copies of the page are kept: file:///a/folder, s3://bucket?region=…. Several nodes may name the same: one at a time writes it."`
	LastPage       string           `yaml:"last_page" doc:"A file that keeps the last page, so that a start without the database still shows it. Beside a SQLite database by default, else bongsu.page beside the configuration."`
	Console        Console          `yaml:"console" doc:"The operators' console."`
	Database       DSN              `yaml:"database" doc:"A path is a SQLite file; postgres://… is a PostgreSQL server. An address with a password goes by env:NAME or file:PATH."`
	Keys           notifier.Secret  `yaml:"keys" doc:"The keys that encrypt personal data and sign the page, as bongsu init makes them: file:PATH or env:NAME."`
	Location       string           `yaml:"location" must:"id" doc:"This node's point of view, where its checks look from."`
	Domains        []string         `yaml:"domains" must:"id" doc:"The failure domains this node stands in."`
	Locations      []location       `yaml:"locations" doc:"Other points of view: one for each bongsu agent. This node's own may be listed to name it."`
	Controls       []check          `yaml:"controls" doc:"Targets that tell an outage of the world from one of ours: at least two that have nothing in common. While they fail from a location, its word counts for nothing."`
	Groups         []group          `yaml:"groups" doc:"Headings on the page."`
	Components     []component      `yaml:"components" must:"required min=1" doc:"The lines on the page: one capability people use each."`
	Judgement      Judgement        `yaml:"judgement" doc:"When a failure counts, and what is promised."`
	Maintenance    []maintenance    `yaml:"maintenance" doc:"Planned work: not alarmed, and not counted against uptime."`
	Texts          texts            `yaml:"texts" doc:"What texts may say."`
	Apps           []app            `yaml:"apps" doc:"Public-service apps whose functions need components."`
	Channels       []channel        `yaml:"channels" doc:"Ways to people."`
	Plans          map[string][]hop `yaml:"plans" doc:"Orders of channels, by id: when one does not reach, the next one is tried."`
	Routes         []route          `yaml:"routes" doc:"Who hears what by which plan."`
	Retention      Retention        `yaml:"retention" doc:"How long the books name people."`
	Incoming       []Incoming       `yaml:"incoming" doc:"Other people's monitoring that may tell what it suspects. It confirms nothing, and is shown to operators alone."`
	Signup         Signup           `yaml:"signup" doc:"How people sign up. Off without it."`
}

// newDocument is a document with the defaults filled in.
func newDocument() *document {
	return &document{
		Site:      site{Languages: slices.Clone(Languages), TimeZone: "Asia/Seoul"},
		Listen:    ":8080",
		Console:   Console{Enabled: true},
		Location:  "main",
		Retention: Retention{Deliveries: 90 * 24 * time.Hour},
		Judgement: Judgement{
			Confirm: 3, Recheck: time.Second, Recover: 3,
			Fresh: Span{Times: 3}, Settle: 5 * time.Second,
			Watch: time.Hour, Promise: time.Hour,
		},
	}
}

const defaultDatabase = "bongsu.db"

// Parse reads a configuration from memory. The name stands for it in problems.
// An error is of type [Problems].
func Parse(name string, data []byte, o Options) (*Config, error) {
	r := newReader(o)
	config, err := r.build(r.parse(name, data))
	if err != nil {
		return nil, err
	}
	config.sources = []writing{packSource(name, data)}
	return config, nil
}

// build turns the merged nodes into a checked configuration.
func (r *reader) build(root *node) (*Config, error) {
	if root.form == broken {
		return nil, sorted(r.problems)
	}
	doc := newDocument()
	r.into(root, doc)
	if _, written := r.places[&doc.Database]; !written {
		doc.Database.set(r, defaultDatabase)
	}
	c := &checker{reader: r, doc: doc}
	config := c.check()
	if len(r.problems) > 0 {
		return nil, sorted(r.problems)
	}
	return config, nil
}

// A checker applies the rules that need more than one value. It goes on after
// a problem, so what it builds is only good if there was none.
type checker struct {
	*reader

	doc        *document
	zone       *time.Location
	look       status.Look
	groups     ids
	components ids
	channels   ids
	plans      ids
	locations  ids
	reported   bool // some check waits for reports
	warnings   []Problem
}

func (c *checker) check() *Config {
	c.collect()
	c.checkSite()
	c.checkTexts()
	c.checkServer()
	c.checkComponents()
	c.checkShorts()
	c.checkApps()
	c.checkJudgement()
	c.checkLocations()
	checks, controls := c.checkChecks(), c.checkControls()
	maintenance, routines := c.checkMaintenance()
	channels := c.checkChannels()
	plans, audiences := c.checkRoutes()
	c.checkOwnDomains()
	c.checkSignup()
	incoming := c.checkIncoming()
	var sendings []Sending
	for i := range c.doc.Apps {
		sendings = append(sendings, c.doc.Apps[i].sending())
	}
	waiting := c.hold(checks, controls)
	return &Config{
		Dir:            c.options.Dir,
		Listen:         c.doc.Listen,
		TrustedProxies: c.doc.TrustedProxies,
		Mirrors:        c.doc.Mirrors,
		LastPage:       c.lastPage(),
		Console:        c.doc.Console,
		Database:       c.doc.Database,
		Keys:           c.doc.Keys,
		Location:       c.doc.Location,
		Domains:        c.doc.Domains,
		Judgement:      c.doc.Judgement,
		Signup:         c.doc.Signup,
		Retention:      c.doc.Retention,
		Texts:          Texts{Substitutes: c.doc.Texts.Substitutes},
		model:          c.model(checks, controls, maintenance, routines),
		checks:         checks,
		incoming:       incoming,
		controls:       controls,
		channels:       channels,
		plans:          plans,
		audiences:      audiences,
		sendings:       sendings,
		waiting:        waiting,
		paths:          c.allPaths(),
		warnings:       c.warnings,
	}
}

// collect gathers the ids that others refer to.
func (c *checker) collect() {
	c.groups, c.components, c.channels, c.plans, c.locations = ids{}, ids{}, ids{}, ids{}, ids{}
	for i := range c.doc.Groups {
		c.claim(c.groups, &c.doc.Groups[i].ID)
	}
	for i := range c.doc.Components {
		c.claim(c.components, &c.doc.Components[i].ID)
	}
	for i := range c.doc.Channels {
		c.claim(c.channels, &c.doc.Channels[i].ID)
	}
	for id := range c.doc.Plans {
		c.plans[id] = place{}
	}
}

// ids are names that are taken, and where.
type ids map[string]place

// claim takes an id, which must be free.
func (c *checker) claim(taken ids, id *string) {
	at := c.at(id)
	if *id == "" || at.file == "" {
		return
	}
	if first, twice := taken[*id]; twice {
		c.complain(at, "the id %q is used twice, first at %s:%d:%d; choose another", *id, first.file, first.line, first.column)
		return
	}
	taken[*id] = at
}

// refer checks that an id leads somewhere. An id that was not read is silent.
func (c *checker) refer(id *string, what string, known ids) {
	if *id == "" {
		return
	}
	if _, ok := known[*id]; !ok {
		c.complain(c.at(id), "no %s is called %q%s", what, *id, suggest(*id, sortedKeys(known)))
	}
}
