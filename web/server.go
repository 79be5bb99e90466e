package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/limit"
	"bongsu/web/minisign"
	"bongsu/web/speech"
)

// Limits of what a stranger may send and how long it may take. A slow sender
// costs a goroutine and a socket for at most these times.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 1 << 20
	// drainTime is how long requests in flight may take after the end. It is more
	// than the 5 s for which net/http takes a connection that has asked nothing
	// yet, as browsers open in advance, for a busy one.
	drainTime = 6 * time.Second
)

// defaultValid is how long a snapshot speaks for the present when
// [Options.Valid] does not say.
const defaultValid = 10 * time.Minute

// Options are what a Server is made of. The zero value serves.
type Options struct {
	// TrustedProxies are the networks whose X-Forwarded-For is believed. With
	// none, the sender of a request is the other end of its connection.
	TrustedProxies []string

	// Valid is how long after its instant a snapshot speaks for the present;
	// 10 minutes if zero. The page and the widget's data name its end. Publish
	// more often than that, even when nothing has changed.
	Valid time.Duration

	// Extra are handlers mounted beside the page, by path: one for "/demo" is
	// asked for "/demo" and everything below it. They may replace the
	// security headers.
	Extra map[string]http.Handler

	// Links are shown in the head of every page.
	Links []Link

	// Ready says why the server should get no visitors, or nil. It is asked by
	// /readyz and has two seconds. May be nil.
	Ready func(context.Context) error

	// Metrics is what /metrics shows. Without it there is no /metrics.
	Metrics prometheus.Gatherer

	// Desk and Tokens let machines write by the API; without both it is read
	// only.
	Desk   Desk
	Tokens Tokens

	// Looker has components looked at on demand. Without it nobody can ask for it.
	Looker Looker

	// Answers keeps what requests with an Idempotency-Key were answered with.
	// Without it only notices of apps take one.
	Answers Answers

	// Books, Holds, People and Keyring are what operators and administrators read and
	// steer by the API, by Tokens. What is nil is not there.
	Books   Books
	Holds   Holds
	People  People
	Keyring Keyring

	// KeptTexts, Drills, Settings, Users and AuditLog are what the console has besides. What is
	// nil is not there.
	KeptTexts KeptTexts
	Drills    Drills
	Settings  Configurations
	Users     Users
	AuditLog  AuditLog

	// Incoming finds who may tell what they suspect. Without it nobody may.
	Incoming Sources

	// Slack reads what operators ask by Slack. Without it nobody can.
	Slack Slack

	// Audit keeps who did what to what. May be nil.
	Audit func(ctx context.Context, who account.Who, d account.Deed, about, detail string, at time.Time) error

	// Secret proves that a cursor is ours. Servers of one database share it; one
	// of the moment if empty.
	Secret []byte

	// Apps takes what apps send, by Tokens. Without either no app can send.
	Apps *appnotice.Desk

	// Hub takes what agents send, by Tokens. Without either no agent can come.
	Hub Hub

	// History is what /api/v1/components/ID/history reads. Without it there is
	// none.
	History History

	// Proofs finds what was sent under a check code. Without it /check tells
	// what happened, and knows no code of an app.
	Proofs Proofs

	// Beats hears from what reports in by itself at /beat/TOKEN. Without it
	// nothing can.
	Beats Beats

	// Signup takes people in and lets them go. Without it neither is offered.
	Signup Signup

	// PushKey is the public key that browsers ask their push service with, in
	// base64 (RFC 8292); LINEBot is the name of our account there. Each is shown
	// where people sign up that way.
	PushKey, LINEBot string

	// Signer signs the instant of which everything speaks, and the widgets' data.
	// Nothing is signed if it is nil.
	Signer *minisign.Signer

	// Left says that what is published is what was left of an earlier run, and
	// that the database does not answer: nothing is measured, and nothing can be
	// written. Every page says so.
	Left bool

	// Hooks takes gateways' callbacks. May be nil.
	Hooks *Hooks

	// Register is where the server's own counters go. May be nil.
	Register prometheus.Registerer

	// Now is the time that tokens, codes and limits go by; time.Now if nil.
	Now func() time.Time

	// Log hears of panics and of pages that could not be made. May be nil.
	Log *slog.Logger
}

// Link is a way from the page to somewhere else on this server.
type Link struct {
	Text status.Text
	Href string // a path
}

// Server serves the page. Its methods may be used from several goroutines.
type Server struct {
	options Options
	speech  *speech.Catalog
	views   *views
	assets  *assets
	handler http.Handler

	badTokens   *limit.Networks
	forms       *limit.Networks
	reads       *limit.Networks
	incoming    *limit.Keyed[string] // by source
	history     *limit.Networks
	looks       *limit.Keyed[string] // on demand, by component
	codes       *limit.Networks
	apps        appLimits
	beats       beatLimits
	agents      agentRates
	crossOrigin *http.CrossOriginProtection
	hookCalls   *prometheus.CounterVec
	crushes     *crushes

	reading readers

	older atomic.Pointer[[]status.Incident] // see [Server.Remember]
	took  sync.Map                          // component id → []Took, see [Server.Time]

	publishing sync.Mutex       // one edition is made at a time
	sent       map[string]*Sent // by incident
	current    atomic.Pointer[edition]
}

