package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// member is somebody with two addresses, one of which refused us.
func member() signup.Member {
	return signup.Member{
		ID: 7, Lang: "ko", AtLeast: status.PartialOutage,
		Addresses: []signup.Held{
			{Kind: "sms", Hint: "+82*******678", Confirmed: time.Unix(1, 0)},
			{Kind: "email", Hint: "jo***@mail.example", Confirmed: time.Unix(1, 0), Suppressed: "550"},
		},
	}
}

func TestSomebodysOwnPage(t *testing.T) {
	s := &signups{member: member(), kinds: []string{"sms", "email", "line"}}
	h := serve(t, sample.Outage(), web.Options{Signup: s}).Handler()
	path := "/s/" + goodToken + "?lang=en"
	w := ask(h, "GET", path)
	for _, says := range []string{"Your notices", "jo***@mail.example", "Confirm it again", "by=email&amp;for=" + goodToken, "by=line&amp;for=" + goodToken, `name="place_sms"`, `name="topic" value="group/chat"`} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), says) {
			t.Fatalf("the page answers %d and lacks %q:\n%s", w.Code, says, w.Body)
		}
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Robots-Tag") != "noindex" || w.Header().Get("Set-Cookie") != "" || strings.Contains(w.Body.String(), "canonical") {
		t.Errorf("its headers are %v", w.Header())
	}
	w = submit(h, path, url.Values{
		"at_least": {"major_outage"}, "text_lang": {"ja"}, "some": {"1"}, "topic": {"chat-text", "group/chat", "nothing-of-ours"},
		"quiet_from": {"22:00"}, "quiet_until": {"07:00"}, "zone": {" Asia/Tokyo "}, "place_sms": {"2"}, "place_email": {"1"}, "place_line": {"x"},
	})
	if w.Code != 200 || !strings.Contains(w.Body.String(), "Saved.") || !strings.Contains(w.Body.String(), `<option value="22:00" selected>`) {
		t.Fatalf("saving answers %d:\n%s", w.Code, w.Body)
	}
	c := s.chosen[0]
	if c.Lang != "ja" || c.AtLeast != status.MajorOutage || c.Wishes.Quiet.String() != "22:00-07:00 Asia/Tokyo" ||
		!slices.Equal(c.Wishes.Topics, []string{"group/chat", "chat-text"}) || !slices.Equal(c.Wishes.Order, []string{"email", "sms"}) {
		t.Errorf("chosen: %+v", c)
	}
	if w := submit(h, path, url.Values{"quiet_from": {"22:00"}, "quiet_until": {"07:00"}, "zone": {"Mars"}}); w.Code != 422 || !strings.Contains(w.Body.String(), "no such time zone") {
		t.Errorf("no time zone answers %d", w.Code)
	}
	if w := submit(h, path, url.Values{"topic": {"chat-text"}}); w.Code != 200 || s.member.Wishes.Topics != nil || !s.member.Wishes.Quiet.IsZero() {
		t.Errorf("without a choice of some: %d, %+v", w.Code, s.member.Wishes)
	}
	if w := send(h, path, "text_lang=ja", "Content-Type", formType, "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("a form from elsewhere answers %d", w.Code)
	}
	drop := "/s/" + goodToken + "/drop?lang=en"
	if w := submit(h, drop, url.Values{"kind": {"email"}}); w.Code != 200 || strings.Contains(w.Body.String(), "jo***") {
		t.Errorf("without an address: %d", w.Code)
	}
	if w := submit(h, drop, url.Values{}); w.Code != 422 {
		t.Errorf("dropping nothing answers %d", w.Code)
	}
	if w := submit(h, drop, url.Values{"all": {"1"}}); w.Code != 200 || !strings.Contains(w.Body.String(), "We have deleted") {
		t.Errorf("leaving answers %d:\n%s", w.Code, w.Body)
	}
	if w := ask(h, "GET", path); w.Code != 404 {
		t.Errorf("the page of who has left answers %d", w.Code)
	}
	if got := ask(h, "GET", drop).Header().Get("Location"); got != "/en/s/"+goodToken {
		t.Errorf("an opened drop leads to %q", got)
	}
}

