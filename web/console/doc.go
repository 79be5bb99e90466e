// Package console is the operators' desk: what is wrong, what has been said of
// it, who has been told, and the forms to say more. It is server-made HTML that
// works without scripts; with them its pages follow what changes.
//
//	request ──ServeHTTP──▶ headers, limits, cross-origin ──▶ route ──▶ Door: who? may they? ──▶ page
//	something changed ──Changed──▶ /console/live (events) ──▶ script fetches the same page again and swaps its parts
//
// A page is a Go file with its routes and the small interface it needs, a
// template in templates/PAGE.html, texts in locales/LANG/PAGE.yaml and, if it
// wants, a style in css/PAGE.css; and one line in routes.go. What the public
// page says is said in the same words: its texts are here too.
package console
