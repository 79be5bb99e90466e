package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"unicode"

	"bongsu/web"
)

// store is where a copy lies.
type store interface {
	write(ctx context.Context, path string, f web.CopyFile) error
	read(ctx context.Context, path string) ([]byte, error)
	remove(ctx context.Context, path string) error // what is not there is no error
}

// kinds are the kinds of place there are, by the scheme of their addresses.
var kinds = map[string]func(u *url.URL) (store, error){
	"file": newFolder,
	"s3":   newBucket,
}

// ErrPlace says that an address is no place for a mirror.
var ErrPlace = errors.New("this is no place for a mirror; write file:///var/www/status or s3://bucket?region=ap-northeast-2, with prefix=…/ for a part of a bucket and endpoint=https://… for a store that speaks S3")

// Check says whether an address can be a mirror's.
func Check(address string) error {
	_, _, err := open(address)
	return err
}

// open gives the place of an address, and its name for people: the address
// without what may be secret in it.
func open(address string) (name string, s store, err error) {
	u, err := url.Parse(address)
	if err != nil || kinds[u.Scheme] == nil || u.User != nil || u.Fragment != "" {
		return "", nil, ErrPlace
	}
	if s, err = kinds[u.Scheme](u); err != nil {
		return "", nil, err
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), s, nil
}

// onlyKeys refuses what an address does not know.
func onlyKeys(u *url.URL, known ...string) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return ErrPlace
	}
	for key := range query {
		if !strings.Contains(" "+strings.Join(known, " ")+" ", " "+key+" ") {
			return fmt.Errorf("the address has no setting %q: %w", key, ErrPlace)
		}
	}
	return nil
}

// inside says whether a path stays in the copy, wherever that lies, and can be
// shown on a terminal.
func inside(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.Contains(name, `\`) && !strings.ContainsFunc(name, unicode.IsControl)
}
