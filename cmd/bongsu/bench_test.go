//go:build bench

package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBenchStart measures the released binary: its size, the time from its
// start to its first page, and what it takes of memory when it has little to
// do. The limit beside it is a bare net/http server, built and started the same
// way in the same run.
func TestBenchStart(t *testing.T) {
	folder := t.TempDir()
	ours, bare := filepath.Join(folder, "bongsu"), filepath.Join(folder, "bare")
	goBuild(t, ours, ".")
	source := filepath.Join(folder, "main.go")
	program := "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\thttp.ListenAndServe(os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(\"ok\")) }))\n}\n"
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	goBuild(t, bare, source)

	for _, checks := range []int{1, 1000} {
		fresh, again, idle := startOurs(t, ours, folder, checks)
		bareFirst, bareIdle := startAndWait(t, bare, func(listen string) []string { return []string{listen} })
		fmt.Printf("%4d checks: first page %s on a new database (budget 250ms), %s on an existing one (budget 50ms), bare net/http %s; idle memory %d MB (budget %s), of that %d MB pages of files, bare %d MB\n",
			checks, fresh.Round(time.Millisecond), again.Round(time.Millisecond), bareFirst.Round(time.Millisecond), idle.memory, map[int]string{1: "35 MB", 1000: "60 MB"}[checks], idle.files, bareIdle.memory)
	}
	fmt.Printf("binary: %.1f MB (budget 40 MB), bare net/http %.1f MB\n", size(t, ours), size(t, bare))
}

func goBuild(t *testing.T, to, what string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", "-s -w", "-o", to, what)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// startOurs starts the program five times on a new database and five times on
// that of the time before, and gives the medians.
func startOurs(t *testing.T, binary, folder string, checks int) (fresh, again time.Duration, idle cost) {
	t.Helper()
	var news, olds []time.Duration
	for run := range 5 {
		path := filepath.Join(folder, fmt.Sprintf("%d-%d.yaml", checks, run))
		args := func(listen string) []string {
			writeManyChecks(t, path, listen, checks)
			return []string{"serve", "-c", path}
		}
		took, _ := startAndWait(t, binary, args)
		news = append(news, took)
		took, idle = startAndWait(t, binary, args)
		olds = append(olds, took)
	}
	slices.Sort(news)
	slices.Sort(olds)
	return news[2], olds[2], idle
}

func writeManyChecks(t *testing.T, path, listen string, checks int) {
	t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "site: {name: Status, url: \"http://%s\", languages: [en]}\nlisten: %s\ndatabase: %s.db\ngroups: [{id: all, name: All}]\ncomponents:\n", listen, listen, path)
	for i := range checks {
		fmt.Fprintf(&text, "  - {id: c%d, group: all, name: C%d, checks: [{name: ask, every: 60s, GET: \"http://%s/healthz\"}]}\n", i, i, listen)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startAndWait starts a server and gives the time to its first page, and its
// memory three seconds later.
func startAndWait(t *testing.T, binary string, args func(listen string) []string) (time.Duration, cost) {
	t.Helper()
	listen := freeAddress(t)
	command := exec.CommandContext(t.Context(), binary, args(listen)...)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	began := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	for {
		answer, err := client.Get("http://" + listen + "/")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("no page within 10 s")
		}
		<-time.After(500 * time.Microsecond)
	}
	took := time.Since(began)
	<-time.After(3 * time.Second) // what starting took has been given back
	memory, files := memoryOf(t, command.Process.Pid)
	return took, cost{memory: memory, files: files}
}

// memoryOf is what a process has in memory, in MB, and how much of it are pages
// of files, which the kernel can drop and read again.
func memoryOf(t *testing.T, pid int) (all, files int) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	var mb [2]int
	for i, name := range []string{"VmRSS", "RssFile"} {
		found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
		if found == nil {
			t.Fatal("the kernel does not say how much memory it has")
		}
		kb, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		mb[i] = kb / 1024
	}
	return mb[0], mb[1]
}

func size(t *testing.T, path string) float64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}
