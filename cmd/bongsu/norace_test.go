//go:build !race

package main

// racing says that the race detector slows these tests down, ten times and more.
const racing = false
