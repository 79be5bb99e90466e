package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"bongsu/status"
)

// Limits of a search: what is read of the words, and what is shown.
const (
	maxWanted = 64
	mostFound = 50
)

// findPage is the services whose name has some words in it.
type findPage struct {
	Wanted string
	Rows   []named
	Left   string
}

// find is the search. It is answered from memory; who searches without an end
// is told to wait.
func (s *Server) find(c *gin.Context) {
	wanted := cleanWanted(c.Query("q"))
	if wanted != "" && !s.reads.Allow(s.visitor(c), s.options.Now()) {
		s.answer(http.StatusTooManyRequests)(c)
		return
	}
	s.deliver(c, "/find", func() (*document, error) {
		e := s.current.Load()
		lang := e.language(c.Request)
		d, err := e.rendered("find", "/find", lang, e.tellers[lang].found(wanted))
		if err != nil {
			return nil, err
		}
		return d.kept(keepNot), nil
	})
}

// cleanWanted is what somebody typed, without what is in the way.
func cleanWanted(typed string) string {
	words := strings.Join(strings.Fields(strings.ToValidUTF8(typed, "")), " ")
	for len(words) > maxWanted {
		_, size := utf8.DecodeLastRuneInString(words)
		words = words[:len(words)-size]
	}
	return words
}

// found are the services that match, those in trouble first.
func (t *teller) found(wanted string) page {
	p := findPage{Wanted: wanted}
	var hits []*status.ComponentView
	if wanted != "" {
		for g := range t.snapshot.Groups {
			for _, c := range t.snapshot.Groups[g].Components {
				if t.matches(c, strings.ToLower(wanted)) {
					hits = append(hits, c)
				}
			}
		}
	}
	slices.SortStableFunc(hits, func(a, b *status.ComponentView) int { return gravity(b.State) - gravity(a.State) })
	if left := len(hits) - mostFound; left > 0 {
		hits, p.Left = hits[:mostFound], t.Count("more_services", left)
	}
	for _, c := range hits {
		l := t.componentLink(c.ID)
		l.Note = t.mark(c)
		p.Rows = append(p.Rows, l)
	}
	return page{title: t.Say("find_title"), hidden: true, content: p}
}

// matches looks for the words in all that a service is called, in any language.
func (t *teller) matches(c *status.ComponentView, wanted string) bool {
	for _, name := range c.Name {
		if strings.Contains(strings.ToLower(name), wanted) {
			return true
		}
	}
	return strings.Contains(c.ID, wanted) || strings.Contains(strings.ToLower(c.Operator), wanted) ||
		strings.Contains(strings.ToLower(t.groupName(c.Group)), wanted)
}

// gravity orders states for who looks for trouble.
func gravity(s status.State) int {
	switch s {
	case status.MajorOutage:
		return 5
	case status.PartialOutage:
		return 4
	case status.DegradedPerformance:
		return 3
	case status.Unknown:
		return 2
	case status.UnderMaintenance:
		return 1
	case status.Operational:
	}
	return 0
}
