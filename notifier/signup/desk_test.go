package signup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
)

var links = signup.NewLinks("https://status.example", [][]byte{[]byte("a secret of links")})

var march = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// book is a book of paper: it keeps what it was asked, and answers as told.
type book struct {
	asked    []signup.Request
	redeemed []signup.Redemption
	bound    []signup.Binding
	stopped  []string
	member   signup.Member
	chosen   []signup.Choices
	dropped  []string
	tidied   []time.Time
	answer   signup.Asked
	err      error
}

func (b *book) AskCode(_ context.Context, r signup.Request) (signup.Asked, error) {
	b.asked = append(b.asked, r)
	return b.answer, b.err
}

func (b *book) Redeem(_ context.Context, r signup.Redemption) (int64, error) {
	b.redeemed = append(b.redeemed, r)
	return 7, b.err
}

func (b *book) Bind(_ context.Context, r signup.Binding) error {
	b.bound = append(b.bound, r)
	return b.err
}

func (b *book) Member(_ context.Context, id int64) (signup.Member, error) {
	if id != b.member.ID {
		return signup.Member{}, signup.ErrGone
	}
	return b.member, b.err
}

func (b *book) Choose(_ context.Context, _ int64, c signup.Choices) error {
	b.chosen = append(b.chosen, c)
	return b.err
}

func (b *book) Drop(_ context.Context, id int64, kind string, _ time.Time) (bool, error) {
	b.dropped = append(b.dropped, fmt.Sprintf("%d %s", id, kind))
	return kind == "", b.err
}

func (b *book) LeaveByText(_ context.Context, number, ref string, _, _ time.Time) error {
	b.stopped = append(b.stopped, number+" "+ref)
	return b.err
}

func (b *book) TidyAccess(_ context.Context, now, _, _ time.Time) error {
	b.tidied = append(b.tidied, now)
	return b.err
}

type outbox int

func (o *outbox) Wake() { *o++ }

