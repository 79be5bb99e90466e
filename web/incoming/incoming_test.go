package incoming_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/web/incoming"
)

var noon = time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC)

func match(t testing.TB, name, pattern string) incoming.Match {
	t.Helper()
	p, err := incoming.Pattern(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return incoming.Match{Name: name, Pattern: p}
}

// sources are one of each kind: of a shop whose payments fail.
func sources(t testing.TB) (prom, desk *incoming.Source) {
	t.Helper()
	secret := notifier.NewSecret("s3cret")
	prom = &incoming.Source{ID: "prom", Kind: incoming.Alertmanager, Token: secret, Lasts: time.Hour, Rules: []incoming.Rule{
		{Match: []incoming.Match{match(t, "alertname", "Pay.*"), match(t, "severity", "page")}, Component: "pay", State: status.MajorOutage},
		{Match: []incoming.Match{match(t, "alertname", "Pay.*")}, Component: "pay", State: status.DegradedPerformance},
	}}
	desk = &incoming.Source{ID: "desk", Kind: incoming.JSON, Token: secret, Lasts: time.Hour, Rules: []incoming.Rule{
		{Match: []incoming.Match{match(t, "host.name", "pay-.*")}, Component: "pay", State: status.PartialOutage},
	}, Fields: incoming.Fields{List: "events", Key: "id", Resolved: "value", Over: []string{"0", "false"}, Summary: "name", Since: "at"}}
	return prom, desk
}

const fired = `{"version": "4", "status": "firing", "receiver": "bongsu", "groupKey": "{}", "alerts": [
  {"status": "firing", "labels": {"alertname": "PayErrors", "severity": "page"}, "annotations": {"summary": "5xx above 10 %\nfor a minute"},
   "startsAt": "2026-03-14T02:58:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "", "fingerprint": "ab12"},
  {"status": "resolved", "labels": {"alertname": "PaySlow"}, "annotations": {}, "startsAt": "2026-03-14T02:50:00Z", "endsAt": "2026-03-14T02:59:00Z", "fingerprint": "cd34"},
  {"status": "firing", "labels": {"alertname": "DiskFull"}, "annotations": {}, "startsAt": "2026-03-14T02:50:00Z", "fingerprint": "ef56"}]}`

func TestAlertsBecomeSuspicions(t *testing.T) {
	prom, desk := sources(t)
	until := noon.Add(time.Hour)
	for _, tt := range []struct {
		name, body string
		source     *incoming.Source
		want       incoming.Report
	}{
		{"Alertmanager", fired, prom, incoming.Report{Unmatched: 1, Suspicions: []status.Suspicion{
			{Component: "pay", Source: "prom", Key: "ab12", State: status.MajorOutage, Summary: "5xx above 10 % for a minute", Since: noon.Add(-2 * time.Minute), Until: until},
			{Component: "pay", Source: "prom", Key: "cd34", State: status.DegradedPerformance, Summary: "PaySlow", Since: noon.Add(-10 * time.Minute), Until: until, Ended: noon},
		}}},
		{"JSON", `{"events": [{"id": 7, "value": true, "name": "queue", "at": "2026-03-14T02:59:00Z", "host": {"name": "pay-1"}},
			{"id": "8", "value": "0", "host": {"name": "pay-2"}}, {"id": "9", "host": {"name": "maps-1"}}]}`, desk, incoming.Report{Unmatched: 1, Suspicions: []status.Suspicion{
			{Component: "pay", Source: "desk", Key: "7", State: status.PartialOutage, Summary: "queue", Since: noon.Add(-time.Minute), Until: until},
			{Component: "pay", Source: "desk", Key: "8", State: status.PartialOutage, Until: until, Ended: noon},
		}}},
	} {
		got, err := tt.source.Read([]byte(tt.body), noon)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWhatIsNoAlert(t *testing.T) {
	prom, desk := sources(t)
	deep := `{"version": "4", "x": ` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`
	for name, c := range map[string]struct {
		source *incoming.Source
		body   string
	}{
		"nothing": {prom, ""}, "an array": {prom, "[]"}, "half": {prom, fired[:200]}, "another version": {prom, `{"version": "5"}`}, "two": {prom, `{"version": "4"} {}`},
		"deep": {prom, deep}, "not UTF-8": {prom, "{\"version\": \"4\xff\"}"}, "another status": {prom, `{"version": "4", "alerts": [{"status": "maybe"}]}`},
		"too many": {prom, `{"version": "4", "alerts": [` + strings.Repeat(`{"status": "firing"},`, 100) + `{"status": "firing"}]}`},
		"no list":  {desk, `{"events": {}}`}, "no key": {desk, `{"events": [{"name": "x"}]}`}, "a key that is no word": {desk, `{"events": [{"id": {}}]}`},
	} {
		if _, err := c.source.Read([]byte(c.body), noon); !errors.Is(err, incoming.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Long words are cut; two long keys stay two.
func TestWordsAreBounded(t *testing.T) {
	_, desk := sources(t)
	long := strings.Repeat("가", 500)
	r, err := desk.Read([]byte(`{"events": [{"id": "`+long+`a", "name": "`+long+`\u202e", "host": {"name": "pay-1"}}, {"id": "`+long+`b", "host": {"name": "pay-1"}}]}`), noon)
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Suspicions[0], r.Suspicions[1]
	if a.Key == b.Key || utf8.RuneCountInString(a.Key) != 120 || utf8.RuneCountInString(a.Summary) != 300 || strings.ContainsRune(a.Summary, '\u202e') {
		t.Errorf("%q, %q, %q", a.Key, b.Key, a.Summary)
	}
}

func TestOnlyTheSourceIsAdmitted(t *testing.T) {
	prom, _ := sources(t)
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for header, want := range map[string]bool{
		"Bearer s3cret": true, "bearer s3cret": true, basic("prom:s3cret"): true, basic(":s3cret"): true,
		"": false, "Bearer": false, "Bearer ": false, "Bearer s3cre": false, "Bearer S3cret": false, "s3cret": false, basic("s3cret"): false,
		"Basic s3cret": false, "Bearer " + strings.Repeat("s", 2000): false, "Digest s3cret": false,
	} {
		if got := prom.Admits(http.Header{"Authorization": {header}}); got != want {
			t.Errorf("%.60q: %v, want %v", header, got, want)
		}
	}
	if (&incoming.Source{}).Admits(http.Header{"Authorization": {"Bearer "}}) {
		t.Error("a source without a token admits everybody")
	}
}

func FuzzRead(f *testing.F) {
	prom, desk := sources(f)
	f.Add([]byte(fired))
	f.Add([]byte(`{"events": [{"id": 7, "value": true, "host": {"name": "pay-1"}}]}`))
	f.Add([]byte(`{"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "Pay"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, s := range []*incoming.Source{prom, desk} {
			r, err := s.Read(body, noon)
			if err != nil && !errors.Is(err, incoming.ErrMalformed) {
				t.Fatal(err)
			}
			for _, one := range r.Suspicions {
				if one.Component != "pay" || !utf8.ValidString(one.Key) || utf8.RuneCountInString(one.Summary) > 300 || !one.Until.Equal(noon.Add(time.Hour)) {
					t.Fatalf("%+v", one)
				}
			}
		}
	})
}
