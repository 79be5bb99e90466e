// Package drill is the simulated city: services that people use, gateways that
// carry texts to phones, and a story in which the shared login dies.
//
//	login ◀── chat, place search, payment, taxi, the bank's linked function
//	          route and the bank's core stand on their own
//	SMS (Twilio's shape), AlimTalk (NHN Cloud's shape, follows chat), Slack
//	   └──▶ phones ──▶ inboxes        every request and arrival ──▶ Log
//
// Everything runs on loopback sockets, so a probe, a gateway client or a person
// with a browser meets what they would meet outside: refused connections,
// answers that never come, receipts that come late and twice. Each service can
// be broken and mended while it runs. The city's own log is the witness: what
// it did not see did not happen.
//
// What is random follows from a seed: account numbers, tokens, message ids and
// waiting times. Ports and wall time do not.
package drill
