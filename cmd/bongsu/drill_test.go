package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/drill"
	"bongsu/drill/replay"
	"bongsu/drill/scenario"
	"bongsu/drill/score"
	"bongsu/notifier"
	"bongsu/notifier/twilio"
)

func shipped(t *testing.T) []*scenario.Scenario {
	t.Helper()
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func rehearsed(t *testing.T, s *scenario.Scenario, o drillOptions) *score.Card {
	t.Helper()
	record, err := rehearse(t.Context(), s, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return record.Card()
}

// Every scenario that comes with the program holds, and its second run is the
// first again, byte for byte. BONGSU_DEEP=1 runs the long ones twice too. Under
// the race detector the short ones run once, and the long ones are left to it.
func TestEveryScenarioHolds(t *testing.T) {
	for _, s := range shipped(t) {
		t.Run(s.ID, func(t *testing.T) {
			days := s.End.Sub(s.Start) > 24*time.Hour
			if days && racing {
				t.Log("days take minutes under the race detector; the slow tests run this one without it")
				return
			}
			card := rehearsed(t, s, drillOptions{})
			for _, f := range card.Findings {
				if f.Verdict != score.Held {
					t.Errorf("%s %s: %s\n%q", f.Verdict, f.ID, f.Text, f.Evidence)
				}
			}
			if racing || days && os.Getenv("BONGSU_DEEP") != "1" {
				return // days take seconds each: these run a second time with the slow tests
			}
			again := rehearsed(t, s, drillOptions{})
			for name, write := range map[string][2]func(io.Writer) error{
				"text": {card.Text, again.Text}, "JSON": {card.JSON, again.JSON}, "HTML": {card.HTML, again.HTML}, "SVG": {card.SVG, again.SVG},
			} {
				if diff := cmp.Diff(written(t, write[0]), written(t, write[1])); diff != "" {
					t.Errorf("two runs differ in their %s:\n%s", name, diff)
				}
			}
		})
	}
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// ownConfig is a configuration with real gateways at their real addresses: what
// a drill makes of it must reach nobody.
const ownConfig = `
site: {name: {ko: 우리, ja: 我々, en: Ours}, url: "https://status.example", contact: ops@status.example}
keys: env:KEYS
groups:
  - {id: chat, name: {ko: 메신저, ja: チャット, en: Chat}}
  - {id: maps, name: {ko: 지도, ja: 地図, en: Maps}}
components:
  - id: kakao-auth-login
    group: chat
    name: {ko: 로그인, ja: ログイン, en: Login}
    short: {ko: 로그인, ja: ログイン, en: login}
    domains: [dc-pangyo]
    checks: [{preset: kakao/oauth-negative}]
  - id: places
    group: maps
    name: {ko: 장소 검색, ja: 場所検索, en: Places}
    short: {ko: 장소, ja: 場所, en: places}
    domains: [dc-pangyo]
    checks: [{preset: kakao/local-keyword, with: {key: "env:KAKAO_KEY", query: 서울시청}}]
  - id: own-pay
    group: maps
    name: {ko: 결제, ja: 決済, en: Payment}
    short: {ko: 결제, ja: 決済, en: pay}
    needs: [kakao-auth-login]
    checks: [{name: front door, GET: "https://pay.example/", every: 60s}]
channels:
  - id: texts
    kind: sms
    gateways: [{kind: twilio, account_sid: "env:SID", auth_token: "env:TOKEN", from: "+821000000000", base_url: "https://api.twilio.com"}]
  - {id: duty, kind: slack, token: "env:SLACK", channel: "#duty"}
plans: {people: [{channel: texts}]}
routes:
  - {audience: subscribers, plan: people, at_least: partial_outage}
  - {audience: operators, channel: duty, at_least: degraded_performance}
`

// A configuration of one's own is played by presets and modes; its gateways are
// replaced, and what nobody plays is not applicable.
func TestDrillWithOwnConfiguration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bongsu.yaml")
	if err := os.WriteFile(path, []byte(ownConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Named("kakao-2022-10-15")
	if err != nil {
		t.Fatal(err)
	}
	s.End = s.Start.Add(40 * time.Minute) // its first half hour is enough here
	s.Events = slices.DeleteFunc(s.Events, func(e scenario.Event) bool { return e.At.After(s.End) })
	card := rehearsed(t, s, drillOptions{config: path, cast: []string{"kakao-pay-checkout=own-pay"}})

	played := map[string]string{}
	for _, part := range card.Cast {
		if part.Component != "" {
			played[part.Target] = part.Component
		}
	}
	want := map[string]string{"kakao-auth-login": "kakao-auth-login", "kakao-map-search": "places", "kakao-pay-checkout": "own-pay"}
	if diff := cmp.Diff(want, played); diff != "" {
		t.Errorf("who plays what (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"own-pay/front-door"}, card.Unasked); diff != "" {
		t.Errorf("answered by mode alone (-want +got):\n%s", diff)
	}
	verdicts, evidence := map[string]score.Verdict{}, map[string][]string{}
	for _, f := range card.Findings {
		verdicts[f.ID], evidence[f.ID] = f.Verdict, f.Evidence
	}
	for id, want := range map[string]score.Verdict{
		"X1": score.Held, "X3": score.NotApplicable, "X4": score.NotApplicable, "X9": score.Held, "X10": score.Held, "X13": score.NotApplicable,
	} {
		if verdicts[id] != want {
			t.Errorf("%s is %s, not %s: %q", id, verdicts[id], want, evidence[id])
		}
	}
	if len(card.Notices) == 0 {
		t.Error("nobody was told")
	}
}

// Wherever a gateway is said to be, a drill's transport leads into the city.
func TestDrillReachesNobody(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	city := drill.NewIndoors(drill.Settings{Seed: drillSeed}, at, nil)
	keys := city.Keys()
	settings := &twilio.Settings{
		AccountSID: notifier.NewSecret(keys.TwilioSID), AuthToken: notifier.NewSecret(keys.TwilioToken),
		From: keys.TwilioFrom, Validity: time.Hour, BaseURL: "https://api.twilio.com",
	}
	gateway, err := settings.Open(notifier.Outside{Transport: city.Route(drill.SMS)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gateway.Send(t.Context(), notifier.Message{Delivery: "d1", To: "+821000000001", Lang: "en", Body: "[Exercise] one"}); err != nil {
		t.Fatal(err)
	}
	if n := city.Log().Count(drill.Query{Kind: drill.Request, Service: drill.SMS, To: "+821000000001"}); n != 1 {
		t.Errorf("the city was handed %d texts, not 1", n)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.twilio.com/", http.NoBody)
	if response, err := city.RoundTrip(request); !errors.Is(err, drill.ErrNowhere) {
		response.Body.Close()
		t.Errorf("a request to a real host came back with %v", err)
	}
	world := replay.NewTown(drillSeed).World("front/door", "main", at, time.Second)
	if response, err := world.RoundTrip(request); err == nil {
		response.Body.Close()
		t.Error("a probe of a real host was answered")
	}
}

// The scorecard of a short drill, word for word.
func TestScorecard(t *testing.T) {
	s, err := scenario.Named("own-network-dies")
	if err != nil {
		t.Fatal(err)
	}
	card := rehearsed(t, s, drillOptions{})
	golden := filepath.Join("testdata", "drill", "own-network-dies.txt")
	got := written(t, card.Text)
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("scorecard (-want +got); UPDATE_GOLDEN=1 writes it anew:\n%s", diff)
	}
	picture := written(t, card.SVG)
	for _, part := range []string{"<title id=", "<desc id=", "operational"} {
		if !strings.Contains(picture, part) {
			t.Errorf("the picture has no %s", part)
		}
	}
	if err := xml.Unmarshal([]byte(picture), new(struct{})); err != nil {
		t.Errorf("the picture is no XML: %v", err)
	}
}
