package notifier_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
)

func ways() []notifier.Path {
	return []notifier.Path{
		{Channel: "talk", Gateway: "talk/one", Domains: []string{"dc-a"}, Needs: []string{"chat", "login"}},
		{Channel: "sms", Gateway: "sms/one", Domains: []string{"kt"}},
		{Channel: "sms", Gateway: "sms/two", Domains: []string{"abroad"}},
	}
}

func TestProve(t *testing.T) {
	if got, want := fmt.Sprint(notifier.Prove(ways())), "[{dc-a [sms]}]"; got != want {
		t.Errorf("got %s, want %s: a second gateway elsewhere keeps its channel", got, want)
	}
	if got, want := fmt.Sprint(notifier.Prove(ways()[:1])), "[{dc-a []}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A quarter has the messenger alone, as in the national notice service.
func TestRehearse(t *testing.T) {
	town := &notifier.Town{
		Channels: []notifier.Channel{
			{ID: "talk", Kind: "alimtalk", Class: notifier.ClassAlimTalk, Gateways: []notifier.Route{{Name: "talk/one", Rate: 200, Price: notifier.Money{Milli: 8000, Currency: "KRW"}}}},
			{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{
				{Name: "sms/one", Rate: 50, Price: notifier.Money{Milli: 20_000, Currency: "KRW"}}, {Name: "sms/two", Rate: 50, Price: notifier.Money{Milli: 30_000, Currency: "KRW"}},
			}},
			{ID: "ops", Kind: "slack", Class: notifier.ClassChat, Target: "#ops", Gateways: []notifier.Route{{Name: "ops/slack"}}},
		},
		Paths: map[string][]notifier.Path{"talk": ways()[:1], "sms": ways()[1:], "ops": {{Channel: "ops", Gateway: "ops/slack"}}},
		Plans: map[string][]notifier.Hop{"citizens": {{Channel: "talk", Wait: time.Minute}, {Channel: "sms"}}, "ops": {{Channel: "ops"}}},
		Audiences: []notifier.Audience{
			{Audience: "subscribers", Plan: "citizens"}, {Audience: "operators", Plan: "ops"},
		},
	}
	crowds := []notifier.Crowd{
		{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk"}, People: 25_000},
		{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 60_000},
		{Plan: "citizens", Lang: "ja", Kinds: []string{"sms"}, People: 15_000},
		{Plan: "citizens", Lang: "en", People: 10},
	}
	for _, test := range []struct{ failed, want string }{
		{"login", "operators: 1 by ops in 0s for []; subscribers: 25000 by  (every way that reaches them fails with it) in 0s for []; " +
			"subscribers: 75000 by sms in 12m30s for [{1500000000 KRW}]; subscribers: 10 by  (no address of a kind that the plan uses) in 0s for []; "},
		{"kt", "operators: 1 by ops in 0s for []; subscribers: 85000 by talk in 7m5s for [{680000000 KRW}]; " +
			"subscribers: 15000 by sms in 5m0s for [{450000000 KRW}]; subscribers: 10 by  (no address of a kind that the plan uses) in 0s for []; "},
	} {
		var got strings.Builder
		for _, h := range town.Rehearse(test.failed, crowds) {
			by := h.Channel
			if h.Why != "" {
				by += " (" + h.Why + ")"
			}
			fmt.Fprintf(&got, "%s: %d by %s in %s for %v; ", h.Audience, h.People, by, h.Took(), h.Costs)
		}
		if got.String() != test.want {
			t.Errorf("%s fails:\n got %s\nwant %s", test.failed, got.String(), test.want)
		}
	}
}

func TestETA(t *testing.T) {
	for _, test := range []struct {
		name string
		o    notifier.Outlook
		want time.Duration
		ok   bool
	}{
		{"nothing is left", notifier.Outlook{}, 0, true},
		{"its own and what goes first", notifier.Outlook{Left: 1000, Ahead: 500, Rate: 100}, 15 * time.Second, true},
		{"nothing moves", notifier.Outlook{Left: 1000}, 0, false},
	} {
		if got, ok := test.o.ETA(); got != test.want || ok != test.ok {
			t.Errorf("%s: %s, %t", test.name, got, ok)
		}
	}
	swift, slow := notifier.Outlook{Left: 10, Rate: 10}, notifier.Outlook{Left: 60, Rate: 1}
	for _, test := range []struct {
		name  string
		ahead map[string]notifier.Outlook
		want  time.Duration
		ok    bool
	}{
		{"all has left", nil, 0, true},
		{"the slowest is the last", map[string]notifier.Outlook{"mail": swift, "sms": slow}, time.Minute, true},
		{"one of them does not move", map[string]notifier.Outlook{"mail": swift, "sms": {Left: 1}}, 0, false},
	} {
		if got, ok := notifier.LastETA(test.ahead); got != test.want || ok != test.ok {
			t.Errorf("%s: %s, %t", test.name, got, ok)
		}
	}
}

// What a channel's gateways take in a second, while they take it: half a slot is
// not counted as a whole one, neither the one that lasts nor that in which they
// began.
func TestRateOf(t *testing.T) {
	second, slot := time.Second, notifier.PulseSlot
	for _, test := range []struct {
		name string
		took []int64 // slot by slot, from noon on
		now  time.Duration
		want float64
	}{
		{"nothing", nil, slot, 0},
		{"a slot that is over", []int64{600}, 3 * slot, 60},
		{"two seconds of the first", []int64{120}, 2 * second, 60},
		{"as soon as can be", []int64{30}, 0, 30},
		{"begun in the middle of a slot", []int64{60, 600}, 2 * slot, 60},
		{"and five seconds of the next", []int64{60, 600, 300}, 2*slot + 5*second, 60},
		{"begun at a slot's end, a second ago", []int64{540, 60}, slot + second, 600. / 11},
		{"with a pause between", []int64{600, 0, 600, 600}, 4 * slot, 60},
		{"a clock that is behind", []int64{600, 600}, -slot, 60},
	} {
		var beats []notifier.Beat
		for i, taken := range test.took {
			beats = append(beats, notifier.Beat{At: noon.Add(time.Duration(i) * slot), Taken: taken / 3})
		}
		others := make([]notifier.Beat, len(beats))
		for i, b := range beats {
			others[i] = notifier.Beat{At: b.At, Taken: test.took[i] - b.Taken}
		}
		got := notifier.RateOf("sms", map[string][]notifier.Beat{"sms/one": beats, "sms/two": others, "smsx/one": {{At: noon, Taken: 9000}}}, noon.Add(test.now))
		if math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %g a second, want %g", test.name, got, test.want)
		}
	}
}
