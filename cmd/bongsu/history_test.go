package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// aPast is a folder with a configuration and a database that has seen something.
func aPast(t *testing.T) (config string) {
	t.Helper()
	dir := t.TempDir()
	config = filepath.Join(dir, "bongsu.yaml")
	var out strings.Builder
	if code := run(t.Context(), []string{"init", dir}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	s, err := store.Open(t.Context(), filepath.Join(dir, "bongsu.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Date(2026, 10, 15, 6, 30, 0, 0, time.UTC)
	look := func(check, location string, after time.Duration, outcome status.Outcome, reason string) status.Vote {
		return status.Vote{Check: check, Location: location, At: at.Add(after), Took: 20*time.Millisecond + after/1000, Outcome: outcome, Reason: reason}
	}
	if err := s.Record(t.Context(), notifier.Record{
		Looks: []status.Vote{
			look("pay/front", "seoul-1", 0, status.OK, ""),
			look("pay/front", "seoul-1", 10*time.Second, status.Slow, `=cmd|"/c calc"!A1, 응답`),
			look("pay/front", "seoul-1", 6*time.Minute, status.Failed, "timeout"),
			look("pay/front", "busan-1", time.Second, status.OK, ""),
			look("payments/1", "seoul-1", 0, status.OK, ""),
		},
		Change: status.Change{Closed: []status.Interval{{Component: "pay", State: status.Operational, Since: at.Add(-time.Hour), Until: at.Add(6 * time.Minute)}}},
	}); err != nil {
		t.Fatal(err)
	}
	return config
}

func TestHistoryIsWritten(t *testing.T) {
	config := aPast(t)
	for _, c := range []struct {
		name string
		args string
		want string
	}{
		{
			"every look, nothing a spreadsheet would run", "pay --step raw",
			"check,location,at,outcome,took_ms,reason\n" +
				"pay/front,busan-1,2026-10-15T06:30:01Z,ok,21,\n" +
				"pay/front,seoul-1,2026-10-15T06:30:00Z,ok,20,\n" +
				`pay/front,seoul-1,2026-10-15T06:30:10Z,slow,30,"'=cmd|""/c calc""!A1, 응답"` + "\n" +
				"pay/front,seoul-1,2026-10-15T06:36:00Z,failed,380,timeout\n",
		},
		{
			"what they come to", "pay/front --step 5m",
			"check,location,at,span_s,ok,slow,wrong,failed,inconclusive,mean_ms,p50_ms,p95_ms,p99_ms,max_ms\n" +
				"pay/front,busan-1,2026-10-15T06:30:00Z,300,1,0,0,0,0,21,21,21,21,21\n" +
				"pay/front,seoul-1,2026-10-15T06:30:00Z,300,1,1,0,0,0,25,20,30,30,30\n" +
				"pay/front,seoul-1,2026-10-15T06:35:00Z,300,0,0,0,1,0,,,,,\n",
		},
		{
			"as JSON, by a step that fits", "payments --format json",
			"[\n" + `{"check":"payments/1","location":"seoul-1","at":"2026-10-15T06:30:00Z","span_s":300,"ok":1,"slow":0,"wrong":0,"failed":0,` +
				`"inconclusive":0,"mean_ms":20,"p50_ms":20,"p95_ms":20,"p99_ms":20,"max_ms":20}` + "\n]\n",
		},
		{
			"states", "pay --states",
			"component,state,since,until\npay,operational,2026-10-15T05:30:00Z,2026-10-15T06:36:00Z\n",
		},
		{"a time in which nothing was seen", "pay --states --format json --from 2026-10-14 --until 2026-10-15T01:00:00Z", "[\n]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs strings.Builder
			args := []string{"history", "-c", config}
			if !strings.Contains(c.args, "--from") {
				args = append(args, "--from", "2026-10-15", "--until", "2026-10-16")
			}
			if code := run(t.Context(), append(args, strings.Fields(c.args)...), &out, &errs); code != 0 {
				t.Fatalf("exit %d: %s", code, errs.String())
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
			if strings.Contains(c.args, "json") {
				if !json.Valid([]byte(out.String())) {
					t.Error("it is no JSON")
				}
			} else if _, err := csv.NewReader(strings.NewReader(out.String())).ReadAll(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The keeper ends when it is told to, whatever it is at.
func TestHistoryIsKeptInOrder(t *testing.T) {
	config := aPast(t)
	s, err := store.Open(t.Context(), filepath.Join(filepath.Dir(config), "bongsu.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, stop := context.WithCancel(t.Context())
	calls := make(chan time.Time)
	done := make(chan struct{})
	go func() {
		defer close(done)
		keepHistory(ctx, s, func() time.Time { at := time.Now(); calls <- at; return at }, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	}()
	<-calls
	stop()
	<-done
}
