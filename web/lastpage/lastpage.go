// Package lastpage keeps what the page last showed in one file, so that a start
// without the database can still show it, as old as it is.
//
// The file is whole or it is nothing: it is put in its place at once, and ends
// with a hash of all before it. It holds what the public may see and no more. It
// is written and read in parts, since ten thousand components with their ninety
// days are many megabytes.
package lastpage

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"bongsu/status"
)

// begin is the first line of the file. Another form has another number.
const begin = "bongsu page 2\n"

// Bounds of what is read.
const (
	maxFile       = 512 << 20
	maxComponents = 1_000_000
)

// ErrNone says that no page is kept.
var ErrNone = errors.New("no page is kept")

// head is the snapshot but for its components, which follow one by one, what
// operators alone may see, and the zone, which is the configuration's.
type head struct {
	At          time.Time
	Site        site
	Groups      []group
	Incidents   []status.Incident
	Past        []status.Incident
	Maintenance []status.Maintenance
	Apps        []status.AppView
	Overall     status.State
	Impaired    time.Time
	Locations   []status.LocationView
	Rules       status.Rules
	Controls    []status.Check
	Domains     map[string][]string
}

type site struct {
	Name                 status.Text
	URL                  string
	Languages            []string
	Contact              string
	Simulation, Exercise bool
}

type group struct {
	status.Group

	State      status.State
	Components int // how many follow
}

// Write keeps a snapshot in the file.
func Write(file string, s *status.Snapshot) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(file), ".bongsu-page-*") // readable by its owner only
	if err != nil {
		return fmt.Errorf("keeping the last page: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("keeping the last page: %w", errors.Join(err, os.Remove(temp.Name())))
		}
	}()
	if err := errors.Join(write(temp, s), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}

func write(to io.Writer, s *status.Snapshot) error {
	buffered := bufio.NewWriter(to)
	sum := sha256.New()
	out := io.MultiWriter(buffered, sum)
	if _, err := io.WriteString(out, begin); err != nil {
		return err
	}
	encoder := gob.NewEncoder(out)
	if err := encoder.Encode(headOf(s)); err != nil {
		return err
	}
	for g := range s.Groups {
		for c := range s.Groups[g].Components {
			if err := encoder.Encode(s.Groups[g].Components[c]); err != nil {
				return err
			}
		}
	}
	if _, err := buffered.Write(sum.Sum(nil)); err != nil {
		return err
	}
	return buffered.Flush()
}

func headOf(s *status.Snapshot) *head {
	h := &head{
		At: s.At, Incidents: s.Incidents, Past: s.Past, Maintenance: s.Maintenance, Apps: s.Apps, Overall: s.Overall, Impaired: s.Impaired,
		Locations: s.Locations, Rules: s.Rules, Controls: s.Controls, Domains: s.Domains,
		Site: site{s.Site.Name, s.Site.URL, s.Site.Languages, s.Site.Contact, s.Site.Simulation, s.Site.Exercise},
	}
	for g := range s.Groups {
		h.Groups = append(h.Groups, group{s.Groups[g].Group, s.Groups[g].State, len(s.Groups[g].Components)})
	}
	return h
}

func (h *head) snapshot() *status.Snapshot {
	return &status.Snapshot{
		At: h.At, Incidents: h.Incidents, Past: h.Past, Maintenance: h.Maintenance, Apps: h.Apps, Overall: h.Overall, Impaired: h.Impaired,
		Locations: h.Locations, Rules: h.Rules, Controls: h.Controls, Domains: h.Domains,
		Site: status.Site{
			Name: h.Site.Name, URL: h.Site.URL, Languages: h.Site.Languages, Contact: h.Site.Contact,
			Simulation: h.Site.Simulation, Exercise: h.Site.Exercise,
		},
	}
}

// Read gives the snapshot that the file keeps, without the site's zone. The
// error is [ErrNone] if there is no file.
func Read(file string) (*status.Snapshot, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last page: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the last page: %w", err)
	}
	s, err := read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("reading the last page from %s: %w", file, err)
	}
	return s, nil
}

func read(f io.ReadSeeker, size int64) (*status.Snapshot, error) {
	content := size - sha256.Size
	if content < int64(len(begin)) || size > maxFile {
		return nil, errors.New("it is not one")
	}
	if err := wantWhole(f, content, sha256.New()); err != nil {
		return nil, err
	}
	in := bufio.NewReader(io.LimitReader(f, content))
	first := make([]byte, len(begin))
	if _, err := io.ReadFull(in, first); err != nil || string(first) != begin {
		return nil, errors.New("it was written by another version of the program")
	}
	return decode(gob.NewDecoder(in))
}

// wantWhole says that the content is what was written, and goes back to its
// beginning.
func wantWhole(f io.ReadSeeker, content int64, sum hash.Hash) error {
	if _, err := io.CopyN(sum, f, content); err != nil {
		return err
	}
	written := make([]byte, sha256.Size)
	if _, err := io.ReadFull(f, written); err != nil {
		return err
	}
	if !bytes.Equal(written, sum.Sum(nil)) {
		return errors.New("it is not what was written")
	}
	_, err := f.Seek(0, io.SeekStart)
	return err
}

func decode(decoder *gob.Decoder) (*status.Snapshot, error) {
	var h head
	if err := decoder.Decode(&h); err != nil {
		return nil, err
	}
	s, total := h.snapshot(), 0
	for _, g := range h.Groups {
		if total += g.Components; g.Components < 0 || total > maxComponents {
			return nil, errors.New("it has more components than there can be")
		}
		view := status.GroupView{Group: g.Group, State: g.State}
		for range g.Components {
			c := &status.ComponentView{}
			if err := decoder.Decode(c); err != nil {
				return nil, err
			}
			if c.Component == nil {
				return nil, errors.New("it has a component that nothing is said of")
			}
			view.Components = append(view.Components, c)
		}
		s.Groups = append(s.Groups, view)
	}
	return s, nil
}
