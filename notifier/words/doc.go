// Package words words what people are told, for every kind of channel, and what
// machines are told beside them.
//
//	Event ──story──▶ facts ──texts/LANG.tmpl──▶ candidates, richest first ──Rules, Required, Fit──▶ Text
//
// A text says what fails, since when, what still works, what to do, when the
// next word comes, and a code to check it by, in that order; [Required] says
// what it may not leave out. Each class of channel has its limit, and no text is
// ever cut: names give way to "and 3 more", advice and substitutes are left out,
// until one candidate fits whole, also with the mark of [Again]. [Prove] shows
// at validation that one always will.
//
// What a text must not do is held against [Rules], whoever wrote it. All words
// of a language are in one file, texts/LANG.tmpl, with a block for each event
// and class; a mail's page is texts/mail.html.
package words
