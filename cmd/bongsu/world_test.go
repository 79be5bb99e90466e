package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// agentClock names a file with the seconds by which an agent's clock is wrong:
// the injected clock of a program that runs as a process of its own.
const agentClock = "BONGSU_TEST_AGENT_CLOCK"

// runAgentByClock is `bongsu agent` with that clock.
func runAgentByClock(file string) int {
	c := agentCommand(func() time.Time {
		text, err := os.ReadFile(file)
		if err != nil {
			return time.Now()
		}
		seconds, _ := strconv.Atoi(strings.TrimSpace(string(text))) // an empty file is being written: 0 for a moment would be a step
		return time.Now().Add(time.Duration(seconds) * time.Second)
	})
	c.SetArgs(os.Args[2:])
	if err := c.ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Inside a network namespace of the test's own, every address is free. The
// targets and the hub stand at one each; every agent has a line of its own to
// either, so that it can lose the one and keep the other.
const (
	inNamespace    = "BONGSU_TEST_NAMESPACE"
	targetsAddress = "10.77.0.1"
	hubAddress     = "10.77.0.2"
)

// inOwnNamespace runs the test once more, in a network namespace of its own. It
// says why if namespaces are refused.
func inOwnNamespace(t *testing.T) (refused string) {
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is not installed"
		}
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	c.Env = append(os.Environ(), inNamespace+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Start(); err != nil {
		return err.Error()
	}
	err := c.Wait()
	t.Logf("in network namespaces:\n%s", said.String())
	if err != nil {
		t.Error("it failed there")
	}
	return ""
}

// world is where hub and agents stand: what lies between them can be cut.
type world struct {
	*testing.T

	namespaces bool
	targets    string // host:port
	hub        string // host
	authority  string // a file of certificates

	mu  sync.Mutex
	ill bool            // the one service answers wrong
	cut map[string]bool // agents that do not reach the targets, without namespaces
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, namespaces: os.Getenv(inNamespace) != "", hub: "127.0.0.1", cut: map[string]bool{}}
	host := "127.0.0.1"
	if w.namespaces {
		host, w.hub = targetsAddress, hubAddress
		w.ip("link set lo up")
		w.ip("addr add " + targetsAddress + "/32 dev lo")
		w.ip("addr add " + hubAddress + "/32 dev lo")
	}
	door, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(w.serve)}
	go server.Serve(door)
	t.Cleanup(func() { server.Close() })
	w.targets = door.Addr().String()
	return w
}

// serve is all targets: the one service, and the controls, which never fail.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	ill, cut := w.ill, w.cut[r.Header.Get("X-From")]
	w.mu.Unlock()
	switch {
	case cut:
		panic(http.ErrAbortHandler) // the connection ends without an answer
	case ill && r.URL.Path == "/route":
		http.Error(rw, "no", http.StatusInternalServerError)
	default:
		io.WriteString(rw, "ok\n")
	}
}

func (w *world) setIll(ill bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ill = ill
}

func (w *world) ip(args string) { w.command("ip", strings.Fields(args)...) }

