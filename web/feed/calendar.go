package feed

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Calendar is planned work for people's own calendars.
type Calendar struct {
	Name, About string
	Lang        string
	Events      []Event
}

// Event is a piece of planned work.
type Event struct {
	UID       string // never changes
	Sequence  int    // rises each time that it is planned anew
	Changed   time.Time
	From      time.Time
	Until     time.Time
	Title     string
	Text      string
	Link      string
	About     []string
	Cancelled bool
}

// CalendarType is the media type of a calendar.
const CalendarType = "text/calendar; charset=utf-8"

// ICS writes the calendar by RFC 5545. Times are in UTC, so every calendar shows
// them in its own zone.
func (c *Calendar) ICS() []byte {
	var w icsWriter
	w.put("BEGIN", "VCALENDAR")
	w.put("VERSION", "2.0")
	w.put("PRODID", "-//Bongsu//Planned maintenance//"+strings.ToUpper(c.Lang))
	w.put("CALSCALE", "GREGORIAN")
	w.put("METHOD", "PUBLISH")
	w.text("NAME", c.Name)
	w.text("X-WR-CALNAME", c.Name)
	w.text("X-WR-CALDESC", c.About)
	w.put("REFRESH-INTERVAL;VALUE=DURATION", "PT1H")
	w.put("X-PUBLISHED-TTL", "PT1H")
	for i := range c.Events {
		w.event(&c.Events[i], c.Lang)
	}
	w.put("END", "VCALENDAR")
	return w.Bytes()
}

func (w *icsWriter) event(e *Event, lang string) {
	state := "CONFIRMED"
	if e.Cancelled {
		state = "CANCELLED"
	}
	w.put("BEGIN", "VEVENT")
	w.text("UID", e.UID)
	w.put("SEQUENCE", strconv.Itoa(e.Sequence))
	w.put("DTSTAMP", icsTime(e.Changed))
	w.put("LAST-MODIFIED", icsTime(e.Changed))
	w.put("DTSTART", icsTime(e.From))
	w.put("DTEND", icsTime(e.Until))
	w.put("STATUS", state)
	w.put("TRANSP", "TRANSPARENT")
	w.text("SUMMARY;LANGUAGE="+lang, line(e.Title))
	if e.Text != "" {
		w.text("DESCRIPTION;LANGUAGE="+lang, e.Text)
	}
	if len(e.About) > 0 {
		var about []string
		for _, name := range e.About {
			about = append(about, icsEscape(line(name)))
		}
		w.put("CATEGORIES", strings.Join(about, ","))
	}
	w.put("URL", strings.ReplaceAll(line(e.Link), " ", "%20"))
	w.put("END", "VEVENT")
}

func icsTime(at time.Time) string { return at.UTC().Format("20060102T150405Z") }

// icsEscape writes a text as iCalendar has it.
func icsEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(strings.ReplaceAll(clean(s), "\t", " "))
}

// icsWriter writes content lines, folded.
type icsWriter struct{ bytes.Buffer }

func (w *icsWriter) text(name, text string) { w.put(name, icsEscape(text)) }

// longestLine is how many bytes a line has before it is folded.
const longestLine = 75

// put writes a line. What is folded begins with a space, and no letter is cut.
func (w *icsWriter) put(name, value string) {
	rest, room := name+":"+value, longestLine
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		w.WriteString(rest[:cut])
		w.WriteString("\r\n ")
		rest, room = rest[cut:], longestLine-1
	}
	w.WriteString(rest)
	w.WriteString("\r\n")
}
