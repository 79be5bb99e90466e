package drill_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/twilio"
	"bongsu/notifier/words"
)

// elsewhere sends requests meant for the real host to the city.
type elsewhere struct{ base string }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	base, err := url.Parse(e.base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = base.Scheme, base.Host, base.Host
	return http.DefaultTransport.RoundTrip(r)
}

// twilioAPI is the maker's own client, pointed at the city.
func twilioAPI(city *drill.City) *openapi.ApiService {
	keys := city.Keys()
	c := &client.Client{
		Credentials: client.NewCredentials(keys.TwilioSID, keys.TwilioToken),
		HTTPClient:  &http.Client{Transport: elsewhere{city.URL(drill.SMS)}, Timeout: 5 * time.Second},
	}
	c.SetAccountSid(keys.TwilioSID)
	return openapi.NewApiService(client.NewRequestHandler(c))
}

func text(city *drill.City, to, body, callback string) *openapi.CreateMessageParams {
	params := &openapi.CreateMessageParams{}
	params.SetTo(to).SetFrom(city.Keys().TwilioFrom).SetBody(body)
	if callback != "" {
		params.SetStatusCallback(callback)
	}
	return params
}

// ear takes callbacks as the program's hook would, and notes them.
type ear struct {
	*httptest.Server
	token string

	mu     sync.Mutex
	heard  []url.Values
	forged int
	status int
}

func listen(t *testing.T, city *drill.City) *ear {
	t.Helper()
	e := &ear{token: city.Keys().TwilioToken, status: http.StatusNoContent}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *ear) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	validator := client.NewRequestValidator(e.token)
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	e.mu.Lock()
	defer e.mu.Unlock()
	if !validator.ValidateBody(e.URL+r.URL.RequestURI(), body, r.Header.Get("X-Twilio-Signature")) {
		e.forged++
	}
	form.Set("path", r.URL.RequestURI())
	e.heard = append(e.heard, form)
	w.WriteHeader(e.status)
}

// statuses are what was heard of each message, in order.
func (e *ear) statuses() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []string
	for _, form := range e.heard {
		all = append(all, form.Get("MessageStatus"))
	}
	return all
}

