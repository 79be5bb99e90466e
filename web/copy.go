package web

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"bongsu/status"
)

// CopyPage is one file of the site as a static copy: whole, with links that
// hold wherever the copy lies.
type CopyPage struct {
	Path  string // in the copy, such as ja/components/login.html
	Stamp string // files of equal stamps read the same, but for single looks
	First bool   // goes out before the others: it says what is wrong now
	Looks bool   // shows single looks, each of which makes it another file
	Make  func() (CopyFile, error)
}

// CopyFile is what the file holds, and how it is to be served.
type CopyFile struct {
	Body         []byte
	Type         string
	CacheControl string
}

// Copy is the site as it is now, as files; nil before the first snapshot. What
// only works with the server, such as signing up, is left out: links to it lead
// to the site itself.
func (s *Server) Copy() []CopyPage {
	e := s.current.Load()
	if e == nil {
		return nil
	}
	var pages []CopyPage
	drawn := e.assetPaths()
	for _, path := range slices.Sorted(maps.Keys(drawn)) {
		pages = append(pages, copySheet(strings.TrimPrefix(path, "/"), drawn[path], plainFile))
	}
	for i, lang := range e.languages {
		pages = append(pages, e.copyFirst(lang+"/index.html", lang))
		if i == 0 {
			pages = append(pages, e.copyFirst("index.html", lang))
		}
		for _, p := range e.copied() {
			pages = append(pages, e.copyPage(p, lang))
		}
	}
	for _, d := range e.copiedData() {
		pages = append(pages, e.copyData(d))
	}
	for _, path := range slices.Sorted(maps.Keys(e.shelf)) {
		if path == nowPath || strings.Contains(path, widgetRoot) || e.server.assets.shelf[path] != nil {
			continue // a copy has its own, or it is there already
		}
		if strings.HasSuffix(path, ".json") || strings.HasPrefix(path, apiRoot) {
			name := strings.TrimPrefix(path, "/")
			if !strings.HasSuffix(name, ".json") {
				name += ".json"
			}
			pages = append(pages, copySheet(name, e.shelf[path], plainFile))
		}
	}
	return append(pages, e.copyWidgets()...)
}

// copySheet is a file of what lies on the shelf. Its own bytes are its stamp.
func copySheet(name string, on *sheet, file func(*document) (CopyFile, error)) CopyPage {
	d, err := on.document()
	if err != nil {
		return CopyPage{Path: name, First: true, Make: func() (CopyFile, error) { return CopyFile{}, err }}
	}
	return CopyPage{Path: name, Stamp: d.plain.etag[0], First: true, Make: func() (CopyFile, error) { return file(d) }}
}

// plainFile is a document as it is.
func plainFile(d *document) (CopyFile, error) { return d.file(), nil }

func (d *document) file() CopyFile {
	return CopyFile{Body: d.body, Type: d.contentType[0], CacheControl: d.cacheControl[0]}
}

func (e *edition) copyFirst(name, lang string) CopyPage {
	return copySheet(name, e.first[lang], func(d *document) (CopyFile, error) { return e.forCopy(d, name, lang) })
}

// copiedPage is a page of which every language has its own.
type copiedPage struct {
	path, stamp  string
	first, looks bool
}

// copied are the pages beside the first.
func (e *edition) copied() []copiedPage {
	var pages []copiedPage
	incidents := func(list []status.Incident, first bool) {
		for i := range list {
			stamp := strconv.FormatInt(list[i].Version, 10)
			if sent := e.sent[list[i].ID]; sent != nil {
				stamp += " " + sent.Changed.String()
			}
			pages = append(pages, copiedPage{path: "/incidents/" + list[i].ID, stamp: stamp, first: first})
		}
	}
	incidents(e.snapshot.Incidents, true)
	day := e.snapshot.At.In(e.tellers[e.languages[0]].Zone).Format("2006-01-02")
	told := fmt.Sprint(day, e.told.UnixNano())
	pages = append(pages, copiedPage{path: "/history", stamp: told}, copiedPage{path: "/maintenance", stamp: told}, copiedPage{path: "/judging", stamp: day, looks: true},
		copiedPage{path: "/needs", stamp: told}, copiedPage{path: "/measured", stamp: told})
	if len(e.snapshot.Apps) > 0 {
		pages = append(pages, copiedPage{path: "/apps", stamp: told, first: true})
	}
	for i := range e.snapshot.Apps {
		pages = append(pages, copiedPage{path: "/apps/" + e.snapshot.Apps[i].ID, stamp: told, first: true})
	}
	for g := range e.snapshot.Groups {
		for _, v := range e.snapshot.Groups[g].Components {
			pages = append(pages, copiedPage{path: "/components/" + v.ID, stamp: fmt.Sprint(day, v.Version, v.Maintenance, v.Incident), looks: true})
		}
	}
	incidents(e.snapshot.Past, false)
	return pages
}

