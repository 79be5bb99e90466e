package minisign_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bongsu/web/browsertest"
	"bongsu/web/minisign"
)

const comment = "at 2026-10-15T15:52:00+09:00, good until 16:02"

var content = []byte("sha256 of many files\n")

func signer(t testing.TB, seed byte) minisign.Signer {
	t.Helper()
	s, err := minisign.NewSigner(bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s minisign.Signer) []byte {
	t.Helper()
	file, err := s.Sign(content, comment)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestWhatWasSignedIsBelieved(t *testing.T) {
	s := signer(t, 1)
	for _, text := range []string{s.Public().String(), string(s.Public().File())} {
		k, err := minisign.ParsePublicKey(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Verify(content, sign(t, s)); err != nil || got != comment {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestOneFlippedBitIsNot(t *testing.T) {
	s := signer(t, 1)
	file := sign(t, s)
	for i := range content {
		broken := bytes.Clone(content)
		broken[i] ^= 1
		if _, err := s.Public().Verify(broken, file); !errors.Is(err, minisign.ErrBroken) {
			t.Fatalf("byte %d of the content: %v", i, err)
		}
	}
	begin := bytes.IndexByte(file, '\n') + 1 // the first line is nobody's word
	for i := begin; i < len(file)-1; i++ {
		broken := bytes.Clone(file)
		broken[i] ^= 1
		if _, err := s.Public().Verify(content, broken); err == nil {
			t.Fatalf("byte %d of the signature: believed\n%s", i, broken)
		}
	}
	if _, err := signer(t, 2).Public().Verify(content, file); !errors.Is(err, minisign.ErrOtherKey) {
		t.Errorf("another key: %v", err)
	}
}

func TestWhatIsNoSignatureSaysSo(t *testing.T) {
	k := signer(t, 1).Public()
	for _, file := range []string{"", "x", strings.Repeat("a\n", 4), strings.Repeat("a", 10_000)} {
		if _, err := k.Verify(content, []byte(file)); err == nil || !strings.Contains(err.Error(), "malformed") {
			t.Errorf("%.20q: %v", file, err)
		}
	}
	for _, text := range []string{"", "RW", "untrusted comment: x\nRWQ", strings.Repeat("A", 56)} {
		if _, err := minisign.ParsePublicKey(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
	if _, err := signer(t, 1).Sign(content, "two\nlines"); err == nil {
		t.Error("a comment of two lines is signed")
	}
	if _, err := minisign.NewSigner(nil); err == nil {
		t.Error("no seed makes a signer")
	}
}

// The minisign command believes us, and we believe it.
func TestTheCommandAgrees(t *testing.T) {
	command, err := exec.LookPath("minisign")
	if err != nil {
		browsertest.Missing(t, "minisign")
	}
	dir := t.TempDir()
	run := func(args ...string) error {
		c := exec.CommandContext(t.Context(), command, args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		t.Logf("minisign %v: %s", args, out)
		return err
	}
	write := func(name string, body []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := signer(t, 1)
	write("ours", content)
	write("ours.minisig", sign(t, s))
	if err := run("-V", "-m", "ours", "-P", s.Public().String()); err != nil {
		t.Errorf("ours: %v", err)
	}
	write("ours", append([]byte("x"), content[1:]...))
	if err := run("-V", "-m", "ours", "-P", s.Public().String()); err == nil {
		t.Error("ours with one byte changed is believed")
	}

	write("theirs", content)
	for _, args := range [][]string{{"-G", "-W", "-p", "key.pub", "-s", "key"}, {"-S", "-s", "key", "-m", "theirs", "-t", comment}} {
		if err := run(args...); err != nil {
			t.Fatal(err)
		}
	}
	public, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "theirs.minisig"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := minisign.ParsePublicKey(string(public))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Verify(content, file); err != nil || got != comment {
		t.Errorf("theirs: %q, %v", got, err)
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f, 1)
	f.Add(content, sign(f, s))
	f.Add([]byte("x"), []byte("untrusted comment: \n\ntrusted comment: \n\n"))
	f.Fuzz(func(t *testing.T, body, file []byte) {
		if _, err := s.Public().Verify(body, file); err == nil && !bytes.Equal(body, content) {
			t.Errorf("believed: %q", body)
		}
	})
}
