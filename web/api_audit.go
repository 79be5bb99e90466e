package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// AuditLog is who did what and when.
type AuditLog interface {
	// AuditEntries lists entries, the latest first.
	AuditEntries(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
	// AuditChain says how far it has been proven that nothing was changed or taken
	// out.
	AuditChain(ctx context.Context) (AuditChain, error)
}

// AuditQuery says which entries are listed. What is empty asks nothing.
type AuditQuery struct {
	Who, About  string
	Deed        account.Deed
	From, Until time.Time
	Before      int64 // the number before which the list goes on; 0: from the latest
	Limit       int
}

// AuditEntry is one of them.
type AuditEntry struct {
	Number int64        `json:"number"`
	At     time.Time    `json:"at"`
	Who    string       `json:"who"`  // id
	Name   string       `json:"name"` // as it was
	Role   string       `json:"role"`
	Deed   account.Deed `json:"deed"`
	About  string       `json:"about"`
	Detail string       `json:"detail"`
}

// AuditChain is how far the log is proven.
type AuditChain struct {
	Last   int64 `json:"last"`   // number of the latest entry; 0: there is none
	Upto   int64 `json:"upto"`   // whole and unchanged up to this one
	Broken int64 `json:"broken"` // the first that does not follow from the one before it; 0: none
}

// apiAudit is a page of GET /api/v1/audit.
type apiAudit struct {
	Entries []AuditEntry `json:"entries"` // the latest first
	Next    *string      `json:"next"`    // cursor of the page after; null: there is none
	Chain   AuditChain   `json:"chain"`
}

func (s *Server) auditRoutes(engine *gin.Engine) {
	if s.options.AuditLog == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"audit", s.asApp(account.ReadAudit, s.listAudit))
}

// maxAsked bounds a value of the query that is looked for.
const maxAsked = 200

// auditQuery reads what is asked for.
func (c *call) auditQuery() (AuditQuery, *problem) {
	q := AuditQuery{Who: c.Query("who"), About: c.Query("about"), Deed: account.Deed(c.Query("deed"))}
	for _, text := range []string{q.Who, q.About, string(q.Deed)} {
		if len(text) > maxAsked || !Plain(text) {
			return q, newProblem(http.StatusBadRequest, "who, about and deed are plain text of at most 200 bytes.")
		}
	}
	if d := q.Deed; d != "" && d != account.LoggedIn && d != account.LoggedOut && d.String() == string(d) {
		return q, newProblem(http.StatusBadRequest, "deed is the short name of one, such as publish, steer or keep-accounts.")
	}
	for name, into := range map[string]*time.Time{"from": &q.From, "until": &q.Until} {
		text := c.Query(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return q, newProblem(http.StatusBadRequest, name+" is a time such as 2026-10-15T15:30:00+09:00.")
		}
		*into = at
	}
	return q, nil
}

func (s *Server) listAudit(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "audit")
	if refusal != nil {
		return refusal
	}
	q, refusal := c.auditQuery()
	if refusal != nil {
		return refusal
	}
	q.Before, _ = strconv.ParseInt(after, 10, 64) // a cursor is ours
	q.Limit = limit + 1
	entries, err := s.options.AuditLog.AuditEntries(ctx, q)
	if err != nil {
		return s.deskRefusal(err)
	}
	a := apiAudit{Entries: slices.Concat([]AuditEntry{}, entries)}
	if len(entries) > limit {
		a.Entries, a.Next = entries[:limit], s.next("audit", strconv.FormatInt(entries[limit-1].Number, 10))
	}
	if a.Chain, err = s.options.AuditLog.AuditChain(ctx); err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, a)
}
