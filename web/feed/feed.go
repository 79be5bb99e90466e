package feed

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"strings"
	"time"
)

// Feed is a list of entries, newest first, that programs ask for again and
// again.
type Feed struct {
	ID       string // a URI that never changes
	Title    string
	Subtitle string
	Lang     string
	Home     string // the page for people
	Self     string // this document's own address
	Author   string
	Updated  time.Time
	Entries  []Entry
}

// Entry is one thing told.
type Entry struct {
	ID    string // a URI that never changes
	Title string
	Link  string
	Text  string // plain, in lines
	At    time.Time
	By    string // who wrote it, where a person did
	About []string
	Alert string // the address of the same as a CAP message; empty if there is none
}

// The media types of the formats.
const (
	AtomType = "application/atom+xml; charset=utf-8"
	RSSType  = "application/rss+xml; charset=utf-8"
	JSONType = "application/feed+json; charset=utf-8"
)

const generator = "Bongsu"

type (
	atomFeed struct {
		XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang      string      `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Subtitle  string      `xml:"subtitle,omitempty"`
		Updated   string      `xml:"updated"`
		Links     []atomLink  `xml:"link"`
		Author    atomPerson  `xml:"author"`
		Generator string      `xml:"generator"`
		Entries   []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomPerson struct {
		Name string `xml:"name"`
	}
	atomCategory struct {
		Term string `xml:"term,attr"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	atomEntry struct {
		ID        string         `xml:"id"`
		Title     string         `xml:"title"`
		Published string         `xml:"published"`
		Updated   string         `xml:"updated"`
		Links     []atomLink     `xml:"link"`
		Author    *atomPerson    `xml:"author,omitempty"`
		About     []atomCategory `xml:"category"`
		Content   atomText       `xml:"content"`
	}
)

// Atom writes the feed by RFC 4287.
func (f *Feed) Atom() ([]byte, error) {
	a := atomFeed{
		Lang: f.Lang, ID: f.ID, Title: line(f.Title), Subtitle: line(f.Subtitle), Updated: f.Updated.Format(time.RFC3339),
		Links:  []atomLink{{"self", "application/atom+xml", f.Self}, {"alternate", "text/html", f.Home}},
		Author: atomPerson{line(f.Author)}, Generator: generator,
	}
	for i := range f.Entries {
		a.Entries = append(a.Entries, f.Entries[i].atom())
	}
	return writeXML(a)
}

// atom is the entry as a feed by RFC 4287 has it.
func (e *Entry) atom() atomEntry {
	at := e.At.Format(time.RFC3339)
	entry := atomEntry{
		ID: e.ID, Title: line(e.Title), Published: at, Updated: at,
		Links: []atomLink{{"alternate", "text/html", e.Link}}, Content: atomText{"text", clean(e.Text)},
	}
	if e.Alert != "" {
		entry.Links = append(entry.Links, atomLink{"enclosure", "application/cap+xml", e.Alert})
	}
	if e.By != "" {
		entry.Author = &atomPerson{line(e.By)}
	}
	for _, about := range e.About {
		entry.About = append(entry.About, atomCategory{line(about)})
	}
	return entry
}

// Atom is the entry by itself, as it stands in a feed by RFC 4287.
func (e *Entry) Atom() ([]byte, error) {
	named := struct {
		XMLName xml.Name `xml:"entry"`
		atomEntry
	}{atomEntry: e.atom()}
	body, err := xml.MarshalIndent(named, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing an entry: %w", err)
	}
	return body, nil
}

type (
	rss struct {
		XMLName xml.Name   `xml:"rss"`
		Version string     `xml:"version,attr"`
		Atom    string     `xml:"xmlns:atom,attr"`
		DC      string     `xml:"xmlns:dc,attr"`
		Channel rssChannel `xml:"channel"`
	}
	rssSelf struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	rssChannel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Self        rssSelf   `xml:"atom:link"`
		Description string    `xml:"description"`
		Language    string    `xml:"language"`
		Built       string    `xml:"lastBuildDate"`
		Generator   string    `xml:"generator"`
		Items       []rssItem `xml:"item"`
	}
	rssItem struct {
		Title       string   `xml:"title"`
		Link        string   `xml:"link"`
		Description string   `xml:"description"`
		Creator     string   `xml:"dc:creator,omitempty"`
		Categories  []string `xml:"category"`
		GUID        rssGUID  `xml:"guid"`
		Published   string   `xml:"pubDate"`
	}
	rssGUID struct {
		Permalink bool   `xml:"isPermaLink,attr"`
		ID        string `xml:",chardata"`
	}
)

