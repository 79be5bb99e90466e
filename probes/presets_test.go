package probes_test

import (
	"bytes"
	"cmp"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bongsu/probes"
)

// preset is the form of a preset's file.
type preset struct {
	ID           string           `yaml:"id"`
	Group        string           `yaml:"group"`
	Doc          string           `yaml:"doc"`
	Depth        string           `yaml:"depth"`
	Scope        string           `yaml:"scope"`
	Label        string           `yaml:"label"`
	Floor        time.Duration    `yaml:"floor"`
	RecheckFloor time.Duration    `yaml:"recheck_floor"`
	Daily        int              `yaml:"daily"`
	Params       map[string]param `yaml:"params"`
	Source       string           `yaml:"source"`
	Doubts       string           `yaml:"doubts"`
	Steps        yaml.Node        `yaml:"steps"`
}

type param struct {
	Doc      string `yaml:"doc"`
	Default  string `yaml:"default"`
	Required bool   `yaml:"required"`
	Secret   bool   `yaml:"secret"`
}

func readPresets(t *testing.T) []preset {
	t.Helper()
	names, err := fs.Glob(probes.Presets(), "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("presets %v: %v", names, err)
	}
	all := make([]preset, 0, len(names))
	for _, name := range names {
		text, err := fs.ReadFile(probes.Presets(), name)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		var p preset
		if err := decoder.Decode(&p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := strings.ReplaceAll(p.ID, "/", "-") + ".yaml"; path.Base(name) != want {
			t.Errorf("%s holds %s; name it %s", name, p.ID, want)
		}
		all = append(all, p)
	}
	return all
}

// fill writes the preset's steps with its parameters in them.
func (p *preset) fill(t *testing.T, given map[string]string) string {
	t.Helper()
	text, err := yaml.Marshal(&p.Steps)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	for name, param := range p.Params {
		value, ok := given[name]
		switch {
		case ok:
		case param.Secret:
			value = "${env:KEY}"
		default:
			value = param.Default
		}
		pairs = append(pairs, "${"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(string(text))
}

// Looks a day at the floor: one an interval, and at most two rechecks.
const looksPerInterval = 3

func TestPresetsSayWhatTheyAre(t *testing.T) {
	groups := map[string][]preset{}
	for _, p := range readPresets(t) {
		groups[p.Group] = append(groups[p.Group], p)
		for name, text := range map[string]string{"doc": p.Doc, "source": p.Source, "doubts": p.Doubts} {
			if len(text) < 20 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: its %s says little: %q", p.ID, name, text)
			}
		}
		if !slices.Contains([]string{"reach", "edge", "function", "canary"}, p.Depth) || !slices.Contains([]string{"production", "sandbox"}, p.Scope) {
			t.Errorf("%s: depth %q, scope %q", p.ID, p.Depth, p.Scope)
		}
		if p.Group == "ride-hailing" && p.Label == "" {
			t.Errorf("%s: a look at ride-hailing must be labelled as what it is", p.ID)
		}
		if p.Floor < 30*time.Second || p.RecheckFloor < 5*time.Second {
			t.Errorf("%s: floor %s, recheck floor %s", p.ID, p.Floor, p.RecheckFloor)
		}
		if want := int(24*time.Hour/p.Floor) * looksPerInterval * len(p.Steps.Content); p.Daily != want {
			t.Errorf("%s: daily %d, want %d", p.ID, p.Daily, want)
		}
		for name, param := range p.Params {
			if param.Doc == "" || param.Secret && param.Default != "" || !param.Required && param.Default == "" {
				t.Errorf("%s: parameter %s: %+v", p.ID, name, param)
			}
		}
	}
	for _, group := range []string{"login", "chat", "maps", "payments", "ride-hailing"} {
		shaped := slices.ContainsFunc(groups[group], func(p preset) bool {
			return p.Depth == "edge" && strings.Contains(p.fill(t, nil), "json.")
		})
		if len(groups[group]) < 2 || !shaped {
			t.Errorf("group %s: %d presets, one of depth edge that looks at the body: %t", group, len(groups[group]), shaped)
		}
	}
}

// What a service answers when it is well, and how the request must look.
type standIn struct {
	request string
	status  int
	answer  string
	kind    string // of the content; JSON if empty
	noBody  bool   // the preset does not look at the body
}

const discovery = `{"issuer":"ISSUER","jwks_uri":"https://login.example/jwks","token_endpoint":"https://login.example/token"}`

var standIns = map[string]standIn{
	"kakao/oauth-negative": {request: "POST /oauth/token", status: 401, answer: `{"error":"invalid_client","error_description":"Not exist client_id","error_code":"KOE101"}`},
	"kakao/oidc-discovery": {request: "GET /.well-known/openid-configuration", status: 200, answer: strings.Replace(discovery, "ISSUER", "https://kauth.kakao.com", 1)},
	"line/oidc-discovery":  {request: "GET /.well-known/openid-configuration", status: 200, answer: strings.Replace(discovery, "ISSUER", "https://access.line.me", 1)},
	"kakao/api-keyless":    {request: "GET /v1/user/access_token_info", status: 401, answer: `{"msg":"authentication needed","code":-401}`},
	"slack/api-test":       {request: "POST /api/api.test", status: 200, answer: `{"ok":true,"args":{"foo":"FOO"}}`},
	"line/bot-info":        {request: "GET /v2/bot/info", status: 200, answer: `{"userId":"U1","basicId":"@bot","displayName":"bot"}`},
	"telegram/getme":       {request: "GET /botSECRET/getMe", status: 200, answer: `{"ok":true,"result":{"id":1,"is_bot":true}}`},
	"kakao/local-keyword":  {request: "GET /v2/local/search/keyword.json", status: 200, answer: `{"meta":{"total_count":1},"documents":[{"place_name":"서울특별시청","x":"126.978","y":"37.566"}]}`},
	"nominatim/status":     {request: "GET /status", status: 200, answer: `{"status":0,"message":"OK"}`},
	"osrm/route":           {request: "GET /route/v1/driving/13.41417,52.52167;13.41978,52.50031", status: 200, answer: `{"code":"Ok","routes":[{"duration":420.5}]}`},
	"osm/tile":             {request: "GET /12/3492/1586.png", status: 200, kind: "image/png", answer: "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 200)},
	"toss/keyless":         {request: "GET /v1/payments/NONCE", status: 401, answer: `{"code":"UNAUTHORIZED_KEY","message":"no key"}`},
	"kakaopay/keyless":     {request: "POST /online/v1/payment/ready", status: 401, answer: `{"error_code":-401}`},
	"stripe/balance-test":  {request: "GET /v1/balance", status: 200, answer: `{"object":"balance","livemode":false}`},
	"kakaobank/reach":      {request: "GET /", status: 200, answer: "<html>", noBody: true},
	"uber/edge":            {request: "GET /v1.2/products", status: 401, answer: `{"code":"unauthorized","message":"Invalid OAuth 2.0 credentials provided."}`},
	"kakao-t/reach":        {request: "GET /", status: 200, answer: "<html>", noBody: true},
	"partner/dispatch":     {request: "GET /health", status: 200, answer: `{"status":"ok"}`},
}

const key = "SECRET-0123456789"

// ServeHTTP answers as the service does when it is well.
func (s standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := strings.Replace(r.Method+" "+r.URL.Path, key, "SECRET", 1)
	if want, varies := strings.CutSuffix(s.request, "NONCE"); varies && strings.HasPrefix(got, want) {
		got = s.request
	}
	if got != s.request {
		http.Error(w, "unexpected "+got, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", s.kind)
	says(s.status, strings.ReplaceAll(s.answer, "FOO", r.FormValue("foo")))(w, r)
}

// Every preset tells a service that is well from one that fails in each of the
// ways services do.
func TestPresets(t *testing.T) {
	a := newAuthority(t)
	seen := 0
	for _, p := range readPresets(t) {
		s, ok := standIns[p.ID]
		if !ok {
			t.Errorf("%s: no stand-in here", p.ID)
			continue
		}
		seen++
		t.Run(p.ID, func(t *testing.T) {
			secret := false
			for _, param := range p.Params {
				secret = secret || param.Secret
			}
			refused := probes.Wrong // a refusal that nobody asked for
			if secret {
				refused = probes.Inconclusive
			}
			wrong := says(s.status, "[]")
			if s.noBody {
				wrong = says(404, "")
			}
			for _, c := range []struct {
				name    string
				handler http.Handler
				life    time.Duration // of the certificate from now on; zero is long enough
				hurry   bool
				want    probes.Outcome
				reason  string
			}{
				{name: "good", handler: s, want: probes.OK},
				{name: "wrong body", handler: wrong, want: probes.Wrong},
				{name: "quota", handler: says(429, "{}", "Retry-After", "60"), want: probes.Inconclusive, reason: "asked too often"},
				{name: "credential refused", handler: says(403, "[]"), want: refused},
				{name: "slow", handler: s, hurry: true, want: probes.Slow, reason: "ms"},
				{name: "5xx", handler: says(503, s.answer), want: probes.Failed, reason: "503"},
				{name: "expired", handler: s, life: -3 * days, want: probes.Failed, reason: "certificate expired"},
			} {
				server := a.serveTLS(t, "127.0.0.1", -30*days, cmp.Or(c.life, 20*days), c.handler)
				result := probePreset(t, p, a, server, c.hurry)
				if result.Outcome != c.want || !strings.Contains(result.Reason, c.reason) {
					t.Errorf("%s: got %q %q, want %q", c.name, result.Outcome, result.Reason, c.want)
				}
				if leak := leaked(result, key); leak != "" {
					t.Errorf("%s: the secret is in %s", c.name, leak)
				}
			}
		})
	}
	if seen != len(standIns) {
		t.Errorf("%d of %d stand-ins were used", seen, len(standIns))
	}
}

func probePreset(t *testing.T, p preset, a *authority, server *httptest.Server, hurry bool) probes.Result {
	t.Helper()
	host := server.Listener.Addr().String()
	text := p.fill(t, map[string]string{"base": server.URL, "host": host})
	if hurry {
		now := strings.ReplaceAll(text, "ms < 5000", "ms < 0")
		if now == text {
			t.Error("the preset says nothing about time")
		}
		text = now
	}
	check := newCheck(t, text)
	check.Roots, check.Env = a.roots, environment("KEY", key)
	result := check.Probe(t.Context(), time.Now())
	if len(result.Steps) == 0 {
		t.Fatalf("no evidence: %s", result.Reason)
	}
	return result
}
