package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"bongsu/drill"
	"bongsu/status"
)

// checker applies the rules that need more than one value.
type checker struct {
	*reader

	s         *Scenario
	targets   map[string]*Target
	locations map[string]bool
	controls  map[string]bool
	groups    map[string]bool
}

// at is where a value was read.
func (c *checker) at(p any) place { return c.places[p] }

func (c *checker) key(table any, key string) place { return c.places[keyOf{table, key}] }

var plainID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (c *checker) check() {
	c.targets, c.locations = map[string]*Target{}, map[string]bool{}
	c.controls, c.groups = map[string]bool{}, map[string]bool{}
	c.checkTimes()
	c.collect()
	c.checkTargets()
	for i := range c.s.Events {
		c.checkEvent(i)
	}
	taken := map[string]bool{}
	for i := range c.s.Expect {
		e := &c.s.Expect[i]
		if taken[e.ID] {
			c.complain(c.at(&e.ID), "%q is there twice", e.ID)
		}
		taken[e.ID] = true
		c.source(&e.Source)
		c.checkExpectation(e)
	}
}

func (c *checker) checkTimes() {
	s := c.s
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.Zone == "Local" {
		c.complain(c.at(&s.Zone), "no time zone is called %q; write one like Asia/Seoul", s.Zone)
	}
	s.zone = zone
	switch {
	case !s.End.After(s.Start):
		c.complain(c.at(&s.End), "is not after the start")
	case s.End.Sub(s.Start) > longest:
		c.complain(c.at(&s.End), "is more than %d days after the start", int(longest.Hours()/24))
	}
	c.inside(&s.Onset)
	c.checkJudgement(&s.Judgement)
}

// checkJudgement demands numbers of which nothing runs backwards; 0 is the
// program's default.
func (c *checker) checkJudgement(j *Judgement) {
	for _, d := range []*time.Duration{&j.Recheck, &j.Settle, &j.Watch, &j.Promise} {
		if *d < 0 {
			c.complain(c.at(d), "%s is less than nothing; write a duration like 5m, or leave it out", *d)
		}
	}
	for _, n := range []*int{&j.Confirm, &j.Recover, &j.Quorum} {
		if *n < 0 {
			c.complain(c.at(n), "%d is less than nothing; write 1 or more, or leave it out", *n)
		}
	}
}

// inside demands an instant within the drill.
func (c *checker) inside(t *time.Time) {
	if c.s.End.After(c.s.Start) && !t.IsZero() && (t.Before(c.s.Start) || t.After(c.s.End)) {
		c.complain(c.at(t), "%s is outside the drill, which lasts from %s to %s",
			t.Format(time.RFC3339), c.s.Start.Format(time.RFC3339), c.s.End.Format(time.RFC3339))
	}
}

// claim takes an id, which must be plain and free.
func claim[T any](c *checker, taken map[string]T, id *string, value T) {
	if !plainID.MatchString(*id) {
		c.complain(c.at(id), "%q is no id; write small letters, digits and hyphens", clip(*id))
	}
	if _, twice := taken[*id]; twice {
		c.complain(c.at(id), "the id %q is used twice", *id)
	}
	taken[*id] = value
}

func (c *checker) collect() {
	s := c.s
	claim(c, map[string]bool{}, &s.ID, true)
	if len(s.Locations) == 0 {
		s.Locations = []Location{{ID: "main"}}
	}
	for i := range s.Locations {
		claim(c, c.locations, &s.Locations[i].ID, true)
	}
	for i := range s.Controls {
		claim(c, c.controls, &s.Controls[i].ID, true)
	}
	for i := range s.Groups {
		claim(c, c.groups, &s.Groups[i].ID, true)
	}
	for i := range s.Targets {
		claim(c, c.targets, &s.Targets[i].ID, &s.Targets[i])
	}
}

// choices are the ids there are, in order: as many as help.
func choices[T any](known map[string]T) string {
	const most = 12
	ids := slices.Sorted(maps.Keys(known))
	if len(ids) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
	}
	return strings.Join(ids, ", ")
}

