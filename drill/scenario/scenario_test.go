package scenario_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/drill/scenario"
)

// good is a scenario with nothing wrong. Each case below changes one thing.
const good = `id: small
title: {ko: 작은 훈련, ja: 小さな訓練, en: A small drill}
about: {ko: 형식, ja: 形式, en: The format}
zone: Asia/Seoul
start: 2026-03-02T09:00:00+09:00
onset: 2026-03-02T09:10:00+09:00
end: 2026-03-02T10:00:00+09:00
sources: {rule: A rule}
locations: [{id: seoul}, {id: busan}]
controls: [{id: portal}]
groups: [{id: chat, name: {ko: 메신저, ja: チャット, en: Chat}}]
targets:
  - {id: login, group: chat, name: {ko: 로그인, ja: ログイン, en: Login}, short: {ko: 로그인, ja: ログイン, en: login}, parts: [web, app]}
  - {id: chat, group: chat, name: {ko: 메신저, ja: チャット, en: Chat}, short: {ko: 톡, ja: チャット, en: chat}, needs: [login]}
follows: {messenger: chat}
events:
  - {at: 2026-03-02T09:10:00+09:00, text: It fails., source: rule, set: {chat: "slow 6s, error 40%", login/web: refused, "chat@busan": timeout, control/portal: ok}}
  - {at: 2026-03-02T09:20:00+09:00, text: It is well., source: rule, do: {about: chat, statement: {speaker: Somebody, text: {ko: 끝, ja: 終わり, en: Over}}}}
expect:
  - {id: E1, text: one, source: rule, incidents: {count: 1}}
`

func TestParse(t *testing.T) {
	s, err := scenario.Parse("small.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(s.Events), 2; got != want {
		t.Errorf("%d events, not %d", got, want)
	}
	want := scenario.Mode{Slow: 6 * time.Second, Error: 40}
	if diff := cmp.Diff(want, s.Events[0].Set["chat"]); diff != "" {
		t.Errorf("mode (-want +got):\n%s", diff)
	}
	if got := s.Location().String(); got != "Asia/Seoul" {
		t.Errorf("zone %s", got)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, old, new, problem string }{
		{
			"events out of order", "at: 2026-03-02T09:20:00", "at: 2026-03-02T09:05:00",
			"small.yaml:18:10: events[1].at: is before the event above it; write events in order",
		},
		{
			"an event outside the drill", "at: 2026-03-02T09:20:00", "at: 2026-03-02T10:20:00",
			"small.yaml:18:10: events[1].at: 2026-03-02T10:20:00+09:00 is outside the drill, which lasts from 2026-03-02T09:00:00+09:00 to 2026-03-02T10:00:00+09:00",
		},
		{
			"an end before the start", "end: 2026-03-02T10:00:00", "end: 2026-03-02T08:00:00",
			"small.yaml:7:6: end: is not after the start",
		},
		{"a fortnight at most", "end: 2026-03-02T10:00:00", "end: 2026-04-02T10:00:00", "small.yaml:7:6: end: is more than 14 days after the start"},
		{"an unknown target", `{chat: "slow 6s, error 40%",`, `{chta: refused,`, `small.yaml:17:74: events[0].set.chta: no target is called "chta"; write one of chat, login`},
		{"an unknown part", "login/web: refused", "login/tv: refused", `small.yaml:17:102: events[0].set.login/tv: login has no part "tv"`},
		{"an unknown location", `"chat@busan"`, `"chat@paris"`, `small.yaml:17:122: events[0].set.chat@paris: no location is called "paris"; write one of busan, seoul`},
		{"an unknown control", "control/portal", "control/moon", `small.yaml:17:145: events[0].set.control/moon: no control is called "moon"`},
		{
			"an unknown fault", `"slow 6s, error 40%"`, `"exploded"`,
			`small.yaml:17:80: events[0].set.chat: nothing behaves as "exploded"; write ok, slow 6s, error 40%, flap 3m, status 503, refused, timeout, reset, wrong body, empty, lost, quota, quota code, credential, tls, no name, unreachable`,
		},
		{
			"a fault that can not happen", "login/web: refused", "login/web: lost",
			`small.yaml:17:102: events[0].set.login/web: "lost" can not happen to login: empty belongs to a check by search, lost to one by canary`,
		},
		{"a flap of nothing", `"slow 6s, error 40%"`, `"flap 3m"`, `small.yaml:17:80: events[0].set.chat: flap says how often, not what; write a fault with it, such as "status 503, flap 3m0s"`},
		{"no source", "text: one, source: rule", "text: one, source: hearsay", `small.yaml:20:33: expect[0].source: "hearsay" is no key of sources; every event and every expectation says what it rests on`},
		{"a missing source", "text: one, source: rule,", "text: one,", "small.yaml:20:5: expect[0].source: missing"},
		{"no rule", ", incidents: {count: 1}", "", "small.yaml:20:5: expect[0]: has 0 rules; write one, such as state, texts, words, incidents"},
		{"two rules", "incidents: {count: 1}", "incidents: {count: 1}, marked: {}", "small.yaml:20:5: expect[0]: has 2 rules; write one, such as state, texts, words, incidents"},
		{"two deeds", "do: {about: chat,", "do: {about: chat, merge: login,", "small.yaml:18:74: events[1].do: has 2 deeds; write one of statement, eta, correct, note, maintain, merge, split, retract"},
		{"a circle", "parts: [web, app]", "parts: [web, app], needs: [chat]", "small.yaml:13:10: targets[0].id: needs itself by way of what it needs"},
		{"a twin", "controls: [{id: portal}]", "controls: [{id: portal}, {id: portal}]", `small.yaml:10:31: controls[1].id: the id "portal" is used twice`},
		{"a language missing", "{ko: 끝, ja: 終わり, en: Over}", "{ko: 끝, en: Over}", "small.yaml:18:125: events[1].do.statement.text: says nothing in ja; write {ko: …, ja: …, en: …}"},
		{"an unknown key", "zone: Asia/Seoul", "zone: Asia/Seoul\ncolour: red", "small.yaml:5:1: colour: no such key; write id, title, about, zone, start, onset, end, sources, judgement, locations, controls, groups, targets, follows, hop, events, expect"},
		{"a key twice", "zone: Asia/Seoul", "zone: Asia/Seoul\nzone: UTC", `small.yaml:5:1: "zone" is there twice, or no plain key`},
		{"an unknown zone", "zone: Asia/Seoul", "zone: Asia/Atlantis", `small.yaml:4:7: zone: no time zone is called "Asia/Atlantis"; write one like Asia/Seoul`},
		{"no instant", "start: 2026-03-02T09:00:00+09:00", "start: nine", `small.yaml:5:8: start: "nine" is not an instant; write one like 2022-10-15T15:30:00+09:00`},
		{"an alias", "zone: Asia/Seoul", "zone: &z Asia/Seoul", "small.yaml:4:7: zone: an alias, anchor or tag; write the value out"},
		{"a channel that follows nothing", "incidents: {count: 1}", "avoids: {channel: sms}", `small.yaml:20:57: expect[0].avoids.channel: "sms" follows no target; write so under follows`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("%q is not in the good scenario", c.old)
			}
			_, err := scenario.Parse("small.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
			if err == nil {
				t.Fatal("nothing is wrong with it")
			}
			if diff := cmp.Diff(c.problem, strings.SplitN(err.Error(), "\n", 2)[0]); diff != "" {
				t.Errorf("first problem (-want +got):\n%s", diff)
			}
		})
	}
}

