package words

import (
	"fmt"
	"unicode/utf8"

	"bongsu/notifier"
)

// Size is what a text takes up.
type Size struct {
	Units    int    // in the unit its limit is in
	Limit    int    // more is refused
	Target   int    // what the program's own texts keep to
	Unit     string // bytes, units, septets or characters
	Segments int    // parts that are paid for
}

// Limits of the classes that are not SMS.
const (
	alimtalkLimit = 1000 // characters of a template with its parameters filled in (NHN Cloud)
	chatLimit     = 3000 // characters; Slack cuts a text at 40,000 and wants it below 4,000
)

// koreanLimit is one Korean SMS. Carriers put "[Web발신]" and a line break before what a
// program sends, ten bytes, so the program's own texts leave that much.
const (
	koreanLimit = 90
	webMark     = 10
)

// Measure says what a text takes up in the class, in the code that networks use
// for the language: EUC-KR for Korean, GSM-7 for English, UCS-2 for Japanese
// and all others. The error is an [EncodingError].
func Measure(lang string, class notifier.Class, text string) (Size, error) {
	if class != notifier.ClassSMS {
		return measureLong(class, text)
	}
	switch lang {
	case "ko":
		n, err := EUCKR(text)
		return Size{Units: n, Limit: koreanLimit, Target: koreanLimit - webMark, Unit: "bytes", Segments: 1}, err
	case "en":
		n, parts, err := GSM7(text)
		return Size{Units: n, Limit: gsmSingle, Target: gsmSingle, Unit: "septets", Segments: parts}, err
	}
	n, parts, err := UCS2(text)
	return Size{Units: n, Limit: ucs2Single, Target: ucs2Single, Unit: "units", Segments: parts}, err
}

func measureLong(class notifier.Class, text string) (Size, error) {
	s := Size{Limit: chatLimit, Target: chatLimit, Unit: "characters", Segments: 1}
	if class == notifier.ClassAlimTalk {
		s.Limit, s.Target = alimtalkLimit, alimtalkLimit
	}
	if !utf8.ValidString(text) {
		_, _, err := UCS2(text)
		return s, err
	}
	s.Units = utf8.RuneCountInString(text)
	return s, nil
}

// TooLongError says by how much a text does not fit. No text is ever cut.
type TooLongError struct{ Size }

func (e *TooLongError) Error() string {
	return fmt.Sprintf("takes %d %s, %d more than the limit of %d", e.Units, e.Unit, e.Units-e.Limit, e.Limit)
}

// Fit measures a text and refuses what cannot be sent as one: an
// [EncodingError] or a [TooLongError].
func Fit(lang string, class notifier.Class, text string) (Size, error) {
	size, err := Measure(lang, class, text)
	if err == nil && size.Units > size.Limit {
		err = &TooLongError{size}
	}
	return size, err
}
