package monitor

import (
	"fmt"
	"strings"
	"time"
)

const (
	alarmEvery = time.Hour // at most one alarm of a key in this time
	alarmsMost = 10        // and at most so many keys; the rest are one
)

// alarms keeps operators from being flooded: one alarm an hour of each key,
// and when many keys of one source call at once (our own network is gone: every
// check is inconclusive) one that speaks for those beyond the tenth. A source is
// this node, or a location whose agent may call as often as it likes: it cannot
// drown what others have to say.
type alarms struct {
	told map[alarm]time.Time
}

// alarm is a key and its source; that of this node is empty.
type alarm struct{ source, key string }

// admit says whether an alarm is to be given, under which key and in which words.
func (a *alarms) admit(source, key, text string, now time.Time) (string, string, bool) {
	told := 0
	for k, at := range a.told {
		if now.Sub(at) >= alarmEvery {
			delete(a.told, k)
		} else if k.source == source {
			told++
		}
	}
	if _, known := a.told[alarm{source, key}]; known {
		return "", "", false
	}
	if told >= alarmsMost {
		key, text = strings.TrimSpace("many "+source), fmt.Sprintf("more than %d things are wrong within an hour; the latest: %s", alarmsMost, text)
		if _, known := a.told[alarm{source, key}]; known {
			return "", "", false
		}
	}
	if a.told == nil {
		a.told = map[alarm]time.Time{}
	}
	a.told[alarm{source, key}] = now
	return key, text, true
}

// setBack has nothing told after now, by a clock that was ahead: else operators
// would hear nothing until that time has come.
func (a *alarms) setBack(now time.Time) {
	for k, at := range a.told {
		if at.After(now) {
			a.told[k] = now
		}
	}
}
