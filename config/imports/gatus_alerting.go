package imports

import (
	"strings"
)

// alerting turns providers into channels.
func (g gatus) alerting(a tree) {
	for _, kind := range a.keys() {
		p := a.at(kind)
		if !p.isTable() {
			continue
		}
		switch kind {
		case "slack":
			g.slack("alerting.slack", "")
		case "email":
			g.mail("alerting.email", p.at("from").text(), p.at("to").text())
		case "twilio":
			g.twilio("alerting.twilio", p.at("to").text())
		default:
			g.left("alerting."+line(kind, 40), "there is no channel of this kind; webhook channels and Slack are the nearest")
		}
	}
}

// slack is a channel for operators. What they had is a webhook's address, which
// is a secret and no way of ours.
func (i *Import) slack(where, channelName string) {
	if i.ids["channel ops"] != 0 {
		i.changed(where, "operators hear by the channel ops already")
		return
	}
	c := channel{id: i.idFor("channel", "ops"), where: where, route: true}
	if channelName == "" {
		channelName = "#outages"
		c.notes = append(c.notes, "which Slack channel")
	}
	c.notes = append(c.notes, "a bot's token takes the place of the incoming webhook; it has to be in that channel")
	i.known("SLACK_BOT_TOKEN", "the token of a Slack bot with the scope chat:write, xoxb-…")
	c.fields = []pair{{"kind", "slack"}, {"token", "env:SLACK_BOT_TOKEN"}, {"channel", channelName}}
	i.channels = append(i.channels, c)
	i.changed(where, "channel ops, with a bot's token in place of the webhook's address")
}

// mail and twilio reach fixed people there and subscribers here, who have to
// agree: so they are written as comments.
func (i *Import) mail(where, from, to string) {
	id := i.idFor("channel", "mail")
	if from = line(from, 200); !strings.Contains(from, "@") {
		from = "status@status.example"
	}
	i.channels = append(i.channels, channel{
		id: id, where: where,
		notes: []string{"decide: mail goes to subscribers, who sign up or are taken in by `bongsu subscribers import`:"},
		draft: []string{
			"channels:",
			"  - {id: " + id + ", kind: email, gateways: [{kind: smtp, url: \"env:SMTP_URL\", from: " + quote(from) + "}]}",
			"routes:",
			"  - {audience: subscribers, channel: " + id + ", at_least: partial_outage}",
		},
	})
	i.changed(where, "written as a comment: mail goes to subscribers who agreed%s", recipients(to))
}

func (i *Import) twilio(where, to string) {
	id := i.idFor("channel", "sms")
	i.channels = append(i.channels, channel{
		id: id, where: where,
		notes: []string{"decide: texts go to subscribers, who sign up or are taken in by `bongsu subscribers import`; every component then needs a short: of at most 12 bytes:"},
		draft: []string{
			"channels:",
			"  - {id: " + id + ", kind: sms, gateways: [{kind: twilio, account_sid: \"env:TWILIO_ACCOUNT_SID\", auth_token: \"env:TWILIO_AUTH_TOKEN\", from: \"env:TWILIO_FROM\"}]}",
			"routes:",
			"  - {audience: subscribers, channel: " + id + ", at_least: partial_outage}",
		},
	})
	i.changed(where, "written as a comment: texts go to subscribers who agreed%s", recipients(to))
}

// recipients says how many fixed ones are not taken over: their addresses are
// people's, and stay where they are.
func recipients(to string) string {
	n := len(strings.FieldsFunc(to, func(r rune) bool { return r == ',' || r == ';' || r == ' ' }))
	switch n {
	case 0:
		return ""
	case 1:
		return "; its recipient is not copied"
	default:
		return "; its recipients are not copied"
	}
}

func quote(text string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, ``), `"`, ``) + `"`
}

var weekdays = map[string]string{
	"Sunday": "SU", "Monday": "MO", "Tuesday": "TU", "Wednesday": "WE", "Thursday": "TH", "Friday": "FR", "Saturday": "SA",
}

// windows tells of work that comes again and again.
func (g gatus) windows(where string, w tree, of string) {
	if !w.there() || w.at("enabled").text() == "false" || w.at("start").text() == "" {
		return
	}
	zone := w.at("timezone").text()
	if zone == "" {
		zone = "UTC"
	}
	var days []string
	for _, d := range w.at("every").list() {
		if day := weekdays[d.text()]; day != "" {
			days = append(days, day)
		}
	}
	rule := "FREQ=DAILY"
	if len(days) > 0 {
		rule = "FREQ=WEEKLY;BYDAY=" + strings.Join(days, ",")
	}
	g.recurring(where, of, "from "+line(w.at("start").text(), 20)+" for "+line(w.at("duration").text(), 20)+" in "+line(zone, 60), rule)
}

// recurring tells of work that comes again by a rule (RFC 5545).
func (i *Import) recurring(where, of, when, rule string) {
	i.left(where, "work that comes again (%s, %s) is not planned by itself: plan each window under maintenance:, or by `bongsu maintenance plan`", when, rule)
	i.note("decide: %s had work planned %s, %s: write the next windows under maintenance:", of, when, rule)
}

// suites are checks of several steps that pass values on.
func (g gatus) suites(all tree) {
	for _, s := range all.list() {
		g.left(g.title(s), "a suite becomes one check with steps: and save:, which has to be written by hand")
	}
}
