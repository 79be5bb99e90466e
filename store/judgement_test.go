package store_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

var (
	noon = time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)
	long = noon.Add(-90 * 24 * time.Hour)
)

// outage is a judgement with something in every field.
func outage() notifier.Record {
	pay := status.Affected{Component: "pay", State: status.MajorOutage, Worst: status.MajorOutage, Cause: true, Since: noon}
	taxi := status.Affected{Component: "taxi", State: status.PartialOutage, Worst: status.PartialOutage, Derived: true, Since: noon, Until: noon.Add(time.Minute)}
	return notifier.Record{
		Standings: []status.Standing{{
			Vote:  status.Vote{Check: "pay/1", Location: "seoul-1", Outcome: status.Wrong, At: noon, Took: 1234567 * time.Microsecond, Reason: "status == 200: was 503"},
			Level: status.LevelFail, Recent: "00222", Said: noon, Turned: noon.Add(-2 * time.Second),
		}},
		Change: status.Change{
			At: noon.Add(time.Second),
			Conditions: []status.Condition{{
				Component: "pay", State: status.MajorOutage, AffectedBy: "component:login", Since: noon, Measured: noon, Version: 3,
				Why: []status.Finding{{Check: "pay/1", Level: status.LevelFail, Failing: []string{"seoul-1"}, Silent: []string{"busan-1"}, Reason: "503", At: noon}},
			}},
			Closed: []status.Interval{{Component: "pay", State: status.Operational, Since: noon.Add(-time.Hour), Until: noon}},
			Incidents: []status.Incident{{
				ID: "i1", Code: "K7QX", Cause: "component:pay", Title: status.Text{"ko": "결제", "en": "Payment"}, Stage: status.Identified,
				Impact: status.MajorOutage, Worst: status.MajorOutage, Told: status.PartialOutage, Began: noon, Detected: noon.Add(3 * time.Second), Announced: noon.Add(8 * time.Second),
				Next: noon.Add(time.Hour), Components: []status.Affected{pay, taxi}, Version: 2,
				Updates: []status.Update{
					{ID: "u1", At: noon.Add(8 * time.Second), Kind: status.UpdateOpened, Cause: "component:pay", Components: []status.Affected{pay, taxi}, Next: noon.Add(time.Hour)},
					{ID: "u2", At: noon.Add(9 * time.Second), Kind: status.UpdateNote, Stage: status.Identified, Text: status.Text{"ko": "'확인' 중"}, Author: "duty"},
				},
			}},
			Maintenance: []status.Maintenance{{ID: "m1", Title: status.Text{"en": "Move"}, Text: status.Text{"en": "We move"}, Components: []string{"pay"}, From: noon, Until: noon.Add(time.Hour)}},
			Suspicions:  []status.Suspicion{{Component: "pay", Source: "prom", Key: "a1", State: status.PartialOutage, Summary: "5xx", Since: noon, Until: noon.Add(time.Hour), Ended: noon.Add(time.Minute)}},
			Silences:    []status.Silence{{Component: "taxi", Reason: "a known fault", Author: "kim", Since: noon, Until: noon.Add(time.Hour)}},
			Events:      []status.Event{{Kind: status.EventOpened, Incident: "i1", To: status.MajorOutage, Update: "u1", At: noon}},
		},
		Notices: []notifier.Notice{{
			ID: "n1", Incident: "i1", Event: string(status.EventOpened), Update: "u1", Audience: "subscribers", Plan: "citizens", To: status.MajorOutage, Made: noon,
			Texts: []notifier.Text{{Lang: "ko", Body: "[봉수] 결제 장애"}},
		}},
	}
}

// remembered is what a board is to find of a record after a restart.
func remembered(r notifier.Record) status.Memory {
	return status.Memory{
		Standings: r.Standings, Conditions: r.Change.Conditions, Intervals: r.Change.Closed,
		Incidents: r.Change.Incidents, Maintenance: r.Change.Maintenance, Words: r.Change.Words, Widgets: r.Change.Widgets, Suspicions: r.Change.Suspicions,
		Silences: r.Change.Silences,
	}
}

