package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bongsu/config"
	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web"
)

//go:embed demo.yaml
var demoConfig string

func demoCommand() *cobra.Command {
	d := demo{env: map[string]string{}}
	c := &cobra.Command{
		Use:   "demo",
		Short: "Everything in one process: a simulated city, an outage, the page",
		Long: `Runs a simulated city on this machine's loopback addresses and a server that
watches it: no configuration, no network, no privilege. Ordinary texts go by the
messenger; then the login that everything shares dies; the page says so with its
cause, and the texts arrive by SMS instead. The whole story takes less than two
minutes; afterwards you can break and mend things yourself at /demo. A link that is
good once leads to the operators' console: whoever opens it chooses a name and a
password, and is the city's administrator until the demo ends.

Everything it shows and sends is marked as a simulation.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d.out, d.errs = c.OutOrStdout(), c.ErrOrStderr()
			return d.run(c.Context())
		},
	}
	c.Flags().StringVar(&d.listen, "listen", "127.0.0.1:8080", "where the page is served; a loopback address")
	c.Flags().StringVar(&d.lang, "lang", "en", "language of the narration: ko, ja or en")
	c.Flags().BoolVar(&d.once, "once", false, "end with the story instead of waiting for Ctrl-C")
	return c
}

// demoSlow is how long a slow service takes: more than its check expects, and
// less than its check's patience.
const demoSlow = 2700 * time.Millisecond

// demo is the demonstration: a city, and a server that watches it.
type demo struct {
	listen, lang string
	once         bool
	out, errs    io.Writer

	env    map[string]string
	city   *drill.City
	server *server
	began  time.Time

	// What a test wants to see: each snapshot, and the books when all is over.
	watch func(*status.Snapshot)
	ended func(*drill.City, *store.Store)
}

func (d *demo) run(ctx context.Context) (err error) {
	if err := loopbackOnly(d.listen); err != nil {
		return err
	}
	if !slices.Contains(config.Languages, d.lang) {
		return fmt.Errorf("--lang: no narrator speaks %q; write one of %s", d.lang, strings.Join(config.Languages, ", "))
	}
	folder, err := os.MkdirTemp("", "bongsu-demo-")
	if err != nil {
		return fmt.Errorf("making a folder for the demo's database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	templates, err := demoTemplates()
	if err != nil {
		return err
	}
	// The seed is fixed, so one demo is like the other; keys are new each time.
	if d.city, err = drill.New(ctx, drill.Settings{
		Seed: 1, Slow: demoSlow, Latency: drill.Span{Min: 50 * time.Millisecond, Max: 300 * time.Millisecond}, Templates: templates,
	}); err != nil {
		return fmt.Errorf("building the city: %w", err)
	}
	if err := d.open(ctx, folder); err != nil {
		return errors.Join(err, d.city.Close())
	}
	defer d.server.Close()
	return d.play(ctx)
}

func loopbackOnly(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("reading --listen: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: the demo can be broken by whoever reaches it, so it listens on loopback only; write 127.0.0.1:PORT", listen)
	}
	return nil
}

// open wires a server to the city.
func (d *demo) open(ctx context.Context, folder string) error {
	cfg, err := d.configure(folder)
	if err != nil {
		return err
	}
	d.server, err = newServer(ctx, cfg, serverOptions{
		env: d.lookup, simulation: true, accounts: true,
		log:   slog.New(slog.NewTextHandler(d.errs, &slog.HandlerOptions{Level: slog.LevelError})),
		watch: d.watch,
		extra: map[string]http.Handler{"/demo": d.city.Handler()},
		links: []web.Link{{Href: "/demo", Text: status.Text{"ko": "모의 도시", "ja": "模擬都市", "en": "Simulated city"}}},
	})
	if err != nil {
		return listenHint(err, d.listen)
	}
	return d.subscribe(ctx)
}

func (d *demo) lookup(name string) (string, bool) {
	value, ok := d.env[name]
	return value, ok
}

// configure fills the city's addresses and keys into the demo's configuration.
func (d *demo) configure(folder string) (*config.Config, error) {
	keys := d.city.Keys()
	d.env = map[string]string{
		"DEMO_KEYS": store.NewKeys(), "DEMO_CLIENT_SECRET": keys.ClientSecret, "DEMO_TOKEN": keys.Token,
		"DEMO_ALIMTALK_APP": keys.AlimTalkApp, "DEMO_ALIMTALK_SECRET": keys.AlimTalkSecret, "DEMO_ALIMTALK_SENDER": keys.AlimTalkSender,
		"DEMO_TWILIO_SID": keys.TwilioSID, "DEMO_TWILIO_TOKEN": keys.TwilioToken, "DEMO_TWILIO_FROM": keys.TwilioFrom,
		"DEMO_SLACK_TOKEN": keys.SlackToken,
	}
	fill := map[string]string{
		"Page": "http://" + d.listen, "Listen": d.listen, "Database": filepath.Join(folder, "demo.db"),
		"SlackChannel": keys.SlackChannel, "Slack": d.city.URL(drill.Slack) + "/api",
	}
	for name, service := range map[string]drill.Service{
		"Login": drill.Login, "Chat": drill.Chat, "Places": drill.Places, "Route": drill.Route, "Pay": drill.Pay,
		"Taxi": drill.Taxi, "Bank": drill.Bank, "BankLink": drill.BankLink, "SMS": drill.SMS, "AlimTalk": drill.AlimTalk,
	} {
		fill[name] = d.city.URL(service)
	}
	text, err := template.New("demo.yaml").Option("missingkey=error").Parse(demoConfig)
	if err != nil {
		return nil, fmt.Errorf("reading the demo's configuration: %w", err)
	}
	var filled bytes.Buffer
	if err := text.Execute(&filled, fill); err != nil {
		return nil, fmt.Errorf("filling the demo's configuration: %w", err)
	}
	return config.Parse("demo.yaml", filled.Bytes(), readOptions(d.lookup))
}

// demoTemplates are what the messenger has on file: the program's own, and one
// for the ordinary texts.
func demoTemplates() (map[string]string, error) {
	templates, err := words.AlimTalkTemplates()
	if err != nil {
		return nil, fmt.Errorf("reading the messenger's templates: %w", err)
	}
	for _, lang := range config.Languages {
		templates[ordinaryTemplate(lang)] = "#{text}"
	}
	return templates, nil
}

func ordinaryTemplate(lang string) string { return "ordinary-" + lang }

// demoPlans are the configuration's plans for the city's people.
var demoPlans = map[string]string{drill.PlanMessenger: "citizens", drill.PlanSMS: "by-sms"}

// subscribe signs the city's people up.
func (d *demo) subscribe(ctx context.Context) error {
	now := time.Now()
	for _, who := range drill.DemoSubscribers() {
		kinds := []string{"sms"}
		if who.Plan == drill.PlanMessenger {
			kinds = append(kinds, "alimtalk")
		}
		var addresses []store.Address
		for _, kind := range kinds {
			addresses = append(addresses, store.Address{Kind: kind, Address: who.Number, Source: "simulation", Consented: now, Confirmed: now})
		}
		sub := store.Subscriber{Lang: who.Lang, Plan: demoPlans[who.Plan], AtLeast: status.PartialOutage, Joined: now}
		if _, err := d.server.store.AddSubscriber(ctx, sub, addresses); err != nil {
			return fmt.Errorf("signing the city's people up: %w", err)
		}
	}
	return nil
}

// play runs city, server and story until ctx is done, or the story's end.
func (d *demo) play(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	cityCtx, closeCity := context.WithCancel(context.WithoutCancel(ctx)) // the city outlives the server, which ends its texts first
	defer closeCity()
	group, groupCtx := errgroup.WithContext(ctx)
	var city errgroup.Group
	city.Go(func() error { return d.city.Run(cityCtx) })
	group.Go(func() error { return d.server.Run(groupCtx, nil) })
	group.Go(func() error {
		err := d.tell(groupCtx)
		if d.once || err != nil {
			end()
		}
		return err
	})
	err := group.Wait()
	closeCity()
	err = errors.Join(err, city.Wait())
	if d.ended != nil {
		d.ended(d.city, d.server.store)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// tell plays the story and narrates it.
func (d *demo) tell(ctx context.Context) error {
	page := d.server.cfg.Model().Site.URL
	fmt.Fprintf(d.out, "Simulation. The page: %s   The city and its phones: %s/demo   (Ctrl-C ends it)\n", page, page)
	if err := d.offerConsole(ctx); err != nil {
		return err
	}
	if err := d.server.awaitSnapshot(ctx, func(s *status.Snapshot) bool { return s.Overall == status.Operational }); err != nil {
		return nil // interrupted before it began
	}
	d.began = time.Now()
	story := drill.DemoStory()
	ctx, cancel := context.WithTimeout(ctx, story.Longest()+time.Minute)
	defer cancel()
	err := story.Run(ctx, d.began, d.city, d, d.narrate)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.settle(ctx)
}

// offerConsole says how the operators' console of the simulation is come into,
// once and within an hour.
func (d *demo) offerConsole(ctx context.Context) error {
	text, err := keeperOf(d.server.store).FirstLink(ctx)
	if err != nil {
		return fmt.Errorf("making a link to the console: %w", err)
	}
	link, _ := linkAddresses(d.server.cfg, text)
	fmt.Fprintf(d.out, "The operators' console, simulated too: %s   (good once, for an hour)\n\n", link)
	return nil
}

// settle waits until the last texts are on the phones. The page says that it is
// over while the books still write that down, so an empty queue alone proves
// nothing.
func (d *demo) settle(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		booked := d.endsAreBooked(ctx)
		q, err := d.server.store.Queue(ctx, time.Now())
		if booked && err == nil && q.Depth == 0 && d.city.Travelling() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// endsAreBooked says whether everything that is over on the page has, in the
// books, a notice of its end whose texts are all planned, if anybody was told
// that it began.
func (d *demo) endsAreBooked(ctx context.Context) bool {
	page := d.server.latest.Load()
	for i := range page.Past {
		told, err := d.server.store.IncidentProgress(ctx, page.Past[i].ID)
		if err != nil {
			return false
		}
		began, ended := false, page.Past[i].MergedInto != ""
		for n := range told {
			if !told[n].Planned {
				return false
			}
			began = began || told[n].Event == string(status.EventOpened)
			ended = ended || told[n].Event == string(status.EventResolved)
		}
		if began && !ended {
			return false
		}
	}
	return true
}

func (d *demo) narrate(s drill.Scene) {
	fmt.Fprintf(d.out, "%4.0fs  %s\n", time.Since(d.began).Seconds(), s.Says.In(d.lang, "en"))
	switch s.Deed {
	case drill.WaitOpen, drill.WaitResolved:
		d.narrateIncident()
	case drill.Tell, drill.Turn, drill.Say:
	}
}

// narrateIncident says where to read about the newest incident.
func (d *demo) narrateIncident() {
	s := d.server.latest.Load()
	if s == nil {
		return
	}
	for _, list := range [][]status.Incident{s.Incidents, s.Past} {
		if len(list) > 0 {
			fmt.Fprintf(d.out, "       %s/incidents/%s\n       %s/demo\n", s.Site.URL, list[0].ID, s.Site.URL)
			return
		}
	}
}

// Tell sends an ordinary text to everybody, by their plans.
func (d *demo) Tell(ctx context.Context, text status.Text) error {
	now := time.Now()
	names := randomNames{}
	var notices []notifier.Notice
	for _, plan := range []string{demoPlans[drill.PlanMessenger], demoPlans[drill.PlanSMS]} {
		n := notifier.Notice{
			ID: names.ID(now), Event: "notice", Update: names.ID(now), Audience: "subscribers", Plan: plan,
			From: status.Unknown, To: status.MajorOutage, Priority: 100, Made: now,
		}
		for _, lang := range d.server.cfg.Model().Site.Languages {
			body := text.In(lang, "en")
			n.Texts = append(n.Texts,
				notifier.Text{Lang: lang, Class: notifier.ClassSMS, Body: body, Segments: 1},
				notifier.Text{Lang: lang, Class: notifier.ClassAlimTalk, Body: body, Template: ordinaryTemplate(lang), Params: map[string]string{"text": body}, Segments: 1})
		}
		notices = append(notices, n)
	}
	if err := d.server.store.AddNotices(ctx, notices); err != nil {
		return err
	}
	if e := d.server.engine.Load(); e != nil {
		e.sender.Wake()
	}
	return nil
}

// WaitOpen returns when an incident is open and announced.
func (d *demo) WaitOpen(ctx context.Context) error {
	return d.server.awaitSnapshot(ctx, func(s *status.Snapshot) bool {
		return len(s.Incidents) > 0 && !s.Incidents[0].Announced.IsZero()
	})
}

// WaitResolved returns when no incident is open any more.
func (d *demo) WaitResolved(ctx context.Context) error {
	return d.server.awaitSnapshot(ctx, func(s *status.Snapshot) bool { return len(s.Incidents) == 0 })
}

// listenHint makes the most common mishap readable.
func listenHint(err error, listen string) error {
	if err != nil && strings.Contains(err.Error(), "address already in use") {
		return fmt.Errorf("%s is in use; end what listens there, or choose another with --listen 127.0.0.1:8081", listen)
	}
	return err
}
