package account

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// RecoveryCodes is how many codes stand in for a lost authenticator, each once.
const RecoveryCodes = 10

// A recovery code has 80 random bits, so a plain hash of it cannot be undone.
const recoveryBytes = 10

// NewRecoveryCodes makes codes, as people write them down, and the hashes they
// are known by.
func NewRecoveryCodes(random io.Reader) (codes, hashes []string, err error) {
	for range RecoveryCodes {
		secret := make([]byte, recoveryBytes)
		if _, err := io.ReadFull(random, secret); err != nil {
			return nil, nil, fmt.Errorf("making recovery codes: %w", err)
		}
		text := strings.ToLower(base32Text.EncodeToString(secret))
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		hashes = append(hashes, hashText("recovery", text))
	}
	return codes, hashes, nil
}

// RecoveryHash is what a recovery code is known by, or false if it cannot be
// one.
func RecoveryHash(code string) (string, bool) {
	text := strings.ToLower(plainCode(code))
	if len(text) != base32Text.EncodedLen(recoveryBytes) {
		return "", false
	}
	return hashText("recovery", text), true
}

const tokenBytes = 32

// NewSecret makes a secret to hand out, of a link or a device, and the hash it
// is known by.
func NewSecret(random io.Reader) (text, hash string, err error) {
	secret := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", "", fmt.Errorf("making a secret: %w", err)
	}
	text = base64.RawURLEncoding.EncodeToString(secret)
	return text, hashText("secret", text), nil
}

// SecretHash is what a secret is known by, or false if it cannot be one.
func SecretHash(text string) (string, bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return "", false
	}
	return hashText("secret", text), true
}

func hashText(kind, text string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	return hex.EncodeToString(sum[:])
}
