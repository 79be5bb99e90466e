//go:build bench

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestBenchProbes lets the released binary look at 100, 1,000 and 10,000 targets
// every ten seconds for a minute, with its history on disk, and prints what the
// targets saw and what the kernel says of the process. Then at 1,000 of which a
// third hang, and at the two thirds of them that answer alone. Beside it stands a
// bare client that asks as often, each time on a fresh connection, as a process
// of its own. Each scale is a subtest: -run 'TestBenchProbes/^10000$'.
func TestBenchProbes(t *testing.T) {
	folder := t.TempDir()
	binary := filepath.Join(folder, "bongsu")
	goBuild(t, binary, ".")
	bare := filepath.Join(folder, "bare")
	goBuild(t, bare, bareClient(t, folder))
	for _, run := range []struct {
		name   string
		checks int
		third  third
	}{
		{"100", 100, isThere},
		{"1000", 1000, isThere},
		{"10000", 10000, isThere},
		{"hanging", 1000, hangs},
		{"without", 1000, isAbsent},
	} {
		t.Run(run.name, func(t *testing.T) {
			target := newProbed(t)
			limit := bareCost(t, bare, target.url(), run.checks)
			target.forget()
			path := filepath.Join(folder, run.name+".yaml")
			writeTargets(t, path, target, run.checks, run.third)
			cost := watchFor(t, binary, path, target, time.Minute)
			late, looks := target.lateness()
			fmt.Printf("%5d checks every 10s%s: %d looks in 60s at healthy targets, lateness p50 %s p99 %s max %s, most in 100ms %d (mean %.1f), CPU-s per 1,000 looks %.2f (bare client %.2f), memory %d MB, of that %d MB pages of files\n",
				run.checks, run.third, looks, rankOf(late, 50), rankOf(late, 99), rankOf(late, 100), target.burst(),
				float64(looks)/600, cost.cpu.Seconds()/float64(max(looks, 1))*1000, limit.Seconds()/float64(run.checks)*1000, cost.memory, cost.files)
		})
	}
}

// third is what every third target does.
type third string

const (
	isThere  third = ""
	hangs    third = ", a third hang"
	isAbsent third = ", without the third that would hang"
)

const benchInterval = 10 * time.Second

// probed is the target: it notes when each path was asked for. What comes to
// its second door is never answered.
type probed struct {
	server   *http.Server
	listener net.Listener
	silent   net.Listener

	mu   sync.Mutex
	seen map[string][]time.Time
}

func newProbed(t *testing.T) *probed {
	t.Helper()
	p := &probed{seen: map[string][]time.Time{}}
	var doors [2]net.Listener
	for i := range doors {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		doors[i] = l
	}
	p.listener, p.silent = doors[0], doors[1]
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(p.listener) }()
	t.Cleanup(func() { _ = p.server.Close(); _ = p.silent.Close() })
	return p
}

func (p *probed) url() string { return "http://" + p.listener.Addr().String() }

func (p *probed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	p.mu.Lock()
	p.seen[r.URL.Path] = append(p.seen[r.URL.Path], now)
	p.mu.Unlock()
	w.Write([]byte(`{"ok":true}`))
}

func (p *probed) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.seen)
}

// lateness is by how much each wait departed from the interval, sorted.
func (p *probed) lateness() (late []time.Duration, looks int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, times := range p.seen {
		looks += len(times)
		for i := 1; i < len(times); i++ {
			late = append(late, (times[i].Sub(times[i-1]) - benchInterval).Abs())
		}
	}
	slices.Sort(late)
	return late, looks
}

// burst is the most requests in any 100 ms.
func (p *probed) burst() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []time.Time
	for _, times := range p.seen {
		all = append(all, times...)
	}
	slices.SortFunc(all, time.Time.Compare)
	most, first := 0, 0
	for i := range all {
		for all[i].Sub(all[first]) >= 100*time.Millisecond {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func rankOf(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)].Round(10 * time.Microsecond)
}

func writeTargets(t *testing.T, path string, target *probed, checks int, every third) {
	t.Helper()
	var text strings.Builder
	listen := freeAddress(t)
	fmt.Fprintf(&text, "site: {name: Status, url: \"http://%s\", languages: [en]}\nlisten: %s\ndatabase: %s.db\ngroups: [{id: all, name: All}]\ncomponents:\n", listen, listen, path)
	for i := range checks {
		to := target.url()
		switch {
		case i%3 != 0 || every == isThere:
		case every == hangs:
			to = "http://" + target.silent.Addr().String()
		default:
			continue
		}
		fmt.Fprintf(&text, "  - {id: c%d, group: all, name: C%d, checks: [{name: ask, every: 10s, timeout: 5s, GET: \"%s/%d\", expect: [\"status == 200\", \"json.ok == true\"]}]}\n", i, i, to, i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cost is what a process has used.
type cost struct {
	cpu    time.Duration
	memory int // MB, resident
	files  int // MB of them that are pages of files, such as the binary's own
}

// watchFor runs the server until every check had its first round, then for the
// span, and gives what the span cost.
func watchFor(t *testing.T, binary, config string, target *probed, span time.Duration) cost {
	t.Helper()
	log, err := os.Create(config + ".log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command := exec.CommandContext(t.Context(), binary, "serve", "-c", config)
	command.Stderr = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	<-time.After(2 * benchInterval) // first looks are spread over ten seconds
	target.forget()
	before := cpuOf(t, command.Process.Pid)
	<-time.After(span)
	used := cpuOf(t, command.Process.Pid) - before
	memory, files := memoryOf(t, command.Process.Pid)
	return cost{used, memory, files}
}

// cpuOf is the processor time that a running process has used.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const user, system, perSecond = 11, 12, 100 // proc(5), with the command's name and what stands before it cut off
	var ticks int
	for _, at := range []int{user, system} {
		n, err := strconv.Atoi(fields[at])
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / perSecond
}

// bareClient writes a program that asks an address so many times with 64
// workers, each request on a connection of its own.
func bareClient(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, "bare.go")
	program := `package main

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
)

func main() {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	n, _ := strconv.Atoi(os.Args[2])
	work := make(chan int)
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for range work {
				if answer, err := client.Get(os.Args[1]); err == nil {
					io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	workers.Wait()
}
`
	if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bareCost is the processor time that the bare client needs for so many looks.
func bareCost(t *testing.T, binary, url string, n int) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary, url+"/bare", strconv.Itoa(n))
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	used, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("the kernel does not say what the process has used")
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
