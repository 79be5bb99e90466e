// Package store keeps what must survive a restart: votes, conditions,
// incidents, notices, the delivery ledger, subscribers. One SQL text serves
// SQLite and PostgreSQL, and one test suite holds both to it.
//
// Rules of the text: $1… placeholders, times as BIGINT milliseconds since 1970,
// ids made by the program, no SELECT *, no dialect's own functions. What differs
// is a token in double braces, replaced by [Store.q].
package store
