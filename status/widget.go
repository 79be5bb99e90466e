package status

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// WidgetSwitch is somebody's word that an app's widget is to show nothing, or
// what it knows again. The latest stands; what the configuration has shut off it
// cannot turn on.
type WidgetSwitch struct {
	App    string
	Off    bool
	Author string
	At     time.Time
}

// Errors that switching a widget may meet.
var (
	ErrNoApp     = errors.New("no such app")
	ErrWidgetOff = errors.New("the configuration has shut the widget off (widget_off); only there can it be turned on")
)

// switchWidget takes over whether an app's widget is shut off. It returns the
// app's id. The next Judge has it in its Change.
func (b *Board) switchWidget(w WidgetSwitch, author string, now time.Time) (string, error) {
	for i := range b.model.Apps {
		if a := &b.model.Apps[i]; a.ID == w.App {
			if a.WidgetOff && !w.Off {
				return "", fmt.Errorf("switching the widget of %q: %w", w.App, ErrWidgetOff)
			}
			w.Author, w.At = author, b.clock(now)
			b.switches[w.App] = w
			b.switched = append(slices.DeleteFunc(b.switched, func(x WidgetSwitch) bool { return x.App == w.App }), w)
			return w.App, nil
		}
	}
	return "", fmt.Errorf("switching the widget of %q: %w", w.App, ErrNoApp)
}

// restoreSwitches goes on from what was switched.
func (b *Board) restoreSwitches(all []WidgetSwitch) {
	b.switches = make(map[string]WidgetSwitch, len(all))
	for _, w := range all {
		b.switches[w.App] = w
	}
}
