package web

import (
	"bytes"
	"fmt"
	"strings"

	"bongsu/status"
)

// lookPaths are where the owner's logo and style are served; empty if there is
// none.
type lookPaths struct{ Logo, Style string }

// stockLook puts what the site's owner adds to the look on the shelf, each under
// a hash of its bytes.
func (e *edition) stockLook(before *edition) error {
	look := &e.snapshot.Site.Look
	if len(look.Logo) > 0 {
		kind := ".svg"
		if bytes.HasPrefix(look.Logo, []byte("\x89PNG")) {
			kind = ".png"
		}
		e.look.Logo = "/assets/logo-" + assetHash(look.Logo) + kind
		if err := e.stockAsset(e.look.Logo, kind, look.Logo, before); err != nil {
			return err
		}
	}
	if css := styleOf(look); css != "" {
		e.look.Style = "/assets/site-" + assetHash([]byte(css)) + ".css"
		return e.stockAsset(e.look.Style, ".css", []byte(css), before)
	}
	return nil
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

func (e *edition) stockAsset(path, kind string, body []byte, before *edition) error {
	return e.stockFor(before, path, assetTypes[kind], keepForever, asWritten(body))
}

// assetPaths are the files that the pages are drawn with.
func (e *edition) assetPaths() map[string]*sheet {
	all := map[string]*sheet{}
	for path := range e.server.assets.shelf {
		all[path] = e.shelf[path]
	}
	for _, path := range []string{e.look.Logo, e.look.Style} {
		if path != "" {
			all[path] = e.shelf[path]
		}
	}
	return all
}
