package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/store"
)

// report is an app, and order a notice of it to a list.
var report = &appnotice.App{ID: "report", Name: status.Text{"ko": "신고"}, Daily: 5}

func order(id string, list int64, people int64, key string) appnotice.Placement {
	return appnotice.Placement{
		App: report, Key: appnotice.NewKey("t1", key, []byte(id)), Answer: `{"id": "` + id + `"}`, List: list, Until: march.Add(time.Hour),
		Code: "CODE" + id, People: people, Day: "2026-03-01", Template: appnotice.Template{ID: "moved", Version: 1},
		Notice: notifier.Notice{
			ID: id, Event: appnotice.Event, Update: id, Audience: appnotice.ListAudience(list), Plan: "citizens", To: status.MajorOutage, Made: march,
			Texts: []notifier.Text{{Lang: "ko", Class: notifier.ClassSMS, Body: "a", Switched: "b", Segments: 1}},
		},
	}
}

// people are the app's, with refs and numbers from one on.
func people(from, n int) []appnotice.Person {
	var list []appnotice.Person
	for i := from; i < from+n; i++ {
		list = append(list, appnotice.Person{Line: int64(i), Ref: fmt.Sprintf("u%d", i), Lang: "ko", Addresses: []appnotice.Address{{Kind: "sms", Address: fmt.Sprintf("+8210%08d", i)}}})
	}
	return list
}

func listOf(t *testing.T, s *store.Store, name string, who []appnotice.Person) (appnotice.List, []appnotice.Fault) {
	t.Helper()
	l := appnotice.List{Name: name, App: "report", Made: march, Until: march.Add(time.Hour)}
	var err error
	if l.Number, err = s.OpenList(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	faults, err := s.FillList(t.Context(), l, who, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.People, l.Lines, l.Faults, l.Whole = int64(len(who)-len(faults)), int64(len(who)), int64(len(faults)), true
	if err := s.CloseList(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	return l, faults
}

// An app's people are kept sealed and apart: they are no subscribers, nobody
// finds them by their number, and they go with the last list that names them.
func TestAppPeople(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms") // +821000000000
		first, faults := listOf(t, s, "first", people(0, 3))
		if len(faults) != 0 {
			t.Fatalf("faults: %v", faults)
		}
		twice := append(people(2, 2), appnotice.Person{Line: 9, Ref: "other", Lang: "ko", Addresses: []appnotice.Address{{Kind: "sms", Address: "+821000000000"}}}, people(3, 1)[0])
		second, faults := listOf(t, s, "second", twice)
		if len(faults) != 2 || !strings.Contains(faults[0].Why, "another ref") || !strings.Contains(faults[1].Why, "already") {
			t.Errorf("whom the second list does not take: %v", faults)
		}
		if subs, err := s.Subscribers(t.Context(), 0, 100); err != nil || len(subs) != 1 {
			t.Errorf("subscribers: %d, %v", len(subs), err)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", "+821000000002"); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("found by the number: %v", err)
		}
		reached, err := s.Reach(t.Context(), appnotice.ListAudience(second.Number), "", []string{"alimtalk", "sms"})
		if diff := cmp.Diff([]appnotice.Reached{{Lang: "ko", Kinds: []string{"sms"}, People: 2}}, reached); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if reached, err := s.Reach(t.Context(), appnotice.Subscribers, "citizens", []string{"sms"}); err != nil || len(reached) != 1 || reached[0].People != 1 {
			t.Errorf("subscribers reached: %v, %v", reached, err)
		}
		if err := s.DropList(t.Context(), first.Number, march); err != nil {
			t.Fatal(err)
		}
		for ref, there := range map[string]bool{"u0": false, "u2": true, "u3": true} {
			if err := s.ErasePerson(t.Context(), "report", ref, march); (err == nil) != there {
				t.Errorf("%s is there: %v; want %v", ref, err, there)
			}
		}
		if err := s.TidyLists(t.Context(), march.Add(2*time.Hour), march); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ListNamed(t.Context(), "report", "second"); !errors.Is(err, appnotice.ErrNone) {
			t.Errorf("the second list: %v", err)
		}
	})
}

// What an app says of somebody anew takes the place of what it said.
func TestAppPeopleChange(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		listOf(t, s, "first", people(1, 1))
		changed := people(1, 1)
		changed[0].Lang, changed[0].Addresses = "en", []appnotice.Address{{Kind: "email", Address: "a@mail.example"}}
		l, faults := listOf(t, s, "second", changed)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		reached, err := s.Reach(t.Context(), appnotice.ListAudience(l.Number), "", []string{"sms", "email"})
		if diff := cmp.Diff([]appnotice.Reached{{Lang: "en", Kinds: []string{"email"}, People: 1}}, reached); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

// A notice is kept with its answer, its code and the day's count, or not at all.
func TestPlace(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		l, _ := listOf(t, s, "all", people(1, 3))
		if err := s.Place(t.Context(), order("n1", l.Number, 3, "k1")); err != nil {
			t.Fatal(err)
		}
		if err := s.Place(t.Context(), order("n2", l.Number, 3, "k2")); !errors.Is(err, appnotice.ErrDaily) {
			t.Errorf("six recipients of five: %v", err)
		}
		if _, found, err := s.Answered(t.Context(), appnotice.NewKey("t1", "k2", []byte("n2"))); found || err != nil {
			t.Errorf("the answer of what was not kept: %v %v", found, err)
		}
		if err := s.Place(t.Context(), order("n1", l.Number, 1, "k1")); !errors.Is(err, appnotice.ErrTaken) {
			t.Errorf("the same key: %v", err)
		}
		taken := order("n3", l.Number, 1, "k3")
		taken.Code = "CODEn1"
		if err := s.Place(t.Context(), taken); !errors.Is(err, appnotice.ErrCode) {
			t.Errorf("the same code: %v", err)
		}
		answer, found, err := s.Answered(t.Context(), appnotice.NewKey("t1", "k1", []byte("n1")))
		if answer != `{"id": "n1"}` || !found || err != nil {
			t.Errorf("the answer: %q %v %v", answer, found, err)
		}
		if _, _, err := s.Answered(t.Context(), appnotice.NewKey("t1", "k1", []byte("other"))); !errors.Is(err, appnotice.ErrKeyReused) {
			t.Errorf("the key for something else: %v", err)
		}
		c, err := s.Coded(t.Context(), "CODEn1")
		if err != nil || c.App != "report" || len(c.Texts) != 1 || c.Texts[0].Switched != "b" {
			t.Errorf("by its code: %+v, %v", c, err)
		}
		if _, err := s.Coded(t.Context(), "NOBODY"); !errors.Is(err, appnotice.ErrNone) {
			t.Errorf("by a code of nobody: %v", err)
		}
	})
}

