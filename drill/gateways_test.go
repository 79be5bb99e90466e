package drill_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"bongsu/drill"
)

// alimTalkAnswer is what the tests read of an AlimTalk answer.
type alimTalkAnswer struct {
	Header  struct{ ResultCode int }
	Message struct {
		RequestID   string
		SendResults []struct {
			RecipientNo string
			ResultCode  int
		}
		MessageStatus, ResultCode, Content string
	}
	Found struct {
		Messages   []struct{ RequestID, RecipientNo, Content string }
		TotalCount int
	} `json:"messageSearchResultResponse"`
}

func alimTalk(t *testing.T, city *drill.City, method, path, key, body string) (answer, alimTalkAnswer) {
	t.Helper()
	want := task{method, "/alimtalk/v2.3/appkeys/" + city.Keys().AlimTalkApp + "/messages" + path, body, jsonBody, func(r *http.Request, k drill.Keys) {
		r.Header.Set("X-Secret-Key", k.AlimTalkSecret)
		if key != "" {
			r.Header.Set("X-NC-API-IDEMPOTENCY-KEY", key)
		}
	}, 200, ""}
	got := do(t, fresh(city, 3*time.Second), city.URL(drill.AlimTalk), want, city.Keys())
	var read alimTalkAnswer
	if got.err == nil {
		if err := json.Unmarshal([]byte(got.body), &read); err != nil {
			t.Fatalf("reading %q: %v", got.body, err)
		}
	}
	return got, read
}

func alimTalkBody(city *drill.City, template string, numbers ...string) string {
	var recipients []string
	for _, n := range numbers {
		recipients = append(recipients, fmt.Sprintf(`{"recipientNo":%q,"templateParameter":{"what":"메신저","when":"15:42"},"recipientGroupingKey":"g"}`, n))
	}
	return fmt.Sprintf(`{"senderKey":%q,"templateCode":%q,"recipientList":[%s]}`, city.Keys().AlimTalkSender, template, strings.Join(recipients, ","))
}

func TestAlimTalkFromEndToEnd(t *testing.T) {
	t.Parallel()
	settings := quick
	settings.Templates = map[string]string{"outage": "#{when} #{what} 장애"}
	city := runCity(t, settings)
	_, sent := alimTalk(t, city, "POST", "", "d-1", alimTalkBody(city, "outage", "01000000001", "0200000000"))
	if sent.Header.ResultCode != 0 || len(sent.Message.SendResults) != 2 || sent.Message.SendResults[0].ResultCode != 0 || sent.Message.SendResults[1].ResultCode == 0 {
		t.Fatalf("the answer is %+v", sent)
	}
	_, early := alimTalk(t, city, "GET", "/"+sent.Message.RequestID+"/1", "", "")
	if early.Message.Content != "15:42 메신저 장애" {
		t.Errorf("the text is %q", early.Message.Content)
	}
	await(t, "the result", func() bool {
		_, result := alimTalk(t, city, "GET", "/"+sent.Message.RequestID+"/1", "", "")
		return result.Message.MessageStatus == "COMPLETED" && result.Message.ResultCode == "MRC01"
	})
	arrived := city.Log().Find(drill.Query{Kind: drill.Arrival, Service: drill.AlimTalk})
	if len(arrived) != 1 || arrived[0].To != "+821000000001" || arrived[0].Key != "d-1" {
		t.Errorf("what arrived: %+v", arrived)
	}
	_, unknown := alimTalk(t, city, "POST", "", "", alimTalkBody(city, "unheard-of", "01000000001"))
	if unknown.Header.ResultCode == 0 {
		t.Error("a template that is not registered was taken")
	}
}

// The same key is refused within ten minutes, also when the first answer was
// lost: that is how a sender learns that it was taken.
func TestAlimTalkRefusesTheSameKey(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	body := alimTalkBody(city, "t", "01000000001")
	set(t, city, drill.AlimTalk, drill.LostAnswer)
	if got, _ := alimTalk(t, city, "POST", "", "d-1", body); got.err == nil {
		t.Fatalf("there was an answer: %s", got.body)
	}
	set(t, city, drill.AlimTalk, drill.OK)
	if _, again := alimTalk(t, city, "POST", "", "d-1", body); again.Header.ResultCode != -1005 {
		t.Errorf("the second time: %+v", again)
	}
	if _, other := alimTalk(t, city, "POST", "", "d-2", body); other.Header.ResultCode != 0 {
		t.Errorf("another key: %+v", other)
	}
	await(t, "both texts", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival}) == 2 })
	if diff := cmp.Diff(map[string]int{"+821000000001": 1}, city.Log().CountByRecipient(drill.Query{Kind: drill.Arrival, Key: "d-1"})); diff != "" {
		t.Errorf("texts of the first key (-want +got):\n%s", diff)
	}
}

