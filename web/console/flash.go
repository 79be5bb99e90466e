package console

import (
	"encoding/base64"
	"encoding/json"
)

const (
	flashCookie = "console_flash"
	flashAge    = 60   // seconds
	maxFlash    = 2000 // bytes of the cookie
)

// flash is what the next page says once: a text of the catalog and what fills
// its places.
type flash struct {
	Text  string            `json:"t"`
	Bad   bool              `json:"b,omitempty"`
	Pairs map[string]string `json:"p,omitempty"`
}

// done has the next page say once that something was done: the text with the
// id, filled with name-value pairs of strings.
func (v *visit) done(id string, pairs ...string) { v.flash(flash{Text: id, Pairs: filled(pairs)}) }

// undone has the next page say once that something was not done, and why.
func (v *visit) undone(id string, pairs ...string) {
	v.flash(flash{Text: id, Bad: true, Pairs: filled(pairs)})
}

func filled(pairs []string) map[string]string {
	if len(pairs) < 2 {
		return nil
	}
	places := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		places[pairs[i]] = pairs[i+1]
	}
	return places
}

// flash keeps it in a cookie. What is too long to keep is said without its
// places' words.
func (v *visit) flash(f flash) {
	text, err := json.Marshal(f)
	if err != nil {
		return
	}
	value := base64.RawURLEncoding.EncodeToString(text)
	if len(value) > maxFlash {
		f.Pairs = nil
		if text, err = json.Marshal(f); err != nil {
			return
		}
		value = base64.RawURLEncoding.EncodeToString(text)
	}
	v.console.cookie(v.writer, flashCookie, value, flashAge)
}

// said is what this page says once; nil for nothing. Whatever the cookie holds
// can only be a text of ours, and its places are escaped like any other text.
func (v *visit) said() *flashView {
	cookie, err := v.request.Cookie(flashCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	v.console.cookie(v.writer, flashCookie, "", -1)
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	var f flash
	if err != nil || len(text) > maxFlash || json.Unmarshal(text, &f) != nil || !v.console.catalog.Has(f.Text) {
		return nil
	}
	var pairs []any
	for name, value := range f.Pairs {
		pairs = append(pairs, name, value)
	}
	return &flashView{Text: v.Say(f.Text, pairs...), Bad: f.Bad}
}

// flashView is it as the layout shows it.
type flashView struct {
	Text string
	Bad  bool
}
