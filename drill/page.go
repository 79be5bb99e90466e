package drill

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page.html
var pageHTML string

//go:embed style.css
var pageCSS []byte

// Bounds of the control page.
const (
	pagePhones   = 50 // phones shown; the demo's subscribers come first
	pageMessages = 5  // newest messages per phone and way
	jsonEntries  = 200
	formLimit    = 4 << 10
)

// pagePolicy is the site's own policy: nothing from elsewhere, and no scripts.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler serves the city's control page and what the phones received:
//
//	GET  /demo             state of the city, controls, inboxes
//	POST /demo/fault       service=…&mode=…, from this page only
//	GET  /demo/inbox.json  every inbox
//	GET  /demo/log.json    the newest entries of the log
//	GET  /demo/style.css
func (c *City) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo", c.showPage)
	mux.HandleFunc("GET /demo/inbox.json", c.showInbox)
	mux.HandleFunc("GET /demo/log.json", c.showLog)
	mux.HandleFunc("GET /demo/style.css", showStyle)
	mux.Handle("POST /demo/fault", http.NewCrossOriginProtection().Handler(http.HandlerFunc(c.setFault)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Simulation", "true")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", pagePolicy)
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

func showStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	w.Write(pageCSS)
}

// setFault breaks or mends a service and leads back to the page.
func (c *City) setFault(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form can not be read", http.StatusBadRequest)
		return
	}
	service, mode := Service(r.PostForm.Get("service")), Mode(r.PostForm.Get("mode"))
	switch err := c.Set(r.Context(), service, mode); {
	case errors.Is(err, ErrNoSuch):
		http.Error(w, ErrNoSuch.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Redirect(w, r, "/demo?lang="+pageLang(r.PostForm.Get("lang"), ""), http.StatusSeeOther) //nolint:gosec // pageLang answers with one of our own three tags
	}
}

func (c *City) showInbox(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, simulated(fields{"phones": c.Inboxes(jsonEntries, jsonEntries)}))
}

func (c *City) showLog(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, simulated(fields{
		"requests":  c.log.last(Request, jsonEntries),
		"arrivals":  c.log.last(Arrival, jsonEntries),
		"callbacks": c.log.last(Callback, jsonEntries),
		"dropped":   c.log.Dropped(),
	}))
}

// Inbox is what one phone received.
type Inbox struct {
	Number    string  `json:"number"`
	Lang      string  `json:"lang,omitempty"` // of the demo's subscribers
	Plan      string  `json:"plan,omitempty"` // likewise
	Messenger []Entry `json:"messenger"`      // oldest first
	SMS       []Entry `json:"sms"`            // oldest first
}

// Inboxes are the phones with their newest messages: the demo's subscribers
// first, then other numbers in the order of their first message.
func (c *City) Inboxes(phones, messages int) []Inbox {
	var inboxes []Inbox
	at := map[string]int{}
	for _, s := range DemoSubscribers() {
		at[s.Number] = len(inboxes)
		inboxes = append(inboxes, Inbox{s.Number, s.Lang, s.Plan, []Entry{}, []Entry{}})
	}
	for _, e := range c.log.Find(Query{Kind: Arrival}) {
		if e.Service == Slack {
			continue
		}
		i, known := at[e.To]
		if !known {
			if len(inboxes) >= phones {
				continue
			}
			i = len(inboxes)
			at[e.To] = i
			inboxes = append(inboxes, Inbox{Number: e.To, Messenger: []Entry{}, SMS: []Entry{}})
		}
		box := &inboxes[i].SMS
		if e.Service == AlimTalk {
			box = &inboxes[i].Messenger
		}
		*box = append(*box, e)
	}
	for i := range inboxes {
		inboxes[i].Messenger = newest(inboxes[i].Messenger, messages)
		inboxes[i].SMS = newest(inboxes[i].SMS, messages)
	}
	return inboxes
}

func newest(entries []Entry, count int) []Entry { return entries[max(0, len(entries)-count):] }

// pageView is what the template shows.
type pageView struct {
	Lang     string
	Langs    []pageLink
	Words    map[string]string
	Services []serviceView
	Phones   []phoneView
	Team     []Entry // what the operators read
	Paused   bool
	Toggle   string // the address that stops or starts the refresh
}

type pageLink struct {
	Lang, Name string
	Here       bool
}

type serviceView struct {
	ID, Name, State string
	Mode            string
	Well, Down      bool // Down: broken itself, or by what it needs
	Because         string
	Open            bool // all its ways to break are shown
	Modes           []modeView
}

type modeView struct {
	ID, Name string
	On       bool
}

type phoneView struct {
	Number, Lang, Plan string
	Messenger, SMS     []Entry
}

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"clock":   func(t time.Time) string { return t.In(korea).Format(time.TimeOnly) },
	"dialled": dialled,
}).Parse(pageHTML))

