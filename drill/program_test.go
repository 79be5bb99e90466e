package drill_test

import (
	"errors"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/slack"
	"bongsu/notifier/twilio"
)

// gatewayOf makes one of the program's own gateways with the city in the real one's
// place.
func gatewayOf(t *testing.T, settings notifier.Settings, public string) notifier.Gateway {
	t.Helper()
	if problems := settings.Problems(); problems != nil {
		t.Fatalf("the city's keys do not pass: %+v", problems)
	}
	gateway, err := settings.Open(notifier.Outside{
		PublicURL: public, UserAgent: "test", Simulation: true, Token: func(string) string { return "t" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return gateway
}

// programGateways are the program's own gateways, pointed at the city.
func programGateways(t *testing.T, city *drill.City, public string) map[drill.Service]notifier.Gateway {
	t.Helper()
	k := city.Keys()
	return map[drill.Service]notifier.Gateway{
		drill.SMS: gatewayOf(t, &twilio.Settings{
			AccountSID: notifier.NewSecret(k.TwilioSID), AuthToken: notifier.NewSecret(k.TwilioToken),
			From: k.TwilioFrom, Validity: time.Hour, BaseURL: city.URL(drill.SMS),
		}, public),
		drill.AlimTalk: gatewayOf(t, &alimtalk.Settings{
			AppKey: notifier.NewSecret(k.AlimTalkApp), Secret: notifier.NewSecret(k.AlimTalkSecret),
			SenderKey: notifier.NewSecret(k.AlimTalkSender), BaseURL: city.URL(drill.AlimTalk),
		}, public),
		drill.Slack: gatewayOf(t, &slack.Settings{Token: notifier.NewSecret(k.SlackToken), BaseURL: city.URL(drill.Slack)}, public),
	}
}

func message(s drill.Service, city *drill.City) notifier.Message {
	m := notifier.Message{Delivery: "d-1", To: "+821000000001", Lang: "ko", Body: "hello", Template: "outage", Params: map[string]string{"text": "hello"}}
	if s == drill.Slack {
		m.To = city.Keys().SlackChannel
	}
	return m
}

// The program's own gateways take the city for the real ones: they hand over,
// read each kind of no, and find again what they do not know the end of.
func TestTheProgramsGateways(t *testing.T) {
	t.Parallel()
	for _, s := range []drill.Service{drill.SMS, drill.AlimTalk, drill.Slack} {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, spaced())
			hook := listen(t, city)
			gateway, m := programGateways(t, city, hook.URL)[s], message(s, city)

			set(t, city, s, drill.Throttled)
			_, err := gateway.Send(t.Context(), m)
			if throttled, ok := errors.AsType[*notifier.ThrottledError](err); !ok || throttled.After != time.Second {
				t.Errorf("throttled: %v", err)
			}
			set(t, city, s, drill.Refused)
			_, err = gateway.Send(t.Context(), m)
			if _, uncertain := errors.AsType[*notifier.UncertainError](err); err == nil || uncertain {
				t.Errorf("refused: %v; nothing was taken, and that is certain", err)
			}
			set(t, city, s, drill.LostAnswer)
			_, err = gateway.Send(t.Context(), m)
			if _, uncertain := errors.AsType[*notifier.UncertainError](err); !uncertain {
				t.Errorf("the answer lost: %v; want uncertain", err)
			}
			set(t, city, s, drill.OK)
			await(t, "the message", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, To: m.To, Body: m.Body}) == 1 })
			if finder, ok := gateway.(notifier.Finder); ok {
				found, ref, _, err := finder.Find(t.Context(), m, time.Now())
				if err != nil || !found || ref == "" {
					t.Errorf("looking for it: %v %q %v", found, ref, err)
				}
			}
			m.Delivery, m.To = "d-2", message(s, city).To
			if ref, err := gateway.Send(t.Context(), m); err != nil || ref == "" {
				t.Errorf("when all is well: %q, %v", ref, err)
			}
			await(t, "the next", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, To: m.To}) == 2 })
		})
	}
}
