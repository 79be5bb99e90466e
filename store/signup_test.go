package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web/account"
)

// wide caps let everything through.
var wide = signup.Caps{
	PerAddress: []signup.Rate{{Count: 1000, Per: time.Hour}}, PerNetwork: []signup.Rate{{Count: 1000, Per: time.Hour}}, InAll: []signup.Rate{{Count: 1000, Per: time.Hour}},
}

// codeFor is a request for a code whose proof is "proof TICKET".
func codeFor(p signup.Purpose, ticket, number string, at time.Time) signup.Request {
	return signup.Request{
		Code: signup.Code{
			Ticket: ticket, Purpose: p, Proof: "proof " + ticket, Lang: "ja", AtLeast: status.MajorOutage,
			Made: at, Expires: at.Add(signup.CodeLasts), Kinds: []string{"sms"},
		},
		Address: signup.Address{Kind: "sms", Value: number, Same: number, Count: number, Hint: signup.Hint("sms", number)},
		Carrier: "sms", Kind: "sms", Network: "network", Caps: wide, Plan: "citizens",
		Notice: notifier.Notice{
			ID: ticket, Event: "code", Update: ticket, Audience: "one", Plan: notifier.OnlyBy("sms"), To: status.MajorOutage,
			Priority: -1, Made: at, Expires: at.Add(signup.CodeLasts),
			Texts: []notifier.Text{{Lang: "ja", Class: notifier.ClassSMS, Body: "the code of " + ticket, Segments: 1}},
		},
	}
}

func redeem(p signup.Purpose, ticket, proof string, at time.Time) signup.Redemption {
	return signup.Redemption{
		Ticket: ticket, Purpose: p, Proof: proof, Now: at,
		Welcome: notifier.Notice{
			ID: "w" + ticket, Event: "welcome", Update: "w" + ticket, Audience: "one", Plan: notifier.OnlyBy("sms"),
			To: status.MajorOutage, Priority: -1, Made: at, Texts: []notifier.Text{{Lang: "ja", Class: notifier.ClassSMS, Body: "welcome", Segments: 1}},
		},
	}
}

func askCode(t testing.TB, s *store.Store, r signup.Request, want signup.Asked) {
	t.Helper()
	got, err := s.AskCode(t.Context(), r)
	if err != nil || got != want {
		t.Fatalf("asking for code %s came to %d (%v), want %d", r.Ticket, got, err, want)
	}
}

const somebody = "+821012345678"

func TestJoining(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		askCode(t, s, codeFor(signup.Join, "a", somebody, march), signup.Sent)
		if n, err := s.SubscriberCount(t.Context()); err != nil || len(n) != 0 {
			t.Errorf("before the code: %v subscribers (%v)", n, err)
		}
		// What everybody hears does not reach who has not confirmed.
		if people := audience(t, s, noticeOf(status.EventOpened)); len(people) != 0 {
			t.Errorf("a pending subscriber is in an audience: %v", people)
		}
		later := march.Add(time.Minute)
		for i, r := range []signup.Redemption{
			redeem(signup.Join, "a", "guess", later),
			redeem(signup.Leave, "a", "proof a", later),
			redeem(signup.Join, "b", "proof a", later),
		} {
			if _, err := s.Redeem(t.Context(), r); !errors.Is(err, signup.ErrCode) {
				t.Errorf("wrong try %d: %v", i, err)
			}
		}
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", later)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", later)); !errors.Is(err, signup.ErrCode) {
			t.Errorf("the code is good twice: %v", err)
		}
		found, err := s.FindSubscriber(t.Context(), "sms", somebody)
		if err != nil {
			t.Fatal(err)
		}
		if found.Lang != "ja" || found.Plan != "citizens" || found.AtLeast != status.MajorOutage || len(found.Reach) != 1 {
			t.Errorf("joined as %+v", found)
		}
		if r := found.Reach[0]; r.Source != signup.Source("sms") || !r.Consented.Equal(march) || !r.Confirmed.Equal(later) {
			t.Errorf("consent is kept as %+v", r)
		}
	})
}

