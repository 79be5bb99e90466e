package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	stdmail "net/mail"
	"net/url"
	"strings"
	"unicode"

	api "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"bongsu/notifier"
)

// longest is how much of a text a mail takes, in bytes of each form.
const longest = 256 << 10

// bare reads an address without a name, such as people give. Its domain comes
// back in the form that every mail server knows. What is left of the @ has to
// be ASCII: few servers take anything else, and those that do cannot hand it on.
func bare(address string) (string, error) {
	a, err := stdmail.ParseAddress(address)
	if err != nil || a.Address != address || a.Name != "" || len(address) > 254 {
		return "", errors.New("is no mail address")
	}
	at := strings.LastIndex(address, "@")
	local, domain := address[:at], address[at+1:]
	if strings.ContainsFunc(local, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("has letters before the @ that few mail servers take")
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", errors.New("has no domain after the @")
	}
	return local + "@" + ascii, nil
}

// parseSender reads an address that may have a name before it.
func parseSender(text string) (*stdmail.Address, error) {
	a, err := stdmail.ParseAddress(text)
	if err != nil {
		return nil, errors.New("is no mail address")
	}
	a.Address, err = bare(a.Address)
	return a, err
}

// compose writes the whole mail.
func (g *gateway) compose(m notifier.Message, to string) (letter []byte, id string, err error) {
	if len(m.Body) > longest || len(m.HTML) > longest {
		return nil, "", fmt.Errorf("the text is longer than %d bytes", longest)
	}
	encoding := encodingFor(m.Title + m.Body)
	msg := api.NewMsg(api.WithCharset(api.CharsetUTF8), api.WithEncoding(encoding), api.WithNoDefaultUserAgent())
	msg.FromMailAddress(g.from)
	if err := msg.To(to); err != nil {
		return nil, "", errors.New("the recipient is no address")
	}
	if g.settings.ReplyTo != "" {
		if err := msg.ReplyTo(g.settings.ReplyTo); err != nil {
			return nil, "", errors.New("reply_to is no address")
		}
	}
	id = g.head(msg, m)
	msg.SetBodyString(api.TypeTextPlain, printable(m.Body))
	if m.HTML != "" {
		msg.AddAlternativeString(api.TypeTextHTML, printable(m.HTML))
	}
	if g.signer != nil {
		msg.SetDKIM(g.signer)
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, "", errors.New("the mail could not be written")
	}
	return out.Bytes(), id, nil
}

// head sets what is said about the mail, and gives its Message-ID.
func (g *gateway) head(msg *api.Msg, m notifier.Message) (id string) {
	domain := domainOf(g.settings.From)
	id = "<" + token(m.Delivery) + "@" + domain + ">"
	msg.Subject(oneLine(m.Title))
	msg.SetDateWithValue(g.outside.Now())
	msg.SetMessageIDWithValue(strings.Trim(id, "<>"))
	if m.Incident != "" { // what belongs together stands together
		sum := sha256.Sum256([]byte("bongsu/mail/" + m.Incident))
		msg.SetGenHeader("References", "<incident-"+hex.EncodeToString(sum[:12])+"@"+domain+">")
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody's out-of-office answers it
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if lang := token(m.Lang); m.Lang != "" {
		msg.SetGenHeader("Content-Language", lang)
	}
	if g.outside.Simulation {
		msg.SetGenHeader("X-Simulation", "true")
	}
	g.leave(msg, m.Leave)
	return id
}

// leave sets the headers by which a mail program offers to leave. One click
// needs https (RFC 8058); on a test installation without it the address is
// offered to be looked at.
func (g *gateway) leave(msg *api.Msg, address string) {
	u, err := url.Parse(address)
	if address == "" || err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return
	}
	var also []string
	if mailbox := g.settings.LeaveMail; mailbox != "" {
		also = append(also, (&url.URL{Scheme: "mailto", Opaque: mailbox, RawQuery: "subject=leave"}).String())
	}
	if u.Scheme == "https" && msg.SetListUnsubscribeOneClick(u.String(), also...) == nil {
		return
	}
	msg.SetListUnsubscribe(append([]string{u.String()}, also...)...)
}

// encodingFor keeps mails in Latin letters readable as they are, and others
// short.
func encodingFor(text string) api.Encoding {
	wide := 0
	for _, r := range text {
		if r > unicode.MaxLatin1 {
			wide++
		}
	}
	if wide*6 > len(text) {
		return api.EncodingB64
	}
	return api.EncodingQP
}

// oneLine makes a title that is a header's value and nothing else.
func oneLine(title string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, printable(title))), " ")
}

// printable is text in UTF-8, with nothing in it that ends a text early.
func printable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// token keeps to what stands in an id without quotes. Our own keys need no
// change.
func token(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return '_'
	}, s[:min(len(s), 64)])
}
