package appnotice_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/appnotice"
)

// lines reads a whole upload: who is on each line, or what is wrong with it.
func lines(text string, columns bool) (out []string, err error) {
	err = appnotice.ReadLines(strings.NewReader(text), columns, func(line int64, r appnotice.Recipient, fault error) error {
		if fault != nil {
			out = append(out, fmt.Sprintf("%d: %v", line, fault))
			return nil
		}
		out = append(out, fmt.Sprintf("%d: %s %s %v", line, r.Ref, r.Lang, r.To))
		return nil
	})
	return out, err
}

func TestReadLines(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, c := range []struct {
		name    string
		text    string
		columns bool
		want    []string
		err     error
	}{
		{"CSV", "ref,lang,sms\nu1,ko,010-1234-5678\n\nu2,,+81", true, []string{"2: u1 ko map[sms:010-1234-5678]", "4: u2  map[sms:+81]"}, nil},
		{"CSV as a spreadsheet writes it", "\ufeffref,sms\r\n\"u1\",\"010\"\r\n", true, []string{"2: u1  map[sms:010]"}, nil},
		{"CSV with a column too few", "ref,lang,sms\nu1,ko", true, []string{"2: it has not 3 columns; a line break inside a value is not taken"}, nil},
		{"CSV without names of columns", "u1,010", true, nil, appnotice.ErrNoHeader},
		{"CSV with a column twice", "ref,sms,sms\n", true, nil, appnotice.ErrNoHeader},
		{"a line that is too long, and one after it", "ref,sms\n" + long + "\nu2,010", true, []string{"2: it is longer than 2048 bytes", "3: u2  map[sms:010]"}, nil},
		{"a last line that is too long", "ref,sms\n" + long, true, []string{"2: it is longer than 2048 bytes"}, nil},
		{"NDJSON", `{"ref": "u1", "to": {"email": "a@mail.example"}}` + "\n" + `{"ref": "u2", "lang": "en", "to": {}}`, false, []string{"1: u1  map[email:a@mail.example]", "2: u2 en map[]"}, nil},
		{"NDJSON with an unknown key", `{"ref": "u1", "phone": "010"}`, false, []string{`1: it is no object of ref, lang and to; write {"ref": "…", "to": {"sms": "…"}}`}, nil},
		{"two objects on a line", `{"ref":"u1","to":{}} {}`, false, []string{"1: something follows the JSON object"}, nil},
		{"nested deeply", strings.Repeat("[", 1000), false, []string{`1: it is no object of ref, lang and to; write {"ref": "…", "to": {"sms": "…"}}`}, nil},
		{"nothing", "", false, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := lines(c.text, c.columns)
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// No upload makes the reader fail other than by a fault of a line, or keep more
// than a line of it.
func FuzzReadLines(f *testing.F) {
	f.Add("ref,lang,sms\nu1,ko,010-1234-5678\n", true)
	f.Add("{\"ref\":\"u1\",\"to\":{\"sms\":\"010\"}}\n{", false)
	f.Add("ref,\"sms\n\"\n", true)
	f.Fuzz(func(t *testing.T, text string, columns bool) {
		before := int64(0)
		err := appnotice.ReadLines(strings.NewReader(text), columns, func(line int64, r appnotice.Recipient, fault error) error {
			if line <= before {
				t.Errorf("line %d comes after line %d", line, before)
			}
			before = line
			if fault == nil && len(r.Ref) > 2048 {
				t.Errorf("a ref of %d bytes", len(r.Ref))
			}
			return nil
		})
		if err != nil && !errors.Is(err, appnotice.ErrNoHeader) {
			t.Errorf("it fails: %v", err)
		}
	})
}

// A quote goes by the ways there are now, and says what all of them could cost.
func TestQuote(t *testing.T) {
	won := func(n int64) notifier.Money { return notifier.Money{Milli: n * 1000, Currency: "KRW"} }
	plan := []notifier.Hop{{Channel: "talk"}, {Channel: "sms"}}
	channels := func(blocked string) map[string]appnotice.Channel {
		return map[string]appnotice.Channel{
			"talk": {ID: "talk", Kind: "alimtalk", Class: notifier.ClassAlimTalk, Blocked: blocked, Routes: []notifier.Route{{Price: won(7)}}},
			"sms":  {ID: "sms", Kind: "sms", Class: notifier.ClassSMS, Routes: []notifier.Route{{Price: won(9)}, {Price: won(20)}}},
		}
	}
	texts := []notifier.Text{{Lang: "ko", Class: notifier.ClassAlimTalk, Segments: 1}, {Lang: "ko", Class: notifier.ClassSMS, Segments: 1}, {Lang: "en", Class: notifier.ClassSMS, Segments: 2}}
	audience := []appnotice.Reached{
		{Lang: "ko", Kinds: []string{"alimtalk", "sms"}, People: 100}, {Lang: "en", Kinds: []string{"sms"}, People: 10}, {Lang: "ko", Kinds: []string{"email"}, People: 3},
	}
	up := appnotice.QuoteFor(plan, channels(""), texts, audience)
	if up.People != 113 || up.NoAddress != 3 || up.Cost[0].Amount != "880" || up.AtMost[0].Amount != "3100" {
		t.Errorf("while the messenger is up: %+v", up)
	}
	down := appnotice.QuoteFor(plan, channels("chat is major_outage"), texts, audience)
	want := []appnotice.Way{{Channel: "sms", Class: notifier.ClassSMS, People: 110, Segments: 120}}
	if diff := cmp.Diff(want, down.Ways); diff != "" || len(down.Left) != 1 || down.Cost[0].Amount != "1080" {
		t.Errorf("while it is down: %+v\n%s", down, diff)
	}
}
