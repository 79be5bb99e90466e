package web

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// mostMapped bounds the site map: it may have 50,000 addresses at most.
const mostMapped = 45_000

// siteMap names the pages for search engines, in every language.
type siteMap struct {
	XMLName xml.Name     `xml:"urlset"`
	Space   string       `xml:"xmlns,attr"`
	Pages   []mappedPage `xml:"url"`
}

type mappedPage struct {
	Address string `xml:"loc"`
}

func (e *edition) siteMap() ([]byte, error) {
	m := siteMap{Space: "http://www.sitemaps.org/schemas/sitemap/0.9"}
	pages := append([]copiedPage{{path: "/"}, {path: "/check"}}, e.copied()...)
	for _, p := range pages {
		for _, lang := range e.languages {
			if len(m.Pages) < mostMapped {
				m.Pages = append(m.Pages, mappedPage{e.snapshot.Site.URL + link(p.path, lang)})
			}
		}
	}
	body, err := xml.Marshal(m)
	return append([]byte(xml.Header), body...), err
}

// mapRoutes are for search engines: without a public address there is no map.
func (s *Server) mapRoutes(engine *gin.Engine) {
	get(engine, "/sitemap.xml", func(c *gin.Context) {
		e := s.current.Load()
		if e == nil || e.snapshot.Site.URL == "" {
			s.answer(http.StatusNotFound)(c)
			return
		}
		s.deliver(c, "/sitemap.xml", func() (*document, error) {
			return e.keep(key("/sitemap.xml", ""), func() (*document, error) {
				body, err := e.siteMap()
				if err != nil {
					return nil, err
				}
				return newDocument(http.StatusOK, "application/xml; charset=utf-8", body), nil
			})()
		})
	})
	get(engine, "/robots.txt", func(c *gin.Context) {
		lines := []string{"User-agent: *", "Disallow: /console", "Disallow: /s/", "Disallow: /leave/", "Disallow: /api/"}
		if e := s.current.Load(); e != nil && e.snapshot.Site.URL != "" {
			lines = append(lines, "Sitemap: "+e.snapshot.Site.URL+"/sitemap.xml")
		}
		plain(c, http.StatusOK, strings.Join(lines, "\n")+"\n")
	})
}
