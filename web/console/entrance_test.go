package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"bongsu/web/account"
	"bongsu/web/sample"
)

// entrances are what people see who come in, or who prove once more who they
// are, by a name for files. What a form comes to is among them, so each wants
// an empty house.
func entrances() map[string]func(h *inhabited) *httptest.ResponseRecorder {
	return map[string]func(h *inhabited) *httptest.ResponseRecorder{
		"login": func(h *inhabited) *httptest.ResponseRecorder { return h.get("/console/login") },
		"login-wrong": func(h *inhabited) *httptest.ResponseRecorder {
			return h.post("/console/login", "name", "hana", "password", "wrong")
		},
		"login-wait": func(h *inhabited) *httptest.ResponseRecorder {
			for range 5 {
				h.post("/console/login", "name", "hana", "password", "wrong")
			}
			return h.post("/console/login", "name", "hana", "password", "wrong")
		},
		"login-code": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(true)
			h.post("/console/logout")
			return h.post("/console/login", "name", "hana", "password", passphrase)
		},
		"login-code-wrong": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(true)
			h.post("/console/logout")
			h.post("/console/login", "name", "hana", "password", passphrase)
			return h.post("/console/login/code", "code", "000000")
		},
		"first-user": func(h *inhabited) *httptest.ResponseRecorder { return h.get(h.firstLink()) },
		"first-user-wrong": func(h *inhabited) *httptest.ResponseRecorder {
			return h.post(h.firstLink(), "name", "hana", "password", "short")
		},
		"new-password": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			page := h.post("/console/users/add", "name", "sora", "role", "operator").Body.String()
			return h.get(regexp.MustCompile(`/console/link/[A-Za-z0-9_-]{43}`).FindString(page))
		},
		"link-gone": func(h *inhabited) *httptest.ResponseRecorder { return h.get("/console/link/none") },
		"authenticator": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			return h.get("/console/account/authenticator")
		},
		"recovery": func(h *inhabited) *httptest.ResponseRecorder { return h.settle(true) },
		"account":  func(h *inhabited) *httptest.ResponseRecorder { h.settle(true); return h.get("/console/account") },
		"account-wrong": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			return h.post("/console/account/password", "old", "wrong", "password", "another horse battery")
		},
		"user-added": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			return h.post("/console/users/add", "name", "sora", "role", "operator")
		},
		"token-made": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			return h.post("/console/tokens/add", "role", "operator", "note", "night shift", "days", "30")
		},
		"token-wrong": func(h *inhabited) *httptest.ResponseRecorder {
			h.settle(false)
			return h.post("/console/tokens/add", "role", "nobody", "note", "", "days", "x")
		},
	}
}

// firstLink is the path of a link for the first user.
func (h *inhabited) firstLink() string {
	link, err := h.entry.Keeper().FirstLink(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return "/console/link/" + link
}

// settle makes hana, logs her in, and sets up her authenticator if that is
// wanted: then it gives the page of her recovery codes.
func (h *inhabited) settle(authenticator bool) *httptest.ResponseRecorder {
	h.t.Helper()
	if err := h.book.AddAccount(h.t.Context(), userWithPassword(h.t)); err != nil {
		h.t.Fatal(err)
	}
	w := h.post("/console/login", "name", "hana", "password", passphrase)
	if !authenticator {
		return w
	}
	text := secretField.FindStringSubmatch(h.get("/console/account/authenticator").Body.String())
	if text == nil {
		h.t.Fatal("there is no secret for an authenticator")
	}
	secret, _ := account.ParseTOTP(text[1])
	return h.post("/console/account/authenticator", "secret", text[1], "code", account.TOTP(secret, sample.Now()), "password", passphrase)
}

// outcomes are what forms of the desk come to that are pages of their own.
func outcomes(t testing.TB) map[string]struct {
	path string
	form url.Values
} {
	t.Helper()
	incident := "/console/incidents/" + outage(t).ID
	return map[string]struct {
		path string
		form url.Values
	}{
		"preview":          {incident + "/update", anUpdate(t)},
		"preview-wrong":    {incident + "/update", anUpdate(t, "text.ko", "자세한 내용은 앱에서 확인하세요", "text.ja", "", "text.en", strings.Repeat("Photos work again. ", 12))},
		"update-refused":   {incident + "/update", anUpdate(t, "text.ko", " ", "text.ja", "", "text.en", "")},
		"update-meanwhile": {incident + "/update", anUpdate(t, "do", "publish", "known", outage(t).Updates[0].ID)},
		"preview-new":      {"/console/new-incident", url.Values{"title.ko": {"지도 지연"}, "title.en": {"Maps are slow"}, "text.en": {"We look into it."}, "state.place-search": {"partial_outage"}, "notify": {"yes"}}},
		"plan-refused":     {"/console/maintenance", plan(url.Values{"title_en": {" "}, "most": {""}})},
		"found":            {"/console/subscribers", url.Values{"who": {"5678"}}},
		"found-nobody":     {"/console/subscribers", url.Values{"who": {"0000"}}},
		"settings-checked": {"/console/settings/check", url.Values{"file": {"next.yaml"}}},
	}
}

// shown are the pages that no address alone leads to, on a socket, by name:
// /shown/NAME/LANG. The rest, styles and scripts, comes from the console.
func shown(t *testing.T, c http.Handler) (*httptest.Server, []string) {
	t.Helper()
	pages := map[string]*httptest.ResponseRecorder{}
	var names []string
	add := func(name, lang string, w *httptest.ResponseRecorder) {
		if w.Code >= http.StatusInternalServerError || !isDocument(w) {
			t.Errorf("%s in %s: %d %s", name, lang, w.Code, w.Body)
		}
		pages["/shown/"+name+"/"+lang] = w
		if lang == languages[0] {
			names = append(names, name)
		}
	}
	h := inhabit(t)
	for _, lang := range languages {
		h.lang = lang
		for name, come := range entrances() {
			h.moveOut()
			add(name, lang, come(h))
		}
		asked := 0
		for name, o := range outcomes(t) {
			asked++
			add(name, lang, answer(c, request(http.MethodPost, o.path+"?lang="+lang, "admin", o.form.Encode(), "X-Forwarded-For", fmt.Sprintf("10.0.%d.1", asked))))
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, known := pages[r.URL.Path]
		if !known {
			c.ServeHTTP(w, r)
			return
		}
		for name, values := range page.Header() {
			if name != "Set-Cookie" && name != "Strict-Transport-Security" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(page.Code)
		w.Write(page.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return server, names
}

// Every page that comes of a form says what it is about, in the language that
// was asked for.
func TestPagesOfFormsAreInTheLanguageAskedFor(t *testing.T) {
	server, names := shown(t, furnished(t, sample.Outage()))
	if len(names) < 25 {
		t.Errorf("only %d pages", len(names))
	}
	for _, name := range names {
		for _, lang := range languages {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/shown/"+name+"/"+lang, nil)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := answer.Header.Get("Content-Language"); got != lang || answer.Header.Get("Content-Security-Policy") != wantPolicy {
				t.Errorf("%s in %s is in %q", name, lang, got)
			}
			answer.Body.Close()
		}
	}
}
