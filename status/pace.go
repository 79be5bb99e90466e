package status

import "time"

// How soon a change of an incident's components is told: while an outage
// spreads, its list grows by the second, and when a component flaps, its news
// are old before they are read.
const (
	// changesEvery is the least time from an incident's last update to one that
	// only says which components it has now.
	changesEvery = 10 * time.Second

	// changesAtMost is the longest that a change waits, however often the same
	// was told. The states on the page do not wait.
	changesAtMost = 15 * time.Minute

	// pacedOver is for how long a telling lengthens the wait of the next.
	pacedOver = 2 * time.Hour
)

// tells says whether the program told of the components with the update. What
// people add tells of other things.
func (u *Update) tells() bool {
	switch u.Kind {
	case UpdateNote, UpdateStatement, UpdateETA, UpdateETAMet, UpdateETANotMet, UpdateCorrected, UpdatePostmortem:
		return false
	default:
		return true
	}
}

// changed says whether other components fail, or worse or less so, than when
// the story was last told.
func (s *story) changed() bool {
	return len(difference(s.told().Components, s.Components)) > 0
}

// changeDue is when the story's components are told again because they have
// changed; zero if they are as they were told. What is worse than told waits for
// no other reason than that a list grows.
func (s *story) changeDue() time.Time {
	told := s.told()
	untold := difference(told.Components, s.Components)
	if len(untold) == 0 {
		return time.Time{}
	}
	_, was := outline(told.Components)
	if _, is := outline(s.Components); worst(was, is) != was {
		return told.At.Add(changesEvery)
	}
	return told.At.Add(s.pause(untold))
}

// pause is how long the news of the components wait. It doubles with each
// telling of the same; the least told of them decides, so that one that flaps
// does not hold up the others.
func (s *story) pause(untold []string) time.Duration {
	pause := changesAtMost
	for _, id := range untold {
		wait := changesEvery
		for n := s.tellings()[id]; n > 0 && wait < pause; n-- {
			wait *= 2
		}
		pause = min(pause, wait)
	}
	return pause
}

// tellings counts, by component, the updates that told of its change within
// [pacedOver] up to the latest one. It follows from the updates, so a restart
// does not make a flapping component news again.
func (s *story) tellings() map[string]int {
	if s.counted == len(s.Updates) {
		return s.timesTold
	}
	s.counted, s.timesTold = len(s.Updates), make(map[string]int)
	later := s.told()
	from := later.At.Add(-pacedOver)
	for k := len(s.Updates) - 1; k >= 0 && later.At.After(from); k-- {
		u := &s.Updates[k]
		if u == later || k > 0 && !u.tells() {
			continue
		}
		for _, id := range difference(u.Components, later.Components) {
			s.timesTold[id]++
		}
		later = u
	}
	return s.timesTold
}

// difference lists the components that make one telling another: those that
// fail in one of the two only, and, if the worst state is another, those whose
// own state is.
func difference(was, is []Affected) (ids []string) {
	before, wasImpact := outline(was)
	after, isImpact := outline(is)
	for id, state := range after {
		if told, failed := before[id]; !failed || told != state && wasImpact != isImpact {
			ids = append(ids, id)
		}
	}
	for id := range before {
		if _, fails := after[id]; !fails {
			ids = append(ids, id)
		}
	}
	return ids
}

// outline is which components fail, by id, and the worst of how badly.
func outline(components []Affected) (failing map[string]State, impact State) {
	failing = make(map[string]State, len(components))
	for i := range components {
		if a := &components[i]; a.troubled() {
			failing[a.Component] = a.State
			impact = worst(impact, a.State)
		}
	}
	return failing, impact
}
