package notifier

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"bongsu/status"
)

// Wishes are what a person wants to hear of, when, and by which of their
// addresses first. The zero value wants everything, at once, as the plan has it.
type Wishes struct {
	Topics []string // ids of components, and groups as [GroupTopic] writes them; none: everything
	Quiet  Quiet
	Order  []string // kinds of address, the first to be tried first; none: the plan's
}

// GroupTopic is how a group stands among topics: whatever belongs to it, also
// what joins it later.
func GroupTopic(id string) string { return "group/" + id }

// Want says whether somebody with these wishes is told of what a notice is
// about. What concerns everybody is about nothing in particular.
func (w *Wishes) Want(about []string) bool {
	return len(w.Topics) == 0 || len(about) == 0 ||
		slices.ContainsFunc(about, func(topic string) bool { return slices.Contains(w.Topics, topic) })
}

// Quiet are the hours of each day in which somebody wants to be left alone:
// from From to before Until, in minutes after midnight of their zone. The zero
// value is no time at all.
type Quiet struct {
	From, Until int
	Zone        *time.Location
}

// IsZero says whether there are no such hours.
func (q Quiet) IsZero() bool { return q.From == q.Until || q.Zone == nil }

func (q Quiet) String() string {
	if q.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s-%s %s", clockText(q.From), clockText(q.Until), q.Zone)
}

func clockText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

const dayMinutes = 24 * 60

var quietForm = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d) ([A-Za-z0-9_+/-]{1,64})$`)

// ParseQuiet reads what [Quiet.String] writes: "22:00-07:00 Asia/Seoul". Nothing
// is no quiet hours.
func ParseQuiet(text string) (Quiet, error) {
	if text == "" {
		return Quiet{}, nil
	}
	m := quietForm.FindStringSubmatch(text)
	if m == nil {
		return Quiet{}, fmt.Errorf("%q are no quiet hours; write them like 22:00-07:00 Asia/Seoul", text)
	}
	zone, err := ParseZone(m[5])
	if err != nil {
		return Quiet{}, err
	}
	at := func(hour, minute string) int {
		h, _ := strconv.Atoi(hour) // the form has digits here
		m, _ := strconv.Atoi(minute)
		return 60*h + m
	}
	return Quiet{From: at(m[1], m[2]), Until: at(m[3], m[4]), Zone: zone}, nil
}

// ParseZone finds a time zone by its name. The server's own is not one: it
// would mean something else on the next server.
func ParseZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone; write one like Asia/Seoul", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone; write one like Asia/Seoul", name)
	}
	return zone, nil
}

// over is when somebody may be told who was to be told at an instant: that
// instant itself outside of their quiet hours.
func (q Quiet) over(at time.Time) time.Time {
	if q.IsZero() {
		return at
	}
	local := at.In(q.Zone)
	minute := 60*local.Hour() + local.Minute()
	if within := (minute - q.From + dayMinutes) % dayMinutes; within >= (q.Until-q.From+dayMinutes)%dayMinutes {
		return at
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), q.Until/60, q.Until%60, 0, 0, q.Zone)
	if !end.After(at) {
		end = time.Date(local.Year(), local.Month(), local.Day()+1, q.Until/60, q.Until%60, 0, 0, q.Zone)
	}
	if !end.After(at) { // the zone leaps over the end, or has it twice
		return at
	}
	return end
}

// Safety says whether a notice passes quiet hours: that something fails
// altogether, and the end of what was heard. What is one person's own, such as
// a code, they wait for.
func (n *Notice) Safety() bool {
	grave := n.To >= status.MajorOutage && (n.Event == string(status.EventOpened) || n.Event == string(status.EventWorsened))
	return grave || (n.Resolves() && !n.OfWork()) || n.Recipient > 0
}

// Leaves says from when on a notice may leave for somebody, and whether it may at
// all: what is no longer worth telling after their quiet hours never leaves.
func (n *Notice) Leaves(w *Wishes, now time.Time) (time.Time, bool) {
	if n.Safety() {
		return now, true
	}
	at := w.Quiet.over(now)
	return at, at.Equal(now) || !n.Expired(at)
}

// Reach is how somebody can be reached: the kinds of address that may be used,
// sorted, unless they chose an order.
type Reach struct {
	Kinds   []string
	Ordered bool
	Quiet   Quiet
}

// later is when somebody with these hours may be sent a notice from now on. What
// is no longer worth telling by then is cancelled when its time has come.
func (r *Reach) later(n *Notice, now time.Time) time.Time {
	at, _ := n.Leaves(&Wishes{Quiet: r.Quiet}, now)
	return at
}

// InOrder puts kinds in the order that was chosen; those it does not name come
// after the others.
func InOrder(kinds, order []string) Reach {
	if len(order) == 0 {
		return Reach{Kinds: kinds}
	}
	sorted := slices.Clone(kinds)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(placeIn(order, a), placeIn(order, b)) })
	return Reach{Kinds: sorted, Ordered: true}
}

func placeIn(order []string, kind string) int {
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// OwnPlan is a plan in the order of somebody's own kinds of address. What
// belongs to a place, how long to wait there, stays with the place; what counts
// as success, and whether the text is long, goes with the channel.
func OwnPlan(plan []Hop, r Reach, kind func(channel string) string) []Hop {
	if !r.Ordered {
		return plan
	}
	own := slices.Clone(plan)
	slices.SortStableFunc(own, func(a, b Hop) int {
		return cmp.Compare(placeIn(r.Kinds, kind(a.Channel)), placeIn(r.Kinds, kind(b.Channel)))
	})
	for i := range own {
		own[i].Wait = plan[i].Wait
	}
	return own
}

// hopAt is a place of a plan as those have it who reached a channel there.
func hopAt(plan []Hop, place int, channel string) Hop {
	h := plan[place]
	if h.Channel == channel {
		return h
	}
	if i := slices.IndexFunc(plan, func(other Hop) bool { return other.Channel == channel }); i >= 0 {
		h.Channel, h.Until, h.Long = channel, plan[i].Until, plan[i].Long
	}
	return h
}
