package store

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// Keys are an installation's secrets, as the keys file holds them: one line
// per key, "bongsu-key VERSION BASE64" with 32 random bytes, the newest last.
// The newest seals and finds; older ones still open and find, so that a key can
// be changed while servers run: [Store.Reseal] brings the rows over. The secrets
// of [Keys.Derive] come from the oldest, for what hangs on them must not change
// until that line is taken out of the file.
//
// It prints as "…".
type Keys struct {
	versions []byte // of each key, rising
	keys     [][]byte
	aeads    []cipher.AEAD
	lookups  [][]byte // keys of the look-up hashes, the newest first
}

const (
	keySize   = 32
	keyPrefix = "bongsu-key"
)

// NewKeys makes the text of a new keys file.
func NewKeys() string {
	key := make([]byte, keySize)
	rand.Read(key) // never returns an error
	return "# Bongsu's keys: personal data opens with these alone. Keep a copy apart from the database.\n" +
		keyLine(1, key)
}

// ParseKeys reads a keys file.
func ParseKeys(text string) (*Keys, error) {
	k := &Keys{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := k.add(line); err != nil {
			return nil, fmt.Errorf("reading the keys: line %d: %w", n+1, err)
		}
	}
	if len(k.keys) == 0 {
		return nil, errors.New("reading the keys: there is none; `bongsu init` writes a keys file")
	}
	k.lookups = k.DeriveAll("address lookup")
	return k, nil
}

// add takes in one line. Its errors never quote it.
func (k *Keys) add(line string) error {
	fields := strings.Fields(line)
	if len(fields) != 3 || fields[0] != keyPrefix {
		return fmt.Errorf("want %q, a version and 32 bytes in base64", keyPrefix)
	}
	version, err := strconv.ParseUint(fields[1], 10, 8)
	if err != nil || version == 0 {
		return errors.New("the version must be a number from 1 to 255")
	}
	if n := len(k.versions); n > 0 && byte(version) <= k.versions[n-1] {
		return errors.New("versions must rise, the newest last")
	}
	key, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil || len(key) != keySize {
		return errors.New("the key must be 32 bytes in base64")
	}
	aead, err := chacha20poly1305.NewX(derive(key, "address seal"))
	if err != nil {
		return fmt.Errorf("preparing the cipher: %w", err)
	}
	k.versions, k.keys, k.aeads = append(k.versions, byte(version)), append(k.keys, key), append(k.aeads, aead)
	return nil
}

// Derive makes a secret of 32 bytes for a purpose, always the same.
func (k *Keys) Derive(purpose string) []byte { return derive(k.keys[0], purpose) }

// DeriveAll makes the secrets of every key for a purpose, the newest first: the
// first one makes, all of them prove.
func (k *Keys) DeriveAll(purpose string) [][]byte {
	all := make([][]byte, 0, len(k.keys))
	for _, key := range slices.Backward(k.keys) {
		all = append(all, derive(key, purpose))
	}
	return all
}

// Versions are the keys' numbers, the newest last.
func (k *Keys) Versions() []int {
	all := make([]int, len(k.versions))
	for i, v := range k.versions {
		all[i] = int(v)
	}
	return all
}

// AddKey gives the text of a keys file with one more key, which is the newest.
func AddKey(text string) (string, error) {
	k, err := ParseKeys(text)
	if err != nil {
		return "", err
	}
	newest := k.versions[len(k.versions)-1]
	if newest == 255 {
		return "", errors.New("adding a key: the newest has the last version there is, 255")
	}
	key := make([]byte, keySize)
	rand.Read(key) // never returns an error
	return strings.TrimRight(text, "\n") + "\n" + keyLine(newest+1, key), nil
}

func keyLine(version byte, key []byte) string {
	return fmt.Sprintf("%s %d %s\n", keyPrefix, version, base64.StdEncoding.EncodeToString(key))
}

func derive(key []byte, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "bongsu "+purpose, keySize)
	if err != nil {
		panic("store: HKDF refused a length it allows: " + err.Error())
	}
	return out
}

// seal encrypts an address for one subscriber and kind; moved to another row
// it does not open. The first byte is the key's version.
func (k *Keys) seal(subscriber int64, kind, address string) []byte {
	last := len(k.aeads) - 1
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce) // never returns an error
	out := append([]byte{k.versions[last]}, nonce...)
	return k.aeads[last].Seal(out, nonce, []byte(address), place(subscriber, kind))
}

// open decrypts an address. Its errors say where, never what.
func (k *Keys) open(subscriber int64, kind string, sealed []byte) (string, error) {
	if len(sealed) < 1+chacha20poly1305.NonceSizeX {
		return "", fmt.Errorf("opening the %s address of subscriber %d: too short", kind, subscriber)
	}
	for i, version := range k.versions {
		if version != sealed[0] {
			continue
		}
		nonce, text := sealed[1:1+chacha20poly1305.NonceSizeX], sealed[1+chacha20poly1305.NonceSizeX:]
		address, err := k.aeads[i].Open(nil, nonce, text, place(subscriber, kind))
		if err != nil {
			return "", fmt.Errorf("opening the %s address of subscriber %d: it was sealed with another key, or for another row", kind, subscriber)
		}
		return string(address), nil
	}
	return "", fmt.Errorf("opening the %s address of subscriber %d: key version %d is not in the keys file", kind, subscriber, sealed[0])
}

func place(subscriber int64, kind string) []byte {
	return []byte(strconv.FormatInt(subscriber, 10) + "/" + kind)
}

// hash is how an address is found without being there in clear.
func (k *Keys) hash(same string) string { return lookupHash(k.lookups[0], same) }

// hashes are an address's hashes under every key, the newest first: until a
// rotation has reached its row it is found by an older one.
func (k *Keys) hashes(same string) []string {
	all := make([]string, len(k.lookups))
	for i, key := range k.lookups {
		all[i] = lookupHash(key, same)
	}
	return all
}

// mark is how it is remembered that an address left: by the oldest key, for it
// cannot be brought over to another.
func (k *Keys) mark(same string) string { return lookupHash(k.Derive("addresses that left"), same) }

func lookupHash(key []byte, same string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(same))
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// lookups puts an address's hashes into a text that has {{lookups}}. They are
// hexadecimal digits.
func (s *Store) lookups(text, same string) string {
	return strings.ReplaceAll(text, "{{lookups}}", "('"+strings.Join(s.keys.hashes(same), "', '")+"')")
}

func (*Keys) String() string   { return "…" }
func (*Keys) GoString() string { return "…" }
