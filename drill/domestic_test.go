package drill_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bongsu/drill"
	"bongsu/notifier"
	"bongsu/notifier/alimtalk"
	"bongsu/notifier/nhn"
	"bongsu/notifier/solapi"
)

// domestic opens the program's own gateway of one of the domestic ones in the
// city.
func domestic(t *testing.T, city *drill.City, s drill.Service) notifier.Gateway {
	t.Helper()
	k, base := city.Keys(), city.URL(s)
	settings := map[drill.Service]notifier.Settings{
		drill.NHN: &nhn.Settings{AppKey: notifier.NewSecret(k.NHNApp), Secret: notifier.NewSecret(k.NHNSecret), From: k.NHNFrom, BaseURL: base},
		drill.Solapi: &solapi.Settings{
			Key: notifier.NewSecret(k.SolapiKey), Secret: notifier.NewSecret(k.SolapiSecret), Webhook: notifier.NewSecret(k.SolapiHook),
			From: k.SolapiFrom, BaseURL: base,
		},
		drill.AlimTalk: &alimtalk.Settings{
			AppKey: notifier.NewSecret(k.AlimTalkApp), Secret: notifier.NewSecret(k.AlimTalkSecret), SenderKey: notifier.NewSecret(k.AlimTalkSender), BaseURL: base,
		},
	}[s]
	if problems := settings.Problems(); problems != nil {
		t.Fatal(problems)
	}
	g, err := settings.Open(notifier.Outside{Now: time.Now, Nonce: rand.Text})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var domestics = []drill.Service{drill.NHN, drill.Solapi}

func domesticText(delivery string, class notifier.Class) notifier.Message {
	m := notifier.Message{Delivery: delivery, To: "+821000000001", Class: class, Body: "로그인 장애 " + delivery}
	if class == notifier.ClassLMS {
		m.Title = "상태알림"
	}
	return m
}

func TestDomesticGatewaysFromEndToEnd(t *testing.T) {
	t.Parallel()
	for _, s := range domestics {
		for _, class := range []notifier.Class{notifier.ClassSMS, notifier.ClassLMS} {
			t.Run(string(s)+" "+string(class), func(t *testing.T) {
				t.Parallel()
				city := runCity(t, quick)
				g := domestic(t, city, s)
				began := time.Now()
				m := domesticText("d1", class)
				ref, err := g.Send(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				await(t, "the result", func() bool {
					r, err := g.(notifier.Reporter).Result(t.Context(), ref, began)
					return err == nil && r.Rank == notifier.Delivered && r.Delivery == "d1" && r.Ref == ref
				})
				arrived := city.Log().Find(drill.Query{Kind: drill.Arrival, Service: s})
				if len(arrived) != 1 || arrived[0].To != m.To || arrived[0].Body != m.Body || arrived[0].Key != "d1" {
					t.Errorf("what arrived: %+v", arrived)
				}
				if found, again, rank, err := g.(notifier.Finder).Find(t.Context(), m, began); !found || again != ref || rank != notifier.Delivered || err != nil {
					t.Errorf("found %t %q %s, error %v; want %q", found, again, rank, err, ref)
				}
				if found, _, _, err := g.(notifier.Finder).Find(t.Context(), domesticText("d2", class), began); found || err != nil {
					t.Errorf("another delivery: found %t, error %v", found, err)
				}
				if _, err := g.(notifier.Reporter).Result(t.Context(), ref+"0", began); err == nil {
					t.Error("another reference has a result")
				}
			})
		}
	}
}

// An answer is lost: the message is in doubt, and the look-up by our own key
// settles it without a second text.
func TestALostAnswerOfADomesticGatewayIsSettled(t *testing.T) {
	t.Parallel()
	for _, s := range domestics {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			g := domestic(t, city, s)
			began := time.Now()
			for _, c := range []struct {
				mode  drill.Mode
				taken bool
			}{{drill.LostAnswer, true}, {drill.Reset, false}, {drill.ServerError, false}} {
				m := domesticText("d-"+string(c.mode), notifier.ClassSMS)
				set(t, city, s, c.mode)
				_, err := g.Send(t.Context(), m)
				if _, doubt := errors.AsType[*notifier.UncertainError](err); !doubt {
					t.Errorf("%s: %v", c.mode, err)
				}
				set(t, city, s, drill.OK)
				if found, ref, _, err := g.(notifier.Finder).Find(t.Context(), m, began); found != c.taken || (ref != "") != c.taken || err != nil {
					t.Errorf("%s: found %t %q, error %v", c.mode, found, ref, err)
				}
			}
			await(t, "the text", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, Service: s}) == 1 })
		})
	}
}

