package console

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"bongsu/notifier/signup"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/speech"
)

const (
	// maxImport is how large a list may be, in bytes: some 500,000 lines. Longer
	// ones go by the shell.
	maxImport = 64 << 20
	// importTime is how long a list may take.
	importTime = 15 * time.Minute
	// maxImportField is how long a field beside the file may be, in bytes.
	maxImportField = 100
)

// ImportOrder is a list to be taken in.
type ImportOrder struct {
	Name    string // of the file
	By      string
	Format  string // csv or statuspage
	Country string // of numbers without a country code; empty: KR
	Dry     bool   // try it and keep nothing
	Body    io.Reader
}

// ImportRun is what became of a list.
type ImportRun struct {
	ID                            string
	Name, By                      string
	Began, Ended                  time.Time
	Dry                           bool
	Added, There, Refused, Warned int64
	Error                         string // why it ended before its end; empty: it did not
}

// ImportLine is what was said of a line.
type ImportLine struct {
	Line    int
	Warning bool
	Text    string
}

type importsPage struct {
	Keep    bool // may take one in
	Runs    []importRow
	Limit   string
	Formats []option
}

type importRow struct {
	ImportRun

	Href, When, Counts, Kind string
	State                    badge
}

func (c *Console) imports(v *visit) error {
	runs, err := c.options.People.Imports(v.request.Context())
	if err != nil {
		return err
	}
	page := importsPage{Keep: v.may(account.KeepPeople), Limit: strconv.Itoa(maxImport >> 20), Formats: choices("csv", "csv", v.Say("import_csv"), "statuspage", v.Say("import_statuspage"))}
	for _, r := range runs {
		page.Runs = append(page.Runs, v.importRow(r))
	}
	return v.render("imports", v.Say("imports"), page)
}

func (v *visit) importRow(r ImportRun) importRow {
	row := importRow{ImportRun: r, Href: Root + "/imports/" + r.ID, When: v.At(r.Began), State: badge{"ok", v.Say("import_whole")}, Kind: v.Say("import_real")}
	row.Counts = v.Say("import_counts", "Added", speech.Grouped(r.Added), "There", speech.Grouped(r.There), "Refused", speech.Grouped(r.Refused), "Warned", speech.Grouped(r.Warned))
	if r.Dry {
		row.Kind = v.Say("import_dry")
	}
	switch {
	case r.Error != "":
		row.State = badge{"down", v.Say("import_broken")}
	case r.Refused > 0:
		row.State = badge{"slow", v.Say("import_partly")}
	}
	return row
}

var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)

// takeIn streams an uploaded list through: nothing of it is kept in memory or on
// the disk. The fields stand before the file.
func (c *Console) takeIn(v *visit) error {
	control := http.NewResponseController(v.writer)
	_ = control.SetReadDeadline(time.Now().Add(importTime)) // where there is no connection, as in tests, there is none to lift
	_ = control.SetWriteDeadline(time.Now().Add(importTime))
	parts, err := v.request.MultipartReader()
	if err != nil {
		return refuse(http.StatusUnsupportedMediaType, "problem_no_form")
	}
	order := ImportOrder{Format: "csv", By: v.who.Name}
	for range 10 { // fields at most
		part, err := parts.NextPart()
		if err != nil {
			break
		}
		if part.FormName() == "list" {
			return c.takeInPart(v, &order, part)
		}
		if err := order.set(part); err != nil {
			return err
		}
	}
	return refuse(http.StatusBadRequest, "problem_no_list")
}

// set takes a field of the form in.
func (o *ImportOrder) set(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxImportField+1))
	if err != nil || len(value) > maxImportField {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	switch text := strings.TrimSpace(string(value)); part.FormName() {
	case "format":
		o.Format = text
	case "country":
		o.Country = strings.ToUpper(text)
	case "dry":
		o.Dry = text != ""
	}
	if (o.Format != "csv" && o.Format != "statuspage") || (o.Country != "" && !countryForm.MatchString(o.Country)) {
		return refuse(http.StatusBadRequest, "problem_no_form")
	}
	return nil
}

func (c *Console) takeInPart(v *visit, order *ImportOrder, part *multipart.Part) error {
	if part.FileName() == "" {
		return refuse(http.StatusBadRequest, "problem_no_list")
	}
	order.Name, order.Body = plainName(part.FileName()), part
	run, err := c.options.People.Import(v.request.Context(), *order)
	if err != nil {
		return err
	}
	what := "imported"
	if order.Dry {
		what = "tried"
	}
	v.record(account.KeepPeople, "import "+run.ID, what+" "+order.Name+": "+strconv.FormatInt(run.Added, 10)+" added, "+strconv.FormatInt(run.Refused, 10)+" refused")
	c.Changed(Subscribers)
	return v.lead("/imports/"+run.ID, nil)
}

// plainName is a file's name without what is no name: a path, marks, too much.
func plainName(name string) string {
	const most = 80 // characters
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	plain := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"<>|`, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	return string(plain[:min(len(plain), most)])
}

type reportPage struct {
	Run   importRow
	Lines []reportLine
	More  string // how many lines more the file has
}

// reportLine is what was said of a line, in the reader's language.
type reportLine struct {
	ImportLine

	Said *web.Reason
}

// shownLines is how many lines of a report are on its page; its file has all
// that are kept.
const shownLines = 500

func (c *Console) report(v *visit) (ImportRun, []ImportLine, error) {
	run, lines, err := c.options.People.Report(v.request.Context(), v.request.PathValue("id"))
	if errors.Is(err, ErrNone) {
		return run, nil, refuse(http.StatusNotFound, "problem_not_found")
	}
	return run, lines, err
}

func (c *Console) importReport(v *visit) error {
	run, lines, err := c.report(v)
	if err != nil {
		return err
	}
	page := reportPage{Run: v.importRow(run)}
	for _, l := range lines[:min(len(lines), shownLines)] {
		page.Lines = append(page.Lines, reportLine{l, v.reason(l.Text)})
	}
	if len(lines) > shownLines {
		page.More = speech.Grouped(int64(len(lines) - shownLines))
	}
	return v.render("import", v.Say("import_of", "Name", run.Name), page)
}

// importFile is a report as a list that a spreadsheet opens.
func (c *Console) importFile(v *visit) error {
	run, lines, err := c.report(v)
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(signup.Cells([]string{"line", "taken", "what"}))
	for _, l := range lines {
		taken := "no"
		if l.Warning {
			taken = "yes"
		}
		out.WriteString(signup.Cells([]string{strconv.Itoa(l.Line), taken, l.Text}))
	}
	return v.download("import-"+run.ID+".csv", "text/csv; charset=utf-8", []byte(out.String()))
}
