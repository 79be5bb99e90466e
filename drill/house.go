package drill

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of every server of the city.
const (
	maxBody    = 1 << 20          // bytes of a request; NHN Cloud's shape allows 1,000 recipients in one
	hangLimit  = 2 * time.Minute  // the longest a hanging request is held before it is reset
	headerWait = 5 * time.Second  // for a request's head
	bodyWait   = 10 * time.Second // for its body
	idleWait   = 2 * time.Minute  // for the next request of a connection
	shutdown   = 5 * time.Second  // for requests in flight at the end
)

// house is one service: its doors, its server, how it behaves now.
type house struct {
	service       Service
	plain, secure *door
	certificates  *certificates
	log           *Log
	slow          time.Duration
	now           func() time.Time
	pause         func(context.Context, time.Duration) bool
	desk          desk

	setting sync.Mutex // one change at a time
	mode    atomic.Pointer[Mode]
}

// desk is what a service does with a request.
type desk interface {
	// read notes what the request is about, before any fault, so that the log
	// has it even when no answer is ever given.
	read(a *ask) note
	// answer does the work and writes the answer.
	answer(a *ask)
	// complain words a refusal as the service does.
	complain(mode Mode) complaint
}

// note is what the log keeps of a request.
type note struct{ to, body, key, thread string }

// ask is one request at a service.
type ask struct {
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	mode Mode       // as it was when the request came
	form url.Values // of a form body, when the desk has read it
	send any        // what the desk's read made of the body, for its answer
	ref  string     // the reference given, for the log
	hung bool       // the desk itself gave no answer
}

// complaint is a refusal: a status and a body in the service's own shape.
type complaint struct {
	status int
	retry  int // seconds for Retry-After; 0 sends none
	body   any
}

// url is where the house is asked: at a port of its own, or by a name that
// only [Indoors] know.
func (h *house) url() string {
	if h.plain == nil {
		return "https://" + h.host()
	}
	return "http://" + h.plain.Addr().String()
}

func (h *house) secureURL() string {
	if h.secure == nil {
		return h.url()
	}
	return "https://" + h.secure.Addr().String()
}

func (h *house) current() Mode { return *h.mode.Load() }

// set changes how the house behaves. The doors follow before it returns.
func (h *house) set(ctx context.Context, mode Mode) error {
	h.setting.Lock()
	defer h.setting.Unlock()
	if h.plain == nil {
		h.mode.Store(&mode)
		return nil
	}
	if mode == Refused {
		h.mode.Store(&mode)
		h.plain.shut()
		h.secure.shut()
		return nil
	}
	if err := errors.Join(h.plain.open(ctx), h.secure.open(ctx)); err != nil {
		return fmt.Errorf("opening %s again: %w", h.service, err)
	}
	h.mode.Store(&mode)
	return nil
}

// run serves until ctx ends and every request has ended with it.
func (h *house) run(ctx context.Context) error {
	server := &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: headerWait,
		WriteTimeout:      hangLimit + bodyWait,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a client that refuses our certificate is no news
	}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(h.plain) }()
	go func() { ended <- server.Serve(tls.NewListener(h.secure, h.certificates.config(h.current))) }()

	var failed error
	serving := 2
	select {
	case <-ctx.Done():
	case failed = <-ended: // a listener broke: the other must not go on alone
		serving--
	}
	stop(ctx, server)
	for range serving {
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			failed = errors.Join(failed, err)
		}
	}
	if failed != nil {
		return fmt.Errorf("serving %s: %w", h.service, failed)
	}
	return nil
}

// stop lets the requests in flight end, which they do because their context
// has, and cuts what does not.
func stop(ctx context.Context, server *http.Server) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

// ServeHTTP reads the request whole, notes it, and answers as the mode says.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	came := h.now()
	w.Header().Set("X-Simulation", "true")
	body, err := readBody(w, r)
	if err != nil {
		http.Error(w, "the body is too long or did not come", http.StatusRequestEntityTooLarge)
		return
	}
	recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
	a := &ask{w: recorder, r: r, body: body, mode: h.current()}
	n := h.desk.read(a)
	l := h.log.write(Entry{
		At: came, Kind: Request, Service: h.service, Action: r.Method + " " + r.URL.Path,
		To: n.to, Body: n.body, Key: n.key, Thread: n.thread,
	})
	outcome := h.behave(r.Context(), a)
	if outcome == "" {
		outcome = strconv.Itoa(recorder.status)
	}
	l.ended(outcome, a.ref)
}

// readBody reads the body, bounded in size and time. The server has no
// ReadTimeout because it would also end the context of a request that hangs.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(bodyWait)); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, err
	}
	defer control.SetReadDeadline(time.Time{}) //nolint:errcheck // the connection is gone then, as the next read finds
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
}

// behave answers as the mode says. It returns how the request ended if that is
// not told by the status of an answer.
func (h *house) behave(ctx context.Context, a *ask) (outcome string) {
	switch a.mode {
	case Slow:
		if !h.pause(ctx, h.slow) {
			return "gone"
		}
	case Reset:
		cut(a.w)
		return "reset"
	case Hang:
		return h.hang(ctx, a.w)
	case WrongBody:
		a.w.Header().Set("Content-Type", "text/html; charset=utf-8")
		a.w.Write([]byte(maintenancePage))
		return ""
	case ServerError, Quota, QuotaCode, Credential, Throttled:
		refuse(a.w, h.desk.complain(a.mode))
		return ""
	case LostAnswer:
		into := a.w
		a.w = &unheard{header: http.Header{}}
		h.desk.answer(a)
		cut(into)
		return "answer lost"
	default: // the desk knows what the other modes mean for it
	}
	h.desk.answer(a)
	if a.hung {
		return h.hang(ctx, a.w)
	}
	return ""
}

// maintenancePage is what a balancer shows when nobody is behind it.
const maintenancePage = `<!doctype html><title>Maintenance</title><p>We will be back soon. (simulation)`

// hang gives no answer until the client leaves, and at the limit a reset.
func (h *house) hang(ctx context.Context, w http.ResponseWriter) (outcome string) {
	h.pause(ctx, hangLimit)
	cut(w)
	return "hung"
}

// cut resets the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http then closes the connection itself
	}
	resetConn(conn)
}

func refuse(w http.ResponseWriter, c complaint) {
	if c.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(c.retry))
	}
	writeJSON(w, c.status, c.body)
}

// recorder remembers the status for the log.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// unheard takes an answer that nobody will hear.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u *unheard) WriteHeader(int)             {}

// certificates are what the secure doors show.
type certificates struct{ good, expired *tls.Certificate }

func newCertificates(a *authority, now time.Time) (*certificates, error) {
	good, err := a.leaf(2, now.AddDate(0, 0, -1), now.AddDate(0, 6, 0))
	if err != nil {
		return nil, err
	}
	expired, err := a.leaf(3, now.AddDate(0, 0, -29), now.AddDate(0, 0, -1))
	if err != nil {
		return nil, err
	}
	return &certificates{good, expired}, nil
}

func (c *certificates) config(mode func() Mode) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true, // a resumed session would not show the new certificate
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if mode() == ExpiredCert {
				return c.expired, nil
			}
			return c.good, nil
		},
	}
}