func record(t *testing.T, s *store.Store, r notifier.Record) {
	t.Helper()
	if err := s.Record(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func wantMemory(t *testing.T, s *store.Store, want status.Memory) {
	t.Helper()
	got, err := s.Memory(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("memory (-want +got):\n%s", diff)
	}
}

func TestEmptyDatabaseRemembersNothing(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		wantMemory(t, open(t), status.Memory{})
	})
}

// A commit whose answer was lost is made again. It must not matter.
func TestRecordTwiceIsRecordOnce(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for range 3 {
			record(t, s, outage())
			wantMemory(t, s, remembered(outage()))
		}
		if n, err := s.NoticeCount(t.Context()); err != nil || n != 1 {
			t.Errorf("%d notices (%v), want 1", n, err)
		}
	})
}

func TestOlderNeverOverwritesNewer(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		record(t, s, outage())
		old := outage()
		old.Standings[0].At, old.Standings[0].Recent = noon.Add(-time.Second), "0022"
		old.Change.Conditions[0].Version, old.Change.Conditions[0].State = 2, status.Operational
		old.Change.Closed[0].Until = noon.Add(-time.Minute)
		i := &old.Change.Incidents[0]
		i.Version, i.Stage, i.Components, i.Updates = 1, status.Investigating, i.Components[:1], []status.Update{{ID: "lost", Kind: status.UpdateNote}}
		record(t, s, old)
		wantMemory(t, s, remembered(outage()))
	})
}

func TestNewerTakesThePlace(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		record(t, s, outage())
		r := outage()
		r.Standings[0].At, r.Standings[0].Outcome, r.Standings[0].Reason = noon.Add(time.Minute), status.OK, ""
		r.Change.Conditions[0].Version, r.Change.Conditions[0].Why = 4, nil
		i := &r.Change.Incidents[0]
		i.Version, i.Stage, i.Watching, i.Components = 3, status.Monitoring, noon.Add(time.Minute), i.Components[:1]
		i.Updates = append(i.Updates, status.Update{ID: "u3", At: noon.Add(time.Minute), Kind: status.UpdateMonitoring, Stage: status.Monitoring})
		r.Change.Maintenance[0].Until = noon.Add(2 * time.Hour)
		record(t, s, r)
		wantMemory(t, s, remembered(r))
	})
}

// What was said stays as it was said, whatever a later record claims.
func TestUpdatesAreNeverChanged(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		record(t, s, outage())
		r := outage()
		r.Change.Incidents[0].Version = 3
		r.Change.Incidents[0].Updates[1].Text = status.Text{"ko": "다른 말"}
		record(t, s, r)
		want := outage()
		want.Change.Incidents[0].Version = 3
		wantMemory(t, s, remembered(want))
	})
}

// State, incident and notices are one. Each of these records has one row that
// no database takes, after others that it would.
func TestRecordIsAllOrNothing(t *testing.T) {
	twice := []status.Update{{ID: "u1"}, {ID: "u1"}}
	for name, spoil := range map[string]func(*notifier.Record){
		"a bad incident": func(r *notifier.Record) { r.Change.Incidents[0].Updates = twice },
		"a bad notice": func(r *notifier.Record) {
			r.Notices[0].Texts = append(r.Notices[0].Texts, r.Notices[0].Texts[0]) // the same language twice
		},
	} {
		t.Run(name, func(t *testing.T) {
			exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
				s := open(t)
				r := outage()
				spoil(&r)
				if err := s.Record(t.Context(), r); err == nil {
					t.Fatal("it was taken")
				}
				wantMemory(t, s, status.Memory{})
				if n, err := s.NoticeCount(t.Context()); err != nil || n != 0 {
					t.Errorf("%d notices (%v), want none", n, err)
				}
			})
		})
	}
}

