package imports

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// monitor turns a monitor into a component with a check.
func (k kuma) monitor(m tree) error {
	where, kind := k.title(m, "name"), m.at("type").text()
	if kind == "group" {
		return nil
	}
	if a := m.at("active").text(); a == "false" || a == "0" {
		k.left(where, "it is paused there")
		return nil
	}
	if m.at("upsideDown").yes() {
		k.left(where, "it is upside down: no check takes a failure for well; write an expectation of what should not be")
		return nil
	}
	c, err := k.add(where, k.groups[m.at("parent").text()], m.at("name").text())
	if err != nil {
		return err
	}
	x := &check{where: where}
	x.set("name", "as in Uptime Kuma")
	if why := k.look(kind, m, c, x); why != "" {
		k.left(where, "%s", why)
		return nil
	}
	if kind != "push" {
		k.interval(x, m.at("interval").seconds(), m.at("timeout").seconds())
	}
	c.checks = append(c.checks, x)
	k.components[m.at("id").text()] = c.id
	k.carried(where, "component %s, a check by %s", c.id, x.action())
	k.rest(m, where)
	return nil
}

// look sets what a check does. It says why it can do nothing.
func (k kuma) look(kind string, m tree, c *component, x *check) (why string) {
	host, port := m.at("hostname").text(), m.at("port").text()
	switch kind {
	case "http", "keyword", "json-query", "real-browser":
		return k.http(kind, m, c, x)
	case "port":
		x.set("tcp", net.JoinHostPort(strings.Trim(host, "[]"), port))
	case "smtp":
		x.set("tcp", net.JoinHostPort(strings.Trim(host, "[]"), port))
		x.expect = append(x.expect, `hasPrefix(banner, "220")`)
		k.changed(x.where, "it looks for the greeting of a mail server")
	case "ping", "tailscale-ping":
		x.set("ping", strings.Trim(host, "[]"))
	case "dns":
		x.set("dns", strings.TrimSuffix(host, "."))
		if record := strings.ToUpper(m.at("dns_resolve_type").text()); record != "" {
			x.set("type", record)
		}
		if server := m.at("dns_resolve_server").text(); server != "" {
			server, _, _ = strings.Cut(server, ",")
			x.set("resolver", net.JoinHostPort(strings.Trim(strings.TrimSpace(server), "[]"), or(port, "53")))
		}
		m.at("dns_last_result")
	case "websocket-upgrade":
		written, replaced, _ := k.address(c.name, m.at("url").text())
		k.hid(x, replaced)
		x.set("ws", written)
	case "push":
		k.push(m, c, x)
	default:
		return fmt.Sprintf("there are no checks of the kind %q", line(kind, 40))
	}
	return ""
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func (k kuma) hid(x *check, replaced bool) {
	if replaced {
		k.changed(x.where, "a part of its address looks like a secret and goes by a variable")
	}
}

func (k kuma) push(m tree, c *component, x *check) {
	m.at("pushToken")
	within := m.at("interval").seconds() * time.Duration(1+m.at("maxretries").number())
	x.set("heartbeat", c.name)
	x.set("within", min(max(within, 10*time.Second), 2160*time.Hour))
	k.changed(x.where, "it waits for reports; they go to another address with another token: see `bongsu heartbeats`")
}

func (k kuma) http(kind string, m tree, c *component, x *check) (why string) {
	if method := or(m.at("authMethod").text(), "basic"); method != "basic" && method != "null" {
		return "it logs in by " + line(method, 40) + ", which checks do not"
	}
	method := strings.ToUpper(or(m.at("method").text(), "GET"))
	if !slices.Contains(httpMethods, method) {
		return "there are no checks by the method " + line(method, 20)
	}
	written, replaced, user := k.address(c.name, m.at("url").text())
	k.hid(x, replaced)
	x.set(method, written)
	if user != nil || m.at("basic_auth_user").text() != "" {
		x.set("basic", k.basic(c.name))
		k.changed(x.where, "the name and password it is asked with go by variables")
	}
	m.at("basic_auth_pass")
	k.headers(m, c, x)
	if m.at("body").text() != "" {
		x.set("body", k.body(c.name))
		k.changed(x.where, "its body goes by a variable, since it may hold a secret")
	}
	if n := m.at("maxredirects").number(); n > 0 {
		x.set("follow", min(n, 5))
	}
	k.statuses(m, x)
	k.content(kind, m, x)
	if m.at("ignoreTls").yes() {
		k.changed(x.where, "certificates are always verified here; there they were not")
	}
	if kind == "real-browser" {
		k.changed(x.where, "the page is fetched, not opened in a browser")
	}
	return ""
}

func (k kuma) headers(m tree, c *component, x *check) {
	text := m.at("headers").text()
	if text == "" {
		return
	}
	parsed, err := parseJSON(Input{Name: "headers", Data: []byte(text)})
	if err != nil || !parsed.isTable() {
		k.left(x.where, "its headers: they are no JSON")
		return
	}
	written := map[string]string{}
	for _, name := range parsed.keys() {
		written[name] = k.header(c.name, name, parsed.at(name).text())
		if strings.HasPrefix(written[name], "${env:") {
			k.changed(x.where, "the header %s goes by a variable", line(name, 60))
		}
	}
	if len(written) > 0 {
		x.set("headers", written)
	}
}

var statusSpan = regexp.MustCompile(`^([1-5]\d\d)(?:-([1-5]\d\d))?$`)

// statuses turns the codes that are accepted into one expectation.
func (k kuma) statuses(m tree, x *check) {
	var codes []string
	for _, s := range m.at("accepted_statuscodes").list() {
		span := statusSpan.FindStringSubmatch(strings.TrimSpace(s.text()))
		switch {
		case span == nil:
			k.left(x.where, "the status %s is no code or span of codes", line(s.text(), 40))
		case span[2] == "":
			codes = append(codes, "status == "+span[1])
		default:
			codes = append(codes, "status >= "+span[1]+" && status <= "+span[2])
		}
	}
	if len(codes) > 0 {
		x.expect = append(x.expect, strings.Join(codes, " || "))
	}
}

var simplePath = regexp.MustCompile(`^\$?((?:\.?[A-Za-z_][A-Za-z0-9_]*|\[\d{1,6}\])(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d{1,6}\])*)$`)

// content turns what has to stand in the answer into an expectation.
func (k kuma) content(kind string, m tree, x *check) {
	if word := m.at("keyword").text(); kind == "keyword" && word != "" {
		contains := "body contains " + strconv.Quote(word)
		if m.at("invertKeyword").yes() {
			contains = "not (" + contains + ")"
		}
		x.expect = append(x.expect, contains)
	}
	if kind != "json-query" {
		return
	}
	path := simplePath.FindStringSubmatch(strings.TrimSpace(m.at("jsonPath").text()))
	op := or(m.at("jsonPathOperator").text(), "==")
	value := m.at("expectedValue").text()
	if path == nil || !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, op) {
		k.left(x.where, "what it asks of the JSON, %s %s %s; write it as an expectation over json", line(m.at("jsonPath").text(), 80), line(op, 20), line(value, 80))
		return
	}
	inner := path[1]
	if !strings.HasPrefix(inner, "[") && !strings.HasPrefix(inner, ".") {
		inner = "." + inner
	}
	x.expect = append(x.expect, "json"+inner+" "+op+" "+literal(value, false))
}

