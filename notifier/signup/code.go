package signup

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/netip"
	"strings"
	"time"

	"bongsu/status"
)

// What a code is worth: one in a million per try, so five tries on three codes
// a day would find one number's code in 180 years.
const (
	codeDigits = 6
	maxTries   = 5
	// CodeLasts is how long a code is good.
	CodeLasts = 10 * time.Minute
	// PendingLasts is how long an address is kept that nobody has confirmed.
	PendingLasts = 24 * time.Hour
)

// ErrCode says that a code is wrong, too old, used up, or was never sent:
// which of these, nobody is told.
var ErrCode = errors.New("the code is wrong or no longer good; ask for a new one")

// Purpose is what a code is for.
type Purpose uint8

// The purposes.
const (
	Join  Purpose = iota // to be told
	Leave                // to be told nothing any more
)

// Code is what is kept of a code. The digits themselves are in the text alone.
type Code struct {
	Ticket  string // goes with the code through the visitor's form; nobody can guess it
	Purpose Purpose
	Proof   string   // a keyed hash of ticket and digits
	Kinds   []string // of the addresses that it proves, all to the same end
	Lang    string
	AtLeast status.State
	Topics  []string // what they want to hear of; none: everything
	Adds    bool     // one more address of somebody who is there: what they want stays as it is
	Made    time.Time
	Expires time.Time
	Tries   int
	Ended   bool // used, or a newer one took its place
}

// Live says whether the code may still be tried.
func (c *Code) Live(now time.Time) bool {
	return !c.Ended && now.Before(c.Expires) && c.Tries < maxTries
}

// Proves compares in constant time.
func (c *Code) Proves(proof string) bool { return hmac.Equal([]byte(c.Proof), []byte(proof)) }

// secret makes keyed hashes.
type secret []byte

func (s secret) hash(purpose string, parts ...string) string {
	h := hmac.New(sha256.New, s)
	h.Write([]byte(purpose + "\x00" + strings.Join(parts, "\x00")))
	return hex.EncodeToString(h.Sum(nil))
}

func (s secret) proof(ticket, digits string) string { return s.hash("code", ticket, digits) }

// network hides where a visitor comes from: a /24, or a /64 of IPv6, which is
// what one household or office has.
func (s secret) network(from netip.Addr) string {
	bits := 24
	if from = from.Unmap(); from.Is6() {
		bits = 64
	}
	prefix, err := from.WithZone("").Prefix(bits)
	if err != nil {
		return s.hash("network", "unknown")
	}
	return s.hash("network", prefix.String())
}

var ticketText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newTicket is 160 random bits.
func newTicket(random io.Reader) (string, error) {
	b := make([]byte, 20)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("making a ticket: %w", err)
	}
	return ticketText.EncodeToString(b), nil
}

// newDigits are as good as random is: each code comes up as often as any other.
func newDigits(random io.Reader) (string, error) {
	n, err := rand.Int(random, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n.Int64()), nil
}

// sendBytes are the random bytes of a code that comes to us: one in a million
// million, since it is found by itself, among all that live.
const sendBytes = 5

// newSendCode is a code for people to send to us: two words of four letters and
// digits.
func newSendCode(random io.Reader) (string, error) {
	b := make([]byte, sendBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("making a code: %w", err)
	}
	code := strings.ToUpper(ticketText.EncodeToString(b))
	return code[:4] + "-" + code[4:], nil
}

// sendCode is a code as people send it, or false if it cannot be one.
func sendCode(sent string) (string, bool) {
	if len(sent) > maxTyped {
		return "", false
	}
	code := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "\n", "", "\r", "").Replace(sent))
	if len(code) != 8 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return "", false
	}
	return code[:4] + "-" + code[4:], true
}

// sendTicket is the ticket of a code that comes to us: it is found by the code.
func (s secret) sendTicket(code string) string { return s.hash("send", code)[:32] }

// newHookSecret signs what is sent to a receiver: 24 random bytes, as Standard
// Webhooks write them.
func newHookSecret(random io.Reader) (string, error) {
	b := make([]byte, 24)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("making a secret: %w", err)
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(b), nil
}

// digits is a code as people type it, or false if it cannot be one.
func digits(typed string) (string, bool) {
	code, err := plain(typed)
	return code, err == nil && len(code) == codeDigits && code[0] != '+'
}
