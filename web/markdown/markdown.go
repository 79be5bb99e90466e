// Package markdown makes HTML of what operators write: headings, lists, tables,
// quotations, code. It is for readers in public, so nothing of it can do
// anything: HTML shows as it was written, a picture is a link, and a link leads
// to the web or nowhere.
package markdown

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// lowest is how many levels headings are moved down: the page has its own
// above them.
const lowest = 2

// HTML is the text as HTML.
func HTML(text string) (template.HTML, error) {
	engine := goldmark.New(
		goldmark.WithExtensions(extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), extension.Strikethrough),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(tame{}, 1))),
	)
	var out bytes.Buffer
	if err := engine.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("reading Markdown: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // tame and goldmark escape all of it; a fuzz test watches
}

// tame writes what could do something so that it cannot.
type tame struct{}

// RegisterFuncs says which nodes it writes.
func (tame) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHTMLBlock, htmlBlock)
	r.Register(ast.KindRawHTML, rawHTML)
	r.Register(ast.KindLink, link)
	r.Register(ast.KindAutoLink, autoLink)
	r.Register(ast.KindImage, image)
	r.Register(ast.KindHeading, heading)
}

func htmlBlock(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	block, ok := n.(*ast.HTMLBlock)
	if !ok || !entering {
		return ast.WalkContinue, nil
	}
	written := []string{"<p>"}
	for i := range block.Lines().Len() {
		line := block.Lines().At(i)
		written = append(written, template.HTMLEscapeString(string(line.Value(source))))
	}
	if block.HasClosure() {
		written = append(written, template.HTMLEscapeString(string(block.ClosureLine.Value(source))))
	}
	return ast.WalkContinue, write(w, append(written, "</p>\n")...)
}

func rawHTML(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	raw, ok := n.(*ast.RawHTML)
	if !ok || !entering {
		return ast.WalkSkipChildren, nil
	}
	for i := range raw.Segments.Len() {
		part := raw.Segments.At(i)
		if err := write(w, template.HTMLEscapeString(string(part.Value(source)))); err != nil {
			return ast.WalkStop, err
		}
	}
	return ast.WalkSkipChildren, nil
}

func link(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	l, ok := n.(*ast.Link)
	if !ok {
		return ast.WalkContinue, nil
	}
	return ast.WalkContinue, anchor(w, string(l.Destination), entering)
}

// image is a link to the picture: a page of ours fetches nothing from anywhere.
func image(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	i, ok := n.(*ast.Image)
	if !ok {
		return ast.WalkContinue, nil
	}
	return ast.WalkContinue, anchor(w, string(i.Destination), entering)
}

func autoLink(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	a, ok := n.(*ast.AutoLink)
	if !ok || !entering {
		return ast.WalkContinue, nil
	}
	to := string(a.URL(source))
	if err := anchor(w, to, true); err != nil {
		return ast.WalkStop, err
	}
	if err := write(w, template.HTMLEscapeString(string(a.Label(source)))); err != nil {
		return ast.WalkStop, err
	}
	return ast.WalkContinue, anchor(w, to, false)
}

// anchor begins or ends a link, if it leads to the web.
func anchor(w util.BufWriter, to string, entering bool) error {
	u, err := url.Parse(to)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return nil //nolint:nilerr // what is no address of the web is shown, and leads nowhere
	}
	if !entering {
		return write(w, "</a>")
	}
	return write(w, `<a href="`, template.HTMLEscapeString(u.String()), `" rel="nofollow noopener noreferrer">`)
}

func heading(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	h, ok := n.(*ast.Heading)
	if !ok {
		return ast.WalkContinue, nil
	}
	level := min(h.Level+lowest, 6)
	if entering {
		return ast.WalkContinue, write(w, fmt.Sprintf("<h%d>", level))
	}
	return ast.WalkContinue, write(w, fmt.Sprintf("</h%d>\n", level))
}

func write(w util.BufWriter, parts ...string) error {
	for _, p := range parts {
		if _, err := w.WriteString(p); err != nil {
			return err
		}
	}
	return nil
}
