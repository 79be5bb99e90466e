package main

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"bongsu/web/minisign"
	"bongsu/web/mirror"
)

// A copy on the web is read below its own address and on its own host, whatever
// it calls its files and wherever it leads.
func TestACopyOnTheWebIsReadWhereItLies(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host is asked") }))
	t.Cleanup(elsewhere.Close)
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.EscapedPath())
		mu.Unlock()
		switch r.URL.Path {
		case "/copy/away":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		case "/copy/moved":
			http.Redirect(w, r, "/copy/here", http.StatusFound)
		default:
			w.Write([]byte("here"))
		}
	}))
	t.Cleanup(server.Close)
	read, done, err := reader(t.Context(), server.URL+"/copy/")
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, c := range []struct{ name, asked string }{
		{"ko/index.html", "/copy/ko/index.html"}, {"%2e%2e/%2e%2e/x", "/copy/%252e%252e/%252e%252e/x"}, {"a?b#c", "/copy/a%3Fb%23c"}, {"%2fx", "/copy/%252fx"}, {"moved", "/copy/here"},
	} {
		body, err := read(c.name)
		mu.Lock()
		if err != nil || string(body) != "here" || !slices.Contains(asked, c.asked) {
			t.Errorf("%q: %q, %v; asked for %q", c.name, body, err, asked)
		}
		asked = nil
		mu.Unlock()
	}
	if _, err := read("away"); err == nil || !strings.Contains(err.Error(), "the server leads to") {
		t.Errorf("led away, it says %v", err)
	}
}

// A copy that is written to while it is checked is checked again.
func TestACopyThatIsWrittenToIsCheckedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signer, err := minisign.NewSigner(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		page := []byte("<p>all is well</p>")
		manifest := []byte(mirror.Hash(page) + "  index.html\n")
		now := []byte(`{"manifest": "` + mirror.Hash(manifest) + `"}`)
		files := map[string][]byte{"index.html": page, mirror.Manifest: manifest, mirror.NowFile: now}
		for _, name := range []string{mirror.Manifest, mirror.NowFile} {
			if files[name+mirror.Signature], err = signer.Sign(files[name], ""); err != nil {
				t.Fatal(err)
			}
		}
		earlier, err := signer.Sign([]byte("{}"), "")
		if err != nil {
			t.Fatal(err)
		}
		for old, want := range map[int]string{0: "", 1: "", 2: "", 3: mirror.NowFile} {
			reads := 0
			_, err := settled(t.Context(), signer.Public(), func(path string) ([]byte, error) {
				if path == mirror.NowFile+mirror.Signature {
					if reads++; reads <= old {
						return earlier, nil
					}
				}
				body, there := files[path]
				if !there {
					return nil, fs.ErrNotExist
				}
				return body, nil
			})
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
				t.Errorf("with the signature of before for %d checks it says %v", old, err)
			}
		}
	})
}
