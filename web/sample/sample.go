// Package sample makes snapshots for tests and pictures: a city of generic
// services on a quiet day, and on the day its login stops answering.
package sample

import (
	"fmt"
	"slices"
	"time"

	"bongsu/status"
)

// Seoul is the zone of the samples. It has no summer time, so a fixed one will do.
var seoul = time.FixedZone("Asia/Seoul", 9*60*60)

// Now is the instant of every sample: a Sunday afternoon in Seoul.
func Now() time.Time { return time.Date(2026, 11, 22, 15, 52, 0, 0, seoul) }

func began() time.Time { return Now().Add(-22 * time.Minute) }

func text(ko, ja, en string) status.Text { return status.Text{"ko": ko, "ja": ja, "en": en} }

// service is a component in few words.
type service struct {
	group  string
	id     string
	name   status.Text
	needs  []status.Need
	advice status.Text
	depth  status.Depth
	subs   []string
}

func groups() []status.Group {
	return []status.Group{
		{ID: "login", Name: text("로그인", "ログイン", "Login")},
		{ID: "chat", Name: text("메신저", "メッセンジャー", "Chat")},
		{ID: "maps", Name: text("지도", "地図", "Maps")},
		{ID: "payments", Name: text("결제", "決済", "Payments")},
		{ID: "ride", Name: text("차량 호출", "配車", "Ride-hailing")},
	}
}

func services() []service {
	login := []status.Need{{ID: "login"}}
	return []service{
		{"login", "login", text("공통 로그인", "共通ログイン", "Shared login"), nil, nil, status.Function, nil},
		{
			"chat", "chat-text", text("메신저 글 보내기", "チャットの送信", "Chat messages"), login,
			text("급하면 전화나 문자를 쓰십시오.", "急ぎは電話かSMSをお使いください。", "If urgent, call or text."), status.Canary,
			[]string{"other-chat"},
		},
		{"chat", "other-chat", text("다른 메신저", "別のチャット", "Other chat"), nil, nil, status.Function, []string{"chat-text"}},
		{"maps", "place-search", text("장소 검색", "場所検索", "Place search"), login, nil, status.Function, nil},
		{"maps", "route", text("길찾기", "経路案内", "Routes"), nil, nil, status.Function, nil},
		{
			"payments", "pay", text("간편결제", "かんたん決済", "Wallet payment"), login,
			text("현금이나 실물 카드를 준비하십시오.", "現金か実物のカードをご用意ください。", "Carry cash or a card."), status.Edge, nil,
		},
		{"payments", "bank-core", text("은행 이체", "銀行振込", "Bank transfer"), nil, nil, status.Canary, nil},
		{
			"payments", "bank-linked", text("메신저 송금", "チャット送金", "Send money by chat"),
			[]status.Need{{ID: "chat-text"}, {ID: "login", Soft: true}},
			nil, status.Function,
			[]string{"bank-core"},
		},
		{
			"ride", "taxi", text("택시 호출", "タクシー配車", "Taxi"),
			[]status.Need{{ID: "login"}, {ID: "route"}},
			text("길에서 잡거나 전화로 부르십시오.", "流しのタクシーか電話でお呼びください。", "Hail one or phone for one."), status.Edge, nil,
		},
	}
}

// Calm is a quiet day: everything works, maintenance is planned.
func Calm() *status.Snapshot {
	s := &status.Snapshot{
		At: Now(),
		Site: status.Site{
			Name: text("서비스 상황판", "サービス状況", "Service status"), URL: "https://status.example",
			Languages: []string{"ko", "ja", "en"}, Zone: seoul, Contact: "ops@status.example",
		},
		Past:        past(),
		Maintenance: maintenance(),
		Apps:        apps(),
		Overall:     status.Operational,
		Locations:   locations(),
		Rules: status.Rules{
			Confirm: 3, Recover: 3, Settle: 5 * time.Second, Watch: time.Hour, Promise: time.Hour,
		},
		Controls: []status.Check{{ID: "control/portal", Name: "portal"}, {ID: "control/dns", Name: "dns"}},
	}
	for _, g := range groups() {
		view := status.GroupView{Group: g, State: status.Operational}
		for i, svc := range services() {
			if svc.group == g.ID {
				view.Components = append(view.Components, component(svc, i))
			}
		}
		s.Groups = append(s.Groups, view)
	}
	for _, svc := range services() {
		for _, need := range svc.needs {
			c, _ := s.Component(need.ID)
			c.NeededBy = append(c.NeededBy, svc.id)
		}
	}
	return s
}

