// Package pgtest runs a throw-away PostgreSQL cluster on 127.0.0.1 for tests.
package pgtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Missing reports that a part the whole test run needs is not on this machine.
// With BONGSU_TEST=all that fails the test; else the test is left out, and says
// so under the name that the test command collects.
func Missing(t testing.TB, part string) {
	t.Helper()
	if os.Getenv("BONGSU_TEST") == "all" {
		t.Fatalf("missing part: %s (BONGSU_TEST=all wants every part)", part)
	}
	t.Skipf("missing part: %s", part)
}

// Cluster is a running PostgreSQL.
type Cluster struct {
	address string
	dir     string
	bin     string
	port    int
	owner   *syscall.Credential // nil: whoever we are
}

// Start makes a cluster in a new folder and starts it. The caller stops it.
// The error wraps [exec.ErrNotFound] when there is no PostgreSQL here.
func Start() (*Cluster, error) {
	c, err := newCluster()
	if err != nil {
		return nil, err
	}
	if err := c.do("initdb", "-D", c.data(), "-U", "bongsu", "--auth=trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	return c, c.start()
}

// newCluster prepares a folder and a port.
func newCluster() (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin}
	if c.dir, err = os.MkdirTemp("", "bongsu-pg-"); err != nil {
		return nil, err
	}
	if c.owner, err = unprivileged(c.dir); err != nil {
		return nil, err
	}
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	c.address = fmt.Sprintf("postgres://bongsu@127.0.0.1:%d/postgres?sslmode=disable", c.port)
	return c, nil
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) start() error {
	return c.do("pg_ctl", "-D", c.data(), "-w", "-l", filepath.Join(c.dir, "log"), "-o",
		fmt.Sprintf("-c listen_addresses=127.0.0.1 -p %d -k %s -c max_connections=200 -c shared_buffers=64MB", c.port, c.dir), "start")
}

// do runs one of the server's own programs, as its owner.
func (c *Cluster) do(program string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, program), args...) //nolint:gosec // the server's own programs, in folders of our own
	cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: c.owner}, c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	return nil
}

// Address is the cluster's own database.
func (c *Cluster) Address() string { return c.address }

// Database is the address of another database of the cluster.
func (c *Cluster) Database(name string) string {
	return strings.Replace(c.address, "/postgres?", "/"+name+"?", 1)
}

// Halt kills the server and leaves its folder, for Resume.
func (c *Cluster) Halt() error {
	return c.do("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop")
}

// Resume starts the server again, after Halt.
func (c *Cluster) Resume() error { return c.start() }

// Stop ends the server and removes its folder.
func (c *Cluster) Stop() {
	_ = c.do("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop") // it may have been killed
	os.RemoveAll(c.dir)
}

// binaries is where Debian and its like keep the server's programs, newest first.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if whole, err := filepath.EvalSymlinks(path); err == nil {
			path = whole // its companions are where it is
		}
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", fmt.Errorf("initdb: %w", exec.ErrNotFound)
	}
	sort.Strings(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// unprivileged gives the folder to somebody who may run PostgreSQL, which
// refuses to run as root. Nil means: as we are.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("running PostgreSQL as root is refused, and there is no other user: %w", err)
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func freePort() (int, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
