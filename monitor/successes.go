package monitor

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// successes is when each check was last ok, as a metric that is put together
// when it is asked for: ten thousand gauges kept ready are a tenth of the
// program's memory.
type successes struct {
	told *prometheus.Desc

	mu sync.Mutex
	at map[string]int64 // by check, Unix milliseconds
}

func newSuccesses() *successes {
	return &successes{
		told: prometheus.NewDesc("bongsu_check_last_success_timestamp_seconds", "When a check was last ok.", []string{"check"}, nil),
		at:   map[string]int64{},
	}
}

func (s *successes) note(check string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[check] = at.UnixMilli()
}

// Describe says what there is, as [prometheus.Collector] asks.
func (s *successes) Describe(to chan<- *prometheus.Desc) { to <- s.told }

// Collect gives a gauge for each check, as [prometheus.Collector] asks.
func (s *successes) Collect(to chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for check, at := range s.at {
		to <- prometheus.MustNewConstMetric(s.told, prometheus.GaugeValue, float64(at)/1000, check)
	}
}
