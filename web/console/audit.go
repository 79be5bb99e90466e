package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"bongsu/notifier/signup"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// AuditLog is who did what and when, in the order in which it was put down.
type AuditLog interface {
	// Entries lists entries, the latest first, at most q.Limit.
	Entries(ctx context.Context, q AuditQuery) ([]AuditEntry, error)
	// Chain says how far it has been proven that nothing was changed or taken out.
	Chain(ctx context.Context) (AuditChain, error)
}

// AuditQuery says which entries are listed. What is empty asks nothing.
type AuditQuery struct {
	Who, Deed, About string
	From, Until      time.Time
	Before           int64 // the number before which the list goes on; 0: from the latest
	Limit            int
}

// AuditEntry is one of them.
type AuditEntry struct {
	Number    int64
	At        time.Time
	Who, Name string // id and name, as they were
	Role      account.Role
	Deed      account.Deed
	About     string
	Detail    string
}

// AuditChain is how far the log is proven.
type AuditChain struct {
	Last   int64 // number of the latest entry; 0: there is none
	Upto   int64 // whole and unchanged up to this one
	Broken int64 // the first that does not follow from the one before it; 0: none
}

const (
	auditList = 100
	// auditFile is how many entries one file has at most.
	auditFile = 100_000
)

func (c *Console) auditRoutes() []route {
	if c.options.AuditLog == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/audit", deed: account.ReadAudit, handle: c.audit},
		{method: http.MethodGet, path: "/audit.csv", deed: account.ReadAudit, handle: c.auditFile(writeAuditCSV, "csv", "text/csv; charset=utf-8")},
		{method: http.MethodGet, path: "/audit.ndjson", deed: account.ReadAudit, handle: c.auditFile(writeAuditJSON, "ndjson", "application/x-ndjson")},
	}
}

type auditPage struct {
	Rows              []auditRow
	Chain             string
	Whole             bool
	Deeds             []option
	Who, About        string
	From, Until       string
	Next, CSV, NDJSON string
}

type auditRow struct {
	AuditEntry

	When, Role, Does string
}

// auditQuery reads what is asked for; days are the site's.
func (v *visit) auditQuery() AuditQuery {
	q := AuditQuery{Who: v.asked("who"), Deed: v.asked("deed"), About: v.asked("about"), Before: v.number("before"), Limit: auditList + 1}
	if day, err := time.ParseInLocation(time.DateOnly, v.asked("from"), v.Zone); err == nil {
		q.From = day
	}
	if day, err := time.ParseInLocation(time.DateOnly, v.asked("until"), v.Zone); err == nil {
		q.Until = day.AddDate(0, 0, 1)
	}
	return q
}

func (c *Console) audit(v *visit) error {
	v.topics = []Topic{Audit}
	q := v.auditQuery()
	list, err := c.options.AuditLog.Entries(v.request.Context(), q)
	if err != nil {
		return err
	}
	chain, err := c.options.AuditLog.Chain(v.request.Context())
	if err != nil {
		return err
	}
	page := auditPage{Who: q.Who, About: q.About, From: v.asked("from"), Until: v.asked("until"), Whole: chain.Broken == 0}
	page.Chain = v.Say("audit_chain", "Upto", speech.Grouped(chain.Upto), "Last", speech.Grouped(chain.Last))
	if !page.Whole {
		page.Chain = v.Say("audit_broken", "Broken", speech.Grouped(chain.Broken), "Upto", speech.Grouped(chain.Upto))
	}
	values := v.request.URL.Query()
	values.Del("lang")
	values.Del("before")
	page.CSV, page.NDJSON = Root+"/audit.csv?"+values.Encode(), Root+"/audit.ndjson?"+values.Encode()
	if len(list) > auditList {
		list = list[:auditList]
		values.Set("before", strconv.FormatInt(list[auditList-1].Number, 10))
		page.Next = Root + "/audit?" + values.Encode()
	}
	for i := range list {
		page.Rows = append(page.Rows, v.auditRow(&list[i]))
	}
	deeds := []string{"", v.Say("people_any")}
	for _, deed := range account.Admin.Deeds() {
		deeds = append(deeds, string(deed), v.deedText(deed))
	}
	page.Deeds = choices(q.Deed, deeds...)
	return v.render("audit", v.Say("menu_audit"), page)
}

func (v *visit) auditRow(e *AuditEntry) auditRow {
	return auditRow{AuditEntry: *e, When: v.At(e.At), Role: v.known("role_", string(e.Role)), Does: v.deedText(e.Deed)}
}

// deedText is a deed in words.
func (v *visit) deedText(d account.Deed) string { return v.known("deed_", string(d)) }

// auditFile streams the entries that the page's filters ask for, the latest
// first.
func (c *Console) auditFile(write func(w http.ResponseWriter, e *AuditEntry) error, ext, kind string) func(*visit) error {
	return func(v *visit) error {
		q := v.auditQuery()
		q.Limit = auditList
		list, err := c.options.AuditLog.Entries(v.request.Context(), q)
		if err != nil {
			return err
		}
		v.record(account.ReadAudit, "audit", "exported as "+ext+" "+v.request.URL.Query().Encode())
		h := v.writer.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Disposition", `attachment; filename="audit.`+ext+`"`)
		if ext == "csv" {
			if _, err := v.writer.Write([]byte(signup.Cells([]string{"number", "at", "who", "name", "role", "deed", "about", "detail"}))); err != nil {
				return http.ErrAbortHandler
			}
		}
		for written := 0; len(list) > 0 && written < auditFile; written += len(list) {
			for i := range list {
				if err := write(v.writer, &list[i]); err != nil {
					return http.ErrAbortHandler
				}
			}
			q.Before = list[len(list)-1].Number
			if list, err = c.options.AuditLog.Entries(v.request.Context(), q); err != nil {
				return http.ErrAbortHandler // what has left cannot be taken back: the file must not look whole
			}
		}
		return nil
	}
}

func writeAuditCSV(w http.ResponseWriter, e *AuditEntry) error {
	//nolint:gosec // it is a file to be saved, not a page
	_, err := w.Write([]byte(signup.Cells([]string{
		strconv.FormatInt(e.Number, 10), e.At.UTC().Format(time.RFC3339), e.Who, e.Name, string(e.Role), string(e.Deed), e.About, e.Detail,
	})))
	return err
}

func writeAuditJSON(w http.ResponseWriter, e *AuditEntry) error {
	return json.NewEncoder(w).Encode(map[string]any{
		"number": e.Number, "at": e.At.UTC().Format(time.RFC3339Nano), "who": e.Who, "name": e.Name,
		"role": e.Role, "deed": e.Deed, "about": e.About, "detail": e.Detail,
	})
}
