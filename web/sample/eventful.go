package sample

import (
	"slices"
	"time"

	"bongsu/status"
)

// ago is so many minutes before every sample's instant.
func ago(minutes int) time.Time { return Now().Add(-time.Duration(minutes) * time.Minute) }

// Impaired is a day on which everything may be well and nobody can say: two of
// three locations no longer reach what always answers.
func Impaired() *status.Snapshot {
	s := Calm()
	s.Overall, s.Impaired = status.Unknown, ago(11)
	s.Locations = threeLocations(
		status.Doubt{Location: "busan-1", Kind: status.DoubtControls, Since: ago(14)},
		status.Doubt{Location: "seoul-1", Kind: status.DoubtClock, Since: ago(11)},
	)
	for g := range s.Groups {
		s.Groups[g].State = status.Unknown
		for _, v := range s.Groups[g].Components {
			v.State, v.Since, v.Available = status.Unknown, ago(11), nil
			v.Why = []status.Finding{{Check: v.Checks[0].ID, Doubted: []string{"busan-1", "seoul-1"}, Silent: []string{"jeju-1"}}}
		}
	}
	for f := range s.Apps[0].Functions {
		s.Apps[0].Functions[f].State = status.Unknown
	}
	return s
}

func threeLocations(doubts ...status.Doubt) []status.LocationView {
	names := map[string]status.Text{
		"busan-1": text("부산", "釜山", "Busan"), "jeju-1": text("제주", "済州", "Jeju"), "seoul-1": text("서울", "ソウル", "Seoul"),
	}
	var views []status.LocationView
	for _, id := range []string{"busan-1", "jeju-1", "seoul-1"} {
		v := status.LocationView{Location: status.Location{ID: id, Name: names[id]}, Heard: Now().Add(-4 * time.Second)}
		for _, d := range doubts {
			if d.Location == id {
				v.Doubts = append(v.Doubts, d)
			}
		}
		views = append(views, v)
	}
	return views
}

// Eventful is the outage with all that can be told of one: what others said,
// ends that were expected, an onset and a cause that were corrected, promises
// that were missed, stories that merged and parted, a false alarm taken back,
// locations that disagree, one that is not believed, a crowded substitute, and
// work that was called off.
func Eventful() *status.Snapshot {
	s := Outage()
	s.Locations = threeLocations(status.Doubt{Location: "busan-1", Kind: status.DoubtControls, Since: ago(31)})
	disagree(s)
	other, _ := s.Component("chat-text")
	other.Available = []status.Substitute{{ID: "other-chat", Crowded: true, Usual: 600 * time.Millisecond, Lately: 2400 * time.Millisecond}}
	story := &s.Incidents[0]
	story.Began, story.Next = ago(25), ago(4)
	tell(story)
	s.Past = append([]status.Incident{merged(), retracted()}, s.Past...)
	s.Incidents = append(s.Incidents, parted())
	off := maintenance()[0]
	off.ID, off.Cancelled = "m2", ago(90)
	off.Title = text("지도 갱신 작업", "地図の更新作業", "Map update")
	off.Text = text("서비스 장애로 취소되었습니다.", "障害のため中止しました。", "Called off because of the outage.")
	off.Components = []string{"place-search"}
	s.Maintenance = append(s.Maintenance, off)
	return s
}

// disagree has route fail from one of three locations, as one of them is not
// believed and one sees it answer.
func disagree(s *status.Snapshot) {
	c, _ := s.Component("route")
	check := &c.Checks[0]
	c.State, c.Since, c.Available = status.Unknown, ago(9), nil
	c.Why = []status.Finding{{
		Check: check.ID, Failing: []string{"seoul-1"}, Passing: []string{"jeju-1"}, Doubted: []string{"busan-1"},
		Reason: "expected status == 200, but status is 503", At: Now().Add(-9 * time.Second),
	}}
	look := func(location string, level status.Level, o status.Outcome, took time.Duration, reason string) status.Standing {
		at := Now().Add(-9 * time.Second)
		return status.Standing{
			Vote:  status.Vote{Check: check.ID, Location: location, Outcome: o, At: at, Took: took, Reason: reason},
			Level: level, Said: at, Usual: 190 * time.Millisecond, Lately: took,
		}
	}
	c.Standings = []status.Standing{
		look("busan-1", status.LevelUnknown, status.Failed, 10*time.Second, "connected, but no answer within 10s"),
		look("jeju-1", status.LevelOK, status.OK, 212*time.Millisecond, ""),
		look("seoul-1", status.LevelFail, status.Wrong, 61*time.Millisecond, "expected status == 200, but status is 503"),
	}
}

