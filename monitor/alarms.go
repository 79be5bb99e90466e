package monitor

import (
	"fmt"
	"time"
)

const (
	alarmEvery = time.Hour // at most one alarm of a key in this time
	alarmsMost = 10        // and at most so many keys; the rest are one
)

// alarms keeps operators from being flooded: one alarm an hour of each key,
// and when many keys call at once (our own network is gone: every check is
// inconclusive) one that speaks for those beyond the tenth.
type alarms struct {
	told map[string]time.Time
}

// admit says whether an alarm is to be given, under which key and in which words.
func (a *alarms) admit(key, text string, now time.Time) (string, string, bool) {
	for k, at := range a.told {
		if now.Sub(at) >= alarmEvery {
			delete(a.told, k)
		}
	}
	if _, told := a.told[key]; told {
		return "", "", false
	}
	if len(a.told) >= alarmsMost {
		key, text = "many", fmt.Sprintf("more than %d things are wrong within an hour; the latest: %s", alarmsMost, text)
		if _, told := a.told[key]; told {
			return "", "", false
		}
	}
	if a.told == nil {
		a.told = map[string]time.Time{}
	}
	a.told[key] = now
	return key, text, true
}
