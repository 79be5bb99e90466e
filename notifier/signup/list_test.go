package signup_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"bongsu/notifier/signup"
)

// readAll reads a list: what became of each line, in words.
func readAll(t testing.TB, f signup.Format, text string) (taken []signup.Listed, refused []string) {
	t.Helper()
	l, err := signup.NewList(strings.NewReader(text), f)
	if err != nil {
		return nil, []string{err.Error()}
	}
	l.Numbers, l.Now = signup.Numbers{Region: "KR"}, time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	l.Topics = map[string]string{"talk": "talk", "group/chat": "group/chat", "chat messages": "talk"}
	for {
		one, err := l.Next()
		var wrong *signup.LineError
		switch {
		case errors.Is(err, io.EOF):
			return taken, refused
		case errors.As(err, &wrong):
			refused = append(refused, fmt.Sprintf("%d: %s", wrong.Line, wrong.Text))
		case err != nil:
			t.Fatal(err)
		default:
			taken = append(taken, one)
		}
	}
}

func TestLines(t *testing.T) {
	const head = "kind,address,source,consented,at_least,topics,quiet,order\n"
	for _, c := range []struct{ name, line, want string }{ // want empty: taken; begins with !: taken with a warning
		{"a number", `sms,010-1234-5678,counter,2026-03-01T12:00:00Z,,,,`, ""},
		{"from a spreadsheet", `sms,'+821012345678,counter,2026-03-01,major_outage,talk group/chat,22:00-07:00 Asia/Seoul,sms email`, ""},
		{"a safety number", `sms,0505-123-4567,counter,2026-03-01,,,,`, "!may not get texts"},
		{"a mail address", `email,jo@mail.example,"web form, 2024",2026-03-01 12:00:00 UTC,,,,`, ""},
		{"no source", `sms,010-1234-5678,,2026-03-01,,,,`, "2: source is missing; write where"},
		{"no time", `sms,010-1234-5678,counter,,,,,`, "2: consented is missing; write when"},
		{"a zone that is called by letters", `sms,010-1234-5678,counter,2026-03-01 09:00:00 KST,,,,`, "2: consented is no time"},
		{"an offset", `sms,010-1234-5678,counter,2026-03-01 09:00:00 +0900,,,,`, ""},
		{"a time to come", `sms,010-1234-5678,counter,2026-04-01T00:00:00Z,,,,`, "2: consented is after now"},
		{"no such time", `sms,010-1234-5678,counter,yesterday,,,,`, "2: consented is no time"},
		{"a landline", `sms,02-123-4567,counter,2026-03-01,,,,`, "2: address: this number cannot get a text"},
		{"an old network", `sms,011-123-4567,counter,2026-03-01,,,,`, "2: address: this number cannot get a text"},
		{"no such kind", `pigeon,x,counter,2026-03-01,,,,`, "2: kind is none that there is; write one of sms,"},
		{"no such threshold", `sms,010-1234-5678,counter,2026-03-01,bad,,,`, "2: at_least is no threshold"},
		{"no such service", `sms,010-1234-5678,counter,2026-03-01,,walk,,`, "2: names a service that there is not"},
		{"no such hours", `sms,010-1234-5678,counter,2026-03-01,,,night,`, "2: quiet: \"night\" are no quiet hours"},
		{"no such order", `sms,010-1234-5678,counter,2026-03-01,,,,pigeon`, "2: order names a kind"},
		{"too few fields", `sms,010-1234-5678`, "2: has 2 fields, and line 1 names 8"},
		{"an open quote", `sms,"010-1234-5678,counter,2026-03-01,,,,`, "2: has a quotation mark that is not closed"},
		{"a quote inside", `sms,010"1234,counter,2026-03-01,,,,`, "2: has a quotation mark inside"},
		{"no text", "sms,\xff,counter,2026-03-01,,,,", "2: is not text in UTF-8"},
		{"too long", strings.Repeat("x", 20<<10), "2: is longer than"},
	} {
		taken, refused := readAll(t, signup.OwnFormat(), "\ufeff"+head+c.line+"\r\n\r\nsms,010-1111-2222,counter,2026-03-01,,,,\n")
		if len(taken) == 0 || taken[len(taken)-1].Line != 4 {
			t.Errorf("%s: the line after it is lost: %v", c.name, taken)
			continue
		}
		want, warns := strings.CutPrefix(c.want, "!")
		switch {
		case warns || want == "":
			if len(refused) > 0 || len(taken) != 2 || !strings.Contains(taken[0].Warning, want) || (taken[0].Warning != "") != warns {
				t.Errorf("%s: %v, %+v", c.name, refused, taken)
			}
		case len(refused) != 1 || !strings.HasPrefix(refused[0], want) || len(taken) != 1:
			t.Errorf("%s: refused %q, want %q", c.name, refused, want)
		}
	}
}

