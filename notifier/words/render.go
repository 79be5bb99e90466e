package words

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"bongsu/notifier"
	"bongsu/status"
)

// tellsAll says whether the class has room for everything, so that a text says
// everything: what still works and what to do as well.
func tellsAll(class notifier.Class) bool {
	switch class {
	case notifier.ClassLMS, notifier.ClassMessenger, notifier.ClassMail, notifier.ClassWebhook, notifier.ClassStatuspage:
		return true
	case notifier.ClassSMS, notifier.ClassAlimTalk, notifier.ClassPush, notifier.ClassChat:
	}
	return false
}

// render fills the event's block for the class and refuses what cannot be sent
// or must not be said. A text leaves room for the mark of [Again].
func render(lang string, class notifier.Class, event string, f facts) (notifier.Text, Size, error) {
	t := notifier.Text{Lang: lang, Class: class}
	var err error
	switch class {
	case notifier.ClassAlimTalk:
		err = fill(&t, event, f)
	case notifier.ClassLMS, notifier.ClassMessenger, notifier.ClassMail:
		err = letterOf(&t, event, f)
	case notifier.ClassWebhook:
		err = document(&t, event, f)
	case notifier.ClassStatuspage:
		err = statuspageBody(&t, event, f)
	case notifier.ClassSMS, notifier.ClassPush, notifier.ClassChat:
		err = block(&t, event, f)
	}
	if err != nil {
		return t, Size{}, err
	}
	if err := f.lint(t, event); err != nil {
		return t, Size{}, err
	}
	marked := again(t)
	if _, err := Fit(lang, class, marked.Body); err != nil {
		return t, Size{}, err
	}
	if titleLimit(class) > 0 {
		if err := fitTitle(lang, class, marked.Title); err != nil {
			return t, Size{}, err
		}
	}
	return Count(t)
}

// block fills the event's own block, and its title where the class has one.
func block(t *notifier.Text, event string, f facts) (err error) {
	if t.Class != notifier.ClassSMS {
		if t.Title, err = title(t.Lang, event, f); err != nil {
			return err
		}
	}
	t.Body, err = write(t.Lang, string(t.Class)+"."+event, f)
	t.Body = strings.TrimSpace(t.Body)
	return err
}

// title names what fails, where an event does; else it names the event.
func title(lang, event string, f facts) (string, error) {
	if name := "chat." + event + ".title"; has(lang, name) {
		return write(lang, name, f)
	}
	return write(lang, "title."+event, f)
}

// lint checks what people wrote by itself, and the whole without the names in
// it: a name may look like a host, but must not hide one. It also wants what
// the table of [Required] asks for.
func (f *facts) lint(t notifier.Text, event string) error {
	if machine(t.Class) {
		return nil // it is made of texts that were linted
	}
	rules := f.rules()
	written := notifier.Text{Lang: t.Lang, Class: t.Class}
	written.Body = f.Note
	err := rules.lint(written)
	written.Body = f.Advice
	err = errors.Join(err, rules.lint(written))
	written.Body = f.Work
	err = errors.Join(err, rules.lint(written))
	rules.Names = append(slices.Concat(f.Names, f.Works), f.Cause)
	for _, l := range f.Lines {
		rules.Names = append(rules.Names, l.Name)
	}
	return errors.Join(err, rules.lint(t), f.complete(t, event))
}

// rules are those for the story: it may name the address where it can be
// checked, and expect an end where somebody does for a reason.
func (f *facts) rules() Rules {
	r := Rules{Expected: f.expected}
	for _, ours := range []string{f.site.URL, f.Link} {
		if ours != "" {
			r.Links = append(r.Links, ours)
		}
	}
	return r
}

// placeholder is a parameter of a registered template.
var placeholder = regexp.MustCompile(`#\{([a-z]+)\}`)

// fill makes the parameters that the event's registered template asks for, and
// the text that the messenger makes of them. A parameter may not be empty.
func fill(t *notifier.Text, event string, f facts) error {
	if event == eventNews { // a note without its words; there is no template of its own
		event = string(status.EventNote)
		var err error
		if f.Note, err = write(t.Lang, "news", nil); err != nil {
			return err
		}
	}
	template, err := AlimTalkTemplate(event, t.Lang)
	if err != nil {
		return err
	}
	t.Template, t.Params = templateName(event, t.Lang), map[string]string{}
	for _, match := range placeholder.FindAllStringSubmatch(template, -1) {
		if t.Params[match[1]], err = parameter(t.Lang, match[1], f); err != nil {
			return err
		}
	}
	t.Body = filled(template, t.Params)
	return nil
}

// filled is the text that the messenger makes of a template.
func filled(template string, params map[string]string) string {
	return strings.TrimSpace(placeholder.ReplaceAllStringFunc(template, func(p string) string { return params[p[2:len(p)-1]] }))
}

func parameter(lang, name string, f facts) (string, error) {
	value, block := "", ""
	switch name {
	case "mark", "what", "span":
		return write(lang, name, f)
	case "state":
		return write(lang, name, f.State)
	case "works":
		value, block = strings.Join(f.Works, ", "), "none"
	case "cause":
		value, block = f.Cause, "unknown-cause"
	case "advice":
		value, block = f.Advice, "none"
	case "next":
		value, block = f.Next, "none"
	case "since":
		value = f.Since
	case "at":
		value = f.At
	case "code":
		value = f.Code
	case "note":
		value = f.Note
	case "from":
		value = f.From
	case "until":
		value = f.Until
	case "minutes":
		value = strconv.Itoa(f.Minutes)
	default:
		return "", fmt.Errorf("a template in %q asks for %q", lang, name)
	}
	if value == "" && block != "" {
		return write(lang, block, nil)
	}
	return value, nil
}
