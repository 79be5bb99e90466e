package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bongsu/notifier"
	"bongsu/web/account"
	"bongsu/web/speech"
)

// ErrNone is what a source of the console says of something that is not there.
var ErrNone = errors.New("there is no such thing")

// Ledger is what the desk reads and steers of what is sent. A notice that is
// not there is [ErrNone].
type Ledger interface {
	// Notices lists notices, newest first; at most [NoticeList] in one page.
	Notices(ctx context.Context, q NoticeQuery) ([]Notice, error)
	// Notice gives one with its counts by channel.
	Notice(ctx context.Context, id string) (Notice, error)
	// Unreached sums up who was not reached, and why. It may be some seconds old.
	Unreached(ctx context.Context, id string) ([]Unreached, error)
	// Texts gives a notice's words.
	Texts(ctx context.Context, id string) ([]notifier.Text, error)
	// Sending says how the channels and gateways are.
	Sending(ctx context.Context) (Sending, error)

	// Quote says to whom a notice would be resent, and for how much.
	Quote(ctx context.Context, id string) (Quote, error)
	// Resend makes a notice for those whom another missed, once for each turn.
	Resend(ctx context.Context, id string, turn int64) (made string, people int64, err error)
	// Hold keeps a notice back, Free lets it go on, Cancel ends it.
	Hold(ctx context.Context, id string) error
	Free(ctx context.Context, id string) error
	Cancel(ctx context.Context, id string) error
	// Pause stops all sending, Resume lets it go on.
	Pause(ctx context.Context) error
	Resume(ctx context.Context) error
	// ResumeChannel lets a channel go on that stopped at its daily cap.
	ResumeChannel(ctx context.Context, channel string) error
}

// Errors of steering.
var (
	ErrOver       = errors.New("it is over already") // cancelled, or untrue by now
	ErrNoneMissed = errors.New("nobody is left to resend to")
	ErrNoResend   = errors.New("a notice like this is not resent")
)

// NoticeList is how many notices are on a page.
const NoticeList = 30

// NoticeQuery says which notices are listed.
type NoticeQuery struct {
	App, Incident, Audience, Before string
	Limit                           int
}

// Notice is a notice as the desk shows it.
type Notice struct {
	ID       string
	Incident string // empty: it tells of none
	Event    string
	Audience string
	Plan     string
	App      string // which app sends it; empty: none
	Origin   string // the notice whose missed people it is for; empty: none
	Made     time.Time
	Expires  time.Time // zero: never
	Held     time.Time // since when it is kept back; zero: it goes
	Planned  bool      // everybody has been given a way
	Recalled bool      // cancelled, or untrue by now
	Priority int
	People   int64 // given a way so far
	Left     int64 // of these: not handed over yet
	ETA      time.Duration
	Known    bool // ETA is known
	Channels []ChannelCount
	Resent   []string // notices that were made for those whom it missed
}

// ChannelCount is what became of a notice on a channel. Who moved on counts on
// each that was tried for them.
type ChannelCount struct {
	Channel, Kind                                                                       string
	Planned, Handed, Delivered, Failed, Unknown, Moved, Rescued, Twice, Cancelled, Left int64
	Rate                                                                                float64 // messages a second, lately
	HandedP50, HandedP99, DeliveredP50, DeliveredP99                                    time.Duration
}

// Unreached are people of a notice with the same story.
type Unreached struct {
	Hop     int // from 1
	Channel string
	Gateway string
	Ended   notifier.Ended
	Code    string // the gateway's own word
	On      bool   // they went on elsewhere
	People  int64
}

// Sending is how the channels are.
type Sending struct {
	Paused   bool
	Waiting  int       // people in batches that are not done
	Oldest   time.Time // since when the longest-waiting is due; zero: nobody waits
	Channels []ChannelState
}

// ChannelState is a channel with its gateways.
type ChannelState struct {
	ID, Kind string
	Follows  string // the component it depends on
	Blocked  string // why it carries nothing now; empty: it does
	Held     string // why it was stopped; empty: it was not
	Until    time.Time
	Spent    string // today, with its currency; empty: no price or no cap
	Cap      string
	Gateways []GatewayState
}

