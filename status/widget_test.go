package status_test

import (
	"errors"
	"testing"

	"bongsu/status"
)

// Whether an app's widget is off: the configuration's word, or the latest of
// whoever switched it, over a restart too.
func TestAWidgetIsSwitched(t *testing.T) {
	for _, c := range []struct {
		what       string
		configured bool
		off        []bool
		app        string
		err        error
		want       bool
	}{
		{"nobody has", false, nil, "app", nil, false},
		{"off", false, []bool{true}, "app", nil, true},
		{"off and on", false, []bool{true, false}, "app", nil, false},
		{"off by the configuration", true, nil, "app", nil, true},
		{"the configuration's word stands", true, []bool{false}, "app", status.ErrWidgetOff, true},
		{"no such app", false, []bool{true}, "other", status.ErrNoApp, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := &status.Model{Apps: []status.App{{ID: "app", WidgetOff: c.configured}}}
			b := status.NewBoard(m, status.Memory{}, nil)
			b.Judge(start)
			for _, off := range c.off {
				if _, err := b.Do(status.Command{ID: "c", Author: "Kim", Widget: &status.WidgetSwitch{App: c.app, Off: off}}, start); !errors.Is(err, c.err) {
					t.Fatalf("error %v, want %v", err, c.err)
				}
			}
			change := b.Judge(start)
			if (c.off != nil && c.err == nil) == change.Empty() || len(change.Widgets) > 1 {
				t.Errorf("the change is %+v", change.Widgets)
			}
			var memory status.Memory
			memory.Apply(change)
			for _, after := range []*status.Board{b, status.NewBoard(m, memory, nil)} {
				if got := after.Snapshot(start).Apps[0].WidgetOff; got != c.want {
					t.Errorf("it is off: %t, want %t", got, c.want)
				}
			}
		})
	}
}
