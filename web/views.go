package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"reflect"
	"strings"
	"text/template/parse"
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
func newViews(s *speech, a *assets) (*views, error) {
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	v := &views{byLanguage: map[string]map[string]*template.Template{}}
	for lang, voice := range s.voices {
		v.byLanguage[lang] = map[string]*template.Template{}
		for _, file := range pages {
			if file == shared[0] || file == shared[1] {
				continue
			}
			page, err := template.New("page").Funcs(functions(voice, a)).ParseFS(templateFiles, append(shared, file)...)
			if err != nil {
				return nil, fmt.Errorf("reading %s: %w", file, err)
			}
			if err := complete(page, s); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			v.byLanguage[lang][strings.TrimSuffix(path.Base(file), ".html")] = page
		}
	}
	return v, nil
}

// functions are what templates may call.
func functions(v *voice, a *assets) template.FuncMap {
	return template.FuncMap{
		"say":   v.say,
		"link":  func(path string) string { return link(path, v.lang) },
		"asset": a.path,
	}
}

// link is the address of a page in a language.
func link(path, lang string) string { return path + "?lang=" + lang }

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

// complete checks that all that the templates call for is there.
func complete(set *template.Template, s *speech) error {
	for _, t := range set.Templates() {
		if t.Tree == nil {
			continue
		}
		for _, name := range calls(t.Tree.Root) {
			kind, id, _ := strings.Cut(name, " ")
			switch {
			case kind == "template" && set.Lookup(id) == nil:
				return fmt.Errorf("template %s calls for the template %q, which is not there", t.Name(), id)
			case kind == "say" && !s.has(id):
				return fmt.Errorf("template %s calls for the text %q, which is not there", t.Name(), id)
			}
		}
	}
	return nil
}

// calls lists the templates ("template NAME") and texts ("say ID") that a part
// of a template calls for by a constant name.
func calls(n parse.Node) []string {
	if n == nil || reflect.ValueOf(n).IsNil() {
		return nil
	}
	var found []string
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			found = append(found, calls(child)...)
		}
	case *parse.IfNode:
		found = branchCalls(&n.BranchNode)
	case *parse.RangeNode:
		found = branchCalls(&n.BranchNode)
	case *parse.WithNode:
		found = branchCalls(&n.BranchNode)
	case *parse.TemplateNode:
		found = append(calls(n.Pipe), "template "+n.Name)
	case *parse.ActionNode:
		found = calls(n.Pipe)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			found = append(found, calls(command)...)
		}
	case *parse.CommandNode:
		found = commandCalls(n)
	}
	return found
}

func branchCalls(b *parse.BranchNode) []string {
	found := calls(b.Pipe)
	found = append(found, calls(b.List)...)
	return append(found, calls(b.ElseList)...)
}

func commandCalls(c *parse.CommandNode) []string {
	var found []string
	for i, argument := range c.Args {
		if pipe, nested := argument.(*parse.PipeNode); nested {
			found = append(found, calls(pipe)...)
		}
		if name, ok := argument.(*parse.IdentifierNode); !ok || name.Ident != "say" || i+1 >= len(c.Args) {
			continue
		}
		if id, ok := c.Args[i+1].(*parse.StringNode); ok {
			found = append(found, "say "+id.Text)
		}
	}
	return found
}
