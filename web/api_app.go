package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/appnotice"
	"bongsu/web/account"
	"bongsu/web/limit"
)

// Where apps send what is large.
const (
	noticesPath = apiRoot + "notices"
	uploadsPath = apiRoot + "uploads"
)

// Limits of what apps send.
const (
	maxOrder  = 4 << 20 // bytes: 10,000 recipients with their addresses
	maxUpload = 2 << 30 // bytes: 5 million lines
	orderTime = 25 * time.Second
	maxKey    = 200 // characters of an Idempotency-Key
	maxPage   = 100 // notices
)

// How often a token may ask.
const (
	appCallEvery   = 50 * time.Millisecond
	appCallBurst   = 200
	appOrderEvery  = time.Second
	appOrderBurst  = 60
	appUploadEvery = 30 * time.Second
	appUploadBurst = 10
	uploadsAtOnce  = 4
)

// appLimits bound what an app may ask for.
type appLimits struct {
	calls, orders, uploads *limit.Keyed[string] // by token
	uploading              uploadPlaces
}

func newAppLimits() appLimits {
	return appLimits{
		calls:   limit.NewKeyed[string](appCallEvery, appCallBurst),
		orders:  limit.NewKeyed[string](appOrderEvery, appOrderBurst),
		uploads: limit.NewKeyed[string](appUploadEvery, appUploadBurst),
	}
}

// appRoutes are what apps propose, send and ask for, and what an administrator
// says to it.
func (s *Server) appRoutes(engine *gin.Engine) {
	if s.options.Apps == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"templates", s.asApp(account.OfferWords, s.listTemplates))
	get(engine, apiRoot+"templates/:id", s.asApp(account.OfferWords, s.readTemplate))
	engine.PUT(apiRoot+"templates/:id", s.asApp(account.OfferWords, s.proposeTemplate))
	engine.POST(apiRoot+"templates/:id/decision", s.asApp(account.ApproveWords, s.decideTemplate))
	engine.POST(uploadsPath, s.asApp(account.SendNotices, s.upload))
	get(engine, uploadsPath+"/:id", s.asApp(account.SendNotices, s.readUpload))
	get(engine, uploadsPath+"/:id/faults", s.asApp(account.SendNotices, s.readFaults))
	engine.POST(noticesPath, s.asApp(account.SendNotices, s.orderNotice))
	get(engine, noticesPath, s.asApp(account.SendNotices, s.listNotices))
	get(engine, noticesPath+"/:id", s.asApp(account.SendNotices, s.readNotice))
	engine.POST(noticesPath+"/:id/cancel", s.asApp(account.SendNotices, s.cancelNotice))
	get(engine, noticesPath+"/:id/results", s.asApp(account.SendNotices, s.readResults))
	engine.DELETE(apiRoot+"people/:ref", s.asApp(account.SendNotices, s.erasePerson))
}

// call is one authorised request of an app, or about one.
type call struct {
	*gin.Context

	who Bearer
	app string // whose; empty: an administrator has named none
	now time.Time
}

// asApp makes a handler of what somebody with a token may do.
func (s *Server) asApp(d account.Deed, do func(ctx context.Context, c *call) *problem) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", keepNot)
		who, refusal := s.bearer(c, d)
		if refusal != nil {
			refusal.answer(c)
			return
		}
		now := s.options.Now()
		if !s.apps.calls.Allow(who.ID, now) {
			tooOften(time.Second).answer(c)
			return
		}
		one := &call{Context: c, who: who, app: who.App, now: now}
		if who.Role == account.Admin {
			one.app = c.Query("app")
		}
		if refusal := s.once(c, who.ID, func() *problem { return do(c.Request.Context(), one) }); refusal != nil {
			refusal.answer(c)
		}
	}
}

func tooOften(after time.Duration) *problem {
	return newProblem(http.StatusTooManyRequests, "This token asks too often. Wait a moment.").later(after)
}

// appRefusal words what was not done for an app.
func (s *Server) appRefusal(err error, found appnotice.Complaints) *problem {
	switch {
	case errors.Is(err, appnotice.ErrInvalid):
		p := newProblem(http.StatusUnprocessableEntity, "Some values cannot be taken. Nothing was changed.")
		for _, f := range found {
			p.Errors = append(p.Errors, problemValue(f))
		}
		return p
	case errors.Is(err, appnotice.ErrNone):
		return newProblem(http.StatusNotFound, "There is nothing with this id, or it is another app's.")
	case errors.Is(err, appnotice.ErrBusy):
		return newProblem(http.StatusConflict, "A request with this Idempotency-Key is being answered. Ask again in a moment: you get its answer.").later(time.Second)
	case errors.Is(err, appnotice.ErrKeyReused):
		return newProblem(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request within the last day. Nothing was changed; use a new one.")
	case errors.Is(err, appnotice.ErrDaily):
		return newProblem(http.StatusTooManyRequests, "The app's notices may not have so many recipients today. Nothing was sent; the operator can raise `daily` of the app.").later(time.Hour)
	case errors.Is(err, appnotice.ErrOver):
		return newProblem(http.StatusConflict, "The notice has ended; nothing of it is left to cancel.")
	case errors.Is(err, appnotice.ErrDecided):
		return newProblem(http.StatusConflict, "Somebody has decided on this version already. A change is a new version.")
	case errors.Is(err, appnotice.ErrTooManyLines), errors.Is(err, appnotice.ErrNoHeader):
		return newProblem(http.StatusUnprocessableEntity, sentence(err.Error()))
	case errors.Is(err, appnotice.ErrStarting):
		return away("The server is starting. Try again soon.")
	}
	s.options.Log.Warn("answering an app", "err", err)
	return away("The database does not answer. With an Idempotency-Key it is safe to ask again.").unknown()
}
