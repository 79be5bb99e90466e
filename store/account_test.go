package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/store"
	"bongsu/web/account"
)

// withAccounts runs a suite on both databases, with an administrator and an
// operator.
func withAccounts(t *testing.T, suite func(t *testing.T, s *store.Store, admin, operator account.Account)) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		admin := account.Account{ID: "a1", Name: "hana", Role: account.Admin, Lang: "ko", Password: "$one", Made: march, Changed: march}
		operator := account.Account{ID: "a2", Name: "sora", Role: account.Operator, Password: "$two", Made: march, Changed: march}
		for _, a := range []account.Account{operator, admin} {
			if err := s.AddAccount(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		suite(t, s, admin, operator)
	})
}

// Whether somebody can come in at all decides if the first one gets a link.
func TestThereIsAFirstAccount(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		if found, err := s.AnyAccount(t.Context()); found || err != nil {
			t.Errorf("before the first: %t, %v", found, err)
		}
		if err := s.AddAccount(t.Context(), account.Account{ID: "a1", Name: "hana", Role: account.Admin, Made: march, Changed: march}); err != nil {
			t.Fatal(err)
		}
		if found, err := s.AnyAccount(t.Context()); !found || err != nil {
			t.Errorf("after it: %t, %v", found, err)
		}
	})
}

func TestAccounts(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, admin, operator account.Account) {
		list, err := s.Accounts(t.Context())
		if diff := cmp.Diff([]account.Account{admin, operator}, list); diff != "" || err != nil {
			t.Errorf("listed %s (%v)", diff, err)
		}
		if err := s.AddAccount(t.Context(), account.Account{ID: "a3", Name: "hana"}); !errors.Is(err, account.ErrNameTaken) {
			t.Errorf("a name taken: %v", err)
		}
		if _, err := s.AccountByName(t.Context(), "nobody"); !errors.Is(err, account.ErrNoAccount) {
			t.Errorf("nobody: %v", err)
		}
		for what, err := range map[string]error{
			"role": s.SetRole(t.Context(), "a2", account.Agency, "safety"), "lang": s.SetLang(t.Context(), "a2", "ja"),
			"password": s.SetPassword(t.Context(), "a2", "$three", march.Add(time.Hour), ""), "rehash": s.Rehash(t.Context(), "a2", "$three", "$four"),
			"an old hash": s.Rehash(t.Context(), "a2", "$two", "$five"), "entry": s.NoteEntry(t.Context(), "a2", account.Device{Hash: "d", Network: "n", Seen: march}),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		got, err := s.Account(t.Context(), "a2")
		want := account.Account{
			ID: "a2", Name: "sora", Role: account.Agency, App: "safety", Lang: "ja", Password: got.Password,
			Made: march, Changed: march.Add(time.Hour), LastIn: march,
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("changed to %s (%v)", diff, err)
		}
	})
}

// The hash that is put in place of an older one of the same password never
// brings an old password back.
func TestRehashAfterAChange(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, _, operator account.Account) {
		if err := errors.Join(s.SetPassword(t.Context(), "a2", "$new", march, ""), s.Rehash(t.Context(), "a2", operator.Password, "$old, anew")); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Account(t.Context(), "a2"); got.Password != "$new" || err != nil {
			t.Errorf("the password is %q (%v)", got.Password, err)
		}
	})
}

// Somebody can always keep accounts.
func TestTheLastAdministratorStays(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, admin, _ account.Account) {
		if err := s.SetRole(t.Context(), admin.ID, account.Viewer, ""); !errors.Is(err, account.ErrLastAdmin) {
			t.Errorf("made a viewer: %v", err)
		}
		if err := s.SetDisabled(t.Context(), admin.ID, march); !errors.Is(err, account.ErrLastAdmin) {
			t.Errorf("disabled: %v", err)
		}
		if got, _ := s.Account(t.Context(), admin.ID); got.Role != account.Admin || !got.Disabled.IsZero() {
			t.Errorf("it is %+v", got)
		}
		if err := s.SetRole(t.Context(), "a2", account.Admin, ""); err != nil {
			t.Fatal(err)
		}
		// Two who disable each other at once: one of them stays.
		var wait sync.WaitGroup
		failed := make([]error, 2)
		for i, id := range []string{"a1", "a2"} {
			wait.Go(func() { failed[i] = s.SetDisabled(t.Context(), id, march) })
		}
		wait.Wait()
		if (failed[0] == nil) == (failed[1] == nil) || !errors.Is(errors.Join(failed...), account.ErrLastAdmin) {
			t.Errorf("each disabled the other: %v", failed)
		}
	})
}

