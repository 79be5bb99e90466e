package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/status"
	"bongsu/store"
)

// threeConfig is a hub that watches one service from three other locations. It
// looks at the controls itself, and at nothing else.
const threeConfig = `
site: {name: Status, url: "http://{{.Listen}}", languages: [en], contact: ops@status.example}
listen: {{.Listen}}
database: {{.Database}}
keys: env:BONGSU_TEST_KEYS
location: hub
locations: [{id: busan}, {id: daegu}, {id: jeju}]
groups: [{id: maps, name: Maps}]
components:
  - id: route
    group: maps
    name: Directions
    short: routes
    checks:
      - name: ask
        every: 1s
        timeout: 800ms
        depth: function
        locations: [busan, daegu, jeju]
        GET: "http://{{.Targets}}/route"
        headers: {X-From: "${env:WHERE}"}
        expect: ["status == 200"]
      - name: ask at leisure
        every: 2s
        timeout: 800ms
        depth: reach
        locations: [busan, daegu, jeju]
        GET: "http://{{.Targets}}/leisure"
        headers: {X-From: "${env:WHERE}"}
        expect: ["status == 200"]
controls:
  - {name: portal, every: 1s, timeout: 800ms, GET: "http://{{.Targets}}/portal", headers: {X-From: "${env:WHERE}"}, expect: ["status == 200"]}
  - {name: clinic, every: 1s, timeout: 800ms, GET: "http://{{.Targets}}/clinic", headers: {X-From: "${env:WHERE}"}, expect: ["status == 200"]}
judgement: {confirm: 2, recheck: 200ms, recover: 2, fresh: 8x, settle: 0s, watch: 5s}
channels:
  - id: sms
    kind: sms
    gateways:
      - {kind: twilio, account_sid: "env:BONGSU_TEST_SID", auth_token: "env:BONGSU_TEST_TOKEN", from: "{{.From}}", rate: 100/s, base_url: "{{.SMS}}"}
plans: {citizens: [{channel: sms}]}
routes: [{audience: subscribers, plan: citizens, at_least: partial_outage}]
`

// stale is how long a word of threeConfig counts, with room for a busy machine.
const stale = 40 * time.Second

// A hub and three agents, each a process of its own. Lines are cut and slowed
// down, a clock goes wrong: the page tells what can be told, and nobody hears of
// an outage that is none. Then there is one.
func TestLocations(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		refused := inOwnNamespace(t)
		if refused == "" {
			return
		}
		t.Logf("network namespaces are refused (%s): behind proxies of the test instead", refused)
	}
	h := newThree(t)
	t.Run("three locations look", h.allLook)
	t.Run("one is cut off: the others decide", h.cutOne)
	t.Run("two are cut off: nobody can tell, and nobody is told", h.cutTwo)
	t.Run("they come back", h.decided)
	t.Run("the hub is cut off from all of them", h.cutHub)
	t.Run("they come back, and what they saw meanwhile is history", h.afterwards)
	t.Run("one line takes five seconds, one clock is ten minutes off", h.slowAndWrong)
	t.Run("the clock is right again", h.allLook)
	t.Run("no notice went out so far", h.nothingTold)
	t.Run("an outage is announced, once", h.outage)
}

// three is the hub, its agents and the city whose gateway it sends by.
type three struct {
	world  *world
	city   *drill.City
	db     *store.Store
	listen string
	agents []*place // busan, daegu, jeju
	cutAt  time.Time
}

