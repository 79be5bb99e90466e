package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/store"
	"bongsu/web/console"
)

// deskPeople is what the console reads and does of those who are told.
type deskPeople struct{ *server }

// Find implements [console.People].
func (d deskPeople) Find(ctx context.Context, q console.PeopleQuery) ([]console.Person, int64, error) {
	list, next, err := d.find(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	found := make([]console.Person, 0, len(list))
	for i := range list {
		found = append(found, personOf(&list[i]))
	}
	return found, next, nil
}

// maxDigits is how many digits may be the end of a number; more are one.
const maxDigits = 8

func (d deskPeople) find(ctx context.Context, q console.PeopleQuery) (list []store.Subscriber, next int64, err error) {
	digits := strings.NewReplacer("-", "", " ", "").Replace(q.Text)
	switch {
	case strings.HasPrefix(q.Text, "#"):
		id, err := strconv.ParseInt(q.Text[1:], 10, 64)
		if err != nil || id < 1 {
			return nil, 0, nil //nolint:nilerr // what is no number is nobody's
		}
		one, err := d.one(ctx, id)
		if errors.Is(err, console.ErrNone) {
			return nil, 0, nil
		}
		return []store.Subscriber{one}, 0, err
	case digits != "" && len(digits) <= maxDigits && strings.Trim(digits, "0123456789") == "":
		return d.store.SubscribersEnding(ctx, digits, q.Before, console.PeopleList)
	case q.Text != "":
		list, err = d.store.SubscribersLike(ctx, q.Text, sames(q.Text), console.PeopleList)
		return list, 0, err
	}
	list, err = d.store.FindSubscribers(ctx, store.PeopleQuery{
		Kind: q.Kind, Lang: q.Lang, Topics: d.topics(q.Component), State: peopleState(q.State), Before: q.Before, Limit: console.PeopleList + 1,
	})
	if len(list) > console.PeopleList {
		list = list[:console.PeopleList]
		next = list[console.PeopleList-1].ID
	}
	return list, next, err
}

// peopleState is a state that can be asked for; any other word asks nothing.
func peopleState(text string) store.PeopleState {
	states := []store.PeopleState{store.StateTold, store.StateUnproven, store.StateSuppressed, store.StateLeft}
	if slices.Contains(states, store.PeopleState(text)) {
		return store.PeopleState(text)
	}
	return store.StateAny
}

// topics are what somebody may have chosen who hears of a component.
func (d deskPeople) topics(component string) []string {
	for _, c := range d.running().Model().Components {
		if c.ID == component {
			return []string{c.ID, notifier.GroupTopic(c.Group)}
		}
	}
	return nil
}

func personOf(s *store.Subscriber) console.Person {
	p := console.Person{ID: s.ID, Lang: s.Lang, Plan: s.Plan, AtLeast: s.AtLeast, Joined: s.Joined, Gone: s.Gone, Wishes: s.Wishes}
	for _, r := range s.Reach {
		p.Addresses = append(p.Addresses, console.HeldAddress{
			Kind: r.Kind, Hint: r.Hint, Source: r.Source, Consented: r.Consented, Confirmed: r.Confirmed, Suppressed: r.Suppressed,
		})
	}
	return p
}

// one is a subscriber by their number; whom an app brought is none.
func (d deskPeople) one(ctx context.Context, id int64) (store.Subscriber, error) {
	found, err := d.store.Subscribers(ctx, id-1, 1)
	if err != nil {
		return store.Subscriber{}, err
	}
	if len(found) != 1 || found[0].ID != id {
		return store.Subscriber{}, console.ErrNone
	}
	return found[0], nil
}

// Person implements [console.People].
func (d deskPeople) Person(ctx context.Context, id int64) (console.Person, error) {
	s, err := d.one(ctx, id)
	return personOf(&s), err
}

// Told implements [console.People].
func (d deskPeople) Told(ctx context.Context, id, before int64) ([]console.Told, int64, error) {
	list, err := d.store.HistoryBefore(ctx, id, before, console.PeopleList+1)
	if err != nil {
		return nil, 0, err
	}
	next := int64(0)
	if len(list) > console.PeopleList {
		list = list[:console.PeopleList]
		next = list[console.PeopleList-1].Batch
	}
	lines := make([]console.Told, 0, len(list))
	for i := range list {
		line, err := d.toldOf(ctx, id, &list[i])
		if err != nil {
			return nil, 0, err
		}
		lines = append(lines, line)
	}
	return lines, next, nil
}

func (d deskPeople) toldOf(ctx context.Context, id int64, t *store.Delivered) (console.Told, error) {
	line := console.Told{
		Notice: t.Notice, Incident: t.Incident, Event: t.Event, Hop: t.Hop + 1, Channel: t.Channel, Gateway: t.Gateway, Rank: t.Rank, Fate: t.Fate,
		InDoubt: t.InDoubt, Again: t.Again, Skipped: t.Skipped, At: t.At, Done: t.Done,
	}
	if t.Why != "" && t.Rank != notifier.Delivered {
		line.Ended, line.Code = notifier.EndingOf(t.Rank, t.Fate, t.Why)
	}
	tries, err := d.store.Attempts(ctx, t.Batch, id)
	for _, try := range tries {
		line.Tries = append(line.Tries, console.Tried{At: try.At, Gateway: try.Gateway, Kind: try.Kind, Code: try.Code})
	}
	return line, err
}

// Disclose implements [console.People].
func (d deskPeople) Disclose(ctx context.Context, id int64) ([]byte, error) {
	s, err := d.one(ctx, id)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := discloseTo(ctx, &out, d.store, s); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Erase implements [console.People].
func (d deskPeople) Erase(ctx context.Context, id int64) error {
	if _, err := d.one(ctx, id); err != nil {
		return err
	}
	return none(d.store.Erase(ctx, id, time.Now()))
}

// reportLines is how many lines of a report are kept.
const reportLines = 20_000

// Import implements [console.People].
func (d deskPeople) Import(ctx context.Context, o console.ImportOrder) (console.ImportRun, error) {
	var lines []console.ImportLine
	began := time.Now()
	i := importer{
		format: o.Format, country: o.Country, dry: o.Dry, cfg: d.running(), now: began, name: "the list",
		tell: func(string, ...any) {},
		remark: func(line int, warning bool, text string) {
			if len(lines) < reportLines {
				lines = append(lines, console.ImportLine{Line: line, Warning: warning, Text: text})
			}
		},
	}
	failed := i.takeAll(ctx, d.store, o.Body)
	run := store.ImportRun{
		ID: randomNames{}.ID(began), Name: o.Name, By: o.By, Began: began, Ended: time.Now(), Dry: o.Dry,
		Added: i.added, There: i.there, Failed: i.refused, Warned: i.warned,
	}
	if failed != nil {
		run.Error = failed.Error()
	}
	report, err := json.Marshal(lines)
	if err != nil {
		return console.ImportRun{}, fmt.Errorf("writing the report: %w", err)
	}
	return importOf(run), d.store.KeepImport(context.WithoutCancel(ctx), run, report)
}

func importOf(r store.ImportRun) console.ImportRun {
	return console.ImportRun{
		ID: r.ID, Name: r.Name, By: r.By, Began: r.Began, Ended: r.Ended, Dry: r.Dry,
		Added: r.Added, There: r.There, Refused: r.Failed, Warned: r.Warned, Error: r.Error,
	}
}

// Imports implements [console.People].
func (d deskPeople) Imports(ctx context.Context) ([]console.ImportRun, error) {
	list, err := d.store.Imports(ctx)
	runs := make([]console.ImportRun, 0, len(list))
	for _, r := range list {
		runs = append(runs, importOf(r))
	}
	return runs, err
}

// Report implements [console.People].
func (d deskPeople) Report(ctx context.Context, id string) (console.ImportRun, []console.ImportLine, error) {
	r, report, err := d.store.ImportReport(ctx, id)
	if err != nil {
		return console.ImportRun{}, nil, none(err)
	}
	var lines []console.ImportLine
	if err := json.Unmarshal(report, &lines); err != nil {
		return importOf(r), nil, fmt.Errorf("reading the report of %s: %w", id, err)
	}
	return importOf(r), lines, nil
}
