package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"bongsu/web/speech"
)

//go:embed templates/*.html
var templateFiles embed.FS

// shared are the template files that every page uses; each other file is a page.
var shared = []string{"templates/layout.html", "templates/parts.html", "templates/compose.html"}

// views are the pages' templates, per language, each bound to its voice. One is
// read when it is first shown: a server whose console nobody opens need not
// have it in memory.
type views struct {
	byLanguage map[string]map[string]func() (*template.Template, error)
}

func newViews(c *speech.Catalog, a *assets) (*views, error) {
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	v := &views{byLanguage: map[string]map[string]func() (*template.Template, error){}}
	for _, lang := range c.Languages() {
		v.byLanguage[lang] = map[string]func() (*template.Template, error){}
		for _, file := range pages {
			if slices.Contains(shared, file) {
				continue
			}
			v.byLanguage[lang][strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				return template.New("page").Funcs(functions(c.Voice(lang), a)).ParseFS(templateFiles, slices.Concat(shared, []string{file})...)
			})
		}
	}
	return v, nil
}

// functions are what templates may call.
func functions(v *speech.Voice, a *assets) template.FuncMap {
	return template.FuncMap{
		"say":   v.Say,   // {{say "id" "Name" .Value}}
		"count": v.Count, // {{count "id" 3}}
		"asset": a.path,  // {{asset "console.css"}}
		"path":  func(parts ...string) string { return Root + strings.Join(parts, "") },
	}
}

// render shows a page, under a title.
func (v *visit) render(page, title string, content any) error {
	return v.renderAs(http.StatusOK, page, title, content)
}

// renderAs shows a page with another status than 200.
func (v *visit) renderAs(status int, page, title string, content any) error {
	read := v.console.views.byLanguage[v.Lang][page]
	if read == nil {
		return fmt.Errorf("there is no page %q in %q", page, v.Lang)
	}
	t, err := read()
	if err != nil {
		return fmt.Errorf("reading the page %q: %w", page, err)
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, "layout", v.frame(status, title, content)); err != nil {
		return fmt.Errorf("rendering %s: %w", page, err)
	}
	h := v.writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang)
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Add("Vary", "Cookie, Accept-Language")
	v.writer.WriteHeader(status)
	if _, err := v.writer.Write(out.Bytes()); err != nil {
		return http.ErrAbortHandler // whoever asked has gone
	}
	return nil
}
