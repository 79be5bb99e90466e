package appnotice

import "bongsu/notifier"

// Render is a template's text as it goes out.
func Render(t *Template, site Site, app *App, lang string, class notifier.Class, values map[string]string, code string) (notifier.Text, error) {
	return t.render(site, app, lang, class, values, code)
}

// QuoteFor is Price.
var QuoteFor = Price
