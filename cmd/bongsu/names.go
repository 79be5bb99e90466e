package main

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"time"

	"bongsu/notifier/appnotice"
)

// randomNames makes ids and check codes that nobody can guess.
type randomNames struct{}

// idText keeps the order of the bytes: ids sort by the time they were made.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID is 48 bits of time in milliseconds and 72 random bits, in 24 characters.
func (randomNames) ID(now time.Time) string {
	var b [15]byte
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(0, now.UnixMilli())))
	copy(b[:6], ms[2:])
	rand.Read(b[6:])
	return idText.EncodeToString(b[:])
}

// nonce is what makes a signed request unlike any other.
func nonce() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// codeLetters leaves out what people take for one another: 0 O, 1 I L, 5 S, 8 B.
const codeLetters = "234679ACDEFGHJKMNPQRTUVWXYZ"

// Code is four characters that people can read out.
func (randomNames) Code() string { return codeOf(4) }

func codeOf(letters int) string {
	code := make([]byte, 0, letters)
	for len(code) < cap(code) {
		var b [1]byte
		rand.Read(b[:])
		const whole = 256 - 256%len(codeLetters)
		if int(b[0]) < whole { // else some letters would come up more often
			code = append(code, codeLetters[int(b[0])%len(codeLetters)])
		}
	}
	return string(code)
}

// LongCode is a check code of an app's notice: there are many more of them.
func (randomNames) LongCode() string { return codeOf(appnotice.CodeLetters) }
