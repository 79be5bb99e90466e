package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"bongsu/status"
)

// v2Root is where the Statuspage API lies.
const v2Root = "/api/v2/"

const jsonType = "application/json; charset=utf-8"

// statuspage answers for the Statuspage API, in the site's first language.
func (s *Server) statuspage(c *gin.Context) {
	e := s.current.Load()
	if e == nil {
		c.Header("Retry-After", "2")
		v2Problem(c.Writer, http.StatusServiceUnavailable, "Starting: nothing has been measured yet.")
		return
	}
	path := strings.TrimPrefix(c.Param("path"), "/")
	body := e.statuspage().Get(path)
	if body == nil {
		v2Problem(c.Writer, http.StatusNotFound, v2Advice)
		return
	}
	s.serveData(c, e, v2Root+path, func() (*content, error) {
		made, err := body()
		return &content{kind: jsonType, body: made}, err
	})
}

// v2Advice is what a 404 says.
const v2Advice = "There is nothing at this path. GET /api/v2/summary.json is the state of everything."

// v2Problem is an answer of the Statuspage API that is no success.
func v2Problem(w http.ResponseWriter, code int, text string) {
	body, err := json.Marshal(map[string]string{"error": text})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h["Access-Control-Allow-Origin"] = anyOrigin
	h.Set("Cache-Control", keepNot)
	h.Set("Content-Type", jsonType)
	w.WriteHeader(code)
	w.Write(append(body, '\n'))
}

// v2Words say a snapshot for the Statuspage API.
type v2Words struct{ *teller }

func (w v2Words) Text(text status.Text) string { return w.text(text) }

func (w v2Words) Title(i *status.Incident) string { return w.title(i) }

func (w v2Words) Told(i *status.Incident, u *status.Update) string { return w.whole(i, u) }

func (w v2Words) Texted(k status.UpdateKind) bool { return texted(k) }

func (w v2Words) Unmeasured(since string) string {
	text := w.Say("unknown_never")
	if since != "" {
		text = w.Say("data_unmeasured", "Time", since)
	}
	return w.marked(text)
}

func (w v2Words) Underway() string { return w.Say("running") }

func (w v2Words) CalledOff() string { return w.Say("called_off") }

func (w v2Words) Mark() string { return w.simulated() }
