package notifier_test

import (
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// usually is a gateway that tells of 19 in 20 messages within three seconds.
var usually = notifier.Beat{Answered: 1000, Taken: 1000, Told: 950, Age: 950 * 3 * time.Second}

// slots are beats of ten seconds that end at noon.
func slots(beats ...notifier.Beat) []notifier.Beat {
	for i := range beats {
		beats[i].At = noon.Add(time.Duration(i-len(beats)) * notifier.PulseSlot)
	}
	return beats
}

func repeat(n int, b notifier.Beat) []notifier.Beat {
	all := make([]notifier.Beat, n)
	for i := range all {
		all[i] = b
	}
	return all
}

func TestExamine(t *testing.T) {
	fine := notifier.Beat{Answered: 100, Taken: 100, Told: 95, Age: 95 * 3 * time.Second}
	silent := notifier.Beat{Answered: 100, Taken: 100}
	for _, test := range []struct {
		name      string
		usual     notifier.Beat
		beats     []notifier.Beat
		trial     bool
		bad, good bool
		why       string
		lost      time.Time
	}{
		{name: "nothing was sent", usual: usually},
		{name: "all is as usual", usual: usually, beats: repeat(10, fine), good: true},
		{name: "what is too young to have a receipt says nothing", usual: usually, beats: repeat(2, silent)},
		{
			name: "accepts and loses", usual: usually, beats: append(repeat(10, fine), repeat(5, silent)...), bad: true,
			why: "no receipt for", lost: noon.Add(-50 * time.Second),
		},
		{name: "a gateway that never tells is not judged by its silence", beats: repeat(10, silent), good: true},
		{
			name: "one that seldom does is neither", usual: notifier.Beat{Taken: 1000, Told: 300, Age: 300 * time.Second}, beats: repeat(10, silent), good: true,
		},
		{
			name: "three times as slow as usual is no failure", usual: notifier.Beat{Taken: 1000, Told: 950, Age: 950 * 20 * time.Second},
			beats: append(repeat(4, fine), repeat(7, silent)...), good: true, // receipts usually take 20 s: 80 s are waited for
		},
		{
			name: "errors of its own", usual: usually, beats: repeat(3, notifier.Beat{Answered: 3, Faults: 4}), bad: true,
			why: "12 of 21 requests failed", lost: noon.Add(-20 * time.Second),
		},
		{name: "one error is not many", usual: usually, beats: append(repeat(9, fine), notifier.Beat{Answered: 90, Faults: 9}), good: true},
		{name: "that it asks for a pause is no fault", usual: usually, beats: append(repeat(9, fine), notifier.Beat{Throttled: 500}), good: true},
		{name: "old errors are forgiven", usual: usually, beats: append(repeat(3, notifier.Beat{Faults: 20}), repeat(9, fine)...), good: true},
		{name: "on trial less is enough", usual: usually, beats: repeat(6, notifier.Beat{Answered: 1, Taken: 1}), trial: true, bad: true, why: "no receipt for", lost: noon.Add(-60 * time.Second)},
		{name: "which is too little otherwise", usual: usually, beats: repeat(6, notifier.Beat{Answered: 1, Taken: 1})},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := notifier.Examine(test.usual, slots(test.beats...), time.Time{}, noon, test.trial)
			if s.Bad != test.bad || s.Good != test.good || !strings.Contains(s.Why, test.why) || !s.Lost.Equal(test.lost) {
				t.Errorf("got %+v", s)
			}
		})
	}
}

// A death must not become what is usual.
func TestUsualLeavesOutTheDead(t *testing.T) {
	beats := slots(append(repeat(5, notifier.Beat{Taken: 10, Told: 9, Age: 9 * time.Second}), repeat(5, notifier.Beat{Taken: 50_000})...)...)
	dead := notifier.Health{Stage: notifier.Dead, Lost: noon.Add(-50 * time.Second), Since: noon.Add(-10 * time.Second)}
	if got := notifier.Usual(beats, dead); got.Taken != 40 || got.Told != 36 {
		t.Errorf("while it is dead: %+v", got)
	}
	well := notifier.Health{Stage: notifier.Well, Lost: dead.Lost, Since: noon.Add(-10 * time.Second)}
	if got := notifier.Usual(beats, well); got.Taken != 40+100 {
		t.Errorf("after its return a slot counts for at most a hundred: %+v", got)
	}
}

