package console

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// ServeHTTP answers a request below [Root].
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.headers(w.Header())
	defer c.recover(w, r)
	if !c.allowed(r) {
		w.Header().Set("Retry-After", "2")
		c.fail(w, r, refuse(http.StatusTooManyRequests, "problem_too_often"))
		return
	}
	if err := c.crossOrigin.Check(r); err != nil {
		c.fail(w, r, refuse(http.StatusForbidden, "problem_foreign"))
		return
	}
	c.keepLanguage(w, r)
	c.mux.ServeHTTP(w, r)
}

// policy lets a page load its own style, script and images, talk to its own
// server, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (c *Console) headers(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	if c.secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// allowed spends one of the allowance that the visitor's network has.
func (c *Console) allowed(r *http.Request) bool {
	from, now := c.proxies.Visitor(r), c.options.Now()
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !c.writes.Allow(from, now) {
		return false
	}
	return c.asks.Allow(from, now)
}

// recover answers for a page that panicked. [http.ErrAbortHandler] is no
// mistake: it is how a handler hangs up.
func (c *Console) recover(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == nil {
		return
	}
	if fault == http.ErrAbortHandler { //nolint:errorlint // A panic value is compared, not an error chain.
		panic(fault)
	}
	c.options.Log.Error("answering a request panicked",
		"method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
	c.answer(w, r, refuse(http.StatusInternalServerError, "problem_mistake"))
}
