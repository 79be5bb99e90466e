package console_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
	"bongsu/web/console"
)

// storyDesk is the server behind the pages of incidents: its rehearsals, words and
// counts are the real ones, on a snapshot that only a test changes.
type storyDesk struct {
	mu       sync.Mutex
	snapshot *status.Snapshot
	crowds   []notifier.Crowd
	done     []status.Command
	made     map[string]string // by the command's id
	asked    map[string]string
	refuse   error
	texts    []console.KeptText
	holds    map[string]console.StoryHold
	audited  []string
	ids      int
	sendings []console.StorySending
}

func newStoryDesk(s *status.Snapshot) *storyDesk {
	return &storyDesk{
		snapshot: s, made: map[string]string{}, asked: map[string]string{}, holds: map[string]console.StoryHold{},
		crowds: []notifier.Crowd{
			{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 700_000},
			{Plan: "citizens", Lang: "ko", Kinds: []string{"sms"}, People: 250_000},
			{Plan: "citizens", Lang: "en", Kinds: []string{"email"}, People: 49_900},
			{Plan: "citizens", Lang: "ja", People: 100},
		},
	}
}

func (d *storyDesk) Do(_ context.Context, c status.Command) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return "", d.refuse
	}
	if made, known := d.made[c.ID]; known {
		if d.asked[c.ID] != c.Digest() {
			return made, status.ErrAsked
		}
		return made, nil
	}
	made := fmt.Sprintf("made-%d", len(d.done))
	d.done, d.made[c.ID], d.asked[c.ID] = append(d.done, c), made, c.Digest()
	return made, nil
}

// modelOf is the model that a snapshot was made with, as far as it shows.
func modelOf(s *status.Snapshot) *status.Model {
	m := &status.Model{Site: s.Site, Rules: s.Rules}
	for _, g := range s.Groups {
		m.Groups = append(m.Groups, g.Group)
		for i := range g.Components {
			m.Components = append(m.Components, *g.Components[i].Component)
		}
	}
	for _, l := range s.Locations {
		m.Locations = append(m.Locations, l.Location)
	}
	return m
}

func (d *storyDesk) Preview(_ context.Context, c status.Command, now time.Time) (*console.StoryPreview, error) {
	r, err := status.Rehearse(modelOf(d.snapshot), d.snapshot, c, now)
	if err != nil {
		return nil, err
	}
	p := &console.StoryPreview{After: r.After, Incident: c.Incident, Counted: now.Add(-time.Minute)}
	if c.Open != nil || c.Split != nil {
		p.Incident = r.Made
	}
	if c.Merge != "" {
		p.Incident = c.Merge
	}
	town := &notifier.Town{
		Channels: []notifier.Channel{
			{ID: "talk", Kind: "alimtalk", Class: notifier.ClassAlimTalk, Gateways: []notifier.Route{{Name: "talk/one", Rate: 500, Price: notifier.Money{Milli: 8000, Currency: "KRW"}}}},
			{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{{Name: "sms/one", Rate: 500, Price: notifier.Money{Milli: 18_500, Currency: "KRW"}}}},
			{ID: "mail", Kind: "email", Class: notifier.ClassMail, Gateways: []notifier.Route{{Name: "mail/smtp", Rate: 100}}},
			{ID: "ops", Kind: "slack", Class: notifier.ClassChat, Target: "#ops", Gateways: []notifier.Route{{Name: "ops/slack", Rate: 1}}},
		},
		Plans:     map[string][]notifier.Hop{"citizens": {{Channel: "talk"}, {Channel: "sms"}, {Channel: "mail"}}, "ops": {{Channel: "ops"}}},
		Audiences: []notifier.Audience{{Audience: "subscribers", Plan: "citizens", AtLeast: status.PartialOutage}, {Audience: "operators", Plan: "ops"}},
	}
	composer := &words.Composer{
		Site: d.snapshot.Site, Audiences: town.Audiences, NewID: func(time.Time) string { return "n" },
		Classes: map[string][]notifier.Class{"citizens": {notifier.ClassAlimTalk, notifier.ClassSMS, notifier.ClassMail}, "ops": {notifier.ClassChat}},
	}
	for _, draft := range composer.Preview(r.After, r.Events, now) {
		telling := town.Tell(&draft.Notice, d.crowds, func(string) string { return "" }, now)
		people := map[string]int64{}
		for _, t := range telling.Told {
			people[t.Channel] += t.People
		}
		p.Drafts = append(p.Drafts, console.StoryDraft{Draft: draft, Telling: telling, Takes: town.Takes(people)})
	}
	return p, nil
}

func (d *storyDesk) Sendings(context.Context, string) ([]console.StorySending, error) {
	return d.sendings, nil
}

func (d *storyDesk) NewID() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ids++
	return fmt.Sprintf("form%020d", d.ids)
}

func (d *storyDesk) Record(_ context.Context, done console.Done) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audited = append(d.audited, fmt.Sprint(done.Who.Role, " ", done.Deed, " ", done.About, ": ", done.Detail))
	return nil
}

func (d *storyDesk) Holds(context.Context) (map[string]console.StoryHold, error) { return d.holds, nil }

func (d *storyDesk) Take(_ context.Context, h console.StoryHold) error {
	d.holds[h.Incident] = h
	return nil
}

func (d *storyDesk) Leave(_ context.Context, incident string) error {
	delete(d.holds, incident)
	return nil
}

func (d *storyDesk) Texts(context.Context) ([]console.KeptText, error) { return d.texts, nil }

func (d *storyDesk) KeepText(_ context.Context, k console.KeptText) error {
	at := slices.IndexFunc(d.texts, func(x console.KeptText) bool { return x.ID == k.ID })
	switch {
	case at < 0:
		k.Version = 1
		d.texts = append(d.texts, k)
	case d.texts[at].Version != k.Version:
		return console.ErrTextMoved
	default:
		k.Version++
		d.texts[at] = k
	}
	return nil
}

func (d *storyDesk) DropText(_ context.Context, id string) error {
	d.texts = slices.DeleteFunc(d.texts, func(x console.KeptText) bool { return x.ID == id })
	return nil
}
