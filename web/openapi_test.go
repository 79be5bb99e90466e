package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"bongsu/notifier/appnotice"
	"bongsu/status"
	"bongsu/web"
	"bongsu/web/account"
	"bongsu/web/sample"
)

// readDocument reads the API's document as anybody's tools would.
func readDocument(t *testing.T, closed bool) validator.Validator {
	t.Helper()
	body, err := web.OpenAPI(closed)
	if err != nil {
		t.Fatal(err)
	}
	document, err := libopenapi.NewDocument(body)
	if err != nil {
		t.Fatal(err)
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return v
}

// The document is one of OpenAPI 3.1, by OpenAPI's own schema.
func TestOpenAPIIsValid(t *testing.T) {
	if ok, errs := readDocument(t, false).ValidateDocument(); !ok {
		for _, e := range errs {
			t.Error(e.Message, e.Reason, e.SchemaValidationErrors)
		}
	}
}

// The document has every route of the API, and no other.
func TestOpenAPIHasEveryRoute(t *testing.T) {
	s := serve(t, sample.Outage(), web.Options{
		Desk: &desk{}, Tokens: &tokens{}, History: &past{}, Apps: appnotice.NewDesk(appnotice.Wiring{}),
		Books: &shelf{}, Holds: &shelf{}, People: &shelf{}, Keyring: &shelf{}, Looker: &shelf{}, KeptTexts: &shelf{}, Drills: &shelf{}, Settings: &shelf{}, Users: &shelf{}, AuditLog: &shelf{},
	})
	routes, err := s.Routes("/api/v1/")
	if err != nil {
		t.Fatal(err)
	}
	var served []string
	for _, r := range routes {
		if strings.HasPrefix(r, "HEAD ") {
			continue // HTTP has it wherever GET is
		}
		parts := strings.Split(r, "/")
		for i, p := range parts {
			if name := strings.TrimLeft(p, ":*"); name != p {
				parts[i] = "{" + name + "}"
			}
		}
		served = append(served, strings.Join(parts, "/"))
	}
	documented := web.Operations()
	for _, r := range served {
		if !slices.Contains(documented, r) {
			t.Errorf("%s is served and not in the document; add it to operations()", r)
		}
	}
	for _, r := range documented {
		if !slices.Contains(served, r) {
			t.Errorf("%s is in the document and not served", r)
		}
	}
}

// What the API answers is what the document says, and names every field.
func TestAnswersAreAsTheDocumentSays(t *testing.T) {
	v := readDocument(t, true)
	for name, snapshot := range map[string]*status.Snapshot{"outage": sample.Outage(), "eventful": sample.Eventful(), "impaired": sample.Impaired()} {
		s := serve(t, snapshot, web.Options{Desk: &desk{}, Tokens: &tokens{}, History: &past{}, Now: sample.Now})
		paths := []string{"/api/v1/status", "/api/v1/locations", "/api/v1/components/nobody", "/api/v1/incidents/nobody"}
		for _, g := range snapshot.Groups {
			for _, c := range g.Components {
				paths = append(paths, "/api/v1/components/"+c.ID, "/api/v1/components/"+c.ID+"/history")
			}
		}
		for _, i := range snapshot.Incidents {
			paths = append(paths, "/api/v1/incidents/"+i.ID)
		}
		for _, i := range snapshot.Past {
			paths = append(paths, "/api/v1/incidents/"+i.ID)
		}
		for _, path := range paths {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if ok, errs := v.ValidateHttpResponse(r, w.Result()); !ok {
				for _, e := range errs {
					t.Errorf("%s: %s answers %d: %s %s", name, path, w.Code, e.Message, e.Reason)
					for _, s := range e.SchemaValidationErrors {
						t.Errorf("  %s at %s", s.Reason, s.FieldPath)
					}
				}
			}
		}
	}
}

// holdTo sends a request as an administrator and compares it and its answer
// with the document.
func holdTo(t *testing.T, v validator.Validator, c *counter, method, path, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/api/v1/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.by[account.Admin])
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code >= 500 {
		t.Errorf("%s answers %d: %s", path, w.Code, w.Body)
	}
	r.Body = io.NopCloser(strings.NewReader(body))
	ok, errs := v.ValidateHttpResponse(r, w.Result())
	if w.Code < 400 {
		good, more := v.ValidateHttpRequest(r)
		ok, errs = ok && good, append(errs, more...)
	}
	if !ok {
		for _, e := range errs {
			t.Errorf("%s %s answers %d: %s %s", method, path, w.Code, e.Message, e.Reason)
			for _, s := range e.SchemaValidationErrors {
				t.Errorf("  %s at %s", s.Reason, s.FieldPath)
			}
		}
	}
}

func decodeAnswer(t *testing.T, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%d %v: %s", w.Code, err, w.Body)
	}
}
