package signup

import (
	"encoding/base64"
	"encoding/json"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Bounds of what is read of an address, in bytes.
const (
	maxMail = 254 // RFC 5321
	maxURL  = 1024
	maxPush = 4 << 10
)

// readNumber reads the number of a phone.
func readNumber(typed string, n Numbers) (Address, error) {
	e164, err := n.Read(typed)
	if err != nil {
		return Address{}, err
	}
	return Address{Value: e164, Area: countryOf(e164)}, nil
}

// readMail reads a mail address: what mailboxes of today have, in lower case.
// Quoted and commented forms are legal and nobody has one.
func readMail(typed string, _ Numbers) (Address, error) {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		return Address{}, ErrMailMissing
	case len(typed) > maxMail || strings.ContainsFunc(typed, func(r rune) bool { return r <= ' ' || unicode.Is(unicode.C, r) || unicode.IsSpace(r) }):
		return Address{}, ErrMailUnread
	}
	parsed, err := mail.ParseAddress(typed)
	if err != nil || parsed.Name != "" || parsed.Address != typed || strings.ContainsAny(typed, `"<>()[],;:\`) {
		return Address{}, ErrMailUnread
	}
	at := strings.LastIndexByte(typed, '@')
	box, domain := strings.ToLower(typed[:at]), typed[at+1:]
	domain, ok := publicName(domain)
	if !ok || len(box) > 64 || !ascii(box) {
		return Address{}, ErrMailUnread
	}
	bare, _, _ := strings.Cut(box, "+")
	return Address{Value: box + "@" + domain, Count: bare + "@" + domain, Area: domain}, nil
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// publicName is the name of a host that can be on the public network, in
// letters every machine reads: one with a dot, and no address.
func publicName(name string) (string, bool) {
	name, err := idna.Lookup.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil || !strings.Contains(name, ".") || len(name) > 253 {
		return "", false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "", false
	}
	for _, inside := range []string{".local", ".localhost", ".internal", ".lan", ".home.arpa"} {
		if strings.HasSuffix(name, inside) {
			return "", false
		}
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	return name, strings.ContainsFunc(last, unicode.IsLetter)
}

// readURL reads a web address that everybody can reach. What its name leads to
// is for who dials it to judge; this keeps out what cannot be meant.
func readURL(typed string) (*url.URL, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, ErrURLMissing
	}
	if len(typed) > maxURL || strings.ContainsFunc(typed, func(r rune) bool { return r <= ' ' || r == '\x7f' }) {
		return nil, ErrURLUnread
	}
	u, err := url.Parse(typed)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return nil, ErrURLUnread
	}
	name := strings.ToLower(u.Hostname())
	if address, err := netip.ParseAddr(name); err == nil {
		if !address.IsGlobalUnicast() || address.IsPrivate() || address.Zone() != "" {
			return nil, ErrURLInside
		}
		if address.Is6() {
			name = "[" + name + "]"
		}
	} else if public, ok := publicName(name); ok {
		name = public
	} else {
		return nil, ErrURLInside
	}
	switch port := u.Port(); {
	case port == "" || port == "443" && u.Scheme == "https" || port == "80" && u.Scheme == "http":
		u.Host = name
	case port == "443" || port == "80":
		u.Host = name + ":" + port
	default:
		return nil, ErrURLUnread
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// hook is a receiver of webhooks as it is kept.
type hook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// readHook reads the address of a receiver. Its secret is made later; who has
// one, because they are imported, writes the whole as it is kept.
func readHook(typed string, _ Numbers) (Address, error) {
	h := hook{URL: typed}
	if strings.HasPrefix(strings.TrimSpace(typed), "{") {
		if len(typed) > 2*maxURL || json.Unmarshal([]byte(typed), &h) != nil || !whsec.MatchString(h.Secret) {
			return Address{}, ErrURLUnread
		}
	}
	u, err := readURL(h.URL)
	if err != nil {
		return Address{}, err
	}
	h.URL = u.String()
	return Address{Value: asJSON(h), Area: u.Hostname()}, nil
}

var whsec = regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{32,88}={0,2}$`)

func sameHook(value string) string {
	var h hook
	if json.Unmarshal([]byte(value), &h) != nil {
		return value
	}
	return h.URL
}

// push is a browser's subscription as it is kept: as the browser gives it.
type push struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

// readPush reads what a browser gives: an address at its maker's push service,
// its public key and the secret it shares with us.
func readPush(typed string, _ Numbers) (Address, error) {
	var p push
	if len(typed) > maxPush || json.Unmarshal([]byte(typed), &p) != nil {
		return Address{}, ErrPushUnread
	}
	u, err := readURL(p.Endpoint)
	if err != nil || u.Scheme != "https" || !holds(p.Keys.P256dh, 65) || !holds(p.Keys.Auth, 16) {
		return Address{}, ErrPushUnread
	}
	p.Endpoint = u.String()
	return Address{Value: asJSON(p)}, nil // the host is one of a few, which everybody has
}

// holds says whether a text is so many bytes in base64, padded or not.
func holds(text string, size int) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(text), "="))
	return err == nil && len(b) == size
}

func samePush(value string) string {
	var p push
	if json.Unmarshal([]byte(value), &p) != nil {
		return value
	}
	return p.Endpoint
}

// asJSON writes a struct of strings, which always can be.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("signup: writing an address: " + err.Error())
	}
	return string(b)
}

var lineID = regexp.MustCompile(`^U[0-9a-f]{32}$`)

func readLINE(typed string, _ Numbers) (Address, error) {
	typed = strings.TrimSpace(typed)
	if !lineID.MatchString(typed) {
		return Address{}, ErrLINEUnread
	}
	return Address{Value: typed}, nil
}

// hintMail keeps the beginning of the mailbox and the domain: jo***@mail.example.
func hintMail(value string) string {
	box, domain, _ := strings.Cut(value, "@")
	r := []rune(box)
	return string(r[:min(len(r)/2, 2)]) + "***@" + domain
}

// hintURL keeps the host.
func hintURL(value string) string {
	at := sameHook(value)
	if p := samePush(value); p != "" && p != value {
		at = p
	}
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return mask(value)
	}
	return u.Scheme + "://" + u.Host + "/***"
}
