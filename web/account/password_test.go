package account_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"bongsu/web/account"
)

// quick is a cost that tests can afford.
var quick = account.Cost{Memory: 64, Passes: 1, Threads: 1}

func random() *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte("0123456789"), 100)) }

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]error{
		"correct horse battery":       nil,
		"비상 연락망 점검 완료":                nil,
		"short":                       account.ErrPasswordShort,
		"eleven char":                 account.ErrPasswordShort,
		"hana-hana-12345":             account.ErrPasswordName,
		"my-HANA-password":            account.ErrPasswordName,
		"aaaaaaaaaaaaaaaa":            account.ErrPasswordRepeated,
		"121212121212121212":          account.ErrPasswordRepeated,
		strings.Repeat("long ", 60):   account.ErrPasswordLong,
		"\xff\xfe broken text inside": account.ErrPasswordText,
		"with a\nline inside of it":   account.ErrPasswordText,
	} {
		if got := account.CheckPassword(password, "hana"); !errors.Is(got, want) || (got == nil) != (want == nil) {
			t.Errorf("%q: %v, want %v", password, got, want)
		}
	}
	if err := account.CheckPassword("correct horse battery", "or"); err != nil {
		t.Errorf("a name of two letters is looked for inside: %v", err)
	}
}

func TestVerifyPassword(t *testing.T) {
	hash, err := account.HashPassword("비상 연락망 점검 완료", quick, random())
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%q (%v)", hash, err)
	}
	dearer := quick
	dearer.Passes++
	for _, c := range []struct {
		name, hash, password string
		cost                 account.Cost
		right, rehash        bool
	}{
		{"right", hash, "비상 연락망 점검 완료", quick, true, false},
		{"typed on another system", hash, norm.NFD.String("비상 연락망 점검 완료"), quick, true, false},
		{"right, and the cost has risen", hash, "비상 연락망 점검 완료", dearer, true, true},
		{"wrong", hash, "비상 연락망 점검 완로", quick, false, false},
		{"wrong, and the cost has risen", hash, "x", dearer, false, false},
		{"empty", hash, "", quick, false, false},
		{"no account", "", "비상 연락망 점검 완료", quick, false, false},
		{"no account, no password", "", "", quick, false, false},
		{"a hash that is none", "$argon2id$v=19$m=64,t=1,p=1$AAAA$BBBB", "x", quick, false, false},
		{"a cost that exhausts the memory", strings.Replace(hash, "m=64", "m=4294967295", 1), "비상 연락망 점검 완료", quick, false, false},
		{"too long", hash, strings.Repeat("x", 1<<20), quick, false, false},
	} {
		if right, rehash := account.VerifyPassword(c.hash, c.password, c.cost); right != c.right || rehash != c.rehash {
			t.Errorf("%s: %v, %v", c.name, right, rehash)
		}
	}
}

// The standard cost stays within what a small machine has for several at once.
func TestStandardCost(t *testing.T) {
	if c := account.StandardCost(); c.Memory != 19456 || c.Passes != 2 || c.Threads != 1 {
		t.Errorf("it is %+v", c)
	}
}

func FuzzVerifyPassword(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OTAxMjM0NQ$MDEyMzQ1Njc4OTAxMjM0NTAxMjM0NTY3ODkwMTIzNDU", "password")
	f.Add("$argon2id$v=19$m=99999999999,t=1,p=1$AA$AA", "password")
	f.Fuzz(func(t *testing.T, hash, password string) {
		if strings.Contains(hash, "m=") && !strings.Contains(hash, "m=64,t=1,p=1") {
			return // a real cost takes real time
		}
		if right, _ := account.VerifyPassword(hash, password, quick); right && account.CheckPassword(password, "") == nil {
			t.Errorf("%q is the password of %q", password, hash)
		}
	})
}
