package web

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
)

// The widget is written in widget/ and made small by esbuild, which is a tool
// and no part of the program.
//
//go:generate go tool -modfile=../tools/go.mod esbuild widget/widget.css --minify --log-level=warning --outfile=assets/widget.css
//go:generate go tool -modfile=../tools/go.mod esbuild widget/widget.js --bundle --minify "--mangle-props=^(places|boxes|waits|shown|live|first|feed|root|tongue)$" --format=iife --target=es2020 --loader:.css=text --log-level=warning --outfile=assets/widget.js

// keepWidgetCode is for the plain address, behind which the code changes.
const keepWidgetCode = "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400" //nolint:gosec // no credential

// releasedWidgets is where the code of earlier releases lies, each under the
// name that it was served by: a page that pins one goes on with it.
const releasedWidgets = "assets/released"

// addWidgets adds the plain address of the widget, and the code of earlier
// releases.
func (a *assets) addWidgets() error {
	now := *a.shelf[a.paths["widget.js"]]
	a.integrity = integrityOf(now.body)
	a.shelf["/widget.js"] = now.kept(keepWidgetCode)
	if err := a.addSchema(); err != nil {
		return err
	}
	return a.addReleased(assetFiles)
}

func (a *assets) addReleased(files fs.FS) error {
	released, err := fs.ReadDir(files, releasedWidgets)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // this is the first
	}
	if err != nil {
		return fmt.Errorf("listing earlier widgets: %w", err)
	}
	for _, f := range released {
		body, err := fs.ReadFile(files, path.Join(releasedWidgets, f.Name()))
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Name(), err)
		}
		at := "/widget-" + assetHash(body) + ".js"
		if at != "/"+f.Name() {
			return fmt.Errorf("%s/%s is not what its name says; its bytes belong to %s", releasedWidgets, f.Name(), at)
		}
		a.shelf[at] = newDocument(http.StatusOK, assetTypes[path.Ext(at)], body).kept(keepForever).forAnyOrigin()
	}
	return nil
}

// integrityOf is what a page pins a script by (Subresource Integrity).
func integrityOf(body []byte) string {
	sum := sha512.Sum384(body)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Embedding is what a page needs to have the widget, without its app's id.
type Embedding struct {
	Script    string `json:"script"`    // where the code is, for ever the same
	Latest    string `json:"latest"`    // where the code of the server's release is, whichever that is
	Integrity string `json:"integrity"` // of Script, to be pinned
	Key       string `json:"key"`       // what the data is signed with, a line of minisign's; empty: it is not signed
}

// Embedding is what pages need that have the widget of a site's app.
func (s *Server) Embedding(site string) Embedding {
	m := Embedding{Script: site + s.assets.paths["widget.js"], Latest: site + "/widget.js", Integrity: s.assets.integrity}
	if s.options.Signer != nil {
		m.Key = s.options.Signer.Public().String()
	}
	return m
}

func (e *edition) embedding() Embedding { return e.server.Embedding(e.snapshot.Site.URL) }
