package config

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"bongsu/status"
)

// What the owner's own files may weigh: every reader loads them, perhaps on the
// day when nothing else loads.
const (
	maxLogo      = 16 << 10
	maxLogoSide  = 1024
	maxSiteStyle = 8 << 10
)

// look is what the owner of the site adds to the page's look.
type look struct {
	Logo   string      `yaml:"logo" must:"max=500" doc:"A file beside this one, SVG or PNG, of at most 16 KiB. It stands before the name, 24 px high."`
	Colour string      `yaml:"colour" doc:"The colour of the mark, written #rrggbb. It needs 3:1 against the light page."`
	Dark   string      `yaml:"colour_dark" doc:"The same on the dark page, which it needs 3:1 against too."`
	Footer status.Text `yaml:"footer" doc:"Who runs this page, and what they have to say below every page."`
	Style  string      `yaml:"style" must:"max=500" doc:"A CSS file beside this one, of at most 8 KiB, that comes after the page's own. It may load nothing."`
}

// The papers that a colour is seen against.
const (
	lightPaper = "#f8f6f2"
	darkPaper  = "#131110"
)

// leastContrast is what a sign that is no text needs (WCAG 2.2, 1.4.11).
const leastContrast = 3.0

func (c *checker) checkLook() {
	l := &c.doc.Site.Look
	for lang, words := range l.Footer {
		if len(words) > 1000 {
			c.complain(c.at(&l.Footer), "the footer in %q has %d bytes; at most 1000 fit below a page", lang, len(words))
		}
	}
	c.look.Colour = c.checkColour(&l.Colour, lightPaper)
	c.look.Dark = c.checkColour(&l.Dark, darkPaper)
	if l.Logo != "" {
		c.look.Logo = c.readLook(&l.Logo, maxLogo, checkLogo)
	}
	if l.Style != "" {
		c.look.Style = string(c.readLook(&l.Style, maxSiteStyle, checkStyle))
	}
}

// checkColour gives the colour if it can be seen on the paper.
func (c *checker) checkColour(colour *string, paper string) string {
	if *colour == "" {
		return ""
	}
	light, err := luminance(*colour)
	if err != nil {
		c.complain(c.at(colour), "%s", err)
		return ""
	}
	behind, _ := luminance(paper) // a constant
	if ratio := (max(light, behind) + .05) / (min(light, behind) + .05); ratio < leastContrast {
		c.complain(c.at(colour), "%s has a contrast of %.1f:1 on this page's %s; take one with at least 3:1", *colour, ratio, paper)
		return ""
	}
	return *colour
}

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// luminance is how light a colour is (WCAG 2.2).
func luminance(colour string) (float64, error) {
	if !hexColour.MatchString(colour) {
		return 0, fmt.Errorf("%s is no colour; write it like #0a5c36", quoted(colour))
	}
	var sum float64
	for i, weight := range []float64{.2126, .7152, .0722} {
		part, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0, err
		}
		v := float64(part) / 255
		if v <= .03928 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum, nil
}

// readLook reads one of the owner's files and lets through what is safe.
func (c *checker) readLook(path *string, limit int64, check func([]byte) error) []byte {
	if filepath.IsAbs(*path) || !filepath.IsLocal(*path) {
		c.complain(c.at(path), "%s must lie beside the configuration; write a name such as logo.svg", quoted(*path))
		return nil
	}
	if c.options.OwnOnly {
		return nil // files are not read in this run
	}
	data, err := readBounded(beside(c.options.Dir, *path), *path, limit)
	if err == nil {
		err = check(data)
	}
	if err != nil {
		c.complain(c.at(path), "%s", err)
		return nil
	}
	return data
}

// checkLogo lets through a PNG, or an SVG that is nothing but a drawing.
func checkLogo(data []byte) error {
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		image, err := png.DecodeConfig(bytes.NewReader(data))
		switch {
		case err != nil:
			return fmt.Errorf("the logo is no PNG that can be read: %w", err)
		case image.Width > maxLogoSide || image.Height > maxLogoSide:
			return fmt.Errorf("the logo has %d × %d points; at most %d each way", image.Width, image.Height, maxLogoSide)
		}
		return nil
	}
	return checkDrawing(data)
}

var errNoDrawing = errors.New("the logo is neither a PNG nor an SVG; save it as one of them")

func checkDrawing(data []byte) error {
	reader := xml.NewDecoder(bytes.NewReader(data))
	seen := false
	for {
		token, err := reader.Token()
		switch {
		case errors.Is(err, io.EOF) && seen:
			return nil
		case err != nil:
			return errNoDrawing
		}
		start, is := token.(xml.StartElement)
		if !is {
			if _, directive := token.(xml.Directive); directive {
				return errors.New("the logo has a <!DOCTYPE> or the like; save it as plain SVG")
			}
			continue
		}
		if !seen && start.Name.Local != "svg" {
			return errNoDrawing
		}
		seen = true
		if err := checkElement(&start); err != nil {
			return err
		}
	}
}

// checkElement refuses what runs or loads something.
func checkElement(e *xml.StartElement) error {
	switch strings.ToLower(e.Name.Local) {
	case "script", "foreignobject", "image", "style", "animate", "set", "iframe":
		return fmt.Errorf("the logo has a <%s>; draw it with shapes alone", e.Name.Local)
	}
	for _, a := range e.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.TrimSpace(a.Value)
		if strings.HasPrefix(name, "on") || (name == "href" && !strings.HasPrefix(value, "#")) || strings.Contains(value, "url(http") {
			return fmt.Errorf("the logo's <%s> has %s=…, which runs or loads something; take it out", e.Name.Local, a.Name.Local)
		}
	}
	return nil
}

// checkStyle refuses CSS that loads something: the page asks nobody else.
func checkStyle(data []byte) error {
	css := strings.ToLower(string(data))
	if strings.Contains(css, `\`) {
		return errors.New(`the style has a \, by which words can be hidden; write it without`)
	}
	for _, word := range []string{"url(", "@import", "image-set(", "src(", "image(", "expression(", "</", "@font-face"} {
		if strings.Contains(css, word) {
			return fmt.Errorf("the style has %s, which loads something; the page must need nobody else", word)
		}
	}
	return nil
}