// audience plans a notice and gives who may be reached.
func audience(t testing.TB, s *store.Store, n notifier.Notice) []int64 {
	t.Helper()
	tell(t, s, n)
	for {
		p, ok, err := s.Begin(t.Context(), march)
		if err != nil || !ok {
			t.Fatalf("nothing to plan (%v)", err)
		}
		people, err := s.People(t.Context(), p, status.Unknown, 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SavePlan(t.Context(), "node", p, notifier.Chunk{Cursor: p.Max, Done: true}, march); err != nil {
			t.Fatal(err)
		}
		if p.ID != n.ID {
			continue // a code, more urgent
		}
		var ids []int64
		for _, who := range people {
			if len(who.Kinds) > 0 {
				ids = append(ids, who.ID)
			}
		}
		return ids
	}
}

func TestJoiningAgainChangesWhatOneWants(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms", "alimtalk")
		number := "+821000000000"
		askCode(t, s, codeFor(signup.Join, "a", number, march), signup.Sent)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", march)); err != nil {
			t.Fatal(err)
		}
		all, err := s.Subscribers(t.Context(), 0, 10)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d subscribers (%v), want the one", len(all), err)
		}
		if all[0].Lang != "ja" || all[0].AtLeast != status.MajorOutage || len(all[0].Reach) != 2 || all[0].Reach[1].Source != "test" {
			t.Errorf("now %+v", all[0])
		}
	})
}

func TestLeavingByCode(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		askCode(t, s, codeFor(signup.Leave, "x", somebody, march), signup.NobodyKnown)
		subscribe(t, s, 1, "alimtalk") // reached by the messenger alone: the code still comes by SMS
		number := "+821000000000"
		askCode(t, s, codeFor(signup.Leave, "a", number, march), signup.Sent)
		if _, err := s.Redeem(t.Context(), redeem(signup.Leave, "a", "proof a", march)); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"sms", "alimtalk"} {
			if _, err := s.FindSubscriber(t.Context(), kind, number); !errors.Is(err, store.ErrNoSubscriber) {
				t.Errorf("the %s address is still there: %v", kind, err)
			}
		}
	})
}

func TestLeavingByText(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		number := "+821000000000"
		subscribe(t, s, 1, "sms")
		for range 2 {
			if err := s.LeaveByText(t.Context(), number, "SM1", march, march); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", number); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("still there: %v", err)
		}
		subscribe(t, s, 1, "sms") // who comes back is not let go by the old text
		if err := s.LeaveByText(t.Context(), number, "SM1", march, march); err != nil {
			t.Fatal(err)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", number); err != nil {
			t.Errorf("the repeated text let them go again: %v", err)
		}
		// A word that comes late was said before they came back.
		if err := s.LeaveByText(t.Context(), number, "SM2", march.Add(-time.Minute), march.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", number); err != nil {
			t.Errorf("a word older than their consent let them go: %v", err)
		}
	})
}

func TestACodeHasFiveTries(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		askCode(t, s, codeFor(signup.Join, "a", somebody, march), signup.Sent)
		for range 5 {
			if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "guess", march)); !errors.Is(err, signup.ErrCode) {
				t.Fatal(err)
			}
		}
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "a", "proof a", march)); !errors.Is(err, signup.ErrCode) {
			t.Errorf("the sixth try is taken: %v", err)
		}
		askCode(t, s, codeFor(signup.Join, "b", somebody, march), signup.Sent)
		askCode(t, s, codeFor(signup.Join, "c", somebody, march), signup.Sent)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "b", "proof b", march)); !errors.Is(err, signup.ErrCode) {
			t.Errorf("two codes live at once: %v", err)
		}
		late := march.Add(signup.CodeLasts)
		if _, err := s.Redeem(t.Context(), redeem(signup.Join, "c", "proof c", late)); !errors.Is(err, signup.ErrCode) {
			t.Errorf("a code outlives its time: %v", err)
		}
	})
}

