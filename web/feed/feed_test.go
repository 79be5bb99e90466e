package feed_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/web/feed"
)

func at(hour int) time.Time { return time.Date(2026, 11, 22, hour, 4, 5, 0, time.UTC) }

func feedOf(text string) *feed.Feed {
	return &feed.Feed{
		ID: "tag:status.example,2026:feed", Title: text, Subtitle: text, Lang: "en", Home: "https://status.example/", Self: "https://status.example/feed.atom",
		Author: text, Updated: at(3),
		Entries: []feed.Entry{{ID: "tag:status.example,2026:i/1", Title: text, Link: "https://status.example/i/1", Text: text, At: at(3), By: text, About: []string{text}}},
	}
}

func calendarOf(text string) *feed.Calendar {
	return &feed.Calendar{Name: text, About: text, Lang: "en", Events: []feed.Event{{
		UID: "w1@status.example", Changed: at(1), From: at(2), Until: at(3), Title: text, Text: text, Link: "https://status.example/" + text, About: []string{text, text},
	}}}
}

func alertOf(text string) *feed.Alert {
	return &feed.Alert{
		ID: text, Sender: text, Sent: at(3), Status: feed.AlertActual, Type: feed.AlertFirst, Note: text, Incident: text,
		References: []feed.Reference{{Sender: text, ID: text, Sent: at(2)}},
		Infos: []feed.Info{{
			Lang: "en", Event: text, Grade: feed.GradeOf(status.MajorOutage, status.Identified, false), Expires: at(4),
			SenderName: text, Headline: text, Description: text, Instruction: text, Contact: text, Area: text,
		}},
	}
}

// Whatever a text holds, what is written stays well-formed and bounded.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\x00\x01\x1b[31m", "]]><!--&amp;<script>", "a,b;c\\d\r\nBEGIN:VEVENT\r\n", "\xff\xfe", "\u2028\u2029\ufffe\uffff\u0085",
		strings.Repeat("봉수", 60), "𝄞" + strings.Repeat("x", 72) + "é", `"'<>&`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		one := feedOf(text)
		for name, write := range map[string]func() ([]byte, error){
			"atom": one.Atom, "rss": one.RSS, "cap": alertOf(text).XML,
			"badge": func() ([]byte, error) {
				return (&feed.Badge{Label: text, Word: text, State: status.MajorOutage}).SVG(), nil
			},
		} {
			body, err := write()
			if err == nil {
				err = wellFormed(body)
			}
			if err != nil {
				t.Errorf("%s: %v\n%q", name, err, body)
			}
		}
		if body, err := one.JSON(); err != nil || !json.Valid(body) {
			t.Errorf("the JSON feed: %v\n%s", err, body)
		}
		wellFolded(t, calendarOf(text).ICS())
	})
}

// wellFormed reads XML to its end.
func wellFormed(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// wellFolded holds a calendar against RFC 5545: short lines, no letter cut, no
// control characters, and just the lines that were meant.
func wellFolded(t *testing.T, body []byte) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(string(body), "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
			t.Errorf("the line %q", line)
		}
	}
	whole := strings.Split(strings.ReplaceAll(string(body), "\r\n ", ""), "\r\n")
	var names []string
	for _, line := range whole {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	begun := slices.DeleteFunc(names, func(n string) bool { return n != "BEGIN" && n != "END" && n != "UID" && n != "URL" })
	if diff := cmp.Diff([]string{"BEGIN", "BEGIN", "UID", "URL", "END", "END"}, begun); diff != "" {
		t.Errorf("a text has become a line:\n%s\n%s", diff, body)
	}
}

// Texts come back as they were written.
func TestTextsInACalendar(t *testing.T) {
	for text, want := range map[string]string{
		"a, b; c\\d":   `a\, b\; c\\d`,
		"one\ntwo":     `one\ntwo`,
		"one\r\ntwo":   `one\ntwo`,
		"tab\tand\x07": "tab and",
	} {
		c := calendarOf("Upkeep")
		c.Events[0].Text = text
		if body := string(c.ICS()); !strings.Contains(body, "\r\nDESCRIPTION;LANGUAGE=en:"+want+"\r\n") {
			t.Errorf("%q is not written as %q:\n%s", text, want, body)
		}
	}
}

// CAP forbids a Z, and names UTC by -00:00; identifiers hold no space or comma.
func TestTimesAndNamesInAnAlert(t *testing.T) {
	a := alertOf("an outage")
	a.ID = "id 1,<&2"
	body, err := a.XML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<sent>2026-11-22T03:04:05-00:00</sent>", "<identifier>id_1___2</identifier>", "<references>an_outage,an_outage,2026-11-22T02:04:05-00:00</references>"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	a.Sent = at(3).In(time.FixedZone("", 9*60*60))
	if body, err = a.XML(); err != nil || !strings.Contains(string(body), "<sent>2026-11-22T12:04:05+09:00</sent>") {
		t.Errorf("%v\n%s", err, body)
	}
}

func TestAHeadlineFitsADisplay(t *testing.T) {
	body, err := alertOf(strings.Repeat("가", 300)).XML()
	if err != nil || !strings.Contains(string(body), "<headline>"+strings.Repeat("가", 159)+"…</headline>") {
		t.Errorf("%v\n%s", err, body)
	}
}

// How states are to be taken by those who warn the public.
func TestGrades(t *testing.T) {
	for _, c := range []struct {
		worst   status.State
		stage   status.Stage
		derived bool
		want    feed.Grade
	}{
		{status.MajorOutage, status.Investigating, false, feed.Grade{"Immediate", "Severe", "Observed"}},
		{status.PartialOutage, status.Identified, false, feed.Grade{"Immediate", "Moderate", "Observed"}},
		{status.PartialOutage, status.Identified, true, feed.Grade{"Immediate", "Moderate", "Likely"}},
		{status.DegradedPerformance, status.Identified, false, feed.Grade{"Immediate", "Minor", "Observed"}},
		{status.Unknown, status.Identified, true, feed.Grade{"Immediate", "Unknown", "Unknown"}},
		{status.Operational, status.Monitoring, false, feed.Grade{"Past", "Minor", "Observed"}},
		{status.Operational, status.Resolved, false, feed.Grade{"Past", "Minor", "Observed"}},
	} {
		if got := feed.GradeOf(c.worst, c.stage, c.derived); got != c.want {
			t.Errorf("%v %v %t: %+v", c.worst, c.stage, c.derived, got)
		}
	}
}

// White letters can be read on every colour, at 4.5:1 or more.
func TestBadgesCanBeRead(t *testing.T) {
	for _, state := range status.States() {
		body, err := (&feed.Badge{Label: "a", Word: "b", State: state}).JSON()
		var badge struct{ Color string }
		if err == nil {
			err = json.Unmarshal(body, &badge)
		}
		if err != nil {
			t.Fatal(err)
		}
		if ratio := 1.05 / (luminance(t, badge.Color) + 0.05); ratio < 4.5 {
			t.Errorf("%s on %s: %.2f", state, badge.Color, ratio)
		}
	}
}

// luminance is how light a colour is, by WCAG.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatalf("the colour %q: %v", hex, err)
		}
		part := float64(n) / 255
		if part <= 0.04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+0.055)/1.055, 2.4)
		}
		sum += weight * part
	}
	return sum
}
