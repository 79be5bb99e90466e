package notifier

import "strings"

// Ended sums up why a delivery ended, or went on elsewhere, in few words: what
// somebody asks who looks at a thousand of them.
type Ended string

// The ways to end.
const (
	EndedRefused   Ended = "refused"      // a gateway, a carrier or the phone said no, with a code
	EndedError     Ended = "error"        // the gateway did not answer as one that works
	EndedThrottled Ended = "throttled"    // it asked for a pause, time and again
	EndedUncertain Ended = "uncertain"    // nobody knows whether it was taken
	EndedLate      Ended = "late"         // not reached within the wait of its hop
	EndedDead      Ended = "dead"         // its gateway was judged dead
	EndedBlocked   Ended = "blocked"      // the channel hangs on something that fails
	EndedNoAddress Ended = "no_address"   // there is no address for the channel any more
	EndedNoText    Ended = "no_text"      // the notice has no words for the channel
	EndedText      Ended = "text_refused" // the words must not leave now
	EndedReached   Ended = "reached"      // another way had reached them
	EndedRecalled  Ended = "recalled"     // a later notice, or an operator, made it needless
	EndedOver      Ended = "over"         // it was not worth sending any more
	EndedLeft      Ended = "left"         // they had left
	EndedCap       Ended = "cap"          // they had had their day's number
)

// Endings lists them all.
func Endings() []Ended {
	return []Ended{
		EndedRefused, EndedError, EndedThrottled, EndedUncertain, EndedLate, EndedDead, EndedBlocked, EndedNoAddress, EndedNoText, EndedText,
		EndedReached, EndedRecalled, EndedOver, EndedLeft, EndedCap,
	}
}

// endings are the words of the books that say an ending by themselves.
var endings = map[string]Ended{
	"error": EndedError, "not sent": EndedError, "throttled": EndedThrottled, "uncertain": EndedUncertain, "no_result": EndedUncertain,
	"looked_up": EndedError, "judged dead": EndedDead, "no_address": EndedNoAddress, "no_text": EndedNoText, "text_refused": EndedText,
	"recalled": EndedRecalled, "over": EndedOver, "left": EndedLeft, "cap": EndedCap,
}

// EndingOf reads what the books say of a delivery's end. code is the gateway's
// own word for it, where there is one.
func EndingOf(rank Rank, fate Fate, why string) (e Ended, code string) {
	if rest, cut := strings.CutPrefix(why, "delivered by "); cut {
		return EndedReached, rest
	}
	if strings.HasPrefix(why, "in doubt at ") || fate == FateUnknown {
		return EndedUncertain, ""
	}
	if strings.HasPrefix(why, "not ") && strings.HasSuffix(why, " in time") {
		return EndedLate, ""
	}
	rest := strings.TrimPrefix(why, "failed: ")
	if _, after, cut := strings.Cut(rest, ": "); cut {
		rest = after
	}
	if e, is := endings[rest]; is {
		return e, ""
	}
	switch {
	case rank == FailedRank:
		return EndedRefused, rest
	case strings.Contains(rest, " is ") || strings.Contains(rest, " "):
		return EndedBlocked, rest
	}
	return EndedRefused, rest
}
