package config

import (
	"regexp"
	"slices"
	"strings"

	"bongsu/notifier"
)

// codeForm is what a gateway's code looks like, and mostCodes bounds a table.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

const mostCodes = 200

// codes reads what a gateway's codes mean here.
func (c *checker) codes(g *gateway) map[string]notifier.Meaning {
	if len(g.Codes) == 0 {
		return nil
	}
	if len(g.Codes) > mostCodes {
		c.complain(c.at(&g.Codes), "has %d codes; write at most %d", len(g.Codes), mostCodes)
	}
	table := make(map[string]notifier.Meaning, len(g.Codes))
	for _, code := range sortedKeys(g.Codes) {
		at := c.keys[keyOf{&g.Codes, code}]
		meaning := notifier.Meaning(g.Codes[code])
		switch {
		case !codeForm.MatchString(code):
			c.complain(at, "%s is no code; write it as the gateway does, letters and digits, at most 64", quoted(code))
		case !slices.Contains(notifier.Meanings(), meaning):
			var all []string
			for _, m := range notifier.Meanings() {
				all = append(all, string(m))
			}
			c.complain(at, "%s is no meaning; write one of %s", quoted(string(meaning)), strings.Join(all, ", "))
		default:
			table[code] = meaning
		}
	}
	return table
}
