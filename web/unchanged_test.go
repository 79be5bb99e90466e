package web_test

import (
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/sample"
)

// The clock alone makes no new page. What readers would read otherwise does, at
// once, and so does half of the time that a page speaks for the present.
func TestAPageIsMadeAnewOnlyForItsReaders(t *testing.T) {
	zone := sample.Calm().Site.Zone
	morning := time.Date(2026, 11, 29, 9, 0, 0, 0, zone)
	later := morning.Add(15 * time.Second)
	for _, c := range []struct {
		name string
		then func(s *status.Snapshot)
		anew bool
	}{
		{"nothing", func(*status.Snapshot) {}, false},
		{"another look", func(s *status.Snapshot) { s.Groups[0].Components[0].Measured = later }, false},
		{"an uptime too little to show", func(s *status.Snapshot) { s.Groups[0].Components[0].Uptime += 1e-9 }, false},
		{"the same for minutes", func(s *status.Snapshot) { s.At = morning.Add(4 * time.Minute) }, false},
		{"half of the time a page is good for", func(s *status.Snapshot) { s.At = morning.Add(5 * time.Minute) }, true},
		{"midnight", func(s *status.Snapshot) { s.At = time.Date(2026, 11, 30, 0, 0, 1, 0, zone) }, true},
		{"a component", func(s *status.Snapshot) {
			c := s.Groups[0].Components[0]
			c.Version, c.State = c.Version+1, status.Unknown
		}, true},
		{"an uptime", func(s *status.Snapshot) { s.Groups[0].Components[0].Uptime -= 0.01 }, true},
		{"an incident", func(s *status.Snapshot) { s.Incidents = sample.Outage().Incidents }, true},
		{"what is told of a past one", func(s *status.Snapshot) { s.Past[0].Version++ }, true},
		{"our own trouble", func(s *status.Snapshot) { s.Impaired = morning }, true},
		{"a doubted location", func(s *status.Snapshot) {
			s.Locations = []status.LocationView{{Location: status.Location{ID: "x"}, Doubts: []status.Doubt{{}}}}
		}, true},
		{"work that begins", func(s *status.Snapshot) {
			s.Maintenance = []status.Maintenance{{ID: "w", From: later, Until: later.Add(time.Hour)}}
		}, true},
		{"another name of the site", func(s *status.Snapshot) { s.Site.Name = status.Text{"ko": "다른 이름"} }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := sample.Calm(), sample.Calm()
			first.At, second.At = morning, later
			server := serve(t, first, web.Options{})
			before := ask(server.Handler(), "GET", "/")
			c.then(second)
			server.Publish(second)
			after := ask(server.Handler(), "GET", "/")
			if anew := before.Header().Get("Etag") != after.Header().Get("Etag"); anew != c.anew {
				t.Errorf("made anew: %t", anew)
			}
		})
	}
}

// A page that shows single looks is as new as they are.
func TestEvidenceIsNeverCarriedOver(t *testing.T) {
	first, second := sample.Calm(), sample.Calm()
	second.At = first.At.Add(15 * time.Second)
	server := serve(t, first, web.Options{})
	path := "/components/" + first.Groups[0].Components[0].ID
	before := ask(server.Handler(), "GET", path)
	server.Publish(second)
	if after := ask(server.Handler(), "GET", path); before.Code != 200 || before.Header().Get("Etag") == after.Header().Get("Etag") {
		t.Errorf("%d, the same page as before", before.Code)
	}
}

// What work comes to pass by itself is told when it does.
func TestWorkBeginsOnThePage(t *testing.T) {
	first, second := sample.Calm(), sample.Calm()
	work := []status.Maintenance{{ID: "w", Title: status.Text{"ko": "점검"}, From: first.At.Add(10 * time.Second), Until: first.At.Add(time.Hour)}}
	first.Maintenance, second.Maintenance = work, work
	second.At = first.At.Add(15 * time.Second)
	server := serve(t, first, web.Options{})
	before := ask(server.Handler(), "GET", "/").Header().Get("Etag")
	server.Publish(second)
	if ask(server.Handler(), "GET", "/").Header().Get("Etag") == before {
		t.Error("the page of before it began")
	}
}
