package mirror

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"bongsu/web"
)

// folder is a copy on a disk. Somebody else may write there too: nothing outside
// of it is read, written or removed, whatever links they have put into it.
type folder string

func newFolder(u *url.URL) (store, error) {
	if u.Host != "" || len(u.Path) < 2 || onlyKeys(u) != nil {
		return nil, ErrPlace
	}
	return folder(filepath.FromSlash(u.Path)), nil
}

// Readable by a web server of another user.
const (
	folderMode = 0o755
	fileMode   = 0o644
)

// write puts the whole file in its place at once: nobody reads half of one.
func (f folder) write(_ context.Context, name string, c web.CopyFile) error {
	if err := os.MkdirAll(string(f), folderMode); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(path.Dir(name), folderMode); err != nil {
		return err
	}
	half := path.Join(path.Dir(name), ".bongsu-"+rand.Text())
	file, err := root.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(c.Body)
	err = errors.Join(err, file.Chmod(fileMode), file.Close()) // whatever the umask is
	if err == nil {
		err = root.Rename(half, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(half))
	}
	return nil
}

func (f folder) read(_ context.Context, name string) ([]byte, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return ReadFile(root, name)
}

func (f folder) remove(_ context.Context, name string) error {
	root, err := os.OpenRoot(string(f))
	if err == nil {
		defer root.Close()
		err = root.Remove(name)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadFile reads a file of a copy in a folder that somebody else may have
// written: nothing outside of it, nothing that never ends, and no more than a
// file of a copy may have.
func ReadFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name) // opening what is no file may wait for ever
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", name)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ReadBounded(file)
}

// ReadBounded reads what one file of a copy may have.
func ReadBounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(body) > MaxFile {
		err = errors.New("the file is too long")
	}
	return body, err
}
