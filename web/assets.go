package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

// assets are the style, icon, script and widget. Each has an address that holds a hash
// of its bytes and is good for ever; the widget has a plain one too.
type assets struct {
	shelf     map[string]*document // by path
	paths     map[string]string    // file name → path with the hash
	integrity string               // of the widget, as pages pin it
}

func newAssets() (*assets, error) {
	a := &assets{shelf: map[string]*document{}, paths: map[string]string{}}
	for name, place := range map[string]string{
		"style.css":  "/assets/style-%s.css",
		"pages.css":  "/assets/pages-%s.css",
		"icon.svg":   "/assets/icon-%s.svg",
		"page.js":    "/assets/page-%s.js",
		"push.js":    "/assets/push-%s.js",
		"worker.js":  "/assets/worker-%s.js",
		"widget.js":  "/widget-%s.js",
		"widget.css": "/assets/widget-%s.css",
	} {
		if err := a.add(name, place); err != nil {
			return nil, err
		}
	}
	if err := a.addWidgets(); err != nil {
		return nil, err
	}
	worker := *a.shelf[a.paths["worker.js"]] // it speaks for the whole site only from its root
	worker.kept(keepNot)
	a.shelf["/push-worker.js"] = &worker
	return a, nil
}

func (a *assets) add(name, place string) error {
	body, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	d := newDocument(http.StatusOK, assetTypes[path.Ext(name)], body)
	a.paths[name] = fmt.Sprintf(place, assetHash(body))
	a.shelf[a.paths[name]] = d.kept(keepForever).forAnyOrigin()
	return nil
}

// assetHash is what stands for a file's bytes in its address.
func assetHash(body []byte) string {
	sum := sha256.Sum256(body)
	return strings.NewReplacer("-", "a", "_", "b").Replace(base64.RawURLEncoding.EncodeToString(sum[:9]))
}

// path is where a file is served.
func (a *assets) path(name string) (string, error) {
	p, ok := a.paths[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return p, nil
}
