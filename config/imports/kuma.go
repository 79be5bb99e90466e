package imports

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"bongsu/status"
)

func kumaSource() Source {
	return Source{
		Name: "kuma", Exts: "json", Read: readKuma,
		Doc: "a backup of Uptime Kuma: the JSON file that Settings, Backup writes",
	}
}

// kuma reads a backup of Uptime Kuma.
type kuma struct {
	*Import
	groups     map[string]string // ids of monitors that are groups, and their names
	components map[string]string // ids of monitors, and the components they became
	now        time.Time
}

func readKuma(o Options, files []Input) (*Import, error) {
	if err := checkSize(files); err != nil {
		return nil, err
	}
	k := kuma{newImport("Uptime Kuma", o, files), map[string]string{}, map[string]string{}, o.Now}
	for _, f := range files {
		root, err := parseJSON(f)
		if err != nil {
			return nil, err
		}
		if !root.at("monitorList").there() {
			return nil, fmt.Errorf("reading %s: %w", f.Name, errors.New("it has no monitorList, so it is no backup of Uptime Kuma"))
		}
		if err := k.backup(root); err != nil {
			return nil, err
		}
	}
	return k.Import, nil
}

func (k kuma) backup(root tree) error {
	root.at("version")
	monitors := root.at("monitorList").list()
	for _, m := range monitors {
		if m.at("type").text() == "group" {
			k.groups[m.at("id").text()] = m.at("name").text()
		}
	}
	for _, m := range monitors {
		if err := k.monitor(m); err != nil {
			return err
		}
	}
	for _, n := range root.at("notificationList").list() {
		k.notification(n)
	}
	for _, w := range root.at("maintenanceList").list() {
		k.maintenance(w)
	}
	for _, p := range root.at("proxyList").list() {
		k.left(p.path, "a proxy is written at each check that goes by it: proxy:")
	}
	for _, p := range root.at("statusPageList").list() {
		if title := line(p.at("title").text(), maxName); title != "" && k.name == "Status" {
			k.name = title
			k.carried(p.path+".title", "the page's name")
		}
		k.left(p.path, "which monitors stand on it; there is one page, with all components under their groups")
	}
	for _, key := range root.unread() {
		k.left(key, "it is not known to the import")
	}
	return nil
}

// title names a thing in the report.
func (k kuma) title(e tree, key string) string {
	return fmt.Sprintf("%s %q", e.path, line(e.at(key).text(), maxName))
}

// notification turns a way to people into a channel.
func (k kuma) notification(n tree) {
	where := k.title(n, "name")
	settings := n
	if text := n.at("config").text(); text != "" {
		if parsed, err := parseJSON(Input{Name: n.path, Data: []byte(text)}); err == nil {
			settings = parsed
		}
	}
	if n.at("active").text() == "false" || n.at("active").text() == "0" {
		k.left(where, "it is switched off there")
		return
	}
	switch kind := settings.at("type").text(); kind {
	case "slack":
		name := line(settings.at("slackchannel").text(), 80)
		if name != "" && !strings.HasPrefix(name, "#") {
			name = "#" + name
		}
		k.slack(where, name)
	case "smtp":
		k.mail(where, settings.at("smtpFrom").text(), settings.at("smtpTo").text())
	case "twilio":
		k.twilio(where, settings.at("twilioToNumber").text())
	default:
		k.left(where, "there is no channel of the kind %q; webhook channels and Slack are the nearest", line(kind, 40))
	}
}

// maintenance plans work that is done once, and tells of what comes again.
func (k kuma) maintenance(w tree) {
	where := k.title(w, "title")
	if a := w.at("active").text(); a == "false" || a == "0" {
		k.left(where, "it is switched off there")
		return
	}
	var of []string
	for _, m := range append(w.at("monitors").list(), w.at("monitorList").list()...) {
		id := m.at("id").text()
		if id == "" {
			id = m.text()
		}
		if c := k.components[id]; c != "" {
			of = append(of, c)
		}
	}
	if w.at("strategy").text() != "single" {
		k.recurring(where, strings.Join(of, " "), "as "+line(w.at("strategy").text(), 40), kumaRule(w))
		return
	}
	zone := zoneOr(w.at("timezone").text(), "UTC")
	from, until := kumaSpan(w, zone)
	switch {
	case len(of) == 0:
		k.left(where, "it names no monitor that became a component")
	case from.IsZero() || !until.After(from):
		k.left(where, "when it begins and ends is not said")
	case until.Sub(from) > longestWork:
		k.left(where, "it lasts longer than 31 days, which is no maintenance")
	default:
		k.Maintenance = append(k.Maintenance, status.Maintenance{
			ID: "kuma-" + slug(w.at("id").text()), Title: k.text(w.at("title").text(), 200), Text: k.text(w.at("description").text(), longestWords),
			Components: of, From: from.UTC(), Until: until.UTC(),
		})
		k.carried(where, "work on %s from %s until %s, for the database", strings.Join(of, " "), from.Format(time.RFC3339), until.Format(time.RFC3339))
	}
}

// text is a text in the import's language; nil if it is empty.
func (i *Import) text(words string, most int) status.Text {
	if words = line(words, most); words == "" {
		return nil
	}
	return status.Text{i.lang: words}
}

// kumaSpan is when work that is done once begins and ends.
func kumaSpan(w tree, zone string) (from, until time.Time) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return from, until
	}
	slots := w.at("timeslotList").list()
	if len(slots) > 0 && slots[0].at("startDate").text() != "" {
		return kumaTime(slots[0].at("startDate").text(), location), kumaTime(slots[0].at("endDate").text(), location)
	}
	if dates := w.at("dateRange").list(); len(dates) > 1 {
		return kumaTime(dates[0].text(), location), kumaTime(dates[1].text(), location)
	}
	return from, until
}

func kumaTime(text string, zone *time.Location) time.Time {
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(form, text, zone); err == nil && at.Year() >= 1990 && at.Year() <= 2200 {
			return at
		}
	}
	return time.Time{}
}

// kumaRule is when work comes again, as a rule of RFC 5545 or a cron line.
func kumaRule(w tree) string {
	switch w.at("strategy").text() {
	case "recurring-interval":
		return fmt.Sprintf("FREQ=DAILY;INTERVAL=%d", max(1, w.at("intervalDay").number()))
	case "recurring-weekday":
		days := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
		var on []string
		for _, d := range w.at("weekdays").list() {
			on = append(on, days[d.number()%7])
		}
		return "FREQ=WEEKLY;BYDAY=" + strings.Join(on, ",")
	case "recurring-day-of-month":
		var on []string
		for _, d := range w.at("daysOfMonth").list() {
			on = append(on, strings.Replace(line(d.text(), 10), "lastDay", "-", 1))
		}
		return "FREQ=MONTHLY;BYMONTHDAY=" + strings.Join(on, ",")
	case "cron":
		return "cron " + line(w.at("cron").text(), 60)
	default:
		return "begun and ended by hand"
	}
}
