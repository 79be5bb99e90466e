package sample

import (
	"fmt"
	"time"

	"bongsu/status"
)

// Older are outages of the five years before a sample's 90 days, five of which
// lasted over two hours.
func Older() []status.Incident {
	var older []status.Incident
	for n, o := range []struct {
		days      int
		lasted    time.Duration
		component string
		worst     status.State
	}{
		{120, 41 * time.Minute, "pay", status.PartialOutage},
		{171, 3*time.Hour + 5*time.Minute, "login", status.MajorOutage},
		{302, 18 * time.Minute, "taxi", status.PartialOutage},
		{398, 2*time.Hour + 21*time.Minute, "place-search", status.MajorOutage},
		{640, 55 * time.Minute, "chat-text", status.DegradedPerformance},
		{905, 4*time.Hour + 2*time.Minute, "chat-text", status.MajorOutage},
		{1190, 127*time.Hour + 30*time.Minute, "login", status.MajorOutage},
		{1502, 2*time.Hour + 48*time.Minute, "pay", status.PartialOutage},
		{1720, 26 * time.Minute, "bank-core", status.PartialOutage},
	} {
		began := Now().AddDate(0, 0, -o.days)
		older = append(older, status.Incident{
			ID: fmt.Sprintf("01J%07d", 9999-o.days), Code: fmt.Sprintf("AB%02d", n), Cause: "component:" + o.component,
			Stage: status.Resolved, Worst: o.worst, Began: began, Detected: began, Resolved: began.Add(o.lasted),
			Components: []status.Affected{{Component: o.component, State: status.Operational, Worst: o.worst, Cause: true, Since: began, Until: began.Add(o.lasted)}},
		})
	}
	return older
}

// Points are a day of looks: quick at night, slower by day, and for two hours
// without an answer.
func Points() []status.Point {
	var points []status.Point
	first := Now().Truncate(time.Hour).Add(-23 * time.Hour)
	for n := range 24 {
		wave := time.Duration(n%12) * 14 * time.Millisecond
		p := status.Point{At: first.Add(time.Duration(n) * time.Hour), Span: time.Hour, OK: 58, Slow: 2, P50: 160*time.Millisecond + wave, P95: 290*time.Millisecond + 2*wave}
		if n == 9 || n == 10 {
			p = status.Point{At: p.At, Span: time.Hour, Failed: 60}
		}
		points = append(points, p)
	}
	return points
}
