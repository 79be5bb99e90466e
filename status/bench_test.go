package status_test

import (
	"fmt"
	"testing"
	"time"

	"bongsu/status"
)

// city is n components of ten to a login, each with one check.
func city(n int) *status.Model {
	m := &status.Model{
		Site: status.Site{Zone: seoul}, Groups: []status.Group{{ID: "all"}}, Locations: []string{"seoul"}, Rules: rules,
	}
	for i := range n {
		id := fmt.Sprintf("c%05d", i)
		c := status.Component{ID: id, Group: "all", Domains: []string{fmt.Sprintf("dc%d", i%20)}}
		if i%10 != 0 {
			c.Needs = []status.Need{{ID: fmt.Sprintf("c%05d", i-i%10)}}
		}
		c.Checks = []status.Check{{ID: id + "/1", Depth: status.Function, Fresh: 30 * time.Second}}
		m.Components = append(m.Components, c)
	}
	return m
}

// settled is a city in which all is well.
func settled(n int) (*status.Model, *status.Board, time.Time) {
	m := city(n)
	b, now := status.NewBoard(m, status.Memory{}, &counter{}), start
	for i := range m.Components {
		b.Vote(status.Vote{Check: m.Components[i].Checks[0].ID, Location: "seoul", Outcome: status.OK, At: now})
	}
	b.Judge(now)
	return m, b, now
}

var sizes = []int{10, 100, 1_000, 10_000}

// A vote that says what was known, judged at once, each check looked at every
// ten seconds: the work of a quiet day, with 10,000 checks 1,000 times a second.
func BenchmarkVoteQuiet(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			m, board, now := settled(n)
			pace := 10 * time.Second / time.Duration(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now = now.Add(pace)
				board.Vote(status.Vote{Check: m.Components[i%n].Checks[0].ID, Location: "seoul", Outcome: status.OK, At: now})
				if c := board.Judge(now); !c.Empty() {
					b.Fatalf("on a quiet day came %+v", c)
				}
				board.Due()
			}
		})
	}
}

// A component that fails and recovers, with the whole graph judged and an
// incident told each time.
func BenchmarkJudgeChange(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			m := city(n)
			m.Rules.Confirm, m.Rules.Recover = 1, 1
			for i := range m.Components {
				m.Components[i].Checks[0].Fresh = 1000 * time.Hour
			}
			board, now := status.NewBoard(m, status.Memory{}, &counter{}), start
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now = now.Add(2 * time.Hour) // past the watch, so each failure is a story of its own
				board.Judge(now)
				o := status.Failed
				if i%2 == 1 {
					o = status.OK
				}
				board.Vote(status.Vote{Check: m.Components[n-1].Checks[0].ID, Location: "seoul", Outcome: o, At: now})
				board.Judge(now)
			}
		})
	}
}

// The page, after one of its components has changed.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range []int{60, 2_000} {
		b.Run(fmt.Sprintf("components=%d", n), func(b *testing.B) {
			_, board, now := settled(n)
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Millisecond)
				board.Snapshot(now)
			}
		})
	}
}
