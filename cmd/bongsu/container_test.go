package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"bongsu/store/pgtest"
)

// containerUser is who the image runs as.
const containerUser = 65532

// The image cannot be built without a container engine. What it would do is
// done by hand: the build stage's own command, then the final stage's layout as
// a root folder that its user cannot write to, but for /data. The engine's part
// (layers, the health check's schedule, signals) stays unverified.
func TestContainer(t *testing.T) {
	if os.Geteuid() != 0 {
		pgtest.Missing(t, "root, to start the program in the image's layout")
	}
	t.Parallel()
	image := layOut(t)
	listen := freeAddress(t)
	writeImageConfig(t, image, listen)

	server := inImage(t.Context(), image, "serve", "-c", "/etc/bongsu/bongsu.yaml")
	var said strings.Builder
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()

	eventually(t, 20*time.Second, "the health check passes", func() bool {
		return inImage(t.Context(), image, "healthcheck", "--listen", listen).Run() == nil
	})
	if body := get(t, "http://"+listen+"/"); !strings.Contains(body, "Front door") {
		t.Errorf("the page lacks its component:\n%s", body)
	}
	if _, err := os.Stat(filepath.Join(image, "data", "bongsu.db")); err != nil {
		t.Errorf("the database is not in the volume: %v", err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("SIGTERM: %v\n%s", err, said.String())
	}
	if err := inImage(t.Context(), image, "healthcheck", "--listen", listen).Run(); err == nil {
		t.Error("the health check passes though nobody serves")
	}
}

// layOut builds the binary with the build stage's command and puts it where
// the final stage has it.
func layOut(t *testing.T) string {
	t.Helper()
	dockerfile, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*)$`).FindStringSubmatch(string(dockerfile))
	if build == nil {
		t.Fatal("the Dockerfile has no line that builds the binary")
	}
	image := t.TempDir()
	// The command is the Dockerfile's, with its target moved.
	command := exec.CommandContext(t.Context(), "sh", "-ec", strings.Replace(build[1], "/out/bongsu", filepath.Join(image, "bongsu"), 1))
	command.Dir, command.Env = "../..", append(os.Environ(), "VERSION=test")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build[1], err, out)
	}
	for _, folder := range []string{"data", "etc/bongsu", "tmp"} {
		if err := os.MkdirAll(filepath.Join(image, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Join(image, "data"), containerUser, containerUser); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(image, 0o755); err != nil { // a test's folder is its owner's alone
		t.Fatal(err)
	}
	return image
}

func writeImageConfig(t *testing.T, image, listen string) {
	t.Helper()
	text := "site: {name: Status, url: \"http://" + listen + "\", languages: [en], time_zone: Asia/Seoul}\n" +
		"listen: " + listen + "\ndatabase: /data/bongsu.db\n" +
		"groups: [{id: all, name: All}]\n" +
		"components: [{id: door, group: all, name: Front door, checks: [{name: ask, GET: \"http://" + listen + "/healthz\"}]}]\n"
	if err := os.WriteFile(filepath.Join(image, "etc/bongsu/bongsu.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// inImage runs the image's program as its user, with the image as its root.
func inImage(ctx context.Context, image string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "/bongsu", args...)
	c.Dir, c.Env = "/data", []string{}
	c.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     image,
		Credential: &syscall.Credential{Uid: containerUser, Gid: containerUser},
	}
	return c
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
