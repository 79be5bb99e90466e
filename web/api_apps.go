package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"bongsu/notifier/words"
	"bongsu/status"
	"bongsu/web/account"
)

// apiApps is the answer of GET /api/v1/apps.
type apiApps struct {
	GeneratedAt time.Time       `json:"generated_at"`
	ValidUntil  time.Time       `json:"valid_until"`
	Embedding   Embedding       `json:"embedding"` // of the widgets
	Apps        []apiAppService `json:"apps"`
}

// apiOneApp is the answer of GET /api/v1/apps/ID.
type apiOneApp struct {
	GeneratedAt time.Time `json:"generated_at"`
	ValidUntil  time.Time `json:"valid_until"`
	Embedding   Embedding `json:"embedding"`
	apiAppService
}

// apiAppService is an app with what its users are told of each function.
type apiAppService struct {
	ID        string       `json:"id"`
	Name      status.Text  `json:"name"`
	URL       string       `json:"url"`        // the hosted page of alternates
	WidgetOff bool         `json:"widget_off"` // its widget is shut off and shows nothing
	Functions []apiService `json:"functions"`
}

// apiService is what users are told of a function, by language. Texts that
// have nothing to say are left out.
type apiService struct {
	ID         string         `json:"id"`
	State      status.State   `json:"state"`
	AffectedBy []string       `json:"affected_by"`
	Incident   *string        `json:"incident"`
	Next       *time.Time     `json:"next"`
	Metered    status.Metered `json:"metered,omitempty"`
	Phones     []apiPhone     `json:"phones"`
	Name       status.Text    `json:"name"`
	Says       status.Text    `json:"says"`
	Why        status.Text    `json:"why"`
	Instead    status.Text    `json:"instead"`
	Stop       status.Text    `json:"stop"` // how to stop the loss
	SMS        status.Text    `json:"sms"`  // a text for phones, while it is in trouble; where it fits
}

type apiPhone struct {
	Number string      `json:"number"`
	Name   status.Text `json:"name"`
}

func (e *edition) appsJSON() ([]byte, error) {
	answer := apiApps{GeneratedAt: e.snapshot.At.UTC(), ValidUntil: e.until.UTC(), Embedding: e.embedding(), Apps: []apiAppService{}}
	for i := range e.snapshot.Apps {
		answer.Apps = append(answer.Apps, e.appService(&e.snapshot.Apps[i]))
	}
	return jsonLine(answer)
}

func (e *edition) appJSON(a *status.AppView) ([]byte, error) {
	return jsonLine(apiOneApp{e.snapshot.At.UTC(), e.until.UTC(), e.embedding(), e.appService(a)})
}

func (e *edition) appService(a *status.AppView) apiAppService {
	answer := apiAppService{ID: a.ID, Name: a.Name, URL: e.snapshot.Site.URL + "/apps/" + a.ID, WidgetOff: a.WidgetOff, Functions: []apiService{}}
	for i := range a.Functions {
		answer.Functions = append(answer.Functions, e.serviceForAPI(a, &a.Functions[i]))
	}
	return answer
}

func (e *edition) serviceForAPI(a *status.AppView, f *status.FunctionView) apiService {
	s := apiService{
		ID: f.ID, AffectedBy: list(f.AffectedBy), Incident: optional(f.Incident), Metered: f.Metered, Phones: []apiPhone{},
		Name: status.Text{}, Says: status.Text{}, Why: status.Text{}, Instead: status.Text{}, Stop: status.Text{}, SMS: status.Text{},
	}
	for _, p := range f.Phones {
		s.Phones = append(s.Phones, apiPhone{p.Number, p.Name})
	}
	for _, lang := range e.languages {
		v := e.tellers[lang].service(f)
		s.State, s.Next = v.State, instant(v.Next)
		fill := func(into status.Text, text string) {
			if text != "" {
				into[lang] = text
			}
		}
		fill(s.Name, v.Name)
		fill(s.Says, v.Says)
		fill(s.Why, v.Why)
		fill(s.Instead, v.Instead)
		fill(s.Stop, v.Stop)
		if v.State.Troubled() {
			if text, err := words.Service(e.snapshot, a, f, lang); err == nil {
				fill(s.SMS, text.Body)
			}
		}
	}
	return s
}

// newWords are what an app's people say of a function.
type newWords struct {
	Name    status.Text `json:"name"`
	Instead status.Text `json:"instead"`
}

// name is what is said, as the audit log has it.
func (w *newWords) name() string {
	var parts []string
	for of, text := range map[string]status.Text{"name": w.Name, "instead": w.Instead} {
		for lang, words := range text {
			parts = append(parts, of+"."+lang+": "+words)
		}
	}
	slices.Sort(parts)
	if len(parts) == 0 {
		return "what the configuration says"
	}
	return strings.Join(parts, "; ")
}

// reword has a function told of in its people's words: an administrator's, or
// the agency's that looks after the app.
func (s *Server) reword(ctx context.Context, c *call) *problem {
	app := c.Param("id")
	if c.who.Role.OfOneApp() && c.who.App != app {
		return newProblem(http.StatusForbidden, "The token is of another app.")
	}
	e := s.current.Load()
	if e == nil {
		return away("The server is starting. Try again soon.")
	}
	var in newWords
	if refusal := readJSON(c.Context, &in); refusal != nil {
		return refusal
	}
	w := &writing{edition: e, author: author(c.who), id: app}
	w.text("/name", in.Name, false)
	w.text("/instead", in.Instead, false)
	ctx, cancel := context.WithTimeout(ctx, deskTime)
	defer cancel()
	c.Set(onceOnly, true)
	err := w.err()
	if err == nil {
		_, err = s.options.Desk.Do(ctx, status.Command{ID: c.GetString(commandKey), Author: w.author, Words: &status.FunctionWords{
			App: app, Function: c.Param("function"), Name: in.Name, Instead: in.Instead,
		}})
	}
	if refusal := s.refusal(w, err); refusal != nil {
		return refusal
	}
	s.audit(ctx, c, account.KeepApp, "function "+app+"/"+c.Param("function"), "says "+in.name())
	c.JSON(http.StatusOK, made{ID: app + "/" + c.Param("function"), URL: e.snapshot.Site.URL + "/apps/" + app})
	return nil
}
