package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"bongsu/status"
	"bongsu/web/account"
)

// slackHelp is what commands there are.
const slackHelp = "`/bongsu status` · `/bongsu incidents` · `/bongsu ack CODE` · `/bongsu say CODE text` · `/bongsu open STATE component,component title`. " +
	"CODE is the four letters of an incident; STATE is degraded_performance, partial_outage or major_outage."

// command does what somebody has written, and says what came of it.
func (d *slackDesk) command(ctx context.Context, text string) string {
	word, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "status":
		return d.allowed(account.ReadDesk, d.status)
	case "incidents":
		return d.allowed(account.ReadDesk, d.incidents)
	case "ack":
		return d.allowed(account.Publish, func() string { return d.acknowledge(ctx, d.find(rest)) })
	case "say":
		return d.allowed(account.Publish, func() string { return d.say(ctx, rest) })
	case "open":
		return d.allowed(account.Publish, func() string { return d.open(ctx, rest) })
	}
	return slackHelp
}

// allowed does it if they may.
func (d *slackDesk) allowed(deed account.Deed, do func() string) string {
	if d.who.Role.OfOneApp() || !d.who.Role.May(deed) {
		return fmt.Sprintf("Your account has the role %s, which may not %s.", d.who.Role, deed)
	}
	return do()
}

// teller speaks the language of the account, or the site's first.
func (d *slackDesk) teller() *teller {
	if t := d.e.tellers[d.who.Lang]; t != nil {
		return t
	}
	return d.e.tellers[d.e.languages[0]]
}

func (d *slackDesk) status() string {
	t, lines := d.teller(), []string{"*" + d.e.snapshot.Overall.String() + "*"}
	for _, g := range d.e.snapshot.Groups {
		for _, c := range g.Components {
			if c.State != status.Operational {
				lines = append(lines, fmt.Sprintf("%s: %s", slackText(c.Name[t.Lang]), c.State))
			}
		}
	}
	for i := range d.e.snapshot.Silences {
		s := &d.e.snapshot.Silences[i]
		lines = append(lines, fmt.Sprintf("silenced until %s by %s: %s. %s", cell(s.Until), slackText(s.Author), slackText(t.name(s.Component)), slackText(s.Reason)))
	}
	for _, s := range d.e.snapshot.Suspicions {
		lines = append(lines, fmt.Sprintf("suspected by %s: %s, %s. %s", slackText(s.Source), slackText(s.Component), s.State, slackText(s.Summary)))
	}
	return strings.Join(lines, "\n")
}

func (d *slackDesk) incidents() string {
	t, lines := d.teller(), []string(nil)
	for i := range d.e.snapshot.Incidents {
		x := &d.e.snapshot.Incidents[i]
		lines = append(lines, fmt.Sprintf("*%s* %s: %s, since %s", x.Code, slackText(t.title(x)), x.Stage, cell(x.Began)))
	}
	if lines == nil {
		return "No incident is open."
	}
	return strings.Join(lines, "\n")
}