func component(svc service, n int) *status.ComponentView {
	check := status.Check{ID: svc.id + "/function", Name: svc.name["en"], Depth: svc.depth, Fresh: 3 * time.Minute}
	c := &status.ComponentView{
		Component: &status.Component{
			ID: svc.id, Group: svc.group, Name: svc.name, Operator: "Example Operator",
			Needs: svc.needs, Substitutes: svc.subs, Advice: svc.advice, Checks: []status.Check{check},
		},
		Condition: status.Condition{
			Component: svc.id, State: status.Operational, Since: Now().AddDate(0, 0, -12), Measured: Now().Add(-20 * time.Second),
		},
		PastDays: days(n)[:89], Today: days(n)[89], Uptime: 0.99987 - float64(n)*0.0003, UptimeKnown: true,
	}
	for _, id := range svc.subs {
		c.Available = append(c.Available, status.Substitute{ID: id})
	}
	for _, location := range []string{"busan-1", "seoul-1"} {
		c.Standings = append(c.Standings, status.Standing{
			Vote: status.Vote{
				Check: check.ID, Location: location, Outcome: status.OK,
				At: Now().Add(-20 * time.Second), Took: 183 * time.Millisecond,
			},
			Level: status.LevelOK, Said: Now().Add(-20 * time.Second),
			Usual: 190 * time.Millisecond, Lately: 183 * time.Millisecond,
		})
	}
	return c
}

func locations() []status.LocationView {
	var views []status.LocationView
	for _, id := range []string{"busan-1", "seoul-1"} {
		views = append(views, status.LocationView{Location: status.Location{ID: id}, Heard: Now().Add(-5 * time.Second)})
	}
	return views
}

// days are 90 days with a few bad ones, others for each n.
func days(n int) []*status.Day {
	days := make([]*status.Day, 90)
	for i := range days {
		days[i] = &status.Day{Date: Now().AddDate(0, 0, i-89).Format(time.DateOnly), Worst: status.Operational, Uptime: 1, Known: true}
	}
	spoil := func(i int, s status.State, down time.Duration) {
		days[i].Worst, days[i].Down = s, down
		days[i].Uptime = 1 - down.Hours()/24
	}
	spoil((17+n*7)%80, status.DegradedPerformance, 0)
	spoil((41+n*11)%80, status.PartialOutage, 13*time.Minute)
	if n%3 == 0 {
		spoil((60+n*5)%80, status.MajorOutage, 47*time.Minute)
	}
	days[3].Worst, days[3].Known, days[3].Unknown = status.Unknown, false, 24*time.Hour
	return days
}

func past() []status.Incident {
	end := Now().AddDate(0, 0, -9)
	start := end.Add(-7*time.Hour - 10*time.Minute)
	older := Now().AddDate(0, 0, -40)
	return []status.Incident{
		{
			ID: "01JC8Z6Q4T", Code: "K4T9", Cause: "component:chat-text", Stage: status.Resolved, Worst: status.MajorOutage,
			Began: start, Detected: start.Add(time.Minute), Announced: start.Add(time.Minute), Resolved: end,
			Components: []status.Affected{{Component: "chat-text", State: status.Operational, Worst: status.MajorOutage, Cause: true, Since: start, Until: end}},
			Updates: []status.Update{
				{ID: "u1", At: start.Add(time.Minute), Kind: status.UpdateOpened, Cause: "component:chat-text", Components: []status.Affected{{Component: "chat-text", State: status.MajorOutage, Cause: true, Since: start}}},
				{ID: "u2", At: end, Kind: status.UpdateResolved, Stage: status.Resolved, Cause: "component:chat-text"},
			},
		},
		{
			ID: "01JA2M7X1B", Code: "P2QM", Cause: "domain:dc-south", Stage: status.Resolved, Worst: status.PartialOutage,
			Began: older, Detected: older.Add(2 * time.Minute), Resolved: older.Add(34 * time.Minute),
			Components: []status.Affected{
				{Component: "pay", State: status.Operational, Worst: status.PartialOutage, Since: older, Until: older.Add(34 * time.Minute)},
				{Component: "taxi", State: status.Operational, Worst: status.PartialOutage, Since: older, Until: older.Add(30 * time.Minute)},
			},
		},
	}
}