func newThree(t *testing.T) *three {
	city, stop := liveCity(t, drill.Settings{Seed: 11})
	t.Cleanup(stop)
	h := &three{world: newWorld(t), city: city, listen: freeAddress(t)}
	keys := store.NewKeys()
	for name, value := range map[string]string{
		"BONGSU_TEST_KEYS": keys, "BONGSU_TEST_SID": city.Keys().TwilioSID, "BONGSU_TEST_TOKEN": city.Keys().TwilioToken, "WHERE": "hub",
	} {
		t.Setenv(name, value)
	}
	database := filepath.Join(t.TempDir(), "bongsu.db")
	path := filepath.Join(t.TempDir(), "bongsu.yaml")
	writeTemplate(t, threeConfig, path, map[string]any{
		"Listen": h.listen, "Database": database, "From": city.Keys().TwilioFrom, "SMS": city.URL(drill.SMS), "Targets": h.world.targets,
	})
	h.db = campaign{people: 3}.subscribers(t, database, keys)
	startServer(t, path, os.Environ())
	eventually(t, 20*time.Second, "the page", func() bool { return h.get(t, "/", nil) == http.StatusOK })
	for i, id := range []string{"busan", "daegu", "jeju"} {
		var token, errs strings.Builder
		if code := run(t.Context(), []string{"token", "create", "-c", path, "--agent", id}, &token, &errs); code != 0 {
			t.Fatalf("no token for %s: %s", id, errs.String())
		}
		h.agents = append(h.agents, h.world.settle(i+1, id, strings.TrimSpace(token.String()), h.listen))
	}
	return h
}

// get asks the hub, and reads JSON if it is asked to.
func (h *three) get(t *testing.T, path string, into any) int {
	answer, err := http.Get("http://" + h.listen + path)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && into != nil && answer.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, into); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	return answer.StatusCode
}

// shown is what the page tells machines of the one service and of the locations.
type shown struct {
	State  status.State `json:"state"`
	Checks []struct {
		Failing, Passing, Silent, Doubted []string
	} `json:"checks"`
	Impaired  *time.Time
	Incidents int
	Locations []struct {
		ID     string
		Doubts []struct{ Kind status.DoubtKind }
	}
}

func (h *three) look(t *testing.T) (s shown) {
	var places struct {
		Impaired  *time.Time `json:"impaired_since"`
		Locations json.RawMessage
	}
	var all struct{ Incidents []json.RawMessage }
	h.get(t, "/api/v1/components/route", &s)
	h.get(t, "/api/v1/locations", &places)
	h.get(t, "/api/v1/status", &all)
	if err := json.Unmarshal(places.Locations, &s.Locations); err != nil {
		t.Errorf("the locations: %v", err)
	}
	s.Impaired, s.Incidents = places.Impaired, len(all.Incidents)
	return s
}

// doubts are those of a location.
func (s *shown) doubts(id string) (kinds []status.DoubtKind) {
	for _, l := range s.Locations {
		for _, d := range l.Doubts {
			if l.ID == id {
				kinds = append(kinds, d.Kind)
			}
		}
	}
	return kinds
}

// passing are the locations whose word is that the service works, silent those
// without a word that counts. Leisure are those whose word is that the second
// check passes; words on it count for twice as long.
func (s *shown) passing() []string { return s.Checks[0].Passing }
func (s *shown) silent() []string  { return s.Checks[0].Silent }
func (s *shown) leisure() []string { return s.Checks[1].Passing }

// until waits for the page to say something, and never to say that the service
// is down.
func (h *three) until(t *testing.T, what string, says func(s *shown) bool) shown {
	t.Helper()
	var last shown
	defer func() {
		if t.Failed() {
			t.Logf("the page says: %+v", last)
		}
	}()
	eventually(t, stale, what, func() bool {
		last = h.look(t)
		if last.State.Troubled() || last.Incidents > 0 {
			t.Fatalf("the page says %s, with %d incidents; nothing is wrong", last.State, last.Incidents)
		}
		return len(last.Checks) == 2 && says(&last)
	})
	return last
}

func (h *three) allLook(t *testing.T) {
	s := h.until(t, "three locations say that it works", func(s *shown) bool {
		return s.State == status.Operational && len(s.passing()) == 3 && s.Impaired == nil && len(s.doubts("busan")) == 0
	})
	if len(s.silent()) != 0 {
		t.Errorf("silent: %v", s.silent())
	}
}

func (h *three) decided(t *testing.T) {
	h.until(t, "enough locations look", func(s *shown) bool { return s.State == status.Operational && s.Impaired == nil })
}

func (h *three) cutOne(t *testing.T) {
	h.agents[0].cutOff(true)
	s := h.until(t, "busan is silent", func(s *shown) bool { return slices.Equal(s.silent(), []string{"busan"}) })
	if s.State != status.Operational || len(s.passing()) != 2 || s.Impaired != nil {
		t.Errorf("two of three locations see that it works, and the page says %s: %+v", s.State, s)
	}
}

