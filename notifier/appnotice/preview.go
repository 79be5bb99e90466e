package appnotice

import (
	"maps"
	"slices"

	"bongsu/notifier"
)

// Preview is one text of a template as people would read it, for whoever has to
// decide on it.
type Preview struct {
	Text    notifier.Text
	Problem string // why it could not go out like this; empty: it could
}

// previewCode stands where a check code will.
const previewCode = "A2C4E6"

// Previews gives every text of a template as it would go out, with the names of
// its parameters in their places, in the order of the site's languages.
func (t *Template) Previews(site Site, app *App) []Preview {
	names := map[string]string{}
	for name, p := range t.Params {
		names[name] = "(" + name + ")"
		if p.Kind == KindLink && len(app.Origins) > 0 {
			names[name] = app.Origins[0] + "/" + name
		}
	}
	var list []Preview
	for _, lang := range slices.Concat(site.Languages, slices.Sorted(maps.Keys(t.Texts))) {
		if slices.ContainsFunc(list, func(p Preview) bool { return p.Text.Lang == lang }) {
			continue
		}
		for _, class := range classes {
			if _, written := t.Texts[lang][class]; !written {
				continue
			}
			text, err := t.render(site, app, lang, class, names, previewCode)
			text.Lang, text.Class = lang, class
			p := Preview{Text: text}
			if err != nil {
				p.Problem = err.Error()
			}
			list = append(list, p)
		}
	}
	return list
}
