package probes_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"bongsu/probes"
)

// patient answers about its health as the test says.
type patient struct {
	health.UnimplementedHealthServer
	says func(ctx context.Context, service string) (health.HealthCheckResponse_ServingStatus, error)
}

func (p patient) Check(ctx context.Context, req *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	state, err := p.says(ctx, req.GetService())
	return &health.HealthCheckResponse{Status: state}, err
}

func serveGRPC(t *testing.T, server *grpc.Server) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return l.Addr().String()
}

func plainGRPC(t *testing.T, says func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error)) string {
	server := grpc.NewServer()
	health.RegisterHealthServer(server, patient{says: says})
	return serveGRPC(t, server)
}

func state(s health.HealthCheckResponse_ServingStatus) func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error) {
	return func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error) { return s, nil }
}

func refusal(code codes.Code, words string) func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error) {
	return func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error) {
		return 0, status.Error(code, words)
	}
}

func healthOf(says func(context.Context, string) (health.HealthCheckResponse_ServingStatus, error), more ...string) func(*testing.T, *authority) string {
	return func(t *testing.T, _ *authority) string { return healthAt(plainGRPC(t, says), more...) }
}

func healthAt(address string, more ...string) string {
	return "[{grpc: \"" + address + "\", plaintext: true" + strings.Join(more, "") + "}]"
}

// secureGRPC has a certificate of the authority.
func secureGRPC(from, until time.Duration, clients tls.ClientAuthType) func(*testing.T, *authority) string {
	return func(t *testing.T, a *authority) string {
		settings := &tls.Config{Certificates: []tls.Certificate{a.sign(t, "127.0.0.1", from, until)}, ClientAuth: clients, ClientCAs: a.roots}
		server := grpc.NewServer(grpc.Creds(credentials.NewTLS(settings)))
		health.RegisterHealthServer(server, patient{says: state(health.HealthCheckResponse_SERVING)})
		return "[{grpc: \"" + serveGRPC(t, server) + "\"}]"
	}
}

func knowing(ctx context.Context, service string) (health.HealthCheckResponse_ServingStatus, error) {
	from, _ := metadata.FromIncomingContext(ctx)
	if service != "orders.v1.Orders" || strings.Join(from["authorization"], "") != "Bearer hunter2-hunter2" || !strings.HasPrefix(strings.Join(from["user-agent"], ""), "Bongsu/1.0 (+ops@status.example)") {
		return 0, status.Error(codes.InvalidArgument, "another question")
	}
	return health.HealthCheckResponse_SERVING, nil
}

var grpcFaults = []faultCase{
	{name: "it serves", kind: "grpc", want: probes.OK, step: healthOf(knowing, ", service: orders.v1.Orders, headers: {Authorization: 'Bearer ${env:TOKEN}'}")},
	{name: "it serves over TLS", kind: "grpc", want: probes.OK, step: secureGRPC(-days, days, tls.NoClientCert)},
	{name: "the certificate has expired", kind: "grpc", want: probes.Failed, reason: "certificate expired 1 day ago", step: secureGRPC(-30*days, -25*time.Hour, tls.NoClientCert)},
	{name: "it asks for a certificate", kind: "grpc", want: probes.Inconclusive, reason: "asks for a client certificate", step: secureGRPC(-days, days, tls.RequireAndVerifyClientCert)},
	{name: "it does not serve", kind: "grpc", want: probes.Failed, reason: "NOT_SERVING", step: healthOf(state(health.HealthCheckResponse_NOT_SERVING))},
	{name: "it does not know", kind: "grpc", want: probes.Wrong, reason: "does not know how it is (UNKNOWN)", step: healthOf(state(health.HealthCheckResponse_UNKNOWN))},
	{name: "it does not know the service", kind: "grpc", want: probes.Inconclusive, reason: `knows no service "billing"`, step: healthOf(state(health.HealthCheckResponse_SERVICE_UNKNOWN), ", service: billing")},
	{name: "it has never heard of the service", kind: "grpc", want: probes.Inconclusive, reason: `knows no service "billing"`, step: healthOf(refusal(codes.NotFound, "unknown service"), ", service: billing")},
	{name: "it wants a credential", kind: "grpc", want: probes.Inconclusive, reason: "credential refused (Unauthenticated)", step: healthOf(refusal(codes.Unauthenticated, "who are you"))},
	{name: "our credential is not enough", kind: "grpc", want: probes.Inconclusive, reason: "credential refused (PermissionDenied)", step: healthOf(refusal(codes.PermissionDenied, "not you"))},
	{name: "asked too often", kind: "grpc", want: probes.Inconclusive, reason: "quota is used up", step: healthOf(refusal(codes.ResourceExhausted, "slow down"))},
	{name: "it has no health service", kind: "grpc", want: probes.Inconclusive, reason: "has no health service", step: func(t *testing.T, _ *authority) string { return healthAt(serveGRPC(t, grpc.NewServer())) }},
	{name: "it says it can not", kind: "grpc", want: probes.Failed, reason: "Internal, oops", step: healthOf(refusal(codes.Internal, "oops"))},
	{name: "it is too full", kind: "grpc", want: probes.Failed, reason: "Unavailable, too full", step: healthOf(refusal(codes.Unavailable, "too full"))},
	{name: "a long refusal", kind: "grpc", want: probes.Failed, reason: "Internal, xxx", step: healthOf(refusal(codes.Internal, strings.Repeat("x", 5000)))},
	{name: "a web server", kind: "grpc", want: probes.Failed, reason: "can not", step: func(t *testing.T, _ *authority) string {
		return healthAt(serve(t, says(200, "welcome")).Listener.Addr().String())
	}},
	{name: "nobody listens", kind: "grpc", want: probes.Failed, reason: "connection refused", step: func(t *testing.T, _ *authority) string { return healthAt(closedPort(t)) }},
	{name: "it hangs", kind: "grpc", timeout: 200 * time.Millisecond, want: probes.Failed, reason: "within 200ms", step: func(t *testing.T, _ *authority) string { return healthAt(hanging(t)) }},
	{name: "it thinks for too long", kind: "grpc", timeout: 200 * time.Millisecond, want: probes.Failed, reason: "connected, but no answer within 200ms", step: healthOf(func(ctx context.Context, _ string) (health.HealthCheckResponse_ServingStatus, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	})},
	{name: "it resets", kind: "grpc", want: probes.Failed, reason: "", step: func(t *testing.T, _ *authority) string {
		return healthAt(listen(t, func(c net.Conn) { c.Read(make([]byte, 100)); c.(*net.TCPConn).SetLinger(0) }))
	}},
	{name: "it is late", kind: "grpc", want: probes.Slow, reason: "slow: ", step: healthOf(state(health.HealthCheckResponse_SERVING), ", slow: 1ns")},
	{name: "no credential at hand", kind: "grpc", want: probes.Inconclusive, reason: "credential NOTHING is not set", step: healthOf(state(health.HealthCheckResponse_SERVING), ", headers: {X-Key: '${env:NOTHING}'}")},
	{name: "no such host", kind: "grpc", want: probes.Failed, reason: "the name chat.example does not exist", step: fixed("[{grpc: \"chat.example:443\"}]"), with: func(t *testing.T, _ *authority, check *probes.Check) {
		check.Resolver = resolverAt(zone(t))
	}},
}
