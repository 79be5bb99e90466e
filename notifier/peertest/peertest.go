// Package peertest runs other people's programs that tests compare ours with:
// npm packages, installed by `npm ci` in tools/peers.
package peertest

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Dir is the folder of the installed npm package, such as
// "sms-segments-calculator". Where it is missing the test says so: with
// BONGSU_TEST=all it fails, else it is left out.
func Dir(t testing.TB, pkg string) string {
	t.Helper()
	dir := filepath.Join(root(t), "node_modules", filepath.FromSlash(pkg))
	if _, err := os.Stat(dir); err != nil {
		missing(t, pkg+" (npm ci in tools/peers)")
	}
	return dir
}

// Node runs a script in Node.js, which finds the peers with require, and gives
// what it prints. The script reads the input as its standard input.
func Node(t testing.TB, script, input string, pkgs ...string) string {
	t.Helper()
	for _, pkg := range pkgs {
		Dir(t, pkg)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node")
	}
	run := exec.CommandContext(t.Context(), node, "-e", script)
	run.Dir = root(t)
	run.Stdin = strings.NewReader(input)
	var problems bytes.Buffer
	run.Stderr = &problems
	out, err := run.Output()
	if err != nil {
		t.Fatalf("running a peer: %v\n%s", err, problems.String())
	}
	return string(out)
}

// Serve starts a script that serves until the test ends, and gives the first
// line that it prints: its address.
func Serve(t testing.TB, script string, pkgs ...string) string {
	t.Helper()
	for _, pkg := range pkgs {
		Dir(t, pkg)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node")
	}
	run := exec.Command(node, "-e", script)
	run.Dir = root(t)
	var problems bytes.Buffer
	run.Stderr = &problems
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill() // it has no other end
		_ = run.Wait()
	})
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("a peer gave no address: %v\n%s", lines.Err(), problems.String())
	}
	return lines.Text()
}

// root is tools/peers, seen from this file.
func root(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("this file does not know where it lies")
	}
	return filepath.Join(filepath.Dir(file), "..", "..", "tools", "peers")
}

func missing(t testing.TB, part string) {
	t.Helper()
	if os.Getenv("BONGSU_TEST") == "all" {
		t.Fatalf("missing part: %s (BONGSU_TEST=all wants every part)", part)
	}
	t.Skipf("missing part: %s", part)
}
