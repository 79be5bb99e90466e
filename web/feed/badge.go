package feed

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"

	"bongsu/status"
)

// Badge is a state as a small picture, for pages and documents of others.
type Badge struct {
	Label string // of what
	Word  string // the state's word
	State status.State
}

// SVGType is the media type of a picture.
const SVGType = "image/svg+xml"

// colours have white letters on them at 4.5:1 or more.
var colours = map[status.State]string{
	status.Unknown:             "57606a",
	status.Operational:         "1a7f37",
	status.DegradedPerformance: "8a5a00",
	status.PartialOutage:       "b34700",
	status.MajorOutage:         "b3261e",
	status.UnderMaintenance:    "0969da",
}

// Measures of a badge, in pixels.
const (
	badgeHeight   = 20
	badgePad      = 6
	badgeText     = 11 // letters' height
	badgeBaseline = 14
)

// SVG draws the badge: the state is its word and its colour. Texts are spread to
// the width that was computed, so that no font breaks the frame.
func (b *Badge) SVG() []byte {
	label, word := shortLabel(b.Label), shortLabel(b.Word)
	left, right := width(label)+2*badgePad, width(word)+2*badgePad
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-label="%s">`,
		left+right, badgeHeight, escape(label+": "+word))
	fmt.Fprintf(&s, `<title>%s</title><rect width="%d" height="%d" rx="3" fill="#24292f"/>`, escape(label+": "+word), left+right, badgeHeight)
	fmt.Fprintf(&s, `<path d="M%d 0h%da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-%dz" fill="#%s"/>`, left, right-3, right-3, colours[b.State])
	fmt.Fprintf(&s, `<g fill="#fff" font-family="Verdana,DejaVu Sans,Noto Sans CJK KR,Noto Sans CJK JP,sans-serif" font-size="%d">`, badgeText)
	for _, part := range []struct {
		at   int
		text string
	}{{badgePad, label}, {left + badgePad, word}} {
		fmt.Fprintf(&s, `<text x="%d" y="%d" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text>`, part.at, badgeBaseline, width(part.text), escape(part.text))
	}
	s.WriteString("</g></svg>\n")
	return []byte(s.String())
}

// JSON writes the badge for shields.io's endpoint badges.
func (b *Badge) JSON() ([]byte, error) {
	body, err := json.Marshal(struct {
		Version int    `json:"schemaVersion"`
		Label   string `json:"label"`
		Message string `json:"message"`
		Color   string `json:"color"`
		IsError bool   `json:"isError"`
		Cache   int    `json:"cacheSeconds"`
	}{1, shortLabel(b.Label), shortLabel(b.Word), colours[b.State], b.State.Failed(), 300})
	if err != nil {
		return nil, fmt.Errorf("writing a badge: %w", err)
	}
	return append(body, '\n'), nil
}

// longestLabel is how many letters a badge shows.
const longestLabel = 80

func shortLabel(s string) string {
	letters := []rune(line(s))
	if len(letters) <= longestLabel {
		return string(letters)
	}
	return string(letters[:longestLabel-1]) + "…"
}

func escape(s string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(s)) // a builder never fails
	return out.String()
}

// width is about how wide a text is, in pixels.
func width(s string) int {
	tenths := 0
	for _, r := range s {
		tenths += letterWidth(r)
	}
	return (tenths + 9) / 10
}

// letterWidth is how wide a letter is in tenths of a pixel, by Verdana at 11
// pixels. Korean, Japanese and all other wide letters are as wide as high.
func letterWidth(r rune) int {
	switch {
	case r >= 0x1100:
		return badgeText * 10
	case strings.ContainsRune("iIjl.,:;'|!", r):
		return 37
	case strings.ContainsRune(" frt()[]-/", r):
		return 45
	case strings.ContainsRune("mMwW@%", r):
		return 104
	case r >= 'A' && r <= 'Z':
		return 78
	case r >= '0' && r <= '9':
		return 70
	default:
		return 68
	}
}
