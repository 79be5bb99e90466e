package web

import (
	"context"
	"net/http"

	"bongsu/notifier/appnotice"
)

// resultsEach is how many results are read at a time.
const resultsEach = 2000

// apiNotices is the answer of GET /api/v1/notices.
type apiNotices struct {
	Notices []appnotice.View `json:"notices"` // newest first
	Next    *string          `json:"next"`    // cursor of the page after; null: there is none
}

// orderNotice sends a text of an app, or says what it would come to.
func (s *Server) orderNotice(ctx context.Context, c *call) *problem {
	if !s.apps.orders.Allow(c.who.ID, c.now) {
		return tooOften(appOrderEvery)
	}
	dry, text := c.Query("dry_run"), c.GetHeader("Idempotency-Key")
	switch {
	case dry != "" && dry != "true" && dry != "false":
		return newProblem(http.StatusBadRequest, "dry_run is true or false.")
	case len(text) > maxKey || !printable(text):
		return newProblem(http.StatusBadRequest, "An Idempotency-Key has 1 to 200 letters, digits and signs of ASCII.")
	}
	var in appnotice.Order
	body, refusal := readJSONWithin(c.Context, &in, maxOrder)
	if refusal != nil {
		return refusal
	}
	ctx, cancel := context.WithTimeout(ctx, orderTime)
	defer cancel()
	answer, replayed, found, err := s.options.Apps.Order(ctx, c.app, &in, appnotice.NewKey(c.who.ID, text, body), dry == "true", c.now)
	if err != nil {
		return s.appRefusal(err, found)
	}
	if replayed {
		c.Header("Idempotency-Replayed", "true")
	}
	status := http.StatusAccepted
	if dry == "true" {
		status = http.StatusOK
	}
	c.Data(status, "application/json; charset=utf-8", append([]byte(answer), '\n'))
	return nil
}

func printable(text string) bool {
	for _, r := range text {
		if r < '!' || r > '~' {
			return false
		}
	}
	return true
}

func (s *Server) listNotices(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "notices")
	if refusal != nil {
		return refusal
	}
	list, err := s.options.Apps.Book.NoticesOf(ctx, c.app, after, limit+1)
	if err != nil {
		return s.appRefusal(err, nil)
	}
	a := apiNotices{Notices: []appnotice.View{}}
	if len(list) > limit {
		list = list[:limit]
		a.Next = s.next("notices", list[limit-1].ID)
	}
	a.Notices = append(a.Notices, list...)
	c.JSON(http.StatusOK, a)
	return nil
}

func (s *Server) readNotice(ctx context.Context, c *call) *problem {
	v, err := s.options.Apps.Notice(ctx, c.app, c.Param("id"), c.now)
	if err != nil {
		return s.appRefusal(err, nil)
	}
	c.JSON(http.StatusOK, v)
	return nil
}

func (s *Server) cancelNotice(ctx context.Context, c *call) *problem {
	v, err := s.options.Apps.Cancel(ctx, c.app, c.Param("id"), c.now)
	if err != nil {
		return s.appRefusal(err, nil)
	}
	c.JSON(http.StatusOK, v)
	return nil
}

// readResults gives what became of each recipient, by the app's name for them.
func (s *Server) readResults(ctx context.Context, c *call) *problem {
	v, err := s.options.Apps.Book.NoticeOf(ctx, c.app, c.Param("id"))
	if err != nil {
		return s.appRefusal(err, nil)
	}
	if v.List == 0 {
		return newProblem(http.StatusConflict, "This notice went to subscribers; of them there are counts alone.")
	}
	after := int64(0)
	return s.streamLines(c, func(write func(any) error) (bool, error) {
		list, last, more, err := s.options.Apps.Book.Results(ctx, v, after, resultsEach)
		if err != nil {
			return false, err
		}
		for i := range list {
			if err := write(&list[i]); err != nil {
				return false, err
			}
		}
		after = last
		return more, nil
	})
}

// erasePerson forgets one of an app's people.
func (s *Server) erasePerson(ctx context.Context, c *call) *problem {
	if err := s.options.Apps.Book.ErasePerson(ctx, c.app, c.Param("ref"), c.now); err != nil {
		return s.appRefusal(err, nil)
	}
	c.Status(http.StatusNoContent)
	return nil
}