// open opens a desk with its book and outbox.
func open(t *testing.T, countries ...string) (*signup.Desk, *book, *outbox) {
	t.Helper()
	b, o := &book{}, new(outbox)
	d, err := signup.New(signup.Rules{
		Site:   status.Site{Languages: []string{"ko", "ja", "en"}, URL: "https://status.example"},
		Offers: []signup.Offer{{Kind: "sms", Joins: len(countries) > 0, Countries: countries, Channel: "sms", Plan: "citizens"}},
		Secret: []byte("sixteen bytes or more"), Links: links,
	}, b, o, rand.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d, b, o
}

func visitor(number, from string) signup.Visitor {
	return signup.Visitor{Kind: "sms", Address: number, Lang: "en", AtLeast: status.PartialOutage, From: netip.MustParseAddr(from)}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func TestACodeGoesByTheLedgerAlone(t *testing.T) {
	d, b, woken := open(t, "KR")
	asking, err := d.Ask(t.Context(), signup.Join, visitor("010-1234-5678", "192.0.2.1"), march)
	if err != nil {
		t.Fatal(err)
	}
	ticket := asking.Ticket
	r := b.asked[0]
	n := r.Notice
	if n.Audience != "one" || n.Plan != "channel:sms" || n.Priority >= 0 || n.ID != ticket || !n.Expires.Equal(march.Add(signup.CodeLasts)) {
		t.Errorf("the notice is %+v", n)
	}
	if len(n.Texts) != 1 || n.Texts[0].Lang != "en" || !sixDigits.MatchString(n.Texts[0].Body) {
		t.Errorf("its texts are %+v", n.Texts)
	}
	if r.Address.Value != "+821012345678" || r.Address.Area != "KR" || r.Plan != "citizens" || !reflect.DeepEqual(r.Caps, signup.DefaultCaps()) || *woken != 1 {
		t.Errorf("asked for %+v, woken %d times", r, *woken)
	}
	code := sixDigits.FindString(n.Texts[0].Body)
	if strings.Contains(r.Proof, code) || strings.Contains(r.Network, "192") {
		t.Errorf("kept in clear: %q, %q", r.Proof, r.Network)
	}
	if token, err := d.Confirm(t.Context(), signup.Join, "sms", ticket, " "+code[:3]+" "+code[3:], march); err != nil || token != links.Token(7, "") {
		t.Fatal(token, err)
	}
	if got := b.redeemed[0]; got.Ticket != ticket || got.Proof != r.Proof || len(got.Welcome.Texts) != 3 {
		t.Errorf("confirmed with %+v", got)
	}
}

// What comes back is the same, whatever became of the request.
func TestNobodyIsToldWhatBecameOfARequest(t *testing.T) {
	ticket := regexp.MustCompile(`^[a-z2-7]{32}$`)
	for _, answer := range []signup.Asked{signup.Sent, signup.NobodyKnown, signup.OverAddress, signup.OverNetwork, signup.OverArea, signup.OverAll} {
		d, b, woken := open(t, "KR")
		b.answer = answer
		got, err := d.Ask(t.Context(), signup.Leave, visitor("010-1234-5678", "192.0.2.1"), march)
		if err != nil || !ticket.MatchString(got.Ticket) {
			t.Errorf("answer %d: %+v (%v)", answer, got, err)
		}
		if sent := *woken > 0; sent != (answer == signup.Sent) {
			t.Errorf("answer %d: the outbox was woken: %t", answer, sent)
		}
	}
}

func TestNetworksAreHouseholds(t *testing.T) {
	d, b, _ := open(t, "KR")
	hashes := map[string]string{}
	for _, from := range []string{"192.0.2.1", "192.0.2.254", "::ffff:192.0.2.7", "198.51.100.1", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9%eth0", "2001:db8:1:3::1"} {
		if _, err := d.Ask(t.Context(), signup.Join, visitor("010-1234-5678", from), march); err != nil {
			t.Fatal(err)
		}
		hashes[from] = b.asked[len(b.asked)-1].Network
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.254", true},
		{"192.0.2.1", "::ffff:192.0.2.7", true},
		{"192.0.2.1", "198.51.100.1", false},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9%eth0", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	} {
		if (hashes[c.a] == hashes[c.b]) != c.same {
			t.Errorf("%s and %s are one network: %t, want %t", c.a, c.b, !c.same, c.same)
		}
	}
}

func TestWhatIsNotOffered(t *testing.T) {
	d, b, _ := open(t)
	if _, err := d.Ask(t.Context(), signup.Join, visitor("010-1234-5678", "192.0.2.1"), march); !errors.Is(err, signup.ErrNotOffered) || len(d.Offers()) > 0 {
		t.Errorf("joining: %v", err)
	}
	if _, err := d.Ask(t.Context(), signup.Leave, visitor("+81 90-1234-5678", "192.0.2.1"), march); err != nil || len(b.asked) != 1 {
		t.Errorf("leaving: %v", err)
	}
}

func TestCodesThatCannotBe(t *testing.T) {
	d, b, _ := open(t, "KR")
	for _, typed := range []string{"", "12345", "1234567", "+12345", "12a456", "١٢٣٤٥٦", strings.Repeat("1", 5000)} {
		if _, err := d.Confirm(t.Context(), signup.Join, "sms", "ticket", typed, march); !errors.Is(err, signup.ErrCode) {
			t.Errorf("%.10q: %v", typed, err)
		}
	}
	if _, err := d.Confirm(t.Context(), signup.Join, "sms", strings.Repeat("t", 5000), "123456", march); !errors.Is(err, signup.ErrCode) {
		t.Errorf("a long ticket: %v", err)
	}
	if len(b.redeemed) > 0 {
		t.Errorf("the book was asked %d times", len(b.redeemed))
	}
}

func TestStopTexts(t *testing.T) {
	d, b, _ := open(t, "KR")
	for _, from := range []string{"+821012345678", "114", "Shop"} {
		if err := d.Stop(t.Context(), "sms", from, "SM1", march, march); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
	if len(b.stopped) != 1 || b.stopped[0] != "+821012345678 SM1" {
		t.Errorf("let go: %v", b.stopped)
	}
}

func TestTheDeskTidiesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, b, _ := open(t, "KR")
		b.err = errors.New("the database is away")
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx, time.Now) }()
		time.Sleep(2*time.Minute + time.Second)
		end()
		if err := <-ended; err != nil || len(b.tidied) != 3 {
			t.Errorf("tidied %d times (%v)", len(b.tidied), err)
		}
	})
}

// The log hears that nobody can sign up any more, once an hour, and no number.
func TestTheLogHearsOfTheCapForAll(t *testing.T) {
	var heard bytes.Buffer
	b := &book{answer: signup.OverAll}
	d, err := signup.New(signup.Rules{
		Site: status.Site{Languages: []string{"en"}}, Secret: []byte("sixteen bytes or more"), Links: links,
		Offers: []signup.Offer{{Kind: "sms", Joins: true, Countries: []string{"KR"}, Channel: "sms"}},
	}, b, new(outbox), rand.Reader, slog.New(slog.NewTextHandler(&heard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 120 {
		if _, err := d.Ask(t.Context(), signup.Join, visitor("010-1234-5678", "192.0.2.1"), march.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(heard.String(), "\n"); n != 2 || strings.Contains(heard.String(), "5678") {
		t.Errorf("the log says: %s", heard.String())
	}
}

func TestADeskNeedsItsSecretAndWords(t *testing.T) {
	for name, r := range map[string]signup.Rules{
		"no secret":      {Site: status.Site{Languages: []string{"ko"}}},
		"no such tongue": {Site: status.Site{Languages: []string{"xx"}}, Secret: []byte("sixteen bytes or more"), Offers: []signup.Offer{{Kind: "sms"}}},
		"no such kind":   {Site: status.Site{Languages: []string{"ko"}}, Secret: []byte("sixteen bytes or more"), Offers: []signup.Offer{{Kind: "pigeon"}}},
	} {
		if _, err := signup.New(r, &book{}, new(outbox), rand.Reader, nil); err == nil {
			t.Errorf("%s: the desk opens", name)
		}
	}
}

var _ signup.Outbox = (*notifier.Sender)(nil)
