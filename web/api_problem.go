package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// apiRoot is where answers are for machines, mistakes included.
const apiRoot = "/api/v1/"

// problem is an answer that is no success, in the form of RFC 9457. Detail
// says what to do.
type problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Errors []problemValue `json:"errors,omitempty"`
	// Current is the tag of what there is now, where If-Match named another.
	Current string `json:"current,omitempty"`

	challenge string        // for WWW-Authenticate
	after     time.Duration // for Retry-After
	unsure    bool          // nobody can tell whether something was changed
}

// problemValue is one value of the request that cannot be taken.
type problemValue struct {
	Pointer string `json:"pointer"` // a JSON pointer
	Detail  string `json:"detail"`
}

func newProblem(status int, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// unknown says that nobody can tell whether something was changed.
func (p *problem) unknown() *problem {
	p.unsure = true
	return p
}

// later is an answer of the same request at another time.
func (p *problem) later(after time.Duration) *problem {
	p.after = after
	return p
}

func (p *problem) answer(c *gin.Context) { p.write(c.Writer) }

func (p *problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", keepNot)
	if p.challenge != "" {
		h.Set("WWW-Authenticate", p.challenge)
	}
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.after/time.Second)))
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n'))
}

// noSuchMethod is the advice of a 405.
const noSuchMethod = "This path does not take this method; the Allow header names those it takes."

// noSuch answers what is not there: for machines with a problem, for people
// with a page.
func (s *Server) noSuch(status int, advice string) gin.HandlerFunc {
	page := s.answer(status)
	return func(c *gin.Context) {
		switch path := c.Request.URL.Path; {
		case strings.HasPrefix(path, apiRoot):
			newProblem(status, advice).answer(c)
		case strings.HasPrefix(path, v2Root):
			v2Problem(c.Writer, status, advice)
		default:
			page(c)
		}
	}
}