func TestAuthenticators(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, admin, _ account.Account) {
		if err := s.SetTOTP(t.Context(), "a1", []byte("12345678901234567890"), 100, []string{"r1", "r2"}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Account(t.Context(), "a1")
		if string(got.TOTP) != "12345678901234567890" || got.Used != 100 || got.Recovery != 2 || err != nil {
			t.Errorf("it is %+v (%v)", got, err)
		}
		for _, c := range []struct {
			step int64
			want bool
		}{{100, false}, {101, true}, {101, false}, {99, false}, {102, true}} {
			if ok, err := s.UseTOTP(t.Context(), "a1", c.step); ok != c.want || err != nil {
				t.Errorf("step %d: %v (%v)", c.step, ok, err)
			}
		}
		for i, want := range []bool{true, false} {
			if ok, err := s.UseRecovery(t.Context(), "a1", "r1"); ok != want || err != nil {
				t.Errorf("code, time %d: %v (%v)", i+1, ok, err)
			}
		}
		if ok, err := s.UseRecovery(t.Context(), "a2", "r2"); ok || err != nil {
			t.Errorf("another's code: %v (%v)", ok, err)
		}
		if err := s.SetTOTP(t.Context(), "a1", nil, 0, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Account(t.Context(), "a1"); err != nil || cmp.Diff(admin, got) != "" {
			t.Errorf("taken away: %s (%v)", cmp.Diff(admin, got), err)
		}
	})
}

