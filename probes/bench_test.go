package probes_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bongsu/probes"
)

// target answers a small JSON body, as a health address does.
func target(b *testing.B) string {
	return serve(b, says(200, `{"ok":true,"name":"chat"}`, "Content-Type", "application/json")).URL
}

// BenchmarkCheckHTTP is a whole check: a fresh connection, timings of each
// part, two expectations.
func BenchmarkCheckHTTP(b *testing.B) {
	check := newCheck(b, get(target(b), ", expect: [status == 200, json.ok == true]"))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r := check.Probe(context.Background(), time.Now()); r.Outcome != probes.OK {
				b.Error(r.Reason)
				return
			}
		}
	})
}

// BenchmarkBareFresh is the limit: net/http alone, a fresh connection each,
// the same target.
func BenchmarkBareFresh(b *testing.B) {
	url := target(b)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := fetch(client, url); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func fetch(client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// BenchmarkShareOfBare takes turns between the two, so that what else the
// machine does strikes both alike, and reports which share of the bare
// client's rate a check reaches.
func BenchmarkShareOfBare(b *testing.B) {
	url := target(b)
	check := newCheck(b, get(url, ", expect: [status == 200, json.ok == true]"))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var ours, bare time.Duration
	for b.Loop() {
		ours += together(func() error {
			if r := check.Probe(context.Background(), time.Now()); r.Outcome != probes.OK {
				return errors.New(r.Reason)
			}
			return nil
		}, b)
		bare += together(func() error { return fetch(client, url) }, b)
	}
	b.ReportMetric(100*bare.Seconds()/ours.Seconds(), "%ofbare")
	b.ReportMetric(batch*float64(b.N)/ours.Seconds(), "checks/s")
	b.ReportMetric(batch*float64(b.N)/bare.Seconds(), "bare/s")
}

const (
	batch   = 400
	workers = 8
)

// together does a batch of looks with a few workers and says how long it took.
func together(look func() error, b *testing.B) time.Duration {
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(workers)
	for range batch {
		group.Go(look)
	}
	if err := group.Wait(); err != nil {
		b.Error(err)
	}
	return time.Since(began)
}

// BenchmarkCheckInWorld is a look in a drill: no socket, a clock of its own.
func BenchmarkCheckInWorld(b *testing.B) {
	check := newCheck(b, get("http://chat.example/health", ", expect: [status == 200, json.ok == true]"))
	answer := takes(20*time.Millisecond, `{"ok":true,"name":"chat"}`)
	check.World = func(now time.Time) probes.World { return &world{now: now, answer: answer} }
	b.ReportAllocs()
	for b.Loop() {
		if r := check.Probe(context.Background(), midnight); r.Outcome != probes.OK {
			b.Fatal(r.Reason)
		}
	}
}
