package console

import (
	"context"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/speech"
)

// silentFor is after how long without a look a location is called silent.
const silentFor = 5 * time.Minute

// selfNow is our own doubt: whether what we say of others can be believed.
type selfNow struct {
	Impaired *speech.Moment
	Places   []placeNow
}

// placeNow is a location.
type placeNow struct {
	Name  string
	Badge badge
	Heard *speech.Moment
	Notes []string
	Why   []*web.Reason
}

func (v *visit) selfNow(words *web.Words) selfNow {
	self := selfNow{Impaired: v.Moment(v.snapshot.Impaired)}
	for i := range v.snapshot.Locations {
		self.Places = append(self.Places, v.placeNow(words, &v.snapshot.Locations[i]))
	}
	return self
}

func (v *visit) placeNow(words *web.Words, l *status.LocationView) placeNow {
	p := placeNow{Name: words.Place(l.ID), Badge: badge{Class: "ok", Word: v.Say("place_counts")}, Heard: v.Moment(l.Heard)}
	for i := range l.Doubts {
		p.Badge = badge{Class: "slow", Word: v.Say("place_not_counted")}
		p.Notes = append(p.Notes, words.Doubted(&l.Doubts[i]))
		if why := v.reason(l.Doubts[i].Reason); why != nil {
			p.Why = append(p.Why, why)
		}
	}
	if !l.Waiting.IsZero() {
		p.Notes = append(p.Notes, v.Say("now_place_waiting", "Time", v.At(l.Waiting)))
	}
	switch {
	case l.Heard.IsZero():
		p.Badge = badge{Class: "none", Word: v.Say("place_silent")}
	case v.now().Sub(l.Heard) > silentFor:
		p.Badge = badge{Class: "none", Word: v.Say("now_place_silent")}
	}
	return p
}

// sendingNow is how sending goes, in words.
type sendingNow struct {
	Paused   bool
	Waiting  int
	Oldest   *speech.Moment
	Late     string // how long the oldest waits
	Stopped  []stoppedNow
	Gateways []gatewayNow
	Unsent   []unsentNow
}

type stoppedNow struct {
	Channel string
	Why     *web.Reason
	Until   speech.Timed
}

type gatewayNow struct {
	Name  string
	Badge badge
	Since *speech.Moment // nil if well
	Why   *web.Reason
	Lines []string
}

type unsentNow struct {
	Name, Href string
	Made       *speech.Moment
	Says       string
}

// sendingNow asks how sending goes; false says that the books do not answer,
// nil that this server sends nothing.
func (v *visit) sendingNow() (*sendingNow, bool) {
	if v.console.options.Ways == nil {
		return nil, true
	}
	ctx, cancel := context.WithTimeout(v.request.Context(), askTime)
	defer cancel()
	o, err := v.console.options.Ways.Outgoing(ctx)
	if err != nil {
		v.console.options.Log.ErrorContext(ctx, "asking how sending goes", "error", err)
		return nil, false
	}
	s := &sendingNow{Paused: o.Paused, Waiting: o.Waiting, Oldest: v.Moment(o.Oldest)}
	if !o.Oldest.IsZero() {
		s.Late = v.Span(v.now().Sub(o.Oldest))
	}
	for _, c := range o.Stopped {
		s.Stopped = append(s.Stopped, stoppedNow{Channel: c.Channel, Why: v.reason(c.Why), Until: v.Timed("now_until", c.Until)})
	}
	for i := range o.Gateways {
		s.Gateways = append(s.Gateways, v.gatewayNow(&o.Gateways[i]))
	}
	for i := range o.Unsent {
		s.Unsent = append(s.Unsent, v.unsentNow(&o.Unsent[i]))
	}
	return s, true
}

// stageClasses are the colours and shapes of a gateway's stages.
var stageClasses = map[string]string{"well": "ok", "dead": "down", "canary": "part", "tenth": "slow"}

func (v *visit) gatewayNow(g *GatewayHealth) gatewayNow {
	row := gatewayNow{Name: g.Name, Badge: badge{Class: stageClasses[g.Stage], Word: v.Say("now_stage_" + g.Stage)}, Why: v.reason(g.Why)}
	if g.Stage != "well" {
		row.Since = v.Moment(g.Since)
	}
	if g.Taken > 0 {
		row.Lines = append(row.Lines, v.Say("now_taken", "Count", speech.Grouped(g.Taken), "Pending", speech.Grouped(g.Pending)))
	} else {
		row.Lines = append(row.Lines, v.Say("now_idle"))
	}
	if g.Faults > 0 {
		row.Lines = append(row.Lines, v.Say("now_faults", "Count", speech.Grouped(g.Faults)))
	}
	return row
}

func (v *visit) unsentNow(u *Unsent) unsentNow {
	row := unsentNow{Name: u.Notice, Made: v.Moment(u.Made), Href: v.console.hrefIfAny("/deliveries/{id}", "/deliveries/"+u.Notice)}
	if v.snapshot != nil {
		if i, known := v.snapshot.Incident(u.Incident); known && u.Incident != "" {
			row.Name = v.words().Title(i)
		}
	}
	var parts []string
	if u.Failed > 0 {
		parts = append(parts, v.Say("now_unsent_failed", "Count", speech.Grouped(u.Failed)))
	}
	if u.Unknown > 0 {
		parts = append(parts, v.Say("now_unsent_unknown", "Count", speech.Grouped(u.Unknown)))
	}
	row.Says = strings.Join(parts, " · ")
	return row
}
