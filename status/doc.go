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
// (Rules.Confirm, Rules.Recover). Its word counts while its latest conclusive
// look is young enough (Check.Fresh); after that it is forgotten, and what comes
// too late is never counted. A check's verdict is what a quorum says of those
// locations that look at it (Check.From) and have a word that counts; with fewer
// words than the quorum it is undecided, neither good nor bad. A component's
// state is then the worst of these lines, where its core checks are those of the
// deepest kind it has: function or canary, else edge, else reach.
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
// # Doubt
//
// Every location looks at the controls (Model.Controls) beside the components.
// While more than half of those that have a word fail, the location is doubted,
// and so it is while whoever runs it has a reason ([Board.Doubt]):
//
//	doubted                        undecided, and forgotten: heard anew when all doubts have ended
//	claims what is worse           undecided until enough controls have answered looks begun after the claim
//	its controls falter            takes back what it was about to claim
//	begun in doubt, reported late  for the record only
//
// When our own network dies, targets and controls fail together, and whichever
// is seen first, no target is confirmed before the controls have spoken. What is
// undecided turns nothing green either: states become unknown, open incidents
// stand as they are, promises are kept, and nothing begins, ends or is told.
// One doubted location of three changes nothing but what the page says of it;
// fewer locations to believe than the quorum impair the whole page.
//
// # Maintenance
//
// A component in the window of planned work is under_maintenance, whatever is
// measured: that is not alarmed and not counted against its uptime. Planned work
// excuses only what it names. A component that needs one of those, is not named
// itself and fails is an incident of its own, not marked: nobody was told that
// this would stop. An incident that is open when work on its component begins
// stays open until the component is measured well after it. What fails when the
// window ends has failed since then, and is told as anything else is.
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
// An incident is on the page at once. The first words wait Rules.Settle for the
// cause: the time in which it has failed untold adds up, so they never wait
// longer. People are told then, when it gets worse than they know, with the first
// update a day after they last heard while it lasts, and when it is resolved; not
// while it is watched. What recovers before it was told is never told. A component
// that cannot be measured opens nothing and ends nothing.
//
// A cause found later takes the incident over with its history: a need beneath,
// a domain around, one component that explains a whole domain. Two that turn out
// one merge into the elder; what turns out to fail for a cause of its own leaves
// for an incident of its own. Both stay readable, with their codes, and each
// names the other. People can do both by hand: what they have split off (Apart)
// the rules do not join again, and what they say is the cause stays.
//
// Every open incident promises its next word, and "nothing has changed" keeps
// the promise. One that passed by more than a minute, because the program was
// away, is shown in the next update and told to operators.
//
// That other components fail than were told is told ten seconds after the last
// update at the earliest. Each time that the same component's coming or going
// was told within two hours doubles this, up to a quarter of an hour: then what
// is so by then is told, if it is not what was told before. The news of another
// component, and what is worse than told, do not wait for it. The page shows
// each state as it is all the while.
//
// # What people add
//
// It is added and never taken away, on incidents that are over too, except for
// expectations. Nothing of it turns anything green.
//
//	statement    somebody else's words, with who, when and where
//	expectation  needs a basis and an end; it is met if all answers by then, not
//	             met by itself if not, and replaced if its speaker tells another
//	correction   of onset, end or cause; the old value stays on show, and each
//	             onset told keeps its duration and its reason
//	retraction   a false alarm, told to whoever heard the alarm; refused while a
//	             component of it is measured to fail
//
// Everything here is a function of its arguments. The package imports only the
// standard library, starts no goroutine, reads no clock and does no I/O, so each
// rule is tested with a plain table and a 127-hour outage replays in seconds.
package status
