package appnotice

import (
	"embed"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"text/template"

	"bongsu/notifier"
	"bongsu/notifier/words"
	"bongsu/status"
)

//go:embed texts
var files embed.FS

// book has what stands around an app's words, by language.
var book = readBook()

func readBook() map[string]*template.Template {
	names, err := fs.Glob(files, "texts/*.tmpl")
	if err != nil {
		panic(err) // the pattern is constant
	}
	sets := make(map[string]*template.Template, len(names))
	for _, name := range names {
		lang := strings.TrimSuffix(path.Base(name), ".tmpl")
		sets[lang] = template.Must(template.New(lang).ParseFS(files, name))
	}
	return sets
}

// Site is what of the site stands in texts.
type Site struct {
	Languages            []string
	Simulation, Exercise bool
	// Failing is what texts call that which the messenger depends on, by
	// language: an SMS that comes in its place says that it fails. Empty where no
	// channel follows anything.
	Failing status.Text
}

// SiteOf takes it from the site.
func SiteOf(s status.Site, failing status.Text) Site {
	return Site{Languages: s.Languages, Simulation: s.Simulation, Exercise: s.Exercise, Failing: failing}
}

// CodeLetters is how long a check code is.
const CodeLetters = 6

const worstCode = "WWWWWW"

// framed is what a block is filled with.
type framed struct {
	Site

	App, Title, Body, Code string
	Switched               string // why it comes by SMS
}

func write(lang, block string, f framed) (string, error) {
	set := book[lang]
	if set == nil {
		return "", fmt.Errorf("there are no texts in %q", lang)
	}
	var out strings.Builder
	if err := set.ExecuteTemplate(&out, block, f); err != nil {
		return "", fmt.Errorf("writing %s in %q: %w", block, lang, err)
	}
	return out.String(), nil
}

// render is a template's text as it goes out. The error says why it may not.
func (t *Template) render(site Site, app *App, lang string, class notifier.Class, values map[string]string, code string) (notifier.Text, error) {
	w := t.Texts[lang][class]
	f := framed{Site: site, App: app.Name.In(lang, site.Languages[0]), Code: code}
	sign, err := write(lang, "mark", f)
	if err != nil {
		return notifier.Text{}, err
	}
	fill := func(text string) string {
		return mark.ReplaceAllStringFunc(text, func(m string) string {
			switch name := m[2 : len(m)-1]; name {
			case "app":
				return f.App
			case "code":
				return code
			case "mark":
				return strings.TrimSpace(sign)
			default:
				return values[name]
			}
		})
	}
	text := notifier.Text{Lang: lang, Class: class}
	f.Title, f.Body = fill(w.Title), fill(w.Body)
	if class == notifier.ClassAlimTalk {
		text.Body, text.Template, text.Params = f.Body, w.Registered, map[string]string{"app": f.App, "code": code, "mark": strings.TrimSpace(sign)}
		maps.Copy(text.Params, values)
		return text, judge(&text, app, text.Body)
	}
	block := "long"
	if class == notifier.ClassSMS {
		block = "sms"
	}
	if text.Body, err = write(lang, block, f); err != nil {
		return text, err
	}
	if titled(class) {
		if text.Title, err = write(lang, "title", f); err != nil {
			return text, err
		}
	}
	if failing := site.Failing.In(lang, site.Languages[0]); isSMS(class) && failing != "" {
		if f.Switched, err = words.Switched(lang, failing, class == notifier.ClassSMS); err != nil {
			return text, err
		}
		if text.Switched, err = write(lang, block, f); err != nil {
			return text, err
		}
	}
	if class == notifier.ClassMail {
		text.HTML = asHTML(text.Body, t.links(values))
	}
	return text, judge(&text, app, text.Body, text.Switched)
}

// links are the values that are addresses the app owns.
func (t *Template) links(values map[string]string) []string {
	var links []string
	for name, p := range t.Params {
		if p.Kind == KindLink && values[name] != "" {
			links = append(links, values[name])
		}
	}
	return links
}

// judge measures and lints each version of a text, and counts what the longest
// costs.
func judge(text *notifier.Text, app *App, versions ...string) error {
	rules := words.Rules{Links: app.Origins}
	for _, version := range versions {
		if version == "" {
			continue
		}
		t := notifier.Text{Lang: text.Lang, Class: text.Class, Title: text.Title, Body: version}
		if err := rules.Lint(t); err != nil {
			return err
		}
		counted, size, err := words.Count(t)
		if err != nil {
			return err
		}
		if size.Units > size.Target {
			return fmt.Errorf("takes %d %s, %d more than the %d that networks leave it", size.Units, size.Unit, size.Units-size.Target, size.Target)
		}
		text.Segments, text.Parts = max(text.Segments, counted.Segments), max(text.Parts, counted.Parts)
	}
	return nil
}

// asHTML is a mail's body as paragraphs; the app's links can be followed.
func asHTML(body string, links []string) string {
	slices.SortFunc(links, func(a, b string) int { return len(b) - len(a) }) // of two that begin alike, the longer
	var anchors []string
	for _, link := range links {
		safe := html.EscapeString(link)
		anchors = append(anchors, safe, `<a href="`+safe+`">`+safe+`</a>`)
	}
	anchored := strings.NewReplacer(anchors...)
	var out strings.Builder
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		out.WriteString("<p>" + anchored.Replace(html.EscapeString(line)) + "</p>\n")
	}
	return out.String()
}
