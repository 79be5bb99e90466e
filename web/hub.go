package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"bongsu/status/remote"
	"bongsu/web/account"
)

// Hub takes what agents say, each for the location that its token is bound to.
// Errors are [remote.ErrNoLocation] and [remote.ErrReplaced]; any other says
// that it cannot be done now. Its methods are safe for concurrent use.
type Hub interface {
	// Welcome gives an agent its work.
	Welcome(location string, h *remote.Hello, received time.Time) (remote.Welcome, error)
	// Take folds looks in, and says which of them are kept.
	Take(ctx context.Context, location string, b *remote.Batch, received time.Time) (remote.Ack, error)
	// Call waits until there is something to call the agent for, or ctx is done.
	// The agent has heard the calls up to after.
	Call(ctx context.Context, location, run, work string, after uint64) (remote.Call, error)
}

// How often a location may come. An agent comes about three times a second when
// everything fails at once.
const (
	agentEvery = 100 * time.Millisecond
	agentBurst = 50
)

// agentRates bounds how often each location comes.
type agentRates struct {
	mu sync.Mutex
	of map[string]*rate.Limiter // by location; there are as many as there are tokens
}

func (a *agentRates) allow(location string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[string]*rate.Limiter{}
	}
	if a.of[location] == nil {
		a.of[location] = rate.NewLimiter(rate.Every(agentEvery), agentBurst)
	}
	return a.of[location].AllowN(now, 1)
}

// hubRoutes are where agents come.
func (s *Server) hubRoutes(engine *gin.Engine) {
	if s.options.Hub == nil || s.options.Tokens == nil {
		return
	}
	engine.POST(remote.HelloPath, s.fromAgent(s.takeHello))
	engine.POST(remote.VotesPath, s.fromAgent(s.takeVotes))
	engine.GET(remote.WakePath, s.fromAgent(s.wakeAgent))
}

// fromAgent makes a handler of what answers an agent that may ask.
func (s *Server) fromAgent(do func(c *gin.Context, location string) (answer any, refusal *problem)) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Cache-Control", keepNot)
		answer, refusal := s.answerAgent(c, do)
		if refusal != nil {
			refusal.answer(c)
			return
		}
		c.JSON(http.StatusOK, answer)
	}
}

func (s *Server) answerAgent(c *gin.Context, do func(c *gin.Context, location string) (any, *problem)) (any, *problem) {
	who, refusal := s.bearer(c, account.LookFromAfar)
	switch {
	case refusal != nil:
		return nil, refusal
	case !s.agents.allow(who.Location, s.options.Now()):
		return nil, newProblem(http.StatusTooManyRequests, "The agents of this location come too often. Is there more than one?").later(time.Second)
	}
	return do(c, who.Location)
}

func (s *Server) takeHello(c *gin.Context, location string) (any, *problem) {
	received := s.options.Now()
	hello, refusal := readMessage[remote.Hello](c, remote.MaxHello)
	if refusal != nil {
		return nil, refusal
	}
	welcome, err := s.options.Hub.Welcome(location, hello, received)
	if err != nil {
		return nil, s.hubFault(location, err)
	}
	welcome.Protocol, welcome.Location = remote.Protocol, location
	welcome.Received, welcome.Answered = received, s.options.Now()
	return welcome, nil
}

func (s *Server) takeVotes(c *gin.Context, location string) (any, *problem) {
	received := s.options.Now()
	batch, refusal := readMessage[remote.Batch](c, remote.MaxBatch)
	if refusal != nil {
		return nil, refusal
	}
	ack, err := s.options.Hub.Take(c.Request.Context(), location, batch, received)
	if err != nil {
		return nil, s.hubFault(location, err)
	}
	ack.Protocol, ack.Received, ack.Answered = remote.Protocol, received, s.options.Now()
	return ack, nil
}

// maxVersion bounds what an agent says of itself in an address.
const maxVersion = 200

func (s *Server) wakeAgent(c *gin.Context, location string) (any, *problem) {
	run, work := c.Query("run"), c.Query("work")
	after, err := strconv.ParseUint(c.Query("after"), 10, 64)
	if err != nil || len(run) > maxVersion || len(work) > maxVersion {
		return nil, newProblem(http.StatusBadRequest, "Ask with run=, work= and after=, the serial of the last call heard or 0.")
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), remote.WakeWait)
	defer cancel()
	call, err := s.options.Hub.Call(ctx, location, run, work, after)
	if err != nil {
		return nil, s.hubFault(location, err)
	}
	call.Protocol = remote.Protocol
	return call, nil
}

// readMessage reads what an agent has sent.
func readMessage[M remote.Message](c *gin.Context, limit int64) (*M, *problem) {
	body, err := readBody(c, limit)
	switch {
	case errors.Is(err, errTooBig):
		return nil, newProblem(http.StatusRequestEntityTooLarge, fmt.Sprintf("The body may have at most %d bytes.", limit))
	case err != nil:
		return nil, newProblem(http.StatusBadRequest, "The body did not arrive whole.")
	}
	m, err := remote.Decode[M](body)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, sentence(err.Error()))
	}
	return m, nil
}

// hubFault words what the hub did not take.
func (s *Server) hubFault(location string, err error) *problem {
	switch {
	case errors.Is(err, remote.ErrNoLocation):
		return newProblem(http.StatusForbidden, fmt.Sprintf("The token is for the location %q, and no agent is expected there: write it under locations: in the hub's configuration.", location))
	case errors.Is(err, remote.ErrReplaced):
		return newProblem(http.StatusConflict, fmt.Sprintf("Another agent has said hello for the location %q since. A location has one agent.", location))
	}
	s.options.Log.Warn("answering an agent", "location", location, "err", err)
	return away("This cannot be done now: the hub starts or reloads. Try again soon.")
}
