package mail_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	stdmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"bongsu/notifier"
	"bongsu/notifier/mail"
)

var sent = time.Date(2022, 10, 15, 15, 42, 0, 0, time.FixedZone("KST", 9*3600))

func settings(url string) *mail.Settings {
	s := mail.Kind().New().(*mail.Settings)
	s.URL, s.From = notifier.NewSecret(url), "서비스 상황판 <status@status.example>"
	return s
}

func open(t *testing.T, s *mail.Settings) notifier.Gateway {
	t.Helper()
	if found := s.Problems(); found != nil {
		t.Fatal(found)
	}
	g, err := s.Open(notifier.Outside{Now: func() time.Time { return sent }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func message() notifier.Message {
	return notifier.Message{
		Delivery: "1-2-abc", To: "reader@people.example", Class: notifier.ClassMail, Lang: "ko", Incident: "i1",
		Title: "카카오톡 메시지 장애 — 15:42부터", Body: "카카오톡 메시지가 15:42부터 되지 않습니다.\n.\n점 하나로 시작하는 줄도 그대로.\n",
		HTML: "<p lang=ko>카카오톡 메시지가 <b>15:42</b>부터 되지 않습니다.</p>\n", Leave: "https://status.example/leave?t=a.b",
	}
}

// read takes a mail apart as a mail program does.
type read struct {
	header stdmail.Header
	parts  map[string]string // by media type
}

func parse(t *testing.T, raw []byte) read {
	t.Helper()
	m, err := stdmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	out := read{m.Header, map[string]string{}}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		out.parts[kind] = decode(t, m.Body, m.Header.Get("Content-Transfer-Encoding"))
		return out
	}
	if kind != "multipart/alternative" {
		t.Errorf("parts as %s", kind)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("a part of %s, %v, %v", kind, params, err)
		}
		out.parts[kind] = decode(t, part, part.Header.Get("Content-Transfer-Encoding"))
	}
}

func decode(t *testing.T, r io.Reader, encoding string) string {
	t.Helper()
	switch encoding {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	default:
		t.Errorf("encoding %q", encoding)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func (r read) subject(t *testing.T) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAMailAsItArrives(t *testing.T) {
	p := office(t)
	s := settings("smtp://" + p.address)
	s.LeaveMail, s.ReplyTo = "leave@status.example", "ops@status.example"
	g := open(t, s)
	ref, err := g.Send(t.Context(), message())
	if err != nil || ref != "<1-2-abc@status.example>" {
		t.Fatalf("ref %q, error %v", ref, err)
	}
	got := p.got()
	if len(got) != 1 || got[0].from != "status@status.example" || got[0].to != "reader@people.example" || got[0].utf8 {
		t.Fatalf("letters %+v", got)
	}
	r := parse(t, got[0].raw)
	if r.subject(t) != message().Title {
		t.Errorf("subject %q", r.subject(t))
	}
	from, err := r.header.AddressList("From")
	if err != nil || from[0].Name != "서비스 상황판" || from[0].Address != "status@status.example" {
		t.Errorf("From %v, %v", from, err)
	}
	if date, err := r.header.Date(); err != nil || !date.Equal(sent) {
		t.Errorf("date %s, %v", date, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<1-2-abc@status.example>", "To": "<reader@people.example>", "Reply-To": "<ops@status.example>",
		"Auto-Submitted": "auto-generated", "Content-Language": "ko", "Mime-Version": "1.0",
		"List-Unsubscribe":      "<https://status.example/leave?t=a.b>, <mailto:leave@status.example?subject=leave>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if got := r.header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if diff := cmp.Diff(map[string]string{"text/plain": message().Body, "text/html": message().HTML}, r.parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	for line := range strings.SplitSeq(string(got[0].raw), "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
			t.Errorf("a line no server has to take: %q", line)
		}
	}
	// The plain text comes first: programs show the last that they understand.
	if plain, html := bytes.Index(got[0].raw, []byte("text/plain")), bytes.Index(got[0].raw, []byte("text/html")); plain > html {
		t.Error("HTML comes before the plain text")
	}
}

func TestMailsInEveryLanguage(t *testing.T) {
	p := office(t)
	g := open(t, settings("smtp://"+p.address))
	for _, c := range []struct{ lang, title, body string }{
		{"ko", "카카오톡 메시지 장애", "되지 않습니다.\n똠방각하 펲시 — 한자 障碍\n"},
		{"ja", "カカオトークのメッセージ障害(15:42~)", "メッセージが届きません。\n髙﨑 ①②③ ～\n"},
		{"en", "KakaoTalk messages are down", "Messages don’t arrive — since 15:42.\n" + strings.Repeat("long line ", 300) + "\n"},
		{"en", "", "\n"},
		{"ko", strings.Repeat("긴 제목 ", 60), strings.Repeat("가", 5000) + "\n"},
		{"en", "😀 =?utf-8?q?not_encoded?=", "=3D =20 .\n..\n.\nFrom here\n"},
	} {
		m := message()
		m.Lang, m.Title, m.Body, m.HTML = c.lang, c.title, c.body, ""
		if _, err := g.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := p.got()
		r := parse(t, all[len(all)-1].raw)
		if got := r.subject(t); got != strings.TrimSpace(c.title) {
			t.Errorf("subject %q, want %q", got, c.title)
		}
		if diff := cmp.Diff(map[string]string{"text/plain": c.body}, r.parts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.title, diff)
		}
	}
}

// Whatever comes in a text, a title or an address stays in its place.
func TestNothingInjectsAHeader(t *testing.T) {
	p := office(t)
	g := open(t, settings("smtp://"+p.address))
	hostile := []string{
		"a\r\nBcc: other@people.example\r\n\r\nbody", "a\nX-Injected: 1", "a\rX-Injected: 1", "a\x00b", "\u2028X-Injected: 1", "a\r\n.\r\nMAIL FROM:<x@y.example>\r\n",
		`"quoted" <x@y.example>, other@people.example`, "a>,<https://other.example/", "not UTF-8 \xff\xfe",
	}
	for _, text := range hostile {
		for name, set := range map[string]func(*notifier.Message){
			"title": func(m *notifier.Message) { m.Title = text }, "body": func(m *notifier.Message) { m.Body = text },
			"HTML": func(m *notifier.Message) { m.HTML = text }, "to": func(m *notifier.Message) { m.To = text },
			"leave": func(m *notifier.Message) { m.Leave = "https://status.example/" + text }, "lang": func(m *notifier.Message) { m.Lang = text },
			"delivery": func(m *notifier.Message) { m.Delivery = text }, "incident": func(m *notifier.Message) { m.Incident = text },
		} {
			m := message()
			set(&m)
			before := len(p.got())
			_, err := g.Send(t.Context(), m)
			all := p.got()[before:]
			if name == "to" {
				if no, ok := errors.AsType[*notifier.RejectedError](err); !ok || !no.Recipient || len(all) != 0 {
					t.Errorf("to %q: %d letters, %v", text, len(all), err)
				}
				continue
			}
			if err != nil || len(all) != 1 || all[0].to != "reader@people.example" {
				t.Errorf("%s %q: %+v, %v", name, text, all, err)
				continue
			}
			r := parse(t, all[0].raw)
			if r.header.Get("X-Injected") != "" || r.header.Get("Bcc") != "" || len(r.header["To"]) != 1 || len(r.header["Subject"]) != 1 {
				t.Errorf("%s %q got into the head: %v", name, text, r.header)
			}
			if unsubscribe := r.header.Get("List-Unsubscribe"); strings.Contains(unsubscribe, ">,") || strings.Count(unsubscribe, "<") > 1 {
				t.Errorf("%s %q: %s", name, text, unsubscribe)
			}
		}
	}
}

func TestLeaving(t *testing.T) {
	p := office(t)
	g := open(t, settings("smtp://"+p.address))
	for leave, want := range map[string][2]string{
		"https://status.example/l/1": {"<https://status.example/l/1>", "List-Unsubscribe=One-Click"},
		"http://127.0.0.1:8080/l/1":  {"<http://127.0.0.1:8080/l/1>", ""},
		"":                           {"", ""},
		"javascript:alert(1)":        {"", ""},
	} {
		m := message()
		m.Leave = leave
		if _, err := g.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		all := p.got()
		h := parse(t, all[len(all)-1].raw).header
		if got := [2]string{h.Get("List-Unsubscribe"), h.Get("List-Unsubscribe-Post")}; got != want {
			t.Errorf("%q: %q, want %q", leave, got, want)
		}
	}
}

// Another maker's verifier finds our signature good, and the headers by which
// people leave under it.
func TestDKIM(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("Ed25519", func(t *testing.T) {
		checkDKIM(t, private, "k=ed25519; p="+base64.StdEncoding.EncodeToString(public))
	})
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(long.Public())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("RSA", func(t *testing.T) {
		checkDKIM(t, long, "k=rsa; p="+base64.StdEncoding.EncodeToString(der))
	})
}

func checkDKIM(t *testing.T, private any, public string) {
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	p := office(t)
	s := settings("smtp://" + p.address)
	s.DKIMSelector = "s1"
	s.DKIMKey = notifier.NewSecret(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})))
	if _, err := open(t, s).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	letter := p.got()[0].raw
	verify := func(raw []byte) []*dkim.Verification {
		found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
			if domain != "s1._domainkey.status.example" {
				t.Errorf("asked for %s", domain)
			}
			return []string{"v=DKIM1; " + public}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	found := verify(letter)
	if len(found) != 1 || found[0].Err != nil || found[0].Domain != "status.example" {
		t.Fatalf("%d signatures, %+v", len(found), found[0])
	}
	under := strings.ToLower(strings.Join(found[0].HeaderKeys, " "))
	for _, name := range []string{"from", "subject", "list-unsubscribe", "list-unsubscribe-post"} {
		if !strings.Contains(" "+under+" ", " "+name+" ") {
			t.Errorf("%s is not under the signature: %s", name, under)
		}
	}
	changed := bytes.Replace(letter, []byte("https://status.example/leave"), []byte("https://other.example/leave/"), 1)
	if found := verify(changed); found[0].Err == nil {
		t.Error("a changed way to leave passes")
	}
}