func maintenance() []status.Maintenance {
	from := Now().Add(35 * time.Hour)
	return []status.Maintenance{{
		ID: "m1", Title: text("은행 이체 시스템 점검", "銀行振込システムの点検", "Bank transfer maintenance"),
		Text:       text("이 시간에는 이체할 수 없습니다.", "この間は振り込みができません。", "No transfers during this time."),
		Components: []string{"bank-core"}, From: from, Until: from.Add(90 * time.Minute),
	}}
}

func apps() []status.AppView {
	fn := status.AppFunction{
		ID: "report", Name: text("안전 신고", "安全の通報", "Safety report"), Needs: []status.Need{{ID: "place-search"}},
		Instead: text("긴급 119 · 생활민원 110", "緊急119・生活相談110", "Emergency 119 · civil affairs 110"),
		Phones: []status.Phone{
			{Number: "119", Name: text("긴급", "緊急", "Emergency")}, {Number: "110", Name: text("생활민원", "生活相談", "Civil affairs")},
		},
	}
	back := status.AppFunction{
		ID: "return", Name: text("반납", "返却", "Returns"), Needs: []status.Need{{ID: "pay"}}, Metered: status.MeteredRental,
		Instead: text("대여소에 세워 두기", "駐輪場に停める", "Leave it at a station"),
	}
	other := status.AppFunction{ID: "read", Name: text("처리 결과 조회", "結果の照会", "Case status")}
	return []status.AppView{{
		App: status.App{
			ID: "safety-report", Name: text("안전신고 앱", "安全通報アプリ", "Safety report app"),
			Origins: []string{"https://report.example"}, Functions: []status.AppFunction{fn, other},
		},
		Functions: []status.FunctionView{{AppFunction: fn, State: status.Operational}, {AppFunction: other, State: status.Operational}},
	}, {
		App:       status.App{ID: "city-bike", Name: text("시민자전거", "市民自転車", "City bike"), Functions: []status.AppFunction{back}},
		Functions: []status.FunctionView{{AppFunction: back, State: status.Operational}},
	}}
}

// Outage is the same city while its login does not answer: chat, place search,
// payment, taxi and a bank's linked function fail with it; the bank's core
// works.
func Outage() *status.Snapshot {
	s := Calm()
	s.Overall = status.MajorOutage
	incident := status.Incident{
		ID: "01JD9R2W8F", Code: "7F3K", Cause: "component:login", Stage: status.Identified,
		Impact: status.MajorOutage, Worst: status.MajorOutage,
		Began: began(), Detected: began().Add(40 * time.Second), Announced: began().Add(time.Minute), Next: Now().Add(38 * time.Minute),
	}
	for _, hit := range []struct {
		id      string
		state   status.State
		derived bool
	}{
		{"login", status.MajorOutage, false},
		{"chat-text", status.MajorOutage, false},
		{"place-search", status.MajorOutage, false},
		{"pay", status.PartialOutage, false},
		{"bank-linked", status.PartialOutage, true},
		{"taxi", status.PartialOutage, false},
	} {
		fail(s, hit.id, hit.state, hit.derived, incident.ID)
		incident.Components = append(incident.Components, status.Affected{
			Component: hit.id, State: hit.state, Worst: hit.state, Derived: hit.derived, Cause: hit.id == "login", Since: began(),
		})
	}
	incident.Updates = updates(incident.Components)
	s.Incidents = []status.Incident{incident}
	fn := &s.Apps[0].Functions[0]
	fn.State, fn.AffectedBy, fn.Incident = status.MajorOutage, []string{"place-search"}, incident.ID
	back := &s.Apps[1].Functions[0]
	back.State, back.AffectedBy, back.Incident = status.PartialOutage, []string{"pay"}, incident.ID
	return s
}

