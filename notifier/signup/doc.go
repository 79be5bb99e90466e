// Package signup takes people in by a code in a text, and lets them go.
//
//	number, caps ──Ask──▶ code in a text ──Confirm──▶ told of outages
//	                                          └─────▶ told nothing any more
//
// Here are the rules: which numbers can get a text, how many codes may be sent,
// what a code is worth. Codes leave by the delivery ledger, so pause, daily cap
// and pace hold for them too. What is answered never tells whether a number is
// known, nor whether a cap was reached.
package signup
