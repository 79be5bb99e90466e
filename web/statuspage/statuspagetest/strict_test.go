package statuspagetest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/notifier/peertest"
	"bongsu/web/statuspage/statuspagetest"
)

// Bodies that real pages have served are what the strict reader takes: cut short
// in testdata, and whole where they lie beside the project.
func TestRealBodiesAreRead(t *testing.T) {
	for _, c := range []struct{ file, path string }{
		{"instructure.summary.json", "summary.json"},
		{"github.components.json", "components.json"},
		{"linode.components.json", "components.json"},
	} {
		check(t, c.path, filepath.Join("testdata", c.file))
	}
	for name, path := range map[string]string{
		"statuspage-instructure-summary.json":            "summary.json",
		"statuspage-github-components-with-problem.json": "components.json",
		"statuspage-linode-components-problems.json":     "components.json",
		"statuspage-twilio-components.json":              "components.json",
	} {
		t.Run(name, func(t *testing.T) { check(t, path, peertest.Shared(t, name)) })
	}
}

func check(t *testing.T, path, file string) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := statuspagetest.Check(path, body); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}

// Each rule is broken once, in a body that was right.
func TestEveryRuleIsHeld(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("testdata", "instructure.summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, old, new, want string }{
		{"a key more", `"name": "Instructure",`, `"name": "Instructure", "lang": "en",`, `the key "lang" stands where "url" belongs`},
		{"a key less", `"showcase": false,`, ``, `the key "showcase" is missing`},
		{"keys in another order", `"name": "Website",
   "status": "degraded_performance",`, `"status": "degraded_performance", "name": "Website",`, `the key "status" stands where "name" belongs`},
		{"a key twice", `"name": "Instructure",`, `"name": "Instructure", "name": "Instructure",`, `the key "name" is there twice`},
		{"null for an empty list", `"scheduled_maintenances": []`, `"scheduled_maintenances": null`, `an empty one is []`},
		{"an id of another form", `"id": "j7jp6sq831c2"`, `"id": "J7jp6sq831c2"`, `is no id of twelve small letters and digits`},
		{"an empty name", `"name": "Instructure"`, `"name": ""`, `is no text, or an empty one`},
		{"an address in part", `"url": "https://status.instructure.com"`, `"url": "/status"`, `is no whole address`},
		{"no zone", `"time_zone": "America/Denver"`, `"time_zone": "Denver"`, `is no zone of the IANA's`},
		{"no milliseconds", `"created_at": "2019-06-26T12:17:36.935-06:00"`, `"created_at": "2019-06-26T12:17:36-06:00"`, `is no time in milliseconds`},
		{"another zone", `"created_at": "2019-06-26T12:17:36.935-06:00"`, `"created_at": "2019-06-26T18:17:36.935Z"`, `is not in the page's zone`},
		{"a state of no name", `"status": "degraded_performance"`, `"status": "unknown"`, `unknown is none of`},
		{"a place of nothing", `"position": 1,`, `"position": 0,`, `is no number from 1`},
		{"a time for a date", `"start_date": null`, `"start_date": "2019-06-26T00:00:00Z"`, `is no date`},
		{"a word for a truth", `"group": false`, `"group": "false"`, `is neither true nor false`},
		{"a stranger's component", `"page_id": "nlxv32btr6v7"`, `"page_id": "aaaaaaaaaaaa"`, `page_id is aaaaaaaaaaaa`},
		{"a group that is not there", `"group_id": "9c01dg04bfg5"`, `"group_id": "aaaaaaaaaaaa"`, `group_id aaaaaaaaaaaa is not on the page`},
		{"a group that forgets a child", "\n    \"j7jp6sq831c2\",", "", `and is named by`},
		{"a group better than its worst", `"status": "degraded_performance",
   "created_at": "2019-06-26T12:17:36.927-06:00"`, `"status": "operational", "created_at": "2019-06-26T12:17:36.927-06:00"`, `and the worst of it is degraded_performance`},
		{"a page better than its worst", `"indicator": "minor"`, `"indicator": "maintenance"`, `is maintenance where something is degraded_performance`},
		{"an indicator of no name", `"indicator": "minor"`, `"indicator": "bad"`, `bad is none of`},
		{"an end that has not come", `"resolved_at": null`, `"resolved_at": "2021-12-07T11:07:15.773-07:00"`, `is identified, and resolved_at is`},
		{"an end that is not told", `"status": "identified",
   "created_at"`, `"status": "resolved", "created_at"`, `is over, and listed with those that are not`},
		{"updates of another", `"incident_id": "g1zp3jpycgbz"`, `"incident_id": "aaaaaaaaaaaa"`, `is of the incident aaaaaaaaaaaa`},
		{"the oldest first", `"created_at": "2021-12-07T10:39:58.550-07:00"`, `"created_at": "2021-12-07T09:39:58.550-07:00"`, `is newer than the one before it`},
		{"more than the body", "\n}", "\n} {}", `something follows the body`},
	} {
		t.Run(c.what, func(t *testing.T) {
			at := strings.Index(string(body), c.old)
			if c.old == "\n}" {
				at = strings.LastIndex(string(body), c.old)
			}
			if at < 0 {
				t.Fatalf("the body has no %s", c.old)
			}
			broken := string(body[:at]) + c.new + string(body[at+len(c.old):])
			if err := statuspagetest.Check("summary.json", []byte(broken)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Planned work has rules of its own.
func TestTheRulesOfPlannedWorkAreHeld(t *testing.T) {
	const work = `{"page":{"id":"aaaaaaaaaaaa","name":"P","url":"https://status.example","time_zone":"Etc/UTC","updated_at":"2026-01-01T00:00:00.000Z"},
		"scheduled_maintenances":[{"id":"bbbbbbbbbbbb","name":"W","status":"scheduled","created_at":"2026-01-01T00:00:00.000Z","updated_at":"2026-01-01T00:00:00.000Z",
		"monitoring_at":null,"resolved_at":null,"impact":"maintenance","shortlink":"https://status.example/m","started_at":"2026-01-01T00:00:00.000Z","page_id":"aaaaaaaaaaaa",
		"incident_updates":[],"components":[],"reminder_intervals":null,"scheduled_for":"2026-01-02T00:00:00.000Z","scheduled_until":"2026-01-02T01:00:00.000Z"}]}`
	for _, c := range []struct{ path, old, new, want string }{
		{"scheduled-maintenances/upcoming.json", "", "", ""},
		{"scheduled-maintenances/active.json", "", "", "is scheduled, which this list does not have"},
		{"scheduled-maintenances.json", `"scheduled_until":"2026-01-02T01`, `"scheduled_until":"2026-01-01T01`, "ends before it begins"},
		{"scheduled-maintenances.json", `"status":"scheduled"`, `"status":"completed"`, `is completed, and resolved_at is ""`},
		{"scheduled-maintenances.json", `"status":"scheduled"`, `"status":"identified"`, "identified is none of"},
	} {
		err := statuspagetest.Check(c.path, []byte(strings.Replace(work, c.old, c.new, 1)))
		if (c.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s with %s: got %v, want %q", c.path, c.new, err, c.want)
		}
	}
}