// Two nodes write their own next version of one incident. One of them wins
// whole: its stage, its components and its update, never a mixture.
func TestRaceOnOneIncident(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		record(t, s, outage())
		versions := map[string]notifier.Record{}
		for _, node := range []string{"a", "b"} {
			r := outage()
			i := &r.Change.Incidents[0]
			i.Version, i.Components = 3, []status.Affected{{Component: node, State: status.PartialOutage, Since: noon}}
			i.Updates = append(i.Updates, status.Update{ID: "u3" + node, At: noon.Add(time.Minute), Kind: status.UpdateChanged, Author: node})
			versions[node] = r
		}
		var racers sync.WaitGroup
		for _, r := range versions {
			racers.Go(func() {
				if err := s.Record(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		racers.Wait()
		got, err := s.Memory(t.Context(), long)
		if err != nil {
			t.Fatal(err)
		}
		winner := got.Incidents[0].Components[0].Component
		if diff := cmp.Diff(versions[winner].Change.Incidents, got.Incidents); diff != "" {
			t.Errorf("incident (-want +got):\n%s", diff)
		}
	})
}

func TestMemoryLeavesOutWhatIsLongOver(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		over := outage()
		over.Standings, over.Change.Conditions, over.Notices = nil, nil, nil
		over.Change.Closed[0].Since, over.Change.Closed[0].Until = long.Add(-2*time.Hour), long.Add(-time.Hour)
		over.Change.Incidents[0].ID, over.Change.Incidents[0].Resolved = "i0", long.Add(-time.Second)
		over.Change.Maintenance[0].ID, over.Change.Maintenance[0].Until = "m0", long.Add(-time.Second)
		record(t, s, over)
		merged := outage()
		merged.Change.Incidents[0].ID, merged.Change.Incidents[0].MergedInto, merged.Change.Incidents[0].Detected = "im", "i1", long.Add(-time.Second)
		record(t, s, notifier.Record{Change: status.Change{Incidents: merged.Change.Incidents}})
		record(t, s, outage())
		wantMemory(t, s, remembered(outage()))
	})
}

func TestReopenedStoreRemembers(t *testing.T) {
	for name, address := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "bongsu.db") },
		"postgres": newPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			at := address(t)
			first, err := store.Open(t.Context(), at, store.Options{Sole: true})
			if err != nil {
				t.Fatal(err)
			}
			record(t, first, outage())
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			again, err := store.Open(t.Context(), at, store.Options{Sole: true})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			wantMemory(t, again, remembered(outage()))
		})
	}
}

func TestCommands(t *testing.T) {
	stage := status.Monitoring
	asked := []status.Command{
		{ID: "c1", At: noon, Open: &status.Draft{Title: status.Text{"en": "Fire"}, Components: map[string]status.State{"pay": status.MajorOutage}, Notify: true}},
		{ID: "c2", At: noon.Add(time.Second), Incident: "i1", Note: &status.NoteDraft{Text: status.Text{"ko": "복구 중"}, Stage: &stage, Next: noon.Add(time.Hour)}},
		{ID: "c3", At: noon.Add(2 * time.Second), Maintain: &status.Maintenance{Components: []string{"pay"}, From: noon, Until: noon.Add(time.Hour)}},
	}
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for _, c := range append(asked, asked[0]) { // the first twice
			if err := s.Ask(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		wantCommands(t, s, asked)

		record(t, s, notifier.Record{Answers: []status.Answer{
			{Command: "c1", Made: "i9", At: noon.Add(time.Minute)},
			{Command: "c2", Error: "no such incident", At: noon.Add(time.Minute)},
		}})
		record(t, s, notifier.Record{Answers: []status.Answer{{Command: "c1", Made: "again", At: noon.Add(time.Hour)}}})
		wantCommands(t, s, asked[2:])
		for id, want := range map[string]status.Answer{
			"c1": {Command: "c1", Made: "i9", At: noon.Add(time.Minute)},
			"c2": {Command: "c2", Error: "no such incident", At: noon.Add(time.Minute)},
			"c3": {Command: "c3"},
		} {
			got, done, err := s.Answer(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || done == want.At.IsZero() {
				t.Errorf("answer to %s, done %t (-want +got):\n%s", id, done, diff)
			}
		}
		if _, _, err := s.Answer(t.Context(), "c4"); err == nil {
			t.Error("a command nobody gave has an answer")
		}
		if err := s.Ask(t.Context(), status.Command{ID: "c5"}); err == nil {
			t.Error("a command that asks for nothing was taken")
		}
	})
}

func wantCommands(t *testing.T, s *store.Store, want []status.Command) {
	t.Helper()
	got, err := s.Commands(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestSettings(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for _, value := range []string{"", "yes", "no"} {
			if value != "" {
				if err := s.SetSetting(t.Context(), "paused", value, noon); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := s.Setting(t.Context(), "paused"); err != nil || got != value {
				t.Errorf("paused is %q (%v), want %q", got, err, value)
			}
		}
	})
}
