package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"bongsu/notifier/appnotice"
)

// uploadIdle is how long an upload may send nothing, and firstFaults how many
// faults its answer shows.
const (
	uploadIdle  = 30 * time.Second
	firstFaults = 20
	faultsEach  = 1000
)

// apiUpload is what became of an upload.
type apiUpload struct {
	ID        string            `json:"id"`
	Whole     bool              `json:"whole"`
	Lines     int64             `json:"lines"`
	People    int64             `json:"people"`
	Faults    int64             `json:"faults"`
	KeptUntil time.Time         `json:"kept_until"`
	First     []appnotice.Fault `json:"first_faults"`
}

// upload takes recipients as they arrive.
func (s *Server) upload(ctx context.Context, c *call) *problem {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || (kind != "text/csv" && kind != "application/x-ndjson") {
		return newProblem(http.StatusUnsupportedMediaType, "Send recipients as text/csv or as application/x-ndjson, one on each line.")
	}
	if !s.apps.uploads.Allow(c.who.ID, c.now) {
		return tooOften(appUploadEvery)
	}
	if !s.apps.uploading.take(c.app) {
		return away("Too many uploads are coming in now. Try again soon.")
	}
	defer s.apps.uploading.leave(c.app)
	patient := &patientReader{in: c.Request.Body, conn: http.NewResponseController(c.Writer)}
	l, err := s.options.Apps.Upload(ctx, c.app, patient, kind == "text/csv", c.now)
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return newProblem(http.StatusRequestEntityTooLarge, "The upload is too big. Send the rest as another one.")
	}
	if patient.failed != nil {
		return newProblem(http.StatusBadRequest, "The upload did not arrive whole, and none of it is kept. Send it again.")
	}
	if err != nil {
		return s.appRefusal(err, nil)
	}
	c.Header("Location", uploadsPath+"/"+l.Name)
	return s.showUpload(ctx, c, l, http.StatusCreated)
}

// uploadPlaces are the places for uploads at the same time: so many in all, and
// half of them for one app, so that no app keeps the others out.
type uploadPlaces struct {
	mu  sync.Mutex
	all int
	by  map[string]int
}

func (p *uploadPlaces) take(app string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= uploadsAtOnce || p.by[app] >= uploadsAtOnce/2 {
		return false
	}
	if p.by == nil {
		p.by = map[string]int{}
	}
	p.all++
	p.by[app]++
	return true
}

func (p *uploadPlaces) leave(app string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all--
	if p.by[app]--; p.by[app] == 0 {
		delete(p.by, app)
	}
}

// patientReader gives who sends as long as they need, as long as they send.
type patientReader struct {
	in     io.Reader
	conn   *http.ResponseController
	read   int
	failed error
}

func (p *patientReader) Read(into []byte) (int, error) {
	if p.read == 0 {
		p.wait()
	}
	n, err := p.in.Read(into)
	if p.read += n; p.read > 1<<16 {
		p.read = 0
	}
	if _, big := errors.AsType[*http.MaxBytesError](err); err != nil && !big && !errors.Is(err, io.EOF) {
		p.failed = err
	}
	return n, err
}

// wait puts the connection's deadlines off. Not every writer has them: a test's
// has none, and needs none.
func (p *patientReader) wait() {
	soon := time.Now().Add(uploadIdle)
	_ = p.conn.SetReadDeadline(soon)
	_ = p.conn.SetWriteDeadline(soon.Add(writeTimeout))
}

func (s *Server) showUpload(ctx context.Context, c *call, l appnotice.List, status int) *problem {
	a := apiUpload{ID: l.Name, Whole: l.Whole, Lines: l.Lines, People: l.People, Faults: l.Faults, KeptUntil: l.Until.UTC(), First: []appnotice.Fault{}}
	faults, err := s.options.Apps.Book.FaultsOf(ctx, l.Number, 0, firstFaults)
	if err != nil {
		return s.appRefusal(err, nil)
	}
	a.First = append(a.First, faults...)
	c.JSON(status, a)
	return nil
}

func (s *Server) readUpload(ctx context.Context, c *call) *problem {
	l, err := s.options.Apps.List(ctx, c.app, c.Param("id"))
	if err != nil {
		return s.appRefusal(err, nil)
	}
	return s.showUpload(ctx, c, l, http.StatusOK)
}

// readFaults gives each line that was not taken, with the reason.
func (s *Server) readFaults(ctx context.Context, c *call) *problem {
	l, err := s.options.Apps.List(ctx, c.app, c.Param("id"))
	if err != nil {
		return s.appRefusal(err, nil)
	}
	after := int64(0)
	return s.streamLines(c, func(write func(any) error) (more bool, err error) {
		faults, err := s.options.Apps.Book.FaultsOf(ctx, l.Number, after, faultsEach)
		if err != nil {
			return false, err
		}
		for _, f := range faults {
			if err := write(f); err != nil {
				return false, err
			}
			after = f.Line
		}
		return len(faults) == faultsEach, nil
	})
}

// streamLines answers with a JSON object on each line, a part at a time. The
// first part is made before the first byte goes out, so that a database that is
// away is a 503; what fails later cuts the answer off, so that nobody takes a
// part for the whole.
func (s *Server) streamLines(c *call, part func(write func(any) error) (more bool, err error)) *problem {
	conn := http.NewResponseController(c.Writer)
	begun := false
	out := json.NewEncoder(c.Writer)
	write := func(line any) error {
		if !begun {
			begun = true
			c.Header("Content-Type", "application/x-ndjson")
			c.Status(http.StatusOK)
		}
		return out.Encode(line)
	}
	for {
		_ = conn.SetWriteDeadline(time.Now().Add(writeTimeout)) // a test's writer has none
		more, err := part(write)
		if err != nil && !begun {
			return s.appRefusal(err, nil)
		}
		if err != nil {
			s.options.Log.Warn("writing an answer to an app", "err", err)
			panic(http.ErrAbortHandler)
		}
		if !more {
			break
		}
	}
	if !begun {
		c.Header("Content-Type", "application/x-ndjson")
		c.Status(http.StatusOK)
	}
	return nil
}
