package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bongsu/config"
	"bongsu/status"
	"bongsu/store"
)

const reportedConfig = `
site: {name: Status, url: "http://%[1]s", languages: [en], contact: ops@status.example}
listen: %[1]s
database: %[2]s
keys: env:KEYS
groups: [{id: jobs, name: Jobs}]
components:
  - {id: backup, group: jobs, name: Backup, checks: [{name: nightly, every: 1s, timeout: 1s, heartbeat: nightly backup, within: 25h, slow: 1m}]}
judgement: {confirm: 1, recover: 1, settle: 0s, watch: 1s, promise: 1h}
`

// A job reports by GET or POST; a code that is not 0 is its failure, and a
// restart forgets no report.
func TestHeartbeat(t *testing.T) {
	env := map[string]string{"KEYS": store.NewKeys()}
	find := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	database := filepath.Join(t.TempDir(), "bongsu.db")
	run := func(t *testing.T, story func(h *house, token string)) {
		t.Helper()
		s, listen := listening(t, func(listen string) (*server, error) {
			cfg, err := config.Parse("jobs.yaml", fmt.Appendf(nil, reportedConfig, listen, database), readOptions(find))
			if err != nil {
				return nil, err
			}
			return newServer(t.Context(), cfg, serverOptions{env: find, log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		})
		defer running(t, s)()
		h := &house{server: s, url: "http://" + listen}
		eventually(t, 10*time.Second, "the page is up", func() bool { return s.latest.Load() != nil })
		story(h, beatToken(s.beats.key, "backup/nightly"))
	}
	becomes := func(h *house, want status.State) {
		t.Helper()
		eventually(t, 10*time.Second, "the job is "+want.String(), func() bool {
			c, ok := h.latest.Load().Component("backup")
			return ok && c.State == want
		})
	}
	report := func(h *house, method, path, body string, want int) {
		t.Helper()
		if code, text := h.send(t, method, path, body); code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, code, text, want)
		}
	}
	run(t, func(h *house, token string) {
		becomes(h, status.Unknown) // nothing has ever reported
		report(h, http.MethodGet, "/beat/"+token, "", http.StatusOK)
		becomes(h, status.Operational)
		report(h, http.MethodPost, "/beat/"+token, `{"code": 3, "ms": 1200, "reason": "disk full"}`, http.StatusOK)
		becomes(h, status.MajorOutage)
		report(h, http.MethodGet, "/beat/"+token+"/0?ms=90000", "", http.StatusOK)
		becomes(h, status.DegradedPerformance)
		report(h, http.MethodGet, "/beat/"+strings.Repeat("0", 32), "", http.StatusNotFound)
		report(h, http.MethodGet, "/beat/"+token+"/burnt", "", http.StatusBadRequest)
	})
	run(t, func(h *house, token string) {
		becomes(h, status.DegradedPerformance)
		report(h, http.MethodGet, "/beat/"+token, "", http.StatusOK)
		becomes(h, status.Operational)
	})
}
