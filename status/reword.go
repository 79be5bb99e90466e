package status

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// FunctionWords are what an app's own people call a function and say to do in
// its place, over what the configuration says. The latest stand.
type FunctionWords struct {
	App, Function string
	Name          Text // empty: as the configuration has it
	Instead       Text // likewise
	Author        string
	At            time.Time
}

// Errors that new words for a function may meet.
var (
	ErrNoFunction  = errors.New("no such function of an app")
	ErrNoLanguage  = errors.New("the words have to be in every language of the site, or left out")
	ErrCannotReach = errors.New("no text for phones can be made of the words")
)

// longestFunction is how many bytes of words a function may have in a language.
const longestFunction = 300

// reword takes over what an app's people say of a function. It returns the
// function as app/function. The next Judge has it in its Change.
func (b *Board) reword(w FunctionWords, author string, now time.Time) (string, error) {
	id := w.App + "/" + w.Function
	if !b.offers(w.App, w.Function) {
		return "", fmt.Errorf("rewording %s: %w", id, ErrNoFunction)
	}
	for _, text := range []Text{w.Name, w.Instead} {
		if err := b.whole(text); err != nil {
			return "", fmt.Errorf("rewording %s: %w", id, err)
		}
	}
	w.Author, w.At = author, b.clock(now)
	b.words[id] = w
	b.reworded = append(slices.DeleteFunc(b.reworded, func(x FunctionWords) bool { return x.id() == id }), w)
	return id, nil
}

func (w *FunctionWords) id() string { return w.App + "/" + w.Function }

func (b *Board) offers(app, function string) bool {
	return slices.ContainsFunc(b.model.Apps, func(a App) bool {
		return a.ID == app && slices.ContainsFunc(a.Functions, func(f AppFunction) bool { return f.ID == function })
	})
}

// whole wants a text in every language of the site, or none at all.
func (b *Board) whole(text Text) error {
	if len(text) == 0 {
		return nil
	}
	for _, lang := range b.model.Site.Languages {
		switch n := len(text[lang]); {
		case Text{lang: text[lang]}.empty():
			return fmt.Errorf("%w: it is missing in %s", ErrNoLanguage, lang)
		case n > longestFunction:
			return fmt.Errorf("in %s it has %d bytes, the most is %d: %w", lang, n, longestFunction, ErrTooLong)
		}
	}
	return nil
}

// restoreWords goes on from what an app's people have said.
func (b *Board) restoreWords(all []FunctionWords) {
	b.words = make(map[string]FunctionWords, len(all))
	for i := range all {
		b.words[all[i].id()] = all[i]
	}
}

// worded is the function with its people's words.
func (b *Board) worded(app string, f AppFunction) AppFunction {
	w, said := b.words[app+"/"+f.ID]
	if !said {
		return f
	}
	f.Name, f.Instead = w.Over(&f)
	return f
}

// Over is what the function is called and what to do in its place, with these
// words over its own.
func (w *FunctionWords) Over(f *AppFunction) (name, instead Text) {
	return over(f.Name, w.Name), over(f.Instead, w.Instead)
}

// over is a text with another's languages in place of its own.
func over(text, by Text) Text {
	if len(by) == 0 {
		return text
	}
	both := make(Text, len(text))
	maps.Copy(both, text)
	maps.Copy(both, by)
	return both
}
