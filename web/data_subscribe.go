package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier"
	"bongsu/notifier/signup"
	"bongsu/status"
	"bongsu/web/statuspage"
)

// subscribersPath is where programs sign people up as at a Statuspage.
const subscribersPath = v2Root + "subscribers.json"

// secretHeader carries what signs the texts for a webhook, which no key of the
// format could.
const secretHeader = "Bongsu-Webhook-Secret" //nolint:gosec // the name of a header

// subscriberRoutes let programs sign people up. As everywhere, an address counts
// once its owner has proven it.
func (s *Server) subscriberRoutes(engine *gin.Engine) {
	engine.POST(subscribersPath, s.subscriber(s.subscribe))
	engine.DELETE(subscribersPath, s.subscriber(s.unsubscribe))
}

// refusal is why a subscriber is not taken.
type refusal struct {
	code int
	text string
}

// subscriber reads a request and answers with what take does.
func (s *Server) subscriber(take func(*gin.Context, *edition, url.Values) *refusal) gin.HandlerFunc {
	return func(c *gin.Context) {
		e := s.current.Load()
		if e == nil {
			v2Problem(c.Writer, http.StatusServiceUnavailable, "Starting: nothing has been measured yet.")
			return
		}
		values, no := s.readSubscriber(c, e)
		if no == nil {
			no = take(c, e, values)
		}
		if no != nil {
			v2Problem(c.Writer, no.code, no.text)
		}
	}
}

// readSubscriber gives the values of subscriber[…], from a form, JSON or the
// query.
func (s *Server) readSubscriber(c *gin.Context, e *edition) (url.Values, *refusal) {
	switch {
	case !s.sameOrigin(c.Request, e.snapshot.Site.URL):
		return nil, &refusal{http.StatusForbidden, "A page of another site may not sign anybody up or off; ask from a program, or lead people to /subscribe."}
	case s.options.Signup == nil:
		return nil, &refusal{http.StatusNotFound, "Signing up for notices is not offered here."}
	case !s.forms.Allow(s.visitor(c), s.options.Now()):
		c.Header("Retry-After", "60")
		return nil, &refusal{http.StatusTooManyRequests, "That was too often. Wait a minute."}
	}
	body, err := readBody(c, maxForm)
	if errors.Is(err, errTooBig) {
		return nil, &refusal{http.StatusRequestEntityTooLarge, "The body is too big."}
	}
	values, ok := subscriberValues(c.ContentType(), body)
	if err != nil || !ok {
		return nil, &refusal{http.StatusBadRequest, `Write a form such as subscriber[email]=name@mail.example, or the same as JSON: {"subscriber": {"email": "name@mail.example"}}.`}
	}
	maps.Copy(values, c.Request.URL.Query())
	return values, nil
}

// subscriberValues reads a body, as a form or as JSON.
func subscriberValues(kind string, body []byte) (values url.Values, ok bool) {
	if kind != "application/json" {
		values, err := url.ParseQuery(string(body))
		return values, err == nil
	}
	var given struct {
		Subscriber map[string]string `json:"subscriber"`
	}
	if len(body) > 0 && json.Unmarshal(body, &given) != nil {
		return nil, false
	}
	values = url.Values{}
	for name, value := range given.Subscriber {
		values.Set(field(name), value)
	}
	return values, true
}

// field is how a form names a value of a subscriber.
func field(name string) string { return "subscriber[" + name + "]" }

