package account

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // authenticators know no other; RFC 6238 rests on HMAC, which SHA-1 still carries
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// What every authenticator takes (RFC 6238): six digits, a new code each 30 s.
const (
	codeEvery   = 30 // seconds
	codeDigits  = 6
	secretBytes = 20
	stepsAround = 1 // steps that a clock may be off, to either side
)

// NewTOTP makes the secret that an authenticator shares with us.
func NewTOTP(random io.Reader) ([]byte, error) {
	secret := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("making a secret for an authenticator: %w", err)
	}
	return secret, nil
}

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPText is a secret as people type it.
func TOTPText(secret []byte) string { return base32Text.EncodeToString(secret) }

// ParseTOTP reads a secret as people type it, or false.
func ParseTOTP(text string) ([]byte, bool) {
	secret, err := base32Text.DecodeString(strings.ToUpper(plainCode(text)))
	return secret, err == nil && len(secret) == secretBytes
}

// TOTPAddress is what an authenticator reads from the picture: whose code it is,
// and where.
func TOTPAddress(secret []byte, site, name string) string {
	label := strings.ReplaceAll(site, ":", " ") + ":" + name
	query := url.Values{"secret": {TOTPText(secret)}, "issuer": {strings.ReplaceAll(site, ":", " ")}}
	return "otpauth://totp/" + url.PathEscape(label) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// TOTP is the code of an instant.
func TOTP(secret []byte, now time.Time) string { return totpAt(secret, now.Unix()/codeEvery) }

func totpAt(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	if err := binary.Write(h, binary.BigEndian, step); err != nil {
		panic("account: a hash refused bytes: " + err.Error())
	}
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	return fmt.Sprintf("%0*d", codeDigits, value%1_000_000)
}

// VerifyTOTP gives the step that a code is of, if it is one of now or of the
// step beside, and no step up to the one used last: a code that somebody has
// looked over a shoulder is worth nothing. All steps are compared, so how long
// it takes tells nothing.
func VerifyTOTP(secret []byte, code string, used int64, now time.Time) (step int64, ok bool) {
	code = plainCode(code)
	this := now.Unix() / codeEvery
	for s := this - stepsAround; s <= this+stepsAround; s++ {
		same := subtle.ConstantTimeCompare([]byte(totpAt(secret, s)), []byte(code)) == 1
		if same && s > used && len(secret) > 0 {
			step, ok = s, true
		}
	}
	return step, ok
}

// plainCode leaves out what people put between a code's characters.
func plainCode(code string) string {
	if len(code) > 100 {
		return ""
	}
	return strings.NewReplacer(" ", "", "-", "", "\t", "", "\u00a0", "").Replace(code)
}
