package web

import (
	"net"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// OpenAPI is the API's document; closed names every field of an answer.
func OpenAPI(closed bool) ([]byte, error) { return openAPI(closed) }

// Routes are the routes below a path that the server answers, as "GET /path",
// those of the shelf included.
func (s *Server) Routes(below string) ([]string, error) {
	router, err := s.router()
	if err != nil {
		return nil, err
	}
	var routes []string
	for _, r := range router.(*gin.Engine).Routes() {
		if strings.HasPrefix(r.Path, below) {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	if e := s.current.Load(); e != nil {
		for path := range e.shelf {
			if strings.HasPrefix(path, below) {
				routes = append(routes, "GET "+path)
			}
		}
	}
	return routes, nil
}

// DeedOf is what the token of an operation has to allow, by "GET /path"; empty:
// it needs none.
func DeedOf() map[string]account.Deed {
	all := map[string]account.Deed{}
	for _, o := range operations() {
		all[o.method+" "+o.path] = o.deed
	}
	return all
}

// Operations are those of the document, as "GET /path".
func Operations() []string {
	var list []string
	for _, o := range operations() {
		list = append(list, o.method+" "+o.path)
	}
	return list
}

// UploadPlaces are the places for uploads.
type UploadPlaces = uploadPlaces

// Take takes a place for an app's upload, if there is one.
func (p *UploadPlaces) Take(app string) bool { return p.take(app) }

// Leave gives it back.
func (p *UploadPlaces) Leave(app string) { p.leave(app) }

// FollowCrowd is what a server that holds so many connections at most follows them with.
func FollowCrowd(most int) func(net.Conn, http.ConnState) { return newCrowd(most).state }
