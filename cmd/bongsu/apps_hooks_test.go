package main

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bongsu/drill"
)

// Callbacks about a delivery that has arrived: forged, replayed, reordered,
// doubled, about another one, oversized. Nothing that was known changes.
func TestCallbacksChangeNothing(t *testing.T) {
	o := openOffice(t, filepath.Join(t.TempDir(), "bongsu.db"), nil)
	o.approve("safety-report", "moved", movedTemplate)
	var p placed
	o.want(http.StatusAccepted, "POST", "/api/v1/notices", "safety-report", one("u1", 1), &p)
	var sent drill.Entry
	eventually(t, slowly, "the gateway's receipts", func() bool {
		heard := o.city.Log().Find(drill.Query{Kind: drill.Callback, Service: drill.SMS, To: officeNumber(1), Body: "delivered"})
		if len(heard) > 0 {
			sent = heard[0]
		}
		return len(heard) > 0 && heard[0].Outcome == "204"
	})
	before := o.results(p.ID)
	if before["u1"]["outcome"] != "delivered" {
		t.Fatalf("before: %v", before)
	}
	address, _, _ := strings.Cut(sent.Key, "#")
	form := func(state, ref string) url.Values {
		return url.Values{"MessageSid": {ref}, "MessageStatus": {state}, "To": {officeNumber(1)}, "AccountSid": {o.city.Keys().TwilioSID}}
	}
	signed := func(at string, f url.Values) string { return twilioSignature(o.city.Keys().TwilioToken, at, f) }
	altered := strings.Replace(address, "=", "=x", 1)
	delivered, failed, other := form("delivered", sent.Ref), form("failed", sent.Ref), form("failed", "SM"+strings.Repeat("0", 32))
	for _, c := range []struct {
		name, address, signature string
		form                     url.Values
		want                     []int
	}{
		{"the same again", address, signed(address, delivered), delivered, []int{204}},
		{"an earlier state, late", address, signed(address, form("sent", sent.Ref)), form("sent", sent.Ref), []int{204}},
		{"a failure after the arrival", address, signed(address, failed), failed, []int{204}},
		{"a failure of a message that is another", address, signed(address, other), other, []int{204, 400, 403}},
		{"a state that is none", address, signed(address, form("burnt", sent.Ref)), form("burnt", sent.Ref), []int{204, 400}},
		{"no signature", address, "", failed, []int{403}},
		{"a signature of other words", address, signed(address, delivered), failed, []int{403}},
		{"a signature for another address", address, signed(address+"x", failed), failed, []int{403}},
		{"a signature with another secret", address, twilioSignature("guess", address, failed), failed, []int{403}},
		{"the name of another delivery", altered, signed(altered, failed), failed, []int{400, 403}},
		{"a body that is too big", address, "x", url.Values{"MessageSid": {strings.Repeat("x", 1<<20)}}, []int{413}},
	} {
		code := o.callBack(c.address, c.form.Encode(), "application/x-www-form-urlencoded", c.signature)
		if !slices.Contains(c.want, code) {
			t.Errorf("%s: answered %d, want %v", c.name, code, c.want)
		}
		if diff := cmp.Diff(before, o.results(p.ID)); diff != "" {
			t.Fatalf("%s: the books changed\n%s", c.name, diff)
		}
	}
	if code := o.callBack(address, `{"MessageStatus": "failed"}`, "application/json", "x"); code != http.StatusBadRequest {
		t.Errorf("JSON is answered %d", code)
	}
	for outcome, least := range map[string]int{"taken": 3, "forged": 4, "too_big": 1, "malformed": 1} {
		if n := o.counter(fmt.Sprintf(`bongsu_hook_calls_total{hook="twilio_status",outcome=%q}`, outcome)); n < least {
			t.Errorf("%s is counted %d times, at least %d came", outcome, n, least)
		}
	}
}

// callBack posts as a gateway does.
func (o *office) callBack(address, body, kind, signature string) int {
	o.Helper()
	r, err := http.NewRequestWithContext(o.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("X-Twilio-Signature", signature)
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		o.Fatal(err)
	}
	defer a.Body.Close()
	return a.StatusCode
}

// twilioSignature is what Twilio signs a form with: the address, and each name
// with its value in the order of the names.
func twilioSignature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// counter reads one of the server's metrics.
func (o *office) counter(name string) int {
	o.Helper()
	for line := range strings.Lines(o.want(http.StatusOK, "GET", "/metrics", "", "", nil)) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			var n int
			if _, err := fmt.Sscan(rest, &n); err != nil {
				o.Fatal(err)
			}
			return n
		}
	}
	return 0
}
