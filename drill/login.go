package drill

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// mint makes tokens that carry their own end and proof, so login keeps none.
type mint struct{ key []byte }

// forever is the end of a token that does not end.
const forever = math.MaxInt64

func newMint(seed uint64) *mint { return &mint{derive(seed, "mint")} }

func (m *mint) issue(until int64) string {
	end := strconv.FormatInt(until, 16)
	return "sim." + end + "." + m.proof(end)
}

func (m *mint) proof(end string) string {
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(end))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func (m *mint) good(token string, now time.Time) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || !same(m.proof(parts[1]), parts[2]) {
		return false
	}
	until, err := strconv.ParseInt(parts[1], 16, 64)
	return err == nil && now.Unix() < until
}

// same compares secrets.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// loginDesk is the shared login: discovery, tokens for clients, and the
// introspection that the other services ask for each request (RFC 7662).
type loginDesk struct {
	mint *mint
	keys Keys
	url  string
	now  func() time.Time
}

const tokenLife = time.Hour

func (d *loginDesk) read(a *ask) note {
	a.readForm()
	return note{}
}

func (d *loginDesk) answer(a *ask) {
	switch a.r.Method + " " + a.r.URL.Path {
	case "GET /.well-known/openid-configuration":
		writeJSON(a.w, http.StatusOK, simulated(fields{
			"issuer":                 d.url,
			"token_endpoint":         d.url + "/oauth/token",
			"introspection_endpoint": d.url + "/oauth/introspect",
			"grant_types_supported":  []string{"client_credentials"},
		}))
	case "POST /oauth/token":
		d.token(a)
	case "POST /oauth/introspect":
		writeJSON(a.w, http.StatusOK, simulated(fields{"active": d.mint.good(a.form.Get("token"), d.now())}))
	default:
		writeJSON(a.w, http.StatusNotFound, oauthError("not_found", "there is nothing here"))
	}
}

func (d *loginDesk) token(a *ask) {
	switch {
	case a.form.Get("grant_type") != "client_credentials":
		writeJSON(a.w, http.StatusBadRequest, oauthError("unsupported_grant_type", "write grant_type=client_credentials"))
	case !same(a.form.Get("client_id"), d.keys.ClientID) || !same(a.form.Get("client_secret"), d.keys.ClientSecret):
		writeJSON(a.w, http.StatusUnauthorized, oauthError("invalid_client", "unknown client or wrong secret"))
	default:
		writeJSON(a.w, http.StatusOK, simulated(fields{
			"access_token": d.mint.issue(d.now().Add(tokenLife).Unix()),
			"token_type":   "Bearer",
			"expires_in":   int(tokenLife.Seconds()),
		}))
	}
}

func (d *loginDesk) complain(mode Mode) complaint {
	switch mode {
	case Credential:
		return complaint{http.StatusUnauthorized, 0, oauthError("invalid_client", "unknown client or wrong secret")}
	case Quota:
		return complaint{http.StatusTooManyRequests, retryAfter, oauthError("slow_down", "too many requests")}
	case QuotaCode:
		return quotaCode()
	default:
		return complaint{http.StatusServiceUnavailable, 0, oauthError("temporarily_unavailable", "login is not available")}
	}
}

// retryAfter is how many seconds a service over quota asks for.
const retryAfter = 30

func oauthError(code, text string) fields {
	return simulated(fields{"error": code, "error_description": text})
}

// quotaCode is how a large Korean platform says that a quota is used up.
func quotaCode() complaint {
	return complaint{http.StatusBadRequest, 0, simulated(fields{"code": -10, "msg": "API limit has been exceeded."})}
}

// readForm reads a form body; what is none leaves the form empty.
func (a *ask) readForm() {
	a.form, _ = url.ParseQuery(string(a.body)) // what can be read of a broken form is kept
}

// guard asks login, over the network, whether a request's token is good. It is
// how the city's services depend on login: each request anew, without a cache.
type guard struct {
	client *http.Client
	login  string
}

// What a guard may come back with.
var (
	errNoToken = errors.New("the token is missing or not good")
	errNoLogin = errors.New("login does not answer")
)

func (g *guard) check(a *ask) error {
	token, ok := strings.CutPrefix(a.r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return errNoToken
	}
	active, err := g.introspect(a.r.Context(), token)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoLogin, err)
	}
	if !active {
		return errNoToken
	}
	return nil
}

func (g *guard) introspect(ctx context.Context, token string) (active bool, err error) {
	form := url.Values{"token": {token}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, g.login+"/oauth/introspect", strings.NewReader(form))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := g.client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := io.Copy(&body, io.LimitReader(response.Body, 64<<10)); err != nil {
		return false, err
	}
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("it answered %s", response.Status)
	}
	var answer struct {
		Active *bool `json:"active"`
	}
	if err := readJSON(body.Bytes(), &answer); err != nil {
		return false, err
	}
	if answer.Active == nil {
		return false, errors.New("its answer does not say whether the token is active")
	}
	return *answer.Active, nil
}
