package console

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/door"
	"bongsu/web/limit"
	"bongsu/web/speech"
)

// Root is where the console is mounted.
const Root = "/console"

// loginPath is where nobody is led to.
const loginPath = Root + "/login"

// How often one network may ask: enough for a few operators behind one address
// with many pages open, too little to guess or to flood.
const (
	askEvery, askBurst     = 50 * time.Millisecond, 200
	writeEvery, writeBurst = time.Second, 30
)

// ErrNobody is [Door]'s answer for a request that nobody has logged in for.
var ErrNobody = account.ErrNobody

// Door says who comes in.
type Door interface {
	// Who has sent the request; [ErrNobody] if nobody has logged in. Any other
	// error means that it cannot be known now.
	Who(r *http.Request) (account.Who, error)
}

// Options are what a Console is made of.
type Options struct {
	// Door says who comes in. It is needed.
	Door Door

	// Entry lets people in and keeps accounts. Without it the console has no page
	// for that.
	Entry *door.Door

	// Tokens keeps the API's tokens. Without it the console has no page for them.
	Tokens Tokens

	// Address is where people open the console, if it has a listener of its own;
	// empty: at the site's.
	Address string

	// Snapshot is the latest of what is measured and told; nil until there is
	// one. Site is who runs the page, until then.
	Snapshot func() *status.Snapshot
	Site     status.Site

	// Ways tells how sending goes; nil if this server sends nothing.
	Ways Ways

	// Ledger, People, Apps, Drills, Settings and AuditLog are what the pages of
	// these names show. A page whose source is nil is not there.
	Ledger   Ledger
	People   People
	Apps     AppBook
	Drills   DrillRoom
	Settings Configurations
	AuditLog AuditLog

	// Recorder keeps what is done through the console; nil for none.
	Recorder Recorder
	// Stories are what the pages of incidents are made of; nil: there are none.
	Stories Stories

	// Planner plans work. Nil: the calendar is only shown.
	Planner Doer

	// Looker has components looked at on demand; nil: nobody can ask for it.
	Looker Looker

	// Silencer keeps components' failures from being told; nil: nobody can ask for
	// it.
	Silencer Doer

	// TrustedProxies are the networks whose X-Forwarded-For is believed.
	TrustedProxies []string

	// Now is the time that pages and limits go by; time.Now if nil.
	Now func() time.Time

	// Log hears of panics and of pages that could not be made. May be nil.
	Log *slog.Logger
}

// Console answers everything below [Root].
type Console struct {
	options     Options
	catalog     *speech.Catalog
	views       *views
	assets      *assets
	proxies     limit.Proxies
	asks        *limit.Networks
	writes      *limit.Networks
	looks       *limit.Keyed[string] // on demand, by component
	crossOrigin *http.CrossOriginProtection
	routes      []route
	mux         *http.ServeMux
	live        *live
}

// New makes a console. The error names the option that is wrong.
func New(o Options) (*Console, error) {
	if o.Door == nil {
		return nil, errors.New("a console needs a door")
	}
	if o.Snapshot == nil {
		o.Snapshot = func() *status.Snapshot { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Console{
		options:     o,
		asks:        limit.NewNetworks(askEvery, askBurst),
		writes:      limit.NewNetworks(writeEvery, writeBurst),
		looks:       limit.NewKeyed[string](lookEvery, 1),
		crossOrigin: http.NewCrossOriginProtection(),
		live:        newLive(),
	}
	if err := c.read(); err != nil {
		return nil, err
	}
	c.routes = c.allRoutes()
	c.mux = c.newMux()
	return c, nil
}

// read lists what comes with the program: texts, assets, templates.
func (c *Console) read() (err error) {
	if c.proxies, err = limit.ParseProxies(c.options.TrustedProxies); err != nil {
		return fmt.Errorf("trusted_proxies: %w", err)
	}
	if c.catalog, err = newCatalog(); err != nil {
		return fmt.Errorf("reading the console's texts: %w", err)
	}
	if c.assets, err = newAssets(); err != nil {
		return fmt.Errorf("reading the console's assets: %w", err)
	}
	if c.views, err = newViews(c.catalog, c.assets); err != nil {
		return fmt.Errorf("reading the console's templates: %w", err)
	}
	return nil
}

// newCatalog gives the page's texts and the console's own.
func newCatalog() (*speech.Catalog, error) {
	page, err := web.Locales()
	if err != nil {
		return nil, err
	}
	return speech.Open(languages, page, locales()), nil
}

// Close ends what pages wait for. The console still answers.
func (c *Console) Close() { c.live.close() }

// Changed tells open pages that what they show of the topics may have changed.
func (c *Console) Changed(topics ...Topic) { c.live.changed(topics) }

// site is who runs the page.
func (c *Console) site() *status.Site {
	if s := c.options.Snapshot(); s != nil {
		return &s.Site
	}
	return &c.options.Site
}

// secure says whether browsers come by https.
func (c *Console) secure() bool {
	return strings.HasPrefix(cmp.Or(c.site().URL, c.options.Site.URL), "https://")
}
