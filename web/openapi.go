package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/appnotice"
	"bongsu/web/account"
)

// operation is what one path and method of /api/v1 does, for the document.
type operation struct {
	method, path string // as OpenAPI writes it: /api/v1/notices/{id}
	says         string
	tag          string
	deed         account.Deed // what its token has to allow; empty: it needs none
	query        []parameter
	header       []parameter
	takes        reflect.Type // of the JSON body; nil: none
	takesText    []string     // media types of another body
	answers      reflect.Type // of the JSON answer; nil: none
	lines        reflect.Type // of each line of an answer of lines
	text         string       // media type of another answer
	status       int          // of success; 200 if 0
	problems     []int
}

// parameter is one of the query or the header.
type parameter struct {
	name, says string
	schema     schema
}

var (
	textParameter = schema{"type": "string"}
	timeParameter = schema{"type": "string", "format": "date-time"}
)

// The problems that several operations answer with.
var (
	whileReading = []int{http.StatusNotFound, http.StatusServiceUnavailable}
	whileWriting = []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable,
	}
	whileAsking = []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
		http.StatusTooManyRequests, http.StatusServiceUnavailable,
	}
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// operations are all that /api/v1 does. A test compares them with the routes.
func operations() []operation {
	all := slices.Concat(readOperations(), deedOperations(), deskOperations(), appOperations())
	for i := range all {
		all[i].conditions()
	}
	return all
}

func readOperations() []operation {
	history := []parameter{
		{"from", "from when; a day before until, if left out", timeParameter},
		{"until", "until when; now, if left out", timeParameter},
		{"step", "how fine", schema{"type": "string", "enum": []string{"5m", "1h", "1d", "24h"}}},
	}
	return []operation{
		{method: "GET", path: "/api/v1/status", tag: "reading", says: "The state of everything", answers: typeOf[apiStatus](), problems: []int{http.StatusServiceUnavailable}},
		{method: "GET", path: "/api/v1/locations", tag: "reading", says: "Where the server looks from, and whether each place is believed", answers: typeOf[apiLocations](), problems: []int{http.StatusServiceUnavailable}},
		{method: "GET", path: "/api/v1/components/{id}", tag: "reading", says: "A component with what each location saw last", answers: typeOf[apiEvidence](), problems: whileReading},
		{method: "GET", path: "/api/v1/apps", tag: "reading", says: "The public-service apps, and what their users are told of each function", answers: typeOf[apiApps](), problems: []int{http.StatusServiceUnavailable}},
		{method: "GET", path: "/api/v1/apps/{id}", tag: "reading", says: "One app, and what its users are told of each function", answers: typeOf[apiOneApp](), problems: whileReading},
		{method: "GET", path: "/api/v1/incidents/{id}", tag: "reading", says: "An incident, open or past", answers: typeOf[apiIncident](), problems: whileReading},
		{method: "GET", path: "/api/v1/incidents/{id}/notices", tag: "reading", says: "What became of an incident's notices, in numbers by channel; never a person", answers: typeOf[apiSent](), problems: whileReading},
		{
			method: "GET", path: "/api/v1/components/{id}/history", tag: "reading", says: "A component's states and measurements", query: history,
			answers: typeOf[apiHistory](), problems: append([]int{http.StatusBadRequest, http.StatusTooManyRequests}, whileReading...),
		},
		{
			method: "GET", path: "/api/v1/components/{id}/history.csv", tag: "reading", says: "The same as a table", text: "text/csv",
			query:    append(history, parameter{"of", "looks, or states", schema{"type": "string", "enum": []string{"looks", "states"}}}),
			problems: append([]int{http.StatusBadRequest, http.StatusTooManyRequests}, whileReading...),
		},
		{method: "GET", path: openAPIPath, tag: "reading", says: "This document", text: "application/json"},
	}
}

