package probes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/probes"
)

// A canary sends a text, and polls until it comes back.
func TestCanaryReadsBackWhatItSent(t *testing.T) {
	var mu sync.Mutex
	var text string
	var polls int
	inbox := http.NewServeMux()
	inbox.HandleFunc("POST /v1/send", func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ To, Text string }
		json.NewDecoder(r.Body).Decode(&sent)
		mu.Lock()
		defer mu.Unlock()
		text = sent.Text
		if r.Header.Get("Authorization") != "Bearer s3cret" || r.Header.Get("User-Agent") != "Bongsu/1.0 (+ops@status.example)" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		io.WriteString(w, `{"ok":true,"message":{"id":9007199254740993}}`)
	})
	inbox.HandleFunc("GET /v1/inbox", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		polls++
		if polls < 3 || r.FormValue("after") != "9007199254740993" {
			io.WriteString(w, `{"messages":[]}`)
			return
		}
		fmt.Fprintf(w, `{"messages":[{"text":%q}]}`, text)
	})
	url := serve(t, inbox).URL
	check := newCheck(t, `
- POST: `+url+`/v1/send
  headers: {Authorization: "Bearer ${env:CANARY}"}
  json: {to: canary, text: "lit ${nonce}"}
  expect: ["status == 200", "json.ok == true", "ms < 3000"]
  save: {id: json.message.id}
- GET: `+url+`/v1/inbox?after=${id}
  until: {within: 5s, every: 100ms}
  expect: ["json.messages[0].text == 'lit ' + nonce"]
`)
	check.Env = environment("CANARY", "s3cret")
	began := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	result := check.Probe(t.Context(), began)
	if result.Outcome != probes.OK || !result.Began.Equal(began) || result.Took <= 0 {
		t.Fatalf("got %+v", result)
	}
	poll := result.Steps[1]
	if poll.Attempt != 3 || poll.Took < 200*time.Millisecond {
		t.Errorf("looked %d times in %s, want 3 in at least 200ms", poll.Attempt, poll.Took)
	}
	if want := "GET " + url + "/v1/inbox?after=9007199254740993"; poll.Action != want {
		t.Errorf("action %q, want %q", poll.Action, want)
	}
}

func TestPollEndsInTime(t *testing.T) {
	check := newCheck(t, get(serve(t, says(200, "empty")).URL, ", until: {within: 300ms, every: 100ms}, expect: ['body == nonce']"))
	result := check.Probe(t.Context(), time.Now())
	if result.Outcome != probes.Wrong || result.Steps[0].Attempt != 3 && result.Steps[0].Attempt != 2 {
		t.Errorf("got %q after %d looks", result.Outcome, result.Steps[0].Attempt)
	}
}

// What the check's own time ends while it polls is what was last seen.
func TestPollEndsWithTheCheck(t *testing.T) {
	check := newCheck(t, get(serve(t, says(200, "empty")).URL, ", until: {within: 1m, every: 1m}, expect: ['body == nonce']"))
	check.Timeout = 50 * time.Millisecond
	if result := check.Probe(t.Context(), time.Now()); result.Outcome != probes.Wrong || result.Steps[0].Seen == "" {
		t.Errorf("got %+v", result)
	}
}