// GatewayState is a gateway with the verdict on it and what it rests on.
type GatewayState struct {
	Name     string
	Stage    notifier.Stage
	Since    time.Time
	Why      string
	Rate     float64 // messages a second it took lately
	Taken    int64   // within the last minute
	Faults   int64
	Throttle int64
	Told     int64 // of what it took in the last ten minutes
	Of       int64
	Usual    int // percent of messages it usually tells of; -1: not known
	Given    int // today
	PerDay   int // at most; 0: no limit
}

// Quote is what resending a notice would come to.
type Quote struct {
	Turn    int64
	People  int64
	Nowhere int64 // whom no channel reaches any more
	Open    int64 // whose end is not known yet
	Ways    []QuoteWay
	Cost    []string // by the ways there are now
	AtMost  []string
}

// QuoteWay is how many would go by a channel.
type QuoteWay struct {
	Channel string
	People  int64
}

func (c *Console) deliveryRoutes() []route {
	if c.options.Ledger == nil {
		return nil
	}
	return []route{
		{method: http.MethodGet, path: "/deliveries", deed: account.ReadDesk, handle: c.deliveries},
		{method: http.MethodGet, path: "/deliveries/{id}", deed: account.ReadDesk, handle: c.delivery},
		{method: http.MethodGet, path: "/deliveries/{id}/resend", deed: account.Steer, handle: c.askResend},
		{method: http.MethodPost, path: "/deliveries/{id}/resend", deed: account.Steer, handle: c.resend},
		{method: http.MethodPost, path: "/deliveries/{id}/hold", deed: account.Steer, handle: c.steer("hold", Ledger.Hold)},
		{method: http.MethodPost, path: "/deliveries/{id}/free", deed: account.Steer, handle: c.steer("free", Ledger.Free)},
		{method: http.MethodGet, path: "/deliveries/{id}/cancel", deed: account.Steer, handle: c.askCancel},
		{method: http.MethodPost, path: "/deliveries/{id}/cancel", deed: account.Steer, handle: c.steer("cancel", Ledger.Cancel)},
		{method: http.MethodPost, path: "/sending/pause", deed: account.Steer, handle: c.pauseAll},
		{method: http.MethodPost, path: "/sending/resume", deed: account.Steer, handle: c.resumeAll},
		{method: http.MethodPost, path: "/channels/{channel}/resume", deed: account.Steer, handle: c.resumeChannel},
		{method: http.MethodGet, path: "/apps/{app}/deliveries", deed: account.ReadApp, handle: c.appDeliveries},
		{method: http.MethodGet, path: "/apps/{app}/deliveries/{id}", deed: account.ReadApp, handle: c.appDelivery},
	}
}

// noticeRow is a notice in a list.
type noticeRow struct {
	Notice

	Href   string
	Title  string // what it tells
	Lane   string
	State  badge
	Made   string
	Done   int64  // of People
	Most   int64  // at least 1, for the bar
	Bar    string // the bar in words
	Whom   string
	ByPlan string
	By     []string // how far it is on each channel, and how fast it goes
}

// deliveriesPage is the list with how the channels are.
type deliveriesPage struct {
	App       string // whose deliveries they are; empty: all
	AppName   string
	Steer     bool
	Sending   *Sending
	Rows      []noticeRow
	Audiences []option
	Incident  string
	Next      string
	Base      string
	Channels  []channelRow
	Oldest    string
	Waiting   string
}

func (c *Console) deliveries(v *visit) error {
	q := NoticeQuery{Incident: v.asked("incident"), Audience: v.asked("audience"), Before: v.asked("before")}
	page := deliveriesPage{Steer: v.may(account.Steer), Base: Root + "/deliveries"}
	sending, err := c.options.Ledger.Sending(v.request.Context())
	if err != nil {
		return err
	}
	page.Sending, page.Channels = &sending, v.channelRows(sending.Channels)
	page.Waiting = speech.Grouped(int64(sending.Waiting))
	if !sending.Oldest.IsZero() {
		page.Oldest = v.Span(v.now().Sub(sending.Oldest))
	}
	page.Audiences = choices(q.Audience, "", v.Say("deliveries_all"), "subscribers", v.Say("audience_subscribers"),
		"operators", v.Say("audience_operators"), "apps", v.Say("audience_apps"))
	return c.listNotices(v, q, &page)
}