func (c *checker) target(id *string) {
	if c.targets[*id] == nil {
		c.complain(c.at(id), "no target is called %q; write one of %s", clip(*id), choices(c.targets))
	}
}

func (c *checker) source(key *string) {
	if c.s.Sources[*key] == "" {
		c.complain(c.at(key), "%q is no key of sources; every event and every expectation says what it rests on", clip(*key))
	}
}

var channels = []string{"messenger", "sms", "ops"}

func (c *checker) channel(name *string) {
	if !slices.Contains(channels, *name) {
		c.complain(c.at(name), "no channel is called %q; write %s", clip(*name), strings.Join(channels, ", "))
	}
}

var shapes = []Shape{"", ShapeAnswer, ShapeSearch, ShapeCanary, ShapePage}

func (c *checker) checkTargets() {
	s := c.s
	for i := range s.Targets {
		t := &s.Targets[i]
		if !c.groups[t.Group] {
			c.complain(c.at(&t.Group), "no group is called %q", clip(t.Group))
		}
		if !slices.Contains(shapes, t.Shape) {
			c.complain(c.at(&t.Shape), "no check is called %q; write answer, search, canary or page", clip(string(t.Shape)))
		}
		if t.Every != 0 && (t.Every < time.Second || t.Every > time.Hour) {
			c.complain(c.at(&t.Every), "is not from 1s to 1h")
		}
		for k := range t.Needs {
			if id := strings.TrimSuffix(t.Needs[k], "?"); c.targets[id] == nil || id == t.ID {
				c.complain(c.at(&t.Needs[k]), "no other target is called %q", clip(id))
			}
		}
		for k := range t.Substitutes {
			c.target(&t.Substitutes[k])
		}
		for k := range t.Parts {
			if !plainID.MatchString(t.Parts[k]) || slices.Contains(t.Parts[:k], t.Parts[k]) {
				c.complain(c.at(&t.Parts[k]), "%q is no id, or there twice", clip(t.Parts[k]))
			}
		}
	}
	c.checkCircles()
	for channel, target := range s.Follows {
		if !slices.Contains(channels, channel) || c.targets[target] == nil {
			c.complain(c.key(&s.Follows, channel), "write one of %s, and a target", strings.Join(channels, ", "))
		}
	}
}

// checkCircles refuses targets that need themselves by way of others.
func (c *checker) checkCircles() {
	const (
		fresh = iota
		open
		done
	)
	seen := map[string]int{}
	var walk func(id string) bool
	walk = func(id string) bool {
		if seen[id] == open {
			return false
		}
		if seen[id] == done || c.targets[id] == nil {
			return true
		}
		seen[id] = open
		defer func() { seen[id] = done }()
		for _, need := range c.targets[id].Needs {
			if !walk(strings.TrimSuffix(need, "?")) {
				return false
			}
		}
		return true
	}
	for i := range c.s.Targets {
		if !walk(c.s.Targets[i].ID) {
			c.complain(c.at(&c.s.Targets[i].ID), "needs itself by way of what it needs")
			return
		}
	}
}

func (c *checker) checkEvent(i int) {
	s := c.s
	e := &s.Events[i]
	c.inside(&e.At)
	if i > 0 && e.At.Before(s.Events[i-1].At) {
		c.complain(c.at(&e.At), "is before the event above it; write events in order")
	}
	c.source(&e.Source)
	for key, mode := range e.Set {
		c.checkMode(e, key, mode)
	}
	for name, mode := range e.Gateways {
		service := drill.Service(name)
		if !service.Gateway() || !slices.Contains(service.Modes(), mode) {
			c.complain(c.key(&e.Gateways, name), "no gateway %q knows the mode %q; gateways are sms, alimtalk and slack", clip(name), clip(string(mode)))
		}
	}
	if e.Clock != nil && e.Clock.Abs() > time.Hour {
		c.complain(c.at(e.Clock), "is more than an hour off")
	}
	if e.Do != nil {
		c.checkDeed(e.Do)
	}
}