// tell adds to the story what people and others have said of it.
func tell(i *status.Incident) {
	said := &status.Statement{
		Speaker: "Example Operator", Said: ago(16), Source: "https://operator.example/notice/1", Fixed: true,
		Text: text("로그인 복구를 마쳤습니다.", "ログインの復旧を完了しました。", "Login has been restored."),
	}
	early := &status.ETA{
		ID: "u4", Speaker: "Example Operator", By: ago(7), Expires: ago(7), Source: "https://operator.example/notice/1",
		Basis: text("전원이 들어오면 두 시간 안에 복구", "電源の復帰から2時間以内に復旧", "Two hours after power returns"),
	}
	late := &status.ETA{
		ID: "u8", Speaker: "Example Operator", By: Now().Add(50 * time.Minute), Expires: Now().Add(80 * time.Minute),
		Basis: text("예비 인증 서버로 전환 중", "予備の認証サーバーへ切り替え中", "Switching to the spare login servers"),
	}
	onset := &status.Correction{
		Field: status.CorrectBegan, Was: began().Format(time.RFC3339), Is: ago(25).Format(time.RFC3339), Source: "https://operator.example/notice/2",
		Reason: text("운영사의 기록으로 확인했습니다.", "事業者の記録で確認しました。", "The operator's own records show it."),
	}
	cause := &status.Correction{
		Field: status.CorrectCause, Was: "component:chat-text", Is: "component:login",
		Reason: text("메신저는 로그인에 의존합니다.", "チャットはログインに依存しています。", "Chat depends on login."),
	}
	update := func(id string, at time.Time, k status.UpdateKind) status.Update {
		return status.Update{ID: id, At: at, Kind: k, Stage: status.Identified, Cause: i.Cause, Components: i.Components}
	}
	statement, eta, notMet, next := update("u5", ago(15), status.UpdateStatement), update("u4", ago(17), status.UpdateETA), update("u6", ago(7), status.UpdateETANotMet), update("u8", ago(5), status.UpdateETA)
	statement.Statement, statement.Author = said, "Duty desk"
	eta.ETA, notMet.ETA, next.ETA = early, early, late
	took, mended, fixed, late2 := update("u7", ago(6), status.UpdateMerged), update("u9", ago(5), status.UpdateCorrected), update("u10", ago(4), status.UpdateCorrected), update("u11", ago(3), status.UpdateNoChange)
	took.Other, mended.Correction, fixed.Correction, late2.Missed = "01JD9R3AAA", onset, cause, ago(12)
	mended.Author, fixed.Author = "Duty desk", "Duty desk"
	split := update("u12", ago(2), status.UpdateSplit)
	split.Other = "01JD9R3BBB"
	i.Updates = append(i.Updates, eta, statement, notMet, took, next, mended, fixed, late2, split)
	slices.SortStableFunc(i.Updates, func(a, b status.Update) int { return a.At.Compare(b.At) })
}

func merged() status.Incident {
	hit := []status.Affected{{Component: "place-search", State: status.MajorOutage, Worst: status.MajorOutage, Cause: true, Since: ago(21), Until: ago(6)}}
	return status.Incident{
		ID: "01JD9R3AAA", Code: "M3RG", Cause: "component:place-search", Stage: status.Identified, Impact: status.MajorOutage, Worst: status.MajorOutage,
		Began: ago(21), Detected: ago(20), Resolved: ago(6), MergedInto: "01JD9R2W8F", Components: hit,
		Updates: []status.Update{
			{ID: "m1", At: ago(20), Kind: status.UpdateOpened, Cause: "component:place-search", Components: hit},
			{ID: "m2", At: ago(6), Kind: status.UpdateMerged, Cause: "component:place-search", Components: hit, Other: "01JD9R2W8F"},
		},
	}
}

func parted() status.Incident {
	hit := []status.Affected{{Component: "taxi", State: status.PartialOutage, Worst: status.PartialOutage, Cause: true, Since: ago(22)}}
	return status.Incident{
		ID: "01JD9R3BBB", Code: "SPL7", Cause: "component:taxi", Stage: status.Investigating, Impact: status.PartialOutage, Worst: status.PartialOutage,
		Began: ago(22), Detected: ago(20), Announced: ago(20), Next: Now().Add(58 * time.Minute), Apart: true, Components: hit,
		Updates: []status.Update{{ID: "s1", At: ago(2), Kind: status.UpdateOpened, Cause: "component:taxi", Components: hit, Other: "01JD9R2W8F", Next: Now().Add(58 * time.Minute)}},
	}
}

func retracted() status.Incident {
	hit := []status.Affected{{Component: "bank-core", State: status.Operational, Worst: status.MajorOutage, Cause: true, Since: ago(190), Until: ago(170)}}
	return status.Incident{
		ID: "01JD9Q7RTR", Code: "R3TR", Cause: "component:bank-core", Stage: status.Resolved, Worst: status.MajorOutage,
		Began: ago(190), Detected: ago(189), Announced: ago(189), Resolved: ago(170), Retracted: ago(170), Components: hit,
		Updates: []status.Update{
			{ID: "r1", At: ago(189), Kind: status.UpdateOpened, Cause: "component:bank-core", Components: []status.Affected{{Component: "bank-core", State: status.MajorOutage, Cause: true, Since: ago(190)}}},
			{
				ID: "r2", At: ago(170), Kind: status.UpdateRetracted, Stage: status.Resolved, Cause: "component:bank-core", Author: "Duty desk",
				Text: text("시험용 계좌의 인증이 만료되어 있었습니다.", "試験用口座の認証が期限切れでした。", "The credentials of our test account had expired."),
			},
		},
	}
}
