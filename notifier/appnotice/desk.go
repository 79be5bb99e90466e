package appnotice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"bongsu/notifier"
)

// How long what an app hands in is kept after it was last used, and the answers
// to its requests.
const (
	keepLists   = 30 * 24 * time.Hour
	keepOrdered = time.Hour // people of an order that is not kept yet: a crash may leave them
	keepAnswers = 24 * time.Hour
)

// Rules are what the configuration says now.
type Rules struct {
	Site     Site
	Zone     *time.Location
	Apps     map[string]*App
	Plans    map[string][]notifier.Hop
	Channels map[string]Channel
	Read     Reader
}

// classesOf are the classes of text that a plan needs, in the order of its hops.
func (r *Rules) classesOf(plan string) []notifier.Class {
	var list []notifier.Class
	for _, h := range r.Plans[plan] {
		if c := r.Channels[h.Channel]; !c.Fixed && !slices.Contains(list, h.Class(c.Class)) {
			list = append(list, h.Class(c.Class))
		}
	}
	return list
}

// kinds are the kinds of address that the channels of a plan need.
func (r *Rules) kinds(plan string) []string {
	var list []string
	for _, h := range r.Plans[plan] {
		if c := r.Channels[h.Channel]; !c.Fixed && !slices.Contains(list, c.Kind) {
			list = append(list, c.Kind)
		}
	}
	return list
}

// Names makes ids and check codes that nobody can guess.
type Names interface {
	ID(now time.Time) string
	LongCode() string // CodeLetters of them
}

// Book is what is kept. Each method is one transaction, or a read.
type Book interface {
	Templates
	Lists
	Notices
	Calls
}

// Templates keeps what apps may say.
type Templates interface {
	// Propose keeps a version and gives its number.
	Propose(ctx context.Context, t Template) (version int, err error)
	// Decide says whether a version may be used. ErrNone: there is no such
	// version; ErrDecided: somebody has decided already.
	Decide(ctx context.Context, t Template) error
	// TemplatesOf lists an app's templates, every version, newest first; of all
	// apps where app is empty.
	TemplatesOf(ctx context.Context, app string) ([]Template, error)
	// Usable is the version approved last. ErrNone: there is none.
	Usable(ctx context.Context, app, id string) (Template, error)
}

// Lists keeps the people whom apps bring.
type Lists interface {
	// OpenList begins a list and gives its number.
	OpenList(ctx context.Context, l List) (number int64, err error)
	// FillList adds people, and the faults of lines; whom it does not take it
	// adds to the faults. Each ref and each address stands once in an app.
	FillList(ctx context.Context, l List, people []Person, faults []Fault) ([]Fault, error)
	// CloseList says that the list is whole.
	CloseList(ctx context.Context, l List) error
	// DropList forgets a list, and whom no other list of the app names.
	DropList(ctx context.Context, number int64, now time.Time) error
	// ListNamed is an app's list. ErrNone: there is none.
	ListNamed(ctx context.Context, app, name string) (List, error)
	// FaultsOf gives faults of a list after a line.
	FaultsOf(ctx context.Context, number, after int64, limit int) ([]Fault, error)
	// Reach counts an audience by language and by which of the kinds reach them.
	Reach(ctx context.Context, audience, plan string, kinds []string) ([]Reached, error)
	// ErasePerson forgets one of the app's people. ErrNone: there is nobody.
	ErasePerson(ctx context.Context, app, ref string, now time.Time) error
	// TidyLists drops lists whose time has passed, and answers made before.
	TidyLists(ctx context.Context, now, answers time.Time) error
}

