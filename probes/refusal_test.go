package probes_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// A service that says in its body that we are the trouble accuses nobody.
func TestRefusals(t *testing.T) {
	const settings = `
    quota: ["json.status == 'OVER_QUERY_LIMIT'"]
    credential: ["json.status == 'REQUEST_DENIED'"]
    setup: ["status == 403 && json.message contains 'disabled'", "json.account.state == saved"]
`
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   probes.Outcome
		reason string
	}{
		{"well", 200, `{"status":"OK"}`, probes.OK, ""},
		{"quota", 200, `{"status":"OVER_QUERY_LIMIT"}`, probes.Inconclusive, `our quota is used up (json.status is "OVER_QUERY_LIMIT")`},
		{"credential", 200, `{"status":"REQUEST_DENIED"}`, probes.Inconclusive, "credential refused"},
		{"setup beats the status", 403, `{"message":"API disabled"}`, probes.Inconclusive, "not right for this"},
		{"a saved value", 200, `{"account":{"state":"closed"}}`, probes.Inconclusive, "not right for this"},
		{"another refusal", 403, `{"message":"go away"}`, probes.Wrong, "status is 403"},
		{"another word", 200, `{"status":"ZERO"}`, probes.Wrong, "ZERO"},
		{"another shape", 200, `[1]`, probes.Wrong, "another shape"},
		{"no JSON", 200, `<html>`, probes.Wrong, "not JSON"},
		{"a fault", 503, `{"status":"OK"}`, probes.Failed, "503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := serve(t, says(200, `{"state":"closed"}`))
			second := serve(t, says(c.status, c.body))
			check := newCheck(t, `
  - GET: `+first.URL+`
    save: {saved: json.state}
  - GET: `+second.URL+`
    expect: ["status == 200", "json.status == 'OK'"]`+settings)
			result := check.Probe(t.Context(), time.Now())
			if result.Outcome != c.want || !strings.Contains(result.Reason, c.reason) {
				t.Errorf("%q %q, want %q %q", result.Outcome, result.Reason, c.want, c.reason)
			}
		})
	}
}

// What says that a quota is used up counts even where all that is expected
// holds, for a refusal can be what is expected.
func TestQuotaInARefusalThatIsExpected(t *testing.T) {
	server := serve(t, says(400, `{"error":"busy","code":"KOE237"}`))
	check := newCheck(t, `[{POST: "`+server.URL+`", expect: ["status == 400", "len(json.error) > 0"], quota: ["json.code == 'KOE237'"]}]`)
	if result := check.Probe(t.Context(), time.Now()); result.Outcome != probes.Inconclusive || !strings.Contains(result.Reason, "quota is used up") {
		t.Errorf("%q %q", result.Outcome, result.Reason)
	}
}

func TestBasicAuthorization(t *testing.T) {
	var user, password string
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		says(403, `{"you":"`+r.Header.Get("Authorization")+`"}`)(w, r)
	}))
	check := newCheck(t, `[{GET: "`+server.URL+`", basic: "${env:KEY}:", expect: ["json.ok == true"]}]`)
	check.Env = environment("KEY", "hush-hush")
	result := check.Probe(t.Context(), time.Now())
	if user != "hush-hush" || password != "" {
		t.Errorf("sent %q and %q", user, password)
	}
	if result.Outcome != probes.Inconclusive || result.Reason != "credential refused (status 403)" {
		t.Errorf("%q %q", result.Outcome, result.Reason)
	}
	for _, secret := range []string{"hush-hush", "aHVzaC1odXNoOg"} {
		if leak := leaked(result, secret); leak != "" {
			t.Errorf("%s is in %s", secret, leak)
		}
	}
	check = newCheck(t, `[{GET: "`+server.URL+`", basic: "${env:KEY}:"}]`)
	if result := check.Probe(t.Context(), time.Now()); result.Reason != "credential KEY is not set" {
		t.Errorf("without the variable: %q", result.Reason)
	}
}

func TestProblemsOfRefusalsAndBasic(t *testing.T) {
	for text, want := range map[string]string{
		`[{GET: "https://a.example/", quota: ["json.x =="]}]`:                                    "quota[0]",
		`[{GET: "https://a.example/", credential: ["status == 401", "system()"]}]`:               "credential[1]",
		`[{GET: "https://a.example/", setup: [""]}]`:                                             "setup[0]",
		`[{GET: "https://a.example/", setup: ["json.a == nobody"]}]`:                             "setup[0]",
		`[{GET: "https://a.example/", basic: "user"}]`:                                           "basic",
		`[{GET: "https://a.example/", basic: "a:b", headers: {authorization: "x"}}]`:             "headers.authorization",
		`[{GET: "https://a.example/", basic: "${saved}:", expect: ["status == 200"]}]`:           "basic",
		`[{GET: "https://a.example/", basic: "a:${env:not a name}", expect: ["status == 200"]}]`: "basic",
	} {
		problems := probes.Problems(steps(t, text))
		if len(problems[0]) == 0 || problems[0][0].Path != want {
			t.Errorf("%s: %v, want one at %s", text, problems[0], want)
		}
	}
}
