// Package speech says things in the languages that people read: texts from
// catalogs, and instants and spans as each language writes them.
//
// A language is a YAML file, or a folder of them, in each catalog.
package speech

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

// Catalog is every text in every language. It does not change; a language is
// read when it is first spoken.
type Catalog struct {
	languages []string
	spoken    map[string]func() (*tongue, error) // by language
}

// tongue is a language that has been read.
type tongue struct {
	voice *Voice
	ids   []string // of the texts, sorted; the same in each language
}

// Open gives the texts of the languages from all sources: LANG.yaml and
// LANG/*.yaml of each. Whether they can be read, [Catalog.Check] says.
func Open(languages []string, sources ...fs.FS) *Catalog {
	c := &Catalog{languages: languages, spoken: map[string]func() (*tongue, error){}}
	for _, lang := range languages {
		c.spoken[lang] = sync.OnceValues(func() (*tongue, error) { return read(lang, sources) })
	}
	return c
}

func read(lang string, sources []fs.FS) (*tongue, error) {
	bundle := i18n.NewBundle(language.MustParse(lang))
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	from := map[string]string{} // id → file
	var failed error
	for _, source := range sources {
		failed = errors.Join(failed, readAll(bundle, lang, source, from))
	}
	return &tongue{voice: newVoice(lang, i18n.NewLocalizer(bundle, lang)), ids: slices.Sorted(maps.Keys(from))}, failed
}

// Check reads every language. It is an error if one lacks a text that another
// has, or if two files have the same.
func (c *Catalog) Check() error {
	first, err := c.spoken[c.languages[0]]()
	if err != nil {
		return err
	}
	for _, lang := range c.languages[1:] {
		other, err := c.spoken[lang]()
		if err != nil {
			return err
		}
		if missing := difference(first.ids, other.ids); len(missing) > 0 {
			return fmt.Errorf("the texts in %s and %s differ: %s", c.languages[0], lang, strings.Join(missing, ", "))
		}
	}
	return nil
}

// readAll reads a language's files of one source.
func readAll(bundle *i18n.Bundle, lang string, source fs.FS, from map[string]string) error {
	var files []string
	for _, pattern := range []string{lang + ".yaml", lang + "/*.yaml"} {
		found, err := fs.Glob(source, pattern)
		if err != nil {
			return fmt.Errorf("listing %s: %w", pattern, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		data, err := fs.ReadFile(source, name)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		parsed, err := bundle.ParseMessageFileBytes(data, lang+".yaml")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range parsed.Messages {
			if first, twice := from[m.ID]; twice {
				return fmt.Errorf("%s: the text %q is in %s already; choose another id", name, m.ID, first)
			}
			from[m.ID] = name
		}
	}
	return nil
}

// Voice speaks a language; nil if the catalog does not.
func (c *Catalog) Voice(lang string) *Voice {
	read := c.spoken[lang]
	if read == nil {
		return nil
	}
	t, _ := read() // what could be read; a text that could not comes out as its id
	return t.voice
}

// Languages are the catalog's languages, in their order. They must not be
// changed.
func (c *Catalog) Languages() []string { return c.languages }

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

// Has says whether there is a text with the id.
func (c *Catalog) Has(id string) bool {
	t, _ := c.spoken[c.languages[0]]() // what could be read
	_, found := slices.BinarySearch(t.ids, id)
	return found
}

// Spoken are those of the wanted languages that there are, in the order
// wanted; all of them if none is.
func (c *Catalog) Spoken(wanted []string) []string {
	var spoken []string
	for _, lang := range wanted {
		if c.spoken[lang] != nil && !slices.Contains(spoken, lang) {
			spoken = append(spoken, lang)
		}
	}
	if spoken == nil {
		return c.languages
	}
	return spoken
}

// Voice says things in one language.
type Voice struct {
	Lang     string
	texts    *i18n.Localizer
	weekdays []string // Sunday first
	months   []string // January first
}

func newVoice(lang string, texts *i18n.Localizer) *Voice {
	v := &Voice{Lang: lang, texts: texts}
	v.weekdays = strings.Fields(v.Say("weekdays"))
	v.months = strings.Fields(v.Say("months"))
	return v
}

// Say is the text with the id, its places filled from name-value pairs. A
// text that is not there comes out as its id: in the middle of an outage an
// odd word is better than no page. Tests see to it that this never happens.
func (v *Voice) Say(id string, pairs ...any) string {
	return v.localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: places(pairs), TemplateParser: wording{}})
}

// Count is the text with the id in the form that n things take; in it Count is n
// with its thousands apart.
func (v *Voice) Count(id string, n int) string {
	return v.localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: n, TemplateData: places([]any{"Count", Grouped(int64(n))}), TemplateParser: wording{},
	})
}

func (v *Voice) localize(c *i18n.LocalizeConfig) string {
	text, err := v.texts.Localize(c)
	if err != nil {
		return c.MessageID
	}
	return text
}

// List joins names as the language does.
func (v *Voice) List(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return v.Say("list_last", "Rest", strings.Join(names[:last], v.Say("list_comma")), "Last", names[last])
}

// fewNames is how many names a sentence holds.
const fewNames = 6

// Few joins at most fewNames names and says how many more there are.
func (v *Voice) Few(names []string) string {
	if len(names) <= fewNames+1 { // "and one more" is no shorter than the one
		return v.List(names)
	}
	return v.Say("list_more", "Names", strings.Join(names[:fewNames], v.Say("list_comma")), "Count", len(names)-fewNames)
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
	parser := i18ntemplate.TextParser{Funcs: template.FuncMap{"josa": josa, "plural": plural}, Option: "missingkey=error"}
	return parser.Parse(src, left, right)
}

// Grouped is a number with its thousands apart, as all three languages write it.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// plural is the form of an English word that stands with a number, for texts in
// which several things are counted.
func plural(n any, one, other string) string {
	if fmt.Sprint(n) == "1" {
		return one
	}
	return other
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