// find is the open incident with a code or an id.
func (d *slackDesk) find(name string) *status.Incident {
	all := d.e.snapshot.Incidents
	i := slices.IndexFunc(all, func(x status.Incident) bool { return name != "" && (x.ID == name || strings.EqualFold(x.Code, name)) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

func (d *slackDesk) say(ctx context.Context, rest string) string {
	code, text, _ := strings.Cut(rest, " ")
	i := d.find(code)
	if i == nil {
		return fmt.Sprintf("No open incident is called %q. `/bongsu incidents` lists them.", clip(code))
	}
	if problem := sayable(text, maxTextBytes); problem != "" {
		return problem
	}
	return d.note(ctx, i, status.Text{d.teller().Lang: strings.TrimSpace(text)})
}

// note adds an update to an incident.
func (d *slackDesk) note(ctx context.Context, i *status.Incident, text status.Text) string {
	return d.do(ctx, "incident "+i.Code, status.Command{Author: d.who.Name, Incident: i.ID, Note: &status.NoteDraft{Text: text, Author: d.who.Name}}, "It is on the page: "+d.e.snapshot.Site.URL+"/incidents/"+i.ID)
}

// sayable says what is wrong with a text.
func sayable(text string, most int) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "Write what people should read."
	case len(text) > most || !utf8.ValidString(text):
		return fmt.Sprintf("Write at most %d bytes.", most)
	case !Plain(text):
		return "Write plain text, without control characters."
	}
	return ""
}

func (d *slackDesk) open(ctx context.Context, rest string) string {
	word, rest, _ := strings.Cut(rest, " ")
	names, title, _ := strings.Cut(strings.TrimSpace(rest), " ")
	var state status.State
	if state.UnmarshalText([]byte(word)) != nil || !state.Troubled() {
		return slackHelp
	}
	title = strings.TrimSpace(title)
	if problem := sayable(title, maxTextBytes); problem != "" {
		return problem
	}
	if utf8.RuneCountInString(title) > maxTitleRunes {
		return fmt.Sprintf("Write a title of at most %d characters.", maxTitleRunes)
	}
	draft := &status.Draft{Title: status.Text{d.teller().Lang: title}, Text: status.Text{d.teller().Lang: title}, Components: map[string]status.State{}, Author: d.who.Name}
	for name := range strings.SplitSeq(names, ",") {
		if _, found := d.e.snapshot.Component(name); !found || len(draft.Components) >= maxListed {
			return fmt.Sprintf("No component is called %q.", clip(name))
		}
		draft.Components[name] = state
	}
	return d.do(ctx, "incident", status.Command{Author: d.who.Name, Open: draft}, "It is on the page; nobody was texted. `/bongsu say` adds to it.")
}

// seenThis is what the page says when somebody has pressed the button.
var seenThis = status.Text{
	"ko": "확인했습니다. 원인을 살펴보고 있습니다.",
	"ja": "状況を確認し、原因を調べています。",
	"en": "We have seen this and are looking into the cause.",
}

// press does what a button says.
func (d *slackDesk) press(ctx context.Context, a SlackAsk) string {
	i := d.find(a.About)
	switch {
	case i == nil:
		return "That incident is over."
	case a.Button == "acknowledge":
		return d.allowed(account.Publish, func() string { return d.acknowledge(ctx, i) })
	case a.Button == "publish":
		return d.allowed(account.Publish, func() string { return d.publish(ctx, i) })
	}
	return "This server does not know the button."
}

// acknowledge notes that they look after an incident.
func (d *slackDesk) acknowledge(ctx context.Context, i *status.Incident) string {
	if i == nil {
		return "No open incident is called that. `/bongsu incidents` lists them."
	}
	if d.options.Holds == nil {
		return "This server keeps no list of whose incidents are."
	}
	if err := d.options.Holds.Take(ctx, i.ID, d.who, d.now); err != nil {
		d.options.Log.Warn("carrying out what Slack asks", "err", err)
		return "This cannot be done now. Try again soon."
	}
	d.log(ctx, "incident "+i.Code, "acknowledged, by Slack")
	return "Incident " + i.Code + " is yours now. Nobody was told."
}

// log puts a deed on the audit log.
func (d *slackDesk) log(ctx context.Context, about, detail string) {
	if d.options.Audit == nil {
		return
	}
	if err := d.options.Audit(context.WithoutCancel(ctx), d.who, account.Publish, about, detail, d.now); err != nil {
		d.options.Log.Error("writing to the audit log", "about", about, "err", err)
	}
}

// publish says on the page that somebody has seen it, once.
func (d *slackDesk) publish(ctx context.Context, i *status.Incident) string {
	text := status.Text{}
	for _, lang := range d.e.languages {
		if words := seenThis[lang]; words != "" {
			text[lang] = words
		}
	}
	for k := range i.Updates {
		if u := &i.Updates[k]; u.Kind == status.UpdateNote && u.Text["en"] == text["en"] && u.Text["ko"] == text["ko"] {
			return "The page says so already."
		}
	}
	return d.note(ctx, i, text)
}

// do carries a command out and says what came of it.
func (d *slackDesk) do(ctx context.Context, about string, c status.Command, well string) string {
	made, err := d.options.Desk.Do(ctx, c)
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded):
		return "The database has not answered yet. What you asked may be shown already: look at the page before you ask again."
	case noFor(err) != nil:
		return sentence(err.Error())
	default:
		d.options.Log.Warn("carrying out what Slack asks", "err", err)
		return "This cannot be done now. Try again soon."
	}
	d.log(ctx, about, "by Slack: "+made)
	return well
}

// slackText keeps words from being read as Slack's markup.
func slackText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'", "*", "").Replace(s)
}
