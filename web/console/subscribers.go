package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/web/account"
)

// People is what the desk reads and does of those who are told. No address in
// clear goes through it but in [People.Disclose], for who asks what is kept of
// them, and in what [People.Import] is given. Somebody who is not there is
// [ErrNone].
type People interface {
	// Find lists people, newest first; at most [PeopleList] of them.
	Find(ctx context.Context, q PeopleQuery) (found []Person, next int64, err error)
	// Person is one of them, also when they have left.
	Person(ctx context.Context, id int64) (Person, error)
	// Told is what was sent to somebody, newest first, from before a mark on.
	Told(ctx context.Context, id, before int64) (lines []Told, next int64, err error)
	// Disclose is all that is kept of somebody, as a file.
	Disclose(ctx context.Context, id int64) ([]byte, error)
	// Erase forgets somebody for good.
	Erase(ctx context.Context, id int64) error

	// Import takes in a list, or tries. What is wrong with single lines is in the
	// report; an error of the list as a whole is in the run.
	Import(ctx context.Context, o ImportOrder) (ImportRun, error)
	// Imports lists those that are kept, newest first.
	Imports(ctx context.Context) ([]ImportRun, error)
	// Report is one with what was said of its lines.
	Report(ctx context.Context, id string) (ImportRun, []ImportLine, error)
}

// PeopleList is how many people, or lines of what somebody was told, are on a page.
const PeopleList = 50

// PeopleQuery says who is looked for. Text, if any, is a number of the books
// (#4711), the last digits of a telephone number, a masked address, or a whole
// one as somebody reads it out.
type PeopleQuery struct {
	Text                         string
	Kind, Lang, Component, State string
	Before                       int64
}

// Person is somebody who is told. Their addresses are masked.
type Person struct {
	ID           int64
	Lang, Plan   string
	AtLeast      status.State
	Joined, Gone time.Time
	Wishes       notifier.Wishes
	Addresses    []HeldAddress
}

// HeldAddress is an address with the consent to it.
type HeldAddress struct {
	Kind, Hint, Source   string
	Consented, Confirmed time.Time
	Suppressed           string // why nothing is sent there; empty: it is
}

// Told is one line of what somebody was sent.
type Told struct {
	Notice, Incident, Event string
	Hop                     int // from 1
	Channel, Gateway        string
	Rank                    notifier.Rank
	Fate                    notifier.Fate
	InDoubt, Again          bool
	Skipped                 string
	Ended                   notifier.Ended // why it did not arrive; empty: it did, or may yet
	Code                    string
	At, Done                time.Time
	Tries                   []Tried
}

// Tried is a try that failed, or whose end nobody knows.
type Tried struct {
	At            time.Time
	Gateway, Kind string // in_doubt, retried, failed
	Code          string
}

func (c *Console) subscriberRoutes() []route {
	if c.options.People == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/subscribers", deed: account.ReadPeople, handle: c.subscribers},
		{method: http.MethodPost, path: "/subscribers", deed: account.ReadPeople, handle: c.findSubscriber},
		{method: http.MethodGet, path: "/subscribers/{id}", deed: account.ReadPeople, handle: c.subscriber},
		{method: http.MethodPost, path: "/subscribers/{id}/file", deed: account.KeepPeople, handle: c.discloseSubscriber},
		{method: http.MethodGet, path: "/subscribers/{id}/erase", deed: account.KeepPeople, handle: c.askErase},
		{method: http.MethodPost, path: "/subscribers/{id}/erase", deed: account.KeepPeople, handle: c.erase},
		{method: http.MethodGet, path: "/imports", deed: account.ReadPeople, handle: c.imports},
		{method: http.MethodPost, path: "/imports", deed: account.KeepPeople, body: maxImport, handle: c.takeIn},
		{method: http.MethodGet, path: "/imports/{id}", deed: account.ReadPeople, handle: c.importReport},
		{method: http.MethodGet, path: "/imports/{id}/report.csv", deed: account.ReadPeople, handle: c.importFile},
	}
}

// peoplePage lists people.
type peoplePage struct {
	Rows                                []personRow
	Kinds, Languages, Components, Since []option
	Text                                string
	Found                               bool // it answers a search
	Next                                string
	Filtered                            bool
}

// personRow is somebody in a list.
type personRow struct {
	Person

	Href, Number, Joined string
	Language             string
	State                badge
	Addresses            []addressRow
	From                 string // the state they are told from
	Wants                []string
}

type addressRow struct {
	HeldAddress

	Word, Consented, Confirmed string
	State                      badge
}

// subscribers lists people by filters. What is typed into the search goes by
// POST, so that no number stands in an address, a log or a history.
func (c *Console) subscribers(v *visit) error {
	q := PeopleQuery{
		Kind: v.asked("kind"), Lang: v.asked("language"), Component: v.asked("component"), State: v.asked("state"), Before: v.number("before"),
	}
	return c.listPeople(v, q)
}

