package words

import (
	"maps"
	"regexp"
	"strings"

	"bongsu/notifier"
)

// tag is a text's leading mark: who it is from, or that it is an exercise.
var tag = regexp.MustCompile(`^(?:\[[^\]]{1,20}\] ?|【[^】]{1,20}】)+`)

// How our own documents for machines say whether they are sent once more.
const (
	resentNo  = `"resent":false`
	resentYes = `"resent":true`
)

// Again marks a text as sent once more: an earlier hand-over of it may have
// arrived. The mark stands behind the leading tag; where there is no room, in
// place of our own, which is longer, so it always fits the program's own texts.
// Another text that does not fit with the mark goes without, for no text is
// ever cut. Machines are told in their document, except in Statuspage's shape,
// which has no word for it.
func Again(t notifier.Text) notifier.Text {
	marked := again(t)
	if _, err := Fit(t.Lang, t.Class, marked.Body); err == nil {
		return marked
	}
	return t
}

// again marks a text, whether it fits or not.
func again(t notifier.Text) notifier.Text {
	mark, err := write(t.Lang, "again", nil)
	if err != nil {
		return t
	}
	switch t.Class {
	case notifier.ClassWebhook:
		t.Body = strings.Replace(t.Body, resentNo, resentYes, 1)
	case notifier.ClassStatuspage:
	case notifier.ClassMail, notifier.ClassPush, notifier.ClassChat:
		if t.Title == "" {
			t.Body = markWith(mark, t.Body)
			break
		}
		t.HTML = markHTML(mark, tag.FindString(t.Title), t.HTML)
		t.Title = markWith(mark, t.Title)
	case notifier.ClassAlimTalk:
		t = markTemplate(mark, t)
	case notifier.ClassSMS, notifier.ClassLMS, notifier.ClassMessenger:
		t.Body = markBody(mark, t)
	}
	return t
}

// markBody puts the mark behind the tag, or in place of our own if the text
// would not fit.
func markBody(mark string, t notifier.Text) string {
	behind := markWith(mark, t.Body)
	if _, err := Fit(t.Lang, t.Class, behind); err == nil {
		return behind
	}
	for _, f := range []facts{{}, {Simulation: true}, {Exercise: true}} {
		ours, err1 := write(t.Lang, "mark", f)
		tight, err2 := write(t.Lang, "again.tight", f)
		if rest, found := strings.CutPrefix(t.Body, ours); found && err1 == nil && err2 == nil {
			return tight + rest
		}
	}
	return behind
}

// markWith puts a mark behind the leading tag.
func markWith(mark, text string) string {
	at := len(tag.FindString(text))
	return text[:at] + mark + text[at:]
}

// markHTML puts the mark behind the tag of a page's title and heading.
func markHTML(mark, tag, page string) string {
	for _, element := range []string{"<title>", "<h1>"} {
		page = strings.Replace(page, element+tag, element+tag+mark, 1)
	}
	return page
}

// markTemplate puts the mark into the parameter that a registered template has
// for marks. A template without one stays as it was registered.
func markTemplate(mark string, t notifier.Text) notifier.Text {
	was, ok := t.Params["mark"]
	if !ok || !strings.HasPrefix(t.Body, was) {
		return t
	}
	t.Params = maps.Clone(t.Params)
	t.Params["mark"] = markWith(strings.TrimSpace(mark), was)
	t.Body = t.Params["mark"] + strings.TrimPrefix(t.Body, was)
	return t
}
