package remote_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/status"
	"bongsu/status/remote"
)

func goodBatch() remote.Batch {
	return remote.Batch{
		Protocol: remote.Protocol, Run: "f00d", First: 7, Lost: 2, Sent: noon,
		Clock: exchange(time.Second, time.Millisecond, time.Millisecond),
		Looks: []remote.Look{
			{Check: "pay/1", Outcome: status.OK, At: noon, Took: time.Second},
			{Check: "pay/2", Outcome: status.Failed, At: noon, Took: time.Second, Reason: "연결 거부 (connection refused)"},
		},
		Doubts: []remote.SelfDoubt{{Kind: status.DoubtSelf, Reason: "no echo"}},
	}
}

func goodWork() *remote.Work {
	return &remote.Work{
		Version: "v1", Contact: "ops@status.example", Confirm: 3, Recover: 3,
		Checks: []remote.Check{
			{ID: "pay/1", Steps: "- GET: https://pay.example/\n", Every: time.Minute, Timeout: time.Second, Recheck: time.Second, Fresh: 3 * time.Minute},
			{ID: "control/dns", Control: true, Steps: "- tls: a.example:443\n", Cron: "* * * * *", Timeout: time.Second, Fresh: time.Minute},
		},
		Secrets: map[string]string{"env:TOKEN": "s3cret"},
	}
}

func TestMessagesTravelWhole(t *testing.T) {
	travels(t, remote.Hello{Protocol: remote.Protocol, Program: "1.0", Run: "f00d", Work: "v1", Sent: noon})
	travels(t, remote.Welcome{Protocol: remote.Protocol, Location: "busan-1", Work: goodWork(), Received: noon, Answered: noon})
	travels(t, goodBatch())
	travels(t, remote.Ack{Protocol: remote.Protocol, Kept: 8, Received: noon, Answered: noon})
	travels(t, remote.Call{Protocol: remote.Protocol, Serial: 3, Work: "v1", Checks: []string{"pay/1"}})
}

func travels[M remote.Message](t *testing.T, m M) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := remote.Decode[M](text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(m, *got); diff != "" {
		t.Errorf("%T changed on its way (-sent +got):\n%s", m, diff)
	}
}

func TestWorkOnDiskHasNoSecrets(t *testing.T) {
	w := goodWork()
	text, err := json.Marshal(w.WithoutSecrets())
	if err != nil || strings.Contains(string(text), "s3cret") || w.Secrets == nil {
		t.Errorf("%s (%v)", text, err)
	}
}

// What is beyond a bound, or not of this world, is refused with its place.
func TestRefusedBatches(t *testing.T) {
	for want, spoil := range map[string]func(b *remote.Batch){
		"another version":                     func(b *remote.Batch) { b.Protocol++ },
		"run is missing":                      func(b *remote.Batch) { b.Run = "" },
		"counted from 1":                      func(b *remote.Batch) { b.First = 0 },
		"first is no number":                  func(b *remote.Batch) { b.First = ^uint64(0) },
		"lost is more":                        func(b *remote.Batch) { b.Lost = 7 },
		"sent is no time of this world":       func(b *remote.Batch) { b.Sent = time.Time{} },
		"2001 of at most 2000":                func(b *remote.Batch) { b.Looks = make([]remote.Look, remote.MaxLooks+1) },
		"looks[1]: check is missing":          func(b *remote.Batch) { b.Looks[1].Check = "" },
		"looks[0]: check is not one line":     func(b *remote.Batch) { b.Looks[0].Check = strings.Repeat("x", 513) },
		"looks[0]: at is no time":             func(b *remote.Batch) { b.Looks[0].At = noon.AddDate(1000, 0, 0) },
		"looks[0]: took is not within":        func(b *remote.Batch) { b.Looks[0].Took = -1 },
		"looks[1]: reason is not one line":    func(b *remote.Batch) { b.Looks[1].Reason = "a\nb" },
		"looks[0]: reason is not one line":    func(b *remote.Batch) { b.Looks[0].Reason = "paid \u202e0001" },
		"doubts[0]: reason is not one line":   func(b *remote.Batch) { b.Doubts[0].Reason = "a\u2028b" },
		"doubts[0]: \"controls\" is no doubt": func(b *remote.Batch) { b.Doubts[0].Kind = status.DoubtControls },
		"contradict one another":              func(b *remote.Batch) { b.Clock.Got = b.Clock.Sent.Add(-time.Second) },
		"times of an exchange contradict":     func(b *remote.Batch) { b.Clock.Answered = b.Clock.Received.Add(time.Hour) },
	} {
		b := goodBatch()
		spoil(&b)
		refused[remote.Batch](t, b, want)
	}
}

