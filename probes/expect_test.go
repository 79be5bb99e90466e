package probes_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"bongsu/probes"
)

// What is wrong with settings is said when they are read, with its place and
// what to write.
func TestProblems(t *testing.T) {
	const url = "https://chat.example/"
	for _, c := range []struct{ step, path, text string }{
		{get("ftp://chat.example/"), "GET", "begin it with https://"},
		{get("/path"), "GET", "begin it with https://"},
		{get("https:///path"), "GET", "names no host"},
		{get("https://ops:secret@chat.example/"), "GET", "carries a user or password; write an Authorization header"},
		{get("https://${env:HOST}/"), "GET", "stands in the scheme or host"},
		{get("https://chat.example/${id"), "GET", "has a ${ without its }"},
		{get("https://chat.example/${a b}"), "GET", "is not the name of a value"},
		{get("https://chat.example/${env:A-B}"), "GET", "not the name of an environment variable"},
		{get("https://chat.example/%zz"), "GET", "is not a URL"},
		{get(url, ", expect: [status == 200, json.ok =]"), "expect[1]", "unexpected token"},
		{get(url, ", expect: [status]"), "expect[0]", "expected bool, but got int"},
		{get(url, ", expect: ['']"), "expect[0]", "is empty; write a condition"},
		{get(url, ", expect: ['foo(1)']"), "expect[0]", "there is no function foo; write"},
		{get(url, ", expect: ['map(json, #) == []']"), "expect[0]", "the function map is not known here"},
		{get(url, ", expect: ['repeat(body, 9) == body']"), "expect[0]", "there is no function repeat"},
		{get(url, ", expect: ['let x = body + body; x == x + x']"), "expect[0]", "let and ; are not known here"},
		{get(url, ", expect: ['$env.status == 200']"), "expect[0]", `"$env" is not a value here`},
		{get(url, ", expect: ['body matches json.pattern']"), "expect[0]", "needs a pattern in quotes"},
		{get(url, ", expect: ['body matches \"(\"']"), "expect[0]", "missing closing )"},
		{get(url, ", expect: ['"+strings.Repeat("x", 1001)+"']"), "expect[0]", "longer than 1000 characters"},
		{get(url, ", expect: ['"+strings.Repeat("1 + ", 200)+"1 == 1']"), "expect[0]", "nodes"},
		{get("http://chat.example/", ", expect: [cert.days > 7]"), "expect[0]", "write an https:// address"},
		{get(url, ", save: {status: json.x}"), "save.status", "can not be saved under"},
		{get(url, ", save: {a-b: json.x}"), "save.a-b", "can not be saved under"},
		{get(url, ", save: {id: json.}"), "save.id", "unexpected"},
		{get(url, ", headers: {'a b': x}"), "headers.a b", "is not a header's name"},
		{get(url, `, headers: {a: "x\ny"}`), "headers.a", "write it on one line"},
		{get(url, ", body: x"), "body", "does not go with GET"},
		{"[{POST: \"" + url + "\", body: x, json: {}}]", "", "more than one of json, form and body"},
		{get(url, ", follow: 6"), "follow", "write 0 to 5"},
		{get(url, ", max_body: -1"), "max_body", "write 1 to 16777216 bytes"},
		{get(url, ", slow: -1s"), "slow", "less than nothing"},
		{get(url, ", until: {every: 1ms}"), "until.within", "is missing"},
		{get(url, ", until: {within: 1s, every: 1ms}"), "until.every", "write at least 100ms"},
		{get(url, ", expect: [statsu == 200]"), "expect[0]", `there is no value "statsu"`},
		{get("https://chat.example/${id}"), "GET", `there is no value "id"; save it in an earlier step`},
		{get(url, ", headers: {A: '${id}'}"), "headers.A", `no value "id"`},
		{get(url, ", save: {a: b}"), "save.a", `no value "b"`},
		{"[{POST: \"" + url + "\", form: {x: '${id}'}}]", "form", `no value "id"`},
		{"[{tls: chat.example}]", "tls", "is not host:port"},
		{"[{tls: ':443'}]", "tls", "names no host"},
		{"[{tls: 'chat.example:https'}]", "tls", `has "https" for a port`},
		{"[{tls: 'chat.example:443', expect: ['cert.days >']}]", "expect[0]", "unexpected"},
		{"[{tls: 'chat.example:443', expect: ['status == 200']}]", "expect[0]", `no value "status"`},
	} {
		var found []probes.Problem
		for _, problems := range probes.Problems(steps(t, c.step)) {
			found = append(found, problems...)
		}
		if len(found) == 0 || found[0].Path != c.path || !strings.Contains(found[0].Text, c.text) {
			t.Errorf("%.120s\n  got %q\n want %s: … %s …", c.step, found, c.path, c.text)
		}
	}
}

// A step that was never checked does not run on its broken settings.
func TestBrokenStepIsInconclusive(t *testing.T) {
	for _, text := range []string{get("nowhere"), "[{tls: nowhere}]"} {
		result := (&probes.Check{Steps: steps(t, text)}).Probe(t.Context(), time.Now())
		if result.Outcome != probes.Inconclusive || result.Reason == "" {
			t.Errorf("%s: got %+v", text, result)
		}
	}
}

