//go:build unix

package mirror_test

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bongsu/web/minisign"
	"bongsu/web/mirror"
	"bongsu/web/sample"
)

// tricks are names that a copy must not have.
var tricks = []string{
	"", ".", "..", "../x", "/etc/passwd", "a/../../x", "a/../b", "./a", "a//b", "a/", `..\x`, `a\b`, "a\x00b", "a\rb", "a\x1b[2Jb", "a\u0085b", "\xff",
}

// A manifest whose names lead out of the copy, or would play tricks on whoever
// reads them, is refused before any file of it is read.
func TestAManifestThatLeadsOut(t *testing.T) {
	s := signer(t)
	for _, name := range tricks {
		copied := signedCopy(t, &s, []byte(strings.Repeat("a", 64)+"  "+name+"\n"))
		_, err := mirror.Verify(s.Public(), func(path string) ([]byte, error) {
			if body, known := copied[path]; known {
				return body, nil
			}
			if path != "pending.txt" {
				t.Errorf("%q: the file %q is read", name, path)
			}
			return nil, fs.ErrNotExist
		})
		if err == nil {
			t.Errorf("a manifest that names %q is taken", name)
		}
	}
}

// signedCopy is a copy with a manifest, rightly signed.
func signedCopy(t testing.TB, s *minisign.Signer, manifest []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		mirror.Manifest: manifest,
		mirror.NowFile:  []byte(`{"manifest":"` + mirror.Hash(manifest) + `"}`),
	}
	for _, name := range []string{mirror.Manifest, mirror.NowFile} {
		signature, err := s.Sign(files[name], "x")
		if err != nil {
			t.Fatal(err)
		}
		files[name+mirror.Signature] = signature
	}
	return files
}

// Links in the folder of a copy lead nowhere out of it: what lies outside is
// neither written nor read nor removed, and the failure is told.
func TestLinksInTheFolderOfACopy(t *testing.T) {
	for what, trap := range map[string]func(t *testing.T, dir, outside string){
		"a folder is a link": func(t *testing.T, dir, outside string) {
			link(t, outside, filepath.Join(dir, "ko"))
		},
		"a folder is a link upwards": func(t *testing.T, dir, outside string) {
			link(t, "../"+filepath.Base(outside), filepath.Join(dir, "ko"))
		},
		"a file is a link": func(t *testing.T, dir, outside string) {
			if err := os.Mkdir(filepath.Join(dir, "ko"), 0o755); err != nil {
				t.Fatal(err)
			}
			link(t, filepath.Join(outside, "index.html"), filepath.Join(dir, "ko", "index.html"))
		},
		"what is read first is a link": func(t *testing.T, dir, outside string) {
			link(t, filepath.Join(outside, "index.html"), filepath.Join(dir, mirror.NowFile))
		},
		"what is read first never ends": func(t *testing.T, dir, _ string) {
			if err := syscall.Mkfifo(filepath.Join(dir, mirror.NowFile), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir, address := folder(t)
			outside := t.TempDir()
			if err := os.WriteFile(filepath.Join(outside, "index.html"), []byte("theirs"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			trap(t, dir, outside)
			m, err := mirror.Open(address, site(t, sample.Outage()), mirror.Options{Signer: signer(t)})
			if err != nil {
				t.Fatal(err)
			}
			err = m.Update(t.Context())
			if got := files(t, outside); !maps.Equal(got, map[string]string{"index.html": "theirs"}) {
				t.Errorf("outside there is now %v (%v)", got, err)
			}
			body, readErr := os.ReadFile(filepath.Join(dir, "ko", "index.html"))
			if replaced := readErr == nil && bytes.Contains(body, []byte("<html")); (err == nil) != replaced {
				t.Errorf("the copy is said to be written (%v), and its first page is %.20q", err, body)
			}
		})
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

// What is read of a folder that somebody else has written ends, and is a file.
func TestReadingAFolderOfSomebodyElse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, "/dev/zero", filepath.Join(dir, "zero"))
	link(t, "file", filepath.Join(dir, "beside"))
	long, err := os.Create(filepath.Join(dir, "long"))
	if err != nil {
		t.Fatal(err)
	}
	if err := long.Truncate(mirror.MaxFile + 1); err != nil {
		t.Fatal(err)
	}
	if err := long.Close(); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	for name, want := range map[string]string{"file": "ours", "beside": "ours", "pipe": "", "zero": "", "long": "", ".": "", "../file": "", "/etc/hostname": "", "nothing": ""} {
		body, err := mirror.ReadFile(root, name)
		if string(body) != want && want != "" || (err == nil) != (want != "") {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
}

// Whatever a file of a copy is called, nothing is written or removed outside of
// its folder, beside which and in which others' links lie.
func FuzzFolder(f *testing.F) {
	for _, name := range append(tricks, "ko/index.html", "out/x", "up/x", "in/../../x", "file/x", "file") {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		outside := t.TempDir()
		dir := filepath.Join(outside, "copy")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(outside, "x"), []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		link(t, outside, filepath.Join(dir, "out"))
		link(t, "..", filepath.Join(dir, "up"))
		link(t, "../x", filepath.Join(dir, "file"))
		read, err := mirror.InFolder(t.Context(), dir, name, []byte("ours"))
		if err == nil && string(read) != "ours" {
			t.Errorf("%q reads %q", name, read)
		}
		entries, err := os.ReadDir(outside)
		if err != nil {
			t.Fatal(err)
		}
		body, err := os.ReadFile(filepath.Join(outside, "x"))
		if len(entries) != 2 || string(body) != "theirs" {
			t.Errorf("%q: outside there are %v, and %q (%v)", name, entries, body, err)
		}
	})
}