// Each way in which a gateway can be unwell asks the right thing of the sender.
func TestWhatDomesticGatewaysAskFor(t *testing.T) {
	t.Parallel()
	kind := func(err error) string {
		if no, ok := errors.AsType[*notifier.RejectedError](err); ok {
			return fmt.Sprintf("rejected recipient=%t suppress=%t", no.Recipient, no.Suppress)
		}
		if slow, ok := errors.AsType[*notifier.ThrottledError](err); ok {
			return "throttled " + slow.After.String()
		}
		if err == nil {
			return "taken"
		}
		return "again"
	}
	for _, s := range domestics {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			g := domestic(t, city, s)
			for mode, want := range map[drill.Mode]string{
				drill.Refused: "again", drill.Throttled: "throttled 1s", drill.Quota: "throttled 30s",
				drill.Credential: "rejected recipient=false suppress=false", drill.Slow: "taken",
			} {
				set(t, city, s, mode)
				if _, err := g.Send(t.Context(), domesticText("d-"+string(mode), notifier.ClassSMS)); kind(err) != want {
					t.Errorf("%s: %s, want %s: %v", mode, kind(err), want, err)
				}
			}
			set(t, city, s, drill.OK)
			landline := domesticText("d-landline", notifier.ClassSMS)
			landline.To = "+8220000000"
			if _, err := g.Send(t.Context(), landline); kind(err) != "rejected recipient=true suppress=false" {
				t.Errorf("a landline: %v", err)
			}
			if err := city.Reply("+821000000009", "STOP"); err != nil {
				t.Fatal(err)
			}
			left := domesticText("d-left", notifier.ClassSMS)
			left.To = "+821000000009"
			if _, err := g.Send(t.Context(), left); kind(err) != "rejected recipient=true suppress=true" {
				t.Errorf("who has opted out: %v", err)
			}
		})
	}
}

// The results of many are asked for in a list, however muddled it is, and what
// the gateway lost is not in it.
func TestDomesticResultsInAList(t *testing.T) {
	t.Parallel()
	for _, s := range append(slices.Clone(domestics), drill.AlimTalk) {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			g := domestic(t, city, s)
			began := time.Now()
			const people = 60
			refs := map[string]bool{}
			for n := range people {
				m := domesticText(fmt.Sprintf("d%d", n), notifier.ClassSMS)
				m.Template = "t"
				m.To = fmt.Sprintf("+82100000%04d", n)
				ref, err := g.Send(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				refs[ref] = true
			}
			set(t, city, s, drill.Lose)
			lost := domesticText("lost", notifier.ClassSMS)
			lost.Template = "t"
			if _, err := g.Send(t.Context(), lost); err != nil {
				t.Fatal(err)
			}
			set(t, city, s, drill.Shuffled)
			delivered := func() (known int) {
				got := map[string]bool{}
				err := g.(notifier.Lister).Results(t.Context(), began.Add(-time.Minute), time.Now().Add(time.Minute), func(r notifier.Receipt) {
					if r.Rank == notifier.Delivered {
						got[r.Ref] = true
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				for ref := range got {
					if !refs[ref] {
						t.Errorf("a result of %s, which was never handed over or was lost", ref)
					}
				}
				return len(got)
			}
			await(t, "all results", func() bool { return delivered() == people })
		})
	}
}

// Late results come late.
func TestDomesticResultsComeLate(t *testing.T) {
	t.Parallel()
	for _, s := range domestics {
		city := runCity(t, quick)
		g := domestic(t, city, s)
		set(t, city, s, drill.Late)
		ref, err := g.Send(t.Context(), domesticText("d1", notifier.ClassSMS))
		if err != nil {
			t.Fatal(err)
		}
		await(t, "the text", func() bool { return city.Log().Count(drill.Query{Kind: drill.Arrival, Service: s}) == 1 })
		arrived := city.Log().Find(drill.Query{Kind: drill.Arrival, Service: s})[0].At
		await(t, "the result", func() bool {
			r, err := g.(notifier.Reporter).Result(t.Context(), ref, arrived)
			return err == nil && r.Rank == notifier.Delivered
		})
		if waited := time.Since(arrived); waited < quick.Late {
			t.Errorf("%s: the result was known %s after the text", s, waited)
		}
	}
}

// Domestic gateways report what they know of a text to a webhook, which believes
// only who knows its secret; shuffled, in the wrong order and twice.
func TestDomesticReports(t *testing.T) {
	t.Parallel()
	for _, s := range domestics {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			city := runCity(t, quick)
			read := map[drill.Service]func(*http.Request, []byte, time.Time) ([]notifier.Receipt, error){
				drill.NHN:    (&nhn.Hooks{Signatures: []notifier.Secret{notifier.NewSecret(city.Keys().NHNHook)}}).Reports,
				drill.Solapi: (&solapi.Hooks{Secrets: []notifier.Secret{notifier.NewSecret(city.Keys().SolapiHook)}}).Reports,
			}[s]
			var mu sync.Mutex
			var got []notifier.Receipt
			ear := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				receipts, err := read(r, body, time.Now())
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("a report: %v", err)
				}
				got = append(got, receipts...)
			}))
			defer ear.Close()
			if err := city.SetReports(s, ear.URL+"/hooks"); err != nil {
				t.Fatal(err)
			}
			g := domestic(t, city, s)
			set(t, city, s, drill.Shuffled)
			ref, err := g.Send(t.Context(), domesticText("d1", notifier.ClassLMS))
			if err != nil {
				t.Fatal(err)
			}
			set(t, city, s, drill.Lose)
			if _, err := g.Send(t.Context(), domesticText("d2", notifier.ClassSMS)); err != nil {
				t.Fatal(err)
			}
			await(t, "four reports", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(got) == 4
			})
			delivered := 0
			for _, r := range got {
				if r.Delivery != "d1" || r.Ref != ref || r.Rank == notifier.FailedRank {
					t.Errorf("a report: %+v", r)
				}
				if r.Rank == notifier.Delivered {
					delivered++
				}
			}
			if delivered != 2 {
				t.Errorf("%d reports say that it has arrived: %+v", delivered, got)
			}
			if err := city.SetReports(s, "https://status.example/hooks"); err == nil || !strings.Contains(err.Error(), "loopback") {
				t.Errorf("reports to somebody else: %v", err)
			}
		})
	}
}
