package console

import (
	"cmp"

	"bongsu/status"
	"bongsu/web"
	"bongsu/web/speech"
)

// mostHearsay is how many suspicions the first screen has room for; the API
// lists all.
const mostHearsay = 8

// hearsay is a suspicion with what raised it.
type hearsay struct {
	Key, Name, Href string
	Badge           badge
	Source          string // the entry of the configuration that it came by
	Raised          string // what the source calls it
	Summary         string // in the source's words
	Since           *speech.Moment
	Until           speech.Timed
}

// hearsay are the suspicions that stand, the newest first, and how many more
// there are. They are nobody's measurement of ours: their badge says how bad the
// source calls it.
func (v *visit) hearsay(words *web.Words) (rows []hearsay, more int) {
	all := v.snapshot.Suspicions
	for i := range all[:min(len(all), mostHearsay)] {
		rows = append(rows, v.hearsayRow(words, &all[i]))
	}
	return rows, len(all) - len(rows)
}

func (v *visit) hearsayRow(words *web.Words, s *status.Suspicion) hearsay {
	return hearsay{
		Key: s.Component + " " + s.Source + " " + s.Key, Name: cmp.Or(words.Name(s.Component), s.Component), Href: Root + "/components/" + s.Component,
		Badge: v.badge(s.State), Source: s.Source, Raised: s.Key, Summary: s.Summary, Since: v.Moment(s.Since), Until: v.Timed("now_until", s.Until),
	}
}