// Notices keeps what has been sent.
type Notices interface {
	// Answered is the answer to an earlier request with the key, if there was
	// one. ErrKeyReused: it asked for something else.
	Answered(ctx context.Context, key Key) (answer string, found bool, err error)
	// Place keeps a notice and the answer to who asked for it, unless the app's
	// day has no room (ErrDaily), the key is taken (ErrTaken) or the check code
	// is (ErrCode).
	Place(ctx context.Context, p Placement) error
	// NoticeOf is an app's notice. ErrNone: there is none.
	NoticeOf(ctx context.Context, app, id string) (View, error)
	// NoticesOf lists an app's notices, newest first, those before an id; "" is the newest.
	NoticesOf(ctx context.Context, app string, before string, limit int) ([]View, error)
	// Outlook is what a notice still has before it, by channel.
	Outlook(ctx context.Context, id string, now time.Time) (map[string]notifier.Outlook, error)
	// Recall cancels what of a notice has not left.
	Recall(ctx context.Context, id string, now time.Time) error
	// Results gives what became of people of a notice's list, in their order,
	// those after a person. more says that there are others.
	Results(ctx context.Context, v View, after int64, limit int) (list []Result, last int64, more bool, err error)
	// Coded is the notice with a check code. ErrNone: there is none.
	Coded(ctx context.Context, code string) (Coded, error)
}

// Errors of the book that its callers tell apart.
var (
	ErrNone      = errors.New("there is none")
	ErrDecided   = errors.New("it has been decided")
	ErrKeyReused = errors.New("the Idempotency-Key was used for another request")
	ErrTaken     = errors.New("the Idempotency-Key has been used meanwhile")
	ErrBusy      = errors.New("a request with this Idempotency-Key is being answered")
	ErrDaily     = errors.New("the app's day has no room for so many")
	ErrCode      = errors.New("the check code is taken")
	ErrUnfilled  = errors.New("the upload did not come to its end")
	ErrOver      = errors.New("it is over")
	ErrInvalid   = errors.New("there are values that cannot be taken")
)

// List is recipients that an app has handed in together.
type List struct {
	Number int64
	Name   string // what the app calls it by
	App    string
	Made   time.Time
	Until  time.Time // kept until then
	Whole  bool
	Lines  int64
	People int64
	Faults int64
}

// Key names a request, so that it is carried out once.
type Key struct {
	Token string // the token's id
	Text  string // the Idempotency-Key; empty: none
	Hash  string // of what was asked
}

// NewKey is the key of a request.
func NewKey(token, text string, request []byte) Key {
	sum := sha256.Sum256(request)
	return Key{token, text, hex.EncodeToString(sum[:])}
}

// Placement is a notice ready to be kept.
type Placement struct {
	App      *App
	Key      Key
	Answer   string
	Notice   notifier.Notice
	Template Template
	List     int64 // 0: subscribers
	Until    time.Time
	Code     string
	People   int64
	Day      string
	AtMost   notifier.Money
	Callback string
}

// Outbox is who carries the notices; waking it shortens the wait.
type Outbox interface{ Wake() }

// Wiring is what a desk works with.
type Wiring struct {
	Rules  func() *Rules // as they are now; nil while the program starts
	Book   Book
	Names  Names
	Outbox Outbox
	Poster notifier.Gateway // of webhooks: carries callbacks; nil: none are made
	Log    *slog.Logger
}

// Desk takes what apps ask for. It may be used by several goroutines.
type Desk struct {
	Wiring

	mu   sync.Mutex
	busy map[[2]string]bool // requests by token and key
}

// NewDesk makes a desk.
func NewDesk(w Wiring) *Desk { return &Desk{Wiring: w, busy: map[[2]string]bool{}} }

// ErrStarting says that nothing is known of the configuration yet.
var ErrStarting = errors.New("the server is starting")

// app finds an app of the configuration.
func (d *Desk) app(id string) (*Rules, *App, error) {
	r := d.Rules()
	if r == nil {
		return nil, nil, ErrStarting
	}
	a := r.Apps[id]
	if a == nil {
		return nil, nil, fmt.Errorf("app %q: %w", id, ErrNone)
	}
	return r, a, nil
}

// Propose keeps a template for an administrator to look at. A version that
// says the same as the newest one changes nothing.
func (d *Desk) Propose(ctx context.Context, t Template, by string, now time.Time) (Template, Complaints, error) {
	r, app, err := d.app(t.App)
	if err != nil {
		return t, nil, err
	}
	if found := t.Check(r.Site, app); len(found) > 0 {
		return t, found, ErrInvalid
	}
	t.State, t.ProposedBy, t.Proposed = Proposed, by, now
	t.Version, err = d.Book.Propose(ctx, t)
	return t, nil, err
}

