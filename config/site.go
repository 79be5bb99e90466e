package config

import (
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"bongsu/config/recur"
	"bongsu/status"
)

// Languages are the languages this program has words in.
var Languages = []string{"ko", "ja", "en"}

// everyLanguage is the key of a text that is the same in all languages, until
// the languages are known.
const everyLanguage = ""

type site struct {
	Name      status.Text `yaml:"name" must:"required" doc:"The page's name."`
	URL       string      `yaml:"url" must:"required" doc:"The public address, without a path. It is never derived from a request."`
	Languages []string    `yaml:"languages" must:"min=1 one=ko|ja|en" doc:"The page's languages; the first is the default."`
	TimeZone  string      `yaml:"time_zone" doc:"The zone in which times are told, as in the IANA database."`
	Mirrors   []string    `yaml:"mirrors" doc:"The public addresses of the copies that the top-level mirrors write: https://mirror.example/status/. The widget asks there when url does not answer."`
	Look      look        `yaml:"look" doc:"The owner's logo, colour, footer and style."`
	Contact   string      `yaml:"contact" must:"max=200" doc:"A mail or https address that every probe carries in its User-Agent. Probes of hosts that are not ours start only with it."`
}

func (c *checker) checkSite() {
	site := &c.doc.Site
	c.checkPublicURL()
	zone, err := time.LoadLocation(site.TimeZone)
	if err != nil || site.TimeZone == "" || site.TimeZone == "Local" {
		c.complain(c.atOr(&site.TimeZone, site, "time_zone"), "no time zone is called %s; write one like Asia/Seoul", quoted(site.TimeZone))
		zone = time.UTC
	}
	c.zone = zone
	c.checkLook()
	if site.Contact != "" && !isContact(site.Contact) {
		c.complain(c.at(&site.Contact), "%s is no address; write a mail address, or a page with https://", quoted(site.Contact))
	}
	c.checkCopies()
	for i := range site.Languages {
		if slices.Contains(site.Languages[:i], site.Languages[i]) {
			c.complain(c.at(&site.Languages[i]), "%s twice; keep one", site.Languages[i])
		}
	}
}

func (c *checker) checkPublicURL() {
	site := &c.doc.Site
	if site.URL == "" {
		if at := c.at(&site.URL); at.file != "" {
			c.complain(at, "is empty; write the public address, https://…")
		}
		return
	}
	at := c.at(&site.URL)
	u, err := url.Parse(site.URL)
	switch {
	case err != nil || u.Hostname() == "":
		c.complain(at, "%s is no address; write it whole, https://…", quoted(site.URL))
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		c.complain(at, "must be https; http is for loopback only")
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		c.complain(at, "must be scheme and host alone; write %s", quoted(u.Scheme+"://"+u.Host))
	default:
		site.URL = u.Scheme + "://" + u.Host
	}
}

// checkCopies checks the public addresses of the mirrors, and has each end with
// a slash.
func (c *checker) checkCopies() {
	copies := c.doc.Site.Mirrors
	c.checkDistinct(copies)
	if len(copies) > maxMirrors {
		c.complain(c.at(&copies[maxMirrors]), "there are %d mirrors; write at most %d", len(copies), maxMirrors)
	}
	for i := range copies {
		if u, err := url.Parse(copies[i]); err != nil || !isOrigin(u.Scheme+"://"+u.Host) || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
			strings.ContainsFunc(copies[i], func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune(`;,'"<>`, r) }) {
			c.complain(c.at(&copies[i]), "%s is no address of a copy; write it whole, like https://mirror.example/status/", quoted(copies[i]))
			continue
		}
		copies[i] = strings.TrimSuffix(copies[i], "/") + "/"
	}
}

// isContact says whether somebody can be reached there.
func isContact(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return false // it goes into a header as it is
	}
	if u, err := url.Parse(s); err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil {
		return true
	}
	address, err := mail.ParseAddress(s)
	return err == nil && address.Address == s
}

