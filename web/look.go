package web

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"bongsu/status"
)

// lookPaths are where the owner's logo and style are served; empty if there is
// none.
type lookPaths struct{ Logo, Style string }

// stockLook puts what the site's owner adds to the look on the shelf, each under
// a hash of its bytes.
func (e *edition) stockLook(before *edition) {
	look := &e.snapshot.Site.Look
	if len(look.Logo) > 0 {
		kind := ".svg"
		if bytes.HasPrefix(look.Logo, []byte("\x89PNG")) {
			kind = ".png"
		}
		e.look.Logo = "/assets/logo-" + hashed(look.Logo) + kind
		e.stockAsset(e.look.Logo, kind, look.Logo, before)
	}
	if css := styleOf(look); css != "" {
		e.look.Style = "/assets/site-" + hashed([]byte(css)) + ".css"
		e.stockAsset(e.look.Style, ".css", []byte(css), before)
	}
}

// styleOf is the owner's colours and style as one file.
func styleOf(look *status.Look) string {
	var css strings.Builder
	if look.Colour != "" {
		fmt.Fprintf(&css, ":root{--brand:%s}\n", look.Colour)
	}
	if look.Dark != "" {
		fmt.Fprintf(&css, "@media(prefers-color-scheme:dark){:root{--brand:%s}}\n", look.Dark)
	}
	css.WriteString(look.Style)
	return css.String()
}

func (e *edition) stockAsset(path, kind string, body []byte, before *edition) {
	d := before.asset(path)
	if d == nil {
		d = newDocument(http.StatusOK, assetTypes[kind], body).kept(keepForever).forAnyOrigin()
	}
	e.assets[path], e.shelf[path] = d, ready(d)
}

// asset is one of the owner's files, or nil. The edition may be nil.
func (e *edition) asset(path string) *document {
	if e == nil {
		return nil
	}
	return e.assets[path]
}

// assetPaths are the files that the pages are drawn with.
func (e *edition) assetPaths() map[string]*document {
	all := maps.Clone(e.server.assets.shelf)
	maps.Copy(all, e.assets)
	return all
}
