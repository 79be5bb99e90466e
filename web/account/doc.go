// Package account says who may come in and what they may do: roles and deeds,
// passwords, codes of an authenticator, recovery codes, and how often somebody
// may guess.
//
// Everything here is a function of its arguments: it reads no clock, does no
// I/O and draws its randomness from whom it is given. What is kept between two
// requests is kept by whoever calls.
package account
