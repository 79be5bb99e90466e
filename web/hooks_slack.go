package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// Slack reads what operators ask by Slack, and answers them. Its errors are as
// those of [Callbacks].
type Slack interface {
	Command(h http.Header, body []byte, at time.Time) (SlackAsk, error)
	Press(h http.Header, body []byte, at time.Time) (SlackAsk, error)
	// Account is whose account an ask comes from. [ErrNone]: nobody's, or one
	// that may not come in.
	Account(ctx context.Context, a SlackAsk) (account.Who, error)
	// First notes an ask and says whether it came for the first time.
	First(ctx context.Context, mark string, at time.Time) (bool, error)
	// Answer tells whoever has pressed a button what came of it.
	Answer(ctx context.Context, to, text string) error
}

// SlackAsk is what somebody in Slack wants: a text behind a command, or a button
// with what it is about.
type SlackAsk struct {
	Mark, User, Account, Text, Button, About, Answer string
}

// maxSlack bounds a request of Slack's, in bytes.
const maxSlack = 512 << 10

// slackTime is how long a deed may take: Slack waits three seconds.
const slackTime = 2500 * time.Millisecond

func (s *Server) slackRoutes(engine *gin.Engine) {
	if s.options.Slack == nil {
		return
	}
	engine.POST("/hooks/slack/command", s.answered("slack_command", s.slackCommand))
	engine.POST("/hooks/slack/interact", s.answered("slack_interact", s.slackPress))
}

// slackDesk does what somebody asks by Slack.
type slackDesk struct {
	*Server

	e   *edition
	who account.Who
	now time.Time
}

// slackAsk reads an ask. A text in place of a desk is the answer already.
func (s *Server) slackAsk(ctx context.Context, c *gin.Context, read func(http.Header, []byte, time.Time) (SlackAsk, error)) (SlackAsk, *slackDesk, string, error) {
	now := s.options.Now()
	body, err := readBody(c, maxSlack)
	if err != nil {
		return SlackAsk{}, nil, "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	a, err := read(c.Request.Header, body, now)
	if err != nil {
		return a, nil, "", err
	}
	sum := sha256.Sum256([]byte(a.Mark))
	first, err := s.options.Slack.First(ctx, "slack "+hex.EncodeToString(sum[:]), now)
	switch {
	case err != nil:
		return a, nil, "", err
	case !first:
		return a, nil, "This was asked before, and is not done twice.", nil
	}
	who, err := s.options.Slack.Account(ctx, a)
	switch {
	case errors.Is(err, ErrNone):
		return a, nil, "No account here is yours. An administrator puts your member id " + a.User + " under `users:` of the Slack channel, with the name of your account.", nil
	case err != nil:
		return a, nil, "", err
	}
	e := s.current.Load()
	if e == nil {
		return a, nil, "The server is starting. Try again soon.", nil
	}
	return a, &slackDesk{Server: s, e: e, who: who, now: now}, "", nil
}

// slackCommand answers a slash command, to whoever has written it alone.
func (s *Server) slackCommand(c *gin.Context) (string, error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), slackTime)
	defer cancel()
	a, desk, text, err := s.slackAsk(ctx, c, s.options.Slack.Command)
	if err != nil {
		return "", err
	}
	outcome := hookIgnored
	if desk != nil {
		text, outcome = desk.command(ctx, a.Text), hookTaken
	}
	c.JSON(http.StatusOK, gin.H{"response_type": "ephemeral", "text": text})
	return outcome, nil
}

// slackPress does what a button says. Slack shows nothing of the answer to the
// request itself, so what came of it is told by the address that it gives.
func (s *Server) slackPress(c *gin.Context) (string, error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), slackTime)
	defer cancel()
	a, desk, text, err := s.slackAsk(ctx, c, s.options.Slack.Press)
	if err != nil {
		return "", err
	}
	outcome := hookIgnored
	if desk != nil {
		text, outcome = desk.press(ctx, a), hookTaken
	}
	c.Status(http.StatusOK)
	c.Writer.WriteHeaderNow()
	c.Writer.Flush()
	told, done := context.WithTimeout(context.WithoutCancel(ctx), slackTime)
	defer done()
	if err := s.options.Slack.Answer(told, a.Answer, text); err != nil {
		s.options.Log.Warn("answering in Slack", "err", err)
	}
	return outcome, nil
}
