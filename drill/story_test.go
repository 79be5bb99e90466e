package drill_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/drill"
	"bongsu/status"
)

// script plays both the city and the program, and notes what it is told.
type script struct {
	began          time.Time
	notes          []string
	opens, resolve time.Duration // how long each wait takes
}

func (s *script) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf("%s ", time.Since(s.began))+fmt.Sprintf(format, args...))
}

func (s *script) Set(_ context.Context, service drill.Service, mode drill.Mode) error {
	s.note("%s %s", service, mode)
	return nil
}

func (s *script) Tell(_ context.Context, text status.Text) error {
	s.note("tell %d languages", len(text))
	return nil
}

func (s *script) WaitOpen(ctx context.Context) error     { return s.pass(ctx, s.opens, "open") }
func (s *script) WaitResolved(ctx context.Context) error { return s.pass(ctx, s.resolve, "resolved") }

func (s *script) pass(ctx context.Context, d time.Duration, what string) error {
	select {
	case <-time.After(d):
		s.note("%s", what)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestDemoStory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{began: time.Now(), opens: 6 * time.Second, resolve: 20 * time.Second}
		lines := 0
		err := drill.DemoStory().Run(t.Context(), s.began, s, s, func(scene drill.Scene) {
			lines++
			for _, lang := range []string{"ko", "ja", "en"} {
				if scene.Says[lang] == "" || strings.Contains(scene.Says[lang], "\n") {
					t.Errorf("scene at %s says %q in %s", scene.At, scene.Says[lang], lang)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"1s tell 3 languages", "8s tell 3 languages", "15s login refused", "15s tell 3 languages",
			"21s open", "45s login ok", "1m5s resolved",
		}
		if diff := cmp.Diff(want, s.notes); diff != "" {
			t.Errorf("the story (-want +got):\n%s", diff)
		}
		if lines != len(drill.DemoStory()) {
			t.Errorf("%d lines for %d scenes", lines, len(drill.DemoStory()))
		}
	})
}

func TestDemoStoryFitsTwoMinutes(t *testing.T) {
	t.Parallel()
	if longest := drill.DemoStory().Longest(); longest > 2*time.Minute {
		t.Errorf("the story can take %s", longest)
	}
}

func TestStoryBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{began: time.Now(), opens: time.Hour}
		err := drill.DemoStory().Run(t.Context(), s.began, s, s, func(drill.Scene) {})
		const want = "playing scene 5 of 8: waiting for an incident to open: it took longer than 30s: context deadline exceeded"
		if err == nil || err.Error() != want {
			t.Errorf("got %v; want %s", err, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("the visitor left"))
		defer leave()
		s := &script{began: time.Now()}
		err := drill.DemoStory().Run(ctx, s.began, s, s, func(drill.Scene) {})
		if err == nil || err.Error() != "playing scene 3 of 8: the visitor left" {
			t.Errorf("got %v", err)
		}
	})
}

// The demo's people are ten, in three languages and on both plans, at numbers
// that nobody can have.
func TestDemoSubscribers(t *testing.T) {
	t.Parallel()
	nobodys := regexp.MustCompile(`^\+82100000\d{4}$`)
	seen, langs, plans := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, s := range drill.DemoSubscribers() {
		if !nobodys.MatchString(s.Number) || seen[s.Number] {
			t.Errorf("%s is somebody's number, or there twice", s.Number)
		}
		seen[s.Number] = true
		langs[s.Lang]++
		plans[s.Plan]++
	}
	if diff := cmp.Diff(map[string]int{"ko": 4, "ja": 3, "en": 3}, langs); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{drill.PlanMessenger: 7, drill.PlanSMS: 3}, plans); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
}
