package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"text/template"
	"time"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
	"bongsu/store/pgtest"
)

// campaign is a notice to many, sent by the whole program through the city's
// SMS gateway, while the program is killed again and again.
type campaign struct {
	people, kills, rate int
	slowest             time.Duration // the gateway's longest answer
}

// kill -9 at any instant loses nobody, and repeats only what nobody could know.
// BONGSU_DEEP=1 makes it twenty kills and five thousand people.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	c := campaign{people: 250, kills: 2, rate: 250, slowest: 300 * time.Millisecond}
	if os.Getenv("BONGSU_DEEP") == "1" {
		c.people, c.kills = 5000, 20
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		c.run(t, filepath.Join(t.TempDir(), "bongsu.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		c.run(t, newPostgres(t))
	})
}

// newPostgres starts a cluster of the test's own.
func newPostgres(t *testing.T) string {
	t.Helper()
	return newCluster(t).Database("bongsu")
}

// newCluster starts one with an empty database, bongsu.
func newCluster(t *testing.T) *pgtest.Cluster {
	t.Helper()
	cluster, err := pgtest.Start()
	if errors.Is(err, exec.ErrNotFound) {
		pgtest.Missing(t, "PostgreSQL")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Stop)
	db, err := sql.Open("pgx", cluster.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE bongsu"); err != nil {
		t.Fatal(err)
	}
	return cluster
}

// killedConfig is a server that has one thing to watch and a notice to send.
const killedConfig = `
site: {name: Status, url: "http://{{.Listen}}", languages: [en], contact: ops@status.example}
listen: {{.Listen}}
database: {{.Database}}
keys: env:BONGSU_TEST_KEYS
groups: [{id: maps, name: Maps}]
components:
  - {id: route, group: maps, name: Directions, short: routes, checks: [{name: ask, every: 5s, GET: "{{.Route}}/v1/directions?origin=0,0&destination=1,1"}]}
channels:
  - id: sms
    kind: sms
    gateways:
      - {kind: twilio, account_sid: "env:BONGSU_TEST_SID", auth_token: "env:BONGSU_TEST_TOKEN", from: "{{.From}}", rate: {{.Rate}}/s, base_url: "{{.SMS}}"}
plans: {citizens: [{channel: sms}]}
routes: [{audience: subscribers, plan: citizens, at_least: partial_outage}]
`

