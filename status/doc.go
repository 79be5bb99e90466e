// Package status holds the rules of the status page: what a probe's outcome
// means for a check, what its checks mean for a component, what a failing
// component means for those that need it, and which story (incident) people
// are told.
//
//	Vote ──levels──▶ Verdict ──quorum──▶ State ──graph──▶ Incident, Update, Promise
//
// # From looks to a state
//
// A location's level of a check changes only when enough looks in a row agree
// (Rules.Confirm, Rules.Recover). A check's verdict is what a quorum of
// locations with fresh votes says. A component's state is then the worst of
// these lines, where its core checks are those of the deepest kind it has:
// function or canary, else edge, else reach.
//
//	all core checks fail, from every location that answers        major_outage
//	some core checks fail and others do not, or cannot be decided partial_outage
//	they fail from a quorum of locations but not from all         partial_outage
//	a check shallower than the core fails                         partial_outage
//	a core or an edge check is slow                               degraded_performance
//	a check with counts_as fails                                  what it counts as
//	a core check passes                                           operational
//	nothing of this                                               unknown
//
// What a component needs explains it, and stands in where nothing is measured:
//
//	measured well, a need failed         operational, not marked
//	measured troubled, a hard need failed  as measured, marked with the cause
//	unknown, a hard need failed          partial_outage, derived, marked
//	unknown, a soft need failed          degraded_performance, derived, marked
//
// # From states to a story
//
// Each troubled component is explained by its deepest failed hard need. Where
// several such causes share a failure domain most of which is failing, the
// domain is the cause. One cause is one incident:
//
//	investigating ──cause found──▶ identified ──all answer──▶ monitoring ──watch over──▶ resolved
//	      └──────────────all answer──────────────────────────────▲   │
//	                                 identified ◀──fails again───────┘
//
// An incident is on the page at once. People are told after Rules.Settle, when
// it gets worse than they know, once a day while it lasts, and when it is
// resolved; not while it is watched. What recovers before it was told is never
// told. A component that cannot be measured opens nothing and ends nothing.
//
// Everything here is a function of its arguments. The package imports only the
// standard library, starts no goroutine, reads no clock and does no I/O, so each
// rule is tested with a plain table and a 127-hour outage replays in seconds.
package status
