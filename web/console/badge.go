package console

import (
	"bongsu/status"
	"bongsu/web"
)

// badge is a state in word, shape and colour; the class gives the last two.
type badge struct{ Class, Word string }

// classes of the states, as style and icons know them.
var classes = map[status.State]string{
	status.Unknown:             "none",
	status.Operational:         "ok",
	status.DegradedPerformance: "slow",
	status.PartialOutage:       "part",
	status.MajorOutage:         "down",
	status.UnderMaintenance:    "work",
}

func (v *visit) badge(s status.State) badge {
	return badge{Class: classes[s], Word: v.Say("state_" + s.String())}
}

// reason says in the visitor's language why something is so; nil if nothing is
// said.
func (v *visit) reason(english string) *web.Reason {
	return (&web.Reader{Voice: v.Voice, Zone: v.Zone, Called: v.componentName}).Reason(english)
}

func (v *visit) reasons(english []string) []*web.Reason {
	var all []*web.Reason
	for _, text := range english {
		all = append(all, v.reason(text))
	}
	return all
}
