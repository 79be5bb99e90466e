package words

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// EncodingError names the first character of a text that the code does not
// have: a network would drop the text or print a question mark.
type EncodingError struct {
	Char rune
	At   int    // its place in the text, counted in characters from 1
	Code string // EUC-KR or GSM-7
}

func (e *EncodingError) Error() string {
	if e.Char == utf8.RuneError {
		return fmt.Sprintf("character %d is not valid UTF-8", e.At)
	}
	return fmt.Sprintf("character %d, %q (%U), is not in %s", e.At, e.Char, e.Char, e.Code)
}

// Sizes of one SMS and of one part of a longer one. A part of several spends
// six octets on saying which it is (3GPP TS 23.040, 9.2.3.24.1).
const (
	gsmSingle, gsmPart   = 160, 153
	ucs2Single, ucs2Part = 70, 67
)

// EUCKR counts a text's bytes in EUC-KR as Korean carriers take it: ASCII and
// KS X 1001. What golang.org/x/text calls EUC-KR is Microsoft's extension of
// it, which has 8,822 syllables more; those have a first or second byte below
// 0xA1, which KS X 1001 never has.
func EUCKR(text string) (bytes int, err error) {
	encoder := korean.EUCKR.NewEncoder()
	var in [utf8.UTFMax]byte
	var out [4]byte
	at := 0
	for _, r := range text {
		at++
		if r < utf8.RuneSelf {
			bytes++
			continue
		}
		n, _, err := encoder.Transform(out[:], in[:utf8.EncodeRune(in[:], r)], true)
		if err != nil || r == utf8.RuneError || n != 2 || out[0] < 0xA1 || out[1] < 0xA1 {
			return 0, &EncodingError{Char: r, At: at, Code: "EUC-KR"}
		}
		bytes += 2
	}
	return bytes, nil
}

// The default alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1) beyond those of
// its characters that are ASCII, and the extension table, whose characters
// take an escape and so two septets.
const (
	gsmASCII    = "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
	gsmOther    = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

var gsmSize = func() map[rune]int {
	size := make(map[rune]int)
	for _, r := range gsmASCII + gsmOther {
		size[r] = 1
	}
	for _, r := range gsmExtended {
		size[r] = 2
	}
	return size
}()

// GSM7 counts a text's septets in the GSM alphabet, and the parts it is sent
// in. An escape and the character after it stay in one part.
func GSM7(text string) (septets, parts int, err error) {
	var sizes []int
	at := 0
	for _, r := range text {
		at++
		size, ok := gsmSize[r]
		if !ok {
			return 0, 0, &EncodingError{Char: r, At: at, Code: "GSM-7"}
		}
		sizes = append(sizes, size)
	}
	septets, parts = pack(sizes, gsmSingle, gsmPart)
	return septets, parts, nil
}

// UCS2 counts a text's UTF-16 units, and the parts it is sent in. The two
// halves of a character outside the basic plane stay in one part.
func UCS2(text string) (units, parts int, err error) {
	var sizes []int
	at := 0
	for i, r := range text {
		at++
		if r == utf8.RuneError && !isReplacement(text[i:]) {
			return 0, 0, &EncodingError{Char: r, At: at, Code: "UTF-16"}
		}
		sizes = append(sizes, utf16.RuneLen(r))
	}
	units, parts = pack(sizes, ucs2Single, ucs2Part)
	return units, parts, nil
}

// isReplacement tells a real U+FFFD from what a range loop makes of bytes that
// are no UTF-8.
func isReplacement(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	return size > 1
}

// pack fills parts with characters of the given sizes, none split.
func pack(sizes []int, single, part int) (total, parts int) {
	room := 0
	for _, size := range sizes {
		total += size
		if size > room {
			parts++
			room = part
		}
		room -= size
	}
	if total <= single {
		parts = 1
	}
	return total, parts
}
