package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// Books is what operators read of what is sent, and how they steer it.
// [ErrNone]: nothing has the id. Any other error says that it cannot be known or
// done now.
type Books interface {
	// Deliveries lists notices of every kind, the newest first: those before one,
	// or from the newest on.
	Deliveries(ctx context.Context, before string, limit int) ([]Delivery, error)
	Delivery(ctx context.Context, id string, now time.Time) (Delivery, error)
	// Unreached sums up whom a notice did not reach, and why, most people first.
	Unreached(ctx context.Context, id string) ([]Unreached, error)
	// Hold keeps what of a notice has not left, or lets it go on.
	Hold(ctx context.Context, id string, hold bool, now time.Time) error
	// Resend sends a notice once more to whom it missed, and says what it is called
	// and how many they are; nobody: nothing was sent.
	Resend(ctx context.Context, id string, now time.Time) (made string, people int64, err error)
	// CancelDelivery stops a notice: what of it has not left never will.
	CancelDelivery(ctx context.Context, id string, now time.Time) error
	Sending(ctx context.Context, now time.Time) (Sending, error)
	// Pause stops all sending, or lets it go on.
	Pause(ctx context.Context, stop bool, now time.Time) error
	// ResumeChannel lets a channel go on that was stopped at its daily cap.
	ResumeChannel(ctx context.Context, channel string, now time.Time) error
	Gateways(ctx context.Context, now time.Time) ([]Gateway, error)
}

// Errors of what operators ask for.
var (
	ErrNone = errors.New("there is none")
	ErrOver = errors.New("it is over, or not of a kind for which this can be done")
)

// Unreached are people of a notice who were not reached for the same reason.
type Unreached struct {
	Hop     int    `json:"hop"` // from 1
	Channel string `json:"channel"`
	Gateway string `json:"gateway,omitempty"`
	Ended   string `json:"ended"` // the class of the reason
	Code    string `json:"code,omitempty"`
	On      bool   `json:"on"` // they went on to another way
	People  int64  `json:"people"`
}

// apiMissedBy is the answer of GET /api/v1/deliveries/ID/unreached.
type apiMissedBy struct {
	Unreached []Unreached `json:"unreached"` // most people first
}

// apiResent is what a resending has made.
type apiResent struct {
	ID     *string `json:"id"` // the new notice's; null: nobody was missed
	People int64   `json:"people"`
}

// Delivery is a notice with how far it has come. People counts subscribers.
type Delivery struct {
	ID        string      `json:"id"`
	Incident  *string     `json:"incident"`
	Event     string      `json:"event"`
	Audience  string      `json:"audience"`
	Plan      string      `json:"plan"`
	Made      time.Time   `json:"made"`
	Planned   bool        `json:"planned"` // the whole audience has been planned
	Cancelled bool        `json:"cancelled"`
	Held      *time.Time  `json:"held"` // kept back since
	People    int64       `json:"people"`
	Left      *int64      `json:"left"`  // what has not left yet; null in lists
	ETA       *int64      `json:"eta_s"` // seconds until it will have; null: nobody can say
	Channels  []OnChannel `json:"channels"`
	Texts     []SentText  `json:"texts,omitempty"`
}

// OnChannel counts a notice's deliveries on a channel: who moved on counts on
// each that was tried.
type OnChannel struct {
	Channel   string `json:"channel"`
	Planned   int64  `json:"planned"`
	Handed    int64  `json:"handed"`
	Delivered int64  `json:"delivered"`
	Failed    int64  `json:"failed"`
	Unknown   int64  `json:"unknown"`
	Moved     int64  `json:"moved"`
	Cancelled int64  `json:"cancelled"`
	Rescued   int64  `json:"rescued"`
	Twice     int64  `json:"twice"`
}

// SentText is a text of a notice as it goes out.
type SentText struct {
	Lang  string `json:"lang"`
	Class string `json:"class"`
	Title string `json:"title,omitempty"`
	Body  string `json:"body"`
}

// Sending is whether anything leaves at all.
type Sending struct {
	Paused  bool       `json:"paused"`
	Waiting int64      `json:"waiting"` // recipients who have not been handed to a gateway
	Oldest  *time.Time `json:"oldest"`  // since when the one who waits longest does; null: nobody does
	Held    []Held     `json:"held"`    // channels that are stopped
}

// Held is a channel that is stopped, and until when; null: until somebody lets
// it go on.
type Held struct {
	Channel string     `json:"channel"`
	Why     string     `json:"why"`
	Since   time.Time  `json:"since"`
	Until   *time.Time `json:"until"`
}

// Gateway is how a gateway does, over the last five minutes.
type Gateway struct {
	Gateway   string     `json:"gateway"`
	Channel   string     `json:"channel"`
	Health    string     `json:"health"`
	Since     *time.Time `json:"since"`
	Why       string     `json:"why,omitempty"`
	Answered  int64      `json:"answered"`
	Taken     int64      `json:"taken"`
	Told      int64      `json:"told"` // receipts
	Faults    int64      `json:"faults"`
	Throttled int64      `json:"throttled"`
}

// apiDeliveries is a page of GET /api/v1/deliveries.
type apiDeliveries struct {
	Deliveries []Delivery `json:"deliveries"` // newest first
	Next       *string    `json:"next"`       // cursor of the page after; null: there is none
}

// apiGateways is the answer of GET /api/v1/gateways.
type apiGateways struct {
	Gateways []Gateway `json:"gateways"`
}

// done is the answer of what makes nothing.
type done struct {
	Done bool `json:"done"`
}

