package console

import (
	"embed"
	"io/fs"
	"net/http"
	"slices"

	"golang.org/x/text/language"
)

//go:embed locales
var localeFiles embed.FS

// languages are the languages the console speaks, each a folder in locales.
var languages = []string{"ko", "ja", "en"}

func locales() fs.FS {
	files, err := fs.Sub(localeFiles, "locales")
	if err != nil {
		return localeFiles // only a path that is none can fail
	}
	return files
}

const (
	langCookie = "console_lang"
	langAge    = 365 * 24 * 60 * 60 // seconds
)

// language is the one chosen in this browser, else the account's, else the
// first that the browser asks for, else the site's first.
func (c *Console) language(r *http.Request, account string) string {
	asked := []string{r.URL.Query().Get("lang"), "", account}
	if cookie, err := r.Cookie(langCookie); err == nil {
		asked[1] = cookie.Value
	}
	for _, lang := range asked {
		if slices.Contains(languages, lang) {
			return lang
		}
	}
	ours := c.catalog.Spoken(c.site().Languages)
	tags := make([]language.Tag, len(ours))
	for i, lang := range ours {
		tags[i] = language.MustParse(lang)
	}
	header := r.Header.Get("Accept-Language")
	if len(header) > maxAcceptLanguage {
		return ours[0]
	}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return ours[0]
	}
	_, i, sure := language.NewMatcher(tags).Match(wanted...)
	if sure == language.No {
		return ours[0]
	}
	return ours[i]
}

// maxAcceptLanguage bounds a header, in bytes.
const maxAcceptLanguage = 256

// keepLanguage remembers a language chosen by ?lang= in this browser.
func (c *Console) keepLanguage(w http.ResponseWriter, r *http.Request) {
	if lang := r.URL.Query().Get("lang"); slices.Contains(languages, lang) {
		c.cookie(w, langCookie, lang, langAge)
	}
}

// cookie sets one of the console's own cookies, for so many seconds; negative
// takes it away.
func (c *Console) cookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever browsers come by https; by plain http a secure cookie would be lost
		Name: name, Value: value, Path: Root, MaxAge: age, HttpOnly: true, Secure: c.secure(), SameSite: http.SameSiteLaxMode,
	})
}
