// Package incoming reads what other people's monitoring sends, and makes
// suspicions of it: they are for operators to look at, and confirm nothing.
//
// It is a function of its arguments: a source and a body in, suspicions out.
package incoming
