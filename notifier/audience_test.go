package notifier_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"bongsu/notifier"
	"bongsu/status"
)

// telltown has a messenger that follows the chat, SMS with a long text behind
// it, and mail.
func telltown() *notifier.Town {
	return &notifier.Town{
		Channels: []notifier.Channel{
			{ID: "talk", Kind: "alimtalk", Class: notifier.ClassAlimTalk, Gateways: []notifier.Route{{Name: "talk/one", Rate: 200, Price: notifier.Money{Milli: 8000, Currency: "KRW"}}}},
			{ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Gateways: []notifier.Route{
				{Name: "sms/one", Rate: 50, Price: notifier.Money{Milli: 20_000, Currency: "KRW"}}, {Name: "sms/two", Rate: 50, Price: notifier.Money{Milli: 30_000, Currency: "KRW"}},
			}},
			{ID: "mail", Kind: "email", Class: notifier.ClassMail, Gateways: []notifier.Route{{Name: "mail/smtp"}}},
			{ID: "ops", Kind: "slack", Class: notifier.ClassChat, Target: "#ops", Gateways: []notifier.Route{{Name: "ops/slack"}}},
		},
		Plans: map[string][]notifier.Hop{"citizens": {{Channel: "talk"}, {Channel: "sms"}, {Channel: "mail"}}, "ops": {{Channel: "ops"}}},
		Audiences: []notifier.Audience{
			{Audience: "subscribers", Plan: "citizens", AtLeast: status.PartialOutage}, {Audience: "operators", Plan: "ops"},
		},
	}
}

// telling is a note on a partial outage of the chat, in Korean and English.
func telling() *notifier.Notice {
	n := &notifier.Notice{
		Event: "note", Audience: "subscribers", Plan: "citizens", From: status.Operational, To: status.PartialOutage,
		About: []string{"talk", notifier.GroupTopic("chat")}, Made: march, Expires: march.Add(6 * time.Hour),
	}
	for _, lang := range []string{"ko", "en"} {
		n.Texts = append(n.Texts,
			notifier.Text{Lang: lang, Class: notifier.ClassAlimTalk, Segments: 1}, notifier.Text{Lang: lang, Class: notifier.ClassSMS, Segments: 1 + len(n.Texts)/3},
			notifier.Text{Lang: lang, Class: notifier.ClassMail, Segments: 1})
	}
	return n
}

var march = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func free(string) string { return "" }

