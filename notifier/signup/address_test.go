package signup_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"bongsu/notifier/signup"
)

const (
	p256dh = "BLc4xRzKlKORKWlbdgFaBrrPK3ydWAHo4M0gs0i1oEKgPpWC5cW8OCzVrOQRv-1npXRWk8udnW3oYhIO4475rds"
	auth   = "5I2Bu2oKdyy9CwL8QVF0NQ"
	whsec  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

func TestAddresses(t *testing.T) {
	subscription := func(endpoint, key, secret string) string {
		return `{"endpoint":"` + endpoint + `","expirationTime":null,"keys":{"p256dh":"` + key + `","auth":"` + secret + `"}}`
	}
	for _, c := range []struct {
		kind, typed       string
		value, same, area string // value empty: as same
		err               error
	}{
		{"email", " Jo.Doe+news@Mail.Example ", "", "jo.doe+news@mail.example", "mail.example", nil},
		{"email", "길동@mail.example", "", "", "", signup.ErrMailUnread},
		{"email", "jo@메일.example", "", "jo@xn--h32bq4v.example", "xn--h32bq4v.example", nil},
		{"email", "", "", "", "", signup.ErrMailMissing},
		{"email", "jo", "", "", "", signup.ErrMailUnread},
		{"email", "jo@localhost", "", "", "", signup.ErrMailUnread},
		{"email", "jo@[192.0.2.1]", "", "", "", signup.ErrMailUnread},
		{"email", "jo@192.0.2.1", "", "", "", signup.ErrMailUnread},
		{"email", "Jo <jo@mail.example>", "", "", "", signup.ErrMailUnread},
		{"email", "jo@mail.example, ann@mail.example", "", "", "", signup.ErrMailUnread},
		{"email", "jo@mail.example\r\nBcc: ann@mail.example", "", "", "", signup.ErrMailUnread},
		{"email", `"jo"@mail.example`, "", "", "", signup.ErrMailUnread},
		{"email", strings.Repeat("j", 65) + "@mail.example", "", "", "", signup.ErrMailUnread},
		{"line", "U" + strings.Repeat("0a", 16), "", "U" + strings.Repeat("0a", 16), "", nil},
		{"line", "C" + strings.Repeat("0a", 16), "", "", "", signup.ErrLINEUnread},
		{"webhook", "https://Hooks.Example/outages?a=1", `{"url":"https://hooks.example/outages?a=1","secret":""}`, "https://hooks.example/outages?a=1", "hooks.example", nil},
		{"statuspage", "https://hooks.example", `{"url":"https://hooks.example/","secret":""}`, "https://hooks.example/", "hooks.example", nil},
		{"webhook", `{"url":"https://hooks.example/","secret":"` + whsec + `"}`, `{"url":"https://hooks.example/","secret":"` + whsec + `"}`, "https://hooks.example/", "hooks.example", nil},
		{"webhook", `{"url":"https://hooks.example/","secret":"short"}`, "", "", "", signup.ErrURLUnread},
		{"webhook", "", "", "", "", signup.ErrURLMissing},
		{"webhook", "hooks.example", "", "", "", signup.ErrURLUnread},
		{"webhook", "ftp://hooks.example/", "", "", "", signup.ErrURLUnread},
		{"webhook", "https://me:pw@hooks.example/", "", "", "", signup.ErrURLUnread},
		{"webhook", "https://hooks.example:8443/", "", "", "", signup.ErrURLUnread},
		{"webhook", "https://hooks.example:443/", `{"url":"https://hooks.example/","secret":""}`, "https://hooks.example/", "hooks.example", nil},
		{"webhook", "http://127.0.0.1/", "", "", "", signup.ErrURLInside},
		{"webhook", "http://[::1]/", "", "", "", signup.ErrURLInside},
		{"webhook", "http://10.0.0.1/", "", "", "", signup.ErrURLInside},
		{"webhook", "http://169.254.169.254/latest", "", "", "", signup.ErrURLInside},
		{"webhook", "http://2130706433/", "", "", "", signup.ErrURLInside},
		{"webhook", "http://localhost/", "", "", "", signup.ErrURLInside},
		{"webhook", "http://printer.local/", "", "", "", signup.ErrURLInside},
		{"webpush", subscription("https://push.example/send/abc", p256dh, auth), `{"endpoint":"https://push.example/send/abc","keys":{"p256dh":"` + p256dh + `","auth":"` + auth + `"}}`, "https://push.example/send/abc", "", nil},
		{"webpush", subscription("http://push.example/send/abc", p256dh, auth), "", "", "", signup.ErrPushUnread},
		{"webpush", subscription("https://push.example/send/abc", "AAAA", auth), "", "", "", signup.ErrPushUnread},
		{"webpush", "granted", "", "", "", signup.ErrPushUnread},
		{"alimtalk", "010-1234-5678", "", "+821012345678", "KR", nil},
		{"pigeon", "x", "", "", "", signup.ErrKindUnknown},
	} {
		got, err := signup.Read(c.kind, c.typed, signup.Numbers{Countries: []string{"KR"}})
		want := c.value
		if want == "" {
			want = c.same
		}
		if !errors.Is(err, c.err) || got.Value != want || got.Same != c.same || got.Area != c.area {
			t.Errorf("%s %q is %+v (%v), want %q, %q, %q (%v)", c.kind, c.typed, got, err, want, c.same, c.area, c.err)
		}
	}
}

func TestCapsCountMailboxesWithoutTheirTags(t *testing.T) {
	plain, err1 := signup.Read("email", "jo@mail.example", signup.Numbers{})
	tagged, err2 := signup.Read("email", "jo+1@mail.example", signup.Numbers{})
	if err1 != nil || err2 != nil || plain.Count != tagged.Count || plain.Same == tagged.Same {
		t.Errorf("%+v and %+v (%v, %v)", plain, tagged, err1, err2)
	}
}

func TestHintsTellOwnersAndNobodyElse(t *testing.T) {
	for _, c := range []struct{ kind, value, want string }{
		{"sms", "+821012345678", "+82*******678"},
		{"email", "jo.doe@mail.example", "jo***@mail.example"},
		{"email", "j@mail.example", "***@mail.example"},
		{"webhook", `{"url":"https://hooks.example/T1/B2/secret","secret":"` + whsec + `"}`, "https://hooks.example/***"},
		{"webpush", `{"endpoint":"https://push.example/send/abc","keys":{}}`, "https://push.example/***"},
	} {
		if got := signup.Hint(c.kind, c.value); got != c.want {
			t.Errorf("%s is shown as %q, want %q", c.kind, got, c.want)
		}
	}
}

// Whatever is typed: what comes out reads again as itself, is short and has no
// line breaks, and its hint does not give it away.
func FuzzAddress(f *testing.F) {
	for _, kind := range signup.KindIDs() {
		for _, typed := range []string{
			"010-1234-5678", "jo@mail.example", "https://hooks.example/x", "https://[2001:db8::1]/x", "U" + strings.Repeat("0", 32),
			`{"endpoint":"https://push.example/a","keys":{"p256dh":"` + p256dh + `","auth":"` + auth + `"}}`,
			`{"url":"https://hooks.example/x","secret":"` + whsec + `"}`, "", "\x00", "@", "https://@",
		} {
			f.Add(kind, typed)
		}
	}
	f.Fuzz(func(t *testing.T, kind, typed string) {
		a, err := signup.Read(kind, typed, signup.Numbers{})
		if err != nil {
			if _, told := errors.AsType[signup.AddressError](err); !told || a != (signup.Address{}) {
				t.Fatalf("%s %q: %+v with %v", kind, typed, a, err)
			}
			return
		}
		if len(a.Value) > 8<<10 || strings.ContainsAny(a.Value, "\r\n\x00") || a.Same == "" || a.Hint == a.Same {
			t.Fatalf("%s %q came out as %+v", kind, typed, a)
		}
		typedAgain := a.Value
		if k, _ := signup.KindOf(kind); k.Secret && !json.Valid([]byte(typed)) {
			typedAgain = a.Same // its secret is yet to be made
		}
		again, err := signup.Read(kind, typedAgain, signup.Numbers{})
		if err != nil || again != a {
			t.Fatalf("%s %q came out as %+v, then as %+v (%v)", kind, typed, a, again, err)
		}
	})
}

func TestLinks(t *testing.T) {
	old, now := []byte("the secret of last year"), []byte("the secret of this year")
	before, after := signup.NewLinks("https://status.example/", [][]byte{old}), signup.NewLinks("https://status.example", [][]byte{now, old})
	for _, kind := range []string{"", "email", "statuspage"} {
		token := before.Token(1<<40, kind)
		if id, got, err := after.Read(token); err != nil || id != 1<<40 || got != kind {
			t.Errorf("%q reads as %d, %q (%v)", token, id, got, err)
		}
		if _, _, err := before.Read(after.Token(1, kind)); !errors.Is(err, signup.ErrLink) {
			t.Errorf("a link of a secret nobody has is read: %v", err)
		}
		for i := range token {
			forged := token[:i] + string('a'+(token[i]-'a'+1)%26) + token[i+1:]
			if _, _, err := after.Read(forged); forged != token && !errors.Is(err, signup.ErrLink) {
				t.Errorf("%q, forged at %d, is read: %v", forged, i, err)
			}
		}
	}
	if got := after.Leave(7, "email"); !strings.HasPrefix(got, "https://status.example/leave/") || after.Leave(0, "email") != "" {
		t.Errorf("leaves at %q, operators at %q", got, after.Leave(0, "email"))
	}
}

func FuzzLink(f *testing.F) {
	links := signup.NewLinks("https://status.example", [][]byte{[]byte("a secret of links")})
	f.Add(links.Token(7, "email"))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		id, kind, err := links.Read(token)
		if err != nil {
			return
		}
		if id <= 0 || links.Token(id, kind) != token {
			t.Fatalf("%q reads as %d, %q", token, id, kind)
		}
	})
}
