package main

import (
	"slices"
	"time"

	"bongsu/config"
	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

// firstWords are the texts that go out first if a component or a failure domain
// fails, made by the rules that would make them: everything that stands in it, or
// cannot do without it, is seen to fail, and the rest to be well.
func firstWords(cfg *config.Config, failed string) func(plan, lang string, class notifier.Class) []notifier.Text {
	model := *cfg.Model()
	model.Maintenance, model.Routines = nil, nil // what is planned is no failure
	names := randomNames{}
	board := status.NewBoard(&model, status.Memory{}, names)
	composer := words.Composer{
		Site: model.Site, Audiences: cfg.Audiences(), Classes: classes(cfg), NewID: names.ID, Substitutes: cfg.Texts.Substitutes,
	}
	fails := fallen(&model, failed)
	var notices []notifier.Notice
	now := time.Now()
	for range 2 * max(model.Rules.Confirm, model.Rules.Recover, 1) {
		now = now.Add(time.Second)
		lookAround(board, &model, fails, now)
		board.Judge(now)
	}
	for until := now.Add(model.Rules.Settle + time.Minute); now.Before(until) && len(notices) == 0; now = now.Add(time.Second) {
		lookAround(board, &model, fails, now)
		change := board.Judge(now)
		told, err := composer.Notices(board.Snapshot(now), change.Events, now)
		if err != nil {
			continue // what cannot be worded is not reckoned with; validate says so
		}
		notices = append(notices, told...)
	}
	return func(plan, lang string, class notifier.Class) []notifier.Text {
		var texts []notifier.Text
		for i := range notices {
			if n := &notices[i]; n.Plan == plan {
				if text, ok := n.TextFor(class, lang); ok {
					texts = append(texts, text)
				}
			}
		}
		return texts
	}
}

// fallen are the components that fail with a component or a failure domain.
func fallen(model *status.Model, failed string) map[string]bool {
	fails := map[string]bool{}
	for more := true; more; {
		more = false
		for i := range model.Components {
			c := &model.Components[i]
			hit := c.ID == failed || slices.Contains(c.Domains, failed) ||
				slices.ContainsFunc(c.Needs, func(n status.Need) bool { return !n.Soft && fails[n.ID] })
			if hit && !fails[c.ID] {
				fails[c.ID], more = true, true
			}
		}
	}
	return fails
}

// lookAround has every location look at everything.
func lookAround(board *status.Board, model *status.Model, fails map[string]bool, now time.Time) {
	for i := range model.Components {
		c := &model.Components[i]
		outcome := status.OK
		if fails[c.ID] {
			outcome = status.Failed
		}
		for k := range c.Checks {
			vote(board, model, &c.Checks[k], outcome, now)
		}
	}
	for i := range model.Controls {
		vote(board, model, &model.Controls[i], status.OK, now)
	}
}

func vote(board *status.Board, model *status.Model, check *status.Check, outcome status.Outcome, now time.Time) {
	for i := range model.Locations {
		board.Vote(status.Vote{Check: check.ID, Location: model.Locations[i].ID, Outcome: outcome, At: now})
	}
}