// rssTime is how RSS writes an instant.
const rssTime = "Mon, 02 Jan 2006 15:04:05 -0700"

// RSS writes the feed by RSS 2.0, whose descriptions are HTML.
func (f *Feed) RSS() ([]byte, error) {
	r := rss{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", DC: "http://purl.org/dc/elements/1.1/",
		Channel: rssChannel{
			Title: line(f.Title), Link: f.Home, Self: rssSelf{"self", "application/rss+xml", f.Self}, Description: line(f.Subtitle),
			Language: f.Lang, Built: f.Updated.Format(rssTime), Generator: generator,
		},
	}
	for i := range f.Entries {
		e := &f.Entries[i]
		item := rssItem{
			Title: line(e.Title), Link: e.Link, Creator: line(e.By), GUID: rssGUID{ID: e.ID}, Published: e.At.Format(rssTime),
			Description: strings.ReplaceAll(html.EscapeString(clean(e.Text)), "\n", "<br>\n"),
		}
		for _, about := range e.About {
			item.Categories = append(item.Categories, line(about))
		}
		r.Channel.Items = append(r.Channel.Items, item)
	}
	return writeXML(r)
}

type (
	jsonFeed struct {
		Version     string       `json:"version"`
		Title       string       `json:"title"`
		HomePage    string       `json:"home_page_url"`
		FeedURL     string       `json:"feed_url"`
		Description string       `json:"description,omitempty"`
		Language    string       `json:"language"`
		Authors     []jsonAuthor `json:"authors"`
		Items       []jsonItem   `json:"items"`
	}
	jsonAuthor struct {
		Name string `json:"name"`
	}
	jsonItem struct {
		ID        string       `json:"id"`
		URL       string       `json:"url"`
		Title     string       `json:"title"`
		Text      string       `json:"content_text"`
		Published string       `json:"date_published"`
		Authors   []jsonAuthor `json:"authors,omitempty"`
		Tags      []string     `json:"tags,omitempty"`
		Language  string       `json:"language"`
	}
)

// JSON writes the feed by JSON Feed 1.1.
func (f *Feed) JSON() ([]byte, error) {
	j := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: line(f.Title), HomePage: f.Home, FeedURL: f.Self, Description: line(f.Subtitle),
		Language: f.Lang, Authors: []jsonAuthor{{line(f.Author)}}, Items: []jsonItem{},
	}
	for i := range f.Entries {
		j.Items = append(j.Items, f.Entries[i].item(f.Lang))
	}
	body, err := json.MarshalIndent(j, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing a JSON feed: %w", err)
	}
	return append(body, '\n'), nil
}

// item is the entry as a JSON Feed has it.
func (e *Entry) item(lang string) jsonItem {
	item := jsonItem{
		ID: e.ID, URL: e.Link, Title: line(e.Title), Text: clean(e.Text), Published: e.At.Format(time.RFC3339), Language: lang, Tags: e.About,
	}
	if e.By != "" {
		item.Authors = []jsonAuthor{{line(e.By)}}
	}
	return item
}

// JSON is the entry by itself, as it stands in a JSON Feed of the language.
func (e *Entry) JSON(lang string) ([]byte, error) {
	body, err := json.MarshalIndent(e.item(lang), "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing an entry: %w", err)
	}
	return body, nil
}

// writeXML writes a whole XML document.
func writeXML(v any) ([]byte, error) {
	body, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing XML: %w", err)
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}
