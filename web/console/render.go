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

	"bongsu/web/speech"
)

//go:embed templates/*.html
var templateFiles embed.FS

// shared are the template files that every page uses; each other file is a page.
var shared = []string{"templates/layout.html", "templates/parts.html", "templates/compose.html"}

// views are the pages' templates, per language, each bound to its voice.
type views struct {
	byLanguage map[string]map[string]*template.Template
}

// newViews reads the templates. It is an error if one calls for a template or
// a text that is not there.
func newViews(c *speech.Catalog, a *assets) (*views, error) {
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	v := &views{byLanguage: map[string]map[string]*template.Template{}}
	for _, lang := range c.Languages() {
		base, err := template.New("page").Funcs(functions(c.Voice(lang), a)).ParseFS(templateFiles, shared...)
		if err != nil {
			return nil, fmt.Errorf("reading the layout: %w", err)
		}
		v.byLanguage[lang] = map[string]*template.Template{}
		for _, file := range pages {
			if slices.Contains(shared, file) {
				continue
			}
			if v.byLanguage[lang][strings.TrimSuffix(path.Base(file), ".html")], err = page(base, file, c); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return v, nil
}

func page(base *template.Template, file string, c *speech.Catalog) (*template.Template, error) {
	page, err := base.Clone()
	if err != nil {
		return nil, err
	}
	if page, err = page.ParseFS(templateFiles, file); err != nil {
		return nil, err
	}
	return page, c.Complete(page)
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
	t := v.console.views.byLanguage[v.Lang][page]
	if t == nil {
		return fmt.Errorf("there is no page %q in %q", page, v.Lang)
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
	_, err := v.writer.Write(out.Bytes())
	if err != nil {
		return http.ErrAbortHandler // whoever asked has gone
	}
	return nil
}