// subscribe sends a proof to an address. What it answers, and when, is the same
// whether anything was sent or not.
func (s *Server) subscribe(c *gin.Context, e *edition, values url.Values) *refusal {
	even := time.NewTimer(evenTime)
	defer even.Stop()
	v := signup.Visitor{Lang: e.language(c.Request), AtLeast: status.PartialOutage, From: s.visitor(c)}
	answer, no := s.subscriberAddress(e, values, &v)
	if no == nil {
		no = e.chooseTopic(values, &v)
	}
	if no != nil {
		return no
	}
	asking, err := s.options.Signup.Ask(c.Request.Context(), signup.Join, v, s.options.Now())
	if wrong, ok := errors.AsType[signup.AddressError](err); ok {
		return &refusal{http.StatusUnprocessableEntity, e.tellers["en"].problem(wrong)}
	}
	body, failed := e.statuspage().Subscribed(answer)
	if err != nil || failed != nil {
		s.options.Log.Warn("taking a subscriber", "err", errors.Join(err, failed))
		return &refusal{http.StatusServiceUnavailable, "This cannot be taken right now. Try again in a few minutes."}
	}
	wait(c.Request.Context(), even)
	if asking.Secret != "" {
		c.Header(secretHeader, asking.Secret)
	}
	c.Header("Cache-Control", keepNot)
	c.Data(http.StatusCreated, jsonType, body)
	return nil
}

// problem says what is wrong with an address; the teller may be nil.
func (t *teller) problem(wrong signup.AddressError) string {
	if id := problems[wrong]; t != nil && id != "" {
		return t.Say(id)
	}
	return wrong.Error()
}

// subscriberAddress is the address that is signed up: the kinds are Statuspage's.
func (s *Server) subscriberAddress(e *edition, values url.Values, v *signup.Visitor) (statuspage.Subscriber, *refusal) {
	get := func(name string) string { return strings.TrimSpace(values.Get(field(name))) }
	var told statuspage.Subscriber
	switch number, endpoint := get("phone_number"), get("endpoint"); {
	case endpoint != "":
		v.Kind, v.Address, told.Webhook = "statuspage", endpoint, endpoint
	case number != "":
		home := signup.Numbers{Region: strings.ToUpper(cmp.Or(get("phone_country"), "us")), Possible: true, Simulation: e.snapshot.Site.Simulation}
		whole, err := home.Read(number)
		if err != nil {
			return told, &refusal{http.StatusUnprocessableEntity, "phone_number is no mobile number of phone_country, which is us unless you say so."}
		}
		v.Kind, v.Address, told.Phone = "sms", whole, whole
	default:
		v.Kind, v.Address = "email", get("email")
		told.Email = v.Address
	}
	if s.way(signup.Join, v.Kind) != v.Kind {
		return told, &refusal{http.StatusUnprocessableEntity, "Nobody can sign up in this way here; /subscribe shows the ways there are."}
	}
	return told, nil
}

// chooseTopic is what is wanted if it is not everything.
func (e *edition) chooseTopic(values url.Values, v *signup.Visitor) *refusal {
	if values.Get(field("incident_id")) != "" {
		return &refusal{http.StatusUnprocessableEntity, "Nobody can sign up for one incident alone; leave incident_id out, or name a component_id."}
	}
	theirs := values.Get(field("component_id"))
	if theirs == "" {
		return nil
	}
	ours, isGroup, found := e.statuspage().ComponentOf(theirs)
	if !found {
		return &refusal{http.StatusUnprocessableEntity, "There is no component with this component_id; /api/v2/components.json lists them."}
	}
	if isGroup {
		ours = notifier.GroupTopic(ours)
	}
	v.Topics = []string{ours}
	return nil
}

// unsubscribe stops everything for whoever has the personal token, which is the
// last part of the link in every notice.
func (s *Server) unsubscribe(c *gin.Context, _ *edition, values url.Values) *refusal {
	token := within(values.Get(field("id")), maxToken)
	_, err := s.options.Signup.Drop(c.Request.Context(), token, "", s.options.Now())
	switch {
	case errors.Is(err, signup.ErrLink):
		return &refusal{http.StatusNotFound, "subscriber[id] is nobody's; it is the last part of the personal link in every notice."}
	case err != nil && !errors.Is(err, signup.ErrGone):
		s.options.Log.Warn("letting a subscriber go", "err", err)
		return &refusal{http.StatusServiceUnavailable, "This cannot be taken right now. Try again in a few minutes."}
	}
	c.Header("Cache-Control", keepNot)
	c.Status(http.StatusNoContent)
	return nil
}
