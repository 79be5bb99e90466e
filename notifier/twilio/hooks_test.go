package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twilio/twilio-go/client"
	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/twilio"
)

const public = "https://status.example"

var at = time.Date(2022, 10, 15, 6, 42, 0, 0, time.UTC)

func hooks() *twilio.Hooks {
	return &twilio.Hooks{
		AuthTokens: []notifier.Secret{notifier.NewSecret("another"), notifier.NewSecret(token)},
		PublicURL:  public, Token: func(d string) string { return "t-" + d },
	}
}

// signature is written here anew, from Twilio's description of it.
func signature(key, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(key))
	mac.Write([]byte(address))
	for pair := range strings.SplitSeq(form.Encode(), "&") { // Encode sorts by name
		name, value, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		mac.Write([]byte(name + value))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func called(path, sig string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+path, nil)
	r.Header.Set("X-Twilio-Signature", sig)
	return r
}

const reported = twilio.StatusPath + "?d=d1&t=t-d1"

func report(status, code string) url.Values {
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "To": {number}, "AccountSid": {account}}
	if code != "" {
		form.Set("ErrorCode", code)
		form.Set("ErrorMessage", "no luck with "+number)
	}
	return form
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		status, code string
		want         notifier.Receipt
	}{
		{"queued", "", notifier.Receipt{Rank: notifier.Accepted}},
		{"accepted", "", notifier.Receipt{Rank: notifier.Accepted}},
		{"sending", "", notifier.Receipt{Rank: notifier.Sent}},
		{"sent", "", notifier.Receipt{Rank: notifier.Sent}},
		{"delivered", "", notifier.Receipt{Rank: notifier.Delivered}},
		{"read", "", notifier.Receipt{Rank: notifier.Delivered}},
		{"failed", "30008", notifier.Receipt{Rank: notifier.FailedRank, Code: "30008", Text: "no luck with …"}},
		{"undelivered", "30006", notifier.Receipt{Rank: notifier.FailedRank, Code: "30006", Text: "no luck with …", Suppress: true}},
		{"canceled", "", notifier.Receipt{Rank: notifier.FailedRank}},
		{"levitating", "", notifier.Receipt{Rank: notifier.Planned}},
	} {
		form := report(c.status, c.code)
		got, err := hooks().Status(called(reported, signature(token, public+reported, form)), form, at)
		if err != nil {
			t.Errorf("%s: %v", c.status, err)
		}
		c.want.Delivery, c.want.Ref, c.want.At = "d1", "SM1", at
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.status, diff)
		}
	}
}

func TestWhatIsNotTwiliosIsRefused(t *testing.T) {
	form := report("delivered", "")
	good := signature(token, public+reported, form)
	with := func(name, value string) url.Values {
		f := maps.Clone(form)
		f[name] = append([]string(nil), strings.Split(value, "|")...)
		return f
	}
	sign := func(path string, f url.Values) string { return signature(token, public+path, f) }
	for _, c := range []struct {
		what, path, sig string
		form            url.Values
		want            error
	}{
		{"unsigned", reported, "", form, twilio.ErrForged},
		{"signed with another key", reported, signature("guess", public+reported, form), form, twilio.ErrForged},
		{"signed over the host it came to", reported, signature(token, "http://127.0.0.1:8080"+reported, form), form, twilio.ErrForged},
		{"another status", reported, good, with("MessageStatus", "failed"), twilio.ErrForged},
		{"a parameter more", reported, good, with("Extra", "1"), twilio.ErrForged},
		{"for another delivery", twilio.StatusPath + "?d=d2&t=t-d1", good, form, twilio.ErrForged},
		{"another delivery's token, signed", twilio.StatusPath + "?d=d2&t=t-d1", sign(twilio.StatusPath+"?d=d2&t=t-d1", form), form, twilio.ErrForged},
		{"no delivery", twilio.StatusPath + "?t=t-", sign(twilio.StatusPath+"?t=t-", form), form, twilio.ErrMalformed},
		{"two statuses", reported, good, with("MessageStatus", "delivered|failed"), twilio.ErrMalformed},
		{"two deliveries", reported + "&d=d2", sign(reported+"&d=d2", form), form, twilio.ErrMalformed},
		{"no status", reported, sign(reported, with("MessageStatus", "")), with("MessageStatus", ""), twilio.ErrMalformed},
		{"a code that is no number", reported, sign(reported, with("ErrorCode", "x")), with("ErrorCode", "x"), twilio.ErrMalformed},
	} {
		if got, err := hooks().Status(called(c.path, c.sig), c.form, at); !errors.Is(err, c.want) || got != (notifier.Receipt{}) {
			t.Errorf("%s: %+v, error %v, want %v", c.what, got, err, c.want)
		}
	}
	none := hooks()
	none.AuthTokens = []notifier.Secret{{}}
	if _, err := none.Status(called(reported, signature("", public+reported, form)), form, at); !errors.Is(err, twilio.ErrForged) {
		t.Errorf("signed with an empty key: %v", err)
	}
}

