package main

import (
	"strings"
	"testing"
)

func TestTallyNamesWhatWasMissing(t *testing.T) {
	var out strings.Builder
	tally := newTally(&out)
	for _, line := range []string{
		`{"Action":"output","Package":"p","Test":"TestA","Output":"fine\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestB","Output":"    x_test.go:3: missing part: PostgreSQL\n"}`,
		`{"Action":"skip","Package":"p","Test":"TestB"}`,
		`{"Action":"output","Package":"p","Test":"TestC","Output":"want 1, got 2\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestC"}`,
		`{"Action":"pass","Package":"q","Elapsed":0.5}`,
	} {
		tally.line([]byte(line))
	}
	tally.close()
	want := "want 1, got 2\n" +
		"ok   q 0.5s\n" +
		"\nmissing on this machine: PostgreSQL (1 tests left out; BONGSU_TEST=all makes that a failure)\n" +
		"1 passed, 1 failed, 1 skipped\n"
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}
