package mirror

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"bongsu/web"
)

// folder is a copy on a disk.
type folder string

func newFolder(u *url.URL) (store, error) {
	if u.Host != "" || len(u.Path) < 2 || onlyKeys(u) != nil {
		return nil, ErrPlace
	}
	return folder(filepath.FromSlash(u.Path)), nil
}

func (f folder) at(path string) string { return filepath.Join(string(f), filepath.FromSlash(path)) }

// Readable by a web server of another user.
const (
	folderMode = 0o755
	fileMode   = 0o644
)

// write puts the whole file in its place at once: nobody reads half of one.
func (f folder) write(_ context.Context, path string, c web.CopyFile) error {
	to := f.at(path)
	if err := os.MkdirAll(filepath.Dir(to), folderMode); err != nil {
		return err
	}
	half, err := os.CreateTemp(filepath.Dir(to), ".bongsu-*")
	if err != nil {
		return err
	}
	_, err = half.Write(c.Body)
	err = errors.Join(err, half.Chmod(fileMode), half.Close())
	if err == nil {
		err = os.Rename(half.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(half.Name()))
	}
	return nil
}

func (f folder) read(_ context.Context, path string) ([]byte, error) { return os.ReadFile(f.at(path)) }

func (f folder) remove(_ context.Context, path string) error {
	if err := os.Remove(f.at(path)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
