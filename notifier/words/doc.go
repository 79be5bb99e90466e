// Package words words what people are told: by SMS, through a messenger's
// registered templates, and in the operators' chat.
//
//	Event ──story──▶ facts ──texts/LANG.tmpl──▶ candidates, richest first ──lint, Fit──▶ Text
//
// A text says what fails, since when, what still works, what to do, when the
// next word comes, and a code to check it by, in that order. Each class of
// channel has its limit, and no text is ever cut: names give way to "and 3
// more", advice and substitutes are left out, until one candidate fits whole.
// [Prove] shows at validation that one always will.
//
// All words of a language are in one file, texts/LANG.tmpl, with a block for
// each event and class.
package words
