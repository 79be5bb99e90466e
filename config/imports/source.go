package imports

import (
	"fmt"
	"time"
)

// What is read at most. Past it an import is refused, not cut short.
const (
	MaxFile   = 8 << 20  // bytes of one file
	MaxAll    = 32 << 20 // bytes of all of them
	MaxFiles  = 200
	maxDepth  = 40      // lists and tables inside each other
	maxNodes  = 500_000 // values of all files together
	maxThings = 5_000   // components of one import
)

// Input is one file of a source, or one answer of a page.
type Input struct {
	Name string // as the report calls it
	Data []byte
}

// Options are what an import depends on besides the files.
type Options struct {
	Lang string    // the language the texts are in: ko, ja or en
	Now  time.Time // to tell what is over
}

// Source is a kind of file that can be read.
type Source struct {
	Name  string   // the word on the command line
	Doc   string   // what it is, in one line
	Exts  string   // the endings of its files in a folder: "yaml yml"
	Pages []string // the paths below a page's address to fetch; none: it is read from files only
	Read  func(o Options, files []Input) (*Import, error)
}

// Sources is every source. A new one is a file of its own and a line here.
func Sources() []Source {
	return []Source{
		gatusSource(),
		kumaSource(),
		statuspageSource(),
	}
}

// checkSize refuses what is too much to read.
func checkSize(files []Input) error {
	if len(files) > MaxFiles {
		return fmt.Errorf("%d files; the most is %d", len(files), MaxFiles)
	}
	total := 0
	for _, f := range files {
		if len(f.Data) > MaxFile {
			return fmt.Errorf("reading %s: more than %d bytes", f.Name, MaxFile)
		}
		if total += len(f.Data); total > MaxAll {
			return fmt.Errorf("reading %s: with the files before it more than %d bytes", f.Name, MaxAll)
		}
	}
	return nil
}