// Values are filled in wherever they may stand, escaped for where they stand.
func TestSubstitution(t *testing.T) {
	var got []string
	echo := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Get("X-Key"), r.Host, string(body))
		io.WriteString(w, `{"id":"a/b c&d\"","n":1.5,"yes":true}`)
	}))
	check := newCheck(t, `
- GET: `+echo.URL+`/
  save: {id: json.id, n: json.n, yes: json.yes}
- PUT: `+echo.URL+`/m/${id}?q=${id}&n=${n}&y=${yes}
  headers: {X-Key: "k ${env:KEY}", Host: chat.example}
  json: {text: ["${id}", 7, null]}
- POST: `+echo.URL+`/form
  form: {text: "${id}", price: "$5"}
- POST: `+echo.URL+`/raw
  headers: {content-type: text/plain}
  body: "<${id}>"
`)
	check.Env = environment("KEY", "v")
	if result := check.Probe(t.Context(), time.Now()); result.Outcome != probes.OK {
		t.Fatalf("got %+v", result)
	}
	host := strings.TrimPrefix(echo.URL, "http://")
	want := []string{
		"/", "", "", host, "",
		"/m/a%2Fb%20c&d%22", `q=a%2Fb+c%26d%22&n=1.5&y=true`, "k v", "chat.example", `{"text":["a/b c\u0026d\"",7,null]}`,
		"/form", "", "", host, `price=%245&text=a%2Fb+c%26d%22`,
		"/raw", "", "", host, `<a/b c&d">`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func TestSaveWhatIsNotThere(t *testing.T) {
	for body, want := range map[string]string{
		`{"x":1}`:    "expected a value for id at json.id, but it is not there",
		`{"id":[1]}`: "it is a list or a table",
		`{"id":"` + strings.Repeat("x", 5000) + `"}`: "it is longer than 4096 bytes",
		`nothing`: "the body is not JSON",
	} {
		result := newCheck(t, get(serve(t, says(200, body)).URL, ", save: {id: json.id}")).Probe(t.Context(), time.Now())
		if result.Outcome != probes.Wrong || !strings.Contains(result.Reason, want) {
			t.Errorf("%.20s: got %q %q, want %q", body, result.Outcome, result.Reason, want)
		}
	}
}

// The first step that fails is the last one that runs; a slow one is not.
func TestStepsStopAtTheFirstFailure(t *testing.T) {
	var asked atomic.Int32
	last := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })).URL
	fine, broken := serve(t, says(200, "")).URL, serve(t, says(500, "")).URL
	slow := "{GET: \"" + fine + "\", slow: 1ns}"
	result := newCheck(t, "["+slow+", {GET: \""+broken+"\"}, {GET: \""+last+"\"}]").Probe(t.Context(), time.Now())
	if result.Outcome != probes.Failed || len(result.Steps) != 2 || asked.Load() != 0 {
		t.Errorf("got %q after %d steps", result.Outcome, len(result.Steps))
	}
	result = newCheck(t, "["+slow+", {GET: \""+last+"\"}]").Probe(t.Context(), time.Now())
	if result.Outcome != probes.Slow || len(result.Steps) != 2 || result.Reason == "" {
		t.Errorf("got %q %q after %d steps, want slow after 2", result.Outcome, result.Reason, len(result.Steps))
	}
}

func TestPhases(t *testing.T) {
	a := newAuthority(t)
	server := a.serveTLS(t, "localhost", -days, days, says(200, "fine"))
	check := newCheck(t, get(strings.Replace(server.URL, "127.0.0.1", "localhost", 1)))
	check.Roots = a.roots
	result := check.Probe(t.Context(), time.Now())
	var names []string
	var sum, total time.Duration
	for _, p := range result.Steps[0].Phases {
		names = append(names, p.Name)
		sum, total = sum+total, p.Took
	}
	if diff := cmp.Diff([]string{"dns", "connect", "tls", "first byte", "total"}, names); diff != "" {
		t.Errorf("phases (-want +got):\n%s%+v", diff, result)
	}
	if sum > total {
		t.Errorf("the parts take %s, the whole %s", sum, total)
	}
}

// Each look has a connection of its own, so that it sees a listener that died
// and an address that changed.
func TestFreshConnectionPerRequest(t *testing.T) {
	var opened atomic.Int32
	seen := map[string]bool{}
	server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		opened.Add(1)
		seen[r.RemoteAddr] = true
	}))
	check := newCheck(t, "[{GET: \""+server.URL+"\"}, {GET: \""+server.URL+"\"}]")
	for range 5 {
		check.Probe(t.Context(), time.Now())
	}
	if len(seen) != 10 || opened.Load() != 10 {
		t.Errorf("%d connections for %d requests", len(seen), opened.Load())
	}
}