// appDeliveries are the notices of one app.
func (c *Console) appDeliveries(v *visit) error {
	app := v.request.PathValue("app")
	page := deliveriesPage{App: app, AppName: v.appName(app), Base: Root + "/apps/" + url.PathEscape(app) + "/deliveries"}
	return c.listNotices(v, NoticeQuery{App: app, Before: v.asked("before")}, &page)
}

func (c *Console) listNotices(v *visit, q NoticeQuery, page *deliveriesPage) error {
	v.topics = []Topic{Deliveries}
	q.Limit = NoticeList + 1
	list, err := c.options.Ledger.Notices(v.request.Context(), q)
	if errors.Is(err, ErrNone) {
		return refuse(http.StatusNotFound, "problem_not_found")
	}
	if err != nil {
		return err
	}
	if len(list) > NoticeList {
		list = list[:NoticeList]
		next := url.Values{"before": {list[NoticeList-1].ID}}
		for name, value := range map[string]string{"audience": q.Audience, "incident": q.Incident} {
			if value != "" {
				next.Set(name, value)
			}
		}
		page.Next = page.Base + "?" + next.Encode()
	}
	page.Incident = q.Incident
	for i := range list {
		page.Rows = append(page.Rows, v.noticeRow(list[i], page.Base))
	}
	return v.render("deliveries", v.Say("menu_deliveries"), page)
}

// noticeRow words a notice.
func (v *visit) noticeRow(n Notice, base string) noticeRow {
	row := noticeRow{
		Notice: n, Href: base + "/" + url.PathEscape(n.ID), Title: v.eventText(n.Event), Lane: v.laneText(n.Priority), Made: v.At(n.Made),
		Done: max(n.People-n.Left, 0), Most: max(n.People, 1), Whom: v.audienceText(&n), ByPlan: n.Plan,
	}
	row.Bar = v.Say("notice_done", "Done", speech.Grouped(row.Done), "All", speech.Grouped(n.People))
	rate := 0.0
	for _, c := range n.Channels {
		row.By = append(row.By, v.Say("channel_short", "Channel", c.Channel, "Handed", speech.Grouped(c.Handed), "Planned", speech.Grouped(c.Planned)))
		rate += c.Rate
	}
	if n.Left > 0 && rate > 0 {
		row.By = append(row.By, v.Say("notice_rate", "Rate", strconv.FormatFloat(rate, 'f', 1, 64)))
	}
	switch {
	case n.Recalled:
		row.State = badge{"none", v.Say("notice_over")}
	case !n.Held.IsZero():
		row.State = badge{"work", v.Say("notice_held")}
	case n.Left == 0 && n.Planned:
		row.State = badge{"ok", v.Say("notice_through")}
	case !n.Planned:
		row.State = badge{"slow", v.Say("notice_planning")}
	case n.Known:
		row.State = badge{"slow", v.Say("notice_eta", "Time", v.soon(n.ETA))}
	default:
		row.State = badge{"part", v.Say("notice_stuck")}
	}
	return row
}

// soon is how long something takes, to the second while it is short.
func (v *visit) soon(d time.Duration) string {
	if d < time.Minute {
		return v.Period(max(d.Round(time.Second), time.Second))
	}
	return v.Span(d)
}

// eventText is what a notice tells, in words; an event nobody has words for is
// shown as it is.
func (v *visit) eventText(event string) string { return v.known("notice_event_", event) }

func (v *visit) laneText(priority int) string {
	lanes := []string{"alarm", "outage", "worse", "recovery", "update", "digest", "app"}
	return v.Say("lane_" + lanes[min(max(priority/10, 0), len(lanes)-1)])
}

func (v *visit) audienceText(n *Notice) string {
	switch {
	case n.App != "":
		return v.Say("audience_app", "App", v.appName(n.App))
	case n.Origin != "":
		return v.Say("audience_missed")
	case n.Audience == "subscribers", n.Audience == "operators":
		return v.Say("audience_" + n.Audience)
	}
	return n.Audience
}

// appName is what an app is called; its id if nothing says.
func (v *visit) appName(id string) string {
	if v.snapshot != nil {
		for i := range v.snapshot.Apps {
			if a := &v.snapshot.Apps[i]; a.ID == id {
				return v.text(a.Name)
			}
		}
	}
	return id
}
