package incoming

import (
	"encoding/json"
	"fmt"
	"time"
)

// envelope is the body of Alertmanager's webhook, version 4
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
// Fields that we do not read may be there.
type envelope struct {
	Version string      `json:"version"`
	Alerts  []alertBody `json:"alerts"`
}

type alertBody struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
}

func (s *Source) readAlertmanager(body []byte, now time.Time) (Report, error) {
	var r Report
	if err := shallow(body); err != nil {
		return r, err
	}
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		return r, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	switch {
	case e.Version != "4":
		return r, fmt.Errorf("%w: version is %q, not \"4\"", ErrMalformed, e.Version)
	case len(e.Alerts) > mostAlerts:
		return r, fmt.Errorf("%w: more than %d alerts; set max_alerts of the receiver", ErrMalformed, mostAlerts)
	}
	for i := range e.Alerts {
		a := &e.Alerts[i]
		if a.Status != "firing" && a.Status != "resolved" {
			return Report{}, fmt.Errorf("%w: an alert is %q, neither firing nor resolved", ErrMalformed, a.Status)
		}
		r.add(s, a.alert(), now)
	}
	return r, nil
}

func (a *alertBody) alert() *alert {
	summary := a.Annotations["summary"]
	for _, other := range []string{a.Annotations["description"], a.Annotations["message"], a.Labels["alertname"]} {
		if summary == "" {
			summary = other
		}
	}
	key := a.Fingerprint
	if key == "" { // before Alertmanager 0.20
		key = fmt.Sprint(a.Labels) // maps print in order
	}
	return &alert{
		value: func(name string) (string, bool) { v, ok := a.Labels[name]; return v, ok },
		key:   key, summary: summary, over: a.Status == "resolved", since: a.StartsAt,
	}
}
