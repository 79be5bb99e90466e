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
	Segments int    // pieces that are paid for
}

// koreanLimit is one Korean SMS. Carriers put "[Web발신]" and a line break before what a
// program sends, ten bytes, so the program's own texts leave that much.
const (
	koreanLimit = 90
	webMark     = 10
)

// A long text: 2,000 bytes in Korea (NAVER Cloud SENS, NHN Cloud). Elsewhere a
// long SMS in ten parts, which is fewer than Twilio's 1,600 characters.
const (
	koreanLong = 2000
	longParts  = 10
)

// The limits of the classes that are no SMS, in characters, or in bytes where
// a machine reads it.
const (
	alimtalkLimit  = 1000    // a template with its parameters filled in (NHN Cloud)
	messengerLimit = 5000    // LINE
	chatLimit      = 3000    // Slack cuts a text at 40,000 and wants it below 4,000
	mailLimit      = 20_000  // no server's: longer is no notice
	pushLimit      = 240     // in Korean 720 bytes; what push services take of 4,096 with title and key
	machineLimit   = 128_000 // bytes of JSON
)

// The most that a title may take, in the class's unit.
const (
	longTitle = 40 // bytes of a Korean LMS's (NAVER Cloud SENS)
	mailTitle = 150
	pushTitle = 100
	chatTitle = 3000
)

// Measure says what a text takes up in the class, in the code that networks use
// for the language: EUC-KR for Korean, GSM-7 for English, UCS-2 for Japanese
// and all others. The error is an [EncodingError].
func Measure(lang string, class notifier.Class, text string) (Size, error) {
	switch class {
	case notifier.ClassSMS:
		return measureSMS(lang, text, Size{Limit: koreanLimit, Target: koreanLimit - webMark}, 1)
	case notifier.ClassLMS:
		return measureSMS(lang, text, Size{Limit: koreanLong, Target: koreanLong - webMark}, longParts)
	case notifier.ClassWebhook, notifier.ClassStatuspage:
		return measurePlain(text, machineLimit, "bytes")
	case notifier.ClassAlimTalk:
		return measurePlain(text, alimtalkLimit, "characters")
	case notifier.ClassMessenger:
		return measurePlain(text, messengerLimit, "units")
	case notifier.ClassMail:
		return measurePlain(text, mailLimit, "characters")
	case notifier.ClassPush:
		return measurePlain(text, pushLimit, "characters")
	case notifier.ClassChat:
	}
	return measurePlain(text, chatLimit, "characters")
}

// measureSMS counts what goes over the air. Korean carriers take a text whole,
// within the limits given; others take it in so many parts.
func measureSMS(lang, text string, korean Size, most int) (Size, error) {
	var err error
	s := korean
	switch lang {
	case "ko":
		s.Unit, s.Segments = "bytes", 1
		s.Units, err = EUCKR(text)
		return s, err
	case "en":
		s.Unit, s.Limit = "septets", gsmSingle
		if most > 1 {
			s.Limit = most * gsmPart
		}
		s.Units, s.Segments, err = GSM7(text)
	default:
		s.Unit, s.Limit = "units", ucs2Single
		if most > 1 {
			s.Limit = most * ucs2Part
		}
		s.Units, s.Segments, err = UCS2(text)
	}
	s.Target = s.Limit
	return s, err
}

func measurePlain(text string, limit int, unit string) (Size, error) {
	s := Size{Limit: limit, Target: limit, Unit: unit, Segments: 1}
	units, _, err := UCS2(text)
	switch {
	case err != nil:
		return s, err
	case unit == "bytes":
		s.Units = len(text)
	case unit == "units":
		s.Units = units
	default:
		s.Units = utf8.RuneCountInString(text)
	}
	return s, nil
}

// parts is how many pieces a gateway counts that serves many countries: GSM-7
// where that has every character, else UCS-2.
func parts(class notifier.Class, text string) int {
	if class != notifier.ClassSMS && class != notifier.ClassLMS {
		return 0
	}
	if _, n, err := GSM7(text); err == nil {
		return n
	}
	_, n, err := UCS2(text)
	if err != nil {
		return 0
	}
	return n
}

// titleLimit is the most that a title may take in the class; 0: it has none.
func titleLimit(class notifier.Class) int {
	switch class {
	case notifier.ClassLMS:
		return longTitle
	case notifier.ClassMail:
		return mailTitle
	case notifier.ClassPush:
		return pushTitle
	case notifier.ClassChat:
		return chatTitle
	case notifier.ClassSMS, notifier.ClassAlimTalk, notifier.ClassMessenger, notifier.ClassWebhook, notifier.ClassStatuspage:
	}
	return 0
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

// fitTitle holds a title against its limit. Korean carriers count its bytes as
// they count the text's; elsewhere half as many characters are safe.
func fitTitle(lang string, class notifier.Class, title string) error {
	size, err := Measure(lang, class, title)
	if err != nil {
		return err
	}
	size.Limit = titleLimit(class)
	if class == notifier.ClassLMS && lang != "ko" && lang != "en" {
		size.Limit /= 2
	}
	if size.Units > size.Limit {
		return &TooLongError{size}
	}
	return nil
}
