package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// locationMetrics is what is counted of each location.
type locationMetrics struct {
	votes   *prometheus.CounterVec
	newest  *prometheus.GaugeVec
	ahead   *prometheus.GaugeVec
	doubt   *prometheus.GaugeVec
	refused *prometheus.CounterVec
	lost    *prometheus.GaugeVec
}

func newLocationMetrics(r prometheus.Registerer) locationMetrics {
	by := []string{"location"}
	m := locationMetrics{
		votes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bongsu_location_votes_total", Help: "Looks that have come from a location, late ones included.",
		}, by),
		newest: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_location_newest_vote_timestamp_seconds", Help: "When the newest look of a location began: time() less this is its age.",
		}, by),
		ahead: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_location_clock_difference_seconds", Help: "By how much the hub's clock is ahead of an agent's.",
		}, by),
		doubt: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_location_clock_error_seconds", Help: "By how much that may be wrong: half of the time on the line.",
		}, by),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bongsu_location_votes_refused_total", Help: "Looks that did not count and were not kept: the agent's clock is too far off, or they are older than a week, or of checks that the location does not look at.",
		}, by),
		lost: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_location_looks_lost", Help: "Looks that the agent has let go since it started, having no room to keep them while it was cut off.",
		}, by),
	}
	r.MustRegister(m.votes, m.newest, m.ahead, m.doubt, m.refused, m.lost)
	return m
}

// voted counts a location's looks.
func (m *locationMetrics) voted(location string, n int, newest time.Time) {
	m.votes.WithLabelValues(location).Add(float64(n))
	m.newest.WithLabelValues(location).Set(float64(newest.UnixMilli()) / 1000)
}

// arrived counts what an agent has brought.
func (m *locationMetrics) arrived(location string, d *delivery, lost uint64) {
	if n := len(d.votes); n > 0 {
		m.voted(location, n, d.votes[n-1].At)
	}
	m.ahead.WithLabelValues(location).Set(d.clock.Ahead.Seconds())
	m.doubt.WithLabelValues(location).Set(d.clock.Error.Seconds())
	m.refused.WithLabelValues(location).Add(float64(d.refused))
	m.lost.WithLabelValues(location).Set(float64(lost))
}
