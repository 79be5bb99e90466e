package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// house is a whole server in this process, on real sockets, that texts through
// the city's SMS gateway.
type house struct {
	*server
	city *drill.City
	url  string
}

const houseConfig = `
site: {name: Status, url: "http://%[1]s", languages: [en, ko, ja], contact: ops@status.example}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: maps, name: Maps}]
components:
  - {id: route, group: maps, name: Directions, short: routes, checks: [{name: ask, every: 5s, GET: "%[3]s/v1/directions?origin=0,0&destination=1,1"}]}
channels:
  - id: sms
    kind: sms
    gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "env:FROM", base_url: "%[4]s"}]
plans: {citizens: [{channel: sms}]}
routes: [{audience: subscribers, plan: citizens, at_least: partial_outage}]
signup: {sms: {countries: [KR], per_number: 2/day, per_network: 8/hour, in_all: 100/day}}
`

// openHouse runs a server until the test ends.
func openHouse(t *testing.T) *house {
	t.Helper()
	city, stop := liveCity(t, drill.Settings{Seed: 9})
	t.Cleanup(stop)
	env := map[string]string{
		"KEYS": store.NewKeys(), "SID": city.Keys().TwilioSID, "TOKEN": city.Keys().TwilioToken, "FROM": city.Keys().TwilioFrom,
	}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	s, listen := listening(t, func(listen string) (*server, error) {
		text := fmt.Sprintf(houseConfig, listen, filepath.Join(t.TempDir(), "bongsu.db"), city.URL(drill.Route), city.URL(drill.SMS))
		cfg, err := config.Parse("house.yaml", []byte(text), readOptions(find))
		if err != nil {
			return nil, err
		}
		return newServer(t.Context(), cfg, serverOptions{env: find, simulation: true, log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	})
	return moveIn(t, &house{server: s, city: city, url: "http://" + listen})
}

// moveIn runs a house's server until the test ends, and waits until it is ready.
func moveIn(t *testing.T, h *house) *house {
	t.Helper()
	t.Cleanup(running(t, h.server))
	eventually(t, 10*time.Second, "the server is ready", func() bool {
		code, _ := h.send(t, http.MethodGet, "/readyz", "")
		return code == http.StatusOK
	})
	return h
}

// running runs a server until the stop that it gives, which closes it.
func running(t *testing.T, s *server) (stop func()) {
	t.Helper()
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, nil) }()
	return func() {
		end()
		if err := <-ended; err != nil {
			t.Errorf("the server: %v", err)
		}
		s.Close()
	}
}

