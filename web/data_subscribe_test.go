package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	shared "bongsu/notifier/statuspage"
	"bongsu/web"
	"bongsu/web/sample"
)

func subscribe(h http.Handler, method, kind, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/api/v2/subscribers.json", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Programs sign people up as at a Statuspage; the address is proven as ever.
func TestProgramsSignPeopleUp(t *testing.T) {
	for _, c := range []struct{ name, kind, body, asked, address, answer string }{
		{"mail by form", formType, "subscriber[email]=a@mail.example", "email", "a@mail.example", `"mode":"email_sms","email":"a@mail.example"}`},
		{"mail by JSON", "application/json", `{"subscriber":{"email":"a@mail.example"}}`, "email", "a@mail.example", `"email":"a@mail.example"}`},
		{"number", formType, "subscriber[phone_number]=010-2345-6789&subscriber[phone_country]=kr", "sms", "+821023456789", `"phone":"+821023456789"}`},
		{
			"receiver", formType, "subscriber[endpoint]=https://hooks.example/in&subscriber[email]=a@mail.example", "statuspage", "https://hooks.example/in",
			`"mode":"webhook","webhook":"https://hooks.example/in"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk := &signups{kinds: []string{"sms", "email", "statuspage"}}
			w := subscribe(serve(t, sample.Outage(), web.Options{Signup: desk}).Handler(), "POST", c.kind, c.body)
			if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), c.answer) {
				t.Fatalf("answers %d: %s", w.Code, w.Body)
			}
			if len(desk.asked) != 1 || desk.asked[0].Kind != c.asked || desk.asked[0].Address != c.address {
				t.Errorf("asked for %+v", desk.asked)
			}
		})
	}
}

func TestProgramsChooseOneComponent(t *testing.T) {
	desk := &signups{kinds: []string{"email"}}
	body := "subscriber[email]=a@mail.example&subscriber[component_id]=" + shared.ID(shared.Component, "pay")
	if w := subscribe(serve(t, sample.Outage(), web.Options{Signup: desk}).Handler(), "POST", formType, body); w.Code != http.StatusCreated {
		t.Fatalf("answers %d: %s", w.Code, w.Body)
	}
	if topics := desk.asked[0].Topics; len(topics) != 1 || topics[0] != "pay" {
		t.Errorf("asked for %v", topics)
	}
}

func TestWhatProgramsMayNotAsk(t *testing.T) {
	for _, c := range []struct {
		name, kind, body, header, value string
		code                            int
		says                            string
	}{
		{"no address", formType, "", "", "", 422, "mail address"},
		{"a number of nowhere", formType, "subscriber[phone_number]=12&subscriber[phone_country]=kr", "", "", 422, "phone_country"},
		{"a way that is not offered", formType, "subscriber[endpoint]=https://hooks.example/in", "", "", 422, "/subscribe"},
		{"one incident", formType, "subscriber[email]=a@mail.example&subscriber[incident_id]=x", "", "", 422, "incident_id"},
		{"no such component", formType, "subscriber[email]=a@mail.example&subscriber[component_id]=x", "", "", 422, "component_id"},
		{"broken JSON", "application/json", "{", "", "", 400, "subscriber[email]"},
		{"too much", formType, strings.Repeat("x", 20<<10), "", "", 413, "too big"},
		{"another site's page", formType, "subscriber[email]=a@mail.example", "Sec-Fetch-Site", "cross-site", 403, "another site"},
	} {
		t.Run(c.name, func(t *testing.T) {
			desk := &signups{kinds: []string{"sms", "email"}}
			w := subscribe(serve(t, sample.Outage(), web.Options{Signup: desk}).Handler(), "POST", c.kind, c.body, c.header, c.value)
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) || len(desk.asked) > 0 {
				t.Errorf("answers %d: %s", w.Code, w.Body)
			}
		})
	}
	if w := subscribe(serve(t, sample.Outage(), web.Options{}).Handler(), "POST", formType, "subscriber[email]=a@mail.example"); w.Code != http.StatusNotFound {
		t.Errorf("without sign-up it answers %d", w.Code)
	}
}

// Who has the personal token leaves with it; any other leads to nobody.
func TestProgramsSignPeopleOff(t *testing.T) {
	desk := &signups{kinds: []string{"email"}}
	h := serve(t, sample.Outage(), web.Options{Signup: desk}).Handler()
	if w := subscribe(h, "DELETE", formType, "subscriber[id]=nobody"); w.Code != http.StatusNotFound || len(desk.dropped) > 0 {
		t.Errorf("nobody's token answers %d: %s", w.Code, w.Body)
	}
	for _, w := range []*httptest.ResponseRecorder{
		subscribe(h, "DELETE", formType, "subscriber[id]="+goodToken),
		subscribe(h, "DELETE", "application/json", `{"subscriber":{"id":"`+goodToken+`"}}`),
		ask(h, "DELETE", "/api/v2/subscribers.json?subscriber[id]="+goodToken),
	} {
		if w.Code != http.StatusNoContent {
			t.Errorf("answers %d: %s", w.Code, w.Body)
		}
	}
	if len(desk.dropped) != 3 || desk.dropped[0] != "" {
		t.Errorf("dropped %q", desk.dropped)
	}
}
