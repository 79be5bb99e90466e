package words

import (
	"fmt"
	"regexp"
	"strings"

	"bongsu/notifier"
)

// LintError says what a text must not do.
type LintError struct {
	Found string
	Why   string
}

func (e *LintError) Error() string { return fmt.Sprintf("%q %s", e.Found, e.Why) }

// address is a URL, or a host's name: labels of Latin letters and digits, the
// last of letters only.
var address = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://\S*|\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}\b`)

// pointing are words that send the reader somewhere: on the day, that place
// may be what has failed.
var pointing = map[string]*regexp.Regexp{
	"ko": regexp.MustCompile(`에서 ?(?:확인|보실|보세요|조회)|(?:접속|클릭|다운로드)(?:하|해)|바로가기`),
	"ja": regexp.MustCompile(`(?:で|にて)ご?確認|をご覧|にアクセス|をクリック|ダウンロードし`),
	"en": regexp.MustCompile(`(?i)\b(?:see (?:it )?(?:in|on|at)|check (?:it )?(?:in|on|the)|click|tap|visit|download|log ?in (?:to|at)|go to)\b`),
}

// Lint refuses what sends the reader anywhere: an address, or words such as
// "see it in". Texts may name what fails, so names that look like a host are
// passed as such. Operators' chat is not linted.
func Lint(lang string, class notifier.Class, text string, names ...string) error {
	if class == notifier.ClassChat {
		return nil
	}
	for _, name := range names {
		if name != "" {
			text = strings.ReplaceAll(text, name, "…")
		}
	}
	if found := address.FindString(text); found != "" {
		return &LintError{Found: found, Why: "is an address; a text must send nobody anywhere"}
	}
	if words, ok := pointing[lang]; ok {
		if found := words.FindString(text); found != "" {
			return &LintError{Found: found, Why: "sends the reader to a place that may have failed too"}
		}
	}
	return nil
}
