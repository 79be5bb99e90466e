package console

import "bongsu/status"

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
