package words

import (
	"fmt"
	"html/template"
	"strings"

	"bongsu/notifier"
)

// letter is a text where there is room to say everything, part by part.
type letter struct {
	Lang   string
	Mark   string // who it is from, or that it is an exercise
	Title  string
	Lead   string
	Rows   []row
	Lines  []line // each component with its state, where there are several
	Safety string
	Check  *row   // where the code can be looked up, or used
	Leave  string // what the reader's own way to leave is called
}

type row struct{ Label, Value string }

// letterRows are the rows of an event's letter.
var letterRows = map[string][]string{
	"opened":    {"what", "state", "cause", "since", "works", "do", "next", "code"},
	"worsened":  {"what", "state", "cause", "since", "works", "do", "next", "code"},
	"digest":    {"what", "state", "cause", "since", "works", "do", "next", "code"},
	"note":      {"what", "state", "cause", "since", "works", "do", "next", "code"},
	eventNews:   {"what", "state", "cause", "since", "works", "do", "next", "code"},
	"resolved":  {"what", "at", "span", "code"},
	"retracted": {"what", "told", "back", "code"},

	"upcoming":   {"what", "work", "from", "until"},
	"moved":      {"what", "work", "from", "until"},
	"extended":   {"what", "work", "until", "was"},
	"finished":   {"what", "work", "over"},
	"called_off": {"what", "work", "from"},
}

var mailPage = template.Must(template.ParseFS(files, "texts/mail.html"))

// letterOf words a letter as the class carries it.
func letterOf(t *notifier.Text, event string, f facts) error {
	l, err := writeLetter(t.Lang, t.Class, event, f)
	if err != nil {
		return err
	}
	if t.Class != notifier.ClassMessenger {
		t.Title = l.Title
	}
	if t.Body, err = l.plain(t.Class); err != nil || t.Class != notifier.ClassMail {
		return err
	}
	var page strings.Builder
	if err := mailPage.Execute(&page, l); err != nil {
		return fmt.Errorf("writing a mail in %q: %w", t.Lang, err)
	}
	t.HTML = page.String()
	return nil
}

func writeLetter(lang string, class notifier.Class, event string, f facts) (*letter, error) {
	l := &letter{Lang: lang}
	var err error
	if class == notifier.ClassMail {
		l.Title, err = title(lang, event, f)
	} else {
		l.Title, err = write(lang, "title."+event, f)
	}
	if err != nil {
		return nil, err
	}
	if l.Lead, err = write(lang, "lead."+event, f); err != nil {
		return nil, err
	}
	if l.Mark, err = write(lang, "mark", f); err != nil {
		return nil, err
	}
	if err := l.fill(event, f); err != nil {
		return nil, err
	}
	if event == eventCode && f.Link != "" && carriesLinks(class) {
		label, err := write(lang, "label.link", nil)
		if err != nil {
			return nil, err
		}
		l.Check = &row{label, f.Link}
	}
	if class != notifier.ClassMail {
		return l, nil
	}
	return l, l.forMail(event, f)
}

// fill writes the rows of the event, and the standing line under what tells of
// an incident.
func (l *letter) fill(event string, f facts) (err error) {
	for _, name := range letterRows[event] {
		value, err := f.row(l.Lang, name)
		if err != nil {
			return err
		}
		if value == "" {
			continue
		}
		label, err := write(l.Lang, "label."+name, nil)
		if err != nil {
			return err
		}
		l.Rows = append(l.Rows, row{label, value})
	}
	if len(letterRows[event]) > 0 {
		l.Safety, err = write(l.Lang, "safety", nil)
	}
	return err
}

// row is the value of a row, or nothing where there is none.
func (f *facts) row(lang, name string) (string, error) {
	switch name {
	case "what", "span", "works":
		return write(lang, name, f)
	case "state":
		return write(lang, name, f.State)
	case "cause":
		return f.Cause, nil
	case "since", "told":
		return f.Since, nil
	case "at", "back", "over":
		return f.At, nil
	case "work":
		return f.Work, nil
	case "from":
		return f.From, nil
	case "until":
		return f.Until, nil
	case "was":
		return f.Was, nil
	case "next":
		return f.Next, nil
	case "code":
		return f.Code, nil
	case "do":
		if f.Advice != "" || f.noPhone {
			return f.Advice, nil
		}
		return write(lang, name, nil)
	}
	return "", fmt.Errorf("a letter asks for %q", name)
}

// forMail adds what only a mail has room for: the state of each component,
// where the code can be looked up, and the way to leave.
func (l *letter) forMail(event string, f facts) (err error) {
	if len(f.Lines) > 1 && event != "resolved" && event != "retracted" {
		for _, c := range f.Lines {
			state, err := write(l.Lang, "state", c.State)
			if err != nil {
				return err
			}
			l.Lines = append(l.Lines, line{Name: c.Name, State: state})
		}
	}
	if f.work != nil && f.site.URL != "" {
		label, err := write(l.Lang, "label.plans", nil)
		if err != nil {
			return err
		}
		l.Check = &row{label, f.site.URL + "/maintenance"}
	} else if len(l.Rows) > 0 && f.site.URL != "" {
		label, err := write(l.Lang, "label.check", nil)
		if err != nil {
			return err
		}
		l.Check = &row{label, f.site.URL + "/check/" + f.Code}
	}
	if event != eventCode && event != eventLeft && event != eventAlarm {
		l.Leave, err = write(l.Lang, "label.leave", nil)
	}
	return err
}

// plain is the letter without any dress. Where the class has no title, it is
// the first line; a long text begins with its mark, since not every gateway
// carries its title.
func (l *letter) plain(class notifier.Class) (string, error) {
	paragraphs := []string{l.Lead}
	switch class {
	case notifier.ClassMessenger:
		paragraphs = []string{l.Title, l.Lead}
	case notifier.ClassLMS:
		paragraphs = []string{l.Mark + " " + l.Lead}
	default:
	}
	var rows []string
	for _, r := range l.Rows {
		text, err := write(l.Lang, "row", r)
		if err != nil {
			return "", err
		}
		rows = append(rows, text)
	}
	for _, c := range l.Lines {
		rows = append(rows, "- "+c.Name+": "+c.State)
	}
	paragraphs = append(paragraphs, strings.Join(rows, "\n"), l.Safety)
	if l.Check != nil {
		paragraphs = append(paragraphs, l.Check.Label+": "+l.Check.Value)
	}
	if l.Leave != "" {
		paragraphs = append(paragraphs, l.Leave+": "+notifier.LeaveMark)
	}
	var out []string
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n\n"), nil
}
