package console

import (
	"errors"
	"net/http"
	"strconv"

	"bongsu/notifier"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// noticePage is one notice.
type noticePage struct {
	Row       noticeRow
	App       string
	Back      string
	Steer     bool
	Hold      bool // it can be kept back, and ended
	Free      bool
	Resend    bool // somebody was missed
	Expires   string
	HeldSince string
	Origin    string // address of the notice whose missed people it is for
	Resent    []string
	Incident  string // its id, for who may read it
	Counts    []countRow
	Misses    []missRow
	MissedAll string
	Texts     []wordsRow
}

type countRow struct {
	ChannelCount

	Cells []cell // planned, handed, … in the order of the table's head
	Rate  string
	Waits string
}

// cell is a number with its column.
type cell struct{ Label, Text string }

type missRow struct {
	Unreached

	Class, Code, People, Where string
	Went                       string
}

type wordsRow struct{ Lang, Language, Class, Title, Body string }

func (c *Console) delivery(v *visit) error {
	return c.showNotice(v, v.request.PathValue("id"), "", Root+"/deliveries")
}

func (c *Console) appDelivery(v *visit) error {
	app := v.request.PathValue("app")
	return c.showNotice(v, v.request.PathValue("id"), app, Root+"/apps/"+app+"/deliveries")
}

// showNotice shows a notice; with an app only if it is that app's.
func (c *Console) showNotice(v *visit, id, app, base string) error {
	ctx := v.request.Context()
	n, err := c.options.Ledger.Notice(ctx, id)
	if errors.Is(err, ErrNone) || (err == nil && app != "" && n.App != app) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	v.topics = []Topic{Deliveries}
	page := noticePage{Row: v.noticeRow(n, base), App: app, Back: base, Steer: v.may(account.Steer)}
	if v.may(account.ReadDesk) {
		page.Incident = n.Incident
	}
	page.Hold = !n.Recalled && n.Held.IsZero() && (n.Left > 0 || !n.Planned)
	page.Free = !n.Held.IsZero()
	if !n.Expires.IsZero() {
		page.Expires = v.At(n.Expires)
	}
	if page.Free {
		page.HeldSince = v.At(n.Held)
	}
	if n.Origin != "" {
		page.Origin = base + "/" + n.Origin
	}
	for _, id := range n.Resent {
		page.Resent = append(page.Resent, base+"/"+id)
	}
	missed := int64(0)
	for _, count := range n.Channels {
		page.Counts = append(page.Counts, v.countRow(count))
		missed += count.Failed
	}
	page.Resend = missed > 0 && !n.Recalled && n.Audience != "operators"
	if err := c.addMisses(v, id, &page); err != nil {
		return err
	}
	texts, err := c.options.Ledger.Texts(ctx, id)
	if err != nil {
		return err
	}
	for _, t := range texts {
		page.Texts = append(page.Texts, wordsRow{Lang: t.Lang, Language: v.languageName(t.Lang), Class: v.classText(t.Class), Title: t.Title, Body: t.Body})
	}
	return v.render("notice", page.Row.Title, page)
}

func (c *Console) addMisses(v *visit, id string, page *noticePage) error {
	list, err := c.options.Ledger.Unreached(v.request.Context(), id)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	for _, u := range list {
		row := missRow{Unreached: u, Class: v.Say("ended_" + string(u.Ended)), Code: u.Code, People: speech.Grouped(u.People), Where: u.Gateway}
		if row.Where == "" {
			row.Where = u.Channel
		}
		row.Went = v.Say("miss_ended")
		if u.On {
			row.Went = v.Say("miss_went_on")
		}
		page.Misses = append(page.Misses, row)
	}
	return nil
}

func (v *visit) countRow(c ChannelCount) countRow {
	row := countRow{ChannelCount: c}
	for _, part := range []struct {
		id string
		n  int64
	}{
		{"count_planned", c.Planned},
		{"count_handed", c.Handed},
		{"count_delivered", c.Delivered},
		{"count_failed", c.Failed},
		{"count_unknown", c.Unknown},
		{"count_moved", c.Moved},
		{"count_rescued", c.Rescued},
		{"count_twice", c.Twice},
		{"count_cancelled", c.Cancelled},
	} {
		row.Cells = append(row.Cells, cell{v.Say(part.id), speech.Grouped(part.n)})
	}
	if c.Left > 0 {
		row.Rate = v.Say("channel_rate", "Rate", strconv.FormatFloat(c.Rate, 'f', 1, 64), "Left", speech.Grouped(c.Left))
	}
	switch {
	case c.DeliveredP50 > 0:
		row.Waits = v.Say("channel_waits", "HandedMedian", v.Took(c.HandedP50), "HandedMost", v.Took(c.HandedP99),
			"DeliveredMedian", v.Took(c.DeliveredP50), "DeliveredMost", v.Took(c.DeliveredP99))
	case c.HandedP50 > 0:
		row.Waits = v.Say("channel_handed", "HandedMedian", v.Took(c.HandedP50), "HandedMost", v.Took(c.HandedP99))
	}
	return row
}

// classText is a class of text in words.
func (v *visit) classText(class notifier.Class) string { return v.known("class_", string(class)) }

// channelRow is a channel with its gateways, in words.
type channelRow struct {
	ChannelState

	State    badge
	Why      *web.Reason
	Until    string
	Gateways []gatewayRow
}

type gatewayRow struct {
	GatewayState

	State badge
	Since string
	Why   *web.Reason
	Facts string
	Day   string
}

// stageBadges are the stages as states look.
var stageBadges = map[notifier.Stage]string{notifier.Well: "ok", notifier.Dead: "down", notifier.Canary: "slow", notifier.Tenth: "slow"}

func (v *visit) channelRows(list []ChannelState) []channelRow {
	var rows []channelRow
	for _, c := range list {
		row := channelRow{ChannelState: c, State: badge{"ok", v.Say("channel_open")}}
		switch {
		case c.Held != "":
			row.State, row.Why = badge{"down", v.Say("channel_held")}, v.reason(c.Held)
			if !c.Until.IsZero() {
				row.Until = v.At(c.Until)
			}
		case c.Blocked != "":
			row.State, row.Why = badge{"part", v.Say("channel_blocked")}, v.reason(c.Blocked)
		}
		for _, g := range c.Gateways {
			row.Gateways = append(row.Gateways, v.gatewayRow(g))
		}
		rows = append(rows, row)
	}
	return rows
}

func (v *visit) gatewayRow(g GatewayState) gatewayRow {
	row := gatewayRow{GatewayState: g, State: badge{stageBadges[g.Stage], v.Say("stage_" + g.Stage.String())}, Why: v.reason(g.Why)}
	if !g.Since.IsZero() && g.Stage != notifier.Well {
		row.Since = v.At(g.Since)
	}
	if g.Stage == notifier.Well {
		row.Why = nil
	}
	row.Facts = v.Say("gateway_facts", "Rate", strconv.FormatFloat(g.Rate, 'f', 1, 64), "Taken", speech.Grouped(g.Taken),
		"Faults", speech.Grouped(g.Faults), "Throttled", speech.Grouped(g.Throttle), "Told", speech.Grouped(g.Told), "Of", speech.Grouped(g.Of))
	if g.Usual >= 0 {
		row.Facts += " " + v.Say("gateway_usual", "Percent", g.Usual)
	}
	if g.PerDay > 0 {
		row.Day = v.Say("gateway_day", "Given", speech.Grouped(int64(g.Given)), "Most", speech.Grouped(int64(g.PerDay)))
	}
	return row
}