// The planner reads the list's people, part by part; results follow them, and a
// recall takes back what has not left.
func TestAppNotice(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		l, _ := listOf(t, s, "all", people(1, 3))
		if err := s.Place(t.Context(), order("n1", l.Number, 3, "")); err != nil {
			t.Fatal(err)
		}
		p, ok, err := s.Begin(t.Context(), march)
		if err != nil || !ok {
			t.Fatalf("nothing to plan: %v", err)
		}
		var found []int64
		for {
			part, err := s.People(t.Context(), p, status.Unknown, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range part {
				found = append(found, who.ID)
				p.Cursor = who.ID
			}
			if len(part) < 2 {
				break
			}
		}
		if len(found) != 3 {
			t.Fatalf("the planner reads %v", found)
		}
		v, err := s.NoticeOf(t.Context(), "report", "n1")
		if err != nil || v.State != appnotice.StatePlanning {
			t.Errorf("planning: %+v, %v", v, err)
		}
		if _, err := s.NoticeOf(t.Context(), "clinic", "n1"); !errors.Is(err, appnotice.ErrNone) {
			t.Errorf("another app reads it: %v", err)
		}
		list, last, more, err := s.Results(t.Context(), v, 0, 2)
		if err != nil || len(list) != 2 || !more || list[0].Ref != "u1" || list[0].Outcome != appnotice.OutWaiting {
			t.Errorf("results: %+v %v %v", list, more, err)
		}
		if list, _, more, err = s.Results(t.Context(), v, last, 2); err != nil || len(list) != 1 || more {
			t.Errorf("the rest: %+v %v %v", list, more, err)
		}
		if err := s.Recall(t.Context(), "n1", march); err != nil {
			t.Fatal(err)
		}
		if v, err = s.NoticeOf(t.Context(), "report", "n1"); err != nil || v.State != appnotice.StateCancelled {
			t.Errorf("recalled: %+v, %v", v, err)
		}
	})
}

