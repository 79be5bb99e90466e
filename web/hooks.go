package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"bongsu/notifier"
)

// Callbacks reads what a gateway calls back with, and believes only what the
// gateway itself has signed. Errors wrap [ErrForged] or [ErrMalformed]; any
// other says that it cannot be known now.
type Callbacks interface {
	Status(r *http.Request, form url.Values, at time.Time) (notifier.Receipt, error)
	Inbound(r *http.Request, form url.Values, at time.Time) (Inbound, error)
}

// Inbound is a text that somebody sent to our number.
type Inbound struct {
	From string // the number, in clear: never log it
	Ref  string // the gateway's id of the text
	Stop bool   // wants no more
}

// Errors of a callback.
var (
	ErrForged    = errors.New("the callback is not signed by the gateway")
	ErrMalformed = errors.New("the callback is not of the gateway's form")
)

// Reports reads results of many deliveries from one callback. Its errors are as
// those of [Callbacks].
type Reports func(r *http.Request, body []byte, at time.Time) ([]notifier.Receipt, error)

// Hooks is what comes of callbacks.
type Hooks struct {
	Twilio Callbacks
	// Reports are of gateways that report to /hooks/NAME/report, by that name.
	Reports map[string]Reports
	LINE    Chats // nil: it does not call back
	// Receipts returns when what gateways say is durable.
	Receipts func(ctx context.Context, receipts []notifier.Receipt) error
}

// maxHook bounds a callback's body, in bytes. A text has at most 1,600
// characters, each at most nine bytes as a form has them.
const maxHook = 32 << 10

// maxReports bounds the body of a callback with many results, in bytes: half a
// kilobyte for each of two thousand.
const maxReports = 1 << 20

// What a callback came to, as the metrics name it.
const (
	hookTaken     = "taken"
	hookIgnored   = "ignored"
	hookForged    = "forged"
	hookMalformed = "malformed"
	hookTooBig    = "too_big"
	hookTooOften  = "too_often"
	hookAway      = "away"
)

func newHookCounter(into prometheus.Registerer) *prometheus.CounterVec {
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bongsu_hook_calls_total",
		Help: "Callbacks of gateways, by what they came to. Forged ones that rise mean that a secret or site.url is wrong, or that somebody tries.",
	}, []string{"hook", "outcome"})
	if into != nil {
		into.MustRegister(calls)
	}
	return calls
}

// hookRoutes are where gateways call back.
func (s *Server) hookRoutes(engine *gin.Engine) {
	if s.options.Hooks == nil {
		return
	}
	engine.POST("/hooks/twilio/status", s.hook("twilio_status", s.twilioStatus))
	engine.POST("/hooks/twilio/inbound", s.hook("twilio_inbound", s.twilioInbound))
	for name, read := range s.options.Hooks.Reports {
		engine.POST("/hooks/"+name+"/report", s.answered(strings.ReplaceAll(name, "-", "_")+"_report", s.reports(read)))
	}
	if s.options.Hooks.LINE != nil {
		engine.POST("/hooks/line", s.answered("line", s.chats("line", s.options.Hooks.LINE)))
	}
}

// hook makes a handler of what takes one kind of callback that is a form.
func (s *Server) hook(name string, take func(c *gin.Context, form url.Values) (outcome string, err error)) gin.HandlerFunc {
	return s.answered(name, func(c *gin.Context) (string, error) {
		form, outcome := hookForm(c)
		if outcome != "" {
			return outcome, nil
		}
		return take(c, form)
	})
}

// reports takes results. They are answered when they are durable.
func (s *Server) reports(read Reports) func(c *gin.Context) (outcome string, err error) {
	return func(c *gin.Context) (string, error) {
		body, err := readBody(c, maxReports)
		if errors.Is(err, errTooBig) {
			return hookTooBig, nil
		} else if err != nil {
			return "", fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		receipts, err := read(c.Request, body, s.options.Now())
		if err != nil {
			return "", err
		}
		if len(receipts) > 0 {
			if err := s.options.Hooks.Receipts(c.Request.Context(), receipts); err != nil {
				return "", err
			}
		}
		c.String(http.StatusOK, "taken\n")
		return hookTaken, nil
	}
}

// answered makes a handler of what takes one kind of callback: the outcome is
// counted, and what is not taken is answered here.
func (s *Server) answered(name string, take func(c *gin.Context) (outcome string, err error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", keepNot)
		outcome, err := take(c)
		if err != nil {
			outcome = s.hookFault(name, err)
		}
		s.hookCalls.WithLabelValues(name, outcome).Inc()
		switch outcome {
		case hookForged:
			c.String(http.StatusForbidden, "not signed for this address\n")
		case hookMalformed:
			c.String(http.StatusBadRequest, "not a callback of the gateway's form\n")
		case hookTooBig:
			c.String(http.StatusRequestEntityTooLarge, "too big for a callback\n")
		case hookTooOften:
			c.Header("Retry-After", "60")
			c.String(http.StatusTooManyRequests, "too often; wait a minute\n")
		case hookAway:
			c.Header("Retry-After", strconv.Itoa(int(awayFor/time.Second)))
			c.String(http.StatusServiceUnavailable, "not kept; send it again\n")
		}
	}
}

// hookForm reads the body, or says why not.
func hookForm(c *gin.Context) (form url.Values, outcome string) {
	body, err := readBody(c, maxHook)
	switch {
	case errors.Is(err, errTooBig):
		return nil, hookTooBig
	case err != nil || c.ContentType() != "application/x-www-form-urlencoded":
		return nil, hookMalformed
	}
	if form, err = url.ParseQuery(string(body)); err != nil {
		return nil, hookMalformed
	}
	return form, ""
}

func (s *Server) hookFault(name string, err error) string {
	switch {
	case errors.Is(err, ErrForged):
		return hookForged
	case errors.Is(err, ErrMalformed):
		return hookMalformed
	}
	s.options.Log.Warn("taking a callback", "hook", name, "err", err)
	return hookAway
}

// twilioStatus takes a report on a delivery. It is answered when it is durable.
// Late, doubled and reordered ones are answered alike: ranks only rise.
func (s *Server) twilioStatus(c *gin.Context, form url.Values) (string, error) {
	receipt, err := s.options.Hooks.Twilio.Status(c.Request, form, s.options.Now())
	if err != nil {
		return "", err
	}
	if err := s.options.Hooks.Receipts(c.Request.Context(), []notifier.Receipt{receipt}); err != nil {
		return "", err
	}
	c.Status(http.StatusNoContent)
	return hookTaken, nil
}

// noReply tells Twilio to answer nothing.
const noReply = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`

// twilioInbound lets whoever sends STOP go at once. Nothing else is listened to.
func (s *Server) twilioInbound(c *gin.Context, form url.Values) (string, error) {
	now := s.options.Now()
	text, err := s.options.Hooks.Twilio.Inbound(c.Request, form, now)
	if err != nil {
		return "", err
	}
	outcome := hookIgnored
	if text.Stop && s.options.Signup != nil {
		if err := s.options.Signup.Stop(c.Request.Context(), "sms", text.From, text.Ref, now, now); err != nil {
			return "", err
		}
		outcome = hookTaken
	}
	c.Data(http.StatusOK, "text/xml; charset=utf-8", []byte(noReply))
	return outcome, nil
}