func TestFollow(t *testing.T) {
	site := http.NewServeMux()
	site.Handle("/", says(302, "", "Location", "/there"))
	site.Handle("/there", says(200, "here"))
	url := serve(t, site).URL
	if r := newCheck(t, get(url, ", follow: 1, expect: [status == 200, body == 'here']")).Probe(t.Context(), time.Now()); r.Outcome != probes.OK {
		t.Errorf("following: %+v", r)
	}
	a := newAuthority(t)
	secure := a.serveTLS(t, "127.0.0.1", -days, days, says(302, "", "Location", url))
	check := newCheck(t, get(secure.URL, ", follow: 5"))
	check.Roots = a.roots
	if r := check.Probe(t.Context(), time.Now()); r.Outcome != probes.Wrong || r.Reason != "it redirects from https to http" {
		t.Errorf("following to http: %+v", r)
	}
}

type panicking struct{}

func (panicking) Problems() []probes.Problem { return nil }

func (panicking) Look(context.Context, *probes.Run) probes.StepSeen { panic("index out of luck") }

// A fault of ours accuses nobody and stops nothing.
func TestPanicIsInconclusive(t *testing.T) {
	result := (&probes.Check{Steps: []probes.Step{panicking{}}}).Probe(t.Context(), time.Now())
	if result.Outcome != probes.Inconclusive || !strings.Contains(result.Reason, "the probe itself broke: index out of luck at check_test.go:") {
		t.Errorf("got %q %q", result.Outcome, result.Reason)
	}
	if r := (&probes.Check{}).Probe(t.Context(), time.Now()); r.Outcome != probes.Inconclusive || r.Reason == "" {
		t.Errorf("a check without steps: %+v", r)
	}
}

type dry struct{}

func (dry) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNonceComesFromTheSourceGiven(t *testing.T) {
	check := newCheck(t, get(serve(t, says(200, "6162636465666768")).URL, ", expect: ['body == nonce']"))
	check.Random = strings.NewReader("abcdefgh")
	if r := check.Probe(t.Context(), time.Now()); r.Outcome != probes.OK {
		t.Errorf("got %+v", r)
	}
	check.Random = dry{}
	if r := check.Probe(t.Context(), time.Now()); r.Outcome != probes.Inconclusive || !strings.Contains(r.Reason, "random") {
		t.Errorf("without randomness: %+v", r)
	}
}

// A third of the targets hanging holds nobody up, and nothing is left behind.
func TestHangingTargetsHoldNobodyUp(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("looks", func(t *testing.T) {
		stuck, fine := "http://"+hanging(t), serve(t, says(200, "fine")).URL
		var wg sync.WaitGroup
		for i := range 90 {
			url, want := fine, probes.OK
			if i%3 == 0 {
				url, want = stuck, probes.Failed
			}
			check := newCheck(t, get(url))
			check.Timeout = 2 * time.Second
			wg.Go(func() {
				r := check.Probe(context.Background(), time.Now())
				if r.Outcome != want {
					t.Errorf("%s: %q %q, want %q", url, r.Outcome, r.Reason, want)
				}
				if want == probes.OK && r.Took >= check.Timeout/2 {
					t.Errorf("a healthy look took %s", r.Took)
				}
				if late := r.Took - check.Timeout; want == probes.Failed && (late < 0 || late > 250*time.Millisecond) {
					t.Errorf("a hanging look took %s of %s", r.Took, check.Timeout)
				}
			})
		}
		wg.Wait()
	})
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestUserAgent(t *testing.T) {
	if got := probes.UserAgent("1.2.0", "ops@status.example"); got != "Bongsu/1.2.0 (+ops@status.example)" {
		t.Errorf("got %q", got)
	}
	if got := probes.UserAgent("1.2.0", ""); got != "Bongsu/1.2.0" {
		t.Errorf("got %q", got)
	}
}
