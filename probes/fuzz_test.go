package probes_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bongsu/probes"
)

// echoing answers with what it was sent, in every form it can think of.
func echoing() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://other.example/"+r.URL.RawQuery, http.StatusFound)
	})
	mux.HandleFunc("/fail", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		io.Copy(w, r.Body)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if json.Valid(body) && len(body) > 0 {
			w.Write(body)
			return
		}
		fmt.Fprintln(w, r.FormValue("k"), r.URL, r.URL.RawQuery, r.URL.Path, r.Header.Get("X-Key"), string(body))
	})
	return mux
}

// leaked finds a secret in a result and says where.
func leaked(result probes.Result, secret string) string {
	quoted, _ := json.Marshal(secret)
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(strconv.Quote(secret), `"`), strings.Trim(string(quoted), `"`)}
	texts := map[string]string{"the reason": result.Reason}
	for i, s := range result.Steps {
		for name, text := range map[string]string{"action": s.Action, "reason": s.Reason, "expect": s.Expect, "seen": s.Seen} {
			texts[fmt.Sprintf("steps[%d].%s", i, name)] = text
		}
	}
	for where, text := range texts {
		for _, form := range forms {
			if form != "" && strings.Contains(text, form) {
				return where + ": " + text
			}
		}
	}
	return ""
}

func FuzzMask(f *testing.F) {
	server := serve(f, echoing())
	f.Add("hunter2", "before ", " after")
	f.Add(`a"b\c`, "", "")
	f.Add("a b", "a\n", "b")
	f.Add("봉수", "봉봉수", "수수")
	f.Add("aba", "ab", "ba")
	f.Add(strings.Repeat("x", 300), strings.Repeat("y", 150), "")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		const own = "…·" // what evidence itself is written with
		if len(secret) > 4096 || len(before)+len(after) > 4096 || strings.TrimSpace(secret) == "" || strings.ContainsAny(secret, own) || !utf8.ValidString(secret) {
			return // not a secret
		}
		// What stands in the settings themselves is no secret, and the rest
		// of the evidence is made of words of ours.
		for _, ours := range []string{server.URL, "POST / body is expected but \"x\" == ()+…/%q json missing cannot", before, after} {
			if strings.Contains(ours, secret) || len(secret) < 6 {
				return // part of the settings
			}
		}
		check := &probes.Check{
			Steps: steps(t, `[{POST: "`+server.URL+`/fail?a=${env:KEY}", body: "${env:BEFORE}${env:KEY}${env:KEY}${env:AFTER}"}]`),
			Env:   environment("KEY", secret, "BEFORE", before+" ", "AFTER", after+" "),
		}
		result := check.Probe(t.Context(), time.Now())
		if result.Took > 5*time.Second {
			t.Errorf("took %s: %s", result.Took, result.Reason)
		}
		if leak := leaked(result, secret); leak != "" {
			t.Errorf("secret %q is in %s", secret, leak)
		}
	})
}

// Whatever the expectation and whatever the body, a look ends in time, with a
// reason, and with evidence that is bounded.
func FuzzExpect(f *testing.F) {
	f.Add(`json.ok == true`, `{"ok":true}`)
	f.Add(`all(json, all(json, # == 1))`, `[1,1,1]`)
	f.Add(`json.a[0].b?.c > 1e9 ?? false`, `{"a":[{}]}`)
	f.Add(`body matches "^(a+)+$"`, "aaaaaaaaaaaaaaaaaaaaaaaaaaaab")
	f.Add(`find(split(body, ""), # == "x") == nil`, "abc")
	f.Add(`int(json) / 0 == 1`, `5`)
	f.Add(`body[1:4] == "PNG"`, "\x89PNG")
	f.Add(`status in 1..1000000`, ``)
	f.Fuzz(func(t *testing.T, expect, body string) {
		if len(body) > 1<<16 {
			return // larger than need be
		}
		step := probes.Kinds()[0].New(serve(t, says(200, body)).URL).(*probes.HTTP)
		step.Expect, step.Save = []string{expect}, map[string]string{"v": expect}
		if len(probes.Problems([]probes.Step{step})[0]) > 0 {
			return
		}
		began := time.Now()
		result := (&probes.Check{Steps: []probes.Step{step}}).Probe(t.Context(), began)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		checkEvidence(t, result)
	})
}

// Whatever bytes come back, it is an outcome with bounded evidence.
func FuzzBody(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"ok\":true}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n"))
	f.Add([]byte("HTTP/1.1 429 \r\nRetry-After: -1\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b"))
	f.Add([]byte("HTTP/1.1 302 Found\r\nLocation: ::\r\n\r\n"))
	f.Add([]byte("\x16\x03\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr := rawServer(t, raw)
		check := newCheck(t, get("http://"+addr, ", follow: 1, expect: ['json.ok == true']"))
		check.Timeout = time.Second
		checkEvidence(t, check.Probe(t.Context(), time.Now()))
	})
}

func checkEvidence(t *testing.T, result probes.Result) {
	t.Helper()
	if (result.Outcome == probes.OK) != (result.Reason == "") {
		t.Errorf("outcome %q with reason %q", result.Outcome, result.Reason)
	}
	if strings.Contains(result.Reason, "the probe itself broke") {
		t.Errorf("a panic: %s", result.Reason)
	}
	for _, s := range result.Steps {
		for _, text := range []string{s.Action, s.Reason, s.Expect, s.Seen} {
			if utf8.RuneCountInString(text) > 300 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") {
				t.Errorf("evidence %q", text)
			}
		}
		if utf8.RuneCountInString(s.Seen) > 200 {
			t.Errorf("seen has %d characters", utf8.RuneCountInString(s.Seen))
		}
	}
}
