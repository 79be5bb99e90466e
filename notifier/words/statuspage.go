package words

import (
	"strings"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/statuspage"
	"bongsu/status"
)

// The body that Atlassian Statuspage's webhooks send for an incident, key by
// key: readers of it decode strictly, so nothing is added and nothing is left
// out. A list is never null.
type (
	spBody struct {
		Meta     spMeta     `json:"meta"`
		Page     spPage     `json:"page"`
		Incident spIncident `json:"incident"`
	}

	spMeta struct {
		Unsubscribe   string `json:"unsubscribe"`
		Documentation string `json:"documentation"`
		GeneratedAt   string `json:"generated_at"`
	}

	spPage struct {
		ID          string `json:"id"`
		Indicator   string `json:"status_indicator"`
		Description string `json:"status_description"`
	}

	spIncident struct {
		Backfilled          bool          `json:"backfilled"`
		CreatedAt           string        `json:"created_at"`
		Impact              string        `json:"impact"`
		ImpactOverride      *string       `json:"impact_override"`
		MonitoringAt        *string       `json:"monitoring_at"`
		PostmortemBody      *string       `json:"postmortem_body"`
		PostmortemUpdated   *string       `json:"postmortem_body_last_updated_at"`
		PostmortemIgnored   bool          `json:"postmortem_ignored"`
		PostmortemTold      bool          `json:"postmortem_notified_subscribers"`
		PostmortemTweeted   bool          `json:"postmortem_notified_twitter"`
		PostmortemPublished *string       `json:"postmortem_published_at"`
		ReminderIntervals   *string       `json:"reminder_intervals"`
		ResolvedAt          *string       `json:"resolved_at"`
		AutoCompleted       bool          `json:"scheduled_auto_completed"`
		AutoInProgress      bool          `json:"scheduled_auto_in_progress"`
		ScheduledFor        *string       `json:"scheduled_for"`
		RemindPrior         bool          `json:"scheduled_remind_prior"`
		RemindedAt          *string       `json:"scheduled_reminded_at"`
		ScheduledUntil      *string       `json:"scheduled_until"`
		Shortlink           string        `json:"shortlink"`
		StartedAt           string        `json:"started_at"`
		Status              string        `json:"status"`
		UpdatedAt           string        `json:"updated_at"`
		ID                  string        `json:"id"`
		PageID              string        `json:"page_id"`
		Updates             []spUpdate    `json:"incident_updates"`
		Name                string        `json:"name"`
		Components          []spComponent `json:"components"`
	}

	spUpdate struct {
		Affected       *string `json:"affected_components"` // null: the incident's own list says how each stands
		Body           string  `json:"body"`
		CreatedAt      string  `json:"created_at"`
		CustomTweet    *string `json:"custom_tweet"`
		Notifies       bool    `json:"deliver_notifications"`
		DisplayAt      string  `json:"display_at"`
		IncidentID     string  `json:"incident_id"`
		Status         string  `json:"status"`
		TweetID        *int64  `json:"tweet_id"`
		TwitterUpdated *string `json:"twitter_updated_at"`
		UpdatedAt      string  `json:"updated_at"`
		WantsTwitter   bool    `json:"wants_twitter_update"`
		ID             string  `json:"id"`
	}

	spComponent struct {
		CreatedAt    string  `json:"created_at"`
		Description  *string `json:"description"`
		GroupID      *string `json:"group_id"`
		ID           string  `json:"id"`
		Name         string  `json:"name"`
		PageID       string  `json:"page_id"`
		Position     int     `json:"position"`
		Showcase     bool    `json:"showcase"`
		StartDate    *string `json:"start_date"`
		Status       string  `json:"status"`
		UpdatedAt    string  `json:"updated_at"`
		Group        bool    `json:"group"`
		OnlyDegraded bool    `json:"only_show_if_degraded"`
	}
)

func spTimeOrNull(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := statuspage.Time(at)
	return &text
}

