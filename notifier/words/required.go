package words

import (
	"fmt"
	"strings"

	"bongsu/notifier"
)

// Part is something that a text has to say.
type Part string

// The parts.
const (
	PartWhat   Part = "what"   // what fails, or is well again
	PartCause  Part = "cause"  // through what, when that is known
	PartSince  Part = "since"  // since when
	PartWorks  Part = "works"  // what still works
	PartDo     Part = "do"     // what to do
	PartChange Part = "change" // what is new
	PartNext   Part = "next"   // when the next word comes, while one is promised
	PartSpan   Part = "span"   // how long it took
	PartCode   Part = "code"   // the code it can be checked by
	PartFrom   Part = "from"   // when planned work begins
	PartUntil  Part = "until"  // when it ends
)

// shortParts are what an event's text has to say even in 90 bytes.
var shortParts = map[string][]Part{
	"opened":    {PartWhat, PartSince, PartNext, PartCode},
	"worsened":  {PartWhat, PartSince, PartNext, PartCode},
	eventCause:  {PartWhat, PartCause, PartCode},
	"note":      {PartChange, PartNext, PartCode},
	eventNews:   {PartChange, PartNext, PartCode},
	"digest":    {PartChange, PartWhat, PartSince, PartNext, PartCode},
	"resolved":  {PartWhat, PartSpan, PartCode},
	"retracted": {PartWhat, PartSince, PartCode},
	eventCode:   {PartCode},

	"upcoming":   {PartWhat, PartFrom, PartUntil},
	"moved":      {PartWhat, PartFrom, PartUntil},
	"extended":   {PartWhat, PartUntil},
	"finished":   {PartWhat},
	"called_off": {PartWhat, PartFrom},
}

// Required says what a text of the event has to say in the class. Where there
// is room, whoever reads of trouble also reads what causes it, what still works
// and what to do.
func Required(event string, class notifier.Class) []Part {
	parts := shortParts[event]
	if !tellsAll(class) {
		return parts
	}
	switch event {
	case "opened", "worsened", eventNews, "note", "digest":
		all := []Part{PartWhat, PartCause, PartSince, PartWorks, PartDo, PartNext, PartCode}
		if parts[0] == PartChange {
			all = append([]Part{PartChange}, all...)
		}
		return all
	}
	return parts
}

// complete wants every part that the event's text has to say.
func (f *facts) complete(t notifier.Text, event string) error {
	text := t.Title + "\n" + t.Body
	for _, part := range Required(event, t.Class) {
		ways, err := f.ways(t.Lang, event, part)
		if err != nil {
			return err
		}
		said := len(ways) == 0 // there is none
		for _, way := range ways {
			said = said || strings.Contains(text, way)
		}
		if !said {
			return fmt.Errorf("a text of %s by %s does not say %s: %q", event, t.Class, part, strings.Join(ways, " or "))
		}
	}
	return nil
}

// ways are the words by which a text may say a part; none if there is nothing
// to say, as without a promise.
func (f *facts) ways(lang, event string, part Part) ([]string, error) {
	value := ""
	var err error
	switch part {
	case PartWhat:
		value = f.Names[0]
	case PartCause:
		value = f.Cause
	case PartSince:
		value = f.Since
	case PartNext:
		value = f.Next
	case PartFrom:
		value = f.From
	case PartUntil:
		value = f.Until
	case PartCode:
		value = f.Code
	case PartSpan:
		value, err = write(lang, "span", f)
	case PartWorks:
		value, err = write(lang, "works", f)
	case PartDo:
		value, err = f.row(lang, "do")
	case PartChange:
		return f.changes(lang, event)
	}
	if value == "" {
		return nil, err
	}
	return []string{value}, err
}

// changes are the words by which a text says what is new.
func (f *facts) changes(lang, event string) ([]string, error) {
	if event == "note" {
		return []string{f.Note}, nil
	}
	words, err := write(lang, "change."+event, nil)
	return strings.Split(words, "|"), err
}
