//go:build bench

package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// TestBenchHistory measures what an hour of a thousand looks a second costs:
// records of each second with their standings, and compaction each minute,
// beside a bare loop that inserts the same number of bytes in as many commits.
func TestBenchHistory(t *testing.T) {
	hour := time.Hour
	for _, run := range []struct{ name, address string }{
		{"SQLite FULL", filepath.Join(t.TempDir(), "bongsu.db")},
		{"PostgreSQL", newPostgres(t)},
	} {
		s := openAt(t, run.address, store.Options{})
		var recording, compacting time.Duration
		var longest, recordLongest time.Duration
		looks, now, wall := 0, noon, time.Now()
		for now.Before(noon.Add(hour)) {
			r := secondOf(now)
			looks += len(r.Looks)
			cpu, begun := cpuTime(t), time.Now()
			record(t, s, r)
			recording += cpuTime(t) - cpu
			recordLongest = max(recordLongest, time.Since(begun))
			if now = now.Add(time.Second); now.Second() == 0 {
				cpu, begun = cpuTime(t), time.Now()
				compact(t, s, now)
				compacting += cpuTime(t) - cpu
				longest = max(longest, time.Since(begun))
			}
		}
		took := time.Since(wall)
		cpu := cpuTime(t)
		compact(t, s, now.Add(20*time.Minute)) // the hour's blocks
		hours := cpuTime(t) - cpu
		cpu = cpuTime(t)
		compact(t, s, now.Add(25*time.Hour)) // and a day's points
		days := cpuTime(t) - cpu
		per := func(d time.Duration) time.Duration { return (d * 1000 / time.Duration(looks)).Round(time.Microsecond) }
		fmt.Printf("%-12s %d looks in %s: CPU for 1,000 looks: record %s, compaction %s + hours %s + days %s; longest record %s, longest minute's compaction %s\n",
			run.name, looks, took.Round(time.Second), per(recording), per(compacting), per(hours), per(days), recordLongest.Round(time.Millisecond), longest.Round(time.Millisecond))
		fmt.Printf("%-12s on disk for a million looks: %.1f MB\n", run.name, float64(sizeOf(t, run.address))/1e6/(float64(looks)/1e6))
	}
	fmt.Printf("%-12s bare loop of one insert a second of as many bytes: CPU for 1,000 looks %s\n", "SQLite FULL", bareInserts(t, int(hour/time.Second)))
}

// secondOf is what a second of ten thousand checks looked at each ten seconds
// leaves behind.
func secondOf(now time.Time) notifier.Record {
	var r notifier.Record
	for i := range 1000 {
		n := int(now.Unix()%10)*1000 + i
		at := now.Add(time.Duration(i) * time.Millisecond)
		took := 20*time.Millisecond + time.Duration((n*7919+int(now.Unix())*104729)%40_000)*time.Microsecond
		v := status.Vote{Check: fmt.Sprintf("service-%04d/front", n), Location: "seoul-1", Outcome: status.OK, At: at, Took: took}
		if n%97 == 0 {
			v.Outcome, v.Reason = status.Failed, "dial tcp 192.0.2.1:443: connection refused"
		}
		r.Looks = append(r.Looks, v)
		r.Standings = append(r.Standings, status.Standing{Vote: v, Level: status.LevelOK, Recent: "000", Said: at, Turned: noon, Usual: took, Lately: took})
	}
	return r
}

// bareInserts commits as many bytes as a second's looks take.
func bareInserts(t *testing.T, seconds int) time.Duration {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE bare (id INTEGER PRIMARY KEY, body BLOB NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	body := store.Body(secondOf(noon).Looks)
	cpu := cpuTime(t)
	for range seconds {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO bare (body) VALUES ($1)", body); err != nil {
			t.Fatal(err)
		}
	}
	return ((cpuTime(t) - cpu) / time.Duration(seconds)).Round(time.Microsecond)
}

// TestBenchHistoryQuery measures queries after a day and after two years.
func TestBenchHistoryQuery(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bongsu.db"), store.Options{Scratch: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const series = 32
	begin := noon.Truncate(fullDay)
	for n := range 731 {
		now := begin.Add(time.Duration(n) * fullDay)
		var votes []status.Vote
		for minute := 0; minute < 24*60; minute += 20 {
			for i := range series {
				v := checkNo(i)
				votes = append(votes, status.Vote{Check: v.Check, Location: v.Location, At: now.Add(time.Duration(minute) * time.Minute), Took: time.Duration(minute+i) * time.Millisecond, Outcome: status.OK})
			}
		}
		recordLooks(t, s, votes)
		now = now.Add(fullDay)
		compact(t, s, now.Add(time.Hour))
		if n != 0 && n != 730 {
			continue
		}
		for _, q := range []struct{ step, back time.Duration }{
			{status.StepFine, fullDay}, {status.StepFine, 30 * fullDay}, {status.StepHourly, 30 * fullDay}, {status.StepDaily, 730 * fullDay},
		} {
			const many = 200
			begun, points := time.Now(), 0
			for i := range many {
				found, err := s.Points(t.Context(), status.HistoryQuery{Series: checkNo(i % series), From: now.Add(-q.back), Until: now, Step: q.step})
				if err != nil {
					t.Fatal(err)
				}
				points = len(found)
			}
			fmt.Printf("after %3d days: the last %4.0f days by %-6s %6s a query of %d points\n", n+1, q.back.Hours()/24, q.step, (time.Since(begun) / many).Round(10*time.Microsecond), points)
		}
	}
}

func cpuTime(t *testing.T) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// sizeOf is what the history takes on disk.
func sizeOf(t *testing.T, address string) int64 {
	if info, err := os.Stat(address); err == nil {
		return info.Size()
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var size int64
	if err := db.QueryRowContext(t.Context(), "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'look_%' AND relkind = 'r'").Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}