// A mode is read as it is written.
func TestModes(t *testing.T) {
	for text, want := range map[string]string{
		"ok": "ok", "slow 6s": "slow 6s", "error 40%": "error 40%", "refused": "refused", "status 503": "status 503",
		"status 503, flap 3m": "status 503, flap 3m0s", "slow 8s, error 30%": "slow 8s, error 30%", "wrong body": "wrong body",
	} {
		m, err := scenario.ParseMode(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := m.String(); got != want {
			t.Errorf("%s is written as %s, not %s", text, got, want)
		}
	}
}

// A flap fails first, then answers, in turns.
func TestFlap(t *testing.T) {
	m, err := scenario.ParseMode("status 503, flap 3m")
	if err != nil {
		t.Fatal(err)
	}
	for since, want := range map[time.Duration]scenario.Fault{
		0: scenario.Status, 2 * time.Minute: scenario.Status, 3 * time.Minute: scenario.Well, 5 * time.Minute: scenario.Well, 6 * time.Minute: scenario.Status,
	} {
		if got := m.At(since, 0).Fault; got != want {
			t.Errorf("after %s it fails by %q, not %q", since, got, want)
		}
	}
}

// Every scenario that comes with the program is without a problem, and every
// expectation and event in it says what it rests on.
func TestShipped(t *testing.T) {
	all, err := scenario.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, s := range all {
		ids[s.ID] = true
		for _, e := range s.Expect {
			if s.Sources[e.Source] == "" {
				t.Errorf("%s: %s has no source", s.ID, e.ID)
			}
		}
	}
	for _, id := range []string{
		"kakao-2022-10-15", "kddi-2022-07-02", "cloudflare-2025-11-18", "own-network-dies", "one-location-lies", "quota-storm",
		"flapping", "slow-poisoning", "substitute-crowding", "accept-and-lose", "late-cause", "clock-step",
	} {
		if !ids[id] {
			t.Errorf("%s is missing", id)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("id: x"))
	f.Add([]byte(`{"id": "x", "events": [{"at": "2026-03-02T09:10:00Z", "set": {"a": "slow 6s"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scenario.Parse("fuzz.yaml", data)
		if (s == nil) == (err == nil) {
			t.Fatalf("scenario %v, error %v", s, err)
		}
		if s == nil {
			return
		}
		if s.Location() == nil || s.End.Before(s.Start) {
			t.Errorf("a scenario from %s to %s in %v has passed", s.Start, s.End, s.Location())
		}
		for i := range s.Events {
			for subject, mode := range s.Events[i].Set {
				again, err := scenario.ParseMode(mode.String())
				if err != nil || again != mode {
					t.Errorf("%s: %v is read again as %v: %v", subject, mode, again, err)
				}
			}
		}
	})
}