func (c campaign) run(t *testing.T, database string) {
	city, stop := liveCity(t, drill.Settings{Seed: 7, Latency: drill.Span{Min: 50 * time.Millisecond, Max: c.slowest}, Keep: 1_000_000})
	defer stop()
	folder, keys := t.TempDir(), store.NewKeys()
	env := append(os.Environ(), "BONGSU_TEST_KEYS="+keys,
		"BONGSU_TEST_SID="+city.Keys().TwilioSID, "BONGSU_TEST_TOKEN="+city.Keys().TwilioToken)
	path := filepath.Join(folder, "bongsu.yaml")
	writeConfig(t, path, map[string]any{
		"Listen": freeAddress(t), "Database": database, "From": city.Keys().TwilioFrom, "Rate": c.rate,
		"Route": city.URL(drill.Route), "SMS": city.URL(drill.SMS),
	})
	db := c.prepare(t, database, keys)

	handed := drill.Query{Kind: drill.Request, Service: drill.SMS, Method: "POST"}
	whole := time.Duration(c.people)*time.Second/time.Duration(c.rate) + time.Minute
	for i := range c.kills {
		p := startServer(t, path, env)
		eventually(t, whole, "sending goes on", func() bool { return city.Log().Count(handed) >= (i+1)*c.people/(c.kills+2) })
		<-time.After(rand.N(100 * time.Millisecond)) // the instant is what is random here
		p.kill()
	}
	startServer(t, path, env)
	eventually(t, whole+time.Minute, "the notice is through", func() bool {
		progress, err := db.Progress(t.Context(), "killed")
		if err != nil {
			t.Fatal(err)
		}
		queue, err := db.Queue(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return progress.Planned && queue.Depth == 0
	})
	c.count(t, city, db)
}

// prepare signs people up and has something to tell them.
func (c campaign) prepare(t *testing.T, database, keys string) *store.Store {
	t.Helper()
	db := c.subscribers(t, database, keys)
	err := db.AddNotices(t.Context(), []notifier.Notice{{
		ID: "killed", Event: "notice", Update: "killed", Audience: "subscribers", Plan: "citizens", To: status.MajorOutage, Made: time.Now(),
		Texts: []notifier.Text{{Lang: "en", Class: notifier.ClassSMS, Body: "[Simulation] Nothing is wrong.", Segments: 1}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// subscribers signs people up.
func (c campaign) subscribers(t *testing.T, database, keys string) *store.Store {
	t.Helper()
	keyring, err := store.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), database, store.Options{Keys: keyring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := time.Now()
	for i := range c.people {
		sub := store.Subscriber{Lang: "en", Plan: "citizens", AtLeast: status.PartialOutage, Joined: now}
		address := store.Address{Kind: "sms", Address: killedNumber(i), Source: "test", Consented: now, Confirmed: now}
		if _, err := db.AddSubscriber(t.Context(), sub, []store.Address{address}); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// killedNumber is a number within 010 that Korea does not give out.
func killedNumber(i int) string { return fmt.Sprintf("+82100000%04d", i) }

// count compares what the city saw with what the books say.
func (c campaign) count(t *testing.T, city *drill.City, db *store.Store) {
	t.Helper()
	if dropped := city.Log().Dropped(); dropped != 0 {
		t.Fatalf("the log let %d entries go; nothing can be counted", dropped)
	}
	requests := map[string][]drill.Entry{}
	for _, e := range city.Log().Find(drill.Query{Kind: drill.Request, Service: drill.SMS, Method: "POST"}) {
		requests[e.To] = append(requests[e.To], e)
	}
	repeats := 0
	for i := range c.people {
		number := killedNumber(i)
		if len(requests[number]) == 0 {
			t.Errorf("%s was never told", number)
			continue
		}
		repeats += len(requests[number]) - 1
		c.wantDoubtFirst(t, db, number, requests[number])
	}
	inFlight := int(float64(c.rate) * c.slowest.Seconds())
	flush := c.rate * 20 / 1000 // the flush window, with room for the disk
	bound := c.kills * (inFlight + flush + 1)
	t.Logf("%d people, %d kills: %d repeats, at most %d", c.people, c.kills, repeats, bound)
	if repeats > bound {
		t.Errorf("%d repeats, at most %d could not be known", repeats, bound)
	}
}

// wantDoubtFirst checks that each repeat was in doubt in the books before its
// request left.
func (c campaign) wantDoubtFirst(t *testing.T, db *store.Store, number string, requests []drill.Entry) {
	t.Helper()
	if len(requests) == 1 {
		return
	}
	sub, err := db.FindSubscriber(t.Context(), "sms", number)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := db.History(t.Context(), sub.ID, 10)
	if err != nil || len(lines) == 0 {
		t.Fatalf("the history of %s: %d lines, %v", number, len(lines), err)
	}
	tries, err := db.Attempts(t.Context(), lines[0].Batch, sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, repeat := range requests[1:] {
		if i >= len(tries) || tries[i].Kind != "in_doubt" || tries[i].At.After(repeat.At) {
			t.Errorf("repeat %d to %s left before it was in doubt: %+v", i+1, number, tries)
		}
	}
}

// liveCity runs a city until stop is called.
func liveCity(t *testing.T, settings drill.Settings) (city *drill.City, stop func()) {
	t.Helper()
	city, err := drill.New(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- city.Run(ctx) }()
	return city, func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("the city: %v", err)
		}
	}
}

func writeConfig(t *testing.T, path string, fill any) {
	t.Helper()
	writeTemplate(t, killedConfig, path, fill)
}

func writeTemplate(t *testing.T, config, path string, fill any) {
	t.Helper()
	var text bytes.Buffer
	if err := template.Must(template.New("").Option("missingkey=error").Parse(config)).Execute(&text, fill); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freeAddress is an address that stays free while a server that listens there
// is killed and started again: its port is below those that the kernel gives to
// whoever asks for any.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(20_000+rand.IntN(12_000)))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("a hundred ports are taken")
	return ""
}

// process is a `bongsu serve` of its own.
type process struct {
	*exec.Cmd
	ended chan error
	said  bytes.Buffer
}

// startServer runs the test binary as `bongsu serve`.
func startServer(t *testing.T, config string, env []string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], "serve", "-c", config), ended: make(chan error, 1)}
	p.Env = append(env, runAsBongsu+"=1")
	p.begin(t)
	return p
}

// begin starts the process. It ends with the test, and then says what it said if
// that failed.
func (p *process) begin(t *testing.T) {
	t.Helper()
	p.Stdout, p.Stderr = &p.said, &p.said
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("process %d said:\n%s", p.Process.Pid, p.said.String())
		}
	})
}

// kill is kill -9: nothing of the process runs any more when it returns.
func (p *process) kill() {
	_ = p.Process.Kill() // it may have ended
	err := <-p.ended
	p.ended <- err
}

func eventually(t *testing.T, most time.Duration, what string, done func() bool) {
	t.Helper()
	atEvery(t, 20*time.Millisecond, most, what, done)
}

// atEvery asks as seldom as a limit on requests wants it.
func atEvery(t *testing.T, pause, most time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.After(most)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", most, what)
		case <-tick.C:
		}
	}
}
