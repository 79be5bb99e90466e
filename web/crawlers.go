package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// Where machines that index pages look first.
const (
	robotsPath  = "/robots.txt"
	sitemapPath = "/sitemap.xml"
)

// mostListed bounds a sitemap: its format allows no more.
const mostListed = 50_000

// keepHour is for what changes when pages come and go.
const keepHour = "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800"

// stockCrawlers puts on the shelf what tells crawlers which pages there are.
func (e *edition) stockCrawlers(before *edition) error {
	err := e.stockFor(before, robotsPath, "text/plain; charset=utf-8", keepHour, func() ([]byte, error) { return e.robots(), nil })
	if err != nil || e.snapshot.Site.URL == "" { // without it nobody can name an address
		return err
	}
	return e.stockFor(before, sitemapPath, "application/xml; charset=utf-8", keepHour, func() ([]byte, error) { return e.sitemap(), nil })
}

// robots keeps crawlers out of what is no page, and of what is one person's own.
func (e *edition) robots() []byte {
	var out bytes.Buffer
	out.WriteString("User-agent: *\n")
	for _, room := range []string{"/api/", "/console", "/hooks/", "/beat/", "/s/", "/leave/"} {
		fmt.Fprintf(&out, "Disallow: %s\n", room)
	}
	for _, lang := range e.languages {
		fmt.Fprintf(&out, "Disallow: %s\nDisallow: %s\n", link("/s/", lang), link("/leave/", lang))
	}
	if url := e.snapshot.Site.URL; url != "" {
		fmt.Fprintf(&out, "Sitemap: %s%s\n", url, sitemapPath)
	}
	return out.Bytes()
}

// sitemap lists every page in every language. It says nothing of when they
// changed: what is wrong now changes all the time, the rest hardly ever.
func (e *edition) sitemap() []byte {
	var out bytes.Buffer
	out.WriteString(xml.Header + `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n")
	paths := []string{"/"}
	for _, p := range e.copied() {
		paths = append(paths, p.path)
	}
	paths = append(paths, "/check")
	listed := 0
	for _, path := range paths {
		for _, lang := range e.languages {
			if listed++; listed > mostListed {
				break
			}
			out.WriteString("<url><loc>")
			_ = xml.EscapeText(&out, []byte(e.snapshot.Site.URL+link(path, lang))) // a buffer takes everything
			out.WriteString("</loc></url>\n")
		}
	}
	out.WriteString("</urlset>\n")
	return out.Bytes()
}
