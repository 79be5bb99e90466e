package pgtest

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Standby starts a second server that follows this one synchronously: from when
// it returns no commit is answered before both have it. The caller stops it.
func (c *Cluster) Standby() (*Cluster, error) {
	s, err := newCluster()
	if err != nil {
		return nil, err
	}
	from := fmt.Sprintf("host=127.0.0.1 port=%d user=bongsu application_name=standby", c.port)
	if err := s.do("pg_basebackup", "-D", s.data(), "-R", "-X", "stream", "-c", "fast", "-d", from); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	return s, c.waitFor()
}

// waitFor waits until the standby is what commits wait for.
func (c *Cluster) waitFor() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("pgx", c.address)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, text := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (standby)'", "SELECT pg_reload_conf()"} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for {
		var state string
		err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(sync_state), '') FROM pg_stat_replication").Scan(&state)
		if err != nil || state == "sync" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Either is the address of a database of two clusters: of whichever may be
// written to.
func (c *Cluster) Either(other *Cluster, name string) string {
	return fmt.Sprintf("postgres://bongsu@127.0.0.1:%d,127.0.0.1:%d/%s?sslmode=disable&target_session_attrs=read-write&connect_timeout=2", c.port, other.port, name)
}

// Kill is kill -9 of the server and all its processes.
func (c *Cluster) Kill() error {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	server, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	all := append([]int{server}, childrenOf(server)...)
	for _, pid := range all {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}

func childrenOf(parent int) []int {
	found, _ := filepath.Glob("/proc/[0-9]*/stat")
	var children []int
	for _, path := range found {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			children = append(children, pid)
		}
	}
	return children
}

// Promote makes a standby the server that may be written to, and waits until
// it is.
func (c *Cluster) Promote() error { return c.do("pg_ctl", "-D", c.data(), "-w", "promote") }
