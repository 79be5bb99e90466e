package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"bongsu/web/speech"
)

//go:embed templates/*.html
var templateFiles embed.FS

// shared are the template files that every page uses; each other file is a page.
var shared = []string{"templates/layout.html", "templates/parts.html"}

// views are the pages' templates, per language, each bound to its voice.
type views struct {
	byLanguage map[string]map[string]*template.Template
}

// newViews reads the templates. It is an error if one calls for a template or
// a text that is not there.
func newViews(s *speech.Catalog, a *assets) (*views, error) {
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	v := &views{byLanguage: map[string]map[string]*template.Template{}}
	for _, lang := range s.Languages() {
		v.byLanguage[lang] = map[string]*template.Template{}
		for _, file := range pages {
			if file == shared[0] || file == shared[1] {
				continue
			}
			page, err := template.New("page").Funcs(functions(s.Voice(lang), a)).ParseFS(templateFiles, append(shared, file)...)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			if err := s.Complete(page); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			v.byLanguage[lang][strings.TrimSuffix(path.Base(file), ".html")] = page
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
	page := v.byLanguage[f.Lang][view]
	if page == nil {
		return nil, fmt.Errorf("there is no page %q in %q", view, f.Lang)
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "layout", f); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
