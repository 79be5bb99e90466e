package status

import "time"

// Looks as [Standing.Recent] writes them, by how bad they are.
const (
	lookOK      = '0'
	lookSlow    = '1'
	lookFailing = '2'
)

// look is the outcome as Recent writes it. It says false for an inconclusive
// one, which tells nothing about the target.
func look(o Outcome) (byte, bool) {
	switch o {
	case OK:
		return lookOK, true
	case Slow:
		return lookSlow, true
	case Wrong, Failed:
		return lookFailing, true
	default:
		return 0, false
	}
}

// levelOf is the level that looks like this one confirm.
func levelOf(look byte) Level {
	return LevelOK + Level(look-lookOK)
}

// patience is how a check's looks become a word.
type patience struct {
	confirm, relieve int           // looks in a row that make it worse, or better
	fresh            time.Duration // how long a word counts
	vouched          bool          // a worse word waits until the location's controls bear it out
}

// fold is the standing after one more look. An inconclusive look is remembered
// as the latest and changes nothing else. It takes confirm troubled looks in a
// row to make a level worse, relieve better ones to make it better, and one
// that is ok to make an unknown location's level ok. A word that has lapsed is
// forgotten: what was seen before a silence says nothing of what is seen after.
func (s Standing) fold(v Vote, p patience) Standing {
	next := s
	next.Vote = v
	seen, conclusive := look(v.Outcome)
	if !conclusive {
		return next
	}
	if !s.Said.IsZero() && v.At.Sub(s.Said) > p.fresh {
		next.forget()
	}
	if next.Recent == "" || (seen == lookOK) != (next.latest() == lookOK) {
		next.Turned = v.At
	}
	next.Recent = remember(next.Recent, seen, max(p.confirm, p.relieve))
	next.learn(seen, v)
	next.Said = v.At
	if word := next.word(p); !p.vouched || !next.worsens(word) {
		next.Level = word
	}
	return next
}

// word is what the looks amount to by themselves.
func (s *Standing) word(p patience) Level {
	if s.Recent == "" {
		return s.Level
	}
	return judgeLooks(s.Level, s.Recent, p.confirm, p.relieve)
}

// worsens says whether a level accuses the target of more than the confirmed
// word does.
func (s *Standing) worsens(to Level) bool { return to > max(s.Level, LevelOK) }

// forget makes the standing that of a location that has never spoken, but for
// when it last did and how long things take.
func (s *Standing) forget() {
	s.Level, s.Recent, s.Turned = LevelUnknown, "", time.Time{}
}

// hold takes back the looks that were to make the level worse.
func (s *Standing) hold() {
	s.Recent = ""
	if s.Level <= LevelOK {
		s.Turned = time.Time{}
	}
}

// latest is the latest conclusive look. There must have been one.
func (s *Standing) latest() byte { return s.Recent[len(s.Recent)-1] }

// unsettled says whether the latest look was conclusive and is not what the
// level says.
func (s *Standing) unsettled() bool {
	seen, conclusive := look(s.Outcome)
	return conclusive && levelOf(seen) != s.Level
}

// remember appends a look and keeps the last ones. A string that would be the
// same is handed back, so a location that says the same for ever costs nothing.
func remember(recent string, seen byte, keep int) string {
	var room [32]byte
	all := append(append(room[:0], recent...), seen)
	if len(all) > keep {
		all = all[len(all)-keep:]
	}
	if string(all) == recent {
		return recent
	}
	return string(all)
}

// judgeLooks is the level after the recent looks. The last confirm of them can
// raise it to the least bad among them, the last relieve of them lower it to
// the worst among them.
func judgeLooks(level Level, recent string, confirm, relieve int) Level {
	if level == LevelUnknown && recent[len(recent)-1] == lookOK {
		return LevelOK
	}
	if n := len(recent); n >= confirm {
		least := byte(lookFailing)
		for _, l := range []byte(recent[n-confirm:]) {
			least = min(least, l)
		}
		if up := levelOf(least); up > level {
			return up
		}
	}
	if n := len(recent); level != LevelUnknown && n >= relieve {
		worst := byte(lookOK)
		for _, l := range []byte(recent[n-relieve:]) {
			worst = max(worst, l)
		}
		if down := levelOf(worst); down < level {
			return down
		}
	}
	return level
}
