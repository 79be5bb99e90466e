package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/status"
	"bongsu/web/incoming"
)

// Sources finds who may tell us what they suspect, by kind and id; nil for
// nobody.
type Sources func(kind incoming.Kind, id string) *incoming.Source

// How often a source may send. Alertmanager sends each group by itself.
const (
	incomingEvery = time.Second
	incomingBurst = 60
)

// incomingRoutes are where other people's monitoring tells us what it suspects.
func (s *Server) incomingRoutes(engine *gin.Engine) {
	if s.options.Incoming == nil || s.options.Desk == nil {
		return
	}
	for _, kind := range []incoming.Kind{incoming.Alertmanager, incoming.JSON} {
		engine.POST("/hooks/"+string(kind)+"/:id", s.answered(string(kind), s.suspected(kind)))
	}
}

// suspected takes what a source suspects. It is answered when it is durable;
// the same body again changes nothing.
func (s *Server) suspected(kind incoming.Kind) func(c *gin.Context) (string, error) {
	return func(c *gin.Context) (string, error) {
		now := s.options.Now()
		source := s.options.Incoming(kind, c.Param("id"))
		if source == nil || !source.Admits(c.Request.Header) { // whoever guesses learns neither
			if !s.badTokens.Allow(s.visitor(c), now) {
				return hookTooOften, nil
			}
			return "", fmt.Errorf("%w: no such source, or not its token", ErrForged)
		}
		if !s.incoming.Allow(source.ID, now) {
			return hookTooOften, nil
		}
		body, err := readBody(c, incoming.MaxBody)
		if errors.Is(err, errTooBig) {
			return hookTooBig, nil
		} else if err != nil {
			return "", fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		report, err := source.Read(body, now)
		if err != nil {
			s.options.Log.Warn("reading what a source sends", "hook", kind, "from", source.ID, "err", err)
			return "", fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		ctx, cancel := context.WithTimeout(c.Request.Context(), deskTime)
		defer cancel()
		if err := s.suspect(ctx, report.Suspicions); err != nil {
			return "", err
		}
		c.JSON(http.StatusOK, suspectedAnswer{Taken: len(report.Suspicions), Unmatched: report.Unmatched})
		if len(report.Suspicions) == 0 {
			return hookIgnored, nil
		}
		return hookTaken, nil
	}
}

// suspectedAnswer tells a source what became of its alerts.
type suspectedAnswer struct {
	Taken     int `json:"taken"`
	Unmatched int `json:"unmatched"` // no rule says what they are of
}

func (s *Server) suspect(ctx context.Context, all []status.Suspicion) error {
	for i := range all {
		_, err := s.options.Desk.Do(ctx, status.Command{Author: all[i].Source, Suspect: &all[i]})
		if errors.Is(err, status.ErrSuspects) {
			s.options.Log.Warn("taking a suspicion", "from", all[i].Source, "err", err)
			return nil // sending it again would not help; the console shows a thousand others
		}
		if err != nil {
			return err
		}
	}
	return nil
}