func TestTLSAndLogin(t *testing.T) {
	secure := office(t, func(s *smtp.Server) { s.AllowInsecureAuth = false })
	plain := office(t, func(s *smtp.Server) { s.TLSConfig = nil })
	type result struct {
		kind   string
		secure bool
		user   string
	}
	for _, c := range []struct {
		what, url, tls string
		roots          bool
		want           result
	}{
		{"STARTTLS", "smtp://status:5ecret@" + secure.address, "required", true, result{"taken", true, "status"}},
		{"STARTTLS where it is offered", "smtp://status:5ecret@" + secure.address, "opportunistic", true, result{"taken", true, "status"}},
		{"no STARTTLS where it is not offered", "smtp://" + plain.address, "opportunistic", true, result{"taken", false, ""}},
		{"an own server in clear", "smtp://" + plain.address, "", true, result{"taken", false, ""}},
		{"STARTTLS required and not offered", "smtp://" + plain.address, "required", true, result{kind: "again"}},
		{"a certificate of nobody known", "smtp://" + secure.address, "required", false, result{kind: "again"}},
		{"a wrong password", "smtp://status:wrong@" + secure.address, "required", true, result{kind: "rejected SMTP 535 5.7.8 recipient=false suppress=false"}},
		{"TLS first, where STARTTLS is meant", "smtps://" + secure.address, "", true, result{kind: "again"}},
	} {
		before := len(secure.got()) + len(plain.got())
		s := settings(c.url)
		s.TLS = c.tls
		if c.roots {
			s.Roots = secure.roots
		}
		_, err := open(t, s).Send(t.Context(), message())
		got := result{kind: shape(err)}
		if err == nil {
			all := append(secure.got(), plain.got()...)
			if len(all) != before+1 {
				t.Fatalf("%s: %d letters more", c.what, len(all)-before)
			}
			last := secure.got()
			if strings.Contains(c.url, plain.address) {
				last = plain.got()
			}
			got.secure, got.user = last[len(last)-1].secure, last[len(last)-1].user
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v: %v", c.what, got, c.want, err)
		}
		tellsNothing(t, err)
	}
}

