package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Where a reader asks how old everything is, and with which key it is signed.
const (
	nowPath       = "/now.json"
	signatureName = ".minisig" // what is signed has its signature beside it
	keyPath       = "/key.pub"
)

// keepMoment is for what is asked for to know how old everything else is.
const keepMoment = "public, max-age=5, stale-if-error=60"

// Instant is of when the site speaks. It is what /now.json says, here and in
// every copy.
type Instant struct {
	At    time.Time `json:"generated_at"`
	Until time.Time `json:"valid_until"` // that it is the present
	Page  time.Time `json:"page_at"`     // of which instant the first page speaks; it is made anew when it would read otherwise
}

// Rounded is the instant as it is told: to the millisecond, in UTC.
func (i Instant) Rounded() Instant {
	round := func(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
	return Instant{At: round(i.At), Until: round(i.Until), Page: round(i.Page)}
}

// Now is the instant that the site speaks of; zero before the first snapshot.
func (s *Server) Now() Instant {
	if e := s.current.Load(); e != nil {
		return e.instant()
	}
	return Instant{}
}

func (e *edition) instant() Instant { return Instant{At: e.snapshot.At, Until: e.until, Page: e.told} }

// stockInstant puts the instant on the shelf, with its signature beside it.
func (e *edition) stockInstant(before *edition) error {
	body, err := json.Marshal(e.instant().Rounded())
	if err != nil {
		return err
	}
	body = append(body, '\n')
	const text = "text/plain; charset=utf-8"
	signer := e.server.options.Signer
	if signer == nil {
		return e.stockFor(before, nowPath, jsonType, keepMoment, asWritten(body))
	}
	signature, err := signer.Sign(body, nowPath[1:]+" at "+e.snapshot.At.UTC().Format(time.RFC3339))
	if err != nil {
		return fmt.Errorf("%s: %w", nowPath, err)
	}
	return errors.Join(
		e.stockFor(before, nowPath, jsonType, keepMoment, asWritten(body)),
		e.stockFor(before, nowPath+signatureName, text, keepMoment, asWritten(signature)),
		e.stockFor(before, keyPath, text, keepMoment, asWritten(signer.Public().File())),
	)
}

// stockFor puts on the shelf what any site may read and may be kept so long.
func (e *edition) stockFor(before *edition, path, kind, keep string, write func() ([]byte, error)) error {
	s, err := newSheet(before.onShelf(path), write, func(body []byte) *document {
		return newDocument(http.StatusOK, kind, body).kept(keep).forAnyOrigin()
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	e.shelf[path] = s
	return nil
}

// asWritten gives what is there already.
func asWritten(body []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return body, nil }
}
