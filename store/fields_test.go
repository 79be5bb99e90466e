package store_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/status"
	"bongsu/store"
)

// filler sets every exported field it is shown to a value that is not zero and
// mostly not used twice, so that a column nobody wrote and two that were
// swapped both show. A field added to the vocabulary later is filled too, and
// the round trip fails until the store keeps it.
type filler struct {
	t *testing.T
	n int
}

func filled[T any](t *testing.T) T {
	t.Helper()
	var v T
	f := &filler{t: t}
	f.fill(reflect.ValueOf(&v).Elem())
	return v
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(noon.Add(time.Duration(f.n) * time.Second)))
		return
	case reflect.TypeFor[time.Duration]():
		v.SetInt(int64(f.n) * int64(time.Microsecond))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key)
		f.fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("value '%04d' 확인", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64, reflect.Int:
		v.SetInt(int64(f.n))
	case reflect.Uint8: // every vocabulary of names has at least these
		v.SetUint(uint64(1 + f.n%3))
	default:
		f.t.Fatalf("the filler does not know how to fill a %s", v.Type())
	}
}

func TestEveryFieldSurvives(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		want := filled[status.Memory](t)
		for i := range want.Silences {
			want.Silences[i].Ended = time.Time{} // those that have ended are not kept
		}
		record(t, s, notifier.Record{Standings: want.Standings, Change: status.Change{
			Conditions: want.Conditions, Closed: want.Intervals, Incidents: want.Incidents, Maintenance: want.Maintenance, Words: want.Words, Widgets: want.Widgets, Routines: want.Routines, Suspicions: want.Suspicions, Silences: want.Silences,
		}})
		wantMemory(t, s, want)
	})
}

func TestEveryFieldOfACommandSurvives(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		want := filled[status.Command](t)
		if err := s.Ask(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		wantCommands(t, s, []status.Command{want})
	})
}

func TestEveryFieldOfABeatSurvives(t *testing.T) {
	exercise(t, func(t *testing.T, open func(*testing.T) *store.Store) {
		s := open(t)
		want := filled[store.Beat](t)
		want.Took = want.Took.Truncate(time.Millisecond) + time.Second
		older := want
		older.At, older.Code = want.At.Add(-time.Second), 0
		for _, b := range []store.Beat{want, older, want} {
			if err := s.SaveBeat(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Beats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]store.Beat{want}, got); diff != "" {
			t.Errorf("beats (-want +got):\n%s", diff)
		}
	})
}
