package appnotice

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bongsu/notifier"
)

// Limits of a template.
const (
	MaxParams     = 20
	maxTitle      = 60   // characters
	maxBody       = 2000 // characters, before parameters are filled in
	maxText       = 200  // characters of a parameter of kind text
	maxDigits     = 40   // characters of a parameter of kind number
	maxLink       = 500  // bytes of a link
	maxRegistered = 50   // bytes of a messenger's template code
)

// Kind says which characters a parameter may have.
type Kind string

// The kinds of parameter.
const (
	KindText   Kind = "text"   // letters, digits, spaces and plain punctuation, on one line
	KindNumber Kind = "number" // digits, spaces and . , : / + - ( ) %
	KindLink   Kind = "link"   // an address at one of the app's origins; in mail and messenger only
)

// Param bounds what a parameter may be.
type Param struct {
	Kind Kind `json:"kind"`
	Max  int  `json:"max"` // characters
}

// Words are a template's words for one class of channel in one language, with
// #{name} where a parameter goes.
type Words struct {
	Title string `json:"title,omitempty"` // lms, mail and push have one
	Body  string `json:"body"`
	// Registered is the messenger's code of the template, whose text is Body.
	Registered string `json:"registered,omitempty"`
}

// State says whether a template may be used.
type State string

// The states.
const (
	Proposed State = "proposed"
	Approved State = "approved"
	Refused  State = "refused"
)

// Template is what an app may say. A change is a new version, to be approved
// anew; until then the version approved last is used.
type Template struct {
	App     string
	ID      string
	Version int
	State   State
	Texts   map[string]map[notifier.Class]Words // by language
	Params  map[string]Param

	ProposedBy string
	Proposed   time.Time
	DecidedBy  string // empty: nobody has decided yet
	Decided    time.Time
	Reason     string // of a refusal
}

// Complaint is one value that cannot be taken. Pointer is a JSON pointer.
type Complaint struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// Complaints gathers what is wrong.
type Complaints []Complaint

func (c *Complaints) complain(pointer, format string, args ...any) {
	*c = append(*c, Complaint{pointer, fmt.Sprintf(format, args...)})
}

// classes are those that an app may have words for.
var classes = []notifier.Class{
	notifier.ClassSMS, notifier.ClassLMS, notifier.ClassAlimTalk, notifier.ClassMessenger, notifier.ClassMail, notifier.ClassPush,
}

// isSMS says whether a class goes by telephone networks, where nobody can tell
// a good address from a bad one: links are refused there.
func isSMS(c notifier.Class) bool { return c == notifier.ClassSMS || c == notifier.ClassLMS }

// carriesLinks says where a link is what it looks like.
func carriesLinks(c notifier.Class) bool {
	return c == notifier.ClassMail || c == notifier.ClassMessenger
}

func titled(c notifier.Class) bool {
	return c == notifier.ClassLMS || c == notifier.ClassMail || c == notifier.ClassPush
}

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	mark     = regexp.MustCompile(`#\{([^{}]*)\}`)
)

// ours are the marks that the program fills in; no parameter has their names.
var ours = []string{"app", "code", "mark", "leave"}

// Check says what is wrong with a proposed template, texts that would not fit
// with the longest parameters included.
func (t *Template) Check(site Site, app *App) Complaints {
	var c Complaints
	if !idForm.MatchString(t.ID) {
		c.complain("", "%q is no id; write lower-case letters, digits and hyphens, at most 63", clip(t.ID))
	}
	t.checkParams(&c)
	if len(t.Texts) == 0 {
		c.complain("/texts", "is missing; write texts by language and class, such as {%q: {\"sms\": {\"body\": …}}}", site.Languages[0])
	} else if t.Texts[site.Languages[0]] == nil {
		c.complain("/texts", "has no words in %s, which stand in for a missing language", site.Languages[0])
	}
	for _, lang := range slices.Sorted(maps.Keys(t.Texts)) {
		at := "/texts/" + escape(lang)
		if !slices.Contains(site.Languages, lang) {
			c.complain(at, "the site is not in this language; write %s", strings.Join(site.Languages, ", "))
			continue
		}
		for _, class := range slices.Sorted(maps.Keys(t.Texts[lang])) {
			t.checkWords(&c, at+"/"+escape(string(class)), lang, class)
		}
	}
	if len(c) == 0 {
		t.checkFit(&c, site, app)
	}
	return c
}

