package account

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Limits of a password. Length is what makes one strong; the upper bound only
// bounds the work.
const (
	MinPassword      = 12  // characters
	MaxPassword      = 256 // bytes
	distinctAtLeast  = 5   // different characters
	nameThatIsInside = 4   // characters of a name that is looked for inside
)

// PasswordError says what is wrong with a password that somebody has chosen.
// Its value is an id that texts go by.
type PasswordError string

// What can be wrong with a password.
const (
	ErrPasswordShort    PasswordError = "password_short"
	ErrPasswordLong     PasswordError = "password_long"
	ErrPasswordText     PasswordError = "password_text"
	ErrPasswordName     PasswordError = "password_name"
	ErrPasswordRepeated PasswordError = "password_repeated"
)

func (f PasswordError) Error() string {
	switch f {
	case ErrPasswordShort:
		return fmt.Sprintf("the password is too short; write at least %d characters, such as four words that have nothing to do with one another", MinPassword)
	case ErrPasswordLong:
		return fmt.Sprintf("the password is too long; write at most %d bytes", MaxPassword)
	case ErrPasswordName:
		return "the password has the name in it; write another"
	case ErrPasswordRepeated:
		return fmt.Sprintf("the password repeats a few characters; use at least %d different ones", distinctAtLeast)
	default:
		return "the password is not text; write characters that can be typed"
	}
}

// CheckPassword says what is wrong with a password that somebody with a name
// chooses: a [PasswordError], or nil.
func CheckPassword(password, name string) error {
	if len(password) > MaxPassword {
		return ErrPasswordLong
	}
	if !utf8.ValidString(password) || strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ErrPasswordText
	}
	password = norm.NFC.String(password)
	if utf8.RuneCountInString(password) < MinPassword {
		return ErrPasswordShort
	}
	if n := utf8.RuneCountInString(name); n >= nameThatIsInside && strings.Contains(strings.ToLower(password), strings.ToLower(norm.NFC.String(name))) {
		return ErrPasswordName
	}
	different := map[rune]bool{}
	for _, r := range password {
		different[r] = true
	}
	if len(different) < distinctAtLeast {
		return ErrPasswordRepeated
	}
	return nil
}

// Cost is how much work one guess is: argon2id's parameters.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// StandardCost is what passwords are hashed with: the least that OWASP's
// Password Storage Cheat Sheet names for argon2id, as several log-ins at once
// must fit beside everything else on a small machine.
func StandardCost() Cost { return Cost{Memory: 19 << 10, Passes: 2, Threads: 1} }

const saltBytes, hashBytes = 16, 32

// bounds of a cost that is read: a row that somebody has tampered with must not
// exhaust the memory.
const (
	maxMemory  = 1 << 20 // KiB
	maxPasses  = 16
	maxThreads = 16
)

// HashPassword makes what is kept of a password, in the usual form
// $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func HashPassword(password string, cost Cost, random io.Reader) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return (kept{cost, salt, cost.hash(password, salt)}).String(), nil
}

func (c Cost) hash(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, c.Passes, c.Memory, c.Threads, hashBytes)
}

// kept is a hash with what it was made with.
type kept struct {
	cost       Cost
	salt, hash []byte
}

func (k kept) String() string {
	text := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		k.cost.Memory, k.cost.Passes, k.cost.Threads, text.EncodeToString(k.salt), text.EncodeToString(k.hash))
}

var errHash = errors.New("this is no hash of a password")

func parseKept(text string) (kept, error) {
	var k kept
	parts := strings.Split(text, "$")
	if len(text) > 300 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return k, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &k.cost.Memory, &k.cost.Passes, &k.cost.Threads); err != nil {
		return k, errHash
	}
	if k.cost.Memory > maxMemory || k.cost.Passes == 0 || k.cost.Passes > maxPasses || k.cost.Threads == 0 || k.cost.Threads > maxThreads {
		return k, errHash
	}
	var err, also error
	k.salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	k.hash, also = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || also != nil || len(k.salt) < 8 || len(k.hash) != hashBytes || k.String() != text {
		return kept{}, errHash
	}
	return k, nil
}

// VerifyPassword says whether a password is the one a hash was made of, and
// whether it should be hashed anew because cost has changed since. Without a
// hash, or with one that is none, it does the same work and says no: how long
// it takes does not tell whether somebody has an account.
func VerifyPassword(hash, password string, cost Cost) (right, rehash bool) {
	k, err := parseKept(hash)
	if err != nil {
		k = kept{cost, make([]byte, saltBytes), make([]byte, hashBytes)}
	}
	if len(password) > MaxPassword {
		password = "" // no password is as long, and no work is to grow with it
	}
	same := subtle.ConstantTimeCompare(k.cost.hash(password, k.salt), k.hash) == 1
	right = same && err == nil && password != ""
	return right, right && k.cost != cost
}