// Only one of several versions is used, and a decision holds.
func TestTemplateVersions(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		tmpl := appnotice.Template{
			App: "report", ID: "moved", Texts: map[string]map[notifier.Class]appnotice.Words{"ko": {notifier.ClassSMS: {Body: "one"}}},
			Params: map[string]appnotice.Param{}, ProposedBy: "report", Proposed: march,
		}
		propose := func(body string) int {
			t.Helper()
			tmpl.Texts["ko"][notifier.ClassSMS] = appnotice.Words{Body: body}
			version, err := s.Propose(t.Context(), tmpl)
			if err != nil {
				t.Fatal(err)
			}
			return version
		}
		decide := func(version int, state appnotice.State) error {
			return s.Decide(t.Context(), appnotice.Template{App: "report", ID: "moved", Version: version, State: state, DecidedBy: "chief", Decided: march})
		}
		if v := propose("one"); v != 1 {
			t.Errorf("the first version is %d", v)
		}
		if v := propose("one, again"); v != 1 { // nobody had decided
			t.Errorf("a version that replaces an undecided one is %d", v)
		}
		if err := decide(1, appnotice.Approved); err != nil {
			t.Fatal(err)
		}
		if v := propose("two"); v != 2 {
			t.Errorf("the second version is %d", v)
		}
		if u, err := s.Usable(t.Context(), "report", "moved"); err != nil || u.Version != 1 || u.Texts["ko"][notifier.ClassSMS].Body != "one, again" || u.DecidedBy != "chief" {
			t.Errorf("usable: %+v, %v", u, err)
		}
		if err := decide(2, appnotice.Refused); err != nil {
			t.Fatal(err)
		}
		if err := decide(2, appnotice.Approved); !errors.Is(err, appnotice.ErrDecided) {
			t.Errorf("decided twice: %v", err)
		}
		if err := decide(3, appnotice.Approved); !errors.Is(err, appnotice.ErrNone) {
			t.Errorf("a version of nobody: %v", err)
		}
		if _, err := s.Usable(t.Context(), "clinic", "moved"); !errors.Is(err, appnotice.ErrNone) {
			t.Errorf("of another app: %v", err)
		}
	})
}

// Who leaves by the link in an app's mail, or by STOP, has left: the app that
// brings them again does not reach them there, and reaches them elsewhere.
func TestAppPeopleLeave(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		reached := func(who []appnotice.Person) int64 {
			t.Helper()
			l, faults := listOf(t, s, fmt.Sprintf("l%p", who), who)
			if len(faults) != 0 {
				t.Fatalf("faults: %v", faults)
			}
			parts, err := s.Reach(t.Context(), appnotice.ListAudience(l.Number), "", []string{"sms"})
			if err != nil {
				t.Fatal(err)
			}
			n := int64(0)
			for _, p := range parts {
				if len(p.Kinds) > 0 {
					n += p.People
				}
			}
			return n
		}
		subscribe(t, s, 1, "sms") // number 0, of their own accord
		if n := reached(people(0, 3)); n != 3 {
			t.Fatalf("%d are reached", n)
		}
		if _, err := s.Drop(t.Context(), 3, "sms", march); err != nil { // number 1, by the link
			t.Fatal(err)
		}
		if err := s.LeaveByText(t.Context(), "+821000000002", "SM2", march, march); err != nil {
			t.Fatal(err)
		}
		if n := reached(people(0, 3)); n != 1 {
			t.Errorf("of three, two of whom left, %d are reached", n)
		}
		moved := people(1, 1)
		moved[0].Addresses[0].Address = "+821000000077"
		if n := reached(moved); n != 1 {
			t.Errorf("by another number %d is reached", n)
		}
		if n := reached(people(1, 1)); n != 0 {
			t.Errorf("by the number they left with %d is reached", n)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", "+821000000000"); err != nil {
			t.Errorf("who has left no app: %v", err)
		}
		if err := s.LeaveByText(t.Context(), "+821000000000", "SM0", march, march); err != nil {
			t.Fatal(err)
		}
		if n := reached(people(0, 1)); n != 0 {
			t.Errorf("who says STOP is reached by the app")
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", "+821000000000"); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("who says STOP is still told: %v", err)
		}
	})
}

