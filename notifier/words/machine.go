package words

import (
	"encoding/json"
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// DocumentVersion is the version of [Document]. Keys may be added within one;
// a key is renamed or removed only with a new version.
const DocumentVersion = 1

// Document is what a webhook gets: everything a text may tell, for machines.
// Times are RFC 3339 in UTC; a time or text that there is not is left out.
type Document struct {
	Version     int    `json:"version"`
	Type        string `json:"type"`             // opened, worsened, note, digest, resolved, retracted, upcoming, moved, extended, finished, called_off, alarm, code, welcome or left
	Notice      string `json:"notice,omitempty"` // of one notice, whoever gets it
	Exercise    bool   `json:"exercise"`         // a drill or simulation: nothing of it is real
	Resent      bool   `json:"resent"`           // an earlier hand-over of this may have arrived
	GeneratedAt string `json:"generated_at,omitempty"`
	Site        struct {
		Name status.Text `json:"name"`
		URL  string      `json:"url"`
	} `json:"site"`
	Incident   *DocumentIncident   `json:"incident,omitempty"`
	Work       *DocumentWork       `json:"work,omitempty"` // planned work, in place of an incident
	Components []DocumentComponent `json:"components,omitempty"`
	More       int                 `json:"components_more,omitempty"` // how many are not listed
	Check      *DocumentCheck      `json:"check,omitempty"`
	Code       string              `json:"code,omitempty"`  // of a sign-up
	Link       string              `json:"link,omitempty"`  // does what typing the code does
	Texts      map[string]Words    `json:"texts"`           // by language, as people are told
	Leave      string              `json:"leave,omitempty"` // a POST there ends the subscription
}

// DocumentIncident is the incident that a document tells of.
type DocumentIncident struct {
	ID        string `json:"id"`
	Code      string `json:"code"`
	Stage     string `json:"stage"`
	Impact    string `json:"impact"`
	Worst     string `json:"worst"`
	Cause     string `json:"cause"`
	Began     string `json:"began,omitempty"`
	Detected  string `json:"detected,omitempty"`
	Next      string `json:"next,omitempty"` // the next word comes by then
	Resolved  string `json:"resolved,omitempty"`
	Retracted string `json:"retracted,omitempty"`
}

// DocumentWork is the planned work that a document tells of.
type DocumentWork struct {
	ID        string      `json:"id"`
	Title     status.Text `json:"title,omitempty"`
	From      string      `json:"from"`
	Until     string      `json:"until"`
	Meant     string      `json:"meant,omitempty"` // when it was to end before it was prolonged
	Cancelled string      `json:"cancelled,omitempty"`
}

// DocumentComponent is a component of the incident, or of the work.
type DocumentComponent struct {
	ID    string      `json:"id"`
	Name  status.Text `json:"name"`
	State string      `json:"state"` // now
	Worst string      `json:"worst"`
	Since string      `json:"since,omitempty"`
	Until string      `json:"until,omitempty"` // when it was well again
}

// DocumentCheck is how a reader finds out whether this is from us.
type DocumentCheck struct {
	Code string `json:"code"`
	URL  string `json:"url,omitempty"`
}

// Words are a text as people read it.
type Words struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

// maxListed is how many components a document lists.
const maxListed = 100

// document makes our own JSON for webhooks.
func document(t *notifier.Text, event string, f facts) error {
	d := Document{Version: DocumentVersion, Type: event, Exercise: f.Exercise || f.Simulation}
	if event == eventNews {
		d.Type = string(status.EventNote)
	}
	d.Site.Name, d.Site.URL = f.site.Name, f.site.URL
	var err error
	if d.Texts, err = texts(t.Lang, event, f); err != nil {
		return err
	}
	switch event {
	case eventCode:
		d.Code, d.Link = f.Code, f.Link
	case eventLeft, eventAlarm:
	default:
		d.Leave = notifier.LeaveMark
	}
	if f.story != nil {
		f.story.document(&d)
	}
	if f.work != nil {
		f.work.document(&d)
	}
	body, err := marshal(&d)
	t.Body = body
	return err
}

// texts are what people are told, in every language of the site; what is told
// in the text's own language must be there.
func texts(lang, event string, f facts) (map[string]Words, error) {
	all := map[string]Words{}
	for _, l := range f.site.Languages {
		if l != lang && (f.story == nil || !Has(l)) && f.Note != "" {
			continue // somebody's own words, which are in one language
		}
		if !Has(l) {
			continue
		}
		t, err := inLanguage(l, event, f)
		if err != nil && l == lang {
			return nil, err
		}
		if err == nil {
			all[l] = t
		}
	}
	return all, nil
}

func inLanguage(lang, event string, f facts) (Words, error) {
	var t notifier.Text
	var err error
	if f.story != nil {
		t, err = f.story.text(lang, notifier.ClassMessenger)
	} else if f.work != nil {
		t, err = f.work.text(lang, notifier.ClassMessenger)
	} else {
		t, _, err = render(lang, notifier.ClassMessenger, event, f)
	}
	if err != nil {
		return Words{}, err
	}
	title, body, _ := strings.Cut(t.Body, "\n\n")
	return Words{Title: title, Body: body}, nil
}

func (st *story) document(d *Document) {
	i := st.incident
	d.Notice, d.GeneratedAt = st.notice, stamp(st.now)
	d.Incident = &DocumentIncident{
		ID: i.ID, Code: i.Code, Stage: i.Stage.String(), Impact: i.Impact.String(), Worst: i.Worst.String(), Cause: i.Cause,
		Began: stamp(i.Began), Detected: stamp(i.Detected), Next: stamp(i.Next), Resolved: stamp(i.Resolved), Retracted: stamp(i.Retracted),
	}
	d.Check = &DocumentCheck{Code: i.Code}
	if st.site.URL != "" {
		d.Check.URL = st.site.URL + "/check/" + i.Code
	}
	for k := range i.Components {
		if k == maxListed {
			d.More = len(i.Components) - maxListed
			break
		}
		a := &i.Components[k]
		c := DocumentComponent{ID: a.Component, State: a.State.String(), Worst: a.Worst.String(), Since: stamp(a.Since), Until: stamp(a.Until)}
		if v := st.component(a.Component); v != nil {
			c.Name = v.Name
		}
		d.Components = append(d.Components, c)
	}
}

// component is a component of the page, or nil.
func (st *story) component(id string) *status.ComponentView {
	if st.snapshot == nil {
		return nil
	}
	v, _ := st.snapshot.Component(id)
	return v
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// marshal writes JSON without the escapes that are for HTML, so that Korean
// and the mark of the way to leave stay as they are.
func marshal(v any) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}
