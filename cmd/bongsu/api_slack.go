package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"bongsu/config"
	"bongsu/notifier/guard"
	"bongsu/notifier/slack"
	"bongsu/web"
	"bongsu/web/account"
)

// currentSlack believes what apps of the engine that runs now have signed.
type currentSlack struct{ *server }

func (c currentSlack) Command(h http.Header, body []byte, at time.Time) (web.SlackAsk, error) {
	return c.read(func(hooks *slack.Hooks) (slack.Ask, error) { return hooks.Command(h, body, at) })
}

func (c currentSlack) Press(h http.Header, body []byte, at time.Time) (web.SlackAsk, error) {
	return c.read(func(hooks *slack.Hooks) (slack.Ask, error) { return hooks.Press(h, body, at) })
}

func (c currentSlack) read(read func(*slack.Hooks) (slack.Ask, error)) (web.SlackAsk, error) {
	e := c.engine.Load()
	if e == nil {
		return web.SlackAsk{}, errNoEngine
	}
	a, err := read(e.slack)
	switch {
	case errors.Is(err, slack.ErrForged):
		err = fmt.Errorf("%w: %w", web.ErrForged, err)
	case errors.Is(err, slack.ErrMalformed):
		err = fmt.Errorf("%w: %w", web.ErrMalformed, err)
	}
	return web.SlackAsk(a), err
}

// Account is whose account an ask comes from.
func (c currentSlack) Account(ctx context.Context, a web.SlackAsk) (account.Who, error) {
	if a.Account == "" {
		return account.Who{}, web.ErrNone
	}
	found, err := c.store.AccountByName(ctx, account.FoldName(a.Account))
	if errors.Is(err, account.ErrNoAccount) || err == nil && !found.Disabled.IsZero() {
		return account.Who{}, web.ErrNone
	}
	return found.Who(), err
}

func (c currentSlack) First(ctx context.Context, mark string, at time.Time) (bool, error) {
	return c.store.FirstTime(ctx, mark, at)
}

// slackAnswers is where Slack takes answers to buttons. The address comes from
// Slack, signed; that it leads there is checked all the same.
const slackAnswers = "https://hooks.slack.com/"

// Answer tells whoever has pressed a button what came of it, and nobody else.
func (c currentSlack) Answer(ctx context.Context, to, text string) error {
	if len(to) <= len(slackAnswers) || to[:len(slackAnswers)] != slackAnswers {
		return errors.New("an answer was to go elsewhere than to Slack")
	}
	body, err := json.Marshal(map[string]any{"response_type": "ephemeral", "replace_original": false, "text": text})
	if err != nil {
		return fmt.Errorf("wording an answer: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("answering in Slack: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := guard.NewClient(guard.Options{Timeout: 5 * time.Second}).Do(r)
	if err != nil {
		return fmt.Errorf("answering in Slack: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("an answer to a button was answered with %d", answer.StatusCode)
	}
	return nil
}

// slackHooks believes what the apps of the configuration sign.
func slackHooks(cfg *config.Config) *slack.Hooks {
	h := &slack.Hooks{}
	for _, c := range cfg.Channels() {
		for _, g := range c.Gateways {
			if bot, ok := g.Settings.(*slack.Settings); ok && !bot.SigningSecret.Empty() {
				h.Apps = append(h.Apps, bot.App())
			}
		}
	}
	return h
}