func TestPersonalPagesOfNobody(t *testing.T) {
	for name, c := range map[string]struct {
		o    web.Options
		path string
		want int
	}{
		"another token":       {web.Options{Signup: &signups{}}, "/s/other", 404},
		"and its way out":     {web.Options{Signup: &signups{}}, "/leave/other", 404},
		"without sign-up":     {web.Options{}, "/s/" + goodToken, 404},
		"nor a way out":       {web.Options{}, "/leave/" + goodToken, 404},
		"the database away":   {web.Options{Signup: &signups{err: errors.New("away")}}, "/s/" + goodToken, 503},
		"for who leaves":      {web.Options{Signup: &signups{err: errors.New("away")}}, "/leave/" + goodToken, 503},
		"far too long a name": {web.Options{Signup: &signups{}}, "/s/" + strings.Repeat("a", 5000), 404},
	} {
		h := serve(t, sample.Outage(), c.o).Handler()
		if w := ask(h, "GET", c.path+"?lang=en"); w.Code != c.want {
			t.Errorf("%s: GET answers %d, want %d", name, w.Code, c.want)
		}
		if w := send(h, c.path, "List-Unsubscribe=One-Click", "Content-Type", formType); w.Code != c.want {
			t.Errorf("%s: POST answers %d, want %d", name, w.Code, c.want)
		}
	}
}

// RFC 8058: one POST, without cookies or redirects, from wherever the mail
// program is; opening the address does nothing.
func TestLeavingWithOneClick(t *testing.T) {
	s := &signups{member: member()}
	h := serve(t, sample.Outage(), web.Options{Signup: s, Now: func() time.Time { return time.Unix(1, 0) }}).Handler()
	path := "/leave/" + goodToken
	for range 3 {
		if w := ask(h, "GET", path+"?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), `value="One-Click"`) || len(s.dropped) != 0 {
			t.Fatalf("opening it answers %d and drops %v", w.Code, s.dropped)
		}
		if w := ask(h, "HEAD", path); w.Code != 200 || len(s.dropped) != 0 {
			t.Fatalf("HEAD answers %d and drops %v", w.Code, s.dropped)
		}
	}
	for _, body := range []string{"", "List-Unsubscribe=no", "x=1"} {
		if w := send(h, path, body, "Content-Type", formType); w.Code != 400 || len(s.dropped) != 0 {
			t.Errorf("%q answers %d and drops %v", body, w.Code, s.dropped)
		}
	}
	for i := range 200 { // a mail provider speaks for many of its people
		w := send(h, path, "List-Unsubscribe=One-Click", "Content-Type", formType, "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site")
		if w.Code != 200 || w.Header().Get("Location") != "" || w.Header().Get("Set-Cookie") != "" {
			t.Fatalf("the %dth click answers %d, %v", i+1, w.Code, w.Header())
		}
	}
	if s.dropped[0] != "email" || len(s.member.Addresses) != 1 {
		t.Errorf("dropped %v, left %v", s.dropped[0], s.member.Addresses)
	}
}

// Whom an app has brought has no page of their own, and so looks as if they had
// left: the way out in the app's mail leads out all the same.
func TestWhoHasNoPageLeavesToo(t *testing.T) {
	s := &signups{member: member(), gone: true}
	h := serve(t, sample.Outage(), web.Options{Signup: s, Now: func() time.Time { return time.Unix(1, 0) }}).Handler()
	path := "/leave/" + goodToken
	if w := ask(h, "GET", path+"?lang=en"); w.Code != 200 || !strings.Contains(w.Body.String(), `value="One-Click"`) || len(s.dropped) != 0 {
		t.Errorf("opening it answers %d and drops %v", w.Code, s.dropped)
	}
	if w := send(h, path, "List-Unsubscribe=One-Click", "Content-Type", formType); w.Code != 200 || !slices.Equal(s.dropped, []string{"email"}) {
		t.Errorf("one click answers %d and drops %v", w.Code, s.dropped)
	}
}

