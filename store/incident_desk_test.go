package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

func TestSubscribersAreCountedByHowTheyAreTold(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		if _, known, err := s.Counted(t.Context()); known || err != nil {
			t.Fatalf("counted before anybody did (%v)", err)
		}
		talk := notifier.Wishes{Topics: []string{"talk"}, Order: []string{"email", "sms"}}
		for i := range 3 {
			wisher(t, s, fmt.Sprintf("+82100000001%d", i), talk, "sms", "email")
		}
		for i := range 2 {
			wisher(t, s, fmt.Sprintf("+82100000002%d", i), notifier.Wishes{}, "sms")
		}
		gone := wisher(t, s, "+821000000030", notifier.Wishes{}, "sms")
		if err := s.Leave(t.Context(), gone, march); err != nil {
			t.Fatal(err)
		}
		wisher(t, s, "+821000000031", notifier.Wishes{}) // by none
		counted, err := s.CountCrowds(t.Context(), []string{"sms", "email"}, march)
		if err != nil {
			t.Fatal(err)
		}
		want := []notifier.Crowd{
			{Plan: "citizens", Lang: "ko", Kinds: []string{"sms", "email"}, People: 3, AtLeast: status.PartialOutage, Wishes: talk},
			{Plan: "citizens", Lang: "ko", Kinds: []string{"sms"}, People: 2, AtLeast: status.PartialOutage},
			{Plan: "citizens", Lang: "ko", People: 1, AtLeast: status.PartialOutage},
		}
		if diff := cmp.Diff(want, counted.Crowds); diff != "" {
			t.Errorf("crowds (-want +got):\n%s", diff)
		}
		kept, known, err := s.Counted(t.Context())
		if err != nil || !known || !kept.At.Equal(march) || kept.Beyond != 0 {
			t.Errorf("kept %+v (%v)", kept, err)
		}
		if diff := cmp.Diff(want, kept.Crowds); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
}

func TestAnIncidentIsSomebodys(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		for _, h := range []store.IncidentHold{
			{Incident: "i1", Who: "a", Name: "Kim", Since: noon},
			{Incident: "i1", Who: "a", Name: "Kim", Since: noon.Add(time.Minute)}, // had it already
			{Incident: "i2", Who: "a", Name: "Kim", Since: noon},
			{Incident: "i2", Who: "b", Name: "Sato", Since: noon.Add(time.Hour)},
			{Incident: "i3", Who: "b", Name: "Sato", Since: noon},
		} {
			if err := s.TakeIncident(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.LeaveIncident(t.Context(), "i3"); err != nil {
			t.Fatal(err)
		}
		got, err := s.IncidentHolds(t.Context())
		want := map[string]store.IncidentHold{
			"i1": {Incident: "i1", Who: "a", Name: "Kim", Since: noon},
			"i2": {Incident: "i2", Who: "b", Name: "Sato", Since: noon.Add(time.Hour)},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v, holds (-want +got):\n%s", err, diff)
		}
	})
}

func TestTextsAreKeptReady(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		text := store.KeptText{ID: "t1", Name: "Looking", Text: status.Text{"ko": "확인 중", "en": "Looking"}, Author: "Kim", At: noon}
		for range 2 { // pressed twice
			if err := s.KeepText(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		text.Name, text.Version = "Looking into it", 1
		if err := s.KeepText(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		if err := s.KeepText(t.Context(), text); !errors.Is(err, store.ErrTextMoved) {
			t.Errorf("changing what was changed meanwhile: %v", err)
		}
		text.Version = 2
		list, err := s.KeptTexts(t.Context())
		if diff := cmp.Diff([]store.KeptText{text}, list, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("error %v, texts (-want +got):\n%s", err, diff)
		}
		if err := s.DropText(t.Context(), "t1"); err != nil {
			t.Error(err)
		}
		if err := s.DropText(t.Context(), "t1"); !errors.Is(err, store.ErrNoKeptText) {
			t.Errorf("removing it again: %v", err)
		}
	})
}

func TestADirectCommandIsAnsweredOnce(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		first := status.Answer{Command: "form-1", Asked: "digest", Made: "u1", At: noon}
		again := first
		again.Made, again.At = "u2", noon.Add(time.Second)
		for _, a := range []status.Answer{first, again} {
			record(t, s, notifier.Record{Answers: []status.Answer{a}})
		}
		got, done, err := s.Answer(t.Context(), "form-1")
		if err != nil || !done || got != first {
			t.Errorf("answer %+v, done %v, error %v", got, done, err)
		}
		if waiting, err := s.Commands(t.Context()); err != nil || len(waiting) != 0 {
			t.Errorf("it waits: %+v (%v)", waiting, err)
		}
	})
}