func (e *edition) copyPage(p copiedPage, lang string) CopyPage {
	name := copyName(p.path, lang)
	return CopyPage{
		Path: name, Stamp: p.stamp, First: p.first, Looks: p.looks,
		Make: func() (CopyFile, error) {
			d, err := e.page(p.path, lang)
			if err == nil && d == nil {
				err = fmt.Errorf("there is no page %s", p.path)
			}
			if err != nil {
				return CopyFile{}, err
			}
			return e.forCopy(d, name, lang)
		},
	}
}

// copyName is where a page lies in the copy.
func copyName(path, lang string) string {
	if path == "/" {
		return lang + "/index.html"
	}
	return lang + path + ".html"
}

// forCopy is a page with links that hold in the copy, and a word that it is one.
func (e *edition) forCopy(d *document, name, lang string) (CopyFile, error) {
	f := d.file()
	var out bytes.Buffer
	z := html.NewTokenizer(bytes.NewReader(d.body))
	for {
		switch z.Next() {
		case html.ErrorToken:
			f.Body = out.Bytes()
			return f, nil // the end: it is a page of ours
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := bytes.Clone(z.Raw())
			t := z.Token()
			if e.relink(&t, name) {
				out.WriteString(t.String())
			} else {
				out.Write(raw)
			}
			if t.Data == "main" {
				out.WriteString(e.copyNote(lang))
			}
		default:
			out.Write(z.Raw())
		}
	}
}

// copyNote says that this is a copy, of what, and of when.
func (e *edition) copyNote(lang string) string {
	t, site := e.tellers[lang], e.snapshot.Site.URL
	note := html.EscapeString(t.Say("copy", "Time", t.Dated(e.snapshot.At)))
	if site != "" {
		address := html.EscapeString(site + link("/", lang))
		note += " " + html.EscapeString(t.Say("copy_of")) + ` <a href="` + address + `">` + address + "</a>"
	}
	return `<p class="copy" role="note">` + note + "</p>"
}

// relink changes the addresses in a tag to those of the copy, if it has any.
func (e *edition) relink(t *html.Token, from string) (changed bool) {
	for i := range t.Attr {
		a := &t.Attr[i]
		if (a.Key != "href" && a.Key != "src" && a.Key != "action") || !strings.HasPrefix(a.Val, "/") {
			continue
		}
		a.Val, changed = e.inCopy(a.Val, from), true
	}
	return changed
}

// inCopy is where an address of the site leads from a file of the copy.
func (e *edition) inCopy(address, from string) string {
	path, rest := address, ""
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		path, rest = address[:i], address[i:]
	}
	name := strings.TrimPrefix(path, "/")
	lang, page := tongue(path)
	if e.shelf[path] == nil && !inCopyData(path) && (e.tellers[lang] == nil || !inCopyData(page)) {
		if room, _, _ := strings.Cut(strings.TrimPrefix(page, "/"), "/"); e.tellers[lang] == nil || !copiedRooms[room] || page == "" || (page == "/history" && strings.HasPrefix(rest, "?")) {
			return e.snapshot.Site.URL + address
		}
		name = copyName(page, lang)
	}
	return strings.Repeat("../", strings.Count(from, "/")) + name + rest
}

// copiedRooms are the rooms whose pages the copy has.
var copiedRooms = map[string]bool{"": true, "components": true, "incidents": true, "history": true, "maintenance": true, "judging": true, "needs": true, "measured": true, "apps": true}