func shape(err error) string {
	if err == nil {
		return "taken"
	}
	prefix := ""
	if _, own := errors.AsType[*notifier.RecipientError](err); own {
		prefix = "own: "
	}
	if e, ok := errors.AsType[*notifier.RejectedError](err); ok {
		return fmt.Sprintf("%srejected %s recipient=%t suppress=%t", prefix, e.Code, e.Recipient, e.Suppress)
	}
	if e, ok := errors.AsType[*notifier.ThrottledError](err); ok {
		return prefix + "throttled " + e.After.String()
	}
	if _, ok := errors.AsType[*notifier.UncertainError](err); ok {
		return prefix + "uncertain"
	}
	return prefix + "again"
}

func tellsNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	said := fmt.Sprintf("%v %+v", err, err)
	for _, secret := range []string{"5ecret", "reader@people.example", "people.example", "Reader@", message().Title, "leave?t="} {
		if strings.Contains(said, secret) {
			t.Errorf("an error tells %q: %s", secret, said)
		}
	}
	if strings.ContainsAny(said, "\r\n\x00") {
		t.Errorf("an error breaks a line: %q", said)
	}
}

func TestKindsOfNo(t *testing.T) {
	for _, c := range []struct{ at, says, want string }{
		{"CONNECT", "554 not for you", "rejected SMTP 554 recipient=false suppress=false"},
		{"CONNECT", "421 too many connections", "throttled 5s"},
		{"CONNECT", "", "again"},
		{"CONNECT", "nonsense", "again"},
		{"AUTH", "535 5.7.8 5ecret is wrong", "rejected SMTP 535 5.7.8 recipient=false suppress=false"},
		{"AUTH", "454 4.7.0 later", "again"},
		{"AUTH", "", "again"},
		{"MAIL", "550 5.7.1 <status@status.example> may not", "rejected SMTP 550 5.7.1 recipient=false suppress=false"},
		{"MAIL", "451 4.3.0 later", "again"},
		{"MAIL", "421 4.7.0 too fast", "throttled 5s"},
		{"RCPT", "550 5.1.1 <reader@people.example> is unknown", "rejected SMTP 550 5.1.1 recipient=true suppress=true"},
		{"RCPT", "550 5.1.1 Reader@People.Example is unknown", "rejected SMTP 550 5.1.1 recipient=true suppress=true"},
		{"RCPT", "556 5.1.10 takes no mail", "rejected SMTP 556 5.1.10 recipient=true suppress=true"},
		{"RCPT", "550 5.2.1 switched off", "rejected SMTP 550 5.2.1 recipient=true suppress=true"},
		{"RCPT", "552 5.2.2 full", "rejected SMTP 552 5.2.2 recipient=true suppress=false"},
		{"RCPT", "550 5.4.1 no way there", "rejected SMTP 550 5.4.1 recipient=true suppress=false"},
		{"RCPT", "550 no such user", "rejected SMTP 550 recipient=true suppress=false"},
		{"RCPT", "554 5.7.1 relaying denied", "rejected SMTP 554 5.7.1 recipient=false suppress=false"},
		{"RCPT", "553 5.1.8 bad sender", "rejected SMTP 553 5.1.8 recipient=false suppress=false"},
		{"RCPT", "530 5.7.0 log in first", "rejected SMTP 530 5.7.0 recipient=false suppress=false"},
		{"RCPT", "450 4.2.0 greylisted", "own: throttled 2m0s"},
		{"RCPT", "452 4.2.2 full for now", "own: throttled 2m0s"},
		{"RCPT", "421 closing", "throttled 5s"},
		{"RCPT", "", "again"},
		{"DATA", "554 no", "rejected SMTP 554 recipient=false suppress=false"},
		{"DATA", "451 later", "again"},
		{".", "554 5.7.1 looks like spam", "rejected SMTP 554 5.7.1 recipient=false suppress=false"},
		{".", "550 5.1.1 unknown after all", "rejected SMTP 550 5.1.1 recipient=true suppress=true"},
		{".", "552 5.3.4 too big", "rejected SMTP 552 5.3.4 recipient=false suppress=false"},
		{".", "451 4.3.0 later", "again"},
		{".", "421 closing", "throttled 5s"},
		{".", "", "uncertain"},
		{".", "garbage", "uncertain"},
		{".", "250-queued\r\n250 2.0.0 fine", "taken"},
	} {
		server := hire(t, map[string]string{c.at: c.says})
		ref, err := open(t, settings(server.url())).Send(t.Context(), message())
		if got := shape(err); got != c.want || err == nil && ref == "" {
			t.Errorf("%s, %q: %s, want %s: %v", c.at, c.says, got, c.want, err)
		}
		if server.mails() > 1 {
			t.Errorf("%s, %q: the mail was sent %d times", c.at, c.says, server.mails())
		}
		tellsNothing(t, err)
	}
	if got := shape(func() error {
		_, err := open(t, settings("smtp://127.0.0.1:1")).Send(t.Context(), message())
		return err
	}()); got != "again" {
		t.Errorf("nobody listens: %s", got)
	}
}

