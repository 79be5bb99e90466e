// Package status holds the rules of the status page: what a probe's outcome
// means for a check, what its checks mean for a component, what a failing
// component means for those that need it, and which story (incident) people
// are told.
//
//	Vote ──levels──▶ Verdict ──quorum──▶ State ──graph──▶ Incident, Update, Promise
//
// Everything here is a function of its arguments. The package imports only the
// standard library, starts no goroutine, reads no clock and does no I/O, so each
// rule is tested with a plain table and a 127-hour outage replays in seconds.
package status
