// Command testall runs every test of the project and ends by naming the parts
// that were missing on this machine, which `go test` alone keeps to itself.
// Flags go on to `go test`: `go run ./cmd/testall -race`.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, flags []string, out io.Writer) error {
	args := append([]string{"test", "-json"}, flags...)
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(strings.TrimLeft(f, "-"), "timeout") }) {
		args = append(args, "-timeout=40m") // a package's browsers take more than go's ten minutes on a slow machine
	}
	if slices.ContainsFunc(flags, func(f string) bool { return strings.TrimLeft(f, "-") == "race" }) {
		// The database engine is C made into Go, run by one goroutine at a time:
		// watching its every byte takes five times as long and can find nothing.
		args = append(args, "-gcflags=modernc.org/sqlite/lib=-race=false")
	}
	if !slices.ContainsFunc(flags, func(f string) bool { return strings.HasPrefix(f, "./") }) {
		args = append(args, "./...")
	}
	// The arguments are the developer's own, on the developer's own machine.
	test := exec.CommandContext(ctx, "go", args...) //nolint:gosec // see above
	test.Stderr = out
	events, err := test.StdoutPipe()
	if err != nil {
		return fmt.Errorf("preparing go test: %w", err)
	}
	if err := test.Start(); err != nil {
		return fmt.Errorf("starting go test: %w", err)
	}
	tally := newTally(out)
	scanner := bufio.NewScanner(events)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		tally.line(scanner.Bytes())
	}
	err = test.Wait()
	tally.close()
	if err != nil {
		return fmt.Errorf("running go test: %w", err)
	}
	return scanner.Err()
}

// event is a line of `go test -json` (cmd/test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

type testID struct{ pkg, test string }

// tally counts, and keeps a test's output until it is known whether anybody
// wants to read it.
type tally struct {
	out                     io.Writer
	output                  map[testID][]string
	missing                 map[string]int
	passed, failed, skipped int
}

func newTally(out io.Writer) *tally {
	return &tally{out: out, output: map[testID][]string{}, missing: map[string]int{}}
}

func (t *tally) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(t.out, "%s\n", line) // what go says before it tests, such as a build error
		return
	}
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "output", "build-output":
		t.output[id] = append(t.output[id], e.Output)
	case "pass", "fail", "skip":
		t.ended(id, e)
	}
}

func (t *tally) ended(id testID, e event) {
	output := t.output[id]
	delete(t.output, id)
	if e.Action == "fail" {
		fmt.Fprint(t.out, strings.Join(output, ""))
	}
	if id.test == "" {
		if e.Action != "fail" {
			fmt.Fprintf(t.out, "%-4s %s %.1fs\n", map[string]string{"pass": "ok", "skip": "-"}[e.Action], id.pkg, e.Elapsed)
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "fail":
		t.failed++
	case "skip":
		t.skipped++
		t.missed(output)
	}
}

// missed notes which part a skipped test was waiting for.
func (t *tally) missed(output []string) {
	for _, line := range output {
		if _, part, ok := strings.Cut(strings.TrimSpace(line), "missing part: "); ok {
			t.missing[part]++
		}
	}
}

func (t *tally) close() {
	// What never ended, such as a package that did not build, is told too.
	for _, id := range slices.SortedFunc(maps.Keys(t.output), func(a, b testID) int { return strings.Compare(a.pkg+a.test, b.pkg+b.test) }) {
		fmt.Fprint(t.out, strings.Join(t.output[id], ""))
	}
	if len(t.missing) == 0 {
		fmt.Fprintln(t.out, "\nno part was missing")
	}
	for _, part := range slices.Sorted(maps.Keys(t.missing)) {
		fmt.Fprintf(t.out, "\nmissing on this machine: %s (%d tests left out; BONGSU_TEST=all makes that a failure)\n", part, t.missing[part])
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}