// checkMode looks at one entry of set: TARGET, TARGET/PART, control/ID or *,
// and perhaps @LOCATION.
func (c *checker) checkMode(e *Event, key string, mode Mode) {
	at := c.key(&e.Set, key)
	subject, location, placed := strings.Cut(key, "@")
	if placed && !c.locations[location] {
		c.complain(at, "no location is called %q; write one of %s", clip(location), choices(c.locations))
	}
	if subject == "*" && placed {
		return
	}
	if id, ok := strings.CutPrefix(subject, "control/"); ok {
		if !c.controls[id] {
			c.complain(at, "no control is called %q", clip(id))
		}
		return
	}
	id, part, parted := strings.Cut(subject, "/")
	t := c.targets[id]
	switch {
	case t == nil:
		c.complain(at, "no target is called %q; write one of %s", clip(id), choices(c.targets))
	case parted && !slices.Contains(t.Parts, part):
		c.complain(at, "%s has no part %q", id, clip(part))
	case mode.Fault == Empty && t.Shape != ShapeSearch, mode.Fault == Lost && t.Shape != ShapeCanary:
		c.complain(at, "%q can not happen to %s: empty belongs to a check by search, lost to one by canary", mode.Fault, id)
	}
}

func (c *checker) checkDeed(d *Deed) {
	c.target(&d.About)
	deeds := 0
	for _, given := range []bool{
		d.Statement != nil, d.ETA != nil, d.Correct != nil, d.Note != nil,
		d.Maintain != nil, d.Merge != "", len(d.Split) > 0, d.Retract != nil,
	} {
		if given {
			deeds++
		}
	}
	if deeds != 1 {
		c.complain(c.at(d), "has %d deeds; write one of statement, eta, correct, note, maintain, merge, split, retract", deeds)
	}
	if d.Merge != "" {
		c.target(&d.Merge)
	}
	for i := range d.Split {
		c.target(&d.Split[i])
	}
	if d.Correct != nil {
		c.checkCorrection(d.Correct)
	}
	if d.Maintain != nil && !d.Maintain.Until.After(d.Maintain.From) {
		c.complain(c.at(&d.Maintain.Until), "is not after its beginning")
	}
}

func (c *checker) checkCorrection(k *Correction) {
	switch status.CorrectionField(k.Field) {
	case status.CorrectBegan, status.CorrectResolved:
		if _, err := time.Parse(time.RFC3339, k.Is); err != nil {
			c.complain(c.at(&k.Is), "%q is not an instant; write one like 2022-10-15T15:30:00+09:00", clip(k.Is))
		}
	case status.CorrectCause:
		if kind, _, ok := strings.Cut(k.Is, ":"); !ok || kind != "component" && kind != "domain" {
			c.complain(c.at(&k.Is), "%q is no cause; write component:ID or domain:ID", clip(k.Is))
		}
	default:
		c.complain(c.at(&k.Field), "%q can not be corrected; write began, resolved or cause", clip(k.Field))
	}
}

