package drill_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"bongsu/drill"
)

// BenchmarkHandOver measures how many messages a second the gateways take, with
// the log on, beside a bare net/http server that reads the same request and
// writes a fixed answer. Client and server share the machine.
//
//	go test ./drill -run '^$' -bench HandOver -benchtime 3s
func BenchmarkHandOver(b *testing.B) {
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"sid":"SM00000000000000000000000000000000","status":"queued"}`)
	}))
	defer bare.Close()
	city := runCity(b, quick)
	for _, gateway := range []struct {
		name string
		at   string
		s    drill.Service
	}{
		{"bare", bare.URL, drill.SMS},
		{"twilio", city.URL(drill.SMS), drill.SMS},
		{"alimtalk", city.URL(drill.AlimTalk), drill.AlimTalk},
		{"slack", city.URL(drill.Slack), drill.Slack},
	} {
		b.Run(gateway.name, func(b *testing.B) { handOver(b, gateway.at, tasks(city.Keys())[gateway.s], city.Keys()) })
	}
}

func handOver(b *testing.B, base string, task task, keys drill.Keys) {
	const inFlight = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	defer client.CloseIdleConnections()
	var failed atomic.Int64
	b.SetParallelism(inFlight / 2)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if !handOverOne(b.Context(), client, base, task, keys) {
				failed.Add(1)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	if failed.Load() > 0 {
		b.Errorf("%d of %d hand-overs failed", failed.Load(), b.N)
	}
}

func handOverOne(ctx context.Context, client *http.Client, base string, task task, keys drill.Keys) bool {
	request, err := http.NewRequestWithContext(ctx, task.method, base+task.path, strings.NewReader(task.body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", task.kind)
	task.auth(request, keys)
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode == task.status
}
