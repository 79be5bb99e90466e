package imports

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

func statuspageSource() Source {
	return Source{
		Name: "statuspage", Exts: "json", Read: readStatuspage,
		Doc:   "a Statuspage-shaped page: its address, or JSON of its /api/v2",
		Pages: []string{"/api/v2/components.json", "/api/v2/incidents.json", "/api/v2/scheduled-maintenances.json"},
	}
}

// statuspage reads what a page of Statuspage's shape says of itself.
type statuspage struct {
	*Import
	now        time.Time
	page       string            // its id
	speaker    string            // its name
	components map[string]string // its ids of components, and ours
	told       map[string]bool   // ids of what has been read: answers overlap
}

func readStatuspage(o Options, files []Input) (*Import, error) {
	if err := checkSize(files); err != nil {
		return nil, err
	}
	s := &statuspage{newImport("a Statuspage", o, files), o.Now, "", "", map[string]string{}, map[string]bool{}}
	var roots []tree
	for _, f := range files {
		root, err := parseJSON(f)
		if err != nil {
			return nil, err
		}
		if !root.at("page").isTable() {
			return nil, fmt.Errorf("reading %s: %w", f.Name, errors.New("it has no page, so it is no answer of a Statuspage's /api/v2"))
		}
		roots = append(roots, root)
		s.header(root.at("page"))
	}
	for _, root := range roots { // first the components, which the others speak of
		if err := s.lines(root.at("components")); err != nil {
			return nil, err
		}
	}
	for _, root := range roots {
		for _, i := range root.at("incidents").list() {
			s.incident(i)
		}
		for _, w := range root.at("scheduled_maintenances").list() {
			s.work(w)
		}
		root.at("status")
		for _, key := range root.unread() {
			s.left(key, "it is not known to the import")
		}
	}
	return s.Import, nil
}

func (s *statuspage) header(page tree) {
	if s.page != "" {
		return
	}
	s.page = slug(page.at("id").text())
	s.speaker = line(page.at("name").text(), maxName)
	if s.page == "" {
		s.page = "page"
	}
	if s.speaker == "" {
		s.speaker = "Statuspage"
	}
	s.name, s.zone = s.speaker, zoneOr(page.at("time_zone").text(), "UTC")
	if address := publicURL(page.at("url").text()); address != "" {
		s.from = address
	}
	s.carried("page", "site: its name and its time zone %s; its address stays a decision", s.zone)
}

// lines turns components into ours. Nobody measures them yet: what a page says
// of itself is no measurement.
func (s *statuspage) lines(all tree) error {
	groups := map[string]string{}
	for _, c := range all.list() {
		if c.at("group").yes() {
			groups[c.at("id").text()] = c.at("name").text()
		}
	}
	for _, c := range all.list() {
		id := c.at("id").text()
		if c.at("group").yes() || s.components[id] != "" {
			continue
		}
		if err := s.line(c, id, groups[c.at("group_id").text()]); err != nil {
			return err
		}
	}
	return nil
}

func (s *statuspage) line(c tree, id, group string) error {
	where := fmt.Sprintf("%s %q", c.path, line(c.at("name").text(), maxName))
	made, err := s.add(where, group, c.at("name").text())
	if err != nil {
		return err
	}
	x := &check{where: where}
	x.set("name", "to be written")
	x.set("heartbeat", made.name)
	x.set("within", 2160*time.Hour)
	x.set("scope", "sandbox")
	x.notes = append(x.notes, "how it is looked at; until then it is shown as unknown")
	made.checks = append(made.checks, x)
	s.components[id] = made.id
	s.changed(where, "component %s, which nothing looks at yet: Statuspage measures nothing, so how to is to be written", made.id)
	if c.at("description").text() != "" {
		made.notes = append(made.notes, "it was described as: "+c.at("description").text())
	}
	return nil
}

// stageOf are the words of a page for how far an incident is.
var stageOf = map[string]status.Stage{
	"investigating": status.Investigating, "identified": status.Identified, "monitoring": status.Monitoring,
	"resolved": status.Resolved, "postmortem": status.Resolved,
}

