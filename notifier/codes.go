package notifier

import "errors"

// Meaning is what a gateway's code says, where the configuration knows better
// than this program's table of the vendor's codes.
type Meaning string

// The meanings.
const (
	MeansOurs     Meaning = "ours"     // our account, sender or text: counts against the gateway, and another may take it
	MeansTheirs   Meaning = "theirs"   // this recipient only: they go on by the next hop
	MeansSuppress Meaning = "suppress" // this recipient, and for good
	MeansAgain    Meaning = "again"    // nothing was taken: tried again
	MeansUnknown  Meaning = "unknown"  // the text may have been taken: settled before it is sent again
)

// Meanings lists them.
func Meanings() []Meaning {
	return []Meaning{MeansOurs, MeansTheirs, MeansSuppress, MeansAgain, MeansUnknown}
}

// judge reads the error of a hand-over as the route's own table has it.
func (r *Route) judge(err error) verdict {
	v := judge(err)
	no, refused := errors.AsType[*RejectedError](err)
	if !refused {
		return v
	}
	switch r.Codes[no.Code] {
	case MeansOurs:
		v.kind, v.recipient, v.suppress, v.fault = Refused, false, false, true
	case MeansTheirs, MeansSuppress:
		v.kind, v.recipient, v.fault = Refused, true, false
		v.suppress = r.Codes[no.Code] == MeansSuppress
	case MeansAgain:
		v.kind, v.recipient, v.suppress, v.fault = Retry, false, false, true
	case MeansUnknown:
		v.kind, v.recipient, v.suppress, v.fault = Doubtful, false, false, true
	}
	return v
}
