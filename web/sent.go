package web

import (
	"slices"
	"strings"
	"time"

	"bongsu/status"
	"bongsu/web/speech"
)

// Sent is what the public may see of an incident's notices: numbers, never a
// person. Once it is handed in it does not change.
type Sent struct {
	Changed time.Time // when the numbers last changed
	Least   int64     // what fewer people than these share is not shown
	Notices []SentNotice
}

// SentNotice is one thing that people were told of an incident, whichever plan
// it went by.
type SentNotice struct {
	Event    string // opened, worsened, note, digest, resolved or retracted
	Update   string // the update it tells of
	Made     time.Time
	Channels []SentBy
	Withheld int // channels left out: fewer people than [Sent.Least] had it by each
}

// SentBy counts a notice's deliveries by one channel. A person who moved on
// counts on each channel that was tried for them.
type SentBy struct {
	Channel, Kind string
	Planned       int64
	Handed        int64 // the gateway took it
	Delivered     int64 // of those: it says that it arrived
	Failed        int64
	Unknown       int64 // may have been handed over; nobody knows
	Moved         int64 // went on to another try, gateway or channel
	Cancelled     int64 // needed no more
	// From the notice's making; zero: too few people to say.
	HandedP50, HandedP99       time.Duration
	DeliveredP50, DeliveredP99 time.Duration
}

// Count makes sent, by incident, what every later visitor sees of notices. What
// is the same pointer as before is taken to be the same; of the other incidents
// alone pages and answers are made anew.
func (s *Server) Count(sent map[string]*Sent) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	var changed []string
	for id, now := range sent {
		if s.sent[id] != now {
			changed = append(changed, id)
		}
	}
	for id := range s.sent {
		if sent[id] == nil {
			changed = append(changed, id)
		}
	}
	s.sent = sent
	if e := s.current.Load(); e != nil && len(changed) > 0 {
		s.current.Store(e.counted(sent, changed))
	}
}

// counted is the edition with other numbers. All that does not show them is
// taken over as it is.
func (e *edition) counted(sent map[string]*Sent, changed []string) *edition {
	next := &edition{
		snapshot: e.snapshot, until: e.until, told: e.told, languages: e.languages, matcher: e.matcher, tellers: e.tellers, server: e.server,
		first: e.first, shelf: e.shelf, other: e.other, sent: sent, kept: map[string]func() (*document, error){},
		data: e.data, statuspage: e.statuspage, look: e.look,
	}
	e.keeping.Lock()
	defer e.keeping.Unlock()
	for k, made := range e.kept {
		path, _, _ := strings.Cut(k, "\x00")
		if !slices.ContainsFunc(changed, func(id string) bool { return path == "/incidents/"+id || path == sentPath(id) }) {
			next.kept[k] = made
		}
	}
	return next
}

// sentPath is where an incident's notices are told to machines.
func sentPath(incident string) string { return apiRoot + "incidents/" + incident + "/notices" }

// apiSent is the answer of GET /api/v1/incidents/ID/notices.
type apiSent struct {
	Incident string          `json:"incident"`
	Changed  *time.Time      `json:"changed"` // when the numbers last changed; null: nothing has been counted
	Least    int64           `json:"least"`   // what fewer people share is not given
	Notices  []apiSentNotice `json:"notices"` // oldest first
}

type apiSentNotice struct {
	Event    string      `json:"event"`
	Update   string      `json:"update"`
	Made     time.Time   `json:"made"`
	Channels []apiSentBy `json:"channels"`
	Withheld int         `json:"withheld"` // channels left out for least
}

type apiSentBy struct {
	Channel         string   `json:"channel"`
	Kind            string   `json:"kind"`
	Planned         int64    `json:"planned"`
	Handed          int64    `json:"handed"`
	Delivered       int64    `json:"delivered"`
	Failed          int64    `json:"failed"`
	Unknown         int64    `json:"unknown"`
	Moved           int64    `json:"moved"`
	Cancelled       int64    `json:"cancelled"`
	HandedMedian    *float64 `json:"handed_median_s"` // from the notice's making; null: too few to say
	HandedP99       *float64 `json:"handed_p99_s"`
	DeliveredMedian *float64 `json:"delivered_median_s"`
	DeliveredP99    *float64 `json:"delivered_p99_s"`
}

func (e *edition) sentJSON(i *status.Incident) ([]byte, error) {
	a := apiSent{Incident: i.ID, Notices: []apiSentNotice{}}
	if s := e.sent[i.ID]; s != nil {
		a.Changed, a.Least = instant(s.Changed), s.Least
		for j := range s.Notices {
			a.Notices = append(a.Notices, noticeForAPI(&s.Notices[j]))
		}
	}
	return jsonLine(a)
}

