package console

import (
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"bongsu/status"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// visit is one request: who makes it, in which language they read, at which
// instant.
type visit struct {
	*speech.Voice
	*speech.Clock

	console  *Console
	writer   http.ResponseWriter
	request  *http.Request
	who      account.Who      // the zero value: nobody
	snapshot *status.Snapshot // nil until there is one
	topics   []Topic          // what changes the page that is shown
}

func (c *Console) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{console: c, writer: w, request: r, snapshot: c.options.Snapshot()}
	v.speak(c.language(r, ""))
	return v
}

// enterAs takes over who it is.
func (v *visit) enterAs(who account.Who) {
	v.who = who
	v.speak(v.console.language(v.request, who.Lang))
}

func (v *visit) speak(lang string) {
	zone := v.console.site().Zone
	if zone == nil {
		zone = time.UTC
	}
	v.Voice = v.console.catalog.Voice(lang)
	v.Clock = &speech.Clock{Speaker: v.Voice, Zone: zone, Now: v.console.options.Now()}
}

// now is the instant of the visit.
func (v *visit) now() time.Time { return v.Now }

// from is the address of the visitor.
func (v *visit) from() netip.Addr { return v.console.proxies.Visitor(v.request) }

// text is an operator's text in this language, or in the first that has it.
func (v *visit) text(t status.Text) string {
	return t.In(v.Lang, v.console.site().Languages...)
}

// lead answers a form that was taken: the browser goes on to a page of ours.
func (v *visit) lead(path string, query url.Values) error {
	to := url.URL{Path: Root + path, RawQuery: query.Encode()}
	http.Redirect(v.writer, v.request, to.String(), http.StatusSeeOther)
	return nil
}

// known is what an id is called, where there is a word for it under the prefix;
// an id that nobody has words for is shown as it is.
func (v *visit) known(prefix, id string) string {
	if v.console.catalog.Has(prefix + id) {
		return v.Say(prefix + id)
	}
	return id
}

// languageName is what a language is called in itself.
func (v *visit) languageName(lang string) string {
	if voice := v.console.catalog.Voice(lang); voice != nil {
		return voice.Say("language_name")
	}
	return lang
}