func (c *City) showPage(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	view := c.view(pageLang(query.Get("lang"), r.Header.Get("Accept-Language")), query.Get("still") != "", Service(query.Get("break")))
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, view); err != nil {
		http.Error(w, "the page can not be drawn", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.Copy(w, &page) //nolint:errcheck // a visitor who leaves is no error of ours
}

// view gathers what the page shows. It stands still while a person chooses how
// to break a service: a refresh would take the choice away.
func (c *City) view(lang string, still bool, breaking Service) pageView {
	still = still || breaking != ""
	view := pageView{Lang: lang, Words: pageWords[lang], Paused: still, Toggle: "/demo?lang=" + lang}
	if !still {
		view.Toggle += "&still=1"
	}
	for _, l := range pageLangs {
		view.Langs = append(view.Langs, pageLink{l, pageWords[l]["language"], l == lang})
	}
	for _, s := range Services() {
		if s.Spare() {
			continue
		}
		shown := c.viewService(s, lang)
		shown.Open = s == breaking
		view.Services = append(view.Services, shown)
	}
	for _, box := range c.Inboxes(pagePhones, pageMessages) {
		slices.Reverse(box.Messenger)
		slices.Reverse(box.SMS)
		view.Phones = append(view.Phones, phoneView{box.Number, box.Lang, view.Words["plan "+box.Plan], box.Messenger, box.SMS})
	}
	view.Team = newest(c.log.Find(Query{Kind: Arrival, Service: Slack}), pageMessages)
	slices.Reverse(view.Team)
	return view
}

func (c *City) viewService(s Service, lang string) serviceView {
	mode := c.Mode(s)
	view := serviceView{ID: string(s), Name: s.Name()[lang], Mode: string(mode), State: mode.Name()[lang], Well: mode == OK}
	for _, m := range s.Modes() {
		view.Modes = append(view.Modes, modeView{string(m), m.Name()[lang], m == mode})
	}
	if cause := c.brokenBy(s); cause != "" {
		view.Down, view.Because = true, cause.Name()[lang]
	}
	view.Down = view.Down || mode.dead()
	return view
}

// brokenBy names the dead service that a service needs, if there is one.
func (c *City) brokenBy(s Service) Service {
	var needs []Service
	switch s {
	case Chat, Places, Pay, Taxi, BankLink:
		needs = []Service{Login}
	case AlimTalk:
		needs = []Service{Login, Chat}
	default:
	}
	for _, need := range needs {
		if c.Mode(need).dead() {
			return need
		}
	}
	return ""
}

// dialled writes a Korean mobile number as people read it: 010-0000-0001.
func dialled(number string) string {
	n := national(number)
	if len(n) != 11 {
		return n
	}
	return n[:3] + "-" + n[3:7] + "-" + n[7:]
}

var pageLangs = []string{"ko", "ja", "en"}

// pageLang picks a language: the one asked for, else the first the browser
// names, else Korean.
func pageLang(asked, accepted string) string {
	if slices.Contains(pageLangs, asked) {
		return asked
	}
	for part := range strings.SplitSeq(accepted, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(pageLangs, primary) {
			return primary
		}
	}
	return pageLangs[0]
}

var pageWords = map[string]map[string]string{
	"ko": {
		"language": "한국어", "title": "모의 도시", "simulation": "모의 시험입니다. 실제 서비스도, 실제 전화번호도, 실제 문자도 아닙니다.",
		"services": "서비스", "because": "영향:", "mend": "고치기", "break": "멈추기", "more": "다른 고장…", "phones": "전화기",
		"messenger": "메신저", "sms": "문자", "team": "운영자 채팅", "none": "받은 것 없음", "page": "상황판 보기", "json": "JSON",
		"pause": "자동 새로고침 멈추기", "resume": "자동 새로고침 켜기", "down": "멈춤",
		"plan " + PlanMessenger: "메신저 먼저, 안 되면 문자", "plan " + PlanSMS: "문자만", "plan ": "",
	},
	"ja": {
		"language": "日本語", "title": "模擬都市", "simulation": "模擬訓練です。実在のサービス、電話番号、SMSではありません。",
		"services": "サービス", "because": "原因:", "mend": "直す", "break": "止める", "more": "ほかの壊し方…", "phones": "電話",
		"messenger": "メッセンジャー", "sms": "SMS", "team": "運用者チャット", "none": "受信なし", "page": "状況ページへ", "json": "JSON",
		"pause": "自動更新を止める", "resume": "自動更新を始める", "down": "停止",
		"plan " + PlanMessenger: "メッセンジャー優先、だめならSMS", "plan " + PlanSMS: "SMSのみ", "plan ": "",
	},
	"en": {
		"language": "English", "title": "The simulated city", "simulation": "This is a simulation: no real service, no real phone number, no real text.",
		"services": "Services", "because": "because of", "mend": "mend", "break": "stop it", "more": "otherwise…", "phones": "Phones",
		"messenger": "Messenger", "sms": "SMS", "team": "Operators' chat", "none": "nothing yet", "page": "to the status page", "json": "JSON",
		"pause": "stop refreshing", "resume": "refresh by itself", "down": "down",
		"plan " + PlanMessenger: "messenger first, else SMS", "plan " + PlanSMS: "SMS only", "plan ": "",
	},
}
