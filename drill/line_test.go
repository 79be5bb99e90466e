package drill_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/line"
)

func lineGateway(t *testing.T, city *drill.City) notifier.Gateway {
	t.Helper()
	k := city.Keys()
	return gatewayOf(t, &line.Settings{
		Token: notifier.NewSecret(k.LineToken), Secret: notifier.NewSecret(k.LineSecret), BaseURL: city.URL(drill.Line),
	}, "")
}

// reader is the user id of one of a city's people.
func reader(n int) string { return fmt.Sprintf("U%032x", n) }

func readers(n int) []notifier.Message {
	ms := make([]notifier.Message, n)
	for i := range ms {
		ms[i] = notifier.Message{Delivery: fmt.Sprintf("d-%d", i), To: reader(i), Body: "장애 15:42"}
	}
	return ms
}

// A hand-over whose answer was lost is made again under its key, and nobody
// reads it twice.
func TestLineTakesAKeyOnce(t *testing.T) {
	t.Parallel()
	city := runCity(t, spaced())
	g := lineGateway(t, city)
	m := readers(1)[0]

	set(t, city, drill.Line, drill.LostAnswer)
	_, err := g.Send(t.Context(), m)
	if _, doubt := errors.AsType[*notifier.UncertainError](err); !doubt {
		t.Fatalf("the answer lost: %v", err)
	}
	set(t, city, drill.Line, drill.OK)
	again, err := g.Send(t.Context(), m)
	if err != nil || again == "" {
		t.Fatalf("again: %q, %v", again, err)
	}
	m.Delivery = "another"
	other, err := g.Send(t.Context(), m)
	if err != nil || other == again {
		t.Fatalf("another: %q, %v", other, err)
	}
	await(t, "both texts", func() bool {
		return city.Log().Count(drill.Query{Kind: drill.Arrival, Service: drill.Line, To: m.To}) == 2
	})
}

func TestLineToMany(t *testing.T) {
	t.Parallel()
	city := runCity(t, spaced())
	g := lineGateway(t, city).(notifier.Multicaster)
	ms := readers(g.Most())

	set(t, city, drill.Line, drill.LostAnswer)
	if _, err := g.SendMany(t.Context(), "batch-1", ms); err == nil {
		t.Fatal("there was an answer")
	}
	set(t, city, drill.Line, drill.OK)
	if _, err := g.SendMany(t.Context(), "batch-1", ms); err != nil {
		t.Fatal(err)
	}
	await(t, "every text", func() bool {
		return city.Log().Count(drill.Query{Kind: drill.Arrival, Service: drill.Line}) == len(ms)
	})
	for to, n := range city.Log().CountByRecipient(drill.Query{Kind: drill.Arrival, Service: drill.Line}) {
		if n != 1 {
			t.Errorf("%s got it %d times", to, n)
		}
	}

	ms[7].To = "nobody"
	_, err := g.SendMany(t.Context(), "batch-2", ms)
	if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Recipient || no.Suppress {
		t.Errorf("one at fault among many: %v", err)
	}
	_, err = lineGateway(t, city).Send(t.Context(), ms[7])
	if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Recipient || !no.Suppress {
		t.Errorf("the one at fault: %v", err)
	}
}

func TestLineInTrouble(t *testing.T) {
	t.Parallel()
	city := runCity(t, spaced())
	g := lineGateway(t, city)
	m := readers(1)[0]
	for mode, want := range map[drill.Mode]string{
		drill.Throttled: "throttled", drill.Refused: "again", drill.Reset: "uncertain", drill.ServerError: "uncertain", drill.Credential: "rejected",
	} {
		set(t, city, drill.Line, mode)
		_, err := g.Send(t.Context(), m)
		got := "again"
		if _, ok := errors.AsType[*notifier.ThrottledError](err); ok {
			got = "throttled"
		} else if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
			got = "uncertain"
		} else if no, ok := errors.AsType[*notifier.RejectedError](err); ok && !no.Recipient {
			got = "rejected"
		}
		if err == nil || got != want {
			t.Errorf("%s: %s, want %s: %v", mode, got, want, err)
		}
	}
	if n := city.Log().Count(drill.Query{Kind: drill.Arrival, Service: drill.Line}); n != 0 {
		t.Errorf("%d texts arrived", n)
	}
	set(t, city, drill.Login, drill.Refused) // none of its business
	set(t, city, drill.Line, drill.OK)
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Error(err)
	}
}

// Somebody adds the account, writes the code they were shown, and leaves again.
func TestWhatPeopleDoInLine(t *testing.T) {
	t.Parallel()
	city := runCity(t, quick)
	body, signature := city.LineCallback(
		drill.LineEvent{User: reader(1), Kind: "follow"}, drill.LineEvent{User: reader(1), Kind: "message", Text: "482913"}, drill.LineEvent{User: reader(1), Kind: "unfollow"},
	)
	hooks := line.Hooks{Secrets: []notifier.Secret{notifier.NewSecret(city.Keys().LineSecret)}}
	header := http.Header{"X-Line-Signature": {signature}}
	events, err := hooks.Events(header, body)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []line.Happening
	for _, e := range events {
		kinds = append(kinds, e.Kind)
		if e.User != reader(1) || e.ID == "" || time.Since(e.At) > time.Minute || (e.Kind == line.Wrote) != (e.Text == "482913") {
			t.Errorf("event %+v", e)
		}
	}
	if diff := cmp.Diff([]line.Happening{line.Followed, line.Wrote, line.Unfollowed}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if _, err := hooks.Events(header, []byte(strings.Replace(string(body), "482913", "000000", 1))); !errors.Is(err, line.ErrForged) {
		t.Errorf("a changed callback: %v", err)
	}
}
