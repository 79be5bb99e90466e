package drill

import (
	"embed"
	"io/fs"
)

//go:embed scenarios/*.yaml
var scenarioFiles embed.FS

// Scenarios are the files of the scenarios that come with the program; package
// scenario reads them.
func Scenarios() fs.FS {
	files, err := fs.Sub(scenarioFiles, "scenarios")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return files
}
