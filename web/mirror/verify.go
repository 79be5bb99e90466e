package mirror

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"bongsu/web"
	"bongsu/web/minisign"
)

// Bounds of a copy that is checked.
const (
	maxFiles    = 500_000
	maxManifest = 64 << 20
	// MaxFile bounds one file of a copy, in bytes.
	MaxFile = 64 << 20
)

// instant is what [NowFile] says.
type instant struct {
	web.Instant

	Manifest string `json:"manifest"`         // the hash of the manifest that goes with it
	Writer   string `json:"writer,omitempty"` // who writes the copy
	Again    int64  `json:"again,omitempty"`  // counts who wrote though it was not their turn
}

func (i instant) json() []byte {
	body, err := json.Marshal(i)
	if err != nil {
		panic(err) // times, texts and a number
	}
	return append(body, '\n')
}

// Report is what a check of a copy has found.
type Report struct {
	At, Until time.Time // of what instant it speaks, and until when that was the present
	Files     int
	Wrong     []string // files that are missing or not as signed, each with what is wrong
}

// Verify checks a copy that read gives the files of: both signatures, and every
// file by its hash. An error says that nothing in it can be believed.
func Verify(key minisign.PublicKey, read func(path string) ([]byte, error)) (Report, error) {
	body, err := readSigned(key, NowFile, read)
	if err != nil {
		return Report{}, err
	}
	var now instant
	if err := json.Unmarshal(body, &now); err != nil {
		return Report{}, fmt.Errorf("%s: %w", NowFile, err)
	}
	manifest, err := readSigned(key, Manifest, read)
	if err != nil {
		return Report{}, err
	}
	if Hash(manifest) != now.Manifest {
		return Report{}, fmt.Errorf("%s is not the one that %s is signed with: the copy is being written just now, or its files are of different times", Manifest, NowFile)
	}
	files, err := parseManifest(manifest)
	if err != nil {
		return Report{}, err
	}
	pending := map[string]string{}
	if body, err := read(pendingFile); err == nil {
		if pending, err = openPending(key, body); err != nil {
			return Report{}, fmt.Errorf("%s: %w", pendingFile, err)
		}
	}
	return check(Report{At: now.At, Until: now.Until, Files: len(files)}, files, pending, read), nil
}

// check reads every file. One that was being written when the copy was left may
// be as it was before or as it was to be.
func check(r Report, files []listed, pending map[string]string, read func(path string) ([]byte, error)) Report {
	for _, f := range files {
		body, err := read(f.path)
		switch hash := Hash(body); {
		case err != nil:
			r.Wrong = append(r.Wrong, fmt.Sprintf("%s: %v", f.path, err))
		case hash != f.hash && hash != pending[f.path]:
			r.Wrong = append(r.Wrong, f.path+": it is not what was signed")
		}
	}
	return r
}

func readSigned(key minisign.PublicKey, path string, read func(path string) ([]byte, error)) ([]byte, error) {
	body, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	signature, err := read(path + Signature)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path+Signature, err)
	}
	if _, err := key.Verify(body, signature); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return body, nil
}

// readManifest is the hash of each file of a copy, by path.
func readManifest(key minisign.PublicKey, read func(path string) ([]byte, error)) (map[string]string, error) {
	body, err := readSigned(key, Manifest, read)
	if err != nil {
		return nil, err
	}
	list, err := parseManifest(body)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string, len(list))
	for _, f := range list {
		files[f.path] = f.hash
	}
	return files, nil
}

// listed is a line of a manifest.
type listed struct{ hash, path string }

func parseManifest(body []byte) ([]listed, error) {
	if len(body) > maxManifest {
		return nil, errors.New("the manifest is too long")
	}
	var files []listed
	for line := range bytes.Lines(body) {
		hash, name, found := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
		if _, err := hex.DecodeString(hash); err != nil || len(hash) != 64 || !found || !inside(name) {
			return nil, fmt.Errorf("line %d of the manifest is not a hash and a path inside of the copy", len(files)+1)
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("the manifest has more than %d files", maxFiles)
		}
		files = append(files, listed{hash, name})
	}
	return files, nil
}
