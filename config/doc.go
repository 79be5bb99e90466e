// Package config reads the configuration: one YAML file, or a folder of them
// merged in name order.
//
//	files ──parse──▶ nodes with places ──decode──▶ document ──check──▶ Config
//
// The reader is strict and patient. Every key must be known and every value
// must fit, and whatever does not is noted with file, line, column and path
// while reading goes on, so that one run names everything there is to mend.
// The structs that are decoded into carry their rules (must) and their
// explanations (doc) as tags; [Schema] is made from the same structs.
//
// Kinds of steps and gateways are not known here. The caller hands over the
// table of them, and each kind's own struct is its settings.
package config