// A real server's own refusal reads the same.
func TestARealServersRefusal(t *testing.T) {
	p := office(t)
	g := open(t, settings("smtp://"+p.address))
	m := message()
	m.To = "nobody@people.example"
	_, err := g.Send(t.Context(), m)
	if got := shape(err); got != "rejected SMTP 550 5.1.1 recipient=true suppress=true" {
		t.Errorf("%s: %v", got, err)
	}
	tellsNothing(t, err)
	if _, err := g.Send(t.Context(), message()); err != nil || p.connections() != 1 {
		t.Errorf("the next on the same connection: %v, %d connections", err, p.connections())
	}
}

func TestAServerThatSaysNothing(t *testing.T) {
	for at, want := range map[string]string{"CONNECT": "again", "EHLO": "again", "RCPT": "again", ".": "uncertain"} {
		server := hire(t, map[string]string{at: "mute"})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := open(t, settings(server.url())).Send(ctx, message())
		cancel()
		if got := shape(err); got != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("mute at %s: %s, want %s: %v", at, got, want, err)
		}
	}
	server := hire(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, settings(server.url())).Send(ctx, message()); shape(err) != "again" || server.connections() != 0 {
		t.Errorf("ended before it began: %v, %d connections", err, server.connections())
	}
}

func TestAServerThatNeverStopsTalking(t *testing.T) {
	flood := strings.Repeat("250-x\r\n", 100_000)
	for at, want := range map[string]string{"EHLO": "again", ".": "uncertain", "MAIL": "again"} {
		server := hire(t, map[string]string{at: flood + "250 x"})
		_, err := open(t, settings(server.url())).Send(t.Context(), message())
		if got := shape(err); got != want {
			t.Errorf("at %s: %s, want %s: %v", at, got, want, err)
		}
	}
}