// kumaSettled are settings that mean nothing by themselves, or the same as
// what is done anyway.
var kumaSettled = []string{
	"id", "name", "description", "pathName", "parent", "childrenIDs", "path", "weight", "active", "forceInactive", "retryInterval",
	"resendInterval", "maintenance", "notificationIDList", "screenshot", "includeSensitiveData", "user_id", "userId", "dns_last_result",
	"httpBodyEncoding", "packetSize", "timeout", "interval", "port", "hostname", "url", "method", "type", "accepted_statuscodes",
	"maxredirects", "dns_resolve_type", "dns_resolve_server", "keyword", "invertKeyword", "jsonPath", "jsonPathOperator", "expectedValue",
	"gamedigGivenPortOnly", "kafkaProducerSaslOptions", "conditions", "cacheBust", "authMethod", "mqttCheckType", "ping_count", "ping_per_request_timeout", "ping_numeric",
}

// rest reports what is not carried over of a monitor.
func (k kuma) rest(m tree, where string) {
	for _, key := range kumaSettled {
		m.at(key)
	}
	if m.at("maxretries").number() > 3 {
		k.changed(where, "it was tried %d times before it counted; here judgement.confirm says for all when a failure counts, 3 looks in short order", m.at("maxretries").number())
	}
	if m.at("expiryNotification").yes() {
		k.left(where, "a warning before its certificate expires; write an expectation such as cert.days >= 14")
	}
	if tags := m.at("tags").list(); len(tags) > 0 {
		k.left(where, "its tags; components stand under groups and failure domains")
	}
	if m.at("proxyId").there() {
		k.left(where, "the proxy it goes by; write proxy: at the check")
	}
	for _, key := range m.unread() {
		k.left(where, "%s is not carried over", line(key, 60))
	}
}
