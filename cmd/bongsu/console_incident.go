package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
	"bongsu/web/console"
)

// storyDesk is what the console's pages of incidents ask the server.
type storyDesk struct{ *server }

// shownWithin is how long a form waits for the page to show what it did, and
// shownEach how often it looks.
const (
	shownWithin = 2 * time.Second
	shownEach   = 5 * time.Millisecond
)

// Do carries a command out, and returns once the page shows it: whoever is led
// there finds it. What the database already has an answer to is not done again.
func (d *storyDesk) Do(ctx context.Context, c status.Command) (string, error) {
	answer, done, err := d.store.Answer(ctx, c.ID)
	switch {
	case err == nil && done && answer.Asked != c.Digest():
		return answer.Made, status.ErrAsked
	case err == nil && done:
		return answer.Made, nil
	case err != nil && !errors.Is(err, store.ErrNoCommand):
		return "", err
	}
	made, err := currentDesk{d.server}.Do(ctx, c)
	if err == nil {
		d.awaitShown(ctx, made)
	}
	return made, err
}

// awaitShown waits a while until the page shows an incident or update. That it
// does not yet is no error.
func (d *storyDesk) awaitShown(ctx context.Context, made string) {
	ctx, cancel := context.WithTimeout(ctx, shownWithin)
	defer cancel()
	tick := time.NewTicker(shownEach)
	defer tick.Stop()
	for !shows(d.latest.Load(), made) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func shows(s *status.Snapshot, made string) bool {
	if s == nil {
		return false
	}
	for _, list := range [][]status.Incident{s.Incidents, s.Past} {
		for i := range list {
			if list[i].ID == made || slices.ContainsFunc(list[i].Updates, func(u status.Update) bool { return u.ID == made }) {
				return true
			}
		}
	}
	return false
}

// Preview says what a command would come to.
func (d *storyDesk) Preview(ctx context.Context, c status.Command, now time.Time) (*console.StoryPreview, error) {
	e, page := d.engine.Load(), d.latest.Load()
	if e == nil || page == nil {
		return nil, errNoEngine
	}
	model := e.cfg.Model()
	model.Site.Simulation = d.simulation
	c.ID = ""
	rehearsed, err := status.Rehearse(model, page, c, now)
	if err != nil {
		return nil, err
	}
	counted := d.crowds.now(ctx, e.cfg)
	p := &console.StoryPreview{After: rehearsed.After, Incident: about(&c, rehearsed.Made), Counted: counted.At, Beyond: counted.Beyond}
	town := townOf(e.cfg)
	for _, draft := range e.composer.Preview(rehearsed.After, rehearsed.Events, now) {
		telling := town.Tell(&draft.Notice, counted.Crowds, e.follows, now)
		people := map[string]int64{}
		for _, t := range telling.Told {
			people[t.Channel] += t.People
		}
		p.Drafts = append(p.Drafts, console.StoryDraft{Draft: draft, Telling: telling, Takes: town.Takes(people)})
	}
	return p, nil
}

// about is the incident that a command is about, once it is carried out.
func about(c *status.Command, made string) string {
	switch {
	case c.Open != nil, c.Split != nil:
		return made
	case c.Merge != "":
		return c.Merge
	}
	return c.Incident
}

// follows says why a channel carries nothing now: what it follows is not well.
func (e *engine) follows(channel string) string {
	for _, c := range e.cfg.Channels() {
		if c.ID == channel && c.Follows != "" {
			return notifier.BlockedBy(c.Follows, e.state(c.Follows))
		}
	}
	return ""
}

// Sendings are what became of an incident's notices.
func (d *storyDesk) Sendings(ctx context.Context, incident string) ([]console.StorySending, error) {
	list, err := d.store.IncidentProgress(ctx, incident)
	if err != nil {
		return nil, err
	}
	const most = 20 // of the latest
	var sendings []console.StorySending
	for i := max(0, len(list)-most); i < len(list); i++ {
		p := &list[i]
		s := console.StorySending{Notice: p.Notice, Event: p.Event, Audience: p.Audience, Plan: p.Plan, Made: p.Made, Planned: p.Planned, People: p.People}
		ahead, err := d.store.Outlook(ctx, p.Notice, time.Now())
		if err != nil {
			return nil, err
		}
		left := int64(0)
		for _, o := range ahead {
			left += o.Left
		}
		s.ETA, s.ETAKnown = notifier.LastETA(ahead)
		s.Done = p.Planned && left == 0 || p.Recalled
		for _, c := range p.Channels {
			s.Channels = append(s.Channels, console.StorySendingBy{
				Channel: c.Channel, Planned: c.Planned, Handed: c.Handed, Delivered: c.Delivered, Failed: c.Failed, Unknown: c.Unknown, Moved: c.Moved,
			})
		}
		sendings = append(sendings, s)
	}
	return sendings, nil
}

// NewID is an id that was never given before.
func (*storyDesk) NewID() string { return randomNames{}.ID(time.Now()) }

// Holds says whose incidents are.
func (d *storyDesk) Holds(ctx context.Context) (map[string]console.StoryHold, error) {
	kept, err := d.store.IncidentHolds(ctx)
	if err != nil {
		return nil, err
	}
	holds := make(map[string]console.StoryHold, len(kept))
	for id, h := range kept {
		holds[id] = console.StoryHold(h)
	}
	return holds, nil
}

// Take makes an incident somebody's.
func (d *storyDesk) Take(ctx context.Context, h console.StoryHold) error {
	return d.store.TakeIncident(ctx, store.IncidentHold(h))
}

// Leave makes it nobody's.
func (d *storyDesk) Leave(ctx context.Context, incident string) error {
	return d.store.LeaveIncident(ctx, incident)
}

// Texts are the texts that are kept ready.
func (d *storyDesk) Texts(ctx context.Context) ([]console.KeptText, error) {
	kept, err := d.store.KeptTexts(ctx)
	if err != nil {
		return nil, err
	}
	texts := make([]console.KeptText, 0, len(kept))
	for _, k := range kept {
		texts = append(texts, console.KeptText(k))
	}
	return texts, nil
}

// KeepText adds or changes one.
func (d *storyDesk) KeepText(ctx context.Context, k console.KeptText) error {
	switch err := d.store.KeepText(ctx, store.KeptText(k)); {
	case errors.Is(err, store.ErrTextMoved):
		return fmt.Errorf("text %s: %w", k.ID, console.ErrTextMoved)
	case errors.Is(err, store.ErrTooMany):
		return fmt.Errorf("text %s: %w", k.ID, console.ErrTooManyTexts)
	default:
		return err
	}
}

// DropText removes one; one that is gone already is no error.
func (d *storyDesk) DropText(ctx context.Context, id string) error {
	if err := d.store.DropText(ctx, id); !errors.Is(err, store.ErrNoKeptText) {
		return err
	}
	return nil
}

// quietDesk silences components for the console, and returns once the page
// shows it: whoever is led there finds it.
type quietDesk struct{ *server }

// Do implements [console.Doer].
func (d quietDesk) Do(ctx context.Context, c status.Command) (string, error) {
	made, err := currentDesk(d).Do(ctx, c)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, shownWithin)
	defer cancel()
	_ = d.awaitSnapshot(ctx, func(s *status.Snapshot) bool { // that it does not yet is no error
		known, silenced := s.Silence(made)
		if c.Silence == nil {
			return !silenced
		}
		return silenced && known.Until.Equal(c.Silence.Until) && known.Reason == c.Silence.Reason
	})
	return made, nil
}
