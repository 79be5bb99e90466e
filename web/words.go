package web

import (
	"embed"
	"io/fs"
	"sync"

	"bongsu/web/speech"
)

//go:embed locales
var localeFiles embed.FS

// languages are the languages the page speaks, each with a file in locales.
var languages = []string{
	"ko",
	"ja",
	"en",
}

// newSpeech gives the page's texts.
func newSpeech() (*speech.Catalog, error) {
	files, err := Locales()
	if err != nil {
		return nil, err
	}
	return speech.Open(languages, files), nil
}

var operatorsSpeech = sync.OnceValues(newSpeech)

// VoiceIn speaks a language to whoever reads no page: operators who are alarmed.
// Nil: there are no words in it.
func VoiceIn(lang string) *speech.Voice {
	catalog, err := operatorsSpeech()
	if err != nil {
		return nil
	}
	return catalog.Voice(lang)
}

// Locales are the page's texts, a YAML file for each language. The console
// says the same things in the same words.
func Locales() (fs.FS, error) { return fs.Sub(localeFiles, "locales") }
