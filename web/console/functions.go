package console

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"bongsu/status"
	"bongsu/web/account"
)

// functionPage is the form for what an app's people say of a function.
type functionPage struct {
	App, AppHref, Name, Action string
	Fields                     []spokenField
}

// spokenField is the words of one language.
type spokenField struct{ Lang, Language, Name, Instead string }

// functionOf is the app's function that the page's address names.
func (v *visit) functionOf() (*status.AppView, *status.FunctionView, error) {
	if v.snapshot != nil {
		if a, found := v.snapshot.App(v.request.PathValue("app")); found {
			if f, found := a.Function(v.request.PathValue("function")); found {
				return a, f, nil
			}
		}
	}
	return nil, nil, refuse(http.StatusNotFound, "problem_not_found")
}

func functionPath(app, function string) string {
	return "/apps/" + url.PathEscape(app) + "/functions/" + url.PathEscape(function)
}

func (c *Console) function(v *visit) error {
	a, f, err := v.functionOf()
	if err != nil {
		return err
	}
	page := functionPage{
		App: v.text(a.Name), AppHref: Root + "/apps/" + url.PathEscape(a.ID), Name: v.text(f.Name),
		Action: Root + functionPath(a.ID, f.ID),
	}
	for _, lang := range c.site().Languages {
		page.Fields = append(page.Fields, spokenField{lang, v.languageName(lang), f.Name[lang], f.Instead[lang]})
	}
	return v.render("function", page.Name, page)
}

// reword takes over what the form says. A field for every language, or none: a
// text that is whole in no language leaves it to the configuration again.
func (c *Console) reword(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	a, f, err := v.functionOf()
	if err != nil {
		return err
	}
	words := status.FunctionWords{App: a.ID, Function: f.ID, Name: status.Text{}, Instead: status.Text{}}
	for _, lang := range c.site().Languages {
		for field, text := range map[string]status.Text{"name": words.Name, "instead": words.Instead} {
			if said := strings.Join(strings.Fields(form.Get(field+"-"+lang)), " "); said != "" {
				text[lang] = said
			}
		}
	}
	back := functionPath(a.ID, f.ID)
	switch err := c.options.Apps.Reword(v.request.Context(), v.who.Name, words); {
	case errors.Is(err, status.ErrNoLanguage):
		v.undone("function_languages")
		return v.lead(back, nil)
	case errors.Is(err, status.ErrCannotReach), errors.Is(err, status.ErrTooLong):
		v.undone("function_cannot", "Why", err.Error())
		return v.lead(back, nil)
	case errors.Is(err, status.ErrNoFunction):
		return refuse(http.StatusNotFound, "problem_not_found")
	case err != nil:
		return err
	}
	v.record(account.KeepApp, "function:"+a.ID+"/"+f.ID, inOneLine(words.Name)+" | "+inOneLine(words.Instead))
	v.done("function_done")
	c.Changed(Apps)
	return v.lead("/apps/"+url.PathEscape(a.ID), nil)
}

// inOneLine is a text in one line, for the audit log.
func inOneLine(text status.Text) string {
	var parts []string
	for _, lang := range slices.Sorted(maps.Keys(text)) {
		parts = append(parts, lang+": "+text[lang])
	}
	return strings.Join(parts, "; ")
}
