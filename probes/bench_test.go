package probes_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

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