// listening opens a server on a free address. The tests beside this one look for
// addresses too, so one that was free a moment ago may be taken.
func listening(t *testing.T, open func(listen string) (*server, error)) (s *server, listen string) {
	t.Helper()
	for range 5 {
		listen = freeAddress(t)
		s, err := open(listen)
		if err == nil {
			return s, listen
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
	t.Fatal("no address stays free")
	return nil, ""
}

// send makes one request. Headers are given as name, value.
func (h *house) send(t testing.TB, method, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		return 0, err.Error()
	}
	return a.StatusCode, string(text)
}

var (
	ticketField = regexp.MustCompile(`name="ticket" value="([a-z2-7]{32})"`)
	codeText    = regexp.MustCompile(`\b\d{6}\b`)
)

// askFor asks for a code and gives the ticket.
func (h *house) askFor(t testing.TB, path, number string, headers ...string) string {
	t.Helper()
	code, body := h.send(t, http.MethodPost, path+"?lang=en", url.Values{"address": {number}}.Encode(), headers...)
	ticket := ticketField.FindStringSubmatch(body)
	if code != http.StatusOK || ticket == nil {
		t.Fatalf("asking for a code for %s answers %d:\n%s", number, code, body)
	}
	return ticket[1]
}

// codeOn waits for the nth text with a code on a phone.
func (h *house) codeOn(t *testing.T, number string, n int) string {
	t.Helper()
	var codes []string
	eventually(t, 10*time.Second, "a code on "+number, func() bool {
		codes = nil
		for _, e := range h.city.Log().Find(drill.Query{Kind: drill.Arrival, To: number}) {
			if strings.Contains(e.Body, "code") {
				codes = append(codes, codeText.FindString(e.Body))
			}
		}
		return len(codes) >= n
	})
	return codes[n-1]
}

func (h *house) confirm(t *testing.T, path, ticket, code string) int {
	t.Helper()
	answer, _ := h.send(t, http.MethodPost, path+"/confirm?lang=en", url.Values{"ticket": {ticket}, "code": {code}}.Encode())
	return answer
}

const (
	resident      = "+821000000031"
	residentTyped = "010-0000-0031"
)

func (h *house) join(t *testing.T) {
	t.Helper()
	ticket := h.askFor(t, "/subscribe", residentTyped)
	if code := h.confirm(t, "/subscribe", ticket, h.codeOn(t, resident, 1)); code != http.StatusOK {
		t.Fatalf("the code answers %d", code)
	}
}

func (h *house) isThere(t *testing.T) bool {
	t.Helper()
	_, err := h.store.FindSubscriber(t.Context(), "sms", resident)
	if err != nil && !errors.Is(err, store.ErrNoSubscriber) {
		t.Fatal(err)
	}
	return err == nil
}

func TestSignUpAndLeaveThroughTheLedger(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.join(t)
	eventually(t, 10*time.Second, "the welcome", func() bool {
		return slices.ContainsFunc(h.city.Log().Find(drill.Query{Kind: drill.Arrival, To: resident}), func(e drill.Entry) bool {
			return strings.Contains(e.Body, "signed up")
		})
	})
	if code := h.confirm(t, "/subscribe", h.askFor(t, "/leave", "010-0000-0032"), "123456"); code != http.StatusUnprocessableEntity {
		t.Errorf("a guess for a stranger answers %d", code)
	}
	ticket := h.askFor(t, "/leave", residentTyped)
	if code := h.confirm(t, "/leave", ticket, h.codeOn(t, resident, 2)); code != http.StatusOK || h.isThere(t) {
		t.Errorf("leaving answers %d; still there: %t", code, h.isThere(t))
	}
	if n := h.city.Log().Count(drill.Query{Kind: drill.Arrival, To: "+821000000032"}); n != 0 {
		t.Errorf("a stranger got %d texts", n)
	}
}

// Many ask at once, for many numbers, and say that they come from everywhere.
func TestSignUpSendsNoMoreThanItsCaps(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	var group sync.WaitGroup
	for i := range 18 { // the forms' own limit is above that
		group.Go(func() {
			h.askFor(t, "/subscribe", fmt.Sprintf("010-0000-00%02d", 40+i), "X-Forwarded-For", fmt.Sprintf("198.51.%d.1", i))
		})
	}
	group.Wait()
	handed := drill.Query{Kind: drill.Request, Service: drill.SMS, Method: "POST"}
	eventually(t, 10*time.Second, "the cap's codes", func() bool { return h.city.Log().Count(handed) >= 8 })
	eventually(t, 10*time.Second, "an empty queue", func() bool {
		q, err := h.store.Queue(t.Context(), time.Now())
		return err == nil && q.Depth == 0
	})
	if n := h.city.Log().Count(handed); n != 8 {
		t.Errorf("%d texts left, the cap of a network is 8", n)
	}
}

// signed is a callback as Twilio signs it for an address.
func (h *house) signed(t *testing.T, path, address string, form url.Values) (status int) {
	t.Helper()
	var text strings.Builder
	text.WriteString(address)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		text.WriteString(name + form.Get(name))
	}
	mac := hmac.New(sha1.New, []byte(h.city.Keys().TwilioToken))
	mac.Write([]byte(text.String()))
	status, _ = h.send(t, http.MethodPost, path, form.Encode(), "X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return status
}

func TestForgedAndRepeatedCallbacks(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.join(t)
	sub, err := h.store.FindSubscriber(t.Context(), "sms", resident)
	if err != nil {
		t.Fatal(err)
	}
	var line store.Delivered
	eventually(t, 10*time.Second, "the gateway's own receipts", func() bool {
		lines, err := h.store.History(t.Context(), sub.ID, 10)
		if err != nil || len(lines) == 0 {
			return false
		}
		line = lines[len(lines)-1] // the code: the welcome came after it
		return line.Rank == notifier.Delivered
	})
	sent := h.city.Log().Find(drill.Query{Kind: drill.Callback, Service: drill.SMS, Ref: line.Ref})
	if len(sent) == 0 {
		t.Fatal("the gateway has called nobody")
	}
	path := strings.TrimPrefix(sent[0].Key, h.url)
	report := func(status string) url.Values {
		return url.Values{"MessageSid": {line.Ref}, "MessageStatus": {status}, "AccountSid": {h.city.Keys().TwilioSID}}
	}
	twice := report("delivered")
	twice.Add("MessageStatus", "failed")
	big := report("failed")
	big.Set("Padding", strings.Repeat("x", 40<<10))
	stranger := strings.Replace(path, "d=", "d=x", 1)
	for _, c := range []struct {
		name, path, address string
		form                url.Values
		want                int
	}{
		{"the same again", path, h.url + path, report("delivered"), 204},
		{"and again", path, h.url + path, report("delivered"), 204},
		{"an earlier one late", path, h.url + path, report("sent"), 204},
		{"one that takes it back", path, h.url + path, report("failed"), 204},
		{"an unknown status", path, h.url + path, report("dancing"), 204},
		{"signed for another house", path, "https://elsewhere.example" + path, report("failed"), 403},
		{"signed for another delivery", stranger, h.url + path, report("failed"), 403},
		{"of another delivery", stranger, h.url + stranger, report("failed"), 403},
		{"with two ends", path, h.url + path, twice, 400},
		{"without an end", path, h.url + path, url.Values{"MessageSid": {line.Ref}}, 400},
		{"huge", path, h.url + path, big, 413},
	} {
		if code := h.signed(t, c.path, c.address, c.form); code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, code, c.want)
		}
	}
	if code, _ := h.send(t, http.MethodPost, path, report("failed").Encode(), "X-Twilio-Signature", "AAAA"); code != http.StatusForbidden {
		t.Errorf("forged answers %d", code)
	}
	lines, err := h.store.History(t.Context(), sub.ID, 10)
	if err != nil || len(lines) == 0 || lines[len(lines)-1] != line {
		t.Errorf("the delivery was %+v, is %+v (%v)", line, lines[len(lines)-1], err)
	}
}