var stateOf = map[string]status.State{
	"operational": status.Operational, "degraded_performance": status.DegradedPerformance, "partial_outage": status.PartialOutage,
	"major_outage": status.MajorOutage, "under_maintenance": status.UnderMaintenance,
	// how bad an incident was, as a page says it
	"minor": status.DegradedPerformance, "major": status.PartialOutage, "critical": status.MajorOutage,
}

// What is kept of one story at most.
const (
	mostUpdates  = 500
	longestWords = 1300 // characters of what was said: 4000 bytes in any script
)

// incident turns one that is over into history. What the page said in it is
// kept as that: statements of its publisher, with where they can be read.
func (s *statuspage) incident(i tree) {
	where := fmt.Sprintf("%s %q", i.path, line(i.at("name").text(), maxName))
	id := "statuspage-" + s.page + "-" + slug(i.at("id").text())
	began, detected, resolved := i.at("started_at").moment(), i.at("created_at").moment(), i.at("resolved_at").moment()
	if began.IsZero() || detected.Before(began) && !detected.IsZero() {
		began = detected
	}
	if detected.IsZero() {
		detected = began
	}
	stage, known := stageOf[i.at("status").text()]
	switch {
	case s.told[id] || slug(i.at("id").text()) == "":
		return
	case !known:
		s.left(where, "its status is %q, which no incident here has", line(i.at("status").text(), 40))
	case stage != status.Resolved || resolved.IsZero():
		s.left(where, "it goes on; open it by hand, if it is yours to tell: bongsu incident open")
	case began.IsZero() || resolved.Before(began) || resolved.After(s.now):
		s.left(where, "when it began and ended is not said, or cannot be")
	default:
		s.past(where, id, i, began.UTC(), detected.UTC(), resolved.UTC())
	}
	s.told[id] = true
}

