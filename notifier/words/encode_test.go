package words_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"

	"bongsu/notifier"
	"bongsu/notifier/words"
)

// The counts of Twilio's own calculator.
func TestPartsAsTwilioCountsThem(t *testing.T) {
	for _, c := range []struct {
		what, text   string
		units, parts int
	}{
		{"nothing", "", 0, 1},
		{"160 a", strings.Repeat("a", 160), 160, 1},
		{"161 a", strings.Repeat("a", 161), 161, 2},
		{"306 a", strings.Repeat("a", 306), 306, 2},
		{"307 a", strings.Repeat("a", 307), 307, 3},
		{"80 €", strings.Repeat("€", 80), 160, 1},
		{"81 €", strings.Repeat("€", 81), 162, 2},
		{"an escape is not split", strings.Repeat("a", 152) + strings.Repeat("€", 77), 306, 3},
		{"70 hangul", strings.Repeat("가", 70), 70, 1},
		{"71 hangul", strings.Repeat("가", 71), 71, 2},
		{"35 emoji", strings.Repeat("😀", 35), 70, 1},
		{"36 emoji", strings.Repeat("😀", 36), 72, 2},
		{"66 hangul, an emoji, 10 hangul", strings.Repeat("가", 66) + "😀" + strings.Repeat("나", 10), 78, 2},
		{"a pair is not split", strings.Repeat("가", 66) + "😀" + strings.Repeat("나", 66), 134, 3},
	} {
		units, parts, err := words.GSM7(c.text)
		if err != nil {
			units, parts, err = words.UCS2(c.text)
		}
		if units != c.units || parts != c.parts || err != nil {
			t.Errorf("%s: %d in %d parts, want %d in %d (%v)", c.what, units, parts, c.units, c.parts, err)
		}
	}
}

func TestEUCKRIsNotCP949(t *testing.T) {
	for _, c := range []struct {
		text  string
		bytes int
		bad   rune
		at    int
	}{
		{"", 0, 0, 0},
		{"[상태알림]15:42", 15, 0, 0},
		{"가힝·…「」→①℃", 18, 0, 0},
		{"똠방각하", 0, '똠', 1},
		{"안 펲", 0, '펲', 3},
		{"dash—", 0, '—', 5},
		{"café", 0, 'é', 4},
		{"끝😀", 0, '😀', 2},
		{"\xff", 0, '�', 1},
	} {
		n, err := words.EUCKR(c.text)
		bad, _ := errors.AsType[*words.EncodingError](err)
		if n != c.bytes || (bad == nil) != (c.bad == 0) || bad != nil && (bad.Char != c.bad || bad.At != c.at) {
			t.Errorf("%q: %d bytes, error %v", c.text, n, err)
		}
	}
}

// KS X 1001 has 2,350 syllables; the extension has all 11,172.
func TestKSX1001HasItsSyllables(t *testing.T) {
	has := 0
	for r := '가'; r <= '힣'; r++ {
		if n, err := words.EUCKR(string(r)); err == nil && n == 2 {
			has++
		}
	}
	if has != 2350 {
		t.Errorf("%d syllables, want 2350", has)
	}
}

// What is accepted has the length that encoding it gives, and comes back.
func TestEUCKRComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("가나다똠펲·…①ab€")))).Draw(t, "text")
		n, err := words.EUCKR(text)
		if err != nil {
			return
		}
		encoded, encErr := korean.EUCKR.NewEncoder().String(text)
		if encErr != nil || len(encoded) != n {
			t.Fatalf("%d bytes counted, %d encoded (%v)", n, len(encoded), encErr)
		}
		if back, err := korean.EUCKR.NewDecoder().String(encoded); err != nil || back != text {
			t.Fatalf("came back as %q (%v)", back, err)
		}
	})
}

// A part is never overfull and none could have been saved, by a slow count
// that fills parts one unit at a time.
func TestPartsAreFilledInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("a€^한😀é")), 0, 300, -1).Draw(t, "text")
		if _, parts, err := words.GSM7(text); err == nil {
			size := func(r rune) int {
				if strings.ContainsRune("^€", r) {
					return 2
				}
				return 1
			}
			if want := slowParts(text, 160, 153, size); parts != want {
				t.Fatalf("%d GSM-7 parts, want %d", parts, want)
			}
		}
		if _, parts, _ := words.UCS2(text); parts != slowParts(text, 70, 67, utf16.RuneLen) {
			t.Fatalf("%d UCS-2 parts", parts)
		}
	})
}

func slowParts(text string, single, part int, size func(rune) int) int {
	total, all := 0, [][]rune{nil}
	used := 0
	for _, r := range text {
		total += size(r)
		if used+size(r) > part {
			all, used = append(all, nil), 0
		}
		all[len(all)-1] = append(all[len(all)-1], r)
		used += size(r)
	}
	if total <= single {
		return 1
	}
	return len(all)
}

func TestFitRefusesAndNeverCuts(t *testing.T) {
	for _, c := range []struct {
		lang  string
		class notifier.Class
		text  string
		ok    bool
	}{
		{"ko", notifier.ClassSMS, strings.Repeat("가", 45), true},
		{"ko", notifier.ClassSMS, strings.Repeat("가", 45) + ".", false},
		{"ja", notifier.ClassSMS, strings.Repeat("障", 70), true},
		{"ja", notifier.ClassSMS, strings.Repeat("障", 71), false},
		{"en", notifier.ClassSMS, strings.Repeat("a", 160), true},
		{"en", notifier.ClassSMS, strings.Repeat("a", 159) + "]", false},
		{"en", notifier.ClassSMS, "naïve", false},
		{"vi", notifier.ClassSMS, strings.Repeat("ệ", 70), true},
		{"ko", notifier.ClassAlimTalk, strings.Repeat("가", 1000), true},
		{"ko", notifier.ClassAlimTalk, strings.Repeat("가", 1001), false},
		{"ko", notifier.ClassChat, strings.Repeat("똠", 3000), true},
		{"ko", notifier.ClassChat, "\xff", false},
	} {
		if size, err := words.Fit(c.lang, c.class, c.text); (err == nil) != c.ok {
			t.Errorf("%s %s %.12q…: %+v, error %v", c.lang, c.class, c.text, size, err)
		}
	}
}
