package signup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// ErrLink says that a personal address is not one of ours.
var ErrLink = errors.New("the address is not one of ours")

// Links makes and reads the personal addresses under which somebody sees what
// they chose, and leaves, without an account. An address has the number under
// which the ledger knows them, the kind of address it was sent to, and a keyed
// hash of both: nothing of a person is in it, and nobody can guess another's.
type Links struct {
	site    string
	secrets [][]byte // the newest first: it makes, all of them read
}

// NewLinks makes links below a site's public address.
func NewLinks(site string, secrets [][]byte) *Links {
	return &Links{site: strings.TrimSuffix(site, "/"), secrets: secrets}
}

const (
	linkProof = 16 // bytes
	maxLink   = 128
)

var linkText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func linkMAC(secret, what []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(what)
	return mac.Sum(nil)[:linkProof]
}

// Token is the secret part of somebody's address; an empty kind is all of them.
func (l *Links) Token(person int64, kind string) string {
	what := append(binary.AppendUvarint(nil, uint64(person)), kind...) //nolint:gosec // people's numbers are never negative
	return linkText.EncodeToString(append(what, linkMAC(l.secrets[0], what)...))
}

// Read says whose a token is and the kind of address it was sent to. ErrLink:
// it is nobody's.
func (l *Links) Read(token string) (person int64, kind string, err error) {
	if len(token) > maxLink {
		return 0, "", ErrLink
	}
	raw, err := linkText.DecodeString(token)
	if err != nil || len(raw) <= linkProof || linkText.EncodeToString(raw) != token {
		return 0, "", ErrLink
	}
	what, proof := raw[:len(raw)-linkProof], raw[len(raw)-linkProof:]
	if !slices.ContainsFunc(l.secrets, func(secret []byte) bool { return hmac.Equal(proof, linkMAC(secret, what)) }) {
		return 0, "", ErrLink
	}
	number, n := binary.Uvarint(what)
	if n <= 0 || number == 0 || number > 1<<62 {
		return 0, "", ErrLink
	}
	return int64(number), string(what[n:]), nil
}

// Leave is where somebody ends what reaches them by a kind of address, with one
// request (RFC 8058). Operators, whom the ledger knows as 0, have none.
func (l *Links) Leave(person int64, kind string) string {
	if person <= 0 {
		return ""
	}
	return l.site + "/leave/" + l.Token(person, kind)
}
