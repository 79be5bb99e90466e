package web

import "strings"

// feedLink tells a program in the head of a page which feed tells the same.
type feedLink struct{ Type, Title, Href string }

// feedLinks are the feeds of a page: a component's own before the site's.
func (t *teller) feedLinks(path string) []feedLink {
	var links []feedLink
	if id, isComponent := strings.CutPrefix(path, "/components/"); isComponent && t.components()[id] != nil {
		links = append(links, feedLink{"application/atom+xml", t.name(id), link("/feeds"+path+".atom", t.Lang)})
	}
	return append(links, feedLink{"application/atom+xml", t.text(t.snapshot.Site.Name), link("/feed.atom", t.Lang)})
}

// dataLinks lead to what the page tells in the forms that programs read.
func dataLinks(lang string) []navLink {
	return []navLink{
		{Text: "Atom", Href: link("/feed.atom", lang)},
		{Text: "RSS", Href: link("/feed.rss", lang)},
		{Text: "JSON", Href: link("/feed.json", lang)},
		{Text: "iCalendar", Href: link("/maintenance.ics", lang)},
		{Text: "CAP", Href: link("/cap.atom", lang)},
	}
}
