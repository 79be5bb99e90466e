package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
)

// requestFor is a request for a code to an address of a kind.
func requestFor(t testing.TB, ticket, kind, typed string) signup.Request {
	t.Helper()
	a, err := signup.Read(kind, typed, signup.Numbers{Simulation: true})
	if err != nil {
		t.Fatal(err)
	}
	r := codeFor(signup.Join, ticket, "", march)
	r.Address, r.Kinds, r.Carrier, r.Kind = a, []string{kind}, kind, kind
	r.Notice.Plan = notifier.OnlyBy("mail")
	return r
}

func TestAddingAnAddressToOnesOwn(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		id := wisher(t, s, "+821000000001", notifier.Wishes{Topics: []string{"talk"}}, "sms")
		r := requestFor(t, "a", "email", "jo@mail.example")
		r.Person, r.Adds = id, true
		askCode(t, s, r, signup.Sent)
		if m, err := s.Member(t.Context(), id); err != nil || len(m.Addresses) != 1 {
			t.Fatalf("before the proof: %+v (%v)", m, err)
		}
		if who, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", march)); err != nil || who != id {
			t.Fatalf("joined as %d (%v), want %d", who, err, id)
		}
		m, err := s.Member(t.Context(), id)
		if err != nil || len(m.Addresses) != 2 || m.AtLeast != status.PartialOutage || len(m.Wishes.Topics) != 1 {
			t.Errorf("now %+v (%v)", m, err)
		}
		// Who proves an address that was somebody else's has it; who has none left has left.
		other := wisher(t, s, "+821000000002", notifier.Wishes{}, "sms")
		r = requestFor(t, "b", "sms", "010-0000-0031")
		stranger := wisher(t, s, "+821000000031", notifier.Wishes{}, "sms")
		r.Person, r.Adds = other, true
		askCode(t, s, r, signup.Sent)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "b", "proof b", march)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Member(t.Context(), stranger); !errors.Is(err, signup.ErrGone) {
			t.Errorf("who lost their only address is still told: %v", err)
		}
	})
}

func TestDroppingAndChoosing(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		id := wisher(t, s, "+821000000001", notifier.Wishes{}, "sms", "alimtalk")
		want := signup.Choices{Lang: "ja", AtLeast: status.MajorOutage, Wishes: notifier.Wishes{Topics: []string{"talk"}, Quiet: quiet(t, "22:00-07:00 Asia/Seoul"), Order: []string{"sms"}}}
		if err := s.Choose(t.Context(), id, want); err != nil {
			t.Fatal(err)
		}
		m, err := s.Member(t.Context(), id)
		if err != nil || m.Lang != "ja" || m.Wishes.Quiet.String() != "22:00-07:00 Asia/Seoul" || len(m.Wishes.Order) != 1 {
			t.Errorf("kept %+v (%v)", m, err)
		}
		for _, c := range []struct {
			kind string
			gone bool
		}{{"alimtalk", false}, {"alimtalk", false}, {"sms", true}, {"sms", true}} {
			if gone, err := s.Drop(t.Context(), id, c.kind, march); err != nil || gone != c.gone {
				t.Errorf("without %s: gone %t (%v), want %t", c.kind, gone, err, c.gone)
			}
		}
		if err := s.Choose(t.Context(), id, want); !errors.Is(err, signup.ErrGone) {
			t.Errorf("who has left chooses: %v", err)
		}
	})
}

func TestASuppressedAddressIsProvenAnew(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c := newCity(t, s)
		id := wisher(t, s, "+821000000031", notifier.Wishes{}, "sms")
		c.sms.answer = func(notifier.Message) error {
			return &notifier.RejectedError{Code: "21610", Text: "stopped", Recipient: true, Suppress: true}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		if m, err := s.Member(t.Context(), id); err != nil || m.Addresses[0].Suppressed == "" {
			t.Fatalf("after a final no: %+v (%v)", m, err)
		}
		c.sms.answer = nil
		askCode(t, s, requestForSMS(t, "a", c.now), signup.Sent)
		c.step(time.Second)
		c.want("codes to the address", len(c.sms.messages()), 2)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", c.now)); err != nil {
			t.Fatal(err)
		}
		if m, err := s.Member(t.Context(), id); err != nil || m.Addresses[0].Suppressed != "" {
			t.Errorf("after the proof: %+v (%v)", m, err)
		}
	})
}

func requestForSMS(t testing.TB, ticket string, at time.Time) signup.Request {
	r := requestFor(t, ticket, "sms", "010-0000-0031")
	r.Made, r.Expires = at, at.Add(signup.CodeLasts)
	r.Notice.Plan, r.Notice.Made, r.Notice.Expires = notifier.OnlyBy("sms"), at, at.Add(signup.CodeLasts)
	r.Notice.Texts[0].Lang = "ko"
	return r
}

func TestCodesThatAreSentToUs(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		r := codeFor(signup.Join, "a", "", march)
		r.Address, r.Kinds, r.Kind, r.Carrier = signup.Address{}, []string{"line"}, "line", "line"
		askCode(t, s, r, signup.Sent)
		user, err := signup.Read("line", "U"+strings.Repeat("0a", 16), signup.Numbers{})
		if err != nil {
			t.Fatal(err)
		}
		bind := func(proof string) error {
			return s.Bind(t.Context(), signup.Binding{Redemption: redeem(signup.Join, "a", proof, march), Address: user, Plan: "citizens"})
		}
		if err := bind("guess"); !errors.Is(err, signup.ErrCode) {
			t.Errorf("a guess: %v", err)
		}
		if err := bind("proof a"); err != nil {
			t.Fatal(err)
		}
		if err := bind("proof a"); !errors.Is(err, signup.ErrCode) {
			t.Errorf("a second time: %v", err)
		}
		found, err := s.FindSubscriber(t.Context(), "line", user.Value)
		if err != nil || found.Lang != "ja" || found.Reach[0].Source != "line sign-up" || found.Reach[0].Confirmed.IsZero() {
			t.Errorf("joined as %+v (%v)", found, err)
		}
	})
}

