// Package web is the public face of Bongsu: the page, its data and the widget.
//
//	Snapshot ──Publish──▶ edition ──▶ shelf   "/", API, widget data: rendered at once where somebody reads them
//	                         ├──────▶ pages   the rest: rendered when first asked for, then kept
//	                         └──────▶ data    feeds, calendar, alerts, badges, the Statuspage API: the same
//	request ──guard──▶ shelf? ──yes──▶ bytes from memory
//	                     └──no───▶ gin ──▶ page, health, metrics, mounted handlers
//
// Every page is made from one immutable [status.Snapshot] and nothing else, so
// the page stays up when the database does not. The pages are whole without
// scripts and ask no other host for anything.
//
// A language is one file in locales and one line in words.go. How it is spoken is
// package speech's, how often strangers may ask is package limit's: the console
// uses both too.
package web
