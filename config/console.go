package config

import (
	"net"
	"strconv"
)

// Console is where the operators' console is, if there is one.
type Console struct {
	Enabled bool   `yaml:"enabled,short" doc:"Whether there is an operators' console: true by default. false in the console's place means the same."`
	Listen  string `yaml:"listen" doc:"A listener of its own: host:port. Without it the console is at /console of the page's."`
}

// checkConsole checks where the console is served.
func (c *checker) checkConsole() {
	at := &c.doc.Console.Listen
	switch {
	case *at == "":
	case !isListen(*at):
		c.complain(c.at(at), "%s is no address to listen on; write 127.0.0.1:8081", quoted(*at))
	case *at == c.doc.Listen && !anyPort(*at):
		c.complain(c.at(at), "the page listens there already; write another port, or leave it out: the console is then at /console of the page's")
	}
}

// isListen says whether one can listen there.
func isListen(address string) bool {
	_, port, err := net.SplitHostPort(address)
	n, numberErr := strconv.Atoi(port)
	return err == nil && numberErr == nil && n >= 0 && n <= 65535
}

// anyPort says whether the system chooses the port.
func anyPort(address string) bool {
	_, port, _ := net.SplitHostPort(address)
	return port == "0"
}
