package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/statuspage"
)

// copiedDatum is a document for programs that a copy has too. Which bytes it has
// follows from what its stamp names; without one it is made each time.
type copiedDatum struct {
	path, lang, stamp string
	first             bool
	make              func() (*content, error)
}

// copiedData are the feeds, calendars, alerts, badges and the Statuspage API of a
// copy. Those in one language are there below each language's path, and at the
// plain one in the site's first.
func (e *edition) copiedData() []copiedDatum {
	var data []copiedDatum
	for _, path := range statuspage.Paths() {
		if build := e.statuspage().Get(path); build != nil {
			data = append(data, copiedDatum{path: v2Root + path, first: true, make: func() (*content, error) {
				body, err := build()
				return &content{kind: jsonType, body: body}, err
			}})
		}
	}
	told := e.storyStamps()
	for i, lang := range e.languages {
		list := e.dataIn(lang, told)
		if i == 0 {
			data = append(data, list...)
		}
		for _, d := range list {
			d.path = link(d.path, lang)
			data = append(data, d)
		}
	}
	return append(data, e.copiedAlerts()...)
}

// dataIn are the documents in a language.
func (e *edition) dataIn(lang string, told storyStamps) []copiedDatum {
	var data []copiedDatum
	seen := map[string]bool{} // a group may have the id of a component, which then has the badge
	add := func(path, stamp string, first bool, at maker) {
		if build := at(e, path, lang); build != nil && !seen[path] {
			data, seen[path] = append(data, copiedDatum{path: path, lang: lang, stamp: stamp, first: first, make: build}), true
		}
	}
	part := func(room, id string, name status.Text, state status.State, stamp string) {
		for _, ending := range feedEndings() {
			add("/feeds/"+room+"/"+id+"."+ending, fmt.Sprint(name, stamp), false, (*edition).feedAt)
		}
		addBadges(add, id, name, state)
	}
	for _, ending := range feedEndings() {
		add("/feed."+ending, told.all, true, (*edition).feedAt)
	}
	add("/cap.atom", told.all, true, (*edition).alertsAt)
	add("/maintenance.ics", fmt.Sprint(e.snapshot.At.Format(time.DateOnly), e.snapshot.Site, e.snapshot.Maintenance), false, (*edition).calendarAt)
	addBadges(add, everything, e.snapshot.Site.Name, overall(e.snapshot))
	for g := range e.snapshot.Groups {
		group := &e.snapshot.Groups[g]
		var members strings.Builder
		for _, v := range group.Components {
			fmt.Fprint(&members, v.ID, told.of[v.ID])
			part("components", v.ID, v.Name, v.State, told.of[v.ID])
		}
		part("groups", group.ID, group.Name, group.State, members.String())
	}
	return data
}

// addBadges adds both forms of a badge.
func addBadges(add func(path, stamp string, first bool, at maker), id string, name status.Text, state status.State) {
	for _, ending := range []string{".svg", ".json"} {
		add("/badge/"+id+ending, fmt.Sprint(name, state), true, (*edition).badgeAt)
	}
}

// copiedAlerts are the messages of every incident, and the latest of each.
func (e *edition) copiedAlerts() []copiedDatum {
	var data []copiedDatum
	for _, i := range e.tellers[e.languages[0]].stories() {
		all := warnings(i)
		stamp := fmt.Sprint(i.ID, " ", i.Version, " ", e.snapshot.Site.Name)
		for n := range all {
			path := "/cap/" + all[n].id(n+1) + ".xml"
			data = append(data, copiedDatum{path: path, stamp: stamp, first: i.Open(), make: e.alertAt(path, "")})
		}
		if path := "/cap/" + i.ID + ".xml"; len(all) > 0 {
			data = append(data, copiedDatum{path: path, stamp: stamp, first: i.Open(), make: e.alertAt(path, "")})
		}
	}
	return data
}

// storyStamps name the incidents as they are told now: all, and those that
// concern a component.
type storyStamps struct {
	all string
	of  map[string]string
}

func (e *edition) storyStamps() storyStamps {
	told := storyStamps{all: fmt.Sprint(e.snapshot.Site), of: map[string]string{}}
	for _, i := range e.tellers[e.languages[0]].stories() {
		stamp := fmt.Sprint(" ", i.ID, " ", i.Version)
		told.all += stamp
		for _, a := range i.Components {
			told.of[a.Component] += stamp
		}
	}
	return told
}

// feedEndings are the endings of the feeds' formats, in order.
func feedEndings() []string {
	var endings []string
	for ending := range feedFormats {
		endings = append(endings, ending)
	}
	slices.Sort(endings)
	return endings
}

// copyData is such a document as a file.
func (e *edition) copyData(d copiedDatum) CopyPage {
	stamp := d.stamp
	if stamp == "" {
		stamp = e.snapshot.At.String()
	}
	return CopyPage{
		Path: strings.TrimPrefix(d.path, "/"), Stamp: stamp, First: d.first,
		Make: func() (CopyFile, error) {
			made, err := d.make()
			if err != nil {
				return CopyFile{}, fmt.Errorf("making %s: %w", d.path, err)
			}
			return CopyFile{Body: made.body, Type: made.kind, CacheControl: keepShort}, nil
		},
	}
}

// inCopyData says whether a copy has the document at a path.
func inCopyData(path string) bool {
	room, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch room {
	case "feed.atom", "feed.rss", "feed.json", "feeds", "maintenance.ics", "cap.atom", "cap", "badge":
		return true
	}
	return strings.HasPrefix(path, v2Root)
}
