package notifier

import (
	"slices"
	"strings"
	"time"

	"bongsu/status"
)

// The rules of the ledger are functions of their arguments; what carries them
// out is elsewhere.

// Way says where a recipient goes: a hop of their plan.
type Way struct {
	Hop     int
	Free    bool   // its channel is not blocked
	Skipped string // the hops before it that were left out, and why
}

// Block says why a channel should not be used. Soft: it may be, by whoever has
// no other way.
type Block struct {
	Why  string // empty: it may be used
	Soft bool
}

// NextWay is the first hop from one on that reaches the recipient by a channel
// that is not blocked. If every channel that could reach them is, they go to the
// first that is softly blocked, or else wait at the first of all until it is
// free: no request goes where it would be lost, and nobody is forgotten. It says
// false if no hop reaches them at all.
func NextWay(plan []Hop, from int, has func(channel string) bool, blocked func(channel string) Block) (Way, bool) {
	var skipped []string
	first, soft := -1, -1
	for i := max(from, 0); i < len(plan); i++ {
		channel := plan[i].Channel
		if !has(channel) {
			continue
		}
		b := blocked(channel)
		if b.Why == "" {
			return Way{Hop: i, Free: true, Skipped: strings.Join(skipped, "; ")}, true
		}
		skipped = append(skipped, channel+": "+b.Why)
		if first < 0 {
			first = i
		}
		if soft < 0 && b.Soft {
			soft = i
		}
	}
	if soft >= 0 {
		return Way{Hop: soft}, true
	}
	return Way{Hop: first}, first >= 0
}

// BlockedBy says why a channel that follows a component in this state carries
// nothing, or nothing itself: an unmeasured component is not a failed one.
func BlockedBy(component string, s status.State) string {
	switch s {
	case status.DegradedPerformance, status.PartialOutage, status.MajorOutage, status.UnderMaintenance:
		return component + " is " + s.String()
	case status.Unknown, status.Operational:
	}
	return ""
}

// Hears says whether a subscriber with this threshold is told of a notice. A
// route asks for at least something itself, so whoever asked for less hears
// when the route first does. Who hears of an end is everybody concerned by
// the worst of it.
func (n *Notice) Hears(route, threshold status.State) bool {
	return max(route, threshold) > n.floor() && threshold <= n.To
}

// floor is the state of which everybody concerned has been told already.
func (n *Notice) floor() status.State {
	if n.Resolves() {
		return status.Unknown
	}
	return n.From
}

// Resolves says whether the notice ends what was told of an incident: it is
// over, or was a false alarm. It goes to whoever heard the bad news, and to
// nobody else.
func (n *Notice) Resolves() bool { return status.EventKind(n.Event).Ends() }

// OfWork says whether it tells of planned work. Only those hear it who chose what
// it is about: who wants to hear of outages did not ask for every window.
func (n *Notice) OfWork() bool { return status.EventKind(n.Event).OfWork() }

// MayBeCapped says whether somebody who has had enough notices for a day is
// spared this one. First words, what makes them worse and the end never are.
func (n *Notice) MayBeCapped() bool {
	switch n.Priority {
	case PriorityUpdate, PriorityDigest:
		return true
	case PriorityApp:
		return n.Policy == AtMostOnce
	}
	return false
}

// Expired says whether the notice is no longer worth handing over.
func (n *Notice) Expired(now time.Time) bool { return !n.Expires.IsZero() && !now.Before(n.Expires) }

// TextFor is the notice's text for a class of channel in a language, or in the
// first language that has one.
func (n *Notice) TextFor(class Class, lang string) (Text, bool) {
	first := slices.IndexFunc(n.Texts, func(t Text) bool { return t.Class == class })
	if first < 0 {
		return Text{}, false
	}
	for _, t := range n.Texts[first:] {
		if t.Class == class && t.Lang == lang {
			return t, true
		}
	}
	return n.Texts[first], true
}

// Next is what follows a try that did not succeed.
type Next uint8

// What may follow.
const (
	SameGateway Next = iota // after a back-off
	NextGateway             // of the same channel
	NextHop                 // of the plan
)

// AfterFailure says what follows a try that is known to have left nothing.
// tries counts the failed ones at this gateway, this one included; left says
// whether the channel has a gateway that has not been tried.
func AfterFailure(k ResultKind, recipient bool, tries, limit int, left bool) Next {
	switch {
	case k == Refused && recipient:
		return NextHop
	case k == Retry && tries < limit:
		return SameGateway
	case left:
		return NextGateway
	}
	return NextHop
}

// Backoff is how long to wait after so many failed tries: 1 s, 2 s, 4 s … to a
// minute, spread by jitter in [0, 1) over its upper half, so that recipients
// who failed together do not return together.
func Backoff(tries int, jitter float64) time.Duration {
	full := min(time.Second<<min(max(tries-1, 0), 6), time.Minute)
	return full/2 + time.Duration(jitter*float64(full/2))
}

// InDoubt is a hand-over whose end nobody knows, and what can be done about it.
type InDoubt struct {
	Since   time.Time
	Wait    time.Duration // for a callback
	Policy  Policy
	Dedupes time.Duration // the gateway takes a key only once within this time; 0: it does not
	Finds   bool          // the gateway can be asked
	Blocked bool          // the channel carries nothing now
	Over    bool          // the notice has been recalled or has expired
	Tries   int           // hand-overs that the gateway left without an answer; a crash's do not count
	Limit   int
}

// Settlement is how to settle a doubt.
type Settlement uint8

// The settlements, from the surest on.
const (
	WaitForReceipt Settlement = iota
	SendSameKey               // the gateway itself drops it if it has it
	LookUp                    // ask; if it has it not, settle again without Finds
	SendAgain                 // flagged: it may arrive twice
	GoOn                      // by the next gateway or hop, flagged
	LeaveUnknown
)

// Settle says how to settle a doubt at now.
func (d InDoubt) Settle(now time.Time) Settlement {
	age := now.Sub(d.Since)
	switch {
	case d.Over && age < d.Wait, d.Blocked && age < d.Wait:
		return WaitForReceipt
	case d.Over:
		return LeaveUnknown
	case d.Blocked:
		return d.byPolicy(GoOn)
	case age < d.Dedupes && d.Tries <= d.Limit:
		return SendSameKey
	case age < d.Wait:
		return WaitForReceipt
	case d.Finds:
		return LookUp
	case d.Tries >= d.Limit:
		return d.byPolicy(GoOn)
	}
	return d.byPolicy(SendAgain)
}

func (d InDoubt) byPolicy(s Settlement) Settlement {
	if d.Policy == AtMostOnce {
		return LeaveUnknown
	}
	return s
}

// Reached says whether a delivery has come as far as its hop asks.
func Reached(r, until Rank) bool { return r != FailedRank && r >= until }

// LeavesHop says whether a recipient who waits at a hop goes on now: who has
// failed at once, others when the wait has passed or the channel is blocked
// and another way is free.
func LeavesHop(i Item, until Rank, due, now time.Time, blocked, elsewhere bool) bool {
	if i.Fate != FateOpen || Reached(i.Rank, until) || i.Rank == Planned {
		return false
	}
	return i.Rank == FailedRank || !now.Before(due) || (blocked && elsewhere)
}
