package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/account"
)

// tokenPrefix lets people and scanners see what a leaked string is.
const tokenPrefix = "bongsu_"

const tokenBytes = 32

// NewToken makes a token and the hash it is found by.
func NewToken(random io.Reader) (token string, hash [sha256.Size]byte, err error) {
	secret := make([]byte, tokenBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", hash, fmt.Errorf("making a token: %w", err)
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret), sha256.Sum256(secret), nil
}

// tokenHash is the hash of a token, or false if it cannot be one.
func tokenHash(token string) (hash [sha256.Size]byte, ok bool) {
	text, found := strings.CutPrefix(token, tokenPrefix)
	if !found || len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return hash, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return hash, false
	}
	return sha256.Sum256(secret), true
}

// Bearer is who holds a token.
type Bearer struct {
	ID   string
	Note string
	Role account.Role

	Location string // that an agent's token speaks for; else empty
	App      string // that an app's or agency's token is good for; else empty

	Scope []account.Deed // what the token is good for of what the role may; empty: all of it
}

// may says whether the token is good for it.
func (b *Bearer) may(d account.Deed) bool {
	return b.Role.May(d) && (len(b.Scope) == 0 || slices.Contains(b.Scope, d))
}

// Tokens finds tokens.
type Tokens interface {
	// Bearer gives who holds the token with a hash, and notes its use.
	// [ErrNoToken]: nobody. Any other error says that it cannot be known now.
	Bearer(ctx context.Context, hash [sha256.Size]byte, now time.Time) (Bearer, error)
}

// ErrNoToken says that there is no such token, or not any more.
var ErrNoToken = errors.New("no such token")

// How often a network may come with a token that is none.
const (
	badTokenEvery = 6 * time.Second
	badTokenBurst = 10
)

// maxBearer bounds an Authorization header that is looked at.
const maxBearer = 200

// badToken refuses a token. A network that keeps on is told to wait; a good
// token is never refused for its neighbours' bad ones.
func (s *Server) badToken(from netip.Addr, now time.Time, why string) *problem {
	if !s.badTokens.Allow(from, now) {
		return newProblem(http.StatusTooManyRequests, "Too many wrong tokens came from your network. Wait a minute.").later(time.Minute)
	}
	return unauthorised("invalid_token", why)
}

// bearer is who asks, if they may do the deed.
func (s *Server) bearer(c *gin.Context, d account.Deed) (Bearer, *problem) {
	from, now := s.visitor(c), s.options.Now()
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxBearer {
		return Bearer{}, unauthorised("", "Send a token: Authorization: Bearer bongsu_…; `bongsu token create --role operator` makes one.")
	}
	hash, ok := tokenHash(strings.TrimSpace(token))
	if !ok {
		return Bearer{}, s.badToken(from, now, "This is no token of ours. One begins with "+tokenPrefix+".")
	}
	who, err := s.options.Tokens.Bearer(c.Request.Context(), hash, now)
	switch {
	case errors.Is(err, ErrNoToken):
		return Bearer{}, s.badToken(from, now, "The token is not known, or has expired or been revoked. `bongsu token list` shows those there are.")
	case err != nil:
		s.options.Log.Warn("finding a token", "err", err)
		return Bearer{}, away("The database does not answer, so the token cannot be checked. Nothing was changed; try again soon.")
	case who.Role.May(d) && !who.may(d):
		p := newProblem(http.StatusForbidden, fmt.Sprintf("This token was not made to %s. Make one with %s in its --scope, or without a scope.", d, string(d)))
		p.challenge = `Bearer realm="bongsu", error="insufficient_scope"`
		return Bearer{}, p
	case !who.may(d):
		p := newProblem(http.StatusForbidden, fmt.Sprintf("A token with the role %s may not %s. Use one with the role %s.", who.Role, d, d.Least()))
		p.challenge = `Bearer realm="bongsu", error="insufficient_scope"`
		return Bearer{}, p
	}
	return who, nil
}

func unauthorised(code, detail string) *problem {
	p := newProblem(http.StatusUnauthorized, detail)
	p.challenge = `Bearer realm="bongsu"`
	if code != "" {
		p.challenge += `, error="` + code + `"`
	}
	return p
}

// awayFor is when to try again while something we need is away.
const awayFor = 5 * time.Second

func away(detail string) *problem {
	return newProblem(http.StatusServiceUnavailable, detail).later(awayFor)
}
