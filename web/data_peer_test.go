package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"bongsu/notifier/peertest"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/browsertest"
	"bongsu/web/sample"
)

// A client of Statuspage pages reads this one unchanged. Its getAll of planned
// work asks for the work ahead, whatever the page.
func TestTheStatuspageClientReadsUs(t *testing.T) {
	server := site(t, sample.Eventful())
	const script = `
		const {Statuspage} = require("statuspage.io");
		(async () => {
			const page = new Statuspage("any");
			page.setApiUrl(require("fs").readFileSync(0, "utf8"));
			const summary = await page.api.getSummary();
			console.log(JSON.stringify({
				indicator: (await page.api.getStatus()).status.indicator,
				components: (await page.api.getComponents()).components.length,
				summary: [summary.components.length, summary.incidents.length, summary.scheduled_maintenances.length],
				incidents: (await page.api.incidents.getAll()).incidents.map(i => i.status).join(),
				unresolved: (await page.api.incidents.getUnresolved()).incidents.length,
				planned: (await page.api.scheduledMaintenances.getAll()).scheduled_maintenances.map(m => m.status).join(),
				upcoming: (await page.api.scheduledMaintenances.getUpcoming()).scheduled_maintenances.length,
			}));
		})().catch(e => { console.error(e); process.exit(1); });`
	got := peertest.Node(t, script, server.URL, "statuspage.io")
	want := `{"indicator":"critical","components":14,"summary":[14,2,1],` +
		`"incidents":"investigating,resolved,identified,resolved,resolved,resolved","unresolved":2,"planned":"scheduled","upcoming":1}`
	if diff := cmp.Diff(want, strings.TrimSpace(got)); diff != "" {
		t.Error(diff)
	}
}

