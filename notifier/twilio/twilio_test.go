package twilio_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
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

func no(status, code int) gatewaytest.Answer {
	return gatewaytest.JSON(status, fmt.Sprintf(`{"status":%d,"code":%d,"message":"Not to %s"}`, status, code, gatewaytest.Echo))
}

func TestTwilioIsAGateway(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

// FuzzAnswers reads whatever may come back.
func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings { return settings(base) },
		Message:  func(string) notifier.Message { return message() },
		Classes:  []notifier.Class{notifier.ClassSMS, notifier.ClassLMS},
		Secrets:  []string{account, token},
		Taken:    gatewaytest.JSON(http.StatusCreated, `{"sid":"SM1","status":"queued"}`), Ref: "SM1",
		Answers: []gatewaytest.Saying{
			{Answer: no(400, 21211), Want: gatewaytest.Rejects(gatewaytest.Recipient, "21211")},
			{Answer: no(400, 21610), Want: gatewaytest.Rejects(gatewaytest.Suppress, "21610")},
			{Answer: no(400, 21614), Want: gatewaytest.Rejects(gatewaytest.Suppress, "21614")},
			{Answer: no(400, 30006), Want: gatewaytest.Rejects(gatewaytest.Suppress, "30006")},
			{Answer: no(400, 21612), Want: gatewaytest.Rejects(gatewaytest.Recipient, "21612")},
			{Answer: no(400, 21606), Want: gatewaytest.Rejects(gatewaytest.Ours, "21606")},
			{Answer: no(401, 20003), Want: gatewaytest.Rejects(gatewaytest.Ours, "20003")},
			{Answer: no(429, 20429), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: no(400, 21611), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: time.Minute}},
			{Answer: no(500, 20500), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: no(503, 20503), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: gatewaytest.JSON(500, "{}"), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(201, ""), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(201, "{}"), Want: gatewaytest.Is(gatewaytest.Uncertain)},
			{Answer: gatewaytest.JSON(201, `{"sid":`), Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			form, _ := url.ParseQuery(string(seen.Body))
			return "", form.Get("Body")
		},
		Find: true,
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
		{what: "nothing", has: []map[string]string{}},
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