func deedOperations() []operation {
	write := func(method, path, says string, takes reflect.Type, status int) operation {
		return operation{method: method, path: path, tag: "operating", says: says, deed: account.Publish, takes: takes, answers: typeOf[made](), status: status, problems: whileWriting}
	}
	const incident = "/api/v1/incidents/{id}/"
	return []operation{
		write("POST", "/api/v1/incidents", "Open an incident", typeOf[newIncident](), http.StatusCreated),
		write("POST", incident+"updates", "Add an update to an incident", typeOf[newUpdate](), http.StatusCreated),
		write("POST", incident+"corrections", "Correct what was told", typeOf[newCorrection](), http.StatusCreated),
		write("POST", incident+"statements", "Record what somebody else said", typeOf[newStatement](), http.StatusCreated),
		write("POST", incident+"etas", "Record somebody's expectation of the end", typeOf[newETA](), http.StatusCreated),
		write("POST", incident+"merge", "Merge an incident into another", typeOf[newMerge](), http.StatusCreated),
		write("POST", incident+"split", "Make an incident of its own of some components", typeOf[newSplit](), http.StatusCreated),
		write("POST", incident+"postmortem", "Add what was learnt, in Markdown, to an incident that is over", typeOf[newPostmortem](), http.StatusCreated),
		write("POST", incident+"retraction", "Take a false alarm back", typeOf[newRetraction](), http.StatusCreated),
		{
			method: "PUT", path: "/api/v1/apps/{id}/functions/{function}", tag: "operating", says: "Say what a function is called and what to do in its place, over the configuration's words; left out, those stand again",
			deed: account.KeepApp, takes: typeOf[newWords](), answers: typeOf[made](), problems: whileWriting,
		},
		{
			method: "PUT", path: "/api/v1/apps/{id}/widget", tag: "operating", says: "Shut an app's widget off: it shows nothing, whatever fails; or turn it on again",
			deed: account.SwitchWidget, takes: typeOf[newSwitch](), answers: typeOf[made](), problems: whileWriting,
		},
		write("POST", "/api/v1/maintenance", "Plan work", typeOf[newMaintenance](), http.StatusCreated),
		write("PUT", "/api/v1/maintenance/{id}", "Plan work anew", typeOf[newMaintenance](), http.StatusOK),
		write("DELETE", "/api/v1/maintenance/{id}", "Call work off, or end it now", nil, http.StatusOK),
	}
}

func appOperations() []operation {
	whose := []parameter{{"app", "whose it is, for an administrator; an app's token says it", textParameter}}
	return []operation{
		{method: "GET", path: "/api/v1/templates", tag: "templates", says: "Templates, every version", deed: account.OfferWords, query: whose, answers: typeOf[apiTemplates](), problems: whileAsking},
		{method: "GET", path: "/api/v1/templates/{id}", tag: "templates", says: "One template, every version", deed: account.OfferWords, query: whose, answers: typeOf[apiTemplates](), problems: whileAsking},
		{method: "PUT", path: "/api/v1/templates/{id}", tag: "templates", says: "Propose a template, or a new version", deed: account.OfferWords, query: whose, takes: typeOf[newTemplate](), answers: typeOf[apiTemplate](), problems: whileWriting},
		{method: "POST", path: "/api/v1/templates/{id}/decision", tag: "templates", says: "Approve or refuse a version", deed: account.ApproveWords, query: whose, takes: typeOf[newDecision](), answers: typeOf[apiTemplates](), problems: whileWriting},
		{method: "POST", path: uploadsPath, tag: "notices", says: "Hand in recipients, one on each line", deed: account.SendNotices, takesText: []string{"text/csv", "application/x-ndjson"}, answers: typeOf[apiUpload](), status: http.StatusCreated, problems: whileWriting},
		{method: "GET", path: uploadsPath + "/{id}", tag: "notices", says: "What became of an upload", deed: account.SendNotices, answers: typeOf[apiUpload](), problems: whileAsking},
		{method: "GET", path: uploadsPath + "/{id}/faults", tag: "notices", says: "The lines of an upload that were not taken, and why", deed: account.SendNotices, lines: typeOf[appnotice.Fault](), problems: whileAsking},
		{
			method: "POST", path: noticesPath, tag: "notices", says: "Send a notice, or with dry_run see what it would come to", deed: account.SendNotices, takes: typeOf[appnotice.Order](),
			query:   []parameter{{"dry_run", "change nothing; answered with 200", schema{"type": "boolean"}}},
			answers: typeOf[appnotice.Placed](), status: http.StatusAccepted, problems: whileWriting,
		},
		{
			method: "GET", path: noticesPath, tag: "notices", says: "The app's notices, newest first", deed: account.SendNotices,
			query: []parameter{
				{"limit", "how many", schema{"type": "integer", "minimum": 1, "maximum": maxPage}},
				{"cursor", "what next of the page before said", textParameter},
			},
			answers: typeOf[apiNotices](), problems: whileAsking,
		},
		{method: "GET", path: noticesPath + "/{id}", tag: "notices", says: "How far a notice has come", deed: account.SendNotices, answers: typeOf[appnotice.View](), problems: whileAsking},
		{method: "POST", path: noticesPath + "/{id}/cancel", tag: "notices", says: "Take back what of a notice has not left", deed: account.SendNotices, answers: typeOf[appnotice.View](), problems: whileAsking},
		{method: "GET", path: noticesPath + "/{id}/results", tag: "notices", says: "What became of each recipient", deed: account.SendNotices, lines: typeOf[appnotice.Result](), problems: whileAsking},
		{method: "DELETE", path: "/api/v1/people/{ref}", tag: "notices", says: "Forget one of the app's people", deed: account.SendNotices, status: http.StatusNoContent, problems: whileAsking},
	}
}