// isLoopback says whether a host is this machine. A name is believed only if
// it is reserved for that.
func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// checkTexts spreads texts that are the same in all languages, and demands the
// others in each language of the page.
func (c *checker) checkTexts() {
	var languages []string
	for _, lang := range c.doc.Site.Languages {
		if lang != "" && !slices.Contains(languages, lang) {
			languages = append(languages, lang)
		}
	}
	for _, text := range c.texts {
		at := c.at(text)
		if all, ok := (*text)[everyLanguage]; ok {
			if strings.TrimSpace(all) == "" {
				c.complain(at, "is empty; write the words")
			}
			spread(text, all, languages)
			continue
		}
		for _, lang := range sortedKeys(*text) {
			if !slices.Contains(languages, lang) {
				c.complain(c.keys[keyOf{text, lang}], "the page has no language %s%s", quoted(lang), suggest(lang, languages))
			}
		}
		for _, lang := range languages {
			if _, ok := (*text)[lang]; !ok && *text != nil {
				missing := at
				missing.path = join(at.path, lang)
				c.complain(missing, "missing; write the text in %s, or take the language out of site.languages", lang)
			}
		}
	}
}

func spread(text *status.Text, all string, languages []string) {
	*text = make(status.Text, len(languages))
	for _, lang := range languages {
		(*text)[lang] = all
	}
}

// checkServer checks how the page is served.
func (c *checker) checkServer() {
	doc := c.doc
	if !isListen(doc.Listen) {
		c.complain(c.at(&doc.Listen), "%s is no address to listen on; write :8080 or 127.0.0.1:8080", quoted(doc.Listen))
	}
	for i := range doc.TrustedProxies {
		if !isNetwork(doc.TrustedProxies[i]) {
			c.complain(c.at(&doc.TrustedProxies[i]), "%s is neither an address nor a network; write 192.0.2.7 or 10.0.0.0/8", quoted(doc.TrustedProxies[i]))
		}
	}
	c.checkDistinct(doc.Domains)
	c.checkConsole()
	c.checkMirrors()
}

func isNetwork(s string) bool {
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Zone() == ""
}

// checkDistinct notes words that stand in a list twice.
func (c *checker) checkDistinct(words []string) {
	seen := make(map[string]bool, len(words))
	for i := range words {
		if words[i] != "" && seen[words[i]] {
			c.complain(c.at(&words[i]), "%s twice; keep one", quoted(words[i]))
		}
		seen[words[i]] = true
	}
}

// model is the configuration as the rules and the page need it.
func (c *checker) model(checks, controls []Check, maintenance []status.Maintenance, routines []status.Routine) status.Model {
	doc := c.doc
	c.look.Footer = doc.Site.Look.Footer
	m := status.Model{
		Site: status.Site{
			Name: doc.Site.Name, URL: doc.Site.URL, Languages: doc.Site.Languages,
			Zone: c.zone, Contact: doc.Site.Contact, Mirrors: doc.Site.Mirrors, Look: c.look,
		},
		Rules: doc.Judgement.rules(), Locations: c.allLocations(), Maintenance: maintenance,
		Routines: routines, Recur: recur.Starts,
	}
	for _, control := range controls {
		if !control.Held { // one that never speaks would leave everything in doubt
			m.Controls = append(m.Controls, control.status())
		}
	}
	for _, g := range doc.Groups {
		m.Groups = append(m.Groups, status.Group(g))
	}
	byComponent := make(map[string][]status.Check)
	for _, check := range checks {
		byComponent[check.Component] = append(byComponent[check.Component], check.status())
	}
	for _, x := range doc.Components {
		m.Components = append(m.Components, x.status(byComponent[x.ID]))
	}
	for _, a := range doc.Apps {
		m.Apps = append(m.Apps, a.status())
	}
	return m
}
