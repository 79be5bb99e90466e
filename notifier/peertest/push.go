package peertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// PushService is npm's web-push-testing on a port of its own: it gives out
// subscriptions, verifies what comes against the key they were made with, and
// decrypts it.
type PushService struct {
	URL string // http://127.0.0.1:port
}

// Push starts a push service until the test ends. The subscriptions are at a
// host, such as https://push.example, or at its own address if that is empty.
func Push(t testing.TB, host string) *PushService {
	t.Helper()
	return &PushService{Serve(t, fmt.Sprintf(pushScript, host), "web-push-testing")}
}

const pushScript = `
	const { PushApiModel } = require("web-push-testing/src/PushApiModel.js");
	const Server = require("web-push-testing/src/server.js");
	const model = new PushApiModel();
	const server = new Server(model, 0);
	const listen = server._app.listen.bind(server._app);
	server._app.listen = (port, ready) => listen(port, "127.0.0.1", ready);
	console.log = () => {};
	server.startServer();
	server._server.on("listening", () => {
		const base = "http://127.0.0.1:" + server._server.address().port;
		model.notifyUrl = (%q || base) + "/notify/";
		process.stdout.write(base + "\n");
	});`

// Subscribe gives a subscription, as a browser has it in JSON, made with a
// site's public key, and by which name the service knows its client.
func (p *PushService) Subscribe(t testing.TB, key string) (subscription, client string) {
	t.Helper()
	var answer struct{ Data map[string]any }
	p.ask(t, "/subscribe", map[string]string{"userVisibleOnly": "true", "applicationServerKey": key}, &answer)
	raw, err := json.Marshal(answer.Data)
	if err != nil {
		t.Fatal(err)
	}
	client, _ = answer.Data["clientHash"].(string)
	return string(raw), client
}

// Pushed is what came for a client, decrypted, the oldest first.
func (p *PushService) Pushed(t testing.TB, client string) []string {
	t.Helper()
	var answer struct{ Data struct{ Messages []string } }
	p.ask(t, "/get-notifications", map[string]string{"clientHash": client}, &answer)
	return answer.Data.Messages
}

// Expire ends a client's subscription.
func (p *PushService) Expire(t testing.TB, client string) {
	t.Helper()
	p.ask(t, "/expire-subscription/"+client, struct{}{}, nil)
}

// ask posts JSON to the push service's own interface.
func (p *PushService) ask(t testing.TB, path string, question, answer any) {
	t.Helper()
	q, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(p.URL+path, "application/json", strings.NewReader(string(q)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	raw, _ := io.ReadAll(r.Body)
	if r.StatusCode != http.StatusOK || answer != nil && json.Unmarshal(raw, answer) != nil {
		t.Fatalf("%s: %d %s", path, r.StatusCode, raw)
	}
}