// New makes a server. Until the first [Server.Publish] its pages answer 503.
// The error names the option that is wrong.
func New(o Options) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Valid <= 0 {
		o.Valid = defaultValid
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Secret) == 0 {
		o.Secret = make([]byte, 32)
		rand.Read(o.Secret) // never returns an error
	}
	speech, err := newSpeech()
	if err != nil {
		return nil, fmt.Errorf("reading the page's texts: %w", err)
	}
	assets, err := newAssets()
	if err != nil {
		return nil, fmt.Errorf("reading the page's assets: %w", err)
	}
	views, err := newViews(speech, assets)
	if err != nil {
		return nil, fmt.Errorf("reading the page's templates: %w", err)
	}
	s := &Server{
		options: o, speech: speech, views: views, assets: assets,
		badTokens:   limit.NewNetworks(badTokenEvery, badTokenBurst),
		forms:       limit.NewNetworks(formEvery, formBurst),
		reads:       limit.NewNetworks(listEvery, listBurst),
		incoming:    limit.NewKeyed[string](incomingEvery, incomingBurst),
		history:     limit.NewNetworks(historyEvery, historyBurst),
		looks:       limit.NewKeyed[string](lookEvery, 1),
		codes:       limit.NewNetworks(codeEvery, codeBurst),
		apps:        newAppLimits(),
		beats:       newBeatLimits(),
		crossOrigin: http.NewCrossOriginProtection(),
		hookCalls:   newHookCounter(o.Register),
		crushes:     newCrushes(o.Register),
	}
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	s.handler = s.guard(s.inTongue(s.whileLeft(s.fromShelf(s.shed(router)))))
	return s, nil
}

// Handler answers every request of the public face.
func (s *Server) Handler() http.Handler { return s.handler }

// Publish makes snapshot what every later visitor sees. What visitors asked for
// since the one before, of the first page, the API and the widget's data, is
// rendered and compressed before it returns, the rest when somebody asks; a
// document whose bytes did not change keeps its tag. A snapshot of which that can
// not be rendered leaves the one before it in place and is logged.
func (s *Server) Publish(snapshot *status.Snapshot) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	next, err := s.newEdition(snapshot, s.current.Load())
	if err != nil {
		s.options.Log.Error("rendering the page", "err", err)
		return
	}
	s.current.Store(next)
}

// Serve answers on listener until ctx ends, then lets requests in flight
// finish for a few seconds and returns.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return Serve(ctx, listener, s.handler, s.options.Log)
}

// Serve answers on listener with a handler, within the limits of what a stranger
// may send, until ctx ends; then it lets requests in flight finish for a few
// seconds and returns.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnState:         newCrowd(mostConnections).state,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	drained := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		drained <- server.Shutdown(grace)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serving on %s: %w", listener.Addr(), err)
	}
	if err := <-drained; err != nil { // Serve returns when Shutdown begins, not when it ends
		return errors.Join(fmt.Errorf("draining %s: %w", listener.Addr(), err), server.Close())
	}
	return nil
}

// router is the part of the face that gin routes: whatever is not on the shelf.
func (s *Server) router() (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	// A trusted proxy vouches for what it writes, and X-Real-IP may be its
	// visitor's own.
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(s.options.TrustedProxies); err != nil {
		return nil, fmt.Errorf("trusted_proxies: %w; write addresses or networks such as 10.0.0.0/8", err)
	}
	engine.NoRoute(s.noSuch(http.StatusNotFound, "There is nothing at this path. GET /api/v1/status is the state of everything."))
	engine.NoMethod(s.noSuch(http.StatusMethodNotAllowed, noSuchMethod))
	s.pageRoutes(engine)
	s.signupRoutes(engine)
	s.apiReads(engine)
	s.documentRoute(engine)
	s.historyRoutes(engine)
	s.beatRoutes(engine)
	s.listRoutes(engine)
	s.suspicionRoutes(engine)
	s.silenceRoutes(engine)
	s.keptRoutes(engine)
	s.deskRoutes(engine)
	s.holdRoutes(engine)
	s.peopleRoutes(engine)
	s.keyRoutes(engine)
	s.drillRoutes(engine)
	s.settingRoutes(engine)
	s.userRoutes(engine)
	s.auditRoutes(engine)
	s.apiRoutes(engine)
	s.appRoutes(engine)
	s.hookRoutes(engine)
	s.incomingRoutes(engine)
	s.slackRoutes(engine)
	s.hubRoutes(engine)
	s.dataRoutes(engine)
	s.widgetRoutes(engine)
	s.healthRoutes(engine)
	for path, handler := range s.options.Extra {
		if !strings.HasPrefix(path, "/") || len(path) < 2 || strings.HasSuffix(path, "/") {
			return nil, fmt.Errorf("mounting %q: write a path such as /demo", path)
		}
		engine.Any(path, gin.WrapH(handler))
		engine.Any(path+"/*below", gin.WrapH(handler))
	}
	return engine, nil
}

// get registers handler for GET and HEAD.
func get(engine *gin.Engine, path string, handler gin.HandlerFunc) {
	engine.GET(path, handler)
	engine.HEAD(path, handler)
}
