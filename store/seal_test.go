package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bongsu/status"
	"bongsu/store"
)

func TestKeysFile(t *testing.T) {
	good := store.NewKeys()
	if good == store.NewKeys() {
		t.Fatal("two key files are alike")
	}
	line := strings.Split(good, "\n")[1]
	for _, test := range []struct{ name, text, want string }{
		{"as written", good, ""},
		{"two versions", line + "\n" + strings.Replace(line, " 1 ", " 2 ", 1), ""},
		{"empty", "# nothing\n", "there is none"},
		{"another file", "hello\n", "line 1: want"},
		{"a version twice", line + "\n" + line, "line 2: versions must rise"},
		{"too short", "bongsu-key 1 AAAA", "32 bytes"},
		{"no number", "bongsu-key one AAAA", "from 1 to 255"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, err := store.ParseKeys(test.text)
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "" && fmt.Sprintf("%v %+v %#v", k, k, k) != "… … …":
				t.Error("the keys can be printed")
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "AAAA")):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add(store.NewKeys())
	f.Add("bongsu-key 1 ")
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := store.ParseKeys(text); err == nil && len(k.Derive("test")) != 32 {
			t.Error("keys without a secret")
		}
	})
}

func TestSubscribers(t *testing.T) {
	ledgers(t, func(t *testing.T, s *store.Store) {
		subscribe(t, s, 3, "sms", "alimtalk")
		sub := store.Subscriber{Lang: "ko", Plan: "citizens", AtLeast: status.PartialOutage, Joined: march}
		if _, err := s.AddSubscriber(t.Context(), sub, []store.Address{{Kind: "sms", Address: "+821000000001"}}); !errors.Is(err, store.ErrAddressTaken) {
			t.Errorf("the same number twice: %v", err)
		}
		found, err := s.FindSubscriber(t.Context(), "sms", "+821000000001")
		if err != nil || found.ID != 2 || len(found.Reach) != 2 || strings.Contains(found.Reach[0].Hint, "000000") {
			t.Fatalf("found %+v, %v", found, err)
		}
		if err := s.Leave(t.Context(), found.ID, march); err != nil {
			t.Fatal(err)
		}
		if err := s.Leave(t.Context(), found.ID, march); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("leaving twice: %v", err)
		}
		if _, err := s.FindSubscriber(t.Context(), "sms", "+821000000001"); !errors.Is(err, store.ErrNoSubscriber) {
			t.Errorf("who has left was found: %v", err)
		}
		again, err := s.AddSubscriber(t.Context(), sub, []store.Address{{Kind: "sms", Address: "+821000000001", Consented: march, Confirmed: march}})
		if err != nil || again <= 3 {
			t.Errorf("who comes back gets number %d, %v", again, err)
		}
		counts, err := s.SubscriberCount(t.Context())
		if err != nil || counts["citizens"] != 3 {
			t.Errorf("counts %v, %v", counts, err)
		}
	})
}
