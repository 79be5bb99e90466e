package web

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed locales/*.yaml
var localeFiles embed.FS

// languages are the languages the page speaks, each with a file in locales.
var languages = []string{
	"ko",
	"ja",
	"en",
}

// speech is every text of the page in every language.
type speech struct {
	voices map[string]*voice
	ids    []string // of the texts, sorted; the same in each language
}

// newSpeech reads the catalogs. It is an error if one lacks a text that
// another has.
func newSpeech() (*speech, error) {
	bundle := i18n.NewBundle(language.MustParse(languages[0]))
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	s := &speech{voices: map[string]*voice{}}
	for _, lang := range languages {
		file, err := bundle.LoadMessageFileFS(localeFiles, "locales/"+lang+".yaml")
		if err != nil {
			return nil, fmt.Errorf("locales/%s.yaml: %w", lang, err)
		}
		ids := map[string]bool{}
		for _, m := range file.Messages {
			ids[m.ID] = true
		}
		sorted := slices.Sorted(maps.Keys(ids))
		if s.ids == nil {
			s.ids = sorted
		}
		if missing := difference(s.ids, sorted); len(missing) > 0 {
			return nil, fmt.Errorf("locales/%s.yaml and locales/%s.yaml differ: %s", languages[0], lang, strings.Join(missing, ", "))
		}
		s.voices[lang] = newVoice(lang, i18n.NewLocalizer(bundle, lang))
	}
	return s, nil
}

// difference lists what only one of two sorted lists has.
func difference(a, b []string) []string {
	var only []string
	for _, s := range slices.Concat(a, b) {
		if slices.Contains(a, s) != slices.Contains(b, s) {
			only = append(only, s)
		}
	}
	return only
}

// has says whether there is a text with the id.
func (s *speech) has(id string) bool {
	_, found := slices.BinarySearch(s.ids, id)
	return found
}

// spoken are those of the wanted languages that the page speaks, in the order
// wanted; all of them if none is.
func (s *speech) spoken(wanted []string) []string {
	var spoken []string
	for _, lang := range wanted {
		if s.voices[lang] != nil && !slices.Contains(spoken, lang) {
			spoken = append(spoken, lang)
		}
	}
	if spoken == nil {
		return languages
	}
	return spoken
}

// voice says things in one language.
type voice struct {
	lang     string
	texts    *i18n.Localizer
	weekdays []string // Sunday first
	months   []string // January first
}

func newVoice(lang string, texts *i18n.Localizer) *voice {
	v := &voice{lang: lang, texts: texts}
	v.weekdays = strings.Fields(v.say("weekdays"))
	v.months = strings.Fields(v.say("months"))
	return v
}

// say is the text with the id, its places filled from name-value pairs. A
// text that is not there comes out as its id: in the middle of an outage an
// odd word is better than no page. Tests see to it that this never happens.
func (v *voice) say(id string, pairs ...any) string {
	return v.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: places(pairs), TemplateParser: wording{}})
}

// count is the text with the id in the form that n things take.
func (v *voice) count(id string, n int) string {
	return v.localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: n, TemplateData: places([]any{"Count", n}), TemplateParser: wording{},
	})
}

func (v *voice) localize(c *i18n.LocalizeConfig) string {
	text, err := v.texts.Localize(c)
	if err != nil {
		return c.MessageID
	}
	return text
}

// list joins names as the language does.
func (v *voice) list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return v.say("list_last", "Rest", strings.Join(names[:last], v.say("list_comma")), "Last", names[last])
}

// fewNames is how many names a sentence holds.
const fewNames = 6

// few joins at most fewNames names and says how many more there are.
func (v *voice) few(names []string) string {
	if len(names) <= fewNames+1 { // "and one more" is no shorter than the one
		return v.list(names)
	}
	return v.say("list_more", "Names", strings.Join(names[:fewNames], v.say("list_comma")), "Count", len(names)-fewNames)
}

func places(pairs []any) map[string]any {
	filled := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			filled[name] = pairs[i+1]
		}
	}
	return filled
}

// wording parses the catalogs' templates. Its functions never change, so what
// it has parsed may be kept.
type wording struct{}

// Cacheable is part of the parser's interface.
func (wording) Cacheable() bool { return true }

// Parse reads one text.
func (wording) Parse(src, left, right string) (i18ntemplate.ParsedTemplate, error) {
	parser := i18ntemplate.TextParser{Funcs: template.FuncMap{"josa": josa}, Option: "missingkey=error"}
	return parser.Parse(src, left, right)
}

// josa is the Korean particle that follows the word: the first form after a
// consonant, the second after a vowel. Digits and Latin letters go by how they
// are read aloud.
func josa(word, afterConsonant, afterVowel string) string {
	letters := []rune(strings.TrimRight(word, ")]」』\"' "))
	if len(letters) == 0 {
		return afterVowel
	}
	const firstSyllable, lastSyllable, finals = 0xAC00, 0xD7A3, 28
	switch last := letters[len(letters)-1]; {
	case last >= firstSyllable && last <= lastSyllable:
		if (last-firstSyllable)%finals != 0 {
			return afterConsonant
		}
	case strings.ContainsRune("013678lmnrLMNR", last):
		return afterConsonant
	}
	return afterVowel
}