func TestWhoTextsStopIsGone(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.join(t)
	if err := h.city.SetInbound(h.url + "/hooks/twilio/inbound"); err != nil {
		t.Fatal(err)
	}
	if err := h.city.Reply(resident, "thank you"); err != nil {
		t.Fatal(err)
	}
	forged := url.Values{"From": {resident}, "Body": {"STOP"}, "MessageSid": {"SM1"}}
	if code := h.signed(t, "/hooks/twilio/inbound", "https://elsewhere.example/hooks/twilio/inbound", forged); code != http.StatusForbidden || !h.isThere(t) {
		t.Errorf("a forged STOP answers %d", code)
	}
	if err := h.city.Reply(resident, "수신거부"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "they are gone", func() bool { return !h.isThere(t) })
}

// From the command line to the page: a token, an incident, an update, its end.
func TestTheAPIWritesToThePage(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	token := h.newToken(t, "operator")
	headers := []string{"Content-Type", "application/json", "Authorization", "Bearer " + token}
	code, body := h.send(t, http.MethodPost, "/api/v1/incidents", `{"title": {"en": "Directions fail"}, "text": {"en": "We are looking."}, "components": {"route": "major_outage"}}`, headers...)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(body), &made); code != http.StatusCreated || err != nil {
		t.Fatalf("opening answers %d: %s", code, body)
	}
	eventually(t, time.Second, "its page", func() bool { // made as soon as it is judged; the answer waits for the commit only
		code, page := h.send(t, http.MethodGet, "/incidents/"+made.ID+"?lang=en", "")
		return code == http.StatusOK && strings.Contains(page, "We are looking.")
	})
	path := "/api/v1/incidents/" + made.ID + "/updates"
	for i, c := range []struct {
		body string
		want int
	}{
		{`{"text": {"en": "Some routes again."}}`, 201},
		{`{"text": {"en": "It is over."}, "stage": "resolved"}`, 201},
		{`{"text": {"en": "One more thing."}}`, 409},
	} {
		if code, answer := h.send(t, http.MethodPost, path, c.body, headers...); code != c.want {
			t.Errorf("update %d answers %d: %s", i, code, answer)
		}
	}
	if code, answer := h.send(t, http.MethodPost, "/api/v1/incidents/nothing/updates", `{"text": {"en": "x"}}`, headers...); code != http.StatusNotFound {
		t.Errorf("an update of nothing answers %d: %s", code, answer)
	}
	from := time.Now().Add(time.Hour).UTC()
	work := fmt.Sprintf(`{"title": {"en": "New roads"}, "components": ["route"], "from": %q, "until": %q}`, from.Format(time.RFC3339), from.Add(time.Hour).Format(time.RFC3339))
	if code, answer := h.send(t, http.MethodPost, "/api/v1/maintenance", work, headers...); code != http.StatusCreated {
		t.Errorf("maintenance answers %d: %s", code, answer)
	}
	headers[3] = "Bearer " + h.newToken(t, "viewer")
	if code, _ := h.send(t, http.MethodPost, "/api/v1/maintenance", work, headers...); code != http.StatusForbidden {
		t.Errorf("a viewer's maintenance answers %d", code)
	}
	if h.latest.Load().Overall == status.MajorOutage {
		t.Error("what a person says has changed a measured state")
	}
}

// newToken makes a token as the command does.
func (h *house) newToken(t *testing.T, role string) string {
	t.Helper()
	var out strings.Builder
	c := tokenCreateCommand()
	c.SetOut(&out)
	c.SetErr(io.Discard)
	c.SetContext(t.Context())
	if err := createToken(c, h.store, store.Token{Role: role}, time.Hour); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}
