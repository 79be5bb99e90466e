package probes

import (
	"embed"
	"io/fs"
)

//go:embed presets/*.yaml
var presets embed.FS

// Presets is the checks we know: a YAML file each, named after its id with a
// hyphen for the slash. How often one may look at most, what it was made from
// and what is not certain about it stand in the file.
func Presets() fs.FS {
	files, err := fs.Sub(presets, "presets")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return files
}
