// Package remote is what an agent and its hub say to one another: an agent is a
// location without access to the database, the hub the server that judges.
//
//	agent                                hub
//	  │ Hello  (who, which work it has)  │
//	  │─────────────────────────────────▶│
//	  │◀─────────────────────────────────│ Welcome (its location, its checks)
//	  │ Batch  (looks, numbered)         │
//	  │─────────────────────────────────▶│
//	  │◀─────────────────────────────────│ Ack     (up to which number they are kept)
//	  │ …waits…                          │
//	  │◀─────────────────────────────────│ Call    (look at these at once; there is other work)
//
// Every exchange carries the four times from which the difference of the two
// clocks follows: see [Sample] and [Clock].
//
// Like package status, it does no I/O and reads no clock. What comes from the
// other side is read by [Decode], which knows each message's bounds.
package remote