func TestWhoIsToldByWhichWay(t *testing.T) {
	quiet := func(text string) notifier.Wishes { // it is 21:00 in Seoul
		q, err := notifier.ParseQuiet(text + " Asia/Seoul")
		if err != nil {
			t.Fatal(err)
		}
		return notifier.Wishes{Quiet: q}
	}
	crowds := []notifier.Crowd{
		{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 600_000, AtLeast: status.PartialOutage},
		{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 50, AtLeast: status.PartialOutage, Wishes: notifier.Wishes{Order: []string{"sms"}}},
		{Plan: "citizens", Lang: "en", Kinds: []string{"sms"}, People: 1000, AtLeast: status.PartialOutage, Wishes: quiet("20:00-23:00")},
		{Plan: "citizens", Lang: "en", Kinds: []string{"sms"}, People: 11, AtLeast: status.PartialOutage, Wishes: quiet("20:00-07:00")},
		{Plan: "citizens", Lang: "ja", Kinds: []string{"email"}, People: 7, AtLeast: status.PartialOutage},
		{Plan: "citizens", Lang: "ko", Kinds: []string{"alimtalk"}, People: 30, AtLeast: status.PartialOutage},
		{Plan: "citizens", Lang: "ko", People: 3, AtLeast: status.PartialOutage},
		{Plan: "citizens", Lang: "ko", Kinds: []string{"sms"}, People: 40, AtLeast: status.MajorOutage},
		{Plan: "citizens", Lang: "ko", Kinds: []string{"sms"}, People: 20, AtLeast: status.PartialOutage, Wishes: notifier.Wishes{Topics: []string{"maps"}}},
		{Plan: "others", Lang: "ko", Kinds: []string{"sms"}, People: 99},
	}
	for _, tt := range []struct {
		name    string
		blocked string
		want    string
	}{
		{"all is free", "", "600030 ko by talk for 4800240 KRW, 1000 en by sms for 40000 KRW (1000 wait), 50 ko by sms for 1000 KRW, 7 ja by mail, 3 ko by none, 60 spared, 11 asleep"},
		{"the messenger is what fails", "talk", "30 ko by talk for 240 KRW, 600000 ko by sms past [talk] for 12000000 KRW, 1000 en by sms for 40000 KRW (1000 wait), 50 ko by sms for 1000 KRW, 7 ja by mail, 3 ko by none, 60 spared, 11 asleep"},
	} {
		told := telltown().Tell(telling(), crowds, func(c string) string { return map[bool]string{true: "chat fails"}[c == tt.blocked] }, march)
		if got := sentence(&told); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
	operators := telling()
	operators.Audience, operators.Plan = "operators", "ops"
	told := telltown().Tell(operators, nil, free, march)
	if got := sentence(&told); got != "1  by ops, 0 spared, 0 asleep" {
		t.Errorf("operators: %s", got)
	}
}

func sentence(told *notifier.Telling) string {
	var parts []string
	for _, x := range told.Told {
		part := fmt.Sprintf("%d %s by %s", x.People, x.Lang, x.Channel)
		if x.Channel == "" {
			part += "none"
		}
		if len(x.Passed) > 0 {
			part += fmt.Sprintf(" past %v", x.Passed)
		}
		if x.Cost.Currency != "" {
			part += fmt.Sprintf(" for %d %s", x.Cost.Milli/1000, x.Cost.Currency)
		}
		if x.Waiting > 0 {
			part += fmt.Sprintf(" (%d wait)", x.Waiting)
		}
		parts = append(parts, part)
	}
	return strings.Join(append(parts, fmt.Sprintf("%d spared, %d asleep", told.Spared, told.Asleep)), ", ")
}

// Everybody on the route is told once, by none, or spared: nobody is lost, and
// nobody is counted twice.
func TestNobodyIsLostInAPreview(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"alimtalk", "sms", "email"}
	for range 200 {
		var crowds []notifier.Crowd
		want := int64(0)
		for range 1 + r.IntN(20) {
			c := notifier.Crowd{Plan: "citizens", Lang: []string{"ko", "en", "ja"}[r.IntN(3)], People: 1 + r.Int64N(1000), AtLeast: status.State(r.IntN(5))}
			for _, k := range kinds {
				if r.IntN(2) == 0 {
					c.Kinds = append(c.Kinds, k)
				}
			}
			if r.IntN(3) == 0 {
				c.Wishes.Order = []string{kinds[r.IntN(3)]}
			}
			want += c.People
			crowds = append(crowds, c)
		}
		closed := r.IntN(8)
		told := telltown().Tell(telling(), crowds, func(c string) string {
			for i, id := range []string{"talk", "sms", "mail"} {
				if c == id && closed>>i&1 == 1 {
					return "closed"
				}
			}
			return ""
		}, march)
		got := told.Spared + told.Asleep
		for _, x := range told.Told {
			got += x.People
			if x.Channel != "" && x.Text < 0 {
				t.Fatalf("no text for %+v", x)
			}
		}
		if got != want {
			t.Fatalf("%d of %d people are somewhere: %+v", got, want, told)
		}
	}
}

func TestHowLongItTakes(t *testing.T) {
	takes := telltown().Takes(map[string]int64{"talk": 1_000_000, "sms": 50, "mail": 9, "": 4})
	if want := "map[sms:500ms talk:1h23m20s]"; fmt.Sprint(takes) != want {
		t.Errorf("got %v, want %s", takes, want)
	}
}