func noticeForAPI(n *SentNotice) apiSentNotice {
	a := apiSentNotice{Event: n.Event, Update: n.Update, Made: n.Made.UTC(), Channels: []apiSentBy{}, Withheld: n.Withheld}
	for _, c := range n.Channels {
		a.Channels = append(a.Channels, apiSentBy{
			Channel: c.Channel, Kind: c.Kind, Planned: c.Planned, Handed: c.Handed, Delivered: c.Delivered, Failed: c.Failed,
			Unknown: c.Unknown, Moved: c.Moved, Cancelled: c.Cancelled,
			HandedMedian: seconds(c.HandedP50), HandedP99: seconds(c.HandedP99),
			DeliveredMedian: seconds(c.DeliveredP50), DeliveredP99: seconds(c.DeliveredP99),
		})
	}
	return a
}

// seconds is nil for no duration; to a hundredth, which is finer than we know.
func seconds(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	s := float64(d.Round(10*time.Millisecond).Milliseconds()) / 1000
	return &s
}

// sentPart is what an incident's page tells of its notices, newest first.
type sentPart struct {
	Changed *speech.Moment
	Tables  []sentTable
}

// sentTable is one notice: a column for each channel.
type sentTable struct {
	Kind     string
	Made     *speech.Moment
	Channels []named
	Rows     []sentRow
	Withheld string
	Open     bool
}

type sentRow struct {
	Name  string
	Cells []string
}

func (t *teller) sent(i *status.Incident, s *Sent) *sentPart {
	if s == nil || len(s.Notices) == 0 {
		return nil
	}
	p := &sentPart{Changed: t.Moment(s.Changed)}
	for j := len(s.Notices) - 1; j >= 0; j-- {
		p.Tables = append(p.Tables, t.sentTable(i, s, &s.Notices[j]))
	}
	for j := range p.Tables { // one is open: the newest that has numbers
		if len(p.Tables[j].Rows) > 0 {
			p.Tables[j].Open = true
			break
		}
	}
	return p
}

func (t *teller) sentTable(i *status.Incident, s *Sent, n *SentNotice) sentTable {
	table := sentTable{Kind: t.Say("kind_app"), Made: t.Moment(n.Made)}
	for j := range i.Updates {
		if u := &i.Updates[j]; u.ID == n.Update {
			table.Kind = t.Say("kind_" + string(u.Kind))
		}
	}
	if n.Withheld > 0 {
		table.Withheld = t.Say("sent_withheld", "Count", s.Least)
	}
	if len(n.Channels) == 0 {
		return table
	}
	for _, row := range sentRows {
		table.Rows = append(table.Rows, sentRow{Name: t.Say(row.id)})
	}
	for j := range n.Channels {
		c := &n.Channels[j]
		table.Channels = append(table.Channels, t.channel(c))
		for r, row := range sentRows {
			table.Rows[r].Cells = append(table.Rows[r].Cells, row.cell(t, c))
		}
	}
	return table
}

// channelWords are what channels are called, by kind.
var channelWords = map[string]string{
	"sms": "way_sms", "alimtalk": "way_alimtalk", "line": "by_line", "email": "way_mail", "webpush": "way_push",
	"webhook": "by_webhook", "statuspage": "by_statuspage",
}

// channel names a channel after its kind, with its own name beside it if that
// says more.
func (t *teller) channel(c *SentBy) named {
	word := channelWords[c.Kind]
	switch {
	case word == "":
		return named{Name: c.Channel}
	case c.Channel == c.Kind:
		return named{Name: t.Say(word)}
	}
	return named{Name: t.Say(word), Note: c.Channel}
}

// sentRows are what is told of each channel.
var sentRows = []struct {
	id   string
	cell func(*teller, *SentBy) string
}{
	{"sent_planned", func(_ *teller, c *SentBy) string { return grouped(c.Planned) }},
	{"sent_handed", func(_ *teller, c *SentBy) string { return grouped(c.Handed) }},
	{"sent_delivered", func(_ *teller, c *SentBy) string { return grouped(c.Delivered) }},
	{"sent_failed", func(_ *teller, c *SentBy) string { return grouped(c.Failed) }},
	{"sent_unknown", func(_ *teller, c *SentBy) string { return grouped(c.Unknown) }},
	{"sent_moved", func(_ *teller, c *SentBy) string { return grouped(c.Moved) }},
	{"sent_cancelled", func(_ *teller, c *SentBy) string { return grouped(c.Cancelled) }},
	{"sent_handed_half", func(t *teller, c *SentBy) string { return t.wait(c.HandedP50) }},
	{"sent_handed_most", func(t *teller, c *SentBy) string { return t.wait(c.HandedP99) }},
	{"sent_delivered_half", func(t *teller, c *SentBy) string { return t.wait(c.DeliveredP50) }},
	{"sent_delivered_most", func(t *teller, c *SentBy) string { return t.wait(c.DeliveredP99) }},
}

// wait is how long it took, in seconds; a dash if too few have it to say.
func (t *teller) wait(d time.Duration) string {
	if d <= 0 {
		return "–"
	}
	if d < 100*time.Second {
		return t.Say("seconds", "Count", speech.Tenths(d))
	}
	return t.Say("seconds", "Count", grouped(int64(d.Round(time.Second)/time.Second)))
}

// grouped is a number as people read it.
func grouped(n int64) string { return speech.Grouped(n) }
