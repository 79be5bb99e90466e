package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTime is how long the question whether we are ready may take.
const readyTime = 2 * time.Second

// maxCode bounds a check code somebody types.
const maxCode = 16

// fromShelf answers what is ready in memory, and leaves the rest to next.
func (s *Server) fromShelf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = singleSlash(r)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			s.otherMethod(next).ServeHTTP(w, r)
			return
		}
		e := s.current.Load()
		if e == nil {
			next.ServeHTTP(w, r)
			return
		}
		if r.URL.Path == "/" {
			s.serveSheet(w, r, e.firstPage(e.language(r)))
			return
		}
		if on := e.shelf[r.URL.Path]; on != nil {
			s.serveSheet(w, r, on)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) serveSheet(w http.ResponseWriter, r *http.Request, on *sheet) {
	d, err := on.document()
	if err != nil {
		s.options.Log.Error("rendering a page", "path", r.URL.Path, "err", err)
		s.fail(w, r)
		return
	}
	d.serve(w, r)
}

// otherMethod refuses to write to what is on the shelf.
func (s *Server) otherMethod(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := s.current.Load()
		if e == nil || (r.URL.Path != "/" && e.shelf[r.URL.Path] == nil) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", "GET, HEAD")
		hangUp(w, r)
		if strings.HasPrefix(r.URL.Path, apiRoot) {
			newProblem(http.StatusMethodNotAllowed, noSuchMethod).write(w)
			return
		}
		e.message(http.StatusMethodNotAllowed, e.language(r)).serve(w, r)
	})
}

// pageRoutes are the pages that are not on the shelf.
func (s *Server) pageRoutes(engine *gin.Engine) {
	get(engine, "/components/:id", s.page)
	get(engine, "/incidents/:id", s.page)
	get(engine, "/history", s.pastPage)
	get(engine, "/needs", s.page)
	get(engine, "/measured", s.page)
	get(engine, "/find", s.find)
	get(engine, "/design", s.page)
	get(engine, "/maintenance", s.page)
	get(engine, "/judging", s.page)
	get(engine, "/apps", s.page)
	get(engine, "/apps/:id", s.page)
	get(engine, "/check", s.checkForm)
	get(engine, "/check/:code", s.checkCode)
}

// page answers with the page at the request's path.
func (s *Server) page(c *gin.Context) { s.pageAt(c, c.Request.URL.Path) }

// deliver answers with a page that is made now, or says that it could not be.
func (s *Server) deliver(c *gin.Context, path string, build func() (*document, error)) {
	if s.current.Load() == nil {
		starting(c)
		return
	}
	d, err := build()
	if err != nil {
		s.options.Log.Error("rendering a page", "path", path, "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	d.serve(c.Writer, c.Request)
}

// checkForm shows the form, and leads from the form to the code's own page.
func (s *Server) checkForm(c *gin.Context) {
	code := cleanCode(c.Query("code"))
	if code == "" {
		s.page(c)
		return
	}
	s.lead(c, "/check/"+code)
}

// lead sends the visitor to another page, in the language they chose.
func (s *Server) lead(c *gin.Context, path string) {
	to := url.URL{Path: path}
	if lang := c.Query("lang"); s.speech.Voice(lang) != nil {
		to.Path = link(path, lang)
	}
	c.Redirect(http.StatusSeeOther, to.String())
}

// cleanCode is a code as we print it: capitals and digits. What can not be a
// code comes out empty.
func cleanCode(typed string) string {
	code := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed))
	if len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	}) {
		return ""
	}
	return code
}

func (s *Server) pageAt(c *gin.Context, path string) {
	e := s.current.Load()
	if e == nil {
		starting(c)
		return
	}
	lang := e.language(c.Request)
	d, err := e.page(path, lang)
	switch {
	case err != nil:
		s.options.Log.Error("rendering a page", "path", path, "err", err)
		s.fail(c.Writer, c.Request)
	case d == nil && strings.HasPrefix(path, "/check/"):
		s.unknownCode(c, e, lang)
	case d == nil:
		s.answer(http.StatusNotFound)(c)
	default:
		d.serve(c.Writer, c.Request)
	}
}

func (s *Server) unknownCode(c *gin.Context, e *edition, lang string) {
	d, err := e.keep(key("/check/?", lang), func() (*document, error) {
		body, err := e.render("check", "/check", lang, http.StatusNotFound, e.tellers[lang].check("?", nil))
		if err != nil {
			return nil, err
		}
		return newPage(http.StatusNotFound, lang, body), nil
	})()
	if err != nil {
		s.options.Log.Error("rendering a page", "path", "/check", "err", err)
		s.fail(c.Writer, c.Request)
		return
	}
	d.serve(c.Writer, c.Request)
}

// answer is the handler for what is no page: with words, in the visitor's
// language.
func (s *Server) answer(code int) gin.HandlerFunc {
	return func(c *gin.Context) {
		e := s.current.Load()
		if e == nil {
			starting(c)
			return
		}
		e.message(code, e.language(c.Request)).serve(c.Writer, c.Request)
	}
}

// starting answers for the moments before the first snapshot.
func starting(c *gin.Context) {
	c.Header("Retry-After", "2")
	c.Header("Cache-Control", keepNot)
	c.String(http.StatusServiceUnavailable, "시작하는 중입니다. 아직 측정 결과가 없습니다.\n起動中です。まだ測定結果がありません。\nStarting. Nothing has been measured yet.\n")
}

// healthRoutes are for machines that watch over this one.
func (s *Server) healthRoutes(engine *gin.Engine) {
	get(engine, "/healthz", func(c *gin.Context) { plain(c, http.StatusOK, "ok\n") })
	get(engine, "/readyz", s.ready)
	if s.options.Metrics != nil {
		get(engine, "/metrics", gin.WrapH(promhttp.HandlerFor(s.options.Metrics, promhttp.HandlerOpts{
			MaxRequestsInFlight: 4, Timeout: readyTime,
		})))
	}
}

func (s *Server) ready(c *gin.Context) {
	if s.current.Load() == nil {
		plain(c, http.StatusServiceUnavailable, "no snapshot has been published yet\n")
		return
	}
	if s.options.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTime)
		defer cancel()
		if err := s.options.Ready(ctx); err != nil {
			s.options.Log.Warn("not ready", "err", err)
			plain(c, http.StatusServiceUnavailable, "not ready; the log says why\n")
			return
		}
	}
	plain(c, http.StatusOK, "ready\n")
}

func plain(c *gin.Context, code int, text string) {
	c.Header("Cache-Control", keepNot)
	c.String(code, text)
}
