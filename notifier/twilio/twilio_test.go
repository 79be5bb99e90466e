package twilio_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/twilio"
)

const (
	account = "AC00000000000000000000000000000001"
	token   = "5ecret0fTheAccount"
	number  = "+821055501234"
	sender  = "+15005550006"
	words   = "[Status] Outage since 15:42. Code 7F3K"
)

func settings(base string) *twilio.Settings {
	s := twilio.Kind().New().(*twilio.Settings)
	s.AccountSID, s.AuthToken, s.From = notifier.NewSecret(account), notifier.NewSecret(token), sender
	s.BaseURL = base
	return s
}

func open(t testing.TB, base string) notifier.Gateway {
	t.Helper()
	g, err := settings(base).Open(notifier.Outside{
		PublicURL: "https://status.example", UserAgent: "Bongsu/test",
		Token: func(d string) string { return "t-" + d },
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func message() notifier.Message {
	return notifier.Message{Delivery: "d1", To: number, Lang: "en", Body: words}
}

// answering is a stand-in that gives one answer to everything.
func answering(t testing.TB, status int, body string, header ...string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSendSaysAllThatTwilioNeeds(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "dublin") // the library would turn the host into one of a Twilio edge
	t.Setenv("TWILIO_REGION", "ie1")
	var got url.Values
	var path, user, pass, agent string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got, path, agent = r.PostForm, r.URL.Path, r.UserAgent()
		user, pass, _ = r.BasicAuth()
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"sid":"SM1","status":"queued"}`)
	}))
	defer s.Close()

	ref, err := open(t, s.URL).Send(t.Context(), message())
	if err != nil || ref != "SM1" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	want := url.Values{
		"To": {number}, "From": {sender}, "Body": {words}, "ValidityPeriod": {"14400"},
		"StatusCallback": {"https://status.example/hooks/twilio/status?d=d1&t=t-d1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if path != "/2010-04-01/Accounts/"+account+"/Messages.json" || user != account || pass != token || agent != "Bongsu/test" {
		t.Errorf("path %q, credentials %q %q, agent %q", path, user, pass, agent)
	}
}

func TestAMessageSaysHowLongItIsGood(t *testing.T) {
	for valid, want := range map[time.Duration]string{0: "14400", 90 * time.Second: "90", time.Millisecond: "1", 48 * time.Hour: "36000"} {
		var got string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.PostFormValue("ValidityPeriod")
			io.WriteString(w, `{"sid":"SM1"}`)
		}))
		m := message()
		m.Valid = valid
		if _, err := open(t, s.URL).Send(t.Context(), m); err != nil || got != want {
			t.Errorf("valid %s: ValidityPeriod %q, want %q (error %v)", valid, got, want, err)
		}
		s.Close()
	}
}

func TestAMessagingServiceChoosesTheSender(t *testing.T) {
	var got url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		got = r.PostForm
		io.WriteString(w, `{"sid":"SM1"}`)
	}))
	defer s.Close()
	set := settings(s.URL)
	set.From, set.MessagingService = "", "MG00000000000000000000000000000001"
	g, err := set.Open(notifier.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if got.Get("MessagingServiceSid") == "" || got.Has("From") || got.Has("StatusCallback") {
		t.Errorf("form %v", got)
	}
}

func no(status, code int) string {
	return fmt.Sprintf(`{"status":%d,"code":%d,"message":"The number %s of %s says \"%s\""}`, status, code, number, account, token)
}

func TestKindsOfNo(t *testing.T) {
	rejected := func(code string, recipient, suppress bool) error {
		return &notifier.RejectedError{Code: code, Recipient: recipient, Suppress: suppress}
	}
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{400, no(400, 21211), rejected("21211", true, false)},
		{400, no(400, 21610), rejected("21610", true, true)},
		{400, no(400, 21614), rejected("21614", true, true)},
		{400, no(400, 30006), rejected("30006", true, true)},
		{400, no(400, 21612), rejected("21612", true, false)},
		{400, no(400, 21606), rejected("21606", false, false)},
		{401, no(401, 20003), rejected("20003", false, false)},
		{404, "<html>", rejected("HTTP 404", false, false)},
		{429, no(429, 20429), &notifier.ThrottledError{After: 3 * time.Second}},
		{429, "slow down", &notifier.ThrottledError{After: 3 * time.Second}},
		{400, no(400, 21611), &notifier.ThrottledError{After: time.Minute}},
		{500, no(500, 20500), errAgain},
		{503, no(503, 20503), errAgain},
		{502, "<html>", &notifier.UncertainError{}},
		{500, "{}", &notifier.UncertainError{}},
		{201, "", &notifier.UncertainError{}},
		{201, "{}", &notifier.UncertainError{}},
		{201, `{"sid":`, &notifier.UncertainError{}},
		{307, "", errAgain},
	} {
		s := answering(t, c.status, c.body, "Retry-After", "3", "Location", "/x")
		_, err := open(t, s.URL).Send(t.Context(), message())
		if got, want := shape(err), shape(c.want); got != want {
			t.Errorf("%d %s: %s, want %s: %v", c.status, c.body, got, want, err)
		}
		leaksNothing(t, err)
	}
}

var errAgain = errors.New("again")

// shape is what the sender acts on.
func shape(err error) string {
	if e, ok := errors.AsType[*notifier.RejectedError](err); ok {
		return fmt.Sprintf("rejected %s recipient=%t suppress=%t", e.Code, e.Recipient, e.Suppress)
	}
	if e, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return "throttled " + e.After.String()
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return "uncertain"
	}
	return "again"
}

func leaksNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	said := fmt.Sprintf("%v %+v %q", err, err, err.Error())
	for _, secret := range []string{token, account, number, number[1:], sender, words, url.QueryEscape(number)} {
		if strings.Contains(said, secret) {
			t.Errorf("an error tells %q: %s", secret, said)
		}
	}
}

func TestFaultsOfTheWayThere(t *testing.T) {
	for _, c := range []struct {
		what, want string
		talk       func(net.Conn)
	}{
		{"hangs up at once", "uncertain", func(net.Conn) {}},
		{"takes it and hangs up", "uncertain", hear},
		{"takes it and resets", "uncertain", func(c net.Conn) { hear(c); c.(*net.TCPConn).SetLinger(0) }},
		{"answers garbage", "uncertain", func(c net.Conn) { hear(c); io.WriteString(c, "garbage\r\n\r\n") }},
		{"loses the 201", "uncertain", func(c net.Conn) {
			hear(c)
			io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 40\r\n\r\n{\"sid\":")
		}},
	} {
		door, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		seen := 0
		go func() {
			defer close(done)
			for {
				conn, err := door.Accept()
				if err != nil {
					return
				}
				seen++
				c.talk(conn)
				conn.Close()
			}
		}()
		_, err = open(t, "http://"+door.Addr().String()).Send(t.Context(), message())
		door.Close()
		<-done
		if got := shape(err); got != c.want {
			t.Errorf("%s: %s, want %s: %v", c.what, got, c.want, err)
		}
		if seen != 1 {
			t.Errorf("%s: %d connections, want 1", c.what, seen)
		}
		leaksNothing(t, err)
	}
	_, err := open(t, "http://127.0.0.1:1").Send(t.Context(), message())
	if got := shape(err); got != "again" {
		t.Errorf("refused connection: %s: %v", got, err)
	}
	leaksNothing(t, err)
}

func hear(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		io.Copy(io.Discard, r.Body)
	}
}

func TestFind(t *testing.T) {
	since := time.Date(2022, 10, 15, 6, 42, 0, 0, time.UTC)
	sent := func(sid, body, status string, at time.Time) map[string]string {
		return map[string]string{"sid": sid, "body": body, "status": status, "date_created": at.Format(time.RFC1123Z)}
	}
	many := make([]map[string]string, 100)
	for i := range many {
		many[i] = sent("SMx", "other", "sent", since)
	}
	for _, c := range []struct {
		what  string
		has   []map[string]string
		found bool
		ref   string
		rank  notifier.Rank
		fails bool
	}{
		{what: "nothing"},
		{what: "the text", has: []map[string]string{sent("SM0", "other", "sent", since), sent("SM1", words, "delivered", since)}, found: true, ref: "SM1", rank: notifier.Delivered},
		{what: "one in a state we do not know", has: []map[string]string{sent("SM1", words, "levitating", since)}, found: true, ref: "SM1", rank: notifier.Accepted},
		{what: "the same text of the day before", has: []map[string]string{sent("SM1", words, "delivered", since.Add(-24*time.Hour))}},
		{what: "more than one look-up reads", has: many, fails: true},
	} {
		t.Run(c.what, func(t *testing.T) {
			var query url.Values
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query = r.URL.Query()
				json.NewEncoder(w).Encode(map[string]any{"messages": c.has})
			}))
			defer s.Close()
			found, ref, rank, err := open(t, s.URL).(notifier.Finder).Find(t.Context(), message(), since)
			if found != c.found || ref != c.ref || rank != c.rank || (err != nil) != c.fails {
				t.Errorf("found %t %q %s, error %v", found, ref, rank, err)
			}
			if query.Get("To") != number {
				t.Errorf("asked for %v", query)
			}
		})
	}
	s := answering(t, 401, no(401, 20003))
	_, _, _, err := open(t, s.URL).(notifier.Finder).Find(t.Context(), message(), since)
	leaksNothing(t, err)
}

func TestProblems(t *testing.T) {
	good := settings("https://api.example")
	for _, c := range []struct {
		path  string
		spoil func(*twilio.Settings)
	}{
		{"", func(*twilio.Settings) {}},
		{"account_sid", func(s *twilio.Settings) { s.AccountSID = notifier.NewSecret("nonsense") }},
		{"auth_token", func(s *twilio.Settings) { s.AuthToken = notifier.NewSecret("with a space") }},
		{"from", func(s *twilio.Settings) { s.From = "" }},
		{"from", func(s *twilio.Settings) {
			s.MessagingService = "MG00000000000000000000000000000001"
		}},
		{"validity", func(s *twilio.Settings) { s.Validity = 11 * time.Hour }},
		{"base_url", func(s *twilio.Settings) { s.BaseURL = "http://api.example" }},
	} {
		s := *good
		c.spoil(&s)
		var paths []string
		for _, p := range s.Problems() {
			paths = append(paths, p.Path)
		}
		if got := strings.Join(paths, " "); got != c.path {
			t.Errorf("problems at %q, want %q", got, c.path)
		}
	}
}
