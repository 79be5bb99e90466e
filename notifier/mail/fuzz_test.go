package mail_test

import (
	"bytes"
	"context"
	"errors"
	stdmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bongsu/notifier"
	"bongsu/notifier/mail"
)

// ourHeaders are all that a mail has.
const ourHeaders = " Auto-Submitted Content-Language Content-Transfer-Encoding Content-Type Date From List-Unsubscribe List-Unsubscribe-Post " +
	"Message-Id Mime-Version References Subject To X-Auto-Response-Suppress "

// Whatever texts a mail is made of, it has our headers only, each once, and both
// texts come out as they went in.
func FuzzLetter(f *testing.F) {
	f.Add("카카오톡 장애", "본문\n.\n", "<p>본문</p>", "https://status.example/l", "ko")
	f.Add("a\r\nBcc: x@y.example", "a\r\n.\r\nQUIT\r\n", "", "https://status.example/\r\nX: 1", "e\nn")
	f.Add("=?utf-8?b?zz?=", "\x00\xff", "--boundary--", "mailto:x", "")
	g, err := settings("smtp://127.0.0.1:1").Open(notifier.Outside{Now: sent.UTC})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, title, body, html, leave, lang string) {
		m := message()
		m.Title, m.Body, m.HTML, m.Leave, m.Lang = title, body, html, leave, lang
		raw, err := mail.Compose(g, m)
		if err != nil {
			return
		}
		r := parse(t, raw)
		for name, values := range r.header {
			if !strings.Contains(ourHeaders, " "+name+" ") || len(values) != 1 {
				t.Errorf("%s: %q", name, values)
			}
		}
		if to, err := r.header.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != m.To {
			t.Errorf("To %v, %v", to, err)
		}
		if got := r.parts["text/plain"]; utf8.ValidString(body) && !strings.ContainsAny(body, "\r\x00") && strings.TrimRight(got, "\n") != strings.TrimRight(body, "\n") {
			t.Errorf("body %q came out as %q", body, got)
		}
		if _, err := stdmail.ReadMessage(bytes.NewReader(raw)); err != nil {
			t.Error(err)
		}
	})
}

// Whatever a server says, it is one of the kinds of answer, in one line and
// without the address.
func FuzzClassify(f *testing.F) {
	f.Add(uint8(3), 550, "5.1.1 <reader@people.example> unknown")
	f.Add(uint8(5), 421, "bye\r\nbye")
	f.Fuzz(func(t *testing.T, at uint8, code int, words string) {
		err := mail.Classify(at, code, words, "reader@people.example")
		if err == nil {
			t.Fatal("a no is taken for a yes")
		}
		if no, ok := errors.AsType[*notifier.RejectedError](err); ok && no.Suppress && !no.Recipient {
			t.Errorf("suppressed and not the recipient's: %v", err)
		}
		if said := err.Error(); strings.Contains(said, "reader@people.example") || strings.ContainsAny(said, "\r\n") {
			t.Errorf("the error is %q", said)
		}
	})
}

// Whatever a server says and wherever it says it, the conversation ends, the
// mail goes out once at most, and nothing is told of its reader. A server that
// has not taken the mail's end has not taken the mail.
func FuzzConversation(f *testing.F) {
	commands := []string{"CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."}
	for i := range commands {
		f.Add(uint8(i), "550 5.1.1 no")
		f.Add(uint8(i), "250-x\r\n250 y")
		f.Add(uint8(i), "354 go on\r\n250 fine")
		f.Add(uint8(i), "")
	}
	f.Fuzz(func(t *testing.T, at uint8, words string) {
		command := commands[int(at)%len(commands)]
		server := hire(t, map[string]string{command: words})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err := open(t, settings(server.url())).Send(ctx, message())
		tellsNothing(t, err)
		// Words of more than a line, and leave to go on, are answers to what comes
		// after: then the server itself has said that it took the mail.
		ahead := strings.Contains(words, "\n") || command == "DATA" && strings.HasPrefix(words, "354")
		if n := server.mails(); n > 1 || n == 0 && err == nil && !ahead {
			t.Errorf("%s, %q: %d mails, %v", command, words, n, err)
		}
		if _, doubt := errors.AsType[*notifier.UncertainError](err); err != nil && !doubt && command == "." && strings.HasPrefix(words, "250 ") {
			t.Errorf("%q is a yes, taken for %v", words, err)
		}
	})
}
