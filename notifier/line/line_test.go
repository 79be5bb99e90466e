package line_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/gatewaytest"
	"bongsu/notifier/line"
)

const (
	token = "5ecret+token/="
	user  = "U206d25c2ea6bd87c17655609a1c37cb8"
	other = "Ua6bd87c17655609a1c37cb8206d25c2e"
	body  = "카카오톡 메시지 장애 15:42"
)

func open(t *testing.T, base string) notifier.Gateway {
	t.Helper()
	s := &line.Settings{Token: notifier.NewSecret(token), BaseURL: base}
	if found := s.Problems(); found != nil {
		t.Fatal(found)
	}
	g, err := s.Open(notifier.Outside{UserAgent: "Bongsu/test"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func message(to string) notifier.Message {
	return notifier.Message{Delivery: "1-2-abc", To: to, Class: notifier.ClassMessenger, Lang: "ko", Body: body}
}

// heard is what a stand-in was asked.
type heard struct {
	Path, Key, Token string
	Body             map[string]any
}

func standIn(t *testing.T, answer func(w http.ResponseWriter, h heard)) (string, *[]heard) {
	t.Helper()
	var all []heard
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := heard{Path: r.Method + " " + r.URL.Path, Key: r.Header.Get("X-Line-Retry-Key"), Token: r.Header.Get("Authorization")}
		if err := json.NewDecoder(r.Body).Decode(&h.Body); err != nil {
			t.Error(err)
		}
		all = append(all, h)
		answer(w, h)
	}))
	t.Cleanup(s.Close)
	return s.URL, &all
}

func TestOneMessageAndItsKey(t *testing.T) {
	base, all := standIn(t, func(w http.ResponseWriter, _ heard) {
		w.Header().Set("X-Line-Request-Id", "request-1")
		io.WriteString(w, `{"sentMessages":[{"id":"461230966842064897","quoteToken":"x"}]}`)
	})
	g := open(t, base)
	for range 2 {
		if ref, err := g.Send(t.Context(), message(user)); ref != "request-1" || err != nil {
			t.Fatalf("ref %q, error %v", ref, err)
		}
	}
	m := message(user)
	m.Delivery, m.Title = "1-3-abc", "장애"
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	first, second, third := (*all)[0], (*all)[1], (*all)[2]
	want := heard{"POST /v2/bot/message/push", first.Key, "Bearer " + token, map[string]any{
		"to": user, "messages": []any{map[string]any{"type": "text", "text": body}},
	}}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	// RFC 9562: version 8, variant 10.
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first.Key) {
		t.Errorf("key %s is no UUID", first.Key)
	}
	if first.Key != second.Key || first.Key == third.Key {
		t.Errorf("keys of one delivery %s and %s, of another %s", first.Key, second.Key, third.Key)
	}
	if got := third.Body["messages"].([]any)[0].(map[string]any)["text"]; got != "장애\n"+body {
		t.Errorf("with a title: %q", got)
	}
	if d, ok := g.(notifier.Deduper); !ok || d.DedupesFor() < 12*time.Hour || d.DedupesFor() >= 24*time.Hour {
		t.Error("a key holds for a day, with some reserve")
	}
}