func TestConnectionsAreUsedAgainAndBounded(t *testing.T) {
	p := office(t)
	s := settings("smtp://" + p.address)
	s.Connections = 3
	g := open(t, s)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			m := message()
			m.Delivery = fmt.Sprintf("1-%d-abc", i)
			if _, err := g.Send(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	ids := map[string]bool{}
	for _, l := range p.got() {
		ids[parse(t, l.raw).header.Get("Message-Id")] = true
	}
	if len(p.got()) != 60 || len(ids) != 60 || p.connections() > 3 {
		t.Errorf("%d mails, %d ids, %d connections", len(p.got()), len(ids), p.connections())
	}
}

// A server that closes idle connections costs a new connection, not a mail.
func TestAConnectionThatDiedWhileIdle(t *testing.T) {
	for _, says := range []string{"", "421 4.4.2 idle for too long"} {
		first := true
		server := hire(t, map[string]string{})
		g := open(t, settings(server.url()))
		for range 2 {
			if _, err := g.Send(t.Context(), message()); err != nil {
				t.Fatalf("%q, first %t: %v", says, first, err)
			}
			if first {
				server.turn("MAIL", says)
			}
			first = false
		}
		if server.connections() != 2 || server.mails() != 2 {
			t.Errorf("%q: %d connections, %d mails", says, server.connections(), server.mails())
		}
	}
}

func TestADrillsMailStaysInside(t *testing.T) {
	server := hire(t, nil)
	g, err := settings(server.url()).Open(notifier.Outside{Now: time.Now, Transport: stopper{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Send(t.Context(), message()); shape(err) != "rejected drill recipient=false suppress=false" || server.connections() != 0 {
		t.Errorf("%v, %d connections", err, server.connections())
	}
}

func TestAddresses(t *testing.T) {
	p := office(t)
	g := open(t, settings("smtp://"+p.address))
	for to, want := range map[string]string{
		"reader@people.example": "reader@people.example", "a.b+c@people.example": "a.b+c@people.example",
		"reader@예시.example": "reader@xn--vv4b11d.example",
		"독자@people.example": "", "Reader <reader@people.example>": "", "reader": "", "": "", "@people.example": "", "reader@": "",
		"reader@people.example, other@people.example": "", strings.Repeat("x", 250) + "@people.example": "",
	} {
		m := message()
		m.To = to
		before := len(p.got())
		_, err := g.Send(t.Context(), m)
		all := p.got()[before:]
		switch {
		case want != "" && (err != nil || len(all) != 1 || all[0].to != want):
			t.Errorf("%q: %+v, %v", to, all, err)
		case want == "" && (shape(err) != "rejected no address recipient=true suppress=true" || len(all) != 0):
			t.Errorf("%q: %v", to, err)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		change func(*mail.Settings)
		want   string
	}{
		{func(*mail.Settings) {}, ""},
		{func(s *mail.Settings) { s.URL = notifier.NewSecret("smtps://u:p@mx.example") }, ""},
		{func(s *mail.Settings) { s.URL = notifier.Secret{} }, "url"},
		{func(s *mail.Settings) { s.URL = notifier.NewSecret("https://mx.example") }, "url"},
		{func(s *mail.Settings) { s.URL = notifier.NewSecret("smtp://mx.example/path") }, "url"},
		{func(s *mail.Settings) { s.URL = notifier.NewSecret("mx.example:587") }, "url"},
		{func(s *mail.Settings) { s.URL, s.TLS = notifier.NewSecret("smtps://mx.example"), "none" }, "url"},
		{func(s *mail.Settings) { s.URL, s.TLS = notifier.NewSecret("smtp://u:p@mx.example"), "none" }, "tls"},
		{func(s *mail.Settings) { s.From = "" }, "from"},
		{func(s *mail.Settings) { s.From = "status" }, "from"},
		{func(s *mail.Settings) { s.ReplyTo = "x" }, "reply_to"},
		{func(s *mail.Settings) { s.LeaveMail = "Leave <leave@status.example>" }, "leave_mail"},
		{func(s *mail.Settings) { s.Hello = "a b" }, "hello"},
		{func(s *mail.Settings) { s.DKIMSelector = "s1" }, "dkim_selector"},
		{func(s *mail.Settings) { s.DKIMSelector, s.DKIMKey = "s1", notifier.NewSecret("x") }, "dkim_key"},
	} {
		s := settings("smtp://u:p@mx.example:587")
		c.change(s)
		got := s.Problems()
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || got[0].Path != c.want) {
			t.Errorf("problems %v, want %q", got, c.want)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", s, *s, s), "u:p@") {
			t.Error("the settings tell their secret")
		}
	}
}