func (e *ear) answer(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// The maker's own client sends a message; it reaches the phone; signed receipts
// come back to the address given, with what it carries.
func TestTwilioMessageFromEndToEnd(t *testing.T) {
	t.Parallel()
	city := runCity(t, spaced())
	hook := listen(t, city)
	sent, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", "안녕하세요", hook.URL+"/hooks/twilio/status?d=d-1&t=x"))
	if err != nil {
		t.Fatal(err)
	}
	if len(*sent.Sid) != 34 || !strings.HasPrefix(*sent.Sid, "SM") || *sent.Status != "queued" || *sent.NumSegments != "1" {
		t.Errorf("the answer has sid %s, status %s, segments %s", *sent.Sid, *sent.Status, *sent.NumSegments)
	}
	await(t, "two receipts", func() bool { return len(hook.statuses()) == 2 })
	if diff := cmp.Diff([]string{"sent", "delivered"}, hook.statuses()); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	if hook.forged != 0 {
		t.Errorf("%d signatures are not good", hook.forged)
	}
	if got := hook.heard[0]; got.Get("path") != "/hooks/twilio/status?d=d-1&t=x" || got.Get("MessageSid") != *sent.Sid || got.Get("To") != "+821000000001" {
		t.Errorf("the receipt says %v", got)
	}
	arrived := city.Log().Find(drill.Query{Kind: drill.Arrival, Service: drill.SMS})
	if len(arrived) != 1 || arrived[0].To != "+821000000001" || arrived[0].Body != "안녕하세요" || arrived[0].Ref != *sent.Sid {
		t.Errorf("what arrived: %+v", arrived)
	}
	fetched, err := twilioAPI(city).FetchMessage(*sent.Sid, nil)
	if err != nil || *fetched.Status != "delivered" {
		t.Errorf("fetching it again: %v, %v", fetched, err)
	}
}

// With a messaging service the answer says accepted, so queued is news too.
func TestTwilioMessagingServiceHasOneReceiptMore(t *testing.T) {
	t.Parallel()
	city := runCity(t, spaced())
	hook := listen(t, city)
	params := &openapi.CreateMessageParams{}
	params.SetTo("+821000000001").SetMessagingServiceSid(city.Keys().TwilioService).SetBody("hello").SetStatusCallback(hook.URL + "/")
	sent, err := twilioAPI(city).CreateMessage(params)
	if err != nil {
		t.Fatal(err)
	}
	if *sent.Status != "accepted" {
		t.Errorf("status %s", *sent.Status)
	}
	await(t, "three receipts", func() bool { return len(hook.statuses()) == 3 })
	if diff := cmp.Diff([]string{"queued", "sent", "delivered"}, hook.statuses()); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
}

func TestTwilioRefusals(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	if err := city.Reply("+821000000009", " stop "); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []struct {
		why, to, body string
		code          int
	}{
		{"no number", "12345", "hello", 21211},
		{"national form", "01000000001", "hello", 21211},
		{"a landline", "+82200000000", "hello", 21614},
		{"answered STOP", "+821000000009", "hello", 21610},
		{"no text", "+821000000001", "", 21602},
		{"a long text", "+821000000001", strings.Repeat("가", 1601), 21617},
	} {
		_, err := twilioAPI(city).CreateMessage(text(city, refused.to, refused.body, ""))
		if rest, ok := errors.AsType[*client.TwilioRestError](err); !ok || rest.Code != refused.code || rest.Status != http.StatusBadRequest {
			t.Errorf("%s: %v; want code %d", refused.why, err, refused.code)
		}
	}
	if err := city.Reply("01000000009", "START"); err != nil {
		t.Fatal(err)
	}
	if _, err := twilioAPI(city).CreateMessage(text(city, "+821000000009", "welcome back", "")); err != nil {
		t.Errorf("after START: %v", err)
	}
	stranger := city.Keys()
	stranger.TwilioToken = "0"
	got := do(t, fresh(city, time.Second), city.URL(drill.SMS), tasks(city.Keys())[drill.SMS], stranger)
	if got.status != http.StatusUnauthorized || !strings.Contains(got.body, `"code":20003`) {
		t.Errorf("with a wrong token: %d %s", got.status, got.body)
	}
}

func TestTwilioLookUp(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	service := twilioAPI(city)
	for _, body := range []string{"first", "second", "third"} {
		if _, err := service.CreateMessage(text(city, "+821000000001", body, "")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := service.CreateMessage(text(city, "+821000000002", "another's", "")); err != nil {
		t.Fatal(err)
	}
	find := func(change func(*openapi.ListMessageParams)) []string {
		t.Helper()
		params := &openapi.ListMessageParams{}
		params.SetTo("+821000000001")
		change(params)
		found, err := service.ListMessage(params)
		if err != nil {
			t.Fatal(err)
		}
		var bodies []string
		for _, m := range found {
			bodies = append(bodies, *m.Body)
		}
		return bodies
	}
	all := []string{"third", "second", "first"}
	for name, query := range map[string]struct {
		change func(*openapi.ListMessageParams)
		want   []string
	}{
		"by number":           {func(*openapi.ListMessageParams) {}, all},
		"since an hour ago":   {func(p *openapi.ListMessageParams) { p.SetDateSentAfter(time.Now().Add(-time.Hour)) }, all},
		"since in an hour":    {func(p *openapi.ListMessageParams) { p.SetDateSentAfter(time.Now().Add(time.Hour)) }, nil},
		"before an hour ago":  {func(p *openapi.ListMessageParams) { p.SetDateSentBefore(time.Now().Add(-time.Hour)) }, nil},
		"page by page":        {func(p *openapi.ListMessageParams) { p.SetPageSize(2) }, all},
		"another number":      {func(p *openapi.ListMessageParams) { p.SetTo("+821000000003") }, nil},
		"nonsense for number": {func(p *openapi.ListMessageParams) { p.SetTo("nobody") }, nil},
	} {
		if diff := cmp.Diff(query.want, find(query.change)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Receipts that come late, backwards or twice are still signed and true.
func TestTwilioReceiptFaults(t *testing.T) {
	t.Parallel()
	for mode, want := range map[drill.Mode][]string{
		drill.Late:     {"sent", "delivered"},
		drill.Shuffled: {"delivered", "sent", "delivered", "sent"},
	} {
		city := runCity(t, spaced())
		hook := listen(t, city)
		set(t, city, drill.SMS, mode)
		began := time.Now()
		if _, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", "hello", hook.URL+"/")); err != nil {
			t.Fatal(err)
		}
		await(t, "every receipt", func() bool { return len(hook.statuses()) == len(want) })
		if diff := cmp.Diff(want, hook.statuses()); diff != "" {
			t.Errorf("%s: receipts (-want +got):\n%s", mode, diff)
		}
		if took := time.Since(began); mode == drill.Late && took < quick.Late {
			t.Errorf("late receipts came after %s", took)
		}
		if hook.forged != 0 {
			t.Errorf("%s: %d signatures are not good", mode, hook.forged)
		}
	}
}

// A message that is accepted and lost looks like every other until one looks
// for it on the phone.
func TestTwilioAcceptsAndLoses(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	hook := listen(t, city)
	set(t, city, drill.SMS, drill.Lose)
	lost, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", "lost", hook.URL+"/"))
	if err != nil {
		t.Fatal(err)
	}
	set(t, city, drill.SMS, drill.OK)
	if _, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", "found", hook.URL+"/")); err != nil {
		t.Fatal(err)
	}
	await(t, "the later message", func() bool { return len(hook.statuses()) == 2 })
	arrived := city.Log().Find(drill.Query{Kind: drill.Arrival})
	if len(arrived) != 1 || arrived[0].Body != "found" {
		t.Errorf("what arrived: %+v", arrived)
	}
	if fetched, err := twilioAPI(city).FetchMessage(*lost.Sid, nil); err != nil || *fetched.Status != "queued" {
		t.Errorf("looking it up: %v, %v", fetched, err)
	}
}

// When the answer is lost the sender knows nothing, and yet the text arrives,
// the receipts come and the look-up finds it.
func TestTwilioLosesTheAnswer(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	hook := listen(t, city)
	set(t, city, drill.SMS, drill.LostAnswer)
	if _, err := twilioAPI(city).CreateMessage(text(city, "+821000000001", "hello", hook.URL+"/?d=d-1")); err == nil {
		t.Fatal("there was an answer")
	}
	set(t, city, drill.SMS, drill.OK)
	await(t, "the receipts", func() bool { return slices.Contains(hook.statuses(), "delivered") })
	if got := city.Log().Count(drill.Query{Kind: drill.Arrival, Key: hook.URL + "/?d=d-1"}); got != 1 {
		t.Errorf("%d texts arrived", got)
	}
	params := &openapi.ListMessageParams{}
	params.SetTo("+821000000001")
	if found, err := twilioAPI(city).ListMessage(params); err != nil || len(found) != 1 {
		t.Errorf("the look-up finds %d, %v", len(found), err)
	}
	request := city.Log().Find(drill.Query{Kind: drill.Request, Service: drill.SMS})[0]
	if request.Outcome != "answer lost" || request.Ref == "" {
		t.Errorf("the log says %+v", request)
	}
}

// A callback that nobody takes is tried three times, and one that leads away
// from this machine never.
func TestCallbacksAreBounded(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	hook := listen(t, city)
	hook.answer(http.StatusInternalServerError)
	service := twilioAPI(city)
	for _, address := range []string{hook.URL + "/fails", "https://status.example/hook", "http://192.0.2.1/hook"} {
		if _, err := service.CreateMessage(text(city, "+821000000001", "hello", address)); err != nil {
			t.Fatal(err)
		}
	}
	outcomes := func() map[string]int {
		counts := map[string]int{}
		for _, e := range city.Log().Find(drill.Query{Kind: drill.Callback}) {
			counts[strings.TrimPrefix(e.Key, hook.URL)+" "+e.Body+" "+e.Outcome]++
		}
		return counts
	}
	const away = "not a loopback address; the simulated city speaks to this machine only"
	want := map[string]int{
		"/fails sent 500": 3, "/fails delivered 500": 3,
		"https://status.example/hook sent " + away: 1, "https://status.example/hook delivered " + away: 1,
		"http://192.0.2.1/hook sent " + away: 1, "http://192.0.2.1/hook delivered " + away: 1,
	}
	await(t, "the last try", func() bool { return cmp.Equal(want, outcomes()) })
	if len(hook.statuses()) != 6 {
		t.Errorf("%d calls were heard", len(hook.statuses()))
	}
}

// A person's STOP is signed and handed over, and stops what comes after.
func TestReplySTOP(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	hook := listen(t, city)
	if err := city.SetInbound("https://status.example/hooks/twilio/inbound"); err == nil {
		t.Error("an address outside this machine was taken")
	}
	if err := city.SetInbound(hook.URL + "/hooks/twilio/inbound"); err != nil {
		t.Fatal(err)
	}
	if err := city.Reply("nobody", "STOP"); err == nil {
		t.Error("nobody replied")
	}
	if err := city.Reply("010-0000-0001", "STOP"); err != nil {
		t.Fatal(err)
	}
	await(t, "the hand-over", func() bool { return len(hook.statuses()) == 1 })
	got := hook.heard[0]
	if got.Get("From") != "+821000000001" || got.Get("Body") != "STOP" || got.Get("OptOutType") != "STOP" || hook.forged != 0 {
		t.Errorf("handed over: %v, %d forged", got, hook.forged)
	}
}

// A client that gives up while the gateway is slow to answer has sent its
// message all the same: that is what makes a hand-over uncertain.
func TestGivingUpDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	slow := quick
	slow.Latency = drill.Span{Min: 8 * time.Second, Max: 8 * time.Second}
	city := runCity(t, slow)
	ctx, giveUp := context.WithTimeout(t.Context(), time.Second)
	defer giveUp()
	task, keys := tasks(city.Keys())[drill.SMS], city.Keys()
	request, err := http.NewRequestWithContext(ctx, task.method, city.URL(drill.SMS)+task.path, strings.NewReader(task.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", task.kind)
	task.auth(request, keys)
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Fatal("there was an answer")
	}
	await(t, "the text", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, To: "+821000000001"}) == 1 })
}

// A long text goes out through Twilio as one message of several parts, as many
// as the bill counts.
func TestALongTextHasThePartsThatTheBillCounts(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	keys := city.Keys()
	settings := &twilio.Settings{
		AccountSID: notifier.NewSecret(keys.TwilioSID), AuthToken: notifier.NewSecret(keys.TwilioToken),
		From: keys.TwilioFrom, BaseURL: city.URL(drill.SMS),
	}
	gateway, err := settings.Open(notifier.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	for _, long := range []notifier.Text{
		{Lang: "ko", Class: notifier.ClassLMS, Title: "상태알림", Body: strings.Repeat("가", 1000)},
		{Lang: "ko", Class: notifier.ClassLMS, Title: "상태알림", Body: strings.Repeat("가", 68)},
		{Lang: "ja", Class: notifier.ClassLMS, Body: strings.Repeat("図", 670)},
		{Lang: "en", Class: notifier.ClassLMS, Body: strings.Repeat("a", 1530)},
		{Lang: "en", Class: notifier.ClassLMS, Body: strings.Repeat("a", 161)},
	} {
		billed, _, err := words.Count(long)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := gateway.Send(t.Context(), notifier.Message{
			Delivery: "d1", To: "+821000000001", Class: long.Class, Lang: long.Lang, Title: long.Title, Body: long.Body,
		})
		if err != nil {
			t.Fatal(err)
		}
		sent, err := twilioAPI(city).FetchMessage(ref, nil)
		if err != nil {
			t.Fatal(err)
		}
		if *sent.Body != long.Body || *sent.NumSegments != strconv.Itoa(billed.Parts) {
			t.Errorf("%s, %d characters: %s parts sent, %d billed", long.Lang, len([]rune(long.Body)), *sent.NumSegments, billed.Parts)
		}
	}
}
