// Package monitor is the loop: it looks at everything on time, has the board
// judge what was seen, keeps the judgement and publishes it.
//
//	cron, timer ─▶ Roster ─▶ probe ─▶ Desk ─▶ page
//	                 ▲       probe      │ ▲
//	                 │       probe      │ └── operators
//	                 └── look again ────┤
//	                                    └───▶ Book (state, incident and notices together)
//
// What decides does no I/O and reads no clock: [Roster] knows when which look
// is due, [Desk] what a look changes. Both are driven by Due(now) and
// Report(outcome, now), so a drill replays days in seconds through the same
// code. [Monitor] is their live driver: goroutines, the real clock, a database
// that may be away.
package monitor
