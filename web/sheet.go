package web

import (
	"bytes"
	"sync"
	"sync/atomic"
)

// sheet is a place on the shelf: a document that is made when it is first asked
// for, or at once if somebody asked for the one before it. So who reads a page
// finds the next edition ready, and nothing is rendered for nobody.
type sheet struct {
	asked atomic.Bool
	make  func() (*document, error) // makes it once
}

// ready is a sheet whose document is there.
func ready(d *document) *sheet {
	return &sheet{make: func() (*document, error) { return d, nil }}
}

// newSheet is one whose bytes write gives and whose document build makes of
// them. Bytes equal to those before are the document before, compressed as it is.
func newSheet(before *sheet, write func() ([]byte, error), build func(body []byte) *document) (*sheet, error) {
	if before == nil || !before.asked.Load() {
		return &sheet{make: sync.OnceValues(func() (*document, error) {
			body, err := write()
			if err != nil {
				return nil, err
			}
			return build(body), nil
		})}, nil
	}
	body, err := write()
	if err != nil {
		return nil, err
	}
	was, failed := before.make() // made already, since somebody asked
	switch {
	case failed != nil || was == nil:
		return ready(build(body)), nil //nolint:nilerr // there is nothing to take over, that is all
	case bytes.Equal(was.body, body):
		return ready(was), nil
	}
	next := build(body)
	next.packed.as(was.packed)
	return ready(next), nil
}

// document is what lies there, for somebody who asks.
func (s *sheet) document() (*document, error) {
	s.asked.Store(true)
	return s.make()
}
