package status_test

import (
	"testing"
	"time"

	"bongsu/status"
)

func TestALevelChangesOnlyWhenLooksAgree(t *testing.T) {
	const (
		unknown = status.LevelUnknown
		ok      = status.LevelOK
		slow    = status.LevelSlow
		fail    = status.LevelFail
	)
	outcomes := map[rune]status.Outcome{
		'o': status.OK, 's': status.Slow, 'w': status.Wrong, 'f': status.Failed, '-': status.Inconclusive,
	}
	for _, tt := range []struct {
		name    string
		confirm int
		recover int
		looks   string
		want    []status.Level // after each look
	}{
		{"the first ok needs no confirmation", 3, 3, "o", []status.Level{ok}},
		{"the first failures do", 3, 3, "fff", []status.Level{unknown, unknown, fail}},
		{"wrong counts as failing", 2, 2, "wf", []status.Level{unknown, fail}},
		{"a first failure is forgotten at the first ok", 3, 3, "fo", []status.Level{unknown, ok}},
		{"one blip is forgiven", 2, 2, "ofof", []status.Level{ok, ok, ok, ok}},
		{"enough in a row confirm", 2, 2, "off", []status.Level{ok, ok, fail}},
		{"it rises to the least bad of them", 2, 2, "ofs", []status.Level{ok, ok, slow}},
		{"slow becomes failing when that is confirmed", 2, 2, "ossff", []status.Level{ok, ok, slow, slow, fail}},
		{"recovery needs its own looks", 1, 3, "offooo", []status.Level{ok, fail, fail, fail, fail, ok}},
		{"it falls to the worst of them", 1, 2, "fso", []status.Level{fail, fail, slow}},
		{"a relapse starts the recovery anew", 2, 2, "ffofoo", []status.Level{unknown, fail, fail, fail, fail, ok}},
		{"inconclusive looks change nothing and break no streak", 2, 2, "of-f-", []status.Level{ok, ok, ok, fail, fail}},
		{"one is enough where the rules say so", 1, 1, "ofo", []status.Level{ok, fail, ok}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := model("chat")
			m.Rules.Confirm, m.Rules.Recover = tt.confirm, tt.recover
			b := status.NewBoard(m, status.Memory{}, &counter{})
			for i, look := range tt.looks {
				b.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: outcomes[look], At: start.Add(time.Duration(i) * time.Second)})
				s, _ := b.Standing("chat/1", "seoul")
				if s.Level != tt.want[i] {
					t.Errorf("after %q the level is %d, want %d", tt.looks[:i+1], s.Level, tt.want[i])
				}
			}
		})
	}
}

func TestALookThatDisagreesAsksForAnother(t *testing.T) {
	m := model("chat")
	b := status.NewBoard(m, status.Memory{}, &counter{})
	for i, step := range []struct {
		look      status.Outcome
		unsettled bool
	}{
		{status.OK, false},
		{status.Failed, true},
		{status.Inconclusive, false},
		{status.Failed, true},
		{status.Failed, false}, // confirmed
		{status.OK, true},
		{status.OK, true},
		{status.OK, false}, // recovered
		{status.Slow, true},
	} {
		v := status.Vote{Check: "chat/1", Location: "seoul", Outcome: step.look, At: start.Add(time.Duration(i) * time.Second)}
		if got := b.Vote(v).Again; got != step.unsettled {
			t.Errorf("look %d (%s): unsettled is %t, want %t", i, step.look, got, step.unsettled)
		}
	}
}

func TestAStandingRemembersWhatARestartNeeds(t *testing.T) {
	m := model("chat")
	b := status.NewBoard(m, status.Memory{}, &counter{})
	for i, o := range []status.Outcome{status.OK, status.OK, status.Failed, status.Slow, status.Inconclusive} {
		b.Vote(status.Vote{Check: "chat/1", Location: "seoul", Outcome: o, At: start.Add(time.Duration(i) * time.Second)})
	}
	s, known := b.Standing("chat/1", "seoul")
	if !known || s.Recent != "021" || !s.Said.Equal(start.Add(3*time.Second)) ||
		!s.Turned.Equal(start.Add(2*time.Second)) || s.Outcome != status.Inconclusive {
		t.Errorf("the standing is %+v", s)
	}
}

func TestOldAndForeignVotesChangeNothing(t *testing.T) {
	m := model("chat")
	b := status.NewBoard(m, status.Memory{}, &counter{})
	cast := func(check, place string, o status.Outcome, at time.Time) {
		b.Vote(status.Vote{Check: check, Location: place, Outcome: o, At: at})
	}
	cast("chat/1", "seoul", status.OK, start)
	cast("chat/1", "seoul", status.Failed, start.Add(-time.Minute))
	cast("chat/1", "seoul", status.Failed, start)
	cast("chat/1", "nowhere", status.Failed, start.Add(time.Minute))
	cast("mail/1", "seoul", status.Failed, start.Add(time.Minute))
	if all := b.Standings(); len(all) != 1 || all[0].Recent != "0" {
		t.Errorf("the standings are %+v", all)
	}
}
