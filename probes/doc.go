// Package probes looks at services from outside: one file per kind, presets as
// embedded YAML. A probe looks once and says what it saw; when to look again
// and what to make of it is not its business.
//
//	Check ──▶ Run (nonce, saved values, secrets)
//	  └─ Step ──▶ answer ──expectations──▶ StepSeen ──worst──▶ Result
//
// A look in a drill meets a [World] in place of network and clock; the steps,
// expectations and explanations are the same.
//
// Three rules hold for every kind. Each request has a connection of its own,
// because a warm one would hide a dead listener, a new certificate and a
// changed address. What is our own fault (a missing credential, a quota, our
// network, a stop of the program) is inconclusive and never accuses the
// target. And what a target sends is bounded in bytes, in time and in what an
// expectation may do with it, with every secret masked before it is kept.
package probes
