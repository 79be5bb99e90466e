// Package minisign signs and verifies in minisign's format, so that whoever
// holds a copy of the page can check it with the minisign command and without
// us. Signatures are of the hashed kind ("ED": Ed25519 over BLAKE2b-512);
// verifying takes the older plain kind ("Ed") too.
//
// Source of the format: https://jedisct1.github.io/minisign/#signature-format.
package minisign

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/blake2b"
)

const (
	plain  = "Ed"
	hashed = "ED"

	idSize        = 8
	headSize      = len(hashed) + idSize
	keySize       = headSize + ed25519.PublicKeySize
	signatureSize = headSize + ed25519.SignatureSize

	untrusted = "untrusted comment: "
	trusted   = "trusted comment: "

	// maxSize bounds a key or signature that is read.
	maxSize = 4 << 10
)

// Errors of [PublicKey.Verify].
var (
	// ErrOtherKey says that another key has signed.
	ErrOtherKey = errors.New("it is signed by another key")
	// ErrBroken says that the content, or its signature, has been changed.
	ErrBroken = errors.New("it is not what was signed")
)

// Signer signs. The zero value cannot.
type Signer struct {
	key ed25519.PrivateKey
	id  [idSize]byte
}

// NewSigner makes the signer of a seed of 32 bytes. The same seed is the same
// key, under the same id.
func NewSigner(seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, fmt.Errorf("a signing key is made of %d bytes, not of %d", ed25519.SeedSize, len(seed))
	}
	s := Signer{key: ed25519.NewKeyFromSeed(seed)}
	sum := blake2b.Sum256(s.key.Public().(ed25519.PublicKey))
	copy(s.id[:], sum[:])
	return s, nil
}

// Public is the key that verifies what the signer signs.
func (s Signer) Public() PublicKey {
	return PublicKey{key: s.key.Public().(ed25519.PublicKey), id: s.id}
}

// Sign gives the signature file of content. The comment is signed with it, and
// must be one line.
func (s Signer) Sign(content []byte, comment string) ([]byte, error) {
	if strings.ContainsAny(comment, "\r\n") {
		return nil, errors.New("the comment of a signature is one line")
	}
	sum := blake2b.Sum512(content)
	signature := ed25519.Sign(s.key, sum[:])
	whole := ed25519.Sign(s.key, append(bytes.Clone(signature), comment...))
	var out bytes.Buffer
	fmt.Fprintf(&out, "%ssignature of the status page, key %s\n", untrusted, idText(s.id))
	fmt.Fprintln(&out, base64.StdEncoding.EncodeToString(append(head(hashed, s.id), signature...)))
	fmt.Fprintf(&out, "%s%s\n%s\n", trusted, comment, base64.StdEncoding.EncodeToString(whole))
	return out.Bytes(), nil
}

// Detached is the bare signature, of 64 bytes, of the content as it is. It is
// for those who have nothing but Ed25519 at hand: browsers. What it signs must
// not begin as one of the messages of [Signer.Sign] may, a hash or a signature.
func (s Signer) Detached(content []byte) []byte { return ed25519.Sign(s.key, content) }

func head(kind string, id [idSize]byte) []byte { return append([]byte(kind), id[:]...) }

// idText is a key's id as minisign prints it.
func idText(id [idSize]byte) string { return fmt.Sprintf("%016X", binary.LittleEndian.Uint64(id[:])) }

// PublicKey verifies.
type PublicKey struct {
	key ed25519.PublicKey
	id  [idSize]byte
}

// String is the key in the one line that minisign takes after -P.
func (k PublicKey) String() string {
	return base64.StdEncoding.EncodeToString(append(head(plain, k.id), k.key...))
}

// File is the key as a file, as minisign takes it after -p.
func (k PublicKey) File() []byte {
	return fmt.Appendf(nil, "%sminisign public key %s\n%s\n", untrusted, idText(k.id), k)
}

// ParsePublicKey reads a key: its one line, or a file with it.
func ParsePublicKey(text string) (PublicKey, error) {
	line := strings.TrimSpace(text)
	if strings.HasPrefix(line, untrusted) {
		_, rest, _ := strings.Cut(line, "\n")
		line = strings.TrimSpace(rest)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(line)
	if err != nil || len(raw) != keySize || string(raw[:len(plain)]) != plain {
		return PublicKey{}, errors.New("this is no minisign public key; one is a line of 56 characters that begins with RW")
	}
	k := PublicKey{key: raw[headSize:]}
	copy(k.id[:], raw[len(plain):headSize])
	return k, nil
}

// Verify checks a signature file of content, and gives the comment that was
// signed with it. The error says whether it is malformed, [ErrOtherKey] or
// [ErrBroken].
func (k PublicKey) Verify(content, file []byte) (comment string, err error) {
	s, err := parse(file)
	if err != nil {
		return "", err
	}
	if s.id != k.id {
		return "", fmt.Errorf("%w: %s, expected is %s", ErrOtherKey, idText(s.id), idText(k.id))
	}
	if s.kind == hashed {
		sum := blake2b.Sum512(content)
		content = sum[:]
	}
	if !ed25519.Verify(k.key, content, s.signature) || !ed25519.Verify(k.key, append(bytes.Clone(s.signature), s.comment...), s.whole) {
		return "", ErrBroken
	}
	return s.comment, nil
}

// signed is a signature file.
type signed struct {
	kind      string
	id        [idSize]byte
	signature []byte
	comment   string
	whole     []byte // over signature and comment
}

func parse(file []byte) (s signed, err error) {
	malformed := func(what string) (signed, error) {
		return signed{}, fmt.Errorf("the signature is malformed: %s", what)
	}
	if len(file) > maxSize {
		return malformed("it is too long")
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimSuffix(string(file), "\n"), "\r\n", "\n"), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], untrusted) || !strings.HasPrefix(lines[2], trusted) {
		return malformed("it has four lines, the first and third of them comments")
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(lines[1])
	if err != nil || len(raw) != signatureSize {
		return malformed("its second line is not one")
	}
	if s.whole, err = base64.StdEncoding.Strict().DecodeString(lines[3]); err != nil || len(s.whole) != ed25519.SignatureSize {
		return malformed("its fourth line is not one")
	}
	s.kind, s.signature, s.comment = string(raw[:len(hashed)]), raw[headSize:], strings.TrimPrefix(lines[2], trusted)
	if s.kind != plain && s.kind != hashed {
		return malformed("its algorithm is not known")
	}
	copy(s.id[:], raw[len(hashed):headSize])
	return s, nil
}
