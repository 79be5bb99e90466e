// Package statuspage writes a snapshot as the bodies of Atlassian Statuspage's
// public API, version 2, so that every program that reads status pages reads
// this one.
//
// Readers decode strictly, so no key is added and none is left out; a list is
// never null. What the format has no word for is said in a text of it:
//
//	unknown             degraded_performance; the description says since when
//	worst on the page   the indicator; unknown, or too few locations to believe: at least minor
//	group               its worst child: major, partial, degraded, maintenance, operational
//	merged, dropped     resolved; the last update says what became of it
//	taken back          resolved, impact none
//	called off          completed; the last update says so
//	simulation          a mark before the page's name, its description, and each incident's name
//
// Bodies change only when what they tell does: no time in them is that of
// writing. Texts are in the site's first language.
package statuspage