func (s *statuspage) past(where, id string, i tree, began, detected, resolved time.Time) {
	title := s.text(i.at("name").text(), 200)
	if title == nil {
		title = s.text("Incident", 200)
	}
	told := status.Incident{
		ID: id, Cause: "manual:" + id, Title: title, Stage: status.Resolved, Impact: status.Operational,
		Began: began, Detected: later(began, detected), Resolved: resolved, Version: 1,
	}
	worst := s.affected(where, i)
	for _, c := range sortedKeys(worst) {
		told.Components = append(told.Components, status.Affected{
			Component: c, State: status.Operational, Worst: worst[c], Cause: true, Since: began, Until: resolved,
		})
		told.Worst = max(told.Worst, worst[c])
	}
	if told.Worst == status.Unknown {
		told.Worst = stateOf[i.at("impact").text()]
	}
	s.updates(where, &told, i)
	if len(told.Updates) == 0 {
		s.left(where, "nothing was said of it")
		return
	}
	s.Incidents = append(s.Incidents, told)
	s.carried(where, "past incident %s with what was said in it (%d), each with its time and where it can be read", id, len(told.Updates))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// affected is the worst that each of our components was in, as the page told.
// Work is no trouble.
func (s *statuspage) affected(where string, i tree) map[string]status.State {
	worst := map[string]status.State{}
	note := func(id, name string, state status.State) {
		ours := s.components[id]
		switch {
		case ours == "" && name != "" && !s.told[where+name]:
			s.told[where+name] = true
			s.left(where, "the component %q that it names is none of the page's", line(name, maxName))
		case ours != "" && state != status.UnderMaintenance:
			worst[ours] = max(worst[ours], state, status.DegradedPerformance)
		}
	}
	for _, c := range i.at("components").list() {
		note(c.at("id").text(), c.at("name").text(), status.DegradedPerformance)
	}
	for _, u := range i.at("incident_updates").list() {
		for _, c := range u.at("affected_components").list() {
			state := stateOf[c.at("new_status").text()]
			note(c.at("code").text(), c.at("name").text(), state)
		}
	}
	return worst
}

// updates turns what was said into statements, oldest first.
func (s *statuspage) updates(where string, told *status.Incident, i tree) {
	said := i.at("incident_updates").list()
	if len(said) > mostUpdates {
		s.left(where, "what was said first of %d updates; the latest %d are kept", len(said), mostUpdates)
		said = said[:mostUpdates]
	}
	source := line(i.at("shortlink").text(), 400)
	if publicURL(source) == "" {
		source = s.from
	}
	at := told.Began
	for _, u := range slices.Backward(said) { // theirs begin with the newest
		when := u.at("display_at").moment()
		if when.IsZero() {
			when = u.at("created_at").moment()
		}
		words := s.text(plainBody(u.at("body").text()), longestWords)
		if when.IsZero() || words == nil {
			s.left(where, "an update of it without words or time")
			continue
		}
		if len([]rune(u.at("body").text())) > longestWords {
			s.changed(where, "what was said at %s is cut at %d characters", when.UTC().Format(time.RFC3339), longestWords)
		}
		at = later(at, when.UTC())
		stage := stageOf[u.at("status").text()]
		told.Updates = append(told.Updates, status.Update{
			ID: fmt.Sprintf("%s-%d", told.ID, len(told.Updates)+1), At: at, Kind: status.UpdateStatement, Stage: stage, Author: "bongsu import",
			Statement: &status.Statement{Speaker: s.speaker, Said: when.UTC(), Source: short(source, 400), Text: words, Fixed: stage == status.Resolved},
		})
	}
}

// plainBody is the words of a body that may be HTML.
func plainBody(body string) string {
	for _, tag := range []string{"<br />", "<br/>", "<br>", "</p>"} {
		body = strings.ReplaceAll(body, tag, " ")
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(body, "<")
		b.WriteString(before)
		inside, after, closed := strings.Cut(rest, ">")
		if !found || !closed {
			if found {
				b.WriteString("<" + rest)
			}
			return htmlWords.Replace(b.String())
		}
		if inside == "" || !isTag(inside) {
			b.WriteString("<" + inside + ">")
		}
		body = after
	}
}

// longestWork is how long planned work may last.
const longestWork = 31 * 24 * time.Hour

func isTag(inside string) bool {
	first := strings.TrimPrefix(inside, "/")
	return first != "" && (first[0] >= 'a' && first[0] <= 'z' || first[0] >= 'A' && first[0] <= 'Z') && len(inside) < 500
}

var htmlWords = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#39;", "'", "&nbsp;", " ", "&amp;", "&")

// work plans what is still to be done, and keeps what was done.
func (s *statuspage) work(w tree) {
	where := fmt.Sprintf("%s %q", w.path, line(w.at("name").text(), maxName))
	id := "statuspage-" + s.page + "-" + slug(w.at("id").text())
	if s.told[id] {
		return
	}
	s.told[id] = true
	from, until := w.at("scheduled_for").moment(), w.at("scheduled_until").moment()
	var of []string
	for _, c := range w.at("components").list() {
		if ours := s.components[c.at("id").text()]; ours != "" {
			of = append(of, ours)
		}
	}
	switch {
	case len(of) == 0:
		s.left(where, "it names no component")
	case from.IsZero() || !until.After(from):
		s.left(where, "when it begins and ends is not said")
	case until.Sub(from) > longestWork:
		s.left(where, "it lasts longer than 31 days, which is no maintenance")
	default:
		words := ""
		if said := w.at("incident_updates").list(); len(said) > 0 {
			words = plainBody(said[len(said)-1].at("body").text())
		}
		title := s.text(w.at("name").text(), 200)
		if title == nil {
			title = s.text("Maintenance", 200)
		}
		s.Maintenance = append(s.Maintenance, status.Maintenance{
			ID: id, Title: title, Text: s.text(words, longestWords), Components: of, From: from.UTC(), Until: until.UTC(),
		})
		s.carried(where, "work on %s from %s until %s, for the database", strings.Join(of, " "), from.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	}
}
