package words

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"bongsu/notifier"
)

//go:embed texts
var files embed.FS

// book has a set of templates for each language.
var book = read()

func read() map[string]*template.Template {
	names, err := fs.Glob(files, "texts/*.tmpl")
	if err != nil {
		panic(err) // the pattern is constant
	}
	sets := make(map[string]*template.Template, len(names))
	for _, name := range names {
		lang := strings.TrimSuffix(path.Base(name), ".tmpl")
		set := template.New(lang).Option("missingkey=error").Funcs(template.FuncMap{"join": strings.Join})
		sets[lang] = template.Must(set.ParseFS(files, name))
	}
	return sets
}

// Has says whether there are words in the language.
func Has(lang string) bool { return book[lang] != nil }

// write fills a block of the language's file.
func write(lang, block string, data any) (string, error) {
	set := book[lang]
	if set == nil {
		return "", fmt.Errorf("there are no texts in %q", lang)
	}
	var out strings.Builder
	if err := set.ExecuteTemplate(&out, block, data); err != nil {
		return "", fmt.Errorf("writing %s in %q: %w", block, lang, err)
	}
	return out.String(), nil
}

// has says whether the language's file has the block.
func has(lang, block string) bool { return book[lang] != nil && book[lang].Lookup(block) != nil }

// AlimTalkTemplate is a template as it must be registered, with its parameters
// as #{name}. The name under which a text asks for it is event, hyphen,
// language: "opened-ko".
func AlimTalkTemplate(event, lang string) (string, error) {
	return write(lang, string(notifier.ClassAlimTalk)+"."+event, nil)
}

// registered are the events that have a template with the messenger.
var registered = []string{
	"opened", "worsened", "note", "digest", "resolved", "retracted", eventAlarm, eventCode, eventWelcome, eventLeft,
	"upcoming", "moved", "extended", "finished", "called_off",
}

func templateName(event, lang string) string { return event + "-" + lang }

// AlimTalkTemplates is every template that texts ask for, by its name: what
// has to be registered with the messenger.
func AlimTalkTemplates() (map[string]string, error) {
	templates := make(map[string]string)
	for lang := range book {
		for _, event := range registered {
			text, err := AlimTalkTemplate(event, lang)
			if err != nil {
				return nil, err
			}
			templates[templateName(event, lang)] = text
		}
	}
	return templates, nil
}