func (c *checker) checkExpectation(e *Expectation) {
	rules := 0
	rule := func(given bool, look func()) {
		if given {
			rules++
			look()
		}
	}
	rule(e.Incidents != nil, func() {
		if e.Incidents.Head != "" {
			c.target(&e.Incidents.Head)
		}
	})
	rule(e.Words != nil, func() { c.inside(&e.Words.Of); c.by(e.Words) })
	rule(e.State != nil, func() { c.checkState(e.State) })
	rule(e.Affected != nil, func() { c.target(&e.Affected.Target) })
	rule(e.Texts != nil, func() { c.checkTexts(e.Texts) })
	rule(e.Avoids != nil, func() {
		c.channel(&e.Avoids.Channel)
		if c.s.Follows[e.Avoids.Channel] == "" {
			c.complain(c.at(&e.Avoids.Channel), "%q follows no target; write so under follows", e.Avoids.Channel)
		}
	})
	rule(e.Reaches != nil, func() { c.event(&e.Reaches.Event) })
	rule(e.Promises != nil, func() {})
	rule(e.Durations != nil, func() { c.target(&e.Durations.About) })
	rule(e.Updates != nil, func() {
		c.target(&e.Updates.About)
		c.span(&e.Updates.From, &e.Updates.Until)
		if !slices.Contains(updateKinds, status.UpdateKind(e.Updates.Kind)) {
			c.complain(c.at(&e.Updates.Kind), "no update is called %q", clip(e.Updates.Kind))
		}
	})
	rule(e.PointsAway != nil, func() {})
	rule(e.Marked != nil, func() {})
	rule(e.Substitutes != nil, func() { c.checkSubstitutes(e.Substitutes) })
	rule(e.Doubted != nil, func() {
		c.inside(&e.Doubted.At)
		if !c.locations[e.Doubted.Location] {
			c.complain(c.at(&e.Doubted.Location), "no location is called %q", clip(e.Doubted.Location))
		}
	})
	if rules != 1 {
		c.complain(c.at(e), "has %d rules; write one, such as state, texts, words, incidents", rules)
	}
}

func (c *checker) by(w *Words) {
	for i := range w.By {
		if w.By[i] != "page" && w.By[i] != "sms" {
			c.complain(c.at(&w.By[i]), "%q says no words; write page or sms", clip(w.By[i]))
		}
	}
}

func (c *checker) span(from, until *time.Time) {
	c.inside(from)
	c.inside(until)
	if !from.IsZero() && !until.IsZero() && !until.After(*from) {
		c.complain(c.at(until), "is not after the span's beginning")
	}
}

func (c *checker) checkState(s *State) {
	for id, states := range s.Targets {
		if c.targets[id] == nil {
			c.complain(c.key(&s.Targets, id), "no target is called %q", clip(id))
		}
		if len(states) == 0 {
			c.complain(c.key(&s.Targets, id), "may be nothing; write the states it may be")
		}
	}
	c.span(&s.From, &s.Until)
	c.inside(&s.At)
	if s.At.IsZero() == s.From.IsZero() {
		c.complain(c.at(s), "needs either at, or from and perhaps until")
	}
}

var (
	eventKinds  = []string{"opened", "worsened", "note", "resolved", "digest", "retracted", "alarm", "everyday"}
	updateKinds = []status.UpdateKind{
		status.UpdateOpened, status.UpdateCause, status.UpdateChanged, status.UpdateNoChange, status.UpdateMonitoring,
		status.UpdateRelapse, status.UpdateResolved, status.UpdateMerged, status.UpdateNote, status.UpdateStatement,
		status.UpdateETA, status.UpdateETAMet, status.UpdateETANotMet, status.UpdateCorrected, status.UpdateSplit, status.UpdateRetracted,
		status.UpdateDropped, status.UpdatePostmortem,
	}
)

func (c *checker) event(kind *string) {
	if !slices.Contains(eventKinds, *kind) {
		c.complain(c.at(kind), "no text tells of %q; write %s", clip(*kind), strings.Join(eventKinds, ", "))
	}
}

func (c *checker) checkTexts(t *Texts) {
	for i := range t.Events {
		c.event(&t.Events[i])
	}
	c.span(&t.From, &t.Until)
	if t.Audience != "" && t.Audience != "subscribers" && t.Audience != "operators" {
		c.complain(c.at(&t.Audience), "nobody is called %q; write subscribers or operators", clip(t.Audience))
	}
	if t.Least == 0 && t.Most == nil {
		c.complain(c.at(t), "bounds nothing; write least or most")
	}
}

func (c *checker) checkSubstitutes(s *Substitutes) {
	c.target(&s.Of)
	c.inside(&s.At)
	c.span(&s.From, &s.Until)
	if s.At.IsZero() == s.From.IsZero() {
		c.complain(c.at(s), "needs either at, or from and perhaps until")
	}
	for _, list := range [][]string{s.Lists, s.Omits, s.Crowded} {
		for i := range list {
			c.target(&list[i])
		}
	}
}
