package words

import (
	"errors"
	"slices"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// Draft is a notice as it would leave, beside what is wrong with the words that
// somebody wrote for it.
type Draft struct {
	notifier.Notice

	Drafted []Drafted // in the order of the site's languages, and the plan's classes
}

// Drafted is one text of a draft.
type Drafted struct {
	Lang  string
	Class notifier.Class
	Text  notifier.Text // as it would leave; empty if none can
	Size  Size
	Said  bool // it has the writer's own words; else people are told that there is news
	Wrong []Complaint
}

// Complaint is something wrong with a text, for whoever can write another.
type Complaint struct {
	Kind  ComplaintKind
	Found string // what it is about, as it stands in the text
	Over  int    // by how much it is too long
	Unit  string // of Over
	Code  string // that does not have what was found: EUC-KR, GSM-7
}

// ComplaintKind says what is wrong: one of these, or a [Rule].
type ComplaintKind string

// The kinds beside the rules.
const (
	Missing   ComplaintKind = "missing"   // there are no words in the language
	TooLong   ComplaintKind = "too_long"  // they do not fit
	NoSuch    ComplaintKind = "encoding"  // a character that the class cannot carry
	Otherwise ComplaintKind = "otherwise" // Found says what
)

// Preview makes the notices that events would call for, as [Composer.Notices]
// does, and says of each text what is wrong with it.
func (c *Composer) Preview(s *status.Snapshot, events []status.Event, now time.Time) []Draft {
	var drafts []Draft
	for _, e := range events {
		incident, ok := s.Incident(e.Incident)
		if !ok {
			continue
		}
		notices, _ := c.Notices(s, []status.Event{e}, now) // what could not be worded is found below
		for _, n := range notices {
			st := tell(s, incident, e, now)
			st.offers, st.notice = c.Substitutes, n.ID
			d := Draft{Notice: n}
			for _, lang := range c.Site.Languages {
				for _, class := range c.Classes[n.Plan] {
					d.Drafted = append(d.Drafted, st.draft(&n, lang, class))
				}
			}
			drafts = append(drafts, d)
		}
	}
	return drafts
}

// draft is the notice's text, and what keeps the writer's words out of it.
func (st *story) draft(n *notifier.Notice, lang string, class notifier.Class) Drafted {
	d := Drafted{Lang: lang, Class: class, Said: true}
	if i := slices.IndexFunc(n.Texts, func(t notifier.Text) bool { return t.Lang == lang && t.Class == class }); i >= 0 {
		d.Text = n.Texts[i]
		_, d.Size, _ = Count(d.Text) // it was counted when it was made
	}
	if st.event != status.EventNote {
		if d.Text.Body == "" {
			_, err := st.text(lang, class)
			d.Wrong = Complaints(err)
		}
		return d
	}
	if strings.TrimSpace(st.note[lang]) == "" {
		d.Said, d.Wrong = false, []Complaint{{Kind: Missing}}
		return d
	}
	if _, err := st.best(lang, class, string(status.EventNote)); err != nil {
		d.Said, d.Wrong = false, Complaints(err)
	}
	return d
}

// Complaints are what an error of a text says, each once.
func Complaints(err error) []Complaint {
	var all []Complaint
	for _, one := range flat(err) {
		c := Complaint{Kind: Otherwise, Found: one.Error()}
		var lint *LintError
		var long *TooLongError
		var code *EncodingError
		switch {
		case errors.As(one, &lint):
			c = Complaint{Kind: ComplaintKind(lint.Rule), Found: lint.Found}
		case errors.As(one, &long):
			c = Complaint{Kind: TooLong, Over: long.Units - long.Limit, Unit: long.Unit}
		case errors.As(one, &code):
			c = Complaint{Kind: NoSuch, Found: string(code.Char), Code: code.Code}
		}
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// flat is the errors that were joined to one.
func flat(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flat(one)...)
	}
	return all
}
