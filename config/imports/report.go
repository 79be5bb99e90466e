package imports

import "fmt"

// Fate is what became of a thing.
type Fate string

// The fates.
const (
	Carried Fate = "carried" // it is here now, and means what it meant there
	Changed Fate = "changed" // it is here, and something of it is different
	Left    Fate = "left"    // it could not be carried over
)

// Line is what became of one thing.
type Line struct {
	Where string // where it stands there: endpoints[2] "api"
	Fate  Fate
	Text  string // as what, or in which way, or why not
}

// String writes the line as the report shows it.
func (l Line) String() string { return fmt.Sprintf("%-7s  %s: %s", l.Fate, l.Where, l.Text) }

// Count is how many lines have the fate.
func (i *Import) Count(fate Fate) int {
	n := 0
	for _, l := range i.Report {
		if l.Fate == fate {
			n++
		}
	}
	return n
}

func (i *Import) say(fate Fate, where, format string, args ...any) {
	i.Report = append(i.Report, Line{where, fate, fmt.Sprintf(format, args...)})
}

func (i *Import) carried(where, format string, args ...any) { i.say(Carried, where, format, args...) }

func (i *Import) changed(where, format string, args ...any) { i.say(Changed, where, format, args...) }
func (i *Import) left(where, format string, args ...any)    { i.say(Left, where, format, args...) }