func (c *Console) findSubscriber(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	text := strings.TrimSpace(form.Get("who"))
	if text == "" {
		return v.lead("/subscribers", nil)
	}
	const most = 320 // bytes: the longest address that mail has
	if len(text) > most {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	v.record(account.ReadPeople, "subscribers", "looked for somebody")
	before, _ := strconv.ParseInt(form.Get("before"), 10, 64) // without one, or with nonsense, from the newest
	return c.listPeople(v, PeopleQuery{Text: text, Before: max(before, 0)})
}

func (c *Console) listPeople(v *visit, q PeopleQuery) error {
	found, next, err := c.options.People.Find(v.request.Context(), q)
	if err != nil {
		return err
	}
	page := peoplePage{Text: q.Text, Found: q.Text != "", Filtered: q.Kind+q.Lang+q.Component+q.State != ""}
	for i := range found {
		page.Rows = append(page.Rows, v.personRow(&found[i]))
	}
	if next > 0 {
		page.Next = strconv.FormatInt(next, 10)
	}
	if next > 0 && !page.Found {
		values := url.Values{"before": {page.Next}}
		for name, value := range map[string]string{"kind": q.Kind, "language": q.Lang, "component": q.Component, "state": q.State} {
			if value != "" {
				values.Set(name, value)
			}
		}
		page.Next = Root + "/subscribers?" + values.Encode()
	}
	kinds := []string{"", v.Say("people_any")}
	for _, kind := range []string{"sms", "alimtalk", "email", "line", "webpush", "webhook", "statuspage"} {
		kinds = append(kinds, kind, v.Say("address_"+kind))
	}
	page.Kinds = choices(q.Kind, kinds...)
	languages := []string{"", v.Say("people_any")}
	for _, lang := range v.console.site().Languages {
		languages = append(languages, lang, v.languageName(lang))
	}
	page.Languages = choices(q.Lang, languages...)
	page.Components = choices(q.Component, append([]string{"", v.Say("people_any")}, v.componentNames()...)...)
	page.Since = choices(q.State, "", v.Say("people_any"), "told", v.Say("people_told"), "unproven", v.Say("people_unproven"),
		"suppressed", v.Say("people_suppressed"), "left", v.Say("people_left"))
	return v.render("subscribers", v.Say("menu_subscribers"), page)
}

// componentNames are the ids and names of all components.
func (v *visit) componentNames() []string {
	var pairs []string
	if v.snapshot != nil {
		for g := range v.snapshot.Groups {
			for _, component := range v.snapshot.Groups[g].Components {
				pairs = append(pairs, component.ID, v.text(component.Name))
			}
		}
	}
	return pairs
}

// personRow words somebody.
func (v *visit) personRow(p *Person) personRow {
	id := strconv.FormatInt(p.ID, 10)
	row := personRow{Person: *p, Number: id, Href: Root + "/subscribers/" + id, Joined: v.At(p.Joined), From: v.Say("state_" + p.AtLeast.String()), Language: v.languageName(p.Lang)}
	told, proven := false, false
	for _, a := range p.Addresses {
		line := addressRow{HeldAddress: a, Word: v.Say("address_" + a.Kind), State: badge{"ok", v.Say("address_used")}}
		if !a.Consented.IsZero() {
			line.Consented = v.At(a.Consented)
		}
		switch {
		case a.Confirmed.IsZero():
			line.State = badge{"none", v.Say("address_unproven")}
		case a.Suppressed != "":
			line.State, proven = badge{"part", v.Say("address_suppressed")}, true
		default:
			told, proven = true, true
		}
		if !a.Confirmed.IsZero() {
			line.Confirmed = v.At(a.Confirmed)
		}
		row.Addresses = append(row.Addresses, line)
	}
	switch {
	case !p.Gone.IsZero():
		row.State = badge{"none", v.Say("person_left", "Time", v.At(p.Gone))}
	case told:
		row.State = badge{"ok", v.Say("person_told")}
	case proven:
		row.State = badge{"part", v.Say("person_stopped")}
	default:
		row.State = badge{"none", v.Say("person_unproven")}
	}
	for _, topic := range p.Wishes.Topics {
		row.Wants = append(row.Wants, v.topicName(topic))
	}
	return row
}

// topicName is what somebody chose, by name.
func (v *visit) topicName(topic string) string {
	if v.snapshot == nil {
		return topic
	}
	for g := range v.snapshot.Groups {
		group := &v.snapshot.Groups[g]
		if notifier.GroupTopic(group.ID) == topic {
			return v.text(group.Name)
		}
	}
	if component, ok := v.snapshot.Component(topic); ok {
		return v.text(component.Name)
	}
	return topic
}

// personID is the number in the page's address.
func (v *visit) personID() (int64, error) {
	id, err := strconv.ParseInt(v.request.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, refuse(http.StatusNotFound, "problem_not_found")
	}
	return id, nil
}

// person is who the page's address names.
func (v *visit) person() (Person, error) {
	id, err := v.personID()
	if err != nil {
		return Person{}, err
	}
	p, err := v.console.options.People.Person(v.request.Context(), id)
	if errors.Is(err, ErrNone) {
		return p, refuse(http.StatusNotFound, "problem_not_found")
	}
	return p, err
}