func TestRefusedWork(t *testing.T) {
	for want, spoil := range map[string]func(w *remote.Work){
		"version is missing":            func(w *remote.Work) { w.Version = "" },
		"confirm is 0":                  func(w *remote.Work) { w.Confirm = 0 },
		"checks[1]: \"pay/1\" is there": func(w *remote.Work) { w.Checks[1].ID = "pay/1" },
		"either an interval":            func(w *remote.Work) { w.Checks[0].Cron = "* * * * *" },
		"timeout is not above zero":     func(w *remote.Work) { w.Checks[0].Timeout = 0 },
		"recheck is negative":           func(w *remote.Work) { w.Checks[0].Recheck = -1 },
		"steps is empty":                func(w *remote.Work) { w.Checks[0].Steps = "" },
		"the value of a secret":         func(w *remote.Work) { w.Secrets["env:TOKEN"] = strings.Repeat("x", 1<<17) },
	} {
		w := goodWork()
		spoil(w)
		refused[remote.Work](t, *w, want)
	}
}

func refused[M remote.Message](t *testing.T, m M, want string) {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		return // such a time cannot even be written
	}
	if _, err := remote.Decode[M](text); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestStrictReading(t *testing.T) {
	for _, text := range []string{
		``, `null x`, `[]`, `{"protocol":1,"kept":1,"received":"2026-03-01T12:00:00Z","answered":"2026-03-01T12:00:00Z"}{}`,
		`{"protocol":1,"kept":1,"received":"2026-03-01T12:00:00Z","answered":"2026-03-01T12:00:00Z","more":1}`,
		`{"protocol":1,"kept":-1}`, `null`,
	} {
		if _, err := remote.Decode[remote.Ack]([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// Whatever comes over the line, reading it ends, and what is read can be
// written and read again.
func FuzzAgentMessages(f *testing.F) {
	batch, _ := json.Marshal(goodBatch())
	welcome, _ := json.Marshal(remote.Welcome{Protocol: remote.Protocol, Location: "busan-1", Work: goodWork(), Received: noon, Answered: noon})
	hello, _ := json.Marshal(remote.Hello{Protocol: remote.Protocol, Run: "f00d", Sent: noon})
	call, _ := json.Marshal(remote.Call{Protocol: remote.Protocol, Checks: []string{"pay/1"}})
	for _, seed := range [][]byte{batch, welcome, hello, call, []byte("{}"), []byte("null")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		again[remote.Hello](t, text)
		again[remote.Welcome](t, text)
		again[remote.Ack](t, text)
		again[remote.Call](t, text)
		if b := again[remote.Batch](t, text); b != nil {
			d := b.Clock.Difference()
			if d.Error < 0 {
				t.Errorf("%+v has the error %s", b.Clock, d.Error)
			}
			for i := range b.Looks {
				_ = b.Looks[i].Vote("here", d.Certain())
			}
		}
	})
}

func again[M remote.Message](t *testing.T, text []byte) *M {
	t.Helper()
	m, err := remote.Decode[M](text)
	if err != nil {
		return nil
	}
	written, err := json.Marshal(m)
	if err != nil {
		t.Fatalf("read and cannot be written: %v", err)
	}
	if _, err := remote.Decode[M](written); err != nil {
		t.Fatalf("read, written, and cannot be read: %v\n%s", err, written)
	}
	return m
}