// A receiver that is in use is asked nothing: a stranger who types its address
// changes no secret of it.
func TestAReceiverInUseKeepsItsSecret(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		ask := func(ticket, secret string, want signup.Asked) {
			r := requestFor(t, ticket, "webhook", `{"url":"https://hooks.example/x","secret":"whsec_`+strings.Repeat(secret, 32)+`"}`)
			r.Fresh = true
			askCode(t, s, r, want)
		}
		ask("a", "A", signup.Sent)
		ask("b", "B", signup.Sent)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", march)); !errors.Is(err, signup.ErrCode) {
			t.Errorf("an older challenge is good: %v", err)
		}
		id, err := s.Redeem(t.Context(), redeem(signup.Join, "b", "proof b", march))
		if err != nil {
			t.Fatal(err)
		}
		ask("c", "C", signup.NobodyKnown)
		opened, err := s.OpenedAfter(t.Context(), id-1, 1)
		if err != nil || !strings.Contains(opened[0].Addresses[0].Address, "whsec_BBBB") {
			t.Errorf("the secret is another (%v)", err)
		}
	})
}

func TestErasing(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		c := newCity(t, s)
		id := wisher(t, s, "+821000000031", notifier.Wishes{Topics: []string{"talk"}}, "sms")
		c.sms.answer = func(notifier.Message) error {
			return &notifier.RejectedError{Code: "21211", Text: "+821000000031 is no number", Recipient: true}
		}
		tell(t, s, noticeOf(status.EventOpened))
		c.step(time.Second)
		before, err := s.Progress(t.Context(), "n-opened")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Erase(t.Context(), id, c.now); err != nil {
			t.Fatal(err)
		}
		if err := s.Erase(t.Context(), 99, c.now); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("erasing nobody: %v", err)
		}
		after, err := s.Progress(t.Context(), "n-opened")
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the counts were %v and are %v (%v)", before, after, err)
		}
		if left, err := s.Quoted(t.Context()); err != nil || strings.Contains(strings.Join(left, " "), "1000000031") {
			t.Errorf("what is left of them: %q (%v)", left, err)
		}
	})
}

// keyring is a keys file with so many keys.
func keyring(t testing.TB, text string) *store.Keys {
	t.Helper()
	k, err := store.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// However often a rotation is broken off: everybody is found and reached, under
// the old keys, under both and under the new one.
func TestARotationBrokenOffLosesNobody(t *testing.T) {
	bothDatabases(t, func(t *testing.T, address string) {
		old := store.NewKeys()
		both, err := store.AddKey(old)
		if err != nil {
			t.Fatal(err)
		}
		const people = 1300
		s := openAt(t, address, store.Options{Keys: keyring(t, old)})
		var list []store.Newcomer
		for i := range people {
			list = append(list, store.Newcomer{
				Subscriber: store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march},
				Addresses:  []store.Address{{Kind: "sms", Address: fmt.Sprintf("+8210%08d", i), Source: "test", Consented: march, Confirmed: march}},
			})
		}
		if _, err := s.Import(t.Context(), list, false); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s = openAt(t, address, store.Options{Keys: keyring(t, both)})
		everybody := func(when string) {
			t.Helper()
			opened, err := s.OpenedAfter(t.Context(), 0, people+1)
			if err != nil || len(opened) < people || len(opened[people-1].Addresses) != 1 {
				t.Fatalf("%s: %d people can be read (%v)", when, len(opened), err)
			}
			for i := 0; i < people; i += 97 {
				if _, err := s.FindSubscriber(t.Context(), "sms", fmt.Sprintf("+8210%08d", i)); err != nil {
					t.Fatalf("%s: nobody has number %d: %v", when, i, err)
				}
			}
			if taken, err := s.Import(t.Context(), list[:200], false); err != nil || taken[0][0] != store.There || taken[199][0] != store.There {
				t.Fatalf("%s: the same list adds %v (%v)", when, taken[0], err)
			}
		}
		everybody("with a new key")
		for n := range 2 {
			ctx, stop := context.WithCancel(t.Context())
			_, err := s.Reseal(ctx, func(r store.Resealing) {
				if r.Changed > 0 {
					stop() // in the middle
				}
			})
			stop()
			if err == nil {
				t.Fatal("it was not broken off")
			}
			everybody(fmt.Sprintf("broken off %d times", n+1))
		}
		// A person who comes while it runs is sealed with the new key at once.
		wisher(t, s, "+821099999999", notifier.Wishes{}, "sms")
		done, err := s.Reseal(t.Context(), func(store.Resealing) {})
		if err != nil || done.Seen != people+1 || done.Changed == 0 || done.Changed >= people {
			t.Fatalf("%+v (%v)", done, err)
		}
		if err := s.Leave(t.Context(), people+1, march); err != nil {
			t.Fatal(err)
		}
		if seals, err := s.Seals(t.Context()); err != nil || seals[1] != 0 || seals[2] != people {
			t.Errorf("seals %v (%v)", seals, err)
		}
		s.Close()
		s = openAt(t, address, store.Options{Keys: keyring(t, both[strings.LastIndex(strings.TrimSpace(both), "\n")+1:])})
		everybody("with the new key alone")
	})
}

func bothDatabases(t *testing.T, suite func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { suite(t, filepath.Join(t.TempDir(), "bongsu.db")) })
	t.Run("postgres", func(t *testing.T) { suite(t, newPostgres(t)) })
}