func TestSessions(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, _, _ account.Account) {
		one := account.Session{
			Hash: "s1", Account: "a1", Network: "192.0.2.0/24", Browser: "Firefox", Made: march, Seen: march,
			Deadline: march.Add(12 * time.Hour), Expires: march.Add(time.Hour),
		}
		other, half := one, one
		other.Hash, half.Hash, half.Second = "s2", "s3", true
		for _, session := range []account.Session{one, other, half} {
			if err := s.KeepSession(t.Context(), session); err != nil {
				t.Fatal(err)
			}
		}
		finds := func(hash string, at time.Time, want bool) {
			t.Helper()
			if got, ok, err := s.Session(t.Context(), hash, at); ok != want || err != nil {
				t.Errorf("session %s at %s: %+v, %v (%v)", hash, at.Format(time.TimeOnly), got, ok, err)
			}
		}
		if got, ok, err := s.Session(t.Context(), "s3", march); !ok || err != nil || cmp.Diff(half, got) != "" {
			t.Errorf("found %s", cmp.Diff(half, got))
		}
		finds("s1", march.Add(time.Hour), false)
		if err := s.TouchSession(t.Context(), "s1", march.Add(time.Minute), march.Add(20*time.Hour)); err != nil {
			t.Fatal(err)
		}
		finds("s1", march.Add(time.Hour), true)
		finds("s1", march.Add(12*time.Hour), false) // however much it is used
		if list, err := s.Sessions(t.Context(), "a1", march); err != nil || len(list) != 2 || list[0].Hash != "s1" || list[1].Hash != "s2" {
			t.Errorf("listed %+v (%v)", list, err)
		}
		if err := s.SetPassword(t.Context(), "a1", "$new", march, "s2"); err != nil {
			t.Fatal(err)
		}
		finds("s1", march, false)
		finds("s3", march, false)
		finds("s2", march, true)
		// A request that was under way does not bring back what has ended.
		if err := errors.Join(s.EndSession(t.Context(), "s2"), s.KeepSession(t.Context(), other), s.TouchSession(t.Context(), "s2", march.Add(time.Minute), other.Deadline)); err != nil {
			t.Fatal(err)
		}
		finds("s2", march, false)
		// Another role is another session.
		third := one
		third.Hash, third.Account = "s4", "a2"
		if err := errors.Join(s.KeepSession(t.Context(), third), s.SetRole(t.Context(), "a2", account.Viewer, "")); err != nil {
			t.Fatal(err)
		}
		finds("s4", march, false)
		if err := s.TidyAccounts(t.Context(), march.Add(24*time.Hour)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLinks(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		first := account.Link{Hash: "l1", Purpose: account.FirstUser, Made: march, Expires: march.Add(time.Hour)}
		newer := first
		newer.Hash = "l2"
		if err := errors.Join(s.AddLink(t.Context(), first), s.AddLink(t.Context(), newer)); err != nil {
			t.Fatal(err)
		}
		for hash, at := range map[string]time.Time{"l1": march, "l2": march.Add(time.Hour), "l3": march} {
			if _, err := s.Link(t.Context(), hash, at); !errors.Is(err, account.ErrNoLink) {
				t.Errorf("link %s at %s: %v", hash, at, err)
			}
		}
		// Of two who come by one link at once, one makes the first account.
		var wait sync.WaitGroup
		failed := make([]error, 2)
		for i := range failed {
			wait.Go(func() {
				failed[i] = s.UseFirstLink(t.Context(), "l2", account.Account{ID: strconv.Itoa(i), Name: fmt.Sprint("hana", i), Role: account.Admin}, march)
			})
		}
		wait.Wait()
		if (failed[0] == nil) == (failed[1] == nil) || !errors.Is(errors.Join(failed...), account.ErrNoLink) {
			t.Errorf("two by one link: %v", failed)
		}
		one, err := s.Accounts(t.Context())
		if err != nil || len(one) != 1 {
			t.Fatalf("%d accounts (%v)", len(one), err)
		}
		// A link of that kind that was made before, and used after.
		if err := s.AddLink(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if err := s.UseFirstLink(t.Context(), "l2", account.Account{ID: "x", Name: "mallory"}, march); !errors.Is(err, account.ErrNoLink) {
			t.Errorf("a second first user: %v", err)
		}
		reset := account.Link{Hash: "l4", Purpose: account.SetPassword, Account: one[0].ID, Made: march, Expires: march.Add(time.Hour)}
		if err := s.AddLink(t.Context(), reset); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Link(t.Context(), "l4", march); err != nil || cmp.Diff(reset, got) != "" {
			t.Errorf("found %s (%v)", cmp.Diff(reset, got), err)
		}
		if err := s.UseFirstLink(t.Context(), "l4", account.Account{ID: "x", Name: "mallory"}, march); !errors.Is(err, account.ErrNoLink) {
			t.Errorf("a link for something else: %v", err)
		}
		for i, want := range []error{nil, account.ErrNoLink} {
			if err := s.UsePasswordLink(t.Context(), reset, fmt.Sprint("$", i), march); !errors.Is(err, want) {
				t.Errorf("time %d: %v", i+1, err)
			}
		}
		if got, _ := s.Account(t.Context(), one[0].ID); got.Password != "$0" {
			t.Errorf("the password is %q", got.Password)
		}
	})
}

func TestTries(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		locks := []account.Lock{
			{Key: "place", Patience: account.Patience{Free: 3, First: time.Minute, Most: time.Hour, Forget: 24 * time.Hour}},
			{Key: "network", Patience: account.Patience{Free: 5, First: time.Minute, Most: time.Hour, Forget: 24 * time.Hour}},
		}
		try := func(at time.Time, want time.Duration) {
			t.Helper()
			if wait, err := s.TakeTry(t.Context(), locks, at); wait != want || err != nil {
				t.Errorf("wait %s, want %s (%v)", wait, want, err)
			}
		}
		// A hundred at the same instant are a hundred.
		var wait sync.WaitGroup
		waits := make([]time.Duration, 20)
		for i := range waits {
			wait.Go(func() { waits[i], _ = s.TakeTry(t.Context(), locks, march) })
		}
		wait.Wait()
		slices.Sort(waits)
		if waits[2] != 0 || waits[3] != time.Minute {
			t.Errorf("twenty at once wait %v", waits)
		}
		try(march.Add(30*time.Second), 30*time.Second)
		try(march.Add(time.Minute), 0)
		try(march.Add(2*time.Minute), time.Minute)
		if err := s.ForgiveTry(t.Context(), locks); err != nil {
			t.Fatal(err)
		}
		try(march.Add(2*time.Minute), 0) // the fourth of the network's: the right one did not count
		try(march.Add(2*time.Minute), 0)
		try(march.Add(2*time.Minute), time.Minute)
		if err := s.TidyAccounts(t.Context(), march.Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		try(march.Add(48*time.Hour), 0)
	})
}

func TestDevices(t *testing.T) {
	withAccounts(t, func(t *testing.T, s *store.Store, _, _ account.Account) {
		for i := range 25 {
			d := account.Device{Hash: fmt.Sprint("d", i), Network: "192.0.2.0/24", Seen: march.Add(time.Duration(i) * time.Minute)}
			if err := s.NoteEntry(t.Context(), "a1", d); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Devices(t.Context(), "hana")
		if err != nil || len(got) != 20 || got[0].Hash != "d24" || got[19].Hash != "d5" || !got[0].Seen.Equal(march.Add(24*time.Minute)) {
			t.Errorf("known: %+v (%v)", got, err)
		}
		for _, name := range []string{"sora", "nobody"} {
			if got, err := s.Devices(t.Context(), name); len(got) != 0 || err != nil {
				t.Errorf("of %s: %+v (%v)", name, got, err)
			}
		}
	})
}