// In Korea nobody can answer a text: the code of the page to leave on lets go
// whom an app has brought, and whoever has the number.
func TestAppPeopleLeaveByCode(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 1, "sms") // number 0, of their own accord
		listOf(t, s, "first", people(0, 2))
		for i, number := range []string{"+821000000000", "+821000000001"} {
			ticket := fmt.Sprintf("t%d", i)
			askCode(t, s, codeFor(signup.Leave, ticket, number, march), signup.Sent)
			if _, err := s.Redeem(t.Context(), redeem(signup.Leave, ticket, "proof "+ticket, march)); err != nil {
				t.Fatal(err)
			}
			askCode(t, s, codeFor(signup.Leave, ticket+" again", number, march), signup.NobodyKnown)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", "+821000000000"); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("still told: %v", err)
		}
		again, _ := listOf(t, s, "second", people(0, 3))
		parts, err := s.Reach(t.Context(), appnotice.ListAudience(again.Number), "", []string{"sms"})
		reached := int64(0)
		for _, p := range parts {
			if len(p.Kinds) > 0 {
				reached += p.People
			}
		}
		if err != nil || reached != 1 {
			t.Errorf("of three, two of whom left, %d are reached (%v)", reached, err)
		}
	})
}

// A mask that is an app's person's too is nobody else's.
func TestAMaskFindsNobodyElse(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		listOf(t, s, "first", people(1, 1)) // its mask is that of the number asked for
		if _, err := s.AddSubscriber(t.Context(), store.Subscriber{Lang: "ko", Plan: "citizens", Joined: march}, []store.Address{
			{Kind: "email", Address: "somebody@mail.example", Source: "test", Consented: march, Confirmed: march},
		}); err != nil {
			t.Fatal(err)
		}
		found, err := s.SubscribersLike(t.Context(), signup.Hint("sms", "+821000000001"), nil, 50)
		if err != nil || len(found) != 0 {
			t.Errorf("found %d, the first of whom has %+v (%v)", len(found), found, err)
		}
	})
}

// A rotation of keys leaves an app's people found by the app alone.
func TestAppPeopleAreResealed(t *testing.T) {
	old := store.NewKeys()
	both, err := store.AddKey(old)
	if err != nil {
		t.Fatal(err)
	}
	address := filepath.Join(t.TempDir(), "bongsu.db")
	with := func(text string) *store.Store {
		k, err := store.ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		return openAt(t, address, store.Options{Keys: k})
	}
	s := with(old)
	subscribe(t, s, 2, "sms")
	listOf(t, s, "first", people(0, 2)) // the subscribers' own numbers
	s = with(both)
	if _, faults := listOf(t, s, "second", people(0, 1)); len(faults) != 0 {
		t.Errorf("before the rotation: %v", faults)
	}
	if _, err := s.Reseal(t.Context(), func(store.Resealing) {}); err != nil {
		t.Fatal(err)
	}
	if _, faults := listOf(t, s, "third", people(0, 2)); len(faults) != 0 {
		t.Errorf("after the rotation: %v", faults)
	}
	if found, err := s.FindSubscriber(t.Context(), "sms", "+821000000001"); err != nil || found.Plan != "citizens" {
		t.Errorf("the subscriber is found as %+v, %v", found, err)
	}
	other := people(0, 1)
	other[0].Ref = "other"
	if _, faults := listOf(t, s, "fourth", other); len(faults) != 1 {
		t.Errorf("the same number under another ref: %v", faults)
	}
}
