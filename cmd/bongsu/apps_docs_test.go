package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/store/pgtest"
)

// example is a code block of a document.
type example struct{ lang, code string }

var codeBlock = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func examplesOf(t *testing.T, document string) []example {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	for _, m := range codeBlock.FindAllStringSubmatch(string(text), -1) {
		list = append(list, example{m[1], m[2]})
	}
	return list
}

// runners are how each language's examples are run: in a file of this name, by
// this command.
var runners = map[string]struct {
	file    string
	command []string
}{
	"sh":     {"example.sh", []string{"bash", "-euo", "pipefail", "example.sh"}},
	"go":     {"main.go", []string{"go", "run", "main.go"}},
	"js":     {"example.mjs", []string{"node", "example.mjs"}},
	"python": {"example.py", []string{"python3", "example.py"}},
}

// Every example of the API's manual is run, in the order in which it is read,
// against a real server.
func TestExamplesOfTheManual(t *testing.T) {
	o := openOffice(t, filepath.Join(t.TempDir(), "bongsu.db"), nil)
	ran := map[string]int{}
	for _, e := range examplesOf(t, "../../docs/api.md") {
		ran[e.lang]++
		if e.lang == "yaml" {
			continue // [TestFromNothingToAFirstNotice] runs it
		}
		if e.lang == "console" {
			for line := range strings.Lines(e.code) {
				args := strings.Fields(strings.TrimPrefix(line, "$ bongsu "))
				o.bongsu(append(args, "-c", o.config)...)
			}
			continue
		}
		o.example(e)
	}
	for _, lang := range []string{"sh", "go", "js", "python", "console"} {
		if ran[lang] == 0 {
			t.Errorf("the manual has no example in %s", lang)
		}
	}
}

// The manual's smallest configuration and the commands under it lead to a text
// on a phone. Its server and its gateway are at other addresses here.
func TestFromNothingToAFirstNotice(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); errors.Is(err, exec.ErrNotFound) {
			pgtest.Missing(t, tool)
		}
	}
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(text), "\n## From nothing to a first notice\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	parts := strings.Split(chapter, "```")
	if len(parts) != 5 {
		t.Fatalf("the chapter has %d parts; want a configuration and commands", len(parts))
	}
	city, stop := liveCity(t, drill.Settings{Seed: 12})
	t.Cleanup(stop)
	keys, listen, folder := city.Keys(), freeAddress(t), t.TempDir()
	config := strings.TrimPrefix(parts[1], "yaml\n")
	config = strings.ReplaceAll(config, "127.0.0.1:8080", listen)
	config = strings.Replace(config, "{kind: twilio, ", "{kind: twilio, base_url: \""+city.URL(drill.SMS)+"\", ", 1)
	shim := "#!/bin/sh\n" + runAsBongsu + "=1 exec " + os.Args[0] + " \"$@\"\n"
	for name, content := range map[string]string{"bongsu.yaml": config, "bongsu": shim} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	script := strings.ReplaceAll(parts[3], "127.0.0.1:8080", listen) + "\nuntil curl -fsS \"$BONGSU/api/v1/notices\" -H \"Authorization: Bearer $BONGSU_TOKEN\" | grep -q '\"handed\":1'; do sleep 0.2; done; kill %1\n"
	c := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	c.Dir = folder
	c.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"),
		"TWILIO_ACCOUNT_SID="+keys.TwilioSID, "TWILIO_AUTH_TOKEN="+keys.TwilioToken, "TWILIO_FROM="+keys.TwilioFrom)
	if said, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	eventually(t, slowly, "a phone has the text", func() bool {
		return slices.ContainsFunc(city.Inboxes(100, 1), func(box drill.Inbox) bool {
			return strings.HasSuffix(box.Number, "1020000001") && len(box.SMS) == 1 && strings.Contains(box.SMS[0].Body, "Your appointment moved to 15:30.")
		})
	})
}

// example runs one, which ends well.
func (o *office) example(e example) {
	o.Helper()
	runner, known := runners[e.lang]
	if !known {
		o.Fatalf("nothing runs examples in %q", e.lang)
	}
	tool := runner.command[0]
	if e.lang == "sh" {
		tool = "curl"
	}
	if _, err := exec.LookPath(tool); errors.Is(err, exec.ErrNotFound) {
		o.Run(e.lang, func(t *testing.T) { pgtest.Missing(t, tool) })
		return
	}
	folder := o.TempDir()
	if err := os.WriteFile(filepath.Join(folder, runner.file), []byte(e.code), 0o600); err != nil {
		o.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(o.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, runner.command[0], runner.command[1:]...)
	c.Dir = folder
	c.Env = append(os.Environ(), "BONGSU=http://"+o.listen, "BONGSU_TOKEN="+o.tokens["safety-report"], "BONGSU_OPERATOR="+o.tokens["operator"], "GOFLAGS=-mod=mod", "GOWORK=off")
	if said, err := c.CombinedOutput(); err != nil {
		o.Errorf("an example in %s: %v\n%s\n%s", e.lang, err, said, e.code)
	}
}