func TestHealthSteps(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	bad := notifier.Signs{Bad: true, Why: "silence", Lost: at(-time.Minute), Patience: 20 * time.Second}
	good := notifier.Signs{Good: true, Patience: 20 * time.Second}
	unsure := notifier.Signs{Patience: 20 * time.Second}
	type step struct {
		after time.Duration
		signs notifier.Signs
		down  string
		want  notifier.Stage
	}
	for _, test := range []struct {
		name     string
		steps    []step
		relapses int
	}{
		{"well stays well", []step{{0, good, "", notifier.Well}, {time.Hour, unsure, "", notifier.Well}}, 0},
		{"death and return, with evidence", []step{
			{0, bad, "", notifier.Dead},
			{59 * time.Second, good, "", notifier.Dead}, // not before a minute
			{time.Second, good, "", notifier.Canary},
			{29 * time.Second, good, "", notifier.Canary},
			{time.Second, good, "", notifier.Tenth},
			{30 * time.Second, good, "", notifier.Well},
		}, 0},
		{"without evidence it takes as long as evidence would", []step{
			{0, bad, "", notifier.Dead},
			{time.Minute, unsure, "", notifier.Canary},
			{49 * time.Second, unsure, "", notifier.Canary},
			{time.Second, unsure, "", notifier.Tenth},
			{50 * time.Second, unsure, "", notifier.Well},
		}, 0},
		{"a canary that dies doubles the wait", []step{
			{0, bad, "", notifier.Dead},
			{time.Minute, unsure, "", notifier.Canary},
			{10 * time.Second, bad, "", notifier.Dead},
			{119 * time.Second, unsure, "", notifier.Dead},
			{time.Second, unsure, "", notifier.Canary},
		}, 1},
		{"what the channel follows has failed", []step{
			{0, good, "messenger is major_outage", notifier.Dead},
			{time.Hour, good, "messenger is major_outage", notifier.Dead},
			{time.Second, good, "", notifier.Canary},
			{time.Second, good, "messenger is major_outage", notifier.Dead},
		}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			var h notifier.Health
			now := noon
			for i, s := range test.steps {
				now = now.Add(s.after)
				if h = h.Step(s.signs, s.down, now); h.Stage != s.want {
					t.Fatalf("step %d: %s, want %s", i, h.Stage, s.want)
				}
			}
			if h.Relapses != test.relapses {
				t.Errorf("%d relapses, want %d", h.Relapses, test.relapses)
			}
		})
	}
}

func TestStranded(t *testing.T) {
	dead := notifier.Health{Stage: notifier.Dead, Lost: noon}
	for _, test := range []struct {
		name  string
		h     notifier.Health
		taken time.Time
		want  bool
	}{
		{"what a dead gateway took", dead, noon.Add(time.Second), true},
		{"not what it took while it was well", dead, noon.Add(-time.Second), false},
		{"nor what one takes that is coming back", notifier.Health{Stage: notifier.Canary, Lost: noon}, noon.Add(time.Second), false},
	} {
		if got := test.h.Stranded(test.taken); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

func TestChoose(t *testing.T) {
	const well, dead, canary, tenth = notifier.Well, notifier.Dead, notifier.Canary, notifier.Tenth
	for _, test := range []struct {
		name     string
		gateways []notifier.Choice
		roll     float64
		want     int
	}{
		{"the first as they are written", []notifier.Choice{{}, {}}, 0.9, 0},
		{"the next if it is dead", []notifier.Choice{{Stage: dead}, {}}, 0.1, 1},
		{"a canary seldom", []notifier.Choice{{Stage: canary}, {}}, 0.02, 1},
		{"but now and then", []notifier.Choice{{Stage: canary}, {}}, 0.005, 0},
		{"the one that is further back, if none is well", []notifier.Choice{{Stage: canary}, {Stage: tenth}}, 0.5, 1},
		{"the least bad of the dead", []notifier.Choice{{Stage: dead, Ail: 1.5}, {Stage: dead, Ail: 0.4}, {Stage: dead, Ail: 0.9}}, 0.5, 1},
		{"by weight, the heavier", []notifier.Choice{{Weight: 3}, {Weight: 1}}, 0.74, 0},
		{"by weight, the lighter", []notifier.Choice{{Weight: 3}, {Weight: 1}}, 0.76, 1},
		{"a dead one has no weight", []notifier.Choice{{Weight: 3, Stage: dead}, {Weight: 1}}, 0.1, 1},
		{"one without weight stands by", []notifier.Choice{{Weight: 3, Stage: dead}, {}}, 0.1, 1},
		{"a tenth of its weight", []notifier.Choice{{Weight: 10, Stage: tenth}, {Weight: 1}}, 0.51, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := notifier.Choose(test.gateways, func() float64 { return test.roll }); got != test.want {
				t.Errorf("chose %d, want %d", got, test.want)
			}
		})
	}
}