func TestEveryKindHasItsForm(t *testing.T) {
	s := &signups{kinds: signup.KindIDs()}
	h := serve(t, sample.Outage(), web.Options{Signup: s, PushKey: "BKey", LINEBot: "@status"}).Handler()
	for _, c := range []struct {
		by     string
		values url.Values
		want   int
		says   string
	}{
		{"email", url.Values{}, 422, "Write your mail address."},
		{"email", url.Values{"address": {"jo@mail.example"}}, 200, "one is on its way with a link"},
		{"webhook", url.Values{"address": {"http://localhost/"}}, 422, "Nobody outside can reach"},
		{"webhook", url.Values{"address": {"https://hooks.example/x"}}, 200, "whsec_shownonce"},
		{"line", url.Values{}, 200, "ABCD-EFGH"},
		{"webpush", url.Values{"address": {"{}"}}, 422, "no subscription"},
	} {
		c.values.Set("by", c.by)
		w := submit(h, "/subscribe?lang=en", c.values)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s answers %d and lacks %q:\n%s", c.by, w.Code, c.says, w.Body)
		}
	}
	if body := ask(h, "GET", "/subscribe?lang=en&by=webpush").Body.String(); !strings.Contains(body, `data-push="BKey"`) || !strings.Contains(body, "need scripts") {
		t.Errorf("the form for a browser:\n%s", body)
	}
	w := ask(h, "GET", "/push-worker.js")
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("the worker answers %d, %q", w.Code, w.Header().Get("Content-Type"))
	}
	// The link of a code shows a button, which carries the code.
	w = ask(h, "GET", "/subscribe/confirm?lang=en&by=email&ticket="+goodTicket+"&code="+goodCode)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `name="code" value="`+goodCode+`"`) || len(s.asked) != 2 {
		t.Errorf("the link answers %d:\n%s", w.Code, w.Body)
	}
	w = submit(h, "/subscribe/confirm?lang=en", url.Values{"by": {"email"}, "ticket": {goodTicket}, "code": {goodCode}})
	if w.Code != 200 || !strings.Contains(w.Body.String(), "/s/"+goodToken) {
		t.Errorf("the button answers %d:\n%s", w.Code, w.Body)
	}
}

func TestChats(t *testing.T) {
	s := &signups{}
	counters := prometheus.NewRegistry()
	var chats []web.Chat
	var wrong error
	h := serve(t, sample.Outage(), web.Options{
		Signup: s, Register: counters,
		Hooks: &web.Hooks{
			Twilio: callbacks{}, LINE: func(*http.Request, []byte) ([]web.Chat, error) { return chats, wrong },
			Receipts: func(context.Context, []notifier.Receipt) error { return nil },
		},
	}).Handler()
	for _, c := range []struct {
		name  string
		body  string
		chats []web.Chat
		wrong error
		err   error
		want  int
	}{
		{"nothing", "{}", nil, nil, nil, 200},
		{"chatter", "{}", []web.Chat{{User: "U1", Text: "hello"}}, nil, nil, 200},
		{"a code", "{}", []web.Chat{{User: "U1", Text: "ABCD-EFGH"}}, nil, nil, 200},
		{"gone", "{}", []web.Chat{{User: "U1", Ref: "e1", Gone: true}}, nil, nil, 200},
		{"forged", "{}", nil, web.ErrForged, nil, 403},
		{"odd", "{}", nil, web.ErrMalformed, nil, 400},
		{"huge", strings.Repeat("x", 256<<10+1), nil, nil, nil, 413},
		{"while the database is away", "{}", []web.Chat{{User: "U1", Text: "ABCD-EFGH"}}, nil, errors.New("away"), 503},
	} {
		chats, wrong, s.err = c.chats, c.wrong, c.err
		if w := send(h, "/hooks/line", c.body, "Content-Type", "application/json"); w.Code != c.want {
			t.Errorf("%s answers %d, want %d", c.name, w.Code, c.want)
		}
	}
	if !slices.Equal(s.bound[:1], []string{"line U1"}) || !slices.Equal(s.stopped, []string{"line U1 line e1"}) {
		t.Errorf("bound %v, stopped %v", s.bound, s.stopped)
	}
	for outcome, want := range map[string]float64{"taken": 2, "ignored": 2, "forged": 1, "malformed": 1, "too_big": 1, "away": 1} {
		if got := counted(t, counters, "line", outcome); got != want {
			t.Errorf("%s is counted %g times, want %g", outcome, got, want)
		}
	}
}

func FuzzOwnPage(f *testing.F) {
	s := &signups{member: member()}
	h := serve(f, sample.Outage(), web.Options{Signup: s, Now: ever()}).Handler()
	f.Add(goodToken, "at_least=major_outage&quiet_from=22:00&quiet_until=07:00&zone=Asia/Seoul&place_sms=1")
	f.Add("x", "kind=email")
	f.Add(goodToken, "%zz")
	f.Fuzz(func(t *testing.T, token, body string) {
		for _, path := range []string{"/s/", "/leave/"} {
			w := send(h, path+url.PathEscape(token), body, "Content-Type", formType)
			if w.Code == http.StatusInternalServerError {
				t.Fatalf("%s%q with %q answers %d", path, token, body, w.Code)
			}
		}
		s.member, s.gone = member(), false
	})
}