// Atlassian's own widget shows our state on a page of another origin.
func TestTheStatuspageWidgetShowsUs(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(peertest.Dir(t, "@statuspage/status-widget"), "dist", "index.js"))
	if err != nil {
		t.Fatal(err)
	}
	ours := site(t, sample.Outage())
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/widget.js" {
			w.Header().Set("Content-Type", "text/javascript")
			w.Write(script)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<!doctype html><body><statuspage-widget src="` + ours.URL + `"></statuspage-widget><script src="/widget.js"></script>`))
	}))
	t.Cleanup(host.Close)
	tab := browsertest.Open(t)
	if err := chromedp.Do(tab, chromedp.Navigate(host.URL)); err != nil {
		t.Fatal(err)
	}
	const shown = `document.querySelector("statuspage-widget").shadowRoot?.textContent.includes("Major Service Outage")`
	if _, err := chromedp.Run(tab, chromedp.Poll[bool](shown)); err != nil {
		t.Fatalf("the widget shows no outage: %v", err)
	}
}

// What programs that read feeds see.
type parsed struct {
	Meta    struct{ Title, Link, XMLURL, Language string }
	Entries []struct{ GUID, Title, Link, Text, Date string }
}

func TestFeedparserReadsTheFeeds(t *testing.T) {
	handler := serve(t, sample.Eventful(), web.Options{}).Handler()
	const script = `
		const FeedParser = require("feedparser"), out = {Meta: {}, Entries: []}, parser = new FeedParser({addmeta: false});
		parser.on("error", e => { console.error(e); process.exit(1); });
		parser.on("meta", m => out.Meta = {Title: m.title, Link: m.link, XMLURL: m.xmlurl, Language: m.language});
		parser.on("readable", () => { for (let e; e = parser.read();) out.Entries.push({GUID: e.guid, Title: e.title, Link: e.link, Text: e.description, Date: e.date.toISOString()}); });
		parser.on("end", () => console.log(JSON.stringify(out)));
		process.stdin.pipe(parser);`
	var seen []parsed
	for _, path := range []string{"/en/feed.atom", "/en/feed.rss"} {
		var got parsed
		body := ask(handler, "GET", path).Body.String()
		if err := json.Unmarshal([]byte(peertest.Node(t, script, body, "feedparser")), &got); err != nil {
			t.Fatal(err)
		}
		if got.Meta.Title != "Service status" || got.Meta.Link != "https://status.example/en/" || got.Meta.XMLURL != "https://status.example"+path || got.Meta.Language != "en" {
			t.Errorf("%s: %+v", path, got.Meta)
		}
		got.Meta = parsed{}.Meta
		for i := range got.Entries {
			got.Entries[i].Text = html.UnescapeString(strings.ReplaceAll(got.Entries[i].Text, "<br>", ""))
		}
		seen = append(seen, got)
	}
	if diff := cmp.Diff(seen[0], seen[1]); diff != "" || len(seen[0].Entries) != 19 {
		t.Errorf("Atom and RSS tell not the same, in %d entries:\n%s", len(seen[0].Entries), diff)
	}
	ids := map[string]bool{}
	for _, e := range seen[0].Entries {
		ids[e.GUID] = true
	}
	if len(ids) != len(seen[0].Entries) {
		t.Errorf("%d entries have %d ids", len(seen[0].Entries), len(ids))
	}
}

func TestICALReadsTheCalendar(t *testing.T) {
	const script = `
		const ICAL = require("ical.js");
		const calendar = new ICAL.Component(ICAL.parse(require("fs").readFileSync(0, "utf8")));
		console.log(JSON.stringify(calendar.getAllSubcomponents("vevent").map(v => {
			const e = new ICAL.Event(v);
			return [e.uid, e.sequence, e.summary, e.description, e.startDate.toString(), e.endDate.toString(), v.getFirstPropertyValue("status")];
		})));`
	body := ask(serve(t, sample.Eventful(), web.Options{}).Handler(), "GET", "/ko/maintenance.ics").Body.String()
	want := `[["m1@status.example",0,"은행 이체 시스템 점검","이 시간에는 이체할 수 없습니다.","2026-11-23T17:52:00Z","2026-11-23T19:22:00Z","CONFIRMED"],` +
		`["m2@status.example",1,"취소됨: 지도 갱신 작업","서비스 장애로 취소되었습니다.","2026-11-23T17:52:00Z","2026-11-23T19:22:00Z","CANCELLED"]]`
	if diff := cmp.Diff(want, strings.TrimSpace(peertest.Node(t, script, body, "ical.js"))); diff != "" {
		t.Error(diff)
	}
}

// Every alert is valid by the protocol's own schema, on a real day and in
// exercises, whatever the names of things are.
func TestAlertsAreValidByTheSchema(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		browsertest.Missing(t, "xmllint")
	}
	schema := peertest.Shared(t, "CAP-v1.2.xsd")
	dir := t.TempDir()
	files := []string{"--noout", "--nonet", "--schema", schema}
	exercise, simulation, odd := sample.Eventful(), sample.Eventful(), sample.Renamed("<b>&\x00\x1b]]>\u202e \"'")
	exercise.Site.Exercise, simulation.Site.Simulation = true, true
	odd.Site.Zone = nil
	for name, s := range map[string]*status.Snapshot{"real": sample.Eventful(), "exercise": exercise, "simulation": simulation, "odd": odd} {
		handler := serve(t, s, web.Options{}).Handler()
		for _, id := range []string{"01JD9R2W8F", "01JD9R2W8F-1", "01JD9R2W8F-2", "01JD9Q7RTR", "01JD9R3BBB"} {
			if w := ask(handler, "GET", "/cap/"+id+".xml"); w.Code == http.StatusOK {
				file := filepath.Join(dir, name+id+".xml")
				if err := os.WriteFile(file, w.Body.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, file)
			}
		}
	}
	if len(files) < 20 {
		t.Fatalf("there are only %d alerts", len(files)-4)
	}
	if out, err := exec.CommandContext(t.Context(), xmllint, files...).CombinedOutput(); err != nil {
		t.Errorf("xmllint: %v\n%s", err, out)
	}
}
