package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"
)

// A fault is why there is no answer, and whether that accuses the target.
type fault struct {
	outcome Outcome
	reason  string
}

// errTimeout is the cause with which a check's own time runs out, as opposed
// to the program being stopped.
var errTimeout = errors.New("the check's time is up")

// explain says what an error between us and the target means. Doing is the
// part of the request in which it fell.
func explain(ctx context.Context, err error, doing string, run *Run) fault {
	if setting, ok := errors.AsType[*settingError](err); ok {
		return fault{Inconclusive, setting.text}
	}
	if ctx.Err() != nil {
		return explainEnd(ctx, doing, run)
	}
	if e, ok := errors.AsType[*proxyError](err); ok {
		return fault{Inconclusive, explainProxy(e, run)}
	}
	if e, ok := errors.AsType[*noAddressError](err); ok {
		return fault{Failed, e.Error()}
	}
	if f, ok := explainDNS(err); ok {
		return f
	}
	if reason, ok := ownNetwork(err); ok {
		return fault{Inconclusive, reason}
	}
	if f, ok := explainTLS(err, run.instant()); ok {
		return f
	}
	return fault{Failed, explainSocket(err)}
}

// explainEnd tells a target that keeps us waiting from a program that stops.
func explainEnd(ctx context.Context, doing string, run *Run) fault {
	if !errors.Is(context.Cause(ctx), errTimeout) {
		return fault{Inconclusive, "the check was stopped before it ended"}
	}
	within := run.check.timeout().String()
	switch doing {
	case phaseDNS:
		return fault{Inconclusive, "the resolver did not answer within " + within}
	case phaseProxy:
		return fault{Inconclusive, "our proxy gives no way through within " + within}
	case phaseConnect:
		return fault{Failed, "no connection within " + within}
	case phaseTLS:
		return fault{Failed, "no TLS handshake within " + within}
	case phaseFirst:
		return fault{Failed, "connected, but no answer within " + within}
	default:
		return fault{Failed, "no complete answer within " + within}
	}
}

// explainDNS blames the target only where a resolver has spoken: that the name
// does not exist, or that those who serve it can not be asked.
func explainDNS(err error) (fault, bool) {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case !ok:
		return fault{}, false
	case dns.IsNotFound:
		return fault{Failed, fmt.Sprintf("the name %s does not exist", dns.Name)}, true
	case strings.Contains(dns.Err, "server misbehaving"):
		return fault{Failed, fmt.Sprintf("the name %s can not be resolved: its name servers fail", dns.Name)}, true
	case dns.IsTimeout:
		return fault{Inconclusive, "the resolver does not answer"}, true
	default:
		return fault{Inconclusive, "the resolver can not be reached"}, true
	}
}

// ownNetwork recognises that we could not even try.
func ownNetwork(err error) (string, bool) {
	reasons := []struct {
		errno  syscall.Errno
		reason string
	}{
		{syscall.ENETUNREACH, "our network has no way there (network is unreachable)"},
		{syscall.EHOSTUNREACH, "our network has no way there (no route to host)"},
		{syscall.ENETDOWN, "our network is down"},
		{syscall.EADDRNOTAVAIL, "we have no local address or port left"},
		{syscall.EMFILE, "we have too many files open"},
		{syscall.ENFILE, "this machine has too many files open"},
		{syscall.ENOBUFS, "this machine has no buffers left"},
		{syscall.EACCES, "our own firewall forbids it"},
		{syscall.EPERM, "our own firewall forbids it"},
	}
	for _, r := range reasons {
		if errors.Is(err, r.errno) {
			return r.reason, true
		}
	}
	return "", false
}

// explainTLS names what is wrong with a certificate or a handshake.
func explainTLS(err error, now time.Time) (fault, bool) {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return fault{Failed, explainInvalid(e, now)}, true
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return fault{Failed, fmt.Sprintf("the certificate is for %s, not for %s", namesOf(e.Certificate), e.Host)}, true
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fault{Failed, fmt.Sprintf("the certificate is signed by an unknown authority (%s)", issuerOf(e.Cert))}, true
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return fault{Inconclusive, "this machine has no root certificates; install ca-certificates"}, true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fault{Failed, "the answer to the TLS handshake is not TLS"}, true
	}
	return explainAlert(err)
}

// explainAlert says why the target ends a handshake. Alerts that are about a
// certificate are about ours.
func explainAlert(err error) (fault, bool) {
	e, ok := errors.AsType[*net.OpError](err)
	if !ok || e.Op != "remote error" {
		return fault{}, false
	}
	return alertFault(strings.TrimPrefix(e.Err.Error(), "tls: ")), true
}

// noHTTP2 is what a target lacks that agrees to HTTP/1.1 or to nothing.
const noHTTP2 = "it does not speak HTTP/2, which is asked for"

func alertFault(said string) fault {
	said, _, _ = strings.Cut(said, `"`) // what another library has quoted
	switch {
	case said == "no application protocol":
		return fault{Failed, noHTTP2}
	case said == "certificate required":
		return fault{Inconclusive, "it asks for a client certificate; write cert: and key:"}
	case strings.Contains(said, "certificate"):
		return fault{Inconclusive, "our client certificate is refused: " + said}
	default:
		return fault{Failed, "the TLS handshake was refused: " + said}
	}
}

func explainInvalid(e x509.CertificateInvalidError, now time.Time) string {
	switch {
	case e.Reason != x509.Expired:
		return "the certificate is not valid: " + strings.TrimPrefix(e.Error(), "x509: ")
	case now.Before(e.Cert.NotBefore):
		return "certificate not valid before " + e.Cert.NotBefore.UTC().Format(time.DateOnly)
	default:
		return fmt.Sprintf("certificate expired %s ago", days(now.Sub(e.Cert.NotAfter)))
	}
}

// day is what counts as a day of a certificate's life.
const day = 24 * time.Hour

func days(d time.Duration) string {
	switch n := int(d / day); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}

func namesOf(c *x509.Certificate) string {
	const most = 3
	switch names := c.DNSNames; {
	case len(names) == 0:
		return "no host"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	default:
		return strings.Join(names, ", ")
	}
}

func issuerOf(c *x509.Certificate) string {
	if c.Issuer.CommonName != "" {
		return c.Issuer.CommonName
	}
	return c.Issuer.String()
}

// explainSocket names the common ends of a connection in plain words.
func explainSocket(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed in the middle of the answer"
	case errors.Is(err, syscall.ETIMEDOUT):
		return "no connection: the target does not answer"
	default:
		return "no usable answer: " + err.Error()
	}
}