// deskRoutes are what operators read and steer beside incidents.
func (s *Server) deskRoutes(engine *gin.Engine) {
	if s.options.Books == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"deliveries", s.asApp(account.ReadDesk, s.listDeliveries))
	get(engine, apiRoot+"deliveries/:id", s.asApp(account.ReadDesk, s.readDelivery))
	get(engine, apiRoot+"deliveries/:id/unreached", s.asApp(account.ReadDesk, s.readUnreached))
	engine.POST(apiRoot+"deliveries/:id/pause", s.asApp(account.Steer, s.hold(true)))
	engine.POST(apiRoot+"deliveries/:id/resume", s.asApp(account.Steer, s.hold(false)))
	engine.POST(apiRoot+"deliveries/:id/resend", s.asApp(account.Steer, s.resend))
	engine.POST(apiRoot+"deliveries/:id/cancel", s.asApp(account.Steer, s.cancelDelivery))
	get(engine, apiRoot+"sending", s.asApp(account.ReadDesk, s.readSending))
	engine.POST(apiRoot+"sending/pause", s.asApp(account.Steer, s.pause(true)))
	engine.POST(apiRoot+"sending/resume", s.asApp(account.Steer, s.pause(false)))
	engine.POST(apiRoot+"channels/:id/resume", s.asApp(account.Steer, s.resumeChannel))
	get(engine, apiRoot+"gateways", s.asApp(account.ReadDesk, s.listGateways))
}

// deskRefusal words what was not done at the desk.
func (s *Server) deskRefusal(err error) *problem {
	if errors.Is(err, ErrNone) {
		return newProblem(http.StatusNotFound, "There is nothing with this id.")
	}
	if errors.Is(err, ErrOver) {
		return newProblem(http.StatusConflict, sentence(err.Error()))
	}
	s.options.Log.Warn("answering an operator", "err", err)
	return away("The database does not answer. Try again soon.").unknown()
}

func (s *Server) listDeliveries(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "deliveries")
	if refusal != nil {
		return refusal
	}
	list, err := s.options.Books.Deliveries(ctx, after, limit+1)
	if err != nil {
		return s.deskRefusal(err)
	}
	a := apiDeliveries{Deliveries: list}
	if len(list) > limit {
		a.Deliveries, a.Next = list[:limit], s.next("deliveries", list[limit-1].ID)
	}
	return tagged(c.Context, a)
}

func (s *Server) readDelivery(ctx context.Context, c *call) *problem {
	d, err := s.options.Books.Delivery(ctx, c.Param("id"), c.now)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, d)
}

func (s *Server) cancelDelivery(ctx context.Context, c *call) *problem {
	if err := s.options.Books.CancelDelivery(ctx, c.Param("id"), c.now); err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Steer, "notice "+c.Param("id"), "cancelled")
}

func (s *Server) readUnreached(ctx context.Context, c *call) *problem {
	list, err := s.options.Books.Unreached(ctx, c.Param("id"))
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiMissedBy{Unreached: list})
}

// hold keeps what of a notice has not left, or lets it go on.
func (s *Server) hold(stop bool) func(context.Context, *call) *problem {
	word := map[bool]string{true: "paused", false: "resumed"}[stop]
	return func(ctx context.Context, c *call) *problem {
		if err := s.options.Books.Hold(ctx, c.Param("id"), stop, c.now); err != nil {
			return s.deskRefusal(err)
		}
		return s.carried(ctx, c, account.Steer, "notice "+c.Param("id"), word)
	}
}

// resend sends a notice once more to whom it missed.
func (s *Server) resend(ctx context.Context, c *call) *problem {
	made, people, err := s.options.Books.Resend(ctx, c.Param("id"), c.now)
	if err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.Steer, "notice "+c.Param("id"), fmt.Sprintf("sent again to %d people it missed", people))
	c.JSON(http.StatusOK, apiResent{ID: optional(made), People: people})
	return nil
}

func (s *Server) readSending(ctx context.Context, c *call) *problem {
	x, err := s.options.Books.Sending(ctx, c.now)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, x)
}

// pause stops all sending, or lets it go on.
func (s *Server) pause(stop bool) func(context.Context, *call) *problem {
	word := map[bool]string{true: "paused", false: "resumed"}[stop]
	return func(ctx context.Context, c *call) *problem {
		if err := s.options.Books.Pause(ctx, stop, c.now); err != nil {
			return s.deskRefusal(err)
		}
		return s.carried(ctx, c, account.Steer, "all sending", word)
	}
}

func (s *Server) resumeChannel(ctx context.Context, c *call) *problem {
	if err := s.options.Books.ResumeChannel(ctx, c.Param("id"), c.now); err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Steer, "channel "+c.Param("id"), "resumed; it may spend its daily cap once more")
}

func (s *Server) listGateways(ctx context.Context, c *call) *problem {
	all, err := s.options.Books.Gateways(ctx, c.now)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiGateways{Gateways: all})
}

// carried puts a deed on the audit log and answers that it is done.
func (s *Server) carried(ctx context.Context, c *call, d account.Deed, about, detail string) *problem {
	s.audit(ctx, c, d, about, detail)
	c.JSON(http.StatusOK, done{Done: true})
	return nil
}

// audit puts on the log who did what to what. A log that cannot be written to
// does not undo what was done; that it could not be is logged.
func (s *Server) audit(ctx context.Context, c *call, d account.Deed, about, detail string) {
	if s.options.Audit == nil {
		return
	}
	if err := s.options.Audit(context.WithoutCancel(ctx), c.holder(), d, about, detail, c.now); err != nil {
		s.options.Log.Error("writing to the audit log", "about", about, "err", err)
	}
}
