package feed

import (
	"encoding/xml"
	"strings"
	"time"

	"bongsu/status"
)

// Alert is a message of the Common Alerting Protocol, version 1.2: what systems
// that warn the public exchange.
type Alert struct {
	ID         string
	Sender     string
	Sent       time.Time
	Status     string // AlertActual, …
	Type       string // AlertFirst, …
	Note       string
	References []Reference // the earlier messages that this one replaces
	Incident   string      // what all of them are about
	Infos      []Info      // one for each language
}

// Reference names an earlier message.
type Reference struct {
	Sender, ID string
	Sent       time.Time
}

// Info is what a message says in one language.
type Info struct {
	Lang        string
	Event       string
	Over        bool // people need do nothing any more
	Grade       Grade
	Onset       time.Time
	Expires     time.Time
	SenderName  string
	Headline    string
	Description string
	Instruction string
	Web         string
	Contact     string
	Area        string
}

// The handling of a message: real, an exercise by people, a simulation by
// machines.
const (
	AlertActual   = "Actual"
	AlertExercise = "Exercise"
	AlertTest     = "Test"
)

// The types of message. What is over is cancelled, so that whoever shows alerts
// takes it down.
const (
	AlertFirst  = "Alert"
	AlertUpdate = "Update"
	AlertCancel = "Cancel"
)

// Grade is how a message is to be taken.
type Grade struct{ Urgency, Severity, Certainty string }

// GradeOf is the grade of the worst state that is told of. An outage of online
// services is never an extreme threat to life. What only follows from a need is
// likely, not observed.
func GradeOf(worst status.State, stage status.Stage, derived bool) Grade {
	g := Grade{Urgency: "Immediate", Severity: "Unknown", Certainty: "Observed"}
	switch worst {
	case status.MajorOutage:
		g.Severity = "Severe"
	case status.PartialOutage:
		g.Severity = "Moderate"
	case status.DegradedPerformance, status.Operational, status.UnderMaintenance:
		g.Severity = "Minor"
	case status.Unknown:
		g.Certainty = "Unknown"
	}
	if derived && g.Certainty == "Observed" {
		g.Certainty = "Likely"
	}
	if stage == status.Monitoring || stage == status.Resolved {
		g.Urgency = "Past"
	}
	return g
}

// AlertType is the media type of a message.
const AlertType = "application/cap+xml; charset=utf-8"

// longestHeadline is how many characters displays of alerts show of one.
const longestHeadline = 160

// capTime writes an instant as CAP wants it: never with a Z, and UTC as -00:00.
func capTime(at time.Time) string {
	text := at.Truncate(time.Second).Format("2006-01-02T15:04:05-07:00")
	if utc, ok := strings.CutSuffix(text, "+00:00"); ok {
		return utc + "-00:00"
	}
	return text
}

// capName is an identifier without what CAP forbids in one: spaces, commas, < and &.
func capName(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(",<&", r) {
			return '_'
		}
		return r
	}, clean(s))
}

type (
	capAlert struct {
		XMLName    xml.Name  `xml:"urn:oasis:names:tc:emergency:cap:1.2 alert"`
		Identifier string    `xml:"identifier"`
		Sender     string    `xml:"sender"`
		Sent       string    `xml:"sent"`
		Status     string    `xml:"status"`
		MsgType    string    `xml:"msgType"`
		Scope      string    `xml:"scope"`
		Note       string    `xml:"note,omitempty"`
		References string    `xml:"references,omitempty"`
		Incidents  string    `xml:"incidents,omitempty"`
		Infos      []capInfo `xml:"info"`
	}
	capInfo struct {
		Language    string  `xml:"language"`
		Category    string  `xml:"category"`
		Event       string  `xml:"event"`
		Response    string  `xml:"responseType"`
		Urgency     string  `xml:"urgency"`
		Severity    string  `xml:"severity"`
		Certainty   string  `xml:"certainty"`
		Effective   string  `xml:"effective"`
		Onset       string  `xml:"onset,omitempty"`
		Expires     string  `xml:"expires"`
		SenderName  string  `xml:"senderName,omitempty"`
		Headline    string  `xml:"headline"`
		Description string  `xml:"description"`
		Instruction string  `xml:"instruction,omitempty"`
		Web         string  `xml:"web,omitempty"`
		Contact     string  `xml:"contact,omitempty"`
		Area        capArea `xml:"area"`
	}
	capArea struct {
		Desc string `xml:"areaDesc"`
	}
)

// XML writes the message.
func (a *Alert) XML() ([]byte, error) {
	c := capAlert{
		Identifier: capName(a.ID), Sender: capName(a.Sender), Sent: capTime(a.Sent), Status: a.Status, MsgType: a.Type, Scope: "Public",
		Note: line(a.Note), Incidents: capName(a.Incident),
	}
	var references []string
	for _, r := range a.References {
		references = append(references, capName(r.Sender)+","+capName(r.ID)+","+capTime(r.Sent))
	}
	c.References = strings.Join(references, " ")
	for i := range a.Infos {
		c.Infos = append(c.Infos, a.info(&a.Infos[i]))
	}
	return writeXML(c)
}

func (a *Alert) info(i *Info) capInfo {
	c := capInfo{
		Language: i.Lang, Category: "Infra", Event: line(i.Event), Response: "Monitor",
		Urgency: i.Grade.Urgency, Severity: i.Grade.Severity, Certainty: i.Grade.Certainty,
		Effective: capTime(a.Sent), Expires: capTime(i.Expires), SenderName: line(i.SenderName), Headline: shorten(line(i.Headline)),
		Description: clean(i.Description), Instruction: clean(i.Instruction), Web: i.Web, Contact: line(i.Contact), Area: capArea{line(i.Area)},
	}
	if i.Over {
		c.Response = "AllClear"
	}
	if !i.Onset.IsZero() {
		c.Onset = capTime(i.Onset)
	}
	return c
}

// shorten is a headline that displays show whole.
func shorten(s string) string {
	letters := []rune(s)
	if len(letters) <= longestHeadline {
		return s
	}
	return string(letters[:longestHeadline-1]) + "…"
}