func TestAlimTalkLookUp(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	alimTalk(t, city, "POST", "", "", alimTalkBody(city, "t", "01000000001", "01000000002"))
	now := time.Now().In(time.FixedZone("KST", 9*3600))
	between := "startRequestDate=" + now.Add(-time.Hour).Format("2006-01-02+15:04") + "&endRequestDate=" + now.Add(time.Hour).Format("2006-01-02+15:04")
	past := "startRequestDate=2020-01-01+00:00&endRequestDate=2020-01-02+00:00"
	for query, want := range map[string]int{
		between:                              2,
		between + "&recipientNo=01000000002": 1,
		between + "&recipientGroupingKey=g":  2,
		between + "&recipientGroupingKey=h":  0,
		between + "&recipientNo=01000000003": 0,
		past:                                 0,
		"requestId=none":                     0,
	} {
		if _, found := alimTalk(t, city, "GET", "?"+query, "", ""); found.Found.TotalCount != want || len(found.Found.Messages) != want {
			t.Errorf("%s: found %d, want %d", query, found.Found.TotalCount, want)
		}
	}
	if _, found := alimTalk(t, city, "GET", "", "", ""); found.Header.ResultCode == 0 {
		t.Error("a look-up without a request or times was answered")
	}
}

// While login or chat is dead a hand-over gets no answer and takes nothing,
// what was under way never arrives, and look-ups go on.
func TestAlimTalkFollowsTheMessenger(t *testing.T) {
	t.Parallel()
	settings := quick
	settings.Travel = drill.Span{Min: time.Second, Max: time.Second}
	for _, cause := range []drill.Service{drill.Login, drill.Chat} {
		city := runCity(t, settings)
		_, underWay := alimTalk(t, city, "POST", "", "d-1", alimTalkBody(city, "t", "01000000001"))
		set(t, city, cause, drill.Refused)
		got, _ := alimTalk(t, city, "POST", "", "d-2", alimTalkBody(city, "t", "01000000002"))
		if got.err == nil {
			t.Errorf("without %s: %s", cause, got.body)
		}
		set(t, city, cause, drill.OK)
		_, result := alimTalk(t, city, "GET", "/"+underWay.Message.RequestID+"/1", "", "")
		if result.Message.Content == "" || result.Message.MessageStatus != "" {
			t.Errorf("what was under way: %+v", result)
		}
		if _, again := alimTalk(t, city, "POST", "", "d-2", alimTalkBody(city, "t", "01000000002")); again.Header.ResultCode != 0 {
			t.Errorf("the same key after a hand-over that hung: %+v", again)
		}
		await(t, "the text after", func() bool {
			return city.Log().Count(drill.Query{Kind: drill.Arrival, To: "+821000000002"}) == 1
		})
		if lost := city.Log().Count(drill.Query{Kind: drill.Arrival, To: "+821000000001"}); lost != 0 {
			t.Errorf("without %s, what was under way arrived", cause)
		}
	}
}

func TestAlimTalkLateResults(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	set(t, city, drill.AlimTalk, drill.Late)
	_, sent := alimTalk(t, city, "POST", "", "", alimTalkBody(city, "t", "01000000001"))
	await(t, "the text", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival}) == 1 })
	arrived := city.Log().Find(drill.Query{Kind: drill.Arrival})[0].At
	await(t, "the result", func() bool {
		_, result := alimTalk(t, city, "GET", "/"+sent.Message.RequestID+"/1", "", "")
		return result.Message.MessageStatus == "COMPLETED"
	})
	if waited := time.Since(arrived); waited < quick.Late {
		t.Errorf("the result was known %s after the text", waited)
	}
}

// The maker's own client posts, threads, is throttled and refused.
func TestSlack(t *testing.T) {
	t.Parallel()
	settings := quick
	settings.SlackPace = time.Hour
	city := runCity(t, settings)
	keys := city.Keys()
	workspace := slack.New(keys.SlackToken, slack.OptionAPIURL(city.URL(drill.Slack)+"/api/"))
	if who, err := workspace.AuthTestContext(t.Context()); err != nil || who.Team != "Simulation" {
		t.Fatalf("auth.test: %+v, %v", who, err)
	}
	_, first, err := workspace.PostMessageContext(t.Context(), keys.SlackChannel, slack.MsgOptionText("login is down", false))
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := workspace.PostMessageContext(t.Context(), keys.SlackChannel, slack.MsgOptionText("it is mended", false), slack.MsgOptionTS(first))
	if err != nil || second <= first {
		t.Errorf("the second is %q after %q, %v", second, first, err)
	}
	await(t, "both messages", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, Service: drill.Slack}) == 2 })
	got := city.Log().Find(drill.Query{Kind: drill.Arrival, To: keys.SlackChannel})
	if got[0].Body != "login is down" || got[0].Ref != first || got[1].Thread != first {
		t.Errorf("the channel has %+v", got)
	}
	for range 10 { // a few may come in advance of the pace
		if _, _, err = workspace.PostMessageContext(t.Context(), keys.SlackChannel, slack.MsgOptionText("again", false)); err != nil {
			break
		}
	}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); !ok || limited.RetryAfter <= 0 {
		t.Errorf("too fast: %v", err)
	}
	if _, err := slack.New("xoxb-other", slack.OptionAPIURL(city.URL(drill.Slack)+"/api/")).AuthTestContext(t.Context()); err == nil || err.Error() != "invalid_auth" {
		t.Errorf("with another token: %v", err)
	}
}

func TestSlackTakesJSON(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	post := tasks(city.Keys())[drill.Slack]
	post.body, post.kind = `{"channel":"#outages","text":"hello"}`, jsonBody
	checkWell(t, city, drill.Slack, do(t, fresh(city, time.Second), city.URL(drill.Slack), post, city.Keys()))
}
