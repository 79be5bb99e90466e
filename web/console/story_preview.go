package console

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/web"
	"bongsu/web/speech"
)

// previewView is what would come of a form: the page in each language, and each
// text beside who gets it.
type previewView struct {
	Pages   []pagePreview
	Notices []noticePreview
	Nobody  bool // nobody is told
	Counted *speech.Moment
	Beyond  string // how many people are too unlike each other to be counted
}

// pagePreview is how the incident would stand on the page, in one language.
type pagePreview struct {
	Lang, Language string
	web.Foretold

	Entry web.ForetoldEntry
	Item  web.ForetoldItem // as feeds have it
}

// noticePreview is a notice that would leave.
type noticePreview struct {
	Audience string
	AtMost   bool // it goes to who heard the beginning: at most so many
	People   string
	None     string // reached by none
	Spared   string
	Asleep   string
	Cost     string
	Longest  string // until the last is handed over
	Ways     []wayPreview
	Classes  []classPreview
	Wrong    int // texts in which the words cannot stand
}

// wayPreview is people of one language who are told by one way.
type wayPreview struct {
	Channel, Class, Language string
	People, Cost, Takes      string
	Note                     string
}

// classPreview is the texts of one class, side by side.
type classPreview struct {
	Class   string
	Machine bool
	Texts   []textPreview
}

type textPreview struct {
	Lang, Language string
	Title, Body    string
	Size, Pieces   string
	News           bool // the words are not in it
	Wrong          []string
}

func (v *visit) previewView(p *StoryPreview) *previewView {
	view := &previewView{Nobody: len(p.Drafts) == 0, Counted: v.Moment(p.Counted)}
	if p.Beyond > 0 {
		view.Beyond = speech.Grouped(p.Beyond)
	}
	if i, found := p.After.Incident(p.Incident); found {
		for _, lang := range v.console.catalog.Spoken(v.console.site().Languages) {
			voice := v.console.catalog.Voice(lang)
			teller := web.NewForeteller(voice, p.After)
			page := pagePreview{Lang: lang, Language: voice.Say("language_name"), Foretold: teller.Incident(i)}
			if entries := teller.Entries(i); len(entries) > 0 {
				page.Entry = entries[0]
			}
			var err error
			if page.Item, err = teller.Item(i); err != nil {
				v.console.options.Log.WarnContext(v.request.Context(), "previewing a feed", "error", err)
			}
			view.Pages = append(view.Pages, page)
		}
	}
	for k := range p.Drafts {
		view.Notices = append(view.Notices, v.noticePreview(&p.Drafts[k], !p.Counted.IsZero()))
	}
	return view
}

func (v *visit) noticePreview(d *StoryDraft, counted bool) noticePreview {
	n := noticePreview{Audience: v.Say("audience_" + d.Audience), AtMost: d.Resolves()}
	if counted || d.Audience == "operators" {
		v.count(&n, d)
	}
	for k := range d.Drafted {
		text := &d.Drafted[k]
		class := v.Say("class_" + string(text.Class))
		at := slices.IndexFunc(n.Classes, func(c classPreview) bool { return c.Class == class })
		if at < 0 {
			at = len(n.Classes)
			n.Classes = append(n.Classes, classPreview{Class: class, Machine: text.Class == notifier.ClassWebhook || text.Class == notifier.ClassStatuspage})
		}
		n.Classes[at].Texts = append(n.Classes[at].Texts, v.textPreview(text))
		if len(text.Wrong) > 0 {
			n.Wrong++
		}
	}
	return n
}

// count says how many people are told by which way.
func (v *visit) count(n *noticePreview, d *StoryDraft) {
	var people, none int64
	costs := map[string]int64{}
	for k := range d.Telling.Told {
		told := &d.Telling.Told[k]
		if told.Channel == "" {
			none += told.People
			continue
		}
		people += told.People
		way := wayPreview{Channel: told.Channel, Class: v.Say("class_" + string(told.Class)), Language: v.languageName(told.Lang), People: speech.Grouped(told.People)}
		if told.Cost.Currency != "" {
			way.Cost, costs[told.Cost.Currency] = amount(told.Cost), costs[told.Cost.Currency]+told.Cost.Milli
		}
		if took, known := d.Takes[told.Channel]; known {
			way.Takes = v.span(took)
		}
		way.Note = v.wayNote(told)
		n.Ways = append(n.Ways, way)
	}
	n.People = speech.Grouped(people)
	if none > 0 {
		n.None = speech.Grouped(none)
	}
	if d.Telling.Spared > 0 {
		n.Spared = speech.Grouped(d.Telling.Spared)
	}
	if d.Telling.Asleep > 0 {
		n.Asleep = speech.Grouped(d.Telling.Asleep)
	}
	var all []string
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		all = append(all, amount(notifier.Money{Milli: costs[currency], Currency: currency}))
	}
	n.Cost = strings.Join(all, " + ")
	if longest, known := longestOf(d); known {
		n.Longest = v.span(longest)
	}
}

// longestOf says how long the slowest channel takes; false if one has no rate.
func longestOf(d *StoryDraft) (most time.Duration, known bool) {
	known = len(d.Telling.Told) > 0
	for k := range d.Telling.Told {
		channel := d.Telling.Told[k].Channel
		if channel == "" {
			continue
		}
		took, bound := d.Takes[channel]
		known = known && bound
		most = max(most, took)
	}
	return most, known && most > 0
}

func (v *visit) wayNote(told *notifier.Told) string {
	var notes []string
	if len(told.Passed) > 0 {
		notes = append(notes, v.Say("way_passed", "Channels", v.List(told.Passed)))
	}
	if told.Waiting > 0 {
		notes = append(notes, v.Say("way_waiting", "Count", speech.Grouped(told.Waiting)))
	}
	if told.Text < 0 {
		notes = append(notes, v.Say("way_wordless"))
	}
	return strings.Join(notes, " ")
}

func (v *visit) textPreview(d *words.Drafted) textPreview {
	t := textPreview{
		Lang: d.Lang, Language: v.languageName(d.Lang), Title: d.Text.Title, News: !d.Said,
		Body: strings.ReplaceAll(d.Text.Body, notifier.LeaveMark, v.Say("own_leave")),
	}
	if d.Text.Body != "" {
		t.Size = v.Say("size_of", "Units", d.Size.Units, "Limit", d.Size.Limit, "Unit", v.Say("unit_"+d.Size.Unit))
		t.Pieces = v.Say("pieces", "Count", max(d.Size.Segments, 1))
	}
	for _, c := range d.Wrong {
		t.Wrong = append(t.Wrong, v.complaint(c))
	}
	return t
}

// complaint says what is wrong with a text and what to write instead.
func (v *visit) complaint(c words.Complaint) string {
	id := "lint_" + string(c.Kind)
	if !v.console.catalog.Has(id) {
		return c.Found
	}
	unit := ""
	if c.Unit != "" {
		unit = v.Say("unit_" + c.Unit)
	}
	return v.Say(id, "Found", c.Found, "Over", c.Over, "Unit", unit, "Code", c.Code)
}

// amount writes money without needless decimals.
func amount(m notifier.Money) string {
	whole, part := m.Milli/1000, m.Milli%1000
	text := speech.Grouped(whole)
	if part != 0 {
		text += strings.TrimRight("."+strconv.FormatInt(1000+part, 10)[1:], "0")
	}
	return text + " " + m.Currency
}
