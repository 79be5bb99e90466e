package replay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bongsu/drill"
	"bongsu/drill/scenario"
)

// Town is what a scenario's targets and controls are in memory: each answers
// at a host of its own, as its mode of the moment says.
type Town struct {
	seed   uint64
	modes  map[string]setting // by subject, perhaps @location
	guests map[string]Guest   // by check and host: a preset's service
}

// Guest answers in place of a service that a configuration of one's own asks.
type Guest struct {
	Target string // whose mode it follows
	Serve  func(w http.ResponseWriter, r *http.Request, m scenario.Mode)
}

type setting struct {
	mode scenario.Mode
	from time.Time
}

// suffix is under a name that no resolver knows (RFC 2606).
const suffix = ".drill.example"

// NewTown is a town in which all is well. What is left to chance follows from
// the seed.
func NewTown(seed uint64) *Town {
	return &Town{seed: seed, modes: map[string]setting{}, guests: map[string]Guest{}}
}

// Set changes how a subject behaves: TARGET, TARGET/PART, control/ID or *,
// perhaps @LOCATION.
func (t *Town) Set(subject string, m scenario.Mode, at time.Time) { t.modes[subject] = setting{m, at} }

// Welcome gives a host to a guest, for one check: of another preset's service
// at the same host, another guest knows the answers.
func (t *Town) Welcome(check, host string, g Guest) { t.guests[seat(check, host)] = g }

// seat is where the guest of a check and a host is found.
func seat(check, host string) string { return check + " " + strings.ToLower(host) }

// Mode is how a subject meets one request from a location at an instant. What
// is said of the location, and of the part, comes first.
func (t *Town) Mode(subject, location string, at time.Time) scenario.Mode {
	target, _, _ := strings.Cut(subject, "/")
	for _, key := range []string{"*@" + location, subject + "@" + location, target + "@" + location, subject, target} {
		s, ok := t.modes[key]
		if !ok {
			continue
		}
		if m := s.mode.At(at.Sub(s.from), t.chance(subject, location, at)); m != (scenario.Mode{}) {
			return m
		}
	}
	return scenario.Mode{}
}

// chance is a number from 0 to 99 that follows from the request alone, so that
// the order of requests does not matter.
func (t *Town) chance(subject, location string, at time.Time) int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %s %d", t.seed, subject, location, at.UnixNano())
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd // FNV leaves the high bits poorly mixed
	return int((x ^ x>>33) % 100)
}

// World is what one look from a location meets. It implements probes.World.
type World struct {
	town     *Town
	check    string
	location string
	at, end  time.Time
}

// World is the town for a look of a check from a location, which begins now
// and may take as long as its patience.
func (t *Town) World(check, location string, now time.Time, patience time.Duration) *World {
	return &World{town: t, check: check, location: location, at: now, end: now.Add(patience)}
}

// Now implements probes.World.
func (w *World) Now() time.Time { return w.at }

// Wait implements probes.World.
func (w *World) Wait(ctx context.Context, d time.Duration) bool {
	w.at = w.at.Add(max(0, d))
	return ctx.Err() == nil
}

// usual is how long a healthy answer takes: 20 to 119 ms, by the request.
func (w *World) usual(subject string) time.Duration {
	return time.Duration(20+w.town.chance(subject, w.location, w.at)) * time.Millisecond
}

// RoundTrip answers from memory. It has no other way to answer.
func (w *World) RoundTrip(r *http.Request) (*http.Response, error) {
	host := strings.ToLower(r.URL.Hostname())
	subject := subjectOf(host, r.URL.Path)
	guest, invited := w.town.guests[seat(w.check, host)]
	if invited {
		subject = guest.Target
	} else if !strings.HasSuffix(host, suffix) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	m := w.town.Mode(subject, w.location, w.at)
	w.at = w.at.Add(w.usual(subject))
	if m.Slow > 0 {
		w.at = w.at.Add(m.Slow)
	}
	if err := w.broken(m, host); err != nil {
		return nil, err
	}
	serve := func(out http.ResponseWriter, in *http.Request) { answer(out, in, m) }
	if invited {
		serve = func(out http.ResponseWriter, in *http.Request) { guest.Serve(out, in, m) }
	}
	resp, err := drill.Serve(http.HandlerFunc(serve), r)
	if err == nil && r.URL.Scheme == "https" {
		resp.TLS = w.secured(host)
	}
	return resp, err
}

// lasts is for how long a certificate of the town is good.
const lasts = 90 * 24 * time.Hour

// secured is a connection with a certificate in order.
func (w *World) secured(host string) *tls.ConnectionState {
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{
		Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: w.at.Add(-lasts), NotAfter: w.at.Add(lasts),
	}}}
}

// subjectOf is what a host and path stand for: chat.drill.example/files is the
// part files of chat.
func subjectOf(host, path string) string {
	subject := strings.TrimSuffix(host, suffix)
	if id, ok := strings.CutSuffix(subject, ".control"); ok {
		return "control/" + id
	}
	if part, ok := strings.CutPrefix(path, "/part/"); ok {
		return subject + "/" + part
	}
	return subject
}

// broken is the error of a connection that does not come about.
func (w *World) broken(m scenario.Mode, host string) error {
	switch m.Fault {
	case scenario.Refused:
		return drill.Refusal()
	case scenario.Timeout:
		if w.end.After(w.at) {
			w.at = w.end
		}
		return drill.Silence()
	case scenario.Reset:
		return io.ErrUnexpectedEOF
	case scenario.TLS:
		return x509.UnknownAuthorityError{Cert: &x509.Certificate{}}
	case scenario.NoName:
		return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	case scenario.Unreachable:
		return drill.NoWay()
	default:
		return nil
	}
}

// Bodies of the town's own services.
type page struct {
	Status string  `json:"status"`
	Items  []found `json:"items"`
}

type found struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
}

// retryAfter is how many seconds a service over quota asks for.
const retryAfter = 30

// answer is a target's answer.
func answer(w http.ResponseWriter, r *http.Request, m scenario.Mode) {
	w.Header().Set("X-Exercise", "true")
	switch m.Fault {
	case scenario.Status:
		say(w, m.Status, map[string]any{"status": "ERROR", "error": http.StatusText(m.Status)})
	case scenario.WrongBody:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte("<!doctype html><title>Maintenance</title><p>We will be back soon. (exercise)"))
	case scenario.Quota:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		say(w, http.StatusTooManyRequests, map[string]any{"error": "quota_exceeded"})
	case scenario.QuotaCode:
		say(w, http.StatusBadRequest, map[string]any{"code": -10, "msg": "API limit has been exceeded."})
	case scenario.Credential:
		say(w, http.StatusUnauthorized, map[string]any{"error": "unauthorized"})
	default:
		well(w, r, m)
	}
}

// well is the answer of a target that answers: with what it was asked for,
// with nothing found, or with the message that it was given, unless it loses
// it.
func well(w http.ResponseWriter, r *http.Request, m scenario.Mode) {
	body := page{Status: "OK", Items: []found{{ID: "1"}}}
	switch {
	case m.Fault == scenario.Empty:
		body.Items = []found{}
	case r.URL.Path == "/inbox" && m.Fault == scenario.Lost:
		body.Items = []found{}
	case r.URL.Path == "/inbox":
		body.Items[0].Text = r.URL.Query().Get("text")
	}
	say(w, http.StatusOK, body)
}

func say(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err) // our own types always encode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(raw)
}
