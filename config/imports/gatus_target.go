package imports

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// target sets what a check does. It says why it can do nothing.
func (g gatus) target(e tree, c *component, x *check) (why string) {
	address := g.text(e.at("url").text())
	if why := g.client(e.at("client")); why != "" {
		return why
	}
	if e.at("dns").there() {
		return g.dns(e.at("dns"), address, x)
	}
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return "its url has no scheme"
	}
	host := strings.TrimRight(rest, "/")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return g.http(e, c, x, address)
	case "tcp":
		x.set("tcp", host)
		g.send(e, x)
	case "tls":
		x.set("tls", host)
	case "icmp":
		x.set("ping", strings.Trim(host, "[]"))
	case "ws", "wss":
		written, replaced, _ := g.address(c.name, address)
		g.hid(x, replaced)
		x.set("ws", written)
		g.headers(e, c, x)
		g.send(e, x)
	case "grpc", "grpcs":
		return g.grpc(scheme, host, x)
	case "ssh":
		return g.ssh(e, host, x)
	default:
		return "there are no checks by " + line(scheme, 40)
	}
	g.family(e, x)
	return ""
}

// client says why a check cannot be made as Gatus would make it.
func (g gatus) client(c tree) (why string) {
	for _, key := range []string{"oauth2", "identity-aware-proxy", "tunnel"} {
		if c.at(key).there() {
			return "it goes by client." + key + ", which checks do not"
		}
	}
	return ""
}

// family sets the kind of address and what else of client: has a counterpart.
func (g gatus) family(e tree, x *check) {
	c := e.at("client")
	c.at("timeout")
	switch c.at("network").text() {
	case "ip4":
		x.set("ip", 4)
	case "ip6":
		x.set("ip", 6)
	}
	if c.at("insecure").yes() {
		g.changed(x.where, "certificates are always verified here; there they were not")
	}
	if c.at("dns-resolver").there() {
		g.left(x.where, "client.dns-resolver; names are looked up as this machine does")
	}
	for _, key := range c.unread() {
		if key != "ignore-redirect" && key != "proxy-url" && key != "tls" {
			g.left(x.where, "client.%s is not carried over", key)
		}
	}
}

func (g gatus) hid(x *check, replaced bool) {
	if replaced {
		g.changed(x.where, "a part of its address looks like a secret and goes by a variable")
	}
}

var httpMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

func (g gatus) http(e tree, c *component, x *check, address string) (why string) {
	method := strings.ToUpper(e.at("method").text())
	if method == "" {
		method = "GET"
	}
	if !slices.Contains(httpMethods, method) {
		return "there are no checks by the method " + line(method, 20)
	}
	written, replaced, user := g.address(c.name, address)
	g.hid(x, replaced)
	if x.set(method, written); user != nil {
		x.set("basic", g.basic(c.name))
		g.changed(x.where, "the name and password in its address go by variables")
	}
	g.headers(e, c, x)
	switch body := e.at("body").text(); {
	case body == "":
		e.at("graphql")
	case e.at("graphql").yes():
		x.set("headers", map[string]string{"Content-Type": "application/json"})
		x.set("body", g.body(c.name))
		g.changed(x.where, `its body goes by a variable, since it may hold a secret; of a GraphQL query that is {"query": "…"}, whole`)
	default:
		x.set("body", g.body(c.name))
		g.changed(x.where, "its body goes by a variable, since it may hold a secret")
	}
	if !e.at("client").at("ignore-redirect").yes() {
		x.set("follow", 5)
	}
	return g.way(e, x)
}

// basic is the name and password of Basic authorization, by variables.
func (i *Import) basic(of string) string {
	return "${env:" + i.variable(of, "user", "the name "+of+" is asked with") + "}:${env:" +
		i.variable(of, "password", "the password "+of+" is asked with") + "}"
}

func (g gatus) way(e tree, x *check) (why string) {
	client := e.at("client")
	if proxy := client.at("proxy-url").text(); proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.User != nil {
			return "it goes by a proxy with a password; write it with proxy: and variables"
		}
		x.set("proxy", proxy)
	}
	if files := client.at("tls"); files.at("certificate-file").text() != "" {
		x.set("cert", "${file:"+files.at("certificate-file").text()+"}")
		x.set("key", "${file:"+files.at("private-key-file").text()+"}")
		g.changed(x.where, "its client certificate is read from the same files, which have to be there")
	}
	g.family(e, x)
	return ""
}

// headers sets the headers of a check, those of graphql as well.
func (g gatus) headers(e tree, c *component, x *check) {
	headers := e.at("headers")
	written := map[string]string{}
	for _, name := range headers.keys() {
		value := g.header(c.name, name, g.text(headers.at(name).text()))
		if written[name] = value; strings.HasPrefix(value, "${env:") {
			g.changed(x.where, "the header %s goes by a variable", line(name, 60))
		}
	}
	if len(written) == 0 {
		return
	}
	x.set("headers", written)
}

func (g gatus) send(e tree, x *check) {
	if e.at("body").text() != "" {
		x.set("send", g.body(x.where))
		g.changed(x.where, "what it sends goes by a variable, since it may hold a secret")
	}
}

func (g gatus) dns(d tree, resolver string, x *check) (why string) {
	name := strings.TrimSuffix(d.at("query-name").text(), ".")
	if name == "" {
		return "it asks for no name"
	}
	_, bare, found := strings.Cut(resolver, "://")
	if !found {
		bare = resolver
	}
	bare = strings.TrimRight(bare, "/")
	if _, _, err := net.SplitHostPort(bare); err != nil {
		bare = net.JoinHostPort(strings.Trim(bare, "[]"), "53")
	}
	x.set("dns", name)
	if kind := strings.ToUpper(d.at("query-type").text()); kind != "" {
		x.set("type", kind)
	}
	x.set("resolver", bare)
	return ""
}

func (g gatus) grpc(scheme, host string, x *check) (why string) {
	host, _, _ = strings.Cut(host, "/")
	x.set("grpc", host)
	if scheme == "grpc" {
		x.set("plaintext", true)
	}
	return ""
}

func (g gatus) ssh(e tree, host string, x *check) (why string) {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "22")
	}
	e.at("ssh")
	x.set("tcp", host)
	x.expect = append(x.expect, `hasPrefix(banner, "SSH-")`)
	g.changed(x.where, "it looks for the greeting of an SSH server; nobody logs in")
	return ""
}