func (h *three) cutTwo(t *testing.T) {
	h.agents[1].cutOff(true)
	defer h.agents[0].cutOff(false)
	defer h.agents[1].cutOff(false)
	h.until(t, "two are silent, and the service is unknown", func(s *shown) bool {
		return s.State == status.Unknown && slices.Equal(s.silent(), []string{"busan", "daegu"})
	})
}

// cutHub leaves the agents what they look at.
func (h *three) cutHub(t *testing.T) {
	h.cutAt = time.Now()
	for _, p := range h.agents {
		p.cutHub(true)
		defer p.cutHub(false)
	}
	h.until(t, "nobody has a word that counts, and the service is unknown", func(s *shown) bool {
		return s.State == status.Unknown && len(s.silent())+len(s.Checks[0].Doubted) == 3 && s.Impaired != nil
	})
}

func (h *three) afterwards(t *testing.T) {
	h.decided(t)
	series := status.Series{Check: "route/ask", Location: "busan"}
	eventually(t, stale, "what busan saw meanwhile is in the history", func() bool {
		n := 0
		for _, err := range h.db.Looks(t.Context(), series, h.cutAt, h.cutAt.Add(6*time.Second)) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n >= 4
	})
}

func (h *three) slowAndWrong(t *testing.T) {
	h.agents[0].setClock(600)
	h.agents[2].line.setDelay(5 * time.Second)
	defer h.agents[0].setClock(0)
	defer h.agents[2].line.setDelay(0)
	h.until(t, "busan's clock is doubted", func(s *shown) bool {
		return slices.Equal(s.doubts("busan"), []status.DoubtKind{status.DoubtClock}) && slices.Equal(s.Checks[0].Doubted, []string{"busan"})
	})
	from := time.Now()
	h.until(t, "what comes over the slow line counts", func(s *shown) bool {
		if len(s.doubts("jeju")) != 0 {
			t.Fatalf("jeju is doubted for its slow line: %v", s.doubts("jeju"))
		}
		at := h.newest(t, "jeju")
		return slices.Contains(s.leisure(), "jeju") && at.After(from.Add(time.Second))
	})
}

// newest is when the newest look of a location began that the page knows.
func (h *three) newest(t *testing.T, location string) time.Time {
	var s struct {
		Locations []struct {
			ID    string
			Heard time.Time
		}
	}
	h.get(t, "/api/v1/locations", &s)
	for _, l := range s.Locations {
		if l.ID == location {
			return l.Heard
		}
	}
	return time.Time{}
}

func (h *three) handed() []drill.Entry {
	return h.city.Log().Find(drill.Query{Kind: drill.Request, Service: drill.SMS, Method: "POST"})
}

func (h *three) nothingTold(t *testing.T) {
	if texts := h.handed(); len(texts) != 0 {
		t.Errorf("%d texts were handed to the gateway, the first %+v", len(texts), texts[0])
	}
	var page struct{ Incidents []json.RawMessage }
	h.get(t, "/api/v1/incidents", &page)
	if len(page.Incidents) != 0 {
		t.Errorf("there were %d incidents", len(page.Incidents))
	}
}

func (h *three) outage(t *testing.T) {
	h.world.setIll(true)
	var s shown
	eventually(t, stale, "a major outage from three locations", func() bool {
		s = h.look(t)
		return s.State == status.MajorOutage && s.Incidents == 1 && len(s.Checks[0].Failing) == 3
	})
	eventually(t, stale, "everybody is told", func() bool { return len(h.handed()) >= 3 })
	h.world.setIll(false)
	eventually(t, stale, "it is over", func() bool {
		s = h.look(t)
		return s.State == status.Operational && s.Incidents == 0
	})
	eventually(t, stale, "everybody is told of the end", func() bool { return len(h.handed()) >= 6 })
	told := map[string]int{}
	for _, e := range h.handed() {
		told[e.To]++
	}
	for number, n := range told {
		if n != 2 {
			t.Errorf("%s got %d texts; one outage is one text, and one about its end", number, n)
		}
	}
	if len(told) != 3 {
		t.Errorf("told: %s", fmt.Sprint(told))
	}
}
