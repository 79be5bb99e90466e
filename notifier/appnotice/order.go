package appnotice

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// Priority is that of an app's notices: after all that tells of outages.
const Priority = 60

// Event is what an app's notice tells of, as the ledger names it.
const Event = "app"

// How long a text may be worth handing over.
const (
	shortest = time.Minute
	usual    = 24 * time.Hour
	longest  = 72 * time.Hour
)

// Value is a parameter's value: one for every language, or one for each.
type Value map[string]string

// every is the key of a value for every language.
const every = ""

// UnmarshalJSON takes a string, or an object from language to string.
func (v *Value) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*v = Value{every: one}
		return nil
	}
	var by map[string]string
	if err := json.Unmarshal(text, &by); err != nil {
		return errors.New("a parameter is neither a string nor an object from language to string")
	}
	if _, odd := by[every]; odd {
		return errors.New("a parameter has a language without a name")
	}
	*v = by
	return nil
}

// in is the value in a language, or in the first that has one.
func (v Value) in(lang string, languages []string) string {
	for _, l := range append([]string{lang, every}, languages...) {
		if text, ok := v[l]; ok {
			return text
		}
	}
	return ""
}

// Order is a notice as an app asks for it.
type Order struct {
	Template   string           `json:"template"`
	Params     map[string]Value `json:"params,omitempty"`
	Plan       string           `json:"plan,omitempty"`     // of those the app may use; the first if left out
	Policy     string           `json:"policy,omitempty"`   // at_least_once, the default, or at_most_once
	CostCap    *Amount          `json:"cost_cap,omitempty"` // what it may come to, should everybody need every hop
	Expires    string           `json:"expires,omitempty"`  // not handed over after this; a day if left out
	Recipients []Recipient      `json:"recipients,omitempty"`
	Upload     string           `json:"upload,omitempty"`   // id of one, in place of recipients
	Audience   string           `json:"audience,omitempty"` // "subscribers" of the plan, in place of recipients
	Callback   string           `json:"callback,omitempty"` // where to report, at one of the app's origins
}

// App is an app that may send.
type App struct {
	ID          string
	Name        status.Text
	Origins     []string
	Daily       int      // recipients a day
	Plans       []string // it may use; the first is the default
	Subscribers bool     // it may send to the subscribers of its plans
	Callbacks   notifier.Secret
}

// Subscribers is the audience of an order to who has subscribed.
const Subscribers = "subscribers"

// ListAudience is the audience of a notice to a list of an app's people.
func ListAudience(list int64) string { return "list:" + strconv.FormatInt(list, 10) }

// ListOf is the list of a notice's audience, if it is one.
func ListOf(audience string) (int64, bool) {
	number, is := strings.CutPrefix(audience, "list:")
	if !is {
		return 0, false
	}
	list, err := strconv.ParseInt(number, 10, 64)
	return list, err == nil
}

// checked is an order whose values can be taken.
type checked struct {
	plan     string
	policy   notifier.Policy
	expires  time.Time
	limit    *notifier.Money
	people   []Person // inline ones
	callback string
}

// check reads what of an order needs no template and no list.
func (o *Order) check(c *Complaints, r *Rules, app *App, now time.Time) checked {
	out := checked{plan: o.Plan, policy: notifier.AtLeastOnce, expires: now.Add(usual)}
	switch {
	case len(app.Plans) == 0:
		c.complain("/plan", "the app may use none; the operator lists plans under apps")
	case o.Plan == "":
		out.plan = app.Plans[0]
	case !slices.Contains(app.Plans, o.Plan):
		c.complain("/plan", "%q is none that the app may use; write %s", clip(o.Plan), joined(app.Plans))
	}
	switch o.Policy {
	case "", "at_least_once":
	case "at_most_once":
		out.policy = notifier.AtMostOnce
	default:
		c.complain("/policy", "%q is none; write at_least_once or at_most_once", clip(o.Policy))
	}
	if o.Expires != "" {
		t, err := time.Parse(time.RFC3339, o.Expires)
		if err != nil || t.Before(now.Add(shortest)) || t.After(now.Add(longest)) {
			c.complain("/expires", "write a time from a minute to three days from now, like %s", now.UTC().Add(usual).Format(time.RFC3339))
		}
		out.expires = t
	}
	if o.CostCap != nil {
		limit, err := o.CostCap.money()
		if err != nil {
			c.complain("/cost_cap", "%s", err)
		}
		out.limit = &limit
	}
	o.checkWho(c, r, app, &out)
	if out.callback = o.Callback; o.Callback != "" {
		checkCallback(c, app, o.Callback)
	}
	return out
}