func TestInbound(t *testing.T) {
	for body, stop := range map[string]bool{
		"STOP": true, " stop. ": true, "Stop All": true, "opt-out": true, "수신거부": true, "수신 거부": true, "해지": true, "配信停止": true, "「停止」": true,
		"stop the noise please": false, "ok": false, "": false, "안녕": false,
	} {
		form := url.Values{"From": {number}, "To": {sender}, "Body": {body}, "MessageSid": {"SM1"}}
		got, err := hooks().Inbound(called(twilio.InboundPath, signature(token, public+twilio.InboundPath, form)), form, at)
		want := twilio.Reply{From: number, To: sender, Ref: "SM1", Stop: stop, At: at}
		if err != nil || got != want {
			t.Errorf("%q: %+v, error %v", body, got, err)
		}
	}
	form := url.Values{"From": {number}, "Body": {"END OF STORY"}, "OptOutType": {"STOP"}, "MessageSid": {"SM1"}}
	if got, err := hooks().Inbound(called(twilio.InboundPath, signature(token, public+twilio.InboundPath, form)), form, at); err != nil || !got.Stop {
		t.Errorf("Twilio's own word: %+v, error %v", got, err)
	}
	if _, err := hooks().Inbound(called(twilio.InboundPath, "x"), form, at); !errors.Is(err, twilio.ErrForged) {
		t.Errorf("unsigned: %v", err)
	}
}

// Twilio's own validator is the peer: both accept and refuse the same.
func TestSignaturesAsTwilioChecksThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		site := rapid.SampledFrom([]string{public, public + ":443", "https://status.example:8443", "http://status.example", "http://status.example:80/base"}).Draw(t, "site")
		form := url.Values{"From": {"+1"}, "MessageSid": {"SM1"}}
		for name, value := range rapid.MapOf(rapid.StringMatching(`[A-Za-z]{1,8}`), rapid.String()).Draw(t, "form") {
			form.Set(name, value)
		}
		signedFor := rapid.SampledFrom([]string{site, public, "https://status.example:443", "http://status.example:80"}).Draw(t, "signed for")
		path := twilio.InboundPath + rapid.SampledFrom([]string{"", "?a=b", "?a=%20x"}).Draw(t, "query")
		sig := signature(token, signedFor+path, form)
		if rapid.Bool().Draw(t, "spoil") {
			sig = sig[1:] + sig[:1]
		}
		peer := client.NewRequestValidator(token)
		want := peer.ValidateBody(site+path, []byte(form.Encode()), sig)
		h := twilio.Hooks{AuthTokens: []notifier.Secret{notifier.NewSecret(token)}, PublicURL: site}
		_, err := h.Inbound(called(path, sig), form, at)
		if got := !errors.Is(err, twilio.ErrForged); got != want {
			t.Fatalf("accepted %t, Twilio's validator %t", got, want)
		}
	})
}

func FuzzStatus(f *testing.F) {
	f.Add("d=d1&t=t-d1", "MessageSid=SM1&MessageStatus=sent", "sig")
	f.Fuzz(func(t *testing.T, query, body, sig string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		r := called(twilio.StatusPath, sig)
		r.URL.RawQuery = query
		if got, err := hooks().Status(r, form, at); err == nil {
			t.Errorf("accepted without a signature: %+v", got)
		}
	})
}
