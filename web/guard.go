package web

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// The headers that every answer carries unless its handler sets others. The
// page needs its own style, script and images and nothing else.
var (
	policy = []string{"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"}
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
)

// guard is the outermost handler: it sets the security headers, bounds the
// body and turns a panic into a logged 500.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Security-Policy"] = policy
		h["X-Content-Type-Options"] = noSniff
		h["Referrer-Policy"] = noReferrer
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, bodyLimit(r.URL.Path))
			if r.Method == http.MethodGet || r.Method == http.MethodHead {
				hangUp(w, r) // nobody reads it
			}
		}
		defer s.recover(w, r)
		next.ServeHTTP(w, r)
	})
}

// bodyLimit is how many bytes a body may have. What apps send is larger than
// anything else, and only read from who has a token.
func bodyLimit(path string) int64 {
	switch path {
	case noticesPath:
		return maxOrder
	case uploadsPath:
		return maxUpload
	case importPath:
		return maxImport
	}
	return maxBodyBytes
}

// recover answers for a handler that panicked. [http.ErrAbortHandler] is no
// mistake: it is how a handler hangs up.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler { //nolint:errorlint // A panic value is compared, not an error chain.
		panic(fault)
	}
	s.options.Log.Error("answering a request panicked",
		"method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
	s.fail(w, r)
}

// fail answers 500 in the visitor's language.
func (s *Server) fail(w http.ResponseWriter, r *http.Request) {
	if e := s.current.Load(); e != nil {
		e.message(http.StatusInternalServerError, e.language(r)).serve(w, r)
		return
	}
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}
