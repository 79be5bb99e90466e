package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// Configurations is what the configuration says, and how it is read anew.
type Configurations interface {
	// Settings is the configuration that is used now.
	Settings(ctx context.Context) (Settings, error)
	// CheckFile reads a candidate on the server without using it; the empty name
	// is the file that runs. [ErrOutside]: it is not in the configuration's
	// folder.
	CheckFile(ctx context.Context, name string) (CheckedFile, error)
	// ReadAnew reads the configuration anew, as SIGHUP does. The error is a
	// [*StaysError] if the old one stays for a reason.
	ReadAnew(ctx context.Context) error
}

// ErrOutside says that a file is not where candidates are looked for.
var ErrOutside = errors.New("the file is not in the folder of the configuration, or is no YAML file; write its name without a path")

// StaysError says why the configuration before stays in use.
type StaysError struct{ Why string }

func (e *StaysError) Error() string { return e.Why }

// Settings is what is written, value by value. What is secret is never in it.
type Settings struct {
	Path   string    `json:"path"`
	Loaded time.Time `json:"loaded"` // when it was read
	// Failed is when reading a newer one failed, and Why a problem in each; null:
	// it did not, or has worked since.
	Failed *time.Time `json:"failed"`
	Why    []string   `json:"why"`
	Notes  []string   `json:"notes"` // warnings
	Values []Setting  `json:"values"`
}

// Setting is one value with where it is written.
type Setting struct {
	Path    string `json:"path"`  // channels[0].daily_cap
	Value   string `json:"value"` // … for what is secret
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"` // left out: it is not written, and the default stands
	Default bool   `json:"default"`
	Secret  bool   `json:"secret"`
}

// CheckedFile is what reading a file came to.
type CheckedFile struct {
	File     string   `json:"file"`
	Valid    bool     `json:"valid"`
	Problems []string `json:"problems"` // file:line:column: path: what is wrong; what to write
	Restart  string   `json:"restart,omitempty"`
	Notes    []string `json:"notes"`
}

// apiSettings is a page of GET /api/v1/settings.
type apiSettings struct {
	Settings
	Next *string `json:"next"` // cursor of the page after; null: there is none
}

type newCheck struct {
	File string `json:"file"`
}

func (s *Server) settingRoutes(engine *gin.Engine) {
	if s.options.Settings == nil || s.options.Tokens == nil {
		return
	}
	get(engine, apiRoot+"settings", s.asApp(account.ReadSettings, s.listSettings))
	engine.POST(apiRoot+"settings/check", s.asApp(account.Configure, s.checkSettings))
	engine.POST(apiRoot+"settings/reload", s.asApp(account.Configure, s.reloadSettings))
}

// listSettings pages through the values by their place, which a reload may
// move: then the page says since when it has been in use.
func (s *Server) listSettings(ctx context.Context, c *call) *problem {
	after, limit, refusal := s.listPage(c, "settings")
	if refusal != nil {
		return refusal
	}
	now, err := s.options.Settings.Settings(ctx)
	if err != nil {
		return s.deskRefusal(err)
	}
	from, _ := strconv.Atoi(after) // a cursor is ours
	a := apiSettings{Settings: now}
	from = min(from, len(now.Values))
	a.Values = append([]Setting{}, now.Values[from:]...)
	if len(a.Values) > limit {
		a.Values, a.Next = a.Values[:limit], s.next("settings", strconv.Itoa(from+limit))
	}
	a.Why, a.Notes = list(a.Why), list(a.Notes)
	return tagged(c.Context, a)
}

func (s *Server) checkSettings(ctx context.Context, c *call) *problem {
	var in newCheck
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	checked, err := s.options.Settings.CheckFile(ctx, in.File)
	if errors.Is(err, ErrOutside) {
		return invalid(complaints{{"/file", err.Error()}})
	}
	if err != nil {
		return s.deskRefusal(err)
	}
	s.audit(ctx, c, account.Configure, "settings", "checked "+in.File)
	checked.Problems, checked.Notes = list(checked.Problems), list(checked.Notes)
	c.JSON(http.StatusOK, checked)
	return nil
}

func (s *Server) reloadSettings(ctx context.Context, c *call) *problem {
	err := s.options.Settings.ReadAnew(ctx)
	if stays, told := errors.AsType[*StaysError](err); told {
		s.audit(ctx, c, account.Configure, "settings", "reload failed")
		return newProblem(http.StatusConflict, "The configuration before stays in use: "+stays.Why)
	}
	if err != nil {
		return s.deskRefusal(err)
	}
	return s.carried(ctx, c, account.Configure, "settings", "reloaded")
}
