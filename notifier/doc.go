// Package notifier decides who hears what, in which words and by which way,
// and keeps the books of it: the delivery ledger.
//
//	Event ──compose──▶ Notice × audience ──plan──▶ Batch ──hop──▶ Delivery, Attempt ──▶ Receipt
//
// The ledger is the queue: a delivery row is both the record and the work. A
// window of recipients is authorised durably before its first byte leaves, so
// what a crash leaves is known by name. The gateways live in sub-packages, one
// each; the store implements the ledger's interface.
package notifier