func (t *Template) checkParams(c *Complaints) {
	if len(t.Params) > MaxParams {
		c.complain("/params", "has %d; write at most %d", len(t.Params), MaxParams)
		return
	}
	used := t.used()
	for _, name := range slices.Sorted(maps.Keys(t.Params)) {
		at, p := "/params/"+escape(name), t.Params[name]
		most := map[Kind]int{KindText: maxText, KindNumber: maxDigits, KindLink: maxLink}[p.Kind]
		switch {
		case !nameForm.MatchString(name) || slices.Contains(ours, name):
			c.complain(at, "is no name for a parameter; write lower-case letters, digits and _, none of %s", strings.Join(ours, ", "))
		case most == 0:
			c.complain(at+"/kind", "%q is no kind; write text, number or link", clip(string(p.Kind)))
		case p.Max < 1 || p.Max > most:
			c.complain(at+"/max", "write 1 to %d characters", most)
		case !used[name]:
			c.complain(at, "is used in no text; write #{%s} where it belongs, or leave it out", name)
		}
	}
}

// used are the marks that the texts have.
func (t *Template) used() map[string]bool {
	names := map[string]bool{}
	for _, by := range t.Texts {
		for _, w := range by {
			for _, m := range mark.FindAllStringSubmatch(w.Title+w.Body, -1) {
				names[m[1]] = true
			}
		}
	}
	return names
}

func (t *Template) checkWords(c *Complaints, at, lang string, class notifier.Class) {
	w := t.Texts[lang][class]
	if !slices.Contains(classes, class) {
		c.complain(at, "is no class of text; write some of sms, lms, alimtalk, messenger, mail, push")
		return
	}
	switch n := utf8.RuneCountInString(w.Body); {
	case strings.TrimSpace(w.Body) == "":
		c.complain(at+"/body", "is missing")
	case n > maxBody:
		c.complain(at+"/body", "has %d characters; write at most %d", n, maxBody)
	case !plain(w.Body, true):
		c.complain(at+"/body", "has control characters; write plain text")
	}
	switch n := utf8.RuneCountInString(w.Title); {
	case titled(class) && strings.TrimSpace(w.Title) == "":
		c.complain(at+"/title", "is missing; texts of class %s have one", class)
	case !titled(class) && w.Title != "":
		c.complain(at+"/title", "texts of class %s have none; leave it out", class)
	case n > maxTitle || !plain(w.Title, false):
		c.complain(at+"/title", "write one line of plain text, at most %d characters", maxTitle)
	}
	t.checkMarks(c, at, class, w)
	switch {
	case class != notifier.ClassAlimTalk && w.Registered != "":
		c.complain(at+"/registered", "only alimtalk has registered templates; leave it out")
	case class == notifier.ClassAlimTalk && (len(w.Registered) > maxRegistered || !codeForm.MatchString(w.Registered)):
		c.complain(at+"/registered", "write the code under which the messenger has this text, at most %d letters, digits, - _ and .", maxRegistered)
	case class == notifier.ClassAlimTalk && (!strings.Contains(w.Body, "#{app}") || !strings.Contains(w.Body, "#{code}")):
		c.complain(at+"/body", "has not both #{app} and #{code}: the messenger shows the registered text as it is, and every text names the app and its check code")
	}
}

func (t *Template) checkMarks(c *Complaints, at string, class notifier.Class, w Words) {
	for _, m := range mark.FindAllStringSubmatch(w.Title+w.Body, -1) {
		name := m[1]
		p, known := t.Params[name]
		switch {
		case slices.Contains(ours, name) && class == notifier.ClassAlimTalk && name != "leave":
		case slices.Contains(ours, name):
			c.complain(at, "#{%s} is added by itself; leave it out", name)
		case !known:
			c.complain(at, "#{%s} is no parameter; list it under params", clip(name))
		case p.Kind == KindLink && !carriesLinks(class):
			c.complain(at, "#{%s} is a link; only mail and messenger carry links, and an SMS must send nobody anywhere", name)
		}
	}
	if rest := mark.ReplaceAllString(w.Title+w.Body, ""); strings.Contains(rest, "#{") {
		c.complain(at, "has #{ without its }")
	}
}

