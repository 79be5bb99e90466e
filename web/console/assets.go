package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"
)

//go:embed css script
var assetFiles embed.FS

// baseStyle comes before the pages' own styles.
const baseStyle = "css/base.css"

// assets are the console's one style, one script and one icon. Each has an
// address that holds a hash of its bytes and is good for ever.
type assets struct {
	paths  map[string]string // by plain name
	bodies map[string][]byte // by the last part of the path
}

func newAssets() (*assets, error) {
	a := &assets{paths: map[string]string{}, bodies: map[string][]byte{}}
	style, err := joinedStyle()
	if err != nil {
		return nil, err
	}
	a.add("console.css", style)
	for _, name := range []string{"console.js", "icon.svg"} {
		body, err := assetFiles.ReadFile("script/" + name)
		if err != nil {
			return nil, err
		}
		a.add(name, body)
	}
	return a, nil
}

// joinedStyle is the base and every page's style, in the order of their names.
func joinedStyle() ([]byte, error) {
	files, err := fs.Glob(assetFiles, "css/*.css")
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for _, name := range append([]string{baseStyle}, files...) {
		if name == baseStyle && all.Len() > 0 {
			continue
		}
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all.Write(body)
		all.WriteByte('\n')
	}
	return all.Bytes(), nil
}

func (a *assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := fmt.Sprintf("%s-%s%s", name[:len(name)-len(ext)], hex.EncodeToString(sum[:8]), ext)
	a.paths[name] = Root + "/assets/" + hashed
	a.bodies[hashed] = body
}

// path is where a file is served.
func (a *assets) path(name string) (string, error) {
	p, ok := a.paths[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return p, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, ok := a.bodies[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}
