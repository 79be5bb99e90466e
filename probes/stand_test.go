package probes_test

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bongsu/probes"
)

// An authority signs certificates for the servers of a test.
type authority struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	roots *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"},
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{cert: cert, key: key, roots: x509.NewCertPool()}
	a.roots.AddCert(cert)
	return a
}

// sign makes a certificate that is good for a while around now.
func (a *authority) sign(t testing.TB, host string, from, until time.Duration) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host},
		NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until),
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

const days = 24 * time.Hour

// serveTLS serves with a certificate of the authority.
func (a *authority) serveTLS(t testing.TB, host string, from, until time.Duration, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.sign(t, host, from, until)}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func serve(t testing.TB, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// says answers every request alike.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// listen does as the test says with every connection.
func listen(t testing.TB, do func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			do(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// readRequest waits until a request has come.
func readRequest(conn net.Conn) { http.ReadRequest(bufio.NewReader(conn)) }

// closedPort is an address where nobody listens.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// steps reads steps as they are written in a configuration.
func steps(t testing.TB, text string) []probes.Step {
	t.Helper()
	var list []map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatalf("reading steps: %v\n%s", err, text)
	}
	kinds := probes.Kinds()
	all := make([]probes.Step, 0, len(list))
	for _, table := range list {
		all = append(all, decodeStep(t, kinds, table))
	}
	return all
}

func decodeStep(t testing.TB, kinds []probes.Kind, table map[string]yaml.Node) probes.Step {
	t.Helper()
	for _, kind := range kinds {
		target, ok := table[kind.Key]
		if !ok {
			continue
		}
		step := kind.New(target.Value)
		delete(table, kind.Key)
		rest, err := yaml.Marshal(table)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(rest))
		decoder.KnownFields(true)
		if err := decoder.Decode(step); err != nil {
			t.Fatalf("reading a %s step: %v", kind.Key, err)
		}
		return step
	}
	t.Fatalf("no kind of step in %v", table)
	return nil
}

// newCheck is a check whose every step has nothing wrong with it.
func newCheck(t testing.TB, text string) *probes.Check {
	t.Helper()
	check := &probes.Check{ID: "test", Steps: steps(t, text), Timeout: 5 * time.Second, UserAgent: probes.UserAgent("1.0", "ops@status.example")}
	for i, problems := range probes.Problems(check.Steps) {
		for _, p := range problems {
			t.Fatalf("steps[%d].%s: %s", i, p.Path, p.Text)
		}
	}
	return check
}

// environment looks names up in a list of names and values.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// rawServer answers every request with the same bytes.
func rawServer(t testing.TB, raw []byte) string {
	return listen(t, func(conn net.Conn) {
		readRequest(conn)
		conn.Write(raw)
	})
}

// acceptSocket opens a WebSocket by hand.
func acceptSocket(conn net.Conn) {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
}