func TestWhatHasHadItsDayGoes(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		askCode(t, s, codeFor(signup.Join, "a", somebody, march), signup.Sent)
		body := func() string {
			p, ok, err := s.Begin(t.Context(), march)
			if err != nil || !ok {
				t.Fatalf("the notice is gone (%v)", err)
			}
			n, err := s.Notice(t.Context(), p.Number)
			if err != nil || len(n.Texts) != 1 {
				t.Fatal(err)
			}
			return n.Texts[0].Body
		}
		if got := body(); !strings.Contains(got, "the code of a") {
			t.Fatalf("the notice says %q", got)
		}
		dead := march.Add(signup.CodeLasts)
		if err := s.TidyAccess(t.Context(), dead, dead.Add(-signup.PendingLasts), march.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := body(); got != "" {
			t.Errorf("after the code's life the notice still says %q", got)
		}
		if all, err := s.Subscribers(t.Context(), 0, 10); err != nil || len(all) != 1 {
			t.Errorf("%d pending (%v)", len(all), err)
		}
		day := march.Add(signup.PendingLasts)
		if err := s.TidyAccess(t.Context(), day, day.Add(-signup.PendingLasts), march.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		if all, err := s.Subscribers(t.Context(), 0, 10); err != nil || len(all) != 0 {
			t.Errorf("%d pending after a day (%v)", len(all), err)
		}
	})
}

// Whoever asks when, from where and at the same time as others: no window of
// any cap ever holds more codes than the cap.
func TestCapsHoldUnderAnyInterleaving(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			caps := signup.Caps{PerAddress: drawRates(t, "address"), PerNetwork: drawRates(t, "network"), PerArea: drawRates(t, "area"), InAll: drawRates(t, "all")}
			base := march.Add(time.Duration(run) * 365 * 24 * time.Hour) // apart from the runs before
			var sent []signup.Request
			for round := range rapid.IntRange(1, 4).Draw(t, "rounds") {
				sent = append(sent, atOnce(t, s, drawRequests(t, caps, base, run, round))...)
			}
			checkWindows(t, sent, caps)
		})
	})
}

// drawRates are one or two, such as so many an hour and so many a day.
func drawRates(t *rapid.T, name string) []signup.Rate {
	rates := make([]signup.Rate, rapid.IntRange(1, 2).Draw(t, name+" rates"))
	for i := range rates {
		rates[i] = drawRate(t, name)
	}
	return rates
}

func drawRate(t *rapid.T, name string) signup.Rate {
	return signup.Rate{Count: rapid.IntRange(1, 4).Draw(t, name), Per: time.Duration(rapid.IntRange(1, 5).Draw(t, name+" minutes")) * time.Minute}
}

func drawRequests(t *rapid.T, caps signup.Caps, base time.Time, run, round int) []signup.Request {
	var all []signup.Request
	for i := range rapid.IntRange(1, 6).Draw(t, "requests") {
		at := base.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "second")) * time.Second) // clocks differ: not in order
		number := fmt.Sprintf("+8210%08d", run*10+rapid.IntRange(0, 2).Draw(t, "who"))
		r := codeFor(signup.Join, fmt.Sprintf("%d/%d/%d", run, round, i), number, at)
		r.Area = fmt.Sprintf("%d/%d", run, rapid.IntRange(0, 1).Draw(t, "country"))
		r.Network, r.Caps = fmt.Sprintf("%d/%d", run, rapid.IntRange(0, 2).Draw(t, "where")), caps
		all = append(all, r)
	}
	return all
}

// atOnce asks for all at the same time and gives those that were sent.
func atOnce(t *rapid.T, s *store.Store, all []signup.Request) []signup.Request {
	asked := make([]signup.Asked, len(all))
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i := range all {
		group.Go(func() { asked[i], errs[i] = s.AskCode(context.Background(), all[i]) })
	}
	group.Wait()
	var sent []signup.Request
	for i := range all {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if asked[i] == signup.Sent {
			sent = append(sent, all[i])
		}
	}
	return sent
}

