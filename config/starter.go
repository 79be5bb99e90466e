package config

import _ "embed" // the starter file

// Starter is the commented file that `bongsu init` writes: checks of real
// services that need no key, SQLite, no secret but the keys that init makes
// beside it. Its checks start once site.contact is set.
//
//go:embed starter.yaml
var Starter string
