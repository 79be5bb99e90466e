package status_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"bongsu/status"
)

// suspects are what stands against components, with since when.
func (d *desk) suspects() []string {
	var all []string
	for _, s := range d.board.Snapshot(d.now).Suspicions {
		all = append(all, fmt.Sprintf("%s by %s/%s: %s since %s", s.Component, s.Source, s.Key, s.State, s.Since.Sub(d.now)))
	}
	return all
}

// What a source says, in whatever order it arrives.
func TestSuspicionsStandUntilTakenBackOrPast(t *testing.T) {
	// said is a message: of a beginning so long ago, an end if over.
	type said struct {
		ago  time.Duration
		over bool
	}
	for _, tt := range []struct {
		name string
		said []said
		want []string
	}{
		{"one stands", []said{{ago: time.Minute}}, []string{"pay by prom/a: major_outage since -1m0s"}},
		{"repeated, it keeps its beginning", []said{{ago: time.Minute}, {ago: time.Minute}}, []string{"pay by prom/a: major_outage since -1m0s"}},
		{"taken back, it is gone", []said{{ago: time.Minute}, {time.Minute, true}}, nil},
		{"an old message does not raise it again", []said{{ago: time.Minute}, {time.Minute, true}, {ago: time.Minute}}, nil},
		{"a new beginning does", []said{{ago: time.Minute}, {time.Minute, true}, {ago: time.Second}}, []string{"pay by prom/a: major_outage since -1s"}},
		{"an end of an earlier one takes nothing back", []said{{ago: time.Second}, {time.Minute, true}}, []string{"pay by prom/a: major_outage since -1s"}},
		{"an end alone is nothing", []said{{time.Minute, true}}, nil},
	} {
		d := newDesk(t, model("pay"))
		for _, m := range tt.said {
			s := status.Suspicion{Component: "pay", Source: "prom", Key: "a", State: status.MajorOutage, Since: d.now.Add(-m.ago), Until: d.now.Add(time.Hour)}
			if m.over {
				s.Ended = d.now
			}
			if _, err := d.board.Do(status.Command{Suspect: &s}, d.now); err != nil {
				t.Fatal(err)
			}
		}
		d.judge()
		if diff := cmp.Diff(tt.want, d.suspects()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSuspicionsPassByThemselves(t *testing.T) {
	d := newDesk(t, model("pay"))
	s := status.Suspicion{Component: "pay", Source: "prom", Key: "a", State: status.MajorOutage, Until: d.now.Add(time.Minute)}
	if _, err := d.board.Suspect(s, d.now); err != nil {
		t.Fatal(err)
	}
	d.judge()
	if len(d.suspects()) != 1 || len(d.memory.Suspicions) != 1 || !d.board.Due().Equal(s.Until) {
		t.Fatalf("stands %v, kept %v, due %s", d.suspects(), d.memory.Suspicions, d.board.Due())
	}
	d.restart()
	d.pass(time.Minute)
	if len(d.suspects())+len(d.memory.Suspicions) != 0 {
		t.Errorf("a minute later stands %v, kept %v", d.suspects(), d.memory.Suspicions)
	}
}

func TestWhatIsNoSuspicion(t *testing.T) {
	d := newDesk(t, model("pay"))
	good := status.Suspicion{Component: "pay", State: status.MajorOutage, Until: d.now.Add(time.Minute)}
	for _, tt := range []struct {
		spoil func(*status.Suspicion)
		want  error
	}{
		{func(s *status.Suspicion) { s.Component = "nobody" }, status.ErrNoComponent},
		{func(s *status.Suspicion) { s.State = status.Operational }, status.ErrSaidWell},
		{func(s *status.Suspicion) { s.Until = d.now }, status.ErrSaidWell},
	} {
		bad := good
		tt.spoil(&bad)
		if _, err := d.board.Suspect(bad, d.now); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v, want %v", bad, err, tt.want)
		}
	}
	var err error
	for i := 0; i < 2000 && err == nil; i++ {
		good.Key = strconv.Itoa(i)
		_, err = d.board.Suspect(good, d.now)
	}
	if !errors.Is(err, status.ErrSuspects) {
		t.Errorf("without a bound: %v", err)
	}
}

// Whatever others hold against components, what is measured, told and announced
// is the same.
func TestSuspicionsConfirmNothing(t *testing.T) {
	explore(t, func(t *rapid.T) {
		m := model("login", "chat needs login", "pay")
		with, without := status.NewBoard(m, status.Memory{}, &counter{}), status.NewBoard(m, status.Memory{}, &counter{})
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "wait")) * time.Second)
			component := rapid.SampledFrom([]string{"login", "chat", "pay"}).Draw(t, "of")
			if rapid.Bool().Draw(t, "suspect") {
				s := status.Suspicion{Component: component, Source: "x", Key: "k", State: status.MajorOutage, Until: now.Add(time.Minute)}
				if _, err := with.Suspect(s, now); err != nil {
					t.Fatal(err)
				}
			} else {
				out := rapid.SampledFrom([]status.Outcome{status.OK, status.Failed}).Draw(t, "outcome")
				for _, c := range m.Components {
					if c.ID == component {
						v := status.Vote{Check: c.Checks[0].ID, Location: m.Locations[0].ID, Outcome: out, At: now}
						with.Vote(v)
						without.Vote(v)
					}
				}
			}
			a, b := with.Judge(now), without.Judge(now)
			a.Suspicions = nil
			if diff := cmp.Diff(b, a); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