func checkWindows(t *rapid.T, sent []signup.Request, caps signup.Caps) {
	for _, c := range []struct {
		name  string
		rates []signup.Rate
		of    func(signup.Request) string
	}{
		{"per address", caps.PerAddress, func(r signup.Request) string { return r.Address.Count }},
		{"per network", caps.PerNetwork, func(r signup.Request) string { return r.Network }},
		{"per area", caps.PerArea, func(r signup.Request) string { return r.Area }},
		{"in all", caps.InAll, func(signup.Request) string { return "" }},
	} {
		for _, rate := range c.rates {
			checkWindow(t, c.name, sent, rate, c.of)
		}
	}
}

func checkWindow(t *rapid.T, name string, sent []signup.Request, rate signup.Rate, of func(signup.Request) string) {
	for _, first := range sent {
		in := 0
		for _, r := range sent {
			if of(r) == of(first) && !r.Made.Before(first.Made) && r.Made.Before(first.Made.Add(rate.Per)) {
				in++
			}
		}
		if in > rate.Count {
			t.Fatalf("%s: %d codes within %s, the cap is %d", name, in, rate.Per, rate.Count)
		}
	}
}

// A refused request spends nothing: who is over one cap does not use up another.
func TestACapIsSpentWithAllOthersOrNotAtAll(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		caps := wide
		caps.PerAddress, caps.InAll = []signup.Rate{{Count: 1, Per: time.Hour}}, []signup.Rate{{Count: 2, Per: time.Hour}}
		for i, c := range []struct {
			number string
			want   signup.Asked
		}{
			{somebody, signup.Sent},
			{somebody, signup.OverAddress},
			{somebody, signup.OverAddress},
			{"+821000000001", signup.Sent},
			{"+821000000002", signup.OverAll},
		} {
			r := codeFor(signup.Join, strconv.Itoa(i), c.number, march)
			r.Caps = caps
			askCode(t, s, r, c.want)
		}
	})
}

func TestTokens(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		ends := march.Add(time.Hour)
		one := store.Token{ID: "t1", Hash: [32]byte{1}, Role: "operator", Note: "pager", Made: march, Expires: ends}
		two := store.Token{ID: "t2", Hash: [32]byte{2}, Role: "agency", App: "safety", Location: "busan-1", Scope: []account.Deed{account.OfferWords, account.KeepApp}, Made: march.Add(time.Second)}
		for _, token := range []store.Token{two, one} {
			if err := s.AddToken(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.UseToken(t.Context(), one.Hash, march.Add(time.Minute)); err != nil || got.ID != "t1" || got.Role != "operator" {
			t.Errorf("found %+v (%v)", got, err)
		}
		for name, c := range map[string]struct {
			hash [32]byte
			at   time.Time
		}{"unknown": {[32]byte{3}, march}, "expired": {one.Hash, ends}} {
			if _, err := s.UseToken(t.Context(), c.hash, c.at); !errors.Is(err, store.ErrNoToken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		list, err := s.Tokens(t.Context())
		if err != nil || len(list) != 2 || list[0].ID != "t1" || !list[0].LastUsed.Equal(march.Add(time.Minute)) || !list[1].LastUsed.IsZero() || !reflect.DeepEqual(list[1], two) {
			t.Errorf("listed %+v (%v)", list, err)
		}
		if err := s.RevokeToken(t.Context(), "t2"); err != nil {
			t.Fatal(err)
		}
		if err := s.RevokeToken(t.Context(), "t2"); !errors.Is(err, store.ErrNoToken) {
			t.Errorf("revoked twice: %v", err)
		}
		if _, err := s.UseToken(t.Context(), two.Hash, march); !errors.Is(err, store.ErrNoToken) {
			t.Errorf("a revoked token is taken: %v", err)
		}
	})
}