// checkFit fills in the longest there can be, and has the texts measured and
// linted as they would go out.
func (t *Template) checkFit(c *Complaints, site Site, app *App) {
	for _, lang := range slices.Sorted(maps.Keys(t.Texts)) {
		for _, class := range slices.Sorted(maps.Keys(t.Texts[lang])) {
			longest := map[string]string{}
			for name, p := range t.Params {
				longest[name] = p.longest(lang, app)
			}
			if _, err := t.render(site, app, lang, class, longest, worstCode); err != nil {
				c.complain("/texts/"+escape(lang)+"/"+escape(string(class)), "with the longest parameters, app name and check code it %s", err)
			}
		}
	}
}

// widest is a letter that takes as much as one of the language can.
var widest = map[string]string{"ko": "힣", "ja": "漢", "en": "W"}

// longest is a value that takes up as much as the parameter lets it.
func (p Param) longest(lang string, app *App) string {
	switch p.Kind {
	case KindNumber:
		return strings.Repeat("8", p.Max)
	case KindLink:
		origin := "https://app.example"
		if len(app.Origins) > 0 {
			origin = app.Origins[0]
		}
		return origin + "/" + strings.Repeat("w", max(0, p.Max-len(origin)-1))
	case KindText:
	}
	return strings.Repeat(widest[lang], p.Max)
}

// Value says why a parameter cannot be this, or nil.
func (p Param) Value(value string, app *App) error {
	switch n := utf8.RuneCountInString(value); {
	case strings.TrimSpace(value) == "":
		return fmt.Errorf("is empty; write 1 to %d characters", p.Max)
	case n > p.Max:
		return fmt.Errorf("has %d characters; write at most %d", n, p.Max)
	case !utf8.ValidString(value):
		return errors.New("is not UTF-8")
	}
	switch p.Kind {
	case KindNumber:
		if i := strings.IndexFunc(value, notNumber); i >= 0 {
			return errors.New("has characters that are no digits; write digits, spaces and . , : / + - ( ) %")
		}
	case KindLink:
		return app.allows(value)
	case KindText:
		if i := strings.IndexFunc(value, notPlain); i >= 0 {
			r, _ := utf8.DecodeRuneInString(value[i:])
			return fmt.Errorf("has %q; write letters, digits, spaces and plain punctuation on one line", r)
		}
	}
	return nil
}

func notNumber(r rune) bool { return (r < '0' || r > '9') && !strings.ContainsRune(" .,:/+-()%", r) }

// notPlain are the characters that a parameter of kind text has not: those that
// are invisible, break a line, or take two places in the alphabet of networks.
func notPlain(r rune) bool {
	if strings.ContainsRune(`{}[]<>\^~|#€"`, r) || unseen(r) {
		return true
	}
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && r != ' ' && !unicode.IsPunct(r) && !strings.ContainsRune("+=%$₩¥°", r)
}

// allows says why a link leads nowhere that the app owns, or nil.
func (a *App) allows(link string) error {
	u, err := url.Parse(link)
	if err != nil || u.User != nil || u.Host == "" || !plain(link, false) || strings.ContainsAny(link, " <>\"'`\\{}") {
		return errors.New("is no address; write one such as https://report.example/a")
	}
	if !slices.Contains(a.Origins, u.Scheme+"://"+u.Host) {
		return fmt.Errorf("leads to %s, which is none of the app's origins; write one at %s", clip(u.Host), strings.Join(a.Origins, ", "))
	}
	return nil
}

// unseen are letters and marks that nobody sees, such as the Hangul filler: they
// could part a word from those who look for it.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plain says whether a text has no characters that are invisible or turn a line.
func plain(text string, lines bool) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return (unicode.IsControl(r) && (!lines || r != '\n')) || unseen(r)
	})
}

// clip keeps what is quoted back short.
func clip(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// escape writes a key as a part of a JSON pointer.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(clip(key))
}
