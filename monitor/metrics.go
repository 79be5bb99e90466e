package monitor

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bongsu/probes"
)

// Metrics is what a monitor counts. It registers where it is told to, so two
// monitors, or two tests, do not meet in a global.
type Metrics struct {
	looks       *prometheus.CounterVec
	running     prometheus.Gauge
	lateness    prometheus.Histogram
	skipped     prometheus.Counter
	success     *successes
	judging     prometheus.Histogram
	unrecorded  prometheus.Gauge
	failures    prometheus.Counter
	dropped     prometheus.Counter
	panics      prometheus.Counter
	watchdog    *prometheus.CounterVec
	publishings prometheus.Counter
	spent       *prometheus.GaugeVec
	budget      *prometheus.GaugeVec
	locationMetrics
}

// NewMetrics registers the monitor's metrics. It panics if they are registered
// there already, as two monitors that share a registry share one Metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		locationMetrics: newLocationMetrics(r),
		looks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bongsu_check_looks_total", Help: "Looks that have ended, by outcome.",
		}, []string{"outcome"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bongsu_checks_running", Help: "Looks that are under way.",
		}),
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bongsu_check_lateness_seconds", Help: "How long after it was due a look began.",
			Buckets: []float64{.001, .002, .005, .01, .015, .025, .05, .1, .25, 1, 5, 30},
		}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_check_slots_skipped_total", Help: "Slots that passed without their look: the last look still ran, or nobody was there.",
		}),
		success: newSuccesses(),
		judging: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bongsu_judge_seconds", Help: "How long a judgement took, snapshot and words included.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .5, 1},
		}),
		unrecorded: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bongsu_unrecorded", Help: "Changes, notices and answers that are not committed yet.",
		}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_record_failures_total", Help: "Commits that did not succeed and were tried again.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_looks_dropped_total", Help: "Looks the history lacks: the database was away for longer than they can wait.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_check_panics_total", Help: "Looks that ended in a panic; each is a fault of this program.",
		}),
		watchdog: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bongsu_watchdog_total", Help: "Checks that were due and did not run, and stalls of the loops, by reason.",
		}, []string{"reason"}),
		publishings: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_snapshots_published_total", Help: "Snapshots handed to the page.",
		}),
		spent: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_check_daily_looks", Help: "Looks in this hour and the 23 before it, of checks with a daily budget.",
		}, []string{"check"}),
		budget: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "bongsu_check_daily_budget", Help: "Looks a day that a check's target allows.",
		}, []string{"check"}),
	}
	r.MustRegister(m.looks, m.running, m.lateness, m.skipped, m.success, m.judging, m.unrecorded, m.failures, m.dropped, m.panics, m.watchdog, m.publishings, m.spent, m.budget)
	return m
}

func (m *Metrics) ended(check string, r *probes.Result, at time.Time) {
	m.looks.WithLabelValues(outcomeOf(r.Outcome).String()).Inc()
	if r.Outcome == probes.OK {
		m.succeeded(check, at)
	}
}

func (m *Metrics) succeeded(check string, at time.Time) {
	m.success.note(check, at)
}
