package web

import (
	"context"
	"time"

	"bongsu/status"
)

// apiMap is the answer of GET /api/v1/map: who needs whom, and what stands
// together.
type apiMap struct {
	GeneratedAt time.Time   `json:"generated_at"`
	Nodes       []apiNode   `json:"nodes"`   // every component, as the page lists them
	Edges       []apiEdge   `json:"edges"`   // by who needs, in the same order
	Domains     []apiDomain `json:"domains"` // failure domains, by id
}

type apiNode struct {
	ID         string       `json:"id"`
	Group      string       `json:"group"`
	Name       status.Text  `json:"name"`
	State      status.State `json:"state"`
	Derived    bool         `json:"derived"` // the state follows from a need; nobody measured it
	AffectedBy *string      `json:"affected_by"`
	Since      *time.Time   `json:"since"`
	Incident   *string      `json:"incident"`
}

// apiEdge is that a component needs another.
type apiEdge struct {
	From string `json:"from"` // who needs
	To   string `json:"to"`   // what is needed
	How  string `json:"how"`  // hard or soft
}

type apiDomain struct {
	ID         string   `json:"id"`
	Components []string `json:"components"`
}

// needHow is how a component needs another, as the configuration writes it.
func needHow(n status.Need) string {
	if n.Soft {
		return "soft"
	}
	return "hard"
}

func (s *Server) readMap(_ context.Context, c *call, e *edition) *problem {
	return tagged(c.Context, mapForAPI(e.snapshot))
}

func mapForAPI(s *status.Snapshot) apiMap {
	a := apiMap{GeneratedAt: s.At.UTC(), Nodes: []apiNode{}, Edges: []apiEdge{}, Domains: []apiDomain{}}
	for g := range s.Groups {
		for _, c := range s.Groups[g].Components {
			a.Nodes = append(a.Nodes, apiNode{
				ID: c.ID, Group: c.Group, Name: c.Name, State: c.State, Derived: c.Derived, AffectedBy: optional(c.AffectedBy),
				Since: instant(c.Since), Incident: optional(c.Incident),
			})
			for _, n := range c.Needs {
				a.Edges = append(a.Edges, apiEdge{From: c.ID, To: n.ID, How: needHow(n)})
			}
		}
	}
	for _, id := range sortedKeys(s.Domains) {
		a.Domains = append(a.Domains, apiDomain{ID: id, Components: list(s.Domains[id])})
	}
	return a
}
