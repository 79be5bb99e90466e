package notifier

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics is what a sender counts.
type Metrics struct {
	depth     prometheus.Gauge
	oldest    prometheus.Gauge
	answers   *prometheus.CounterVec
	strangers prometheus.Counter
	sending   *prometheus.HistogramVec
	stages    *prometheus.GaugeVec
	rescued   *prometheus.CounterVec
	twice     *prometheus.GaugeVec
}

// NewMetrics makes the metrics and registers them; a nil registerer leaves
// them to themselves.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		depth: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bongsu_queue_recipients", Help: "Recipients in batches that are not done.",
		}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "bongsu_queue_oldest_due_seconds", Help: "How long the longest-waiting ready batch has been due.",
		}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bongsu_gateway_answers_total", Help: "Hand-overs by gateway and class of answer: ok, recipient, rejected, throttled, uncertain, error.",
		}, []string{"gateway", "class"}),
		strangers: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bongsu_receipts_unknown_total", Help: "Receipts whose delivery key is not ours or not there any more.",
		}),
		sending: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bongsu_gateway_seconds", Help: "How long gateways take to answer a hand-over.",
			Buckets: []float64{.01, .03, .1, .3, 1, 3, 10},
		}, []string{"gateway"}),
	}
	m.stages = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "bongsu_gateway_stage", Help: "How far a gateway is trusted: 0 well, 1 dead, 2 a hundredth, 3 a tenth.",
	}, []string{"gateway"})
	m.rescued = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bongsu_rescued_total", Help: "People moved on because the gateway that took their message was judged dead.",
	}, []string{"channel"})
	m.twice = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "bongsu_heard_twice_ratio", Help: "The part of the latest rescued notice's people whose first message was delivered after all.",
	}, []string{"channel"})
	if r != nil {
		r.MustRegister(m.depth, m.oldest, m.answers, m.strangers, m.sending, m.stages, m.rescued, m.twice)
	}
	return m
}

func (m *Metrics) queue(q Queue, now time.Time) {
	m.depth.Set(float64(q.Depth))
	age := 0.0
	if !q.Oldest.IsZero() {
		age = max(now.Sub(q.Oldest).Seconds(), 0)
	}
	m.oldest.Set(age)
}

// told is a gateway's own lines in the metrics, of what is counted most.
type told struct {
	once    sync.Once
	ok      prometheus.Counter
	seconds prometheus.Observer
}

func (m *Metrics) answered(g *gate, v *verdict, took time.Duration) {
	g.told.once.Do(func() {
		g.told.ok, g.told.seconds = m.answers.WithLabelValues(g.Name, classOK), m.sending.WithLabelValues(g.Name)
	})
	g.told.seconds.Observe(took.Seconds())
	if class := v.class(); class != classOK {
		m.answers.WithLabelValues(g.Name, class).Inc()
		return
	}
	g.told.ok.Inc()
}
