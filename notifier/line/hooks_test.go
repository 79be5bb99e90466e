package line_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/line"
)

const channelSecret = "0123456789abcdef0123456789abcdef"

var hooks = line.Hooks{Secrets: []notifier.Secret{notifier.NewSecret("an older one"), {}, notifier.NewSecret(channelSecret)}}

func signed(secret, body string) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return http.Header{"X-Line-Signature": {base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}

// callback is in the shape of LINE's documents.
const callback = `{"destination":"Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","events":[
	{"type":"follow","mode":"active","timestamp":1665816120000,"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZR","deliveryContext":{"isRedelivery":false},
	 "source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"replyToken":"nHuyWiB7yP5Zw52FIkcQobQuGDXCTA","follow":{"isUnblocked":true}},
	{"type":"message","mode":"active","timestamp":1665816121000,"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZS","deliveryContext":{"isRedelivery":true},
	 "source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"replyToken":"r","message":{"id":"444573844083572737","type":"text","quoteToken":"q","text":"  482913\n"}},
	{"type":"message","timestamp":1665816122000,"source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"message":{"id":"1","type":"sticker"}},
	{"type":"message","timestamp":1665816122000,"source":{"type":"group","groupId":"C1","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"message":{"type":"text","text":"x"}},
	{"type":"message","mode":"standby","timestamp":1665816122000,"source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"message":{"type":"text","text":"x"}},
	{"type":"message","timestamp":1665816122000,"source":{"type":"user","userId":"../../etc"},"message":{"type":"text","text":"x"}},
	{"type":"message","timestamp":9e17,"source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"},"message":{"type":"text","text":"x"}},
	{"type":"beacon","timestamp":1665816122000,"source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"}},
	{"type":"unfollow","mode":"active","timestamp":1665816123000,"webhookEventId":"01FZ74A0TDDPYRVKNK77XKC3ZT","source":{"type":"user","userId":"U206d25c2ea6bd87c17655609a1c37cb8"}}
]}`

func TestEvents(t *testing.T) {
	got, err := hooks.Events(signed(channelSecret, callback), []byte(callback))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2022, 10, 15, 6, 42, 0, 0, time.UTC)
	want := []line.Event{
		{ID: "01FZ74A0TDDPYRVKNK77XKC3ZR", Kind: line.Followed, User: user, ReplyToken: "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA", At: at},
		{ID: "01FZ74A0TDDPYRVKNK77XKC3ZS", Kind: line.Wrote, User: user, Text: "482913", ReplyToken: "r", At: at.Add(time.Second), Again: true},
		{ID: "01FZ74A0TDDPYRVKNK77XKC3ZT", Kind: line.Unfollowed, User: user, At: at.Add(3 * time.Second)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	// LINE tries an address out with no events.
	if got, err := hooks.Events(signed(channelSecret, `{"events":[]}`), []byte(`{"events":[]}`)); err != nil || len(got) != 0 {
		t.Errorf("a trial: %v, %v", got, err)
	}
}

func TestWhatIsNotLINEs(t *testing.T) {
	long := `{"events":[],"x":"` + strings.Repeat("x", line.MaxCallback) + `"}`
	for what, c := range map[string]struct {
		header http.Header
		body   string
		want   error
	}{
		"no signature":         {http.Header{}, callback, line.ErrForged},
		"another's signature":  {signed("another", callback), callback, line.ErrForged},
		"the empty secret's":   {signed("", callback), callback, line.ErrForged},
		"another body's":       {signed(channelSecret, callback), callback + " ", line.ErrForged},
		"no Base64":            {http.Header{"X-Line-Signature": {"…"}}, callback, line.ErrForged},
		"part of a signature":  {http.Header{"X-Line-Signature": {signed(channelSecret, callback).Get("X-Line-Signature")[:20]}}, callback, line.ErrForged},
		"no JSON":              {signed(channelSecret, "<html>"), "<html>", line.ErrMalformed},
		"another shape":        {signed(channelSecret, `{"events":7}`), `{"events":7}`, line.ErrMalformed},
		"an endless body":      {signed(channelSecret, long), long, line.ErrMalformed},
		"nothing, well signed": {signed(channelSecret, ""), "", line.ErrMalformed},
	} {
		got, err := hooks.Events(c.header, []byte(c.body))
		if !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: %v, %v; want %v", what, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), user) {
			t.Errorf("%s: the error tells a user id: %v", what, err)
		}
	}
	none := line.Hooks{}
	if _, err := none.Events(signed("", callback), []byte(callback)); !errors.Is(err, line.ErrForged) {
		t.Errorf("without a secret: %v", err)
	}
}

func TestACallbackHoldsOnlySoMuch(t *testing.T) {
	one := `{"type":"message","timestamp":1,"source":{"type":"user","userId":"` + user + `"},"message":{"type":"text","text":"` + strings.Repeat("가", 1000) + `"}}`
	body := `{"events":[` + one + strings.Repeat(`,{}`, 20000) + `]}`
	got, err := hooks.Events(signed(channelSecret, body), []byte(body))
	if err != nil || len(got) != 1 || len(got[0].Text) > 1000 || strings.ContainsRune(got[0].Text, '\uFFFD') {
		t.Errorf("%d events, %v", len(got), err)
	}
	one = strings.Replace(one, strings.Repeat("가", 1000), "x", 1)
	body = `{"events":[` + one + strings.Repeat(","+one, 500) + `]}`
	if got, err := hooks.Events(signed(channelSecret, body), []byte(body)); err != nil || len(got) != 100 {
		t.Errorf("%d events, %v", len(got), err)
	}
}

func FuzzEvents(f *testing.F) {
	f.Add(callback)
	f.Add(`{"events":[{}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if _, err := hooks.Events(http.Header{"X-Line-Signature": {body}}, []byte(body)); !errors.Is(err, line.ErrForged) && !errors.Is(err, line.ErrMalformed) {
			t.Errorf("unsigned: %v", err)
		}
		events, err := hooks.Events(signed(channelSecret, body), []byte(body))
		if err != nil && !errors.Is(err, line.ErrMalformed) {
			t.Errorf("signed: %v", err)
		}
		for _, e := range events {
			if !line.IsUser(e.User) || len(e.Text) > 1000 || len(e.ID) > 64 || len(e.ReplyToken) > 128 || e.At.Year() > 9999 {
				t.Errorf("out of bounds: %+v", e)
			}
		}
	})
}