// Template is what is known of one of an app's templates: each version, newest
// first.
func (d *Desk) Template(ctx context.Context, app, id string) ([]Template, error) {
	all, err := d.Book.TemplatesOf(ctx, app)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t Template) bool { return t.ID != id })
	if len(all) == 0 {
		return nil, ErrNone
	}
	return all, nil
}

// Upload reads recipients as they arrive and keeps them. What of the lines
// could not be taken is in the list's faults.
func (d *Desk) Upload(ctx context.Context, app string, in io.Reader, columns bool, now time.Time) (List, error) {
	r, _, err := d.app(app)
	if err != nil {
		return List{}, err
	}
	l := List{Name: d.Names.ID(now), App: app, Made: now, Until: now.Add(keepLists)}
	if l.Number, err = d.Book.OpenList(ctx, l); err != nil {
		return l, err
	}
	if err := d.fill(ctx, r, &l, in, columns); err != nil {
		return l, errors.Join(err, d.Book.DropList(context.WithoutCancel(ctx), l.Number, now))
	}
	l.Whole = true
	return l, d.Book.CloseList(ctx, l)
}

func (d *Desk) fill(ctx context.Context, r *Rules, l *List, in io.Reader, columns bool) error {
	var people []Person
	var faults []Fault
	flush := func() error {
		found, err := d.Book.FillList(ctx, *l, people, faults)
		l.People += int64(len(people) - (len(found) - len(faults)))
		l.Faults += int64(len(found))
		people, faults = people[:0], faults[:0]
		return err
	}
	err := ReadLines(in, columns, func(line int64, one Recipient, err error) error {
		l.Lines++
		p, fault := Person{}, err
		if fault == nil {
			p, fault = one.read(r.Site.Languages, r.Read)
		}
		if fault != nil {
			faults = append(faults, Fault{line, fault.Error()})
		} else {
			p.Line = line
			people = append(people, p)
		}
		if len(people)+len(faults) < fillAtATime {
			return ctx.Err()
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// List is an app's list by its name.
func (d *Desk) List(ctx context.Context, app, name string) (List, error) {
	return d.Book.ListNamed(ctx, app, name)
}

// Placed is the answer to an order.
type Placed struct {
	ID       string   `json:"id"` // empty in a dry run
	DryRun   bool     `json:"dry_run"`
	Code     string   `json:"code"` // check code; a dry run shows one of the same length
	Template string   `json:"template"`
	Version  int      `json:"version"`
	Plan     string   `json:"plan"`
	Expires  string   `json:"expires"`
	Quote    Quote    `json:"quote"`
	Texts    []Worded `json:"texts"`
}

// Worded is a text as it goes out.
type Worded struct {
	Lang     string         `json:"lang"`
	Class    notifier.Class `json:"class"`
	Title    string         `json:"title,omitempty"`
	Body     string         `json:"body"`
	Switched string         `json:"switched,omitempty"` // for whom a failed messenger was passed over
	Segments int            `json:"segments"`
}

// Order carries out an order, or says what it would come to. The answer is
// JSON; replayed says that it was given before to a request with the same key.
func (d *Desk) Order(ctx context.Context, appID string, o *Order, key Key, dry bool, now time.Time) (answer string, replayed bool, _ Complaints, _ error) {
	r, app, err := d.app(appID)
	if err != nil {
		return "", false, nil, err
	}
	if key.Text != "" && !dry {
		if !d.begin(key) {
			return "", false, nil, ErrBusy
		}
		defer d.end(key)
		if answer, replayed, err = d.Book.Answered(ctx, key); err != nil || replayed {
			return answer, replayed, nil, err
		}
	}
	p := placing{d: d, r: r, app: app, order: o, now: now, key: key}
	answer, err = p.run(ctx, dry)
	if errors.Is(err, ErrTaken) { // another node was faster
		answer, replayed, err = d.Book.Answered(ctx, key)
	}
	return answer, replayed, p.Complaints, err
}

func (d *Desk) begin(k Key) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[[2]string{k.Token, k.Text}] {
		return false
	}
	d.busy[[2]string{k.Token, k.Text}] = true
	return true
}

func (d *Desk) end(k Key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.busy, [2]string{k.Token, k.Text})
}

// placing is one order on its way.
type placing struct {
	Complaints

	d     *Desk
	r     *Rules
	app   *App
	order *Order
	now   time.Time
	key   Key

	checked
	template Template
	list     List
	audience []Reached
	quote    Quote
}

// run checks everything before it changes anything.
func (p *placing) run(ctx context.Context, dry bool) (string, error) {
	p.checked = p.order.check(&p.Complaints, p.r, p.app, p.now)
	if err := p.find(ctx); err != nil {
		return "", err
	}
	if len(p.Complaints) > 0 {
		return "", ErrInvalid
	}
	code := p.d.Names.LongCode()
	texts := p.order.texts(&p.Complaints, p.r, p.app, &p.template, p.plan, code)
	if len(p.Complaints) > 0 {
		return "", ErrInvalid
	}
	if err := p.reach(ctx); err != nil {
		return "", err
	}
	p.quote = quote(p.r.Plans[p.plan], p.r.Channels, texts, p.audience)
	if err := p.quote.within(p.limit); err != nil {
		p.complain("/cost_cap", "%s", err)
		return "", ErrInvalid
	}
	if dry {
		return p.answer("", code, texts)
	}
	if p.quote.People > int64(p.app.Daily) {
		return "", ErrDaily
	}
	return p.place(ctx, code, texts)
}

// find looks up what the order names.
func (p *placing) find(ctx context.Context) (err error) {
	p.template, err = p.d.Book.Usable(ctx, p.app.ID, p.order.Template)
	switch {
	case errors.Is(err, ErrNone):
		p.complain("/template", "no version of %q is approved; GET /api/v1/templates lists those there are", clip(p.order.Template))
	case err != nil:
		return err
	}
	if p.order.Upload == "" {
		return nil
	}
	p.list, err = p.d.Book.ListNamed(ctx, p.app.ID, p.order.Upload)
	switch {
	case errors.Is(err, ErrNone):
		p.complain("/upload", "there is none with this id; send one to POST /api/v1/uploads")
	case err == nil && !p.list.Whole:
		p.complain("/upload", "%s; send it again", ErrUnfilled)
	case err == nil && p.list.People == 0:
		p.complain("/upload", "has nobody in it")
	default:
		return err
	}
	return nil
}

// reach counts the audience.
func (p *placing) reach(ctx context.Context) (err error) {
	switch {
	case p.order.Audience != "":
		p.audience, err = p.d.Book.Reach(ctx, Subscribers, p.plan, p.r.kinds(p.plan))
	case p.order.Upload != "":
		p.audience, err = p.d.Book.Reach(ctx, ListAudience(p.list.Number), p.plan, p.r.kinds(p.plan))
	default:
		p.audience = countInline(p.people)
	}
	return err
}

// countInline counts people as they stand in the order.
func countInline(people []Person) []Reached {
	var parts []Reached
	index := map[string]int{}
	for i := range people {
		var kinds []string
		for _, a := range people[i].Addresses {
			kinds = append(kinds, a.Kind)
		}
		key := people[i].Lang + " " + strings.Join(kinds, " ")
		n, known := index[key]
		if !known {
			n = len(parts)
			index[key] = n
			parts = append(parts, Reached{Lang: people[i].Lang, Kinds: kinds})
		}
		parts[n].People++
	}
	return parts
}

// tries is how often a check code may turn out to be taken.
const tries = 3

// place keeps the notice. What it needs of the people is kept before.
func (p *placing) place(ctx context.Context, code string, texts []notifier.Text) (string, error) {
	if p.people != nil {
		if err := p.keepPeople(ctx); err != nil {
			return "", err
		}
	}
	answer, err := "", error(nil)
	for range tries {
		id := p.d.Names.ID(p.now)
		if answer, err = p.answer(id, code, texts); err != nil {
			break
		}
		if err = p.d.Book.Place(ctx, p.placement(id, code, answer, texts)); !errors.Is(err, ErrCode) {
			break
		}
		code = p.d.Names.LongCode()
		texts = p.order.texts(&p.Complaints, p.r, p.app, &p.template, p.plan, code)
	}
	if err != nil {
		if p.people != nil {
			err = errors.Join(err, p.d.Book.DropList(context.WithoutCancel(ctx), p.list.Number, p.now))
		}
		return "", err
	}
	p.d.Outbox.Wake()
	return answer, nil
}

// keepPeople makes a list of the recipients that the order itself names.
func (p *placing) keepPeople(ctx context.Context) (err error) {
	p.list = List{Name: p.d.Names.ID(p.now), App: p.app.ID, Made: p.now, Until: p.now.Add(keepOrdered), Whole: true, Lines: int64(len(p.people))}
	if p.list.Number, err = p.d.Book.OpenList(ctx, p.list); err != nil {
		return err
	}
	for part := range slices.Chunk(p.people, fillAtATime) {
		faults, err := p.d.Book.FillList(ctx, p.list, part, nil)
		if err != nil {
			return errors.Join(err, p.d.Book.DropList(context.WithoutCancel(ctx), p.list.Number, p.now))
		}
		for _, f := range faults {
			p.complain(fmt.Sprintf("/recipients/%d", f.Line), "%s", f.Why)
		}
	}
	if len(p.Complaints) > 0 {
		return errors.Join(ErrInvalid, p.d.Book.DropList(context.WithoutCancel(ctx), p.list.Number, p.now))
	}
	p.list.People = int64(len(p.people))
	return p.d.Book.CloseList(ctx, p.list)
}

func (p *placing) placement(id, code, answer string, texts []notifier.Text) Placement {
	audience := Subscribers
	if p.order.Audience == "" {
		audience = ListAudience(p.list.Number)
	}
	return Placement{
		App: p.app, Key: p.key, Answer: answer, Template: p.template, List: p.list.Number, Until: p.expires.Add(keepLists),
		Code: code, People: p.quote.People, Day: p.now.In(p.r.Zone).Format(time.DateOnly), AtMost: p.quote.most(), Callback: p.callback,
		Notice: notifier.Notice{
			ID: id, Event: Event, Update: id, Audience: audience, Plan: p.plan, To: worst,
			Priority: Priority, Policy: p.policy, Texts: texts, Made: p.now, Expires: p.expires,
		},
	}
}

func (p *placing) answer(id, code string, texts []notifier.Text) (string, error) {
	a := Placed{
		ID: id, DryRun: id == "", Code: code, Template: p.template.ID, Version: p.template.Version, Plan: p.plan,
		Expires: p.expires.UTC().Format(time.RFC3339), Quote: p.quote, Texts: worded(texts),
	}
	body, err := json.Marshal(a)
	return string(body), err
}

func worded(texts []notifier.Text) []Worded {
	list := []Worded{}
	for _, t := range texts {
		list = append(list, Worded{Lang: t.Lang, Class: t.Class, Title: t.Title, Body: t.Body, Switched: t.Switched, Segments: t.Segments})
	}
	return list
}

// Notice is an app's notice with how far it has come, and when the last of it
// will have left if things go on as they do.
func (d *Desk) Notice(ctx context.Context, app, id string, now time.Time) (View, error) {
	v, err := d.Book.NoticeOf(ctx, app, id)
	if err == nil {
		err = d.expect(ctx, &v, now)
	}
	return v, err
}

// expect fills in when the last of a notice that is being sent will have left.
func (d *Desk) expect(ctx context.Context, v *View, now time.Time) error {
	if v.State != StateSending {
		return nil
	}
	ahead, err := d.Book.Outlook(ctx, v.ID, now)
	if err != nil {
		return err
	}
	if eta, known := notifier.LastETA(ahead); known {
		s := int64(math.Ceil(eta.Seconds()))
		v.ETA = &s
	}
	return nil
}

// Cancel takes back what of a notice has not left. ErrOver: nothing is left of it.
func (d *Desk) Cancel(ctx context.Context, app, id string, now time.Time) (View, error) {
	v, err := d.Book.NoticeOf(ctx, app, id)
	if err != nil {
		return v, err
	}
	if v.State == StateEnded {
		return v, ErrOver
	}
	if v.State != StateCancelled {
		if err := d.Book.Recall(ctx, id, now); err != nil {
			return v, err
		}
		d.Outbox.Wake()
	}
	return d.Book.NoticeOf(ctx, app, id)
}

// Tidy drops what has had its day.
func (d *Desk) Tidy(ctx context.Context, now time.Time) error {
	return d.Book.TidyLists(ctx, now, now.Add(-keepAnswers))
}
