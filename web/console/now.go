package console

import (
	"context"
	"net/http"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// askTime is how long a page waits for the books: it has more to say than what
// stands in them, and says so when they do not answer.
const askTime = 2 * time.Second

// Ways tells how the ways to people are.
type Ways interface {
	// Outgoing is how it goes now.
	Outgoing(ctx context.Context) (Outgoing, error)
}

// Outgoing is how sending goes at one instant.
type Outgoing struct {
	Paused   bool
	Waiting  int       // recipients who have not been handed to a gateway
	Oldest   time.Time // since when the longest-waiting of those that are due waits; zero if none does
	Stopped  []StoppedChannel
	Gateways []GatewayHealth // in the configuration's order
	Unsent   []Unsent        // of the latest notices, those that some people will not get, newest first
}

// StoppedChannel is a channel that sends nothing now.
type StoppedChannel struct {
	Channel string
	Why     string // as the sender has it, in English: [web.Reader.Reason]
	Until   time.Time
}

// GatewayHealth is what is held of a gateway.
type GatewayHealth struct {
	Name    string // channel, slash, gateway
	Stage   string // well, dead, canary, tenth
	Since   time.Time
	Why     string // as the sender has it, in English; empty if well
	Taken   int64  // messages in the last ten minutes
	Faults  int64  // errors of its own in the last ten minutes
	Pending int64  // of those taken: nothing has been told of them yet
}

// Unsent is a notice that could not be sent to everybody.
type Unsent struct {
	Notice   string
	Incident string // empty for another kind of notice
	Made     time.Time
	Failed   int64
	Unknown  int64 // may have been handed over; nobody knows
}

func (c *Console) nowRoutes() []route {
	return []route{{method: http.MethodGet, path: "", deed: account.ReadDesk, handle: c.now}}
}

// nowPage is the first screen: all that is wrong, worst first, ourselves
// included.
type nowPage struct {
	Overall   badge
	Headline  string
	Stories   []storyNow
	Suspects  []componentRow // wrong or unknown, and no story tells of it
	More      int            // so many more of them
	Hearsay   []hearsay      // what other people's monitoring holds against components
	Unheard   int            // so much more of it
	Self      selfNow
	Sending   *sendingNow // nil: this server sends nothing
	SendingOK bool        // the books have answered
}

// storyNow is an open incident.
type storyNow struct {
	ID, Href string
	Title    string
	Badge    badge
	Stage    string
	Since    *speech.Moment
	Lasting  string
	Affects  string
	Votes    []voteNow
	Promise  promiseNow
	Silent   bool           // nobody has been told of it
	Silences []*silenceView // why, if that is on purpose
	Holder   Holder
	Mine     bool
	Hold     bool // who reads may have it
}

// voteNow is how sure we are: what the locations say at one check.
type voteNow struct {
	Component, Check, Says string
	Badge                  badge
}

// promiseNow is when the next word comes.
type promiseNow struct {
	At   *speech.Moment
	Left string // "in 38 min", or "overdue by 5 min"
	Late bool
	None bool
}

func (c *Console) now(v *visit) error {
	v.topics = []Topic{States, Incidents, Deliveries}
	page := nowPage{Overall: v.badge(status.Unknown), Headline: v.Say("now_starting")}
	if s := v.snapshot; s != nil {
		words := v.words()
		page.Overall, page.Headline = v.overall(s)
		page.Stories = v.storiesNow(words)
		page.Suspects = v.suspects(words)
		if page.More = len(page.Suspects) - mostSuspects; page.More > 0 {
			page.Suspects = page.Suspects[:mostSuspects]
		}
		page.Hearsay, page.Unheard = v.hearsay(words)
		page.Self = v.selfNow(words)
	}
	page.Sending, page.SendingOK = v.sendingNow()
	return v.render("now", v.Say("menu_now"), page)
}

// words says what the snapshot holds as the page says it. There must be one.
func (v *visit) words() *web.Words {
	return web.NewWords(v.snapshot, v.Voice, v.console.catalog.Spoken(v.snapshot.Site.Languages))
}

// overall is the whole in a word and a sentence, never well while we cannot
// judge.
func (v *visit) overall(s *status.Snapshot) (badge, string) {
	if !s.Impaired.IsZero() && !s.Overall.Troubled() {
		return v.badge(status.Unknown), v.Say("overall_impaired")
	}
	return v.badge(s.Overall), v.Say("overall_" + s.Overall.String())
}

// storiesNow are the open incidents, with whose they are.
func (v *visit) storiesNow(words *web.Words) []storyNow {
	var all []storyNow
	var holds map[string]StoryHold
	desk := v.console.options.Stories != nil
	if desk && len(v.snapshot.Incidents) > 0 {
		holds = v.holds()
	}
	for i := range v.snapshot.Incidents {
		story := v.storyNow(words, &v.snapshot.Incidents[i])
		story.Holder, story.Mine = v.holder(holds, story.ID), v.mine(holds, story.ID)
		story.Hold = desk && v.may(account.Publish)
		all = append(all, story)
	}
	return all
}

func (v *visit) storyNow(words *web.Words, i *status.Incident) storyNow {
	return storyNow{
		ID: i.ID, Href: v.console.hrefIfAny("/incidents/{id}", "/incidents/"+i.ID),
		Title: words.Title(i), Badge: v.badge(i.Impact), Stage: v.Say("stage_" + i.Stage.String()),
		Since: v.Moment(i.Began), Lasting: v.Span(v.now().Sub(i.Began)),
		Affects: words.Affects(i), Votes: v.votesNow(words, i), Promise: v.promiseNow(i.Next), Silent: i.Announced.IsZero(),
		Silences: v.silencesOf(i),
	}
}

// hrefIfAny is an address of the console, if there is such a page.
func (c *Console) hrefIfAny(pattern, path string) string {
	for _, r := range c.routes {
		if r.method == http.MethodGet && r.path == pattern {
			return Root + path
		}
	}
	return ""
}

// mostVotes is how many checks a story shows on the first screen; its own page
// and the components' have all.
const mostVotes = 4

// votesNow is how sure we are of a story: what the locations say at the checks
// of its causes that do not pass.
func (v *visit) votesNow(words *web.Words, i *status.Incident) []voteNow {
	var votes []voteNow
	for _, a := range i.Components {
		c, known := v.snapshot.Component(a.Component)
		if !known || !a.Cause || !a.Until.IsZero() {
			continue
		}
		for _, check := range words.Evidence(c) {
			if check.Sandbox || len(votes) == mostVotes {
				continue
			}
			votes = append(votes, voteNow{Component: words.Name(c.ID), Check: check.Name, Says: check.Says, Badge: badge(check.Badge)})
		}
	}
	return votes
}

func (v *visit) promiseNow(next time.Time) promiseNow {
	if next.IsZero() {
		return promiseNow{None: true, Left: v.Say("now_no_promise")}
	}
	p := promiseNow{At: v.Moment(next)}
	if left := next.Sub(v.now()); left >= 0 {
		p.Left = v.Say("now_promise_left", "Time", v.Span(left))
	} else {
		p.Left, p.Late = v.Say("now_promise_late", "Time", v.Span(-left)), true
	}
	return p
}

// suspects are the components that are not well, or that a location calls so,
// and that no story tells of.
func (v *visit) suspects(words *web.Words) []componentRow {
	var rows []componentRow
	for g := range v.snapshot.Groups {
		for _, c := range v.snapshot.Groups[g].Components {
			if c.Incident != "" || !suspect(c) {
				continue
			}
			row := v.componentRow(words, c)
			switch c.State {
			case status.Unknown:
				row.Note = words.Unknown(c)
			case status.Operational:
				row.Note = v.Say("now_one_location")
			default:
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// mostSuspects is how many the first screen has room for; the list of
// components has all.
const mostSuspects = 8

func suspect(c *status.ComponentView) bool {
	if c.State != status.Operational && c.State != status.UnderMaintenance {
		return true
	}
	for i := range c.Standings {
		if c.State == status.Operational && c.Standings[i].Level == status.LevelFail {
			return true
		}
	}
	return false
}
