package console_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bongsu/status"
	"bongsu/web/console"
	"bongsu/web/sample"
)

// examples are addresses for the routes whose path has places to fill. Whoever
// adds such a page adds one.
var examples = map[string]string{
	"/console/incidents/{id}":                            "/console/incidents/" + sample.Outage().Incidents[0].ID,
	"/console/texts/{id}":                                "/console/texts/kept00000000000000000001",
	"/console/channels/{channel}":                        "/console/channels/sms",
	"/console/components/{id}":                           "/console/components/chat-text",
	"/console/deliveries/{id}":                           "/console/deliveries/n1",
	"/console/deliveries/{id}/cancel":                    "/console/deliveries/n1/cancel",
	"/console/deliveries/{id}/resend":                    "/console/deliveries/n1/resend",
	"/console/subscribers/{id}":                          "/console/subscribers/4711",
	"/console/subscribers/{id}/erase":                    "/console/subscribers/4711/erase",
	"/console/imports/{id}":                              "/console/imports/r1",
	"/console/apps/{app}":                                "/console/apps/safety-report",
	"/console/apps/{app}/deliveries":                     "/console/apps/safety-report/deliveries",
	"/console/apps/{app}/deliveries/{id}":                "/console/apps/safety-report/deliveries/n3",
	"/console/apps/{app}/templates/{template}/{version}": "/console/apps/safety-report/templates/moved/2",
	"/console/apps/{app}/functions/{function}":           "/console/apps/safety-report/functions/report",
	"/console/link/{token}":                              "/console/link/none",
	"/console/drills/{id}":                               "/console/drills/d4",
}

// address is an example of a route's address: its own, or that of the longest
// beginning of it that has one.
func address(t testing.TB, path string) string {
	t.Helper()
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '/') {
		example, known := examples[path[:end]]
		if known {
			path = example + path[end:]
			break
		}
	}
	if strings.Contains(path, "{") {
		t.Errorf("%s has no example; add one to examples", path)
	}
	return path
}

// furnished is a console with everything behind it, so that every page has
// something to show. Whoever adds a page gives what it reads here: the tests
// of roles, of accessibility, of phones and of pictures walk every route.
func furnished(t testing.TB, s *status.Snapshot, change ...func(*console.Options)) *console.Console {
	t.Helper()
	return open(t, s, append([]func(*console.Options){func(o *console.Options) {
		withDesk(&fakeDesk{})(o)
		o.Ways, o.Looker, o.Silencer, o.Planner = outgoing{now: busy()}, &looker{}, &silencer{}, &planner{}
		if s != nil {
			o.Stories = newStoryDesk(s)
		}
	}}, change...)...)
}

// Nothing that a console can have is left out of the furnished one, so that the
// walks over its routes meet every route there is.
func TestTheConsoleIsFurnished(t *testing.T) {
	var got console.Options
	furnished(t, sample.Outage(), func(o *console.Options) { got = *o })
	for field, value := range reflect.ValueOf(got).Fields() {
		if slices.Contains([]string{"Address", "TrustedProxies", "Log"}, field.Name) {
			continue // no page depends on them
		}
		if value.IsZero() {
			t.Errorf("the furnished console has no %s; give it one, and the new pages an example", field.Name)
		}
	}
}

// outgoing tells how sending goes.
type outgoing struct {
	now console.Outgoing
	err error
}

func (o outgoing) Outgoing(context.Context) (console.Outgoing, error) { return o.now, o.err }

var errAway = errors.New("the database is away")

// busy is sending in the middle of an outage: a dead gateway, one that comes
// back, a channel at its cap, and people who could not be reached.
func busy() console.Outgoing {
	at := func(minutes int) time.Time { return sample.Now().Add(time.Duration(-minutes) * time.Minute) }
	return console.Outgoing{
		Waiting: 48213, Oldest: at(3),
		Stopped: []console.StoppedChannel{{Channel: "mail", Why: "daily cap", Until: at(-480)}},
		Gateways: []console.GatewayHealth{
			{Name: "kakao/nhn", Stage: "dead", Since: at(19), Why: "chat-text is major_outage", Taken: 912, Pending: 640, Faults: 44},
			{Name: "sms/solapi", Stage: "well", Taken: 120044, Pending: 210},
			{Name: "sms/twilio", Stage: "tenth", Since: at(6), Why: "12 of 80 requests failed within 1m0s", Taken: 2100, Pending: 17, Faults: 2},
			{Name: "ops/slack", Stage: "well"},
		},
		Unsent: []console.Unsent{
			{Notice: "01jd9r2w8fnotice0000000a", Incident: "01JD9R2W8F", Made: at(21), Failed: 312, Unknown: 41},
			{Notice: "01jd9r2w8fnotice0000000b", Made: at(190), Failed: 2},
		},
	}
}

// dead is sending when every way out is dead.
func dead() console.Outgoing {
	o := busy()
	o.Paused = true
	for i := range o.Gateways {
		o.Gateways[i].Stage, o.Gateways[i].Since, o.Gateways[i].Why = "dead", sample.Now().Add(-20*time.Minute), "connection refused"
	}
	return o
}
