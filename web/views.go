package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"bongsu/web/speech"
)

//go:embed templates/*.html
var templateFiles embed.FS

// shared are the template files that every page uses; each other file is a page.
var shared = []string{"templates/layout.html", "templates/parts.html"}

// views are the pages' templates, per language, each bound to its voice. One is
// read when it is first shown: three languages of every page would be most of
// the time and memory that a start takes.
type views struct {
	byLanguage map[string]map[string]func() (*template.Template, error)
}

func newViews(s *speech.Catalog, a *assets) (*views, error) {
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	v := &views{byLanguage: map[string]map[string]func() (*template.Template, error){}}
	for _, lang := range s.Languages() {
		v.byLanguage[lang] = map[string]func() (*template.Template, error){}
		for _, file := range pages {
			if slices.Contains(shared, file) {
				continue
			}
			v.byLanguage[lang][strings.TrimSuffix(path.Base(file), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				return template.New("page").Funcs(functions(s.Voice(lang), a)).ParseFS(templateFiles, slices.Concat(shared, []string{file})...)
			})
		}
	}
	return v, nil
}

// functions are what templates may call.
func functions(v *speech.Voice, a *assets) template.FuncMap {
	return template.FuncMap{
		"say":   v.Say,
		"link":  func(path string) string { return link(path, v.Lang) },
		"asset": a.path,
	}
}

func (v *views) render(view string, f *frame) ([]byte, error) {
	read := v.byLanguage[f.Lang][view]
	if read == nil {
		return nil, fmt.Errorf("there is no page %q in %q", view, f.Lang)
	}
	page, err := read()
	if err != nil {
		return nil, fmt.Errorf("reading the page %q: %w", view, err)
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "layout", f); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
