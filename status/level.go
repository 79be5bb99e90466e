package status

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

// fold is the standing after one more look. An inconclusive look is remembered
// as the latest and changes nothing else. It takes confirm troubled looks in a
// row to make a level worse, relieve better ones to make it better, and one
// that is ok to make an unknown location's level ok.
func (s Standing) fold(v Vote, confirm, relieve int) Standing {
	next := s
	next.Vote = v
	seen, conclusive := look(v.Outcome)
	if !conclusive {
		return next
	}
	if s.Recent == "" || (seen == lookOK) != (s.latest() == lookOK) {
		next.Turned = v.At
	}
	next.Recent = remember(s.Recent, seen, max(confirm, relieve))
	next.Said = v.At
	next.Level = judgeLooks(s.Level, next.Recent, confirm, relieve)
	return next
}

// latest is the latest conclusive look. There must have been one.
func (s Standing) latest() byte { return s.Recent[len(s.Recent)-1] }

// unsettled says whether the latest look was conclusive and is not what the
// level says.
func (s Standing) unsettled() bool {
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
