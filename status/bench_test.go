package status_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"bongsu/status"
)

// city is n components of ten to a login, each with one check.
func city(n int) *status.Model {
	m := &status.Model{
		Site: status.Site{Zone: seoul}, Groups: []status.Group{{ID: "all"}}, Locations: locations("seoul"), Rules: rules,
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

// The page, after one of its components has been looked at, and after all have
// been: the bytes that a snapshot has of its own.
func BenchmarkSnapshot(b *testing.B) {
	for _, n := range []int{60, 2_000, 10_000} {
		for _, looked := range []int{1, n} {
			b.Run(fmt.Sprintf("components=%d/looked=%d", n, looked), func(b *testing.B) {
				m, board, now := settled(n)
				board.Snapshot(now)
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					now = now.Add(time.Second)
					for i := range looked {
						board.Vote(status.Vote{Check: m.Components[i].Checks[0].ID, Location: "seoul", Outcome: status.OK, At: now})
					}
					board.Judge(now)
					b.StartTimer()
					board.Snapshot(now)
				}
			})
		}
	}
}

// What a board and the page it shows weigh while they live, 90 days behind
// them: heap bytes of each component.
func BenchmarkResident(b *testing.B) {
	const n = 10_000
	for _, tt := range []struct {
		name  string
		spell int // every so many days each component was down for a minute
	}{{"uneventful", 0}, {"eventful", 10}} {
		b.Run(fmt.Sprintf("components=%d/%s", n, tt.name), func(b *testing.B) {
			for b.Loop() {
				m, before := city(n), heap()
				board := status.NewBoard(m, past(m, tt.spell), &counter{})
				board.Judge(start)
				for i := range m.Components {
					board.Vote(status.Vote{Check: m.Components[i].Checks[0].ID, Location: "seoul", Outcome: status.OK, At: start})
				}
				board.Judge(start)
				one, two := board.Snapshot(start), board.Snapshot(start.Add(time.Second)) // the page, and the one before
				b.ReportMetric(float64(heap()-before)/n, "B/component")
				runtime.KeepAlive(one)
				runtime.KeepAlive(two)
				runtime.KeepAlive(board)
			}
		})
	}
}

// past is what a memory has of components that were well for 100 days, but for
// a minute every so many days if spell is not 0.
func past(m *status.Model, spell int) status.Memory {
	var memory status.Memory
	begin := start.Add(-100 * 24 * time.Hour)
	for i := range m.Components {
		id, since := m.Components[i].ID, begin
		for day := spell; spell > 0 && day < 100; day += spell {
			at := begin.Add(time.Duration(day)*24*time.Hour + time.Duration(i)*time.Second)
			memory.Intervals = append(memory.Intervals,
				status.Interval{Component: id, State: status.Operational, Since: since, Until: at},
				status.Interval{Component: id, State: status.MajorOutage, Since: at, Until: at.Add(time.Minute)})
			since = at.Add(time.Minute)
		}
		memory.Conditions = append(memory.Conditions, status.Condition{Component: id, State: status.Operational, Since: since, Version: 1})
		check := m.Components[i].Checks[0].ID
		memory.Standings = append(memory.Standings, status.Standing{
			Vote: status.Vote{Check: check, Location: "seoul", Outcome: status.OK, At: start.Add(-time.Second)},
			Said: start.Add(-time.Second), Level: status.LevelOK, Recent: "000",
		})
	}
	return memory
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
