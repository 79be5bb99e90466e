package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/account"
)

// People is who is told, as operators see them: addresses are masked but in what
// is made for themselves. Errors are as those of [Books].
type People interface {
	// Subscribers lists those after a number.
	Subscribers(ctx context.Context, after int64, limit int) ([]Subscriber, error)
	Subscriber(ctx context.Context, number int64) (Subscriber, error)
	// Find finds who has an address, written as it is or masked, at most limit.
	Find(ctx context.Context, who string, limit int) ([]Subscriber, error)
	// Told is what somebody was told, the newest first.
	Told(ctx context.Context, number int64, limit int) ([]ToldOnce, error)
	// Disclose is all that is kept of somebody, addresses in clear, for them.
	Disclose(ctx context.Context, number int64) (Disclosure, error)
	// Import takes a list in as it comes.
	Import(ctx context.Context, o ImportOrder) (ImportRun, error)
	// Imports are the latest lists that were taken in or tried, the newest first;
	// ImportReport is one of them, with what was said of its lines.
	Imports(ctx context.Context) ([]ImportView, error)
	ImportReport(ctx context.Context, id string) (ImportView, []ImportLine, error)
	// Erase forgets somebody for good.
	Erase(ctx context.Context, number int64, now time.Time) error
}

// Subscriber is somebody who is told.
type Subscriber struct {
	Number    int64        `json:"number"`
	Lang      string       `json:"lang"`
	Plan      string       `json:"plan"`
	AtLeast   status.State `json:"at_least"`
	Topics    []string     `json:"topics"` // empty: all
	Quiet     string       `json:"quiet,omitempty"`
	Order     []string     `json:"order"` // of ways, if it is their own
	Joined    *time.Time   `json:"joined"`
	Gone      *time.Time   `json:"gone"`
	Addresses []Masked     `json:"addresses"`
}

// Masked is what may be shown of an address.
type Masked struct {
	Kind      string     `json:"kind"`
	Masked    string     `json:"masked"`
	Source    string     `json:"source"`
	Consented *time.Time `json:"consented"`
	Confirmed *time.Time `json:"confirmed"`
	Stopped   string     `json:"stopped,omitempty"` // why it is not used
}

// ToldOnce is one delivery to somebody.
type ToldOnce struct {
	Notice   string     `json:"notice"`
	Incident *string    `json:"incident"`
	Event    string     `json:"event"`
	Channel  string     `json:"channel"`
	Gateway  string     `json:"gateway"`
	Outcome  string     `json:"outcome"`
	InDoubt  bool       `json:"in_doubt"`
	Why      string     `json:"why,omitempty"`
	Skipped  string     `json:"skipped,omitempty"` // hops that were left out before it
	At       *time.Time `json:"at"`
}

// Disclosure is all that is kept of somebody.
type Disclosure struct {
	Subscriber
	Clear  []Clear `json:"clear"`
	Handed int64   `json:"handed"` // notices that were handed over for them
}

// Clear is an address in clear.
type Clear struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
}

// apiSubscribers is a page of GET /api/v1/subscribers.
type apiSubscribers struct {
	Subscribers []Subscriber `json:"subscribers"`
	Next        *string      `json:"next"` // cursor of the page after; null: there is none
}

// apiTold is the answer of GET /api/v1/subscribers/ID/deliveries.
type apiTold struct {
	Deliveries []ToldOnce `json:"deliveries"` // newest first, at most a hundred
}

type newSearch struct {
	Who string `json:"who"`
}

func (s *Server) peopleRoutes(engine *gin.Engine) {
	if s.options.People == nil || s.options.Tokens == nil {
		return
	}
	const one = apiRoot + "subscribers/:id"
	get(engine, apiRoot+"subscribers", s.asApp(account.ReadPeople, s.listSubscribers))
	engine.POST(apiRoot+"subscribers/search", s.asApp(account.ReadPeople, s.findSubscribers))
	engine.POST(importPath, s.asApp(account.KeepPeople, s.importSubscribers))
	get(engine, apiRoot+"imports", s.asApp(account.ReadPeople, s.listImports))
	get(engine, apiRoot+"imports/:id", s.asApp(account.ReadPeople, s.readImport))
	get(engine, one, s.asApp(account.ReadPeople, s.readPerson))
	get(engine, one+"/deliveries", s.asApp(account.ReadPeople, s.readTold))
	get(engine, one+"/export", s.asApp(account.KeepPeople, s.disclose))
	engine.DELETE(one, s.asApp(account.KeepPeople, s.eraseSubscriber))
}

func (s *Server) listSubscribers(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "subscribers")
	if refusal != nil {
		return refusal
	}
	number, _ := strconv.ParseInt(after, 10, 64) // a cursor is ours
	list, err := s.options.People.Subscribers(ctx, number, limit+1)
	if err != nil {
		return s.deskRefusal(err)
	}
	a := apiSubscribers{Subscribers: list}
	if len(list) > limit {
		a.Subscribers, a.Next = list[:limit], s.next("subscribers", strconv.FormatInt(list[limit-1].Number, 10))
	}
	return tagged(c.Context, a)
}

// findSubscribers is no GET: an address in a URL ends in logs.
func (s *Server) findSubscribers(ctx context.Context, c *call) *problem {
	var in newSearch
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	if in.Who == "" || len(in.Who) > 2000 || !Plain(in.Who) {
		p := newProblem(http.StatusUnprocessableEntity, "Say whom you look for.")
		p.Errors = []problemValue{{"/who", "write an address, or one as it is masked"}}
		return p
	}
	list, err := s.options.People.Find(ctx, in.Who, maxPage)
	if err != nil {
		return s.deskRefusal(err)
	}
	c.JSON(http.StatusOK, apiSubscribers{Subscribers: list})
	return nil
}

// number is the subscriber in the path.
func (c *call) number() (int64, *problem) {
	n, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil || n <= 0 {
		return 0, newProblem(http.StatusNotFound, "A subscriber's id is a number.")
	}
	return n, nil
}

func (s *Server) readPerson(ctx context.Context, c *call) *problem {
	n, refusal := c.number()
	if refusal != nil {
		return refusal
	}
	one, err := s.options.People.Subscriber(ctx, n)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, one)
}

func (s *Server) readTold(ctx context.Context, c *call) *problem {
	n, refusal := c.number()
	if refusal != nil {
		return refusal
	}
	list, err := s.options.People.Told(ctx, n, maxPage)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiTold{Deliveries: list})
}

func (s *Server) disclose(ctx context.Context, c *call) *problem {
	n, refusal := c.number()
	if refusal != nil {
		return refusal
	}
	all, err := s.options.People.Disclose(ctx, n)
	if err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.KeepPeople, "subscriber "+c.Param("id"), "exported in clear")
	c.JSON(http.StatusOK, all)
	return nil
}

func (s *Server) eraseSubscriber(ctx context.Context, c *call) *problem {
	n, refusal := c.number()
	if refusal != nil {
		return refusal
	}
	one, err := s.options.People.Subscriber(ctx, n)
	if err != nil {
		return s.deskRefusal(err)
	}
	body, err := jsonLine(one)
	if err != nil {
		return s.deskRefusal(err)
	}
	if tag := strongTag(body); !asSeen(c.Context, tag) {
		return changed(tag, "The subscriber has changed since.")
	}
	if err := s.options.People.Erase(ctx, n, c.now); err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.KeepPeople, "subscriber "+c.Param("id"), "erased")
	c.Status(http.StatusNoContent)
	return nil
}
