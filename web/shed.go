package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// How many requests of each kind are worked on at once. What is more is told to
// come again, at once: a queue would only be a slower refusal. What is ready in
// memory is not counted, so the first page answers whatever else does not.
const (
	mostPages  = 256 // made when first asked for
	mostForms  = 64  // for people: signing up, leaving, checking a code
	mostCalls  = 128 // of the API, which asks the database
	mostHooks  = 256 // callbacks, which come in bursts and are repeated
	mostAgents = 512 // each waits for most of a minute to be called
)

// agentRoot is below what agents come to.
const agentRoot = "/api/agent/"

// crush is one kind of request.
type crush struct {
	name string
	free chan struct{}
	shed prometheus.Counter
}

// crushes are the kinds, by the first part of a path; what is in none is pages.
type crushes struct {
	of    map[string]*crush
	pages *crush
	calls *crush
}

func newCrushes(register prometheus.Registerer) *crushes {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bongsu_requests_shed_total", Help: "Requests that were told to come again because as many of their kind as may be were worked on.",
	}, []string{"kind"})
	if register != nil {
		register.MustRegister(count)
	}
	kind := func(name string, most int) *crush {
		return &crush{name: name, free: make(chan struct{}, most), shed: count.WithLabelValues(name)}
	}
	forms, hooks := kind("forms", mostForms), kind("hooks", mostHooks)
	return &crushes{
		pages: kind("pages", mostPages), calls: kind("calls", mostCalls),
		of: map[string]*crush{
			"subscribe": forms, "leave": forms, "s": forms, "check": forms,
			"hooks": hooks, "beat": hooks, agentRoot: kind("agents", mostAgents),
			// Those that watch over us ask little and must hear; others look after their own.
			"healthz": nil, "readyz": nil, "metrics": nil,
		},
	}
}

// kindOf is the kind of a request; nil is not counted.
func (k *crushes) kindOf(path string) *crush {
	switch {
	case strings.HasPrefix(path, v2Root):
		return k.pages
	case strings.HasPrefix(path, agentRoot):
		return k.of[agentRoot]
	case strings.HasPrefix(path, "/api/"):
		return k.calls
	}
	room, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if c, known := k.of[room]; known {
		return c
	}
	return k.pages
}

// shed works on as many requests of each kind as may be, and sends the rest away.
func (s *Server) shed(next http.Handler) http.Handler {
	for path := range s.options.Extra {
		s.crushes.of[strings.TrimPrefix(path, "/")] = nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := s.crushes.kindOf(r.URL.Path)
		if c == nil {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case c.free <- struct{}{}:
			defer func() { <-c.free }()
			next.ServeHTTP(w, r)
		default:
			c.shed.Inc()
			s.away(w, r, "1")
		}
	})
}

// away sends a request away for so many seconds.
func (s *Server) away(w http.ResponseWriter, r *http.Request, seconds string) {
	w.Header().Set("Retry-After", seconds)
	hangUp(w, r)
	e := s.current.Load()
	switch {
	case strings.HasPrefix(r.URL.Path, v2Root):
		v2Problem(w, http.StatusServiceUnavailable, "Not now. Ask again in a while.")
	case strings.HasPrefix(r.URL.Path, "/api/") || e == nil:
		newProblem(http.StatusServiceUnavailable, "Not now. Ask again in a while: Retry-After says when.").write(w)
	default:
		e.message(http.StatusServiceUnavailable, e.language(r)).serve(w, r)
	}
}

// bodyGrace is how long the body of a request that nobody reads may still take:
// whoever sends it would else be cut off before the answer comes through.
const bodyGrace = 500 * time.Millisecond

// hangUp ends the connection after the answer where a body would have to be read
// first for another request to follow: it may never come.
func hangUp(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength == 0 {
		return
	}
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyGrace)) // what is no connection has no deadline
}

// leftOnly is what a server of a page that was left cannot do: it has no
// database to ask or write.
var leftOnly = map[string]bool{"subscribe": true, "leave": true, "s": true, "hooks": true, "beat": true, "console": true}

// leftAgain is when to try again what needs the database, in seconds.
const leftAgain = "30"

// whileLeft sends away whoever wants more than to read, while all there is is a
// page that was left.
func (s *Server) whileLeft(next http.Handler) http.Handler {
	if !s.options.Left {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		room, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if !reads || leftOnly[room] || strings.HasPrefix(r.URL.Path, agentRoot) {
			s.away(w, r, leftAgain)
			return
		}
		next.ServeHTTP(w, r)
	})
}
