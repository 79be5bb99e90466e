package mirror_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/minisign"
	"bongsu/web/mirror"
	"bongsu/web/sample"
)

func signer(t *testing.T) minisign.Signer {
	t.Helper()
	s, err := minisign.NewSigner(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func site(t *testing.T, s *status.Snapshot) *web.Server {
	t.Helper()
	server, err := web.New(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server.Publish(s)
	return server
}

// into keeps a copy of a site at an address.
func into(t *testing.T, address string, source mirror.Source) *mirror.Mirror {
	t.Helper()
	m, err := mirror.Open(address, source, mirror.Options{Signer: signer(t), Looks: 5 * time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	update(t, m)
	return m
}

func update(t *testing.T, m *mirror.Mirror) {
	t.Helper()
	if err := m.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T) (dir, address string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "copy")
	return dir, (&url.URL{Scheme: "file", Path: dir}).String()
}

func reader(dir string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
}

// files are all files of a folder, with what is in them.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(dir, name)
		all[filepath.ToSlash(rest)] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func verified(t *testing.T, read func(string) ([]byte, error)) mirror.Report {
	t.Helper()
	r, err := mirror.Verify(signer(t).Public(), read)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The copy is the whole site: every link of every page leads to a file of the
// copy, or to the site itself, and every page says what it is a copy of.
func TestTheCopyIsWhole(t *testing.T) {
	dir, address := folder(t)
	s := sample.Outage()
	into(t, address, site(t, s))
	all := files(t, dir)
	for _, want := range []string{"index.html", "ko/index.html", "ja/components/login.html", "en/incidents/01JD9R2W8F.html", "en/history.html", "api/v1/status.json"} {
		if all[want] == "" {
			t.Errorf("there is no %s", want)
		}
	}
	links := 0
	for name, body := range all {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		if !strings.Contains(body, `<p class="copy" role="note">`) {
			t.Errorf("%s does not say that it is a copy", name)
		}
		for _, href := range linksOf(t, body) {
			u, err := url.Parse(href)
			switch {
			case err != nil || strings.HasPrefix(href, "/"):
				t.Errorf("%s leads to %q", name, href)
			case u.IsAbs():
				if u.Scheme != "https" && u.Scheme != "tel" {
					t.Errorf("%s leads to %q", name, href)
				}
			case u.Path != "":
				links++
				if target := path.Join(path.Dir(name), u.Path); all[target] == "" {
					t.Errorf("%s leads to %q, which is not there", name, href)
				}
			}
		}
	}
	if links < 200 {
		t.Errorf("only %d links", links)
	}
	r := verified(t, reader(dir))
	if len(r.Wrong) > 0 || !r.At.Equal(s.At) || r.Until.Sub(r.At) != 10*time.Minute || r.Files < 50 {
		t.Errorf("checked, it is %+v", r)
	}
}

func linksOf(t *testing.T, body string) (links []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" || a.Key == "src" || a.Key == "action" {
				links = append(links, a.Val)
			}
		}
	}
	return links
}

// One flipped byte anywhere is found, and named.
func TestOneFlippedByteIsFound(t *testing.T) {
	dir, address := folder(t)
	into(t, address, site(t, sample.Calm()))
	for name, body := range files(t, dir) {
		if name == mirror.KeyFile {
			continue // whoever checks has the key from elsewhere
		}
		at := len(body) / 2
		if strings.HasSuffix(name, mirror.Signature) {
			at = strings.IndexByte(body, '\n') + 20 // before it is a comment
		}
		flipped := []byte(body)
		flipped[at] ^= 1
		r, err := mirror.Verify(signer(t).Public(), func(path string) ([]byte, error) {
			if path == name {
				return flipped, nil
			}
			return reader(dir)(path)
		})
		if err == nil && (len(r.Wrong) != 1 || !strings.HasPrefix(r.Wrong[0], name+": ")) {
			t.Errorf("a byte of %s: %+v", name, r)
		}
	}
	other, err := minisign.NewSigner(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mirror.Verify(other.Public(), reader(dir)); !errors.Is(err, minisign.ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

// Only what reads otherwise is written again, and what is gone goes.
func TestOnlyWhatChangedIsWritten(t *testing.T) {
	dir, address := folder(t)
	s := sample.Calm()
	server := site(t, s)
	m := into(t, address, server)
	before := files(t, dir)

	next := sample.Calm()
	next.At = s.At.Add(15 * time.Second)
	server.Publish(next)
	update(t, m)
	if changed := differing(before, files(t, dir)); len(changed) != 4 { // now.json and its signature, and the page for machines and its line in the manifest
		t.Logf("15 seconds later other files are %v", changed)
		for _, name := range changed {
			if strings.HasSuffix(name, ".html") {
				t.Errorf("%s is another after 15 calm seconds", name)
			}
		}
	}

	gone := next.Groups[0].Components[0].ID
	last := sample.Calm()
	last.At = s.At.Add(time.Minute)
	last.Groups[0].Components = last.Groups[0].Components[1:]
	server.Publish(last)
	update(t, m)
	after := files(t, dir)
	if after["ko/components/"+gone+".html"] != "" {
		t.Errorf("%s is still there", gone)
	}
	if r := verified(t, reader(dir)); len(r.Wrong) > 0 {
		t.Errorf("wrong are %v", r.Wrong)
	}
}

func differing(a, b map[string]string) (names []string) {
	for name, body := range b {
		if a[name] != body {
			names = append(names, name)
		}
	}
	return names
}

// A new process goes on with the copy that lies there.
func TestAfterARestartNothingIsWrittenTwice(t *testing.T) {
	dir, address := folder(t)
	server := site(t, sample.Calm())
	into(t, address, server)
	old := time.Now().Add(-time.Hour)
	for name := range files(t, dir) {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	into(t, address, server)
	for name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".html") && info.ModTime().After(old.Add(time.Minute)) {
			t.Errorf("%s was written again", name)
		}
	}
}

// bucket is a store that speaks as much S3 as is needed.
type bucket struct {
	mu    sync.Mutex
	files map[string][]byte
	types map[string]string
	away  bool
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/pages/")
	switch {
	case b.away || !strings.Contains(r.Header.Get("Authorization"), "Credential=AKIDEXAMPLE/"):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		b.files[key], b.types[key] = body, r.Header.Get("Content-Type")+"; "+r.Header.Get("Cache-Control")
		w.Header().Set("Etag", `"x"`)
	case r.Method == http.MethodDelete:
		delete(b.files, key)
		w.WriteHeader(http.StatusNoContent)
	case b.files[key] == nil:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `<Error><Code>NoSuchKey</Code></Error>`)
	default:
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Write(b.files[key])
	}
}

func TestABucketThatSpeaksS3(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	b := &bucket{files: map[string][]byte{}, types: map[string]string{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	address := "s3://pages?region=ap-northeast-2&path_style=true&endpoint=" + url.QueryEscape(server.URL)
	page := site(t, sample.Outage())
	m := into(t, address, page)
	read := func(name string) ([]byte, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if body := b.files[name]; body != nil {
			return body, nil
		}
		return nil, errors.New("not there")
	}
	if r := verified(t, read); len(r.Wrong) > 0 {
		t.Errorf("wrong are %v", r.Wrong)
	}
	if got := b.types["ja/index.html"]; !strings.HasPrefix(got, "text/html; charset=utf-8; public, max-age=15") {
		t.Errorf("the first page is %q", got)
	}

	// While the store is away the copy stays whole; then it goes on.
	b.mu.Lock()
	b.away = true
	b.mu.Unlock()
	s := sample.Outage()
	s.At = s.At.Add(time.Minute)
	page.Publish(s)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := m.Update(ctx); err == nil {
		t.Error("nobody notices that the store is away")
	}
	b.mu.Lock()
	b.away = false
	b.mu.Unlock()
	if r := verified(t, read); len(r.Wrong) > 0 || r.At.Equal(s.At) {
		t.Errorf("meanwhile it is %+v", r)
	}
	update(t, m)
	if r := verified(t, read); len(r.Wrong) > 0 || !r.At.Equal(s.At) {
		t.Errorf("then it is %+v", r)
	}
}

func TestAnAddressThatIsNoMirror(t *testing.T) {
	for _, address := range []string{"", "/var/www", "file://host/var/www", "file:///", "ftp://x/y", "s3://", "s3://bucket/path", "s3://key:secret@bucket", "file:///a#b", "%", "file:///a?x=y", "s3://b?endpoint=ftp://x", "s3://b?path_style=x", "s3://b?prefix=../x", "s3://b?secret=x"} {
		if err := mirror.Check(address); !errors.Is(err, mirror.ErrPlace) {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"file:///var/www/status", "s3://bucket?region=ap-northeast-2", "s3://bucket/?prefix=status/"} {
		if err := mirror.Check(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  ko/index.html\n"))
	f.Add([]byte(strings.Repeat("a", 64) + "  ../x\n"))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		s, err := minisign.NewSigner(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		signature, err := s.Sign(manifest, "x")
		if err != nil {
			t.Fatal(err)
		}
		now := []byte(`{"manifest":"` + mirror.Hash(manifest) + `"}`)
		signed, err := s.Sign(now, "x")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = mirror.Verify(s.Public(), func(name string) ([]byte, error) {
			switch name {
			case mirror.Manifest:
				return manifest, nil
			case mirror.Manifest + mirror.Signature:
				return signature, nil
			case mirror.NowFile:
				return now, nil
			case mirror.NowFile + mirror.Signature:
				return signed, nil
			}
			if path.IsAbs(name) || strings.HasPrefix(path.Clean(name), "..") {
				t.Errorf("%q is asked for", name)
			}
			return nil, fs.ErrNotExist
		})
	})
}