func TestHeads(t *testing.T) {
	for _, c := range []struct {
		format     signup.Format
		head, want string
	}{
		{signup.OwnFormat(), "", "the list is empty"},
		{signup.OwnFormat(), "kind,address,source", "no column is called consented"},
		{signup.OwnFormat(), "kind,address,source,consented,Kind", "column kind is there twice"},
		{signup.StatuspageFormat(), "type,email", "no column is called consented"},
	} {
		if _, err := signup.NewList(strings.NewReader(c.head), c.format); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.head, err, c.want)
		}
	}
}

func TestStatuspageLists(t *testing.T) {
	taken, refused := readAll(t, signup.StatuspageFormat(), strings.Join([]string{
		"Type,Email,Phone Number,Phone Country,Endpoint,Components,Created At,Quarantined At,Purged",
		"email,jo@mail.example,,,,,2024-01-02 03:04:05 UTC,,",
		"sms,,01012345678,kr,,Chat Messages,2024-01-02T03:04:05Z,,",
		"webhook,owner@mail.example,,,https://hooks.example/x,,2024-01-02T03:04:05Z,2024-02-01,",
		"slack,,,,,,2024-01-02T03:04:05Z,,",
		"email,jo@mail.example,,,,,,,",
		"email,jo@mail.example,,,,Payroll,2024-01-02,,",
		",,2125550123,,,,2024-01-02,,",
	}, "\n"))
	kinds := []string{}
	for _, one := range taken {
		kinds = append(kinds, one.Address.Kind+" "+one.Address.Same+" "+one.Suppressed+strings.Join(one.Wishes.Topics, ","))
	}
	want := []string{
		"email jo@mail.example ", "sms +821012345678 talk", "statuspage https://hooks.example/x quarantined at Statuspage", "sms +12125550123 ",
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("taken %q, want %q", kinds, want)
	}
	if len(refused) != 3 || !strings.HasPrefix(refused[0], "5: is no subscriber by mail") || !strings.HasPrefix(refused[1], "6: consented is missing") || !strings.HasPrefix(refused[2], "7: components: names a service") {
		t.Errorf("refused %q", refused)
	}
}

// What is written is no formula to a spreadsheet, is CSV to others, and is read
// back as it was.
func TestCellsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.StringMatching(`[=+@'"a, é＝＋－＠\x{a0}\x{feff}-]{0,6}[^\x00-\x1f]{0,3}`), 2, 5).Draw(t, "cells")
		line := signup.Cells(cells)
		read, err := csv.NewReader(strings.NewReader(line)).Read()
		if err != nil || len(read) != len(cells) {
			t.Fatalf("%q is read as %q (%v)", line, read, err)
		}
		for i, cell := range read {
			if cell != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", []rune(cell)[0]) {
				t.Fatalf("%q has a formula: %q", line, cell)
			}
			if strings.TrimPrefix(cell, "'") != cells[i] && cell != cells[i] {
				t.Fatalf("%q was written as %q", cells[i], cell)
			}
		}
	})
}

// What a spreadsheet would take for a formula is text.
func TestFieldsAreHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "timeout": "timeout", "a=1": "a=1", " x": " x", "=1+1": "'=1+1", "+82": "'+82", "-1": "'-1", "@x": "'@x", "\t1": "'\t1", "\r1": "'\r1", "'=1": "''=1",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠1": "'＠1", " =1": "' =1", "\u00a0=1": "'\u00a0=1", "\u3000＝1": "'\u3000＝1", "\ufeff=1": "'\ufeff=1", "\u200b-1": "'\u200b-1", "\u202e=1": "'\u202e=1",
	} {
		if got := signup.Harmless(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// FuzzList: whatever a list holds, every line is taken or refused by its number,
// and what is taken reads back from our own list.
func FuzzList(f *testing.F) {
	f.Add("kind,address,source,consented\nsms,010-1234-5678,counter,2026-03-01\n", false)
	f.Add("type,email,created_at\nemail,jo@mail.example,2024-01-02\n\"", true)
	f.Add("kind,address,source,consented,topics,quiet\nemail,'=cmd@mail.example,\"a\"\"b\",2026-03-01,talk,22:00-07:00 UTC", false)
	f.Fuzz(func(t *testing.T, text string, statuspage bool) {
		format := signup.OwnFormat()
		if statuspage {
			format = signup.StatuspageFormat()
		}
		taken, _ := readAll(t, format, text)
		for _, one := range taken {
			if one.Source == "" || one.Consented.IsZero() {
				t.Fatalf("taken without consent: %+v", one)
			}
			again, refused := readAll(t, signup.OwnFormat(), signup.Cells(signup.Columns)+one.Cells())
			if len(again) != 1 || again[0].Address != one.Address || again[0].Wishes.Quiet.String() != one.Wishes.Quiet.String() || !slices.Equal(again[0].Wishes.Topics, one.Wishes.Topics) {
				t.Fatalf("%+v reads back as %+v (%v)", one, again, refused)
			}
		}
	})
}