func updates(hit []status.Affected) []status.Update {
	at := func(minutes int) time.Time { return began().Add(time.Duration(minutes) * time.Minute) }
	return []status.Update{
		{ID: "u1", At: at(1), Kind: status.UpdateOpened, Cause: "component:login", Components: hit[:3], Next: at(61)},
		{ID: "u2", At: at(3), Kind: status.UpdateChanged, Stage: status.Identified, Cause: "component:login", Components: hit},
		{
			ID: "u3", At: at(14), Kind: status.UpdateNote, Stage: status.Identified, Author: "Duty desk", Next: Now().Add(38 * time.Minute),
			Text: text("운영사에 문의했으며 답을 기다리고 있습니다.", "事業者に問い合わせ、回答を待っています。", "We have asked the operator and await an answer."),
		},
	}
}

func fail(s *status.Snapshot, id string, state status.State, derived bool, incident string) {
	c, _ := s.Component(id)
	c.State, c.Derived, c.Since, c.Incident = state, derived, began(), incident
	if id != "login" {
		c.AffectedBy = "component:login"
	}
	c.Today.Worst, c.Today.Down, c.Today.Uptime = state, 22*time.Minute, 0.97
	if derived {
		return
	}
	check := c.Checks[0].ID
	c.Why = []status.Finding{{
		Check: check, Level: status.LevelFail, Failing: []string{"busan-1", "seoul-1"},
		Reason: "connected, but no answer within 10s", At: Now().Add(-12 * time.Second),
	}}
	for i := range c.Standings {
		c.Standings[i].Level, c.Standings[i].Outcome, c.Standings[i].Took = status.LevelFail, status.Failed, 10*time.Second
	}
	for g := range s.Groups {
		if s.Groups[g].ID == c.Group {
			s.Groups[g].State = max(s.Groups[g].State, state)
		}
	}
}

// Crowded is the outage in a city with n components.
func Crowded(n int) *status.Snapshot {
	s := Outage()
	have := len(services())
	for i := have; i < n; i++ {
		g := &s.Groups[i%len(s.Groups)]
		g.Components = append(g.Components, component(service{
			group: g.ID, id: fmt.Sprintf("extra-%d", i),
			name:  text(fmt.Sprintf("지역 서비스 %d호", i), fmt.Sprintf("地域サービス第%d号", i), fmt.Sprintf("Regional service %d", i)),
			depth: status.Edge,
		}, i))
	}
	return s
}

// Renamed is the outage with every name and text of the operators replaced.
func Renamed(name string) *status.Snapshot {
	s := Outage()
	all := text(name, name, name)
	s.Site.Name = all
	for g := range s.Groups {
		s.Groups[g].Name = all
		for _, v := range s.Groups[g].Components {
			v.Name, v.Advice, v.Operator = all, all, name
			for f := range v.Why {
				v.Why[f].Reason = name
			}
		}
	}
	for a := range s.Apps {
		s.Apps[a].Name = all
		for f := range s.Apps[a].Functions {
			s.Apps[a].Functions[f].Name, s.Apps[a].Functions[f].Instead = all, all
		}
	}
	for m := range s.Maintenance {
		s.Maintenance[m].Title, s.Maintenance[m].Text = all, all
	}
	for u := range s.Incidents[0].Updates {
		s.Incidents[0].Updates[u].Text, s.Incidents[0].Updates[u].Author = all, name
	}
	s.Past = slices.Clone(s.Past)
	return s
}