// statuspageBody makes a body in Statuspage's shape. What tells of no incident, such
// as a sign-up's code, comes as one that is over and has no impact: the shape
// has no other place for words.
func statuspageBody(t *notifier.Text, event string, f facts) error {
	told, err := inLanguage(t.Lang, event, f)
	if err != nil {
		return err
	}
	page := statuspage.ID(statuspage.Page, f.site.URL)
	b := spBody{
		Meta: spMeta{Unsubscribe: notifier.LeaveMark, Documentation: f.site.URL},
		Page: spPage{ID: page, Indicator: "none", Description: statuspage.Description(status.Operational)},
		Incident: spIncident{
			Impact: "none", Status: status.Resolved.String(), ID: statuspage.ID("text", event), PageID: page, Shortlink: f.site.URL, Name: told.Title,
			Components: []spComponent{},
		},
	}
	if f.story != nil {
		if err := f.story.statuspage(&b, t.Lang, f); err != nil {
			return err
		}
	}
	i := &b.Incident
	i.Updates = []spUpdate{{
		Body: told.Body, CreatedAt: i.UpdatedAt, DisplayAt: i.UpdatedAt, UpdatedAt: i.UpdatedAt, Notifies: true,
		IncidentID: i.ID, Status: i.Status, ID: statuspage.ID(statuspage.Update, i.ID+b.Meta.GeneratedAt),
	}}
	t.Body, err = marshal(&b)
	return err
}

func (st *story) statuspage(b *spBody, lang string, f facts) error {
	i := st.incident
	began := statuspage.Began(i)
	worst := f
	worst.State = i.Worst.String()
	name, err := write(lang, "name", worst)
	if err != nil {
		return err
	}
	b.Meta.GeneratedAt = statuspage.Time(st.now)
	now := st.standing()
	b.Page.Indicator, b.Page.Description = statuspage.Indicator(now), statuspage.Description(now)
	x := &b.Incident
	x.ID, x.Name = statuspage.ID(statuspage.Incident, i.ID), strings.TrimSpace(name)
	x.Impact, x.Status = statuspage.Impact(i), statuspage.Stage(i)
	x.CreatedAt, x.StartedAt, x.UpdatedAt = statuspage.Time(began), statuspage.Time(began), statuspage.Time(st.now)
	x.MonitoringAt, x.ResolvedAt = spTimeOrNull(i.Watching), spTimeOrNull(i.Resolved)
	if st.event.Ends() {
		x.Status = status.Resolved.String()
	}
	if st.site.URL != "" {
		x.Shortlink = st.site.URL + "/incidents/" + i.ID
	}
	for k := range i.Components {
		if k == maxListed {
			break
		}
		x.Components = append(x.Components, st.spComponent(k, lang, b.Page.ID))
	}
	return nil
}

// standing is the worst state on the page, this incident included: it may be
// news to the snapshot.
func (st *story) standing() status.State {
	worst := status.Operational
	if st.incident.Open() && st.incident.Impact.Troubled() {
		worst = st.incident.Impact
	}
	if st.snapshot == nil {
		return worst
	}
	return statuspage.Worse(worst, statuspage.Overall(st.snapshot))
}

func (st *story) spComponent(k int, lang, page string) spComponent {
	a := &st.incident.Components[k]
	since := a.Since
	if since.IsZero() {
		since = st.incident.Detected
	}
	c := spComponent{
		ID: statuspage.ID(statuspage.Component, a.Component), Name: a.Component, PageID: page, Position: k + 1, Status: statuspage.Status(a.State),
		CreatedAt: statuspage.Time(since), UpdatedAt: statuspage.Time(since),
	}
	if v := st.component(a.Component); v != nil {
		if name := v.Name.In(lang, st.site.Languages...); name != "" {
			c.Name = name
		}
		if v.Group != "" {
			group := statuspage.ID(statuspage.Group, v.Group)
			c.GroupID = &group
		}
	}
	return c
}
