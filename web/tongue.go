package web

import (
	"net/http"
	"net/url"
	"strings"
)

// pageRooms are the first parts of the paths that pages for people have, and what
// programs read in one language: each of them is there in every language, below
// the language's own path.
var pageRooms = map[string]bool{
	"": true, "components": true, "incidents": true, "history": true, "maintenance": true, "judging": true,
	"needs": true, "measured": true, "find": true, "design": true, "check": true, "subscribe": true, "leave": true, "s": true, "apps": true,
	"feed.atom": true, "feed.rss": true, "feed.json": true, "feeds": true, "maintenance.ics": true, "cap.atom": true, "badge": true, "widget": true,
}

// link is the address of a page in a language.
func link(path, lang string) string { return "/" + lang + path }

// inTongue takes the language off the beginning of a path, as if it had been
// asked for with lang=.
func (s *Server) inTongue(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang, rest := tongue(r.URL.Path)
		e := s.current.Load()
		if e == nil || e.tellers[lang] == nil || e.shelf[r.URL.Path] != nil { // what lies on the shelf has the language in its name
			next.ServeHTTP(w, r)
			return
		}
		if rest == "" {
			http.Redirect(w, r, link("/", lang), http.StatusPermanentRedirect) //nolint:gosec // a language of the site
			return
		}
		if room, _, _ := strings.Cut(rest[1:], "/"); !pageRooms[room] {
			e.message(http.StatusNotFound, lang).serve(w, r)
			return
		}
		next.ServeHTTP(w, below(r, lang, rest))
	})
}

// tongue parts what may be a language from the rest of a path.
func tongue(path string) (lang, rest string) {
	lang, _, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !found {
		return lang, ""
	}
	return lang, path[1+len(lang):]
}

// below is the request for a page below a language's path.
func below(r *http.Request, lang, rest string) *http.Request {
	inner := *r
	inner.URL = &url.URL{
		Scheme: r.URL.Scheme, Host: r.URL.Host, Path: rest,
		RawPath:  strings.TrimPrefix(r.URL.RawPath, "/"+lang),
		RawQuery: strings.TrimSuffix("lang="+lang+"&"+r.URL.RawQuery, "&"),
	}
	return &inner
}