func (w *world) command(name string, args ...string) {
	w.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		w.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// place is an agent with its lines.
type place struct {
	*process

	world *world
	id    string
	n     int
	line  *wire // to the hub
	clock string
}

// settle starts an agent.
func (w *world) settle(n int, id, token, page string) *place {
	w.Helper()
	p := &place{world: w, id: id, n: n, clock: filepath.Join(w.TempDir(), "clock")}
	p.setClock(0)
	p.line = newLine(w.T, w.hub, w.front(page))
	p.process = &process{
		Cmd:   exec.Command(os.Args[0], "agent", "--hub", "https://"+p.line.address(), "--ca", w.authority),
		ended: make(chan error, 1),
	}
	p.Env = append(os.Environ(), agentClock+"="+p.clock, agentToken+"="+token, "WHERE="+id)
	if w.namespaces {
		p.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	}
	p.begin(w.T)
	if w.namespaces {
		w.connect(p, targetsAddress, 'a')
		w.connect(p, hubAddress, 'b')
	}
	return p
}

// connect lays a line from an address of the world to the agent's namespace.
func (w *world) connect(p *place, address string, kind rune) {
	pid := strconv.Itoa(p.Process.Pid)
	outside, inside := fmt.Sprintf("%c%d", kind, p.n), fmt.Sprintf("in%c%d", kind, p.n)
	here := fmt.Sprintf("10.77.%d.%d", 10*p.n+int(kind-'a'), 1)
	there := fmt.Sprintf("10.77.%d.%d", 10*p.n+int(kind-'a'), 2)
	w.ip("link add " + outside + " type veth peer name " + inside + " netns " + pid)
	w.ip("addr add " + here + "/30 dev " + outside)
	w.ip("link set " + outside + " up")
	for _, args := range []string{
		"link set lo up", "addr add " + there + "/30 dev " + inside, "link set " + inside + " up", "route add " + address + " via " + here,
	} {
		w.command("nsenter", append([]string{"-t", pid, "-n", "ip"}, strings.Fields(args)...)...)
	}
}

// cutTargets takes the agent's way to what it looks at, or gives it back.
func (p *place) cutTargets(cut bool) {
	if p.world.namespaces {
		p.set('a', cut)
		return
	}
	p.world.mu.Lock()
	defer p.world.mu.Unlock()
	p.world.cut[p.id] = cut
}

// cutHub takes the agent's way to the hub, or gives it back.
func (p *place) cutHub(cut bool) {
	if p.world.namespaces {
		p.set('b', cut)
		return
	}
	p.line.setCut(cut)
}

func (p *place) set(kind rune, cut bool) {
	state := "up"
	if cut {
		state = "down"
	}
	p.world.ip(fmt.Sprintf("link set %c%d %s", kind, p.n, state))
}

func (p *place) cutOff(cut bool) {
	p.cutTargets(cut)
	p.cutHub(cut)
}

// setClock makes the agent's clock wrong by so many seconds, from one instant to
// the next.
func (p *place) setClock(seconds int) {
	next := p.clock + ".new"
	if err := os.WriteFile(next, []byte(strconv.Itoa(seconds)), 0o600); err != nil {
		p.world.Fatal(err)
	}
	if err := os.Rename(next, p.clock); err != nil {
		p.world.Fatal(err)
	}
}

// front is TLS before the hub's page, as any operator has it. It returns its
// address.
func (w *world) front(page string) string {
	certificate := w.certificate()
	target, err := url.Parse("http://" + page)
	if err != nil {
		w.Fatal(err)
	}
	door, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		w.Fatal(err)
	}
	server := &http.Server{Handler: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ErrorLog: nil,
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	}}
	go server.Serve(door)
	w.Cleanup(func() { server.Close() })
	return door.Addr().String()
}

// certificate is of the test's own making, and put where agents find it.
func (w *world) certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.Fatal(err)
	}
	now := time.Now()
	one := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "hub"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(w.hub)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, one, one, &key.PublicKey, key)
	if err != nil {
		w.Fatal(err)
	}
	w.authority = filepath.Join(w.TempDir(), "authority.pem")
	if err := os.WriteFile(w.authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		w.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// wire is a connection to the hub that takes its time, or is cut.
type wire struct {
	door net.Listener
	to   string

	mu    sync.Mutex
	delay time.Duration
	cut   bool
	open  map[net.Conn]bool
}

func newLine(t *testing.T, host, to string) *wire {
	t.Helper()
	door, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	l := &wire{door: door, to: to, open: map[net.Conn]bool{}}
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			calls.Go(func() { l.carry(c) })
		}
	})
	t.Cleanup(func() {
		door.Close()
		l.hangUp()
		calls.Wait()
	})
	return l
}

func (l *wire) address() string { return l.door.Addr().String() }

func (l *wire) setDelay(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

func (l *wire) setCut(cut bool) {
	l.mu.Lock()
	l.cut = cut
	l.mu.Unlock()
	if cut {
		l.hangUp()
	}
}

func (l *wire) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		c.Close()
	}
}

func (l *wire) carry(c net.Conn) {
	defer c.Close()
	far, err := net.Dial("tcp", l.to)
	if err != nil || !l.keep(c, far) {
		return
	}
	defer l.forget(c, far)
	var ways sync.WaitGroup
	ways.Go(func() { l.copy(far, c) })
	ways.Go(func() { l.copy(c, far) })
	ways.Wait()
}

func (l *wire) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		if l.cut {
			c.Close()
		}
		l.open[c] = !l.cut
	}
	return !l.cut
}

func (l *wire) forget(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(l.open, c)
	}
}

// parcel is some bytes on their way.
type parcel struct {
	bytes []byte
	due   time.Time
}

// copy carries bytes from one end to the other; each takes the line's delay, and
// as many as like travel at a time.
func (l *wire) copy(to, from net.Conn) {
	way := make(chan parcel, 1024)
	var arrivals sync.WaitGroup
	arrivals.Go(func() {
		for p := range way {
			<-time.After(time.Until(p.due))
			if _, err := to.Write(p.bytes); err != nil {
				from.Close()
			}
		}
		to.Close()
	})
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			l.mu.Lock()
			due := time.Now().Add(l.delay)
			l.mu.Unlock()
			way <- parcel{bytes.Clone(buffer[:n]), due}
		}
		if err != nil {
			break
		}
	}
	close(way)
	arrivals.Wait()
}
