package main

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"bongsu/status"
)

// Everybody's answer times are read in turn, a batch at a time and no component
// by halves, and then not again for a minute.
func TestAnswerTimesAreReadInTurn(t *testing.T) {
	s := &status.Snapshot{Groups: make([]status.GroupView, 2)}
	for i, standings := range []int{12, 8, 1, 50, 3, 0} {
		g := &s.Groups[i/3]
		g.Components = append(g.Components, &status.ComponentView{Component: &status.Component{ID: strconv.Itoa(i)}, Standings: make([]status.Standing, standings)})
	}
	var turn latelyTurn
	start := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(after time.Duration) string {
		var ids strings.Builder
		for _, c := range turn.next(s, start.Add(after)) {
			ids.WriteString(c.ID)
		}
		return ids.String()
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{0, "01"},
		{2 * time.Second, "2"},
		{4 * time.Second, "3"},
		{6 * time.Second, "45"},
		{8 * time.Second, ""},
		{59 * time.Second, ""},
		{time.Minute, "01"},
		{2 * time.Minute, "2"},
	} {
		if got := at(step.after); got != step.want {
			t.Errorf("after %s the turn is of %q, want %q", step.after, got, step.want)
		}
	}
	s.Groups = nil
	if got := at(time.Hour); got != "" {
		t.Errorf("of nobody it is the turn of %q", got)
	}
}