// openAPIPath is where the document is.
const openAPIPath = apiRoot + "openapi.json"

// openAPI is the document of all operations.
func openAPI(closed bool) ([]byte, error) {
	s := &schemas{named: map[string]schema{}, types: map[string]reflect.Type{}, closed: closed}
	paths := map[string]map[string]any{}
	for _, o := range operations() {
		if paths[o.path] == nil {
			paths[o.path] = map[string]any{}
		}
		paths[o.path][strings.ToLower(o.method)] = s.operation(&o)
	}
	return json.Marshal(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Bongsu", "version": "1",
			"description": "The public status of services, what operators write, read and steer, and the notices that apps send. Fields may be added; what is there does not change.",
		},
		"servers": []any{map[string]any{"url": "/"}},
		"paths":   paths,
		"components": map[string]any{
			"schemas":         s.named,
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer", "description": "bongsu_…, as `bongsu token create` makes it"}},
		},
	})
}

func (s *schemas) operation(o *operation) map[string]any {
	says := o.says
	if o.deed != "" {
		says += ". Needs a token that may " + o.deed.String() + "."
	}
	doc := map[string]any{"summary": o.says, "description": says, "tags": []string{o.tag}, "operationId": operationID(o)}
	if o.deed != "" {
		doc["security"] = []any{map[string]any{"token": []any{}}}
	}
	if list := parametersOf(o); len(list) > 0 {
		doc["parameters"] = list
	}
	if body := s.bodyOf(o); body != nil {
		doc["requestBody"] = map[string]any{"required": true, "content": body}
	}
	doc["responses"] = s.responses(o)
	return doc
}

// operationID names an operation after method and path: get_notices_id.
func operationID(o *operation) string {
	path := strings.NewReplacer("{", "", "}", "", "/", "_", ".", "_").Replace(strings.TrimPrefix(o.path, apiRoot))
	return strings.ToLower(o.method) + "_" + path
}

func parametersOf(o *operation) []any {
	var list []any
	for part := range strings.SplitSeq(o.path, "/") {
		if name, found := strings.CutPrefix(part, "{"); found {
			list = append(list, map[string]any{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": textParameter})
		}
	}
	for _, p := range o.query {
		list = append(list, map[string]any{"name": p.name, "in": "query", "description": p.says, "schema": p.schema})
	}
	for _, p := range o.header {
		list = append(list, map[string]any{"name": p.name, "in": "header", "description": p.says, "schema": p.schema})
	}
	return list
}

func (s *schemas) bodyOf(o *operation) map[string]any {
	if o.takes != nil {
		return map[string]any{"application/json": map[string]any{"schema": s.of(o.takes, false)}}
	}
	if o.takesText == nil {
		return nil
	}
	body := map[string]any{}
	for _, kind := range o.takesText {
		body[kind] = map[string]any{"schema": textParameter}
	}
	return body
}

func (s *schemas) responses(o *operation) map[string]any {
	success := map[string]any{"description": "Done"}
	switch {
	case o.answers != nil:
		success["content"] = map[string]any{"application/json": map[string]any{"schema": s.of(o.answers, true)}}
	case o.lines != nil:
		s.of(o.lines, true)
		success["description"] = "A JSON object on each line, each a " + title(o.lines)
		success["content"] = map[string]any{"application/x-ndjson": map[string]any{"schema": textParameter}}
	case o.text != "":
		success["content"] = map[string]any{o.text: map[string]any{"schema": textOrObject(o.text)}}
	}
	status := o.status
	if status == 0 {
		status = http.StatusOK
	}
	all := map[string]any{strconv.Itoa(status): success}
	if o.path == noticesPath && o.method == http.MethodPost {
		all["200"] = success // a dry run
	}
	for _, code := range o.problems {
		all[strconv.Itoa(code)] = map[string]any{
			"description": http.StatusText(code),
			"content":     map[string]any{"application/problem+json": map[string]any{"schema": s.of(typeOf[problem](), true)}},
		}
	}
	return all
}

func textOrObject(kind string) schema {
	if kind == "application/json" {
		return schema{"type": "object"}
	}
	return textParameter
}

// documentRoute serves the document, which is written when it is first asked for.
func (s *Server) documentRoute(engine *gin.Engine) {
	on := &sheet{make: sync.OnceValues(func() (*document, error) {
		body, err := openAPI(false)
		if err != nil {
			return nil, fmt.Errorf("writing the API's document: %w", err)
		}
		return newDocument(http.StatusOK, "application/json; charset=utf-8", append(body, '\n')).forAnyOrigin(), nil
	})}
	get(engine, openAPIPath, func(c *gin.Context) { s.serveSheet(c.Writer, c.Request, on) })
}
