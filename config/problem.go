package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration, and where.
type Problem struct {
	File   string // as it was given, or the name inside the folder that was given
	Line   int    // from 1
	Column int    // from 1, in characters
	Path   string // components[0].needs[1]; empty for the file as a whole
	Text   string // what is wrong; what to write
}

// String writes the problem as file:line:col: path: what is wrong; what to
// write.
func (p Problem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Path, p.Text)
}

// Problems is everything that is wrong with the configuration, in the order of
// the files. There is at most one problem per value.
type Problems []Problem //nolint:errname // it is a list first: config.Problems says what callers print.

// Error writes one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders the problems by place.
func sorted(problems []Problem) Problems {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
		)
	})
	return problems
}