// An expectation that does not hold says what was there instead.
func TestWhatWasSeen(t *testing.T) {
	answer := says(200, `{"list":[{"n":1},{"n":2}],"text":"hello\nworld","big":12345678901234567,"x":1e400,"none":null}`, "X-Kind", "b", "X-Kind", "c")
	url := serve(t, answer).URL
	for _, c := range []struct{ expect, seen string }{
		{`json.list[1].n == 3`, `json.list[1].n is 2`},
		{`json.text == "hello"`, `json.text is "hello\nworld"`},
		{`json.big == 12345678901234568`, `json.big is 12345678901234567`},
		{`json.nothing == 1`, `json.nothing is missing`},
		{`json.list == []`, `json.list is a list of 2`},
		{`json == 7`, `json is a table of 5`},
		{`headers["x-kind"] == "a" || headers["x-none"] == "y"`, `headers["x-kind"] is "c", headers["x-none"] is ""`},
		{`all(json.list, .n < 2)`, `json.list is a list of 2`},
		{`none(json.list, .n == len(body)) && status == 201`, `json.list is a list of 2, body is "{\"list\"`},
		{`len(json.none) > 0`, `the answer has another shape: "{\"list\"`},
		{`json.x == "1e400" && ms < 0`, `json.x is "1e400", ms is`},
		{`nonce == "x"`, `nonce is "`},
	} {
		result := newCheck(t, get(url, ", expect: ['"+strings.ReplaceAll(c.expect, "'", "''")+"']")).Probe(t.Context(), time.Now())
		step := result.Steps[0]
		if result.Outcome != probes.Wrong || step.Expect != c.expect || !strings.HasPrefix(step.Seen, c.seen) {
			t.Errorf("%s\n got %q %s\nwant %s", c.expect, result.Outcome, step.Seen, c.seen)
		}
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	url := serve(t, says(200, strings.Repeat("봉", 100_000))).URL
	result := newCheck(t, get(url, ", expect: ['body == \"수\"']")).Probe(t.Context(), time.Now())
	step := result.Steps[0]
	if n := len([]rune(step.Seen)); n != 200 || !strings.HasSuffix(step.Seen, "…") {
		t.Errorf("seen has %d characters: %s", n, step.Seen)
	}
	if n := len([]rune(result.Reason)); n > 300 {
		t.Errorf("the reason has %d characters", n)
	}
}

// Whatever comes back, no secret is in the evidence: not as it is, not as it
// stands in a URL, in JSON or in quotes.
func TestSecretsAreMasked(t *testing.T) {
	const secret = `k"ey/with +&ünıcode%`
	for name, text := range map[string]string{
		"echoed in a body":     `[{GET: "URL/?k=${env:KEY}", expect: ['body == "x"']}]`,
		"echoed as JSON":       `[{POST: "URL/", json: {k: "${env:KEY}"}, expect: ['json.k == "x"']}]`,
		"echoed as a form":     `[{POST: "URL/", form: {k: "${env:KEY}"}, expect: ['status == 201']}]`,
		"saved and sent again": `[{POST: "URL/", json: {k: "${env:KEY}"}, save: {k: json.k}}, {GET: "URL/${k}", expect: ['body == k + "!"']}]`,
		"in a refused address": `[{GET: "http://CLOSED/${env:KEY}?k=${env:KEY}"}]`,
		"in a redirect":        `[{GET: "URL/away?k=${env:KEY}", follow: 1}]`,
		"in a failure":         `[{POST: "URL/fail", body: "${env:KEY}"}]`,
	} {
		text = strings.NewReplacer("URL", serve(t, echoing()).URL, "CLOSED", closedPort(t)).Replace(text)
		check := newCheck(t, text)
		check.Env = environment("KEY", secret)
		result := check.Probe(t.Context(), time.Now())
		if result.Outcome == probes.OK || result.Outcome == probes.Inconclusive {
			t.Errorf("%s: got %q %q", name, result.Outcome, result.Reason)
		}
		if leak := leaked(result, secret); leak != "" {
			t.Errorf("%s: the secret is in %s", name, leak)
		}
	}
}

// What a step was given and a later one sends as its credential is as secret as
// the password it was given for; the number of a message is not.
func TestSavedCredentialsAreMasked(t *testing.T) {
	const token, id = "opaque-0123456789abcdef", "9007199254740993"
	door := http.NewServeMux()
	door.HandleFunc("POST /login", says(http.StatusOK, `{"token": "`+token+`", "id": "`+id+`"}`))
	door.HandleFunc("GET /mail", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"error": "%s may not read %s"}`, r.Header.Get("Authorization"), r.FormValue("id"))
	})
	url := serve(t, door).URL
	check := newCheck(t, `
- POST: `+url+`/login
  save: {token: json.token, id: json.id}
- GET: `+url+`/mail?id=${id}&as=${token}
  headers: {Authorization: "Bearer ${token}"}
  expect: ["json.error == 'none'"]
`)
	result := check.Probe(t.Context(), time.Now())
	if shown := fmt.Sprintf("%+v", result); strings.Contains(shown, token) || !strings.Contains(shown, id) {
		t.Errorf("the evidence shows %s", shown)
	}
}

// What a target says can not turn the words around it, nor begin a new line.
func TestEvidenceStaysInItsLine(t *testing.T) {
	const spoken = "\u202eko si ti \u2066\u200f\u0085\u2028next\x1b[31m"
	check := newCheck(t, get(serve(t, says(http.StatusServiceUnavailable, spoken)).URL))
	if shown := check.Probe(t.Context(), time.Now()).Steps[0].Seen; strings.ContainsAny(shown, "\u202e\u2066\u200f\u0085\u2028\x1b") || !strings.Contains(shown, "ko si ti") {
		t.Errorf("the evidence is %q", shown)
	}
}