func (o *Order) checkWho(c *Complaints, r *Rules, app *App, out *checked) {
	ways := 0
	for _, given := range []bool{o.Recipients != nil, o.Upload != "", o.Audience != ""} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		c.complain("", "has %d of recipients, upload and audience; write exactly one", ways)
	case o.Audience != "" && o.Audience != Subscribers:
		c.complain("/audience", "%q is none; write subscribers, or name recipients", clip(o.Audience))
	case o.Audience != "" && !app.Subscribers:
		c.complain("/audience", "the app may not send to subscribers; the operator allows it under apps")
	case len(o.Recipients) > MaxInline:
		c.complain("/recipients", "has %d; write at most %d, or send them to POST /api/v1/uploads", len(o.Recipients), MaxInline)
	case o.Recipients != nil && len(o.Recipients) == 0:
		c.complain("/recipients", "is empty; name at least one")
	default:
		out.people = readInline(c, o.Recipients, r)
	}
}

// readInline reads recipients; each ref and each address stands once.
func readInline(c *Complaints, recipients []Recipient, r *Rules) []Person {
	const most = 50 // complaints
	var people []Person
	refs, addresses := map[string]int{}, map[Address]int{}
	for i := range recipients {
		at := "/recipients/" + strconv.Itoa(i)
		p, err := recipients[i].read(r.Site.Languages, r.Read)
		if err == nil {
			err = once(refs, addresses, &p, i)
		}
		if err != nil {
			if c.complain(at, "%s", err); len(*c) >= most {
				return people
			}
			continue
		}
		p.Line = int64(i)
		people = append(people, p)
	}
	return people
}

func once(refs map[string]int, addresses map[Address]int, p *Person, i int) error {
	if first, twice := refs[p.Ref]; twice {
		return fmt.Errorf("has the same ref as recipient %d; keep one", first)
	}
	refs[p.Ref] = i
	for _, a := range p.Addresses {
		if first, twice := addresses[a]; twice {
			return fmt.Errorf("has the same %s as recipient %d; keep one: nobody is told twice", a.Kind, first)
		}
		addresses[a] = i
	}
	return nil
}

func checkCallback(c *Complaints, app *App, callback string) {
	u, err := url.Parse(callback)
	switch {
	case len(callback) > maxLink || err != nil || u.Fragment != "":
		c.complain("/callback", "is no address; write one such as https://report.example/bongsu, at most %d bytes", maxLink)
	default:
		if err := app.allows(callback); err != nil {
			c.complain("/callback", "%s", err)
		}
	}
}

// money reads an amount.
func (a *Amount) money() (notifier.Money, error) {
	bad := errors.New(`is no amount; write {"amount": "50000", "currency": "KRW"}`)
	whole, part, _ := strings.Cut(a.Amount, ".")
	if len(a.Currency) != 3 || len(whole) > 12 || len(part) > 3 {
		return notifier.Money{}, bad
	}
	w, err := strconv.ParseUint(whole, 10, 63)
	if err != nil {
		return notifier.Money{}, bad
	}
	milli := int64(w) * 1000
	if part != "" {
		p, err := strconv.ParseUint((part + "00")[:3], 10, 16)
		if err != nil {
			return notifier.Money{}, bad
		}
		milli += int64(p)
	}
	return notifier.Money{Milli: milli, Currency: a.Currency}, nil
}

// texts fills the template for every class that the plan uses, in each of its
// languages.
func (o *Order) texts(c *Complaints, r *Rules, app *App, t *Template, plan, code string) []notifier.Text {
	o.checkParams(c, r, app, t)
	if len(*c) > 0 {
		return nil
	}
	var texts []notifier.Text
	for _, class := range r.classesOf(plan) {
		if t.Texts[r.Site.Languages[0]][class] == (Words{}) {
			c.complain("/template", "has no words of class %s in %s, which the plan %s needs; propose a version that has", class, r.Site.Languages[0], plan)
			continue
		}
		for _, lang := range r.Site.Languages {
			if t.Texts[lang][class] == (Words{}) {
				continue
			}
			values := map[string]string{}
			for name := range t.Params {
				values[name] = o.Params[name].in(lang, r.Site.Languages)
			}
			text, err := t.render(r.Site, app, lang, class, values, code)
			if err != nil {
				c.complain("/params", "in %s by %s the text %s", lang, class, err)
				continue
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func (o *Order) checkParams(c *Complaints, r *Rules, app *App, t *Template) {
	for _, name := range slices.Sorted(maps.Keys(t.Params)) {
		at, p := "/params/"+escape(name), t.Params[name]
		value, given := o.Params[name]
		if !given || len(value) == 0 {
			c.complain(at, "is missing; the template has #{%s}", name)
			continue
		}
		for _, lang := range slices.Sorted(maps.Keys(value)) {
			in := at
			if lang != every {
				in += "/" + escape(lang)
				if !slices.Contains(r.Site.Languages, lang) {
					c.complain(in, "the site is not in this language; write %s", joined(r.Site.Languages))
					continue
				}
			}
			if err := p.Value(value[lang], app); err != nil {
				c.complain(in, "%s", err)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Params)) {
		if _, known := t.Params[name]; !known {
			c.complain("/params/"+escape(name), "the template has no such parameter; leave it out")
		}
	}
}

func joined(list []string) string { return strings.Join(list, ", ") }
