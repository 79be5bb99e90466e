package account_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"bongsu/web/account"
)

// The codes of RFC 6238, appendix B (SHA-1, their last six digits).
func TestTOTP(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := account.TOTP(secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d the code is %s, want %s", at, got, want)
		}
	}
}

// A code is good for its half minute and the one to either side, and once.
func TestVerifyTOTP(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1111111111, 0)
	step := now.Unix() / 30
	for _, c := range []struct {
		name string
		code string
		used int64
		want int64 // 0: refused
	}{
		{"now", account.TOTP(secret, now), 0, step},
		{"with a space", "050 471", 0, step},
		{"the one before", account.TOTP(secret, now.Add(-30*time.Second)), 0, step - 1},
		{"the one after", account.TOTP(secret, now.Add(30*time.Second)), 0, step + 1},
		{"two before", account.TOTP(secret, now.Add(-60*time.Second)), 0, 0},
		{"two after", account.TOTP(secret, now.Add(60*time.Second)), 0, 0},
		{"again", account.TOTP(secret, now), step, 0},
		{"an older one after a newer", account.TOTP(secret, now.Add(-30*time.Second)), step, 0},
		{"the next after this one", account.TOTP(secret, now.Add(30*time.Second)), step, step + 1},
		{"wrong", "000000", 0, 0},
		{"empty", "", 0, 0},
	} {
		if got, ok := account.VerifyTOTP(secret, c.code, c.used, now); ok != (c.want != 0) || ok && got != c.want {
			t.Errorf("%s: step %d, %v", c.name, got, ok)
		}
	}
	if _, ok := account.VerifyTOTP(nil, account.TOTP(nil, now), 0, now); ok {
		t.Error("without an authenticator a code is taken")
	}
}

func TestWhatAnAuthenticatorReads(t *testing.T) {
	secret, err := account.NewTOTP(random())
	if err != nil {
		t.Fatal(err)
	}
	address := account.TOTPAddress(secret, "서비스: 상황판", "hana")
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/서비스  상황판:hana" || u.Query().Get("issuer") != "서비스  상황판" {
		t.Errorf("%s: %+v (%v)", address, u, err)
	}
	for _, text := range []string{u.Query().Get("secret"), "gayt emzu gu3d oobz gayt emzu gu3d oobz"} {
		if got, ok := account.ParseTOTP(text); !ok || !slices.Equal(got, secret) {
			t.Errorf("%q is read as %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "gayt", "0189", string(make([]byte, 1000))} {
		if _, ok := account.ParseTOTP(text); ok {
			t.Errorf("%q is a secret", text)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes, hashes, err := account.NewRecoveryCodes(random())
	if err != nil || len(codes) != account.RecoveryCodes || len(hashes) != len(codes) {
		t.Fatalf("%d codes, %d hashes (%v)", len(codes), len(hashes), err)
	}
	for i, code := range codes {
		if len(code) != 19 {
			t.Errorf("a code is %q", code)
		}
		for _, typed := range []string{code, " " + code, "A" + code[1:], code[:4] + code[5:]} {
			got, ok := account.RecoveryHash(typed)
			if want := typed != "A"+code[1:] || code[0] == 'a'; ok && (got == hashes[i]) != want {
				t.Errorf("%q is known as %q, %v", typed, got, ok)
			}
		}
	}
	for _, typed := range []string{"", "123456", codes[0] + "a"} {
		if _, ok := account.RecoveryHash(typed); ok {
			t.Errorf("%q can be a code", typed)
		}
	}
}

func TestSecrets(t *testing.T) {
	text, hash, err := account.NewSecret(random())
	if got, ok := account.SecretHash(text); err != nil || !ok || got != hash || len(text) != 43 {
		t.Errorf("%q is known as %q, not %q (%v)", text, got, hash, err)
	}
	if _, ok := account.SecretHash(text[1:]); ok {
		t.Error("a secret that is too short can be one")
	}
}
