// Package imports reads what other tools keep into our configuration and
// history: a Gatus configuration, an Uptime Kuma backup, the JSON of a
// Statuspage-shaped page.
//
//	files ──source──▶ Import ──Settle──▶ YAML that `bongsu validate` passes
//	                    │
//	                    ├──▶ past incidents, planned work: for the database
//	                    └──▶ the report: of each thing, what became of it
//
// A source is one file of this package and one line in [Sources]. It reads a
// [tree], which remembers what was read of it: whatever nobody has read is in
// the report as left behind, so nothing goes missing quietly. Secrets are not
// copied. In their place stands the name of a variable, and the report says
// what belongs in it.
package imports
