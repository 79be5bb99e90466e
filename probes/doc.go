// Package probes looks at services from outside: one file per kind, presets as
// embedded YAML. A probe looks once and says what it saw; when to look again
// and what to make of it is not its business.
package probes
