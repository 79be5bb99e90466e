package drill_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bongsu/drill"
)

// Whatever is posted to a service, it answers in JSON and stands.
func FuzzServices(f *testing.F) {
	city, err := drill.New(f.Context(), quick)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { city.Close() })
	for _, task := range tasks(city.Keys()) {
		f.Add(task.body)
		f.Add(strings.ReplaceAll(task.body, "hello", "%zz\x00"))
	}
	f.Fuzz(func(t *testing.T, body string) {
		for s, task := range tasks(city.Keys()) {
			if task.auth == nil {
				task.auth = func(*http.Request, drill.Keys) {}
			}
			request := httptest.NewRequestWithContext(t.Context(), task.method, task.path, strings.NewReader(body))
			request.Header.Set("Content-Type", task.kind)
			task.auth(request, city.Keys())
			answer := httptest.NewRecorder()
			if s == drill.AlimTalk || s == drill.SMS || s == drill.Slack || s == drill.Login { // the others would ask login over the network
				city.ServiceForTest(s).ServeHTTP(answer, request)
				if !json.Valid(answer.Body.Bytes()) {
					t.Errorf("%s answers %d %q", s, answer.Code, answer.Body)
				}
			}
		}
	})
}

// A number is written in one way only, and writing it again changes nothing.
func FuzzPhone(f *testing.F) {
	for _, number := range []string{"010-0000-0001", "+821000000001", "", "+", "0", "+0123456789", "٠١٠"} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		got := drill.Phone(number)
		if got != "" && (drill.Phone(got) != got || !strings.HasPrefix(got, "+")) {
			t.Errorf("%q becomes %q becomes %q", number, got, drill.Phone(got))
		}
	})
}
