// Package agent is a location without access to the database: it gets its checks
// from a hub, looks as the hub's own node would, and sends what it saw.
//
//	hub ──work──▶ crew ──look──▶ buffer ──batch──▶ hub
//	 └───call────▶ (look at once)   │
//	                                └─ kept until the hub has it, the newest of it
//
// It goes on without the hub, by the last work it was given. What it then sends
// late is for the history: the hub counts only what is fresh.
package agent
