package drill_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bongsu/drill"
)

// The log tells what was asked, when and how it ended.
func TestLogIsTheWitness(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	before := time.Now()
	ask(t, city, drill.SMS)
	ask(t, city, drill.AlimTalk)
	await(t, "both texts", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival}) == 2 })
	after := time.Now()
	ask(t, city, drill.AlimTalk)

	log := city.Log()
	first := log.Find(drill.Query{Kind: drill.Request, Service: drill.SMS})
	want := []drill.Entry{{
		Kind: drill.Request, Service: drill.SMS, Action: "POST /2010-04-01/Accounts/" + city.Keys().TwilioSID + "/Messages.json",
		To: "+821000000001", Body: "hello", Outcome: "201",
	}}
	if diff := cmp.Diff(want, first, cmpopts.IgnoreFields(drill.Entry{}, "At", "Ref")); diff != "" {
		t.Errorf("the text message (-want +got):\n%s", diff)
	}
	messenger := drill.Query{Kind: drill.Request, Service: drill.AlimTalk}
	for name, q := range map[string]struct {
		query drill.Query
		want  int
	}{
		"all":    {messenger, 2},
		"before": {drill.Query{Kind: messenger.Kind, Service: messenger.Service, Until: before}, 0},
		"until":  {drill.Query{Kind: messenger.Kind, Service: messenger.Service, Until: after}, 1},
		"posted": {drill.Query{Kind: messenger.Kind, Service: messenger.Service, Method: "POST", Body: "hello"}, 2},
		"got":    {drill.Query{Kind: messenger.Kind, Service: messenger.Service, Method: "GET"}, 0},
		"after":  {drill.Query{Kind: messenger.Kind, Service: messenger.Service, From: after}, 1},
	} {
		if got := log.Count(q.query); got != q.want {
			t.Errorf("%s: %d requests at the messenger's gateway, want %d", name, got, q.want)
		}
	}
	if got := log.Peak(messenger, time.Hour); got != 2 {
		t.Errorf("the peak in an hour is %d", got)
	}
	if got := log.Peak(messenger, time.Nanosecond); got != 1 {
		t.Errorf("the peak in a nanosecond is %d", got)
	}
}

// Memory is bounded: the oldest entries go, and the log says how many.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	settings := quick
	settings.Keep = 2000
	city := runCity(t, settings)
	const asked, workers = 6000, 8
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	var everyone sync.WaitGroup
	for range workers {
		everyone.Go(func() {
			for range asked / workers {
				if got := do(t, client, city.URL(drill.Bank), tasks(city.Keys())[drill.Bank], city.Keys()); got.err != nil {
					t.Error(got.err)
				}
			}
		})
	}
	everyone.Wait()
	kept := city.Log().Count(drill.Query{Kind: drill.Request})
	if kept < settings.Keep || kept > settings.Keep+2*1024 {
		t.Errorf("%d entries are kept for a limit of %d", kept, settings.Keep)
	}
	if dropped := city.Log().Dropped(); dropped != uint64(asked-kept) {
		t.Errorf("%d entries dropped, %d kept, %d asked", dropped, kept, asked)
	}
}

// So are a gateway's messages: the newest can be looked up.
func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	settings := quick
	settings.Keep = 10
	city := runCity(t, settings)
	var ids []string
	for range 15 {
		ids = append(ids, sid(t, ask(t, city, drill.SMS)))
	}
	for i, id := range ids {
		if _, err := twilioAPI(city).FetchMessage(id, nil); (err == nil) != (i >= 5) {
			t.Errorf("message %d of 15: %v", i+1, err)
		}
	}
}
