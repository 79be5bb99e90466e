package twilio_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/notifier/peertest"
	"bongsu/notifier/twilio"
)

// Prism holds every request against Twilio's own OpenAPI document, and answers
// with that document's examples.
func TestAgainstTwiliosOwnDocument(t *testing.T) {
	base := peertest.Prism(t, peertest.Shared(t, "twilio_api_v2010.json"))
	long := message()
	long.Class, long.Title, long.Body = notifier.ClassLMS, "상태알림", strings.Repeat("가", 1000)
	brief := message()
	brief.Valid = time.Second
	hostile := message()
	hostile.Body = "a&To=+1\r\n\"quoted\" \u2028 😀"
	for what, m := range map[string]notifier.Message{"a text": message(), "a long one": long, "one for a second": brief, "a hostile one": hostile} {
		ref, err := open(t, base).Send(t.Context(), m)
		if err != nil || !strings.HasPrefix(ref, "SM") {
			t.Errorf("%s: reference %q, error %v", what, ref, err)
		}
	}
	service := settings(base)
	service.From, service.MessagingService = "", "MG00000000000000000000000000000001"
	g, err := service.Open(notifier.Outside{})
	if err != nil {
		t.Fatal(err)
	}
	if ref, err := g.Send(t.Context(), message()); err != nil || !strings.HasPrefix(ref, "SM") {
		t.Errorf("through a messaging service: reference %q, error %v", ref, err)
	}
	// The example is of a message that is none of ours.
	if found, _, _, err := open(t, base).(notifier.Finder).Find(t.Context(), message(), time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)); found || err != nil {
		t.Errorf("a look-up: found %t, error %v", found, err)
	}
	refuses(t, base)
}

// refuses sees that what the document does not allow is refused: else that
// nothing is refused would say nothing.
func refuses(t *testing.T, base string) {
	t.Helper()
	for what, spoil := range map[string]func(*twilio.Settings, *notifier.Message){
		"an account that is no SID": func(s *twilio.Settings, _ *notifier.Message) {
			s.AccountSID = notifier.NewSecret("AC" + strings.Repeat("Z", 32))
		},
		"a messaging service that is no SID": func(s *twilio.Settings, _ *notifier.Message) {
			s.From, s.MessagingService = "", "MG"+strings.Repeat("Z", 32)
		},
	} {
		s, m := settings(base), message()
		spoil(s, &m)
		g, err := s.Open(notifier.Outside{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Send(t.Context(), m)
		if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || no.Code != "HTTP 422" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