func TestMany(t *testing.T) {
	base, all := standIn(t, func(w http.ResponseWriter, _ heard) {
		w.Header().Set("X-Line-Request-Id", "request-2")
		io.WriteString(w, `{}`)
	})
	g := open(t, base).(notifier.Multicaster)
	ms := []notifier.Message{message(user), message(other)}
	if ref, err := g.SendMany(t.Context(), "batch-1", ms); ref != "request-2" || err != nil {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	got := (*all)[0]
	if diff := cmp.Diff([]any{user, other}, got.Body["to"]); got.Path != "POST /v2/bot/message/multicast" || diff != "" {
		t.Errorf("%s (-want +got):\n%s", got.Path, diff)
	}
	for _, n := range []int{0, g.Most() + 1} {
		if _, err := g.SendMany(t.Context(), "batch-2", make([]notifier.Message, n)); err == nil {
			t.Errorf("%d recipients were taken", n)
		}
	}
	if len(*all) != 1 || g.Most() != 500 {
		t.Errorf("%d requests, at most %d", len(*all), g.Most())
	}
}

func TestATakenKeyIsAYes(t *testing.T) {
	base, _ := standIn(t, func(w http.ResponseWriter, _ heard) {
		w.Header().Set("X-Line-Accepted-Request-Id", "request-1")
		w.WriteHeader(http.StatusConflict)
		io.WriteString(w, `{"message":"The retry key is already accepted","sentMessages":[{"id":"1"}]}`)
	})
	if ref, err := open(t, base).Send(t.Context(), message(user)); ref != "request-1" || err != nil {
		t.Errorf("ref %q, error %v", ref, err)
	}
}

func TestTheSuite(t *testing.T) { gatewaytest.Run(t, asAGateway()) }

func FuzzAnswers(f *testing.F) { gatewaytest.Fuzz(f, asAGateway()) }

func asAGateway() gatewaytest.Case {
	no := func(status int, text string) gatewaytest.Answer {
		return gatewaytest.JSON(status, fmt.Sprintf(`{"message":%q}`, text))
	}
	details := func(property string) gatewaytest.Answer {
		return gatewaytest.JSON(400, `{"message":"The request body has 1 error(s)","details":[{"message":"invalid","property":"`+property+`"}]}`)
	}
	return gatewaytest.Case{
		Settings: func(base string) notifier.Settings {
			return &line.Settings{Token: notifier.NewSecret(token), Secret: notifier.NewSecret(channelSecret), BaseURL: base}
		},
		Message: func(string) notifier.Message { return message(user) },
		Classes: []notifier.Class{notifier.ClassMessenger},
		Secrets: []string{token},
		Taken:   gatewaytest.Answer{Header: http.Header{"X-Line-Request-Id": {"request-1"}}, Body: `{"sentMessages":[{"id":"1","quoteToken":"x"}]}`},
		Ref:     "request-1",
		Answers: []gatewaytest.Saying{
			{Answer: no(400, "The property, 'to', in the request body is invalid (line: -, column: -)"), Want: gatewaytest.Is(gatewaytest.Suppress)},
			{Answer: no(400, "Failed to send messages"), Want: gatewaytest.Is(gatewaytest.Suppress)},
			{Answer: details("to[0]"), Want: gatewaytest.Is(gatewaytest.Suppress)},
			{Answer: details("messages[0].text"), Want: gatewaytest.Is(gatewaytest.Ours)},
			{Answer: no(401, "Authentication failed: "+gatewaytest.Echo), Want: gatewaytest.Is(gatewaytest.Ours)},
			{Answer: no(403, "Access to this API is not available for your account"), Want: gatewaytest.Is(gatewaytest.Ours)},
			{Answer: no(408, "too slow"), Want: gatewaytest.Is(gatewaytest.Again)},
			{Answer: no(409, "The retry key is already accepted"), Want: gatewaytest.Is(gatewaytest.Taken)},
			{Answer: no(429, "The API rate limit has been exceeded. Try again later."), Want: gatewaytest.Want{Kind: gatewaytest.Throttled, After: 7 * time.Second}},
			{Answer: no(429, "You have reached your monthly limit."), Want: gatewaytest.Rejects(gatewaytest.Ours, "monthly limit")},
			{Answer: no(500, "Internal Server Error "+gatewaytest.Echo), Want: gatewaytest.Is(gatewaytest.Uncertain)},
		},
		Text: func(seen gatewaytest.Seen) (string, string) {
			var sent struct{ Messages []struct{ Text string } }
			if json.Unmarshal(seen.Body, &sent) != nil || len(sent.Messages) != 1 {
				return "", ""
			}
			text := sent.Messages[0].Text
			if body, titled := strings.CutPrefix(text, "제목 Title\n"); titled {
				return "제목 Title", body
			}
			return "", text
		},
	}
}

// One id at fault among many: nobody was served, and it is not known which one
// it was, so nobody must be given up.
func TestOneOfManyAtFault(t *testing.T) {
	base, _ := standIn(t, func(w http.ResponseWriter, _ heard) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"message":"The property, 'to[1]', in the request body is invalid (line: -, column: -)"}`)
	})
	_, err := open(t, base).(notifier.Multicaster).SendMany(t.Context(), "b", []notifier.Message{message(user), message(other)})
	no, ok := errors.AsType[*notifier.RejectedError](err)
	if !ok || !no.Recipient || no.Suppress {
		t.Errorf("got %v", err)
	}
}

// A text cut short could lose what to do: better another way than half of it.
func TestATextTooLongIsRefusedWhole(t *testing.T) {
	for _, unit := range []string{"a", "가", "😀", "가😀a"} {
		base, all := standIn(t, func(w http.ResponseWriter, _ heard) { io.WriteString(w, `{}`) })
		g := open(t, base)
		m := message(user)
		fits := 5000 / len(utf16.Encode([]rune(unit)))
		m.Body = strings.Repeat(unit, fits)
		if _, err := g.Send(t.Context(), m); err != nil || len(*all) != 1 {
			t.Errorf("%d times %s: %v", fits, unit, err)
		}
		m.Body += unit
		_, err := g.Send(t.Context(), m)
		if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || no.Recipient || len(*all) != 1 {
			t.Errorf("%d times %s: %v", fits+1, unit, err)
		}
	}
}

func TestProblems(t *testing.T) {
	s := line.Kind().New().(*line.Settings)
	s.BaseURL = "nowhere"
	if got := s.Problems(); len(got) != 2 {
		t.Errorf("problems %v", got)
	}
	s = line.Kind().New().(*line.Settings)
	s.Token = notifier.NewSecret("two words")
	if got := s.Problems(); len(got) != 1 {
		t.Errorf("problems %v", got)
	}
}
