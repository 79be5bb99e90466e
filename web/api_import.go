package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"bongsu/web/account"
)

// importPath is where lists of subscribers come in.
const importPath = apiRoot + "subscribers/import"

// maxImport bounds a list of subscribers, in bytes: a million lines.
const maxImport = 256 << 20

// ImportOrder is a list to take in.
type ImportOrder struct {
	Body            io.Reader
	Format, Country string
	Dry             bool // say what would happen, and keep nothing
	By              string
}

// ImportRun is what became of a list.
type ImportRun struct {
	ID      string       `json:"id"`
	Dry     bool         `json:"dry_run"`
	Added   int64        `json:"added"`
	There   int64        `json:"there"` // had been there before
	Refused int64        `json:"refused"`
	Warned  int64        `json:"warned"`
	Error   string       `json:"error,omitempty"` // why it ended before its end
	First   []ImportLine `json:"first"`           // the first lines with a remark
}

// ImportLine is a remark on a line.
type ImportLine struct {
	Line    int    `json:"line"`
	Warning bool   `json:"warning"` // it was taken all the same
	Text    string `json:"text"`
}

// ImportView is a list that was taken in, or tried, here or at the console.
type ImportView struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // of the file; API if it came by it
	By      string    `json:"by"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
	Dry     bool      `json:"dry_run"`
	Added   int64     `json:"added"`
	There   int64     `json:"there"` // had been there before
	Refused int64     `json:"refused"`
	Warned  int64     `json:"warned"`
	Error   string    `json:"error,omitempty"` // why it ended before its end
}

// apiImports is the answer of GET /api/v1/imports.
type apiImports struct {
	Imports []ImportView `json:"imports"` // newest first
}

// apiImport is a page of GET /api/v1/imports/ID.
type apiImport struct {
	ImportView

	Lines []ImportLine `json:"lines"` // those with a remark
	Next  *string      `json:"next"`  // cursor of the page after; null: there is none
}

// importFormats are the forms of a list.
var importFormats = []string{"csv", "statuspage"}

// importSubscribers takes a list in, as it comes.
func (s *Server) importSubscribers(ctx context.Context, c *call) *problem {
	o := ImportOrder{Format: c.DefaultQuery("format", importFormats[0]), Country: c.Query("country"), Dry: c.Query("dry_run") == "true", By: author(c.who)}
	switch {
	case c.ContentType() != "text/csv":
		return newProblem(http.StatusUnsupportedMediaType, "Send the list as CSV, with Content-Type: text/csv.")
	case !slices.Contains(importFormats, o.Format):
		return newProblem(http.StatusBadRequest, "format is csv or statuspage.")
	case c.Query("dry_run") != "" && c.Query("dry_run") != "true" && c.Query("dry_run") != "false":
		return newProblem(http.StatusBadRequest, "dry_run is true or false.")
	case len(o.Country) > 2:
		return newProblem(http.StatusBadRequest, "country is two capital letters, like KR.")
	}
	if !s.apps.uploading.take("") { // no app's: the desk has places of its own
		return away("Too many lists are coming in now. Try again soon.")
	}
	defer s.apps.uploading.leave("")
	patient := &patientReader{in: c.Request.Body, conn: http.NewResponseController(c.Writer)}
	o.Body = patient
	run, err := s.options.People.Import(ctx, o)
	if patient.failed != nil {
		return newProblem(http.StatusBadRequest, "The list did not arrive whole. Send it again: who is there already stays as they are.")
	}
	if err != nil {
		return s.deskRefusal(err)
	}
	if !o.Dry {
		s.audit(ctx, c, account.KeepPeople, "import "+run.ID, "a list of subscribers was taken in by the API")
	}
	c.JSON(http.StatusOK, run)
	return nil
}

func (s *Server) listImports(ctx context.Context, c *call) *problem {
	all, err := s.options.People.Imports(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	return tagged(c.Context, apiImports{Imports: append([]ImportView{}, all...)})
}

// readImport pages through the lines of a list by their place; a report does not
// change.
func (s *Server) readImport(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "imports/"+c.Param("id"))
	if refusal != nil {
		return refusal
	}
	one, lines, err := s.options.People.ImportReport(ctx, c.Param("id"))
	if err != nil {
		return s.deskRefusal(err)
	}
	from, _ := strconv.Atoi(after) // a cursor is ours
	from = min(from, len(lines))
	a := apiImport{ImportView: one, Lines: append([]ImportLine{}, lines[from:]...)}
	if len(a.Lines) > limit {
		a.Lines, a.Next = a.Lines[:limit], s.next("imports/"+one.ID, strconv.Itoa(from+limit))
	}
	return tagged(c.Context, a)
}
