package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/web/limit"
)

// Beats hears from what reports in by itself, such as a nightly job.
type Beats interface {
	// Beat returns when the report to the check with the token is durable.
	// [ErrNoBeat]: no check has the token. It looks a token up by its hash, so
	// that the time of an answer tells nothing about tokens. Any other error says
	// that it cannot be kept now.
	Beat(ctx context.Context, token string, b Beat) error
}

// Beat is one report.
type Beat struct {
	At     time.Time     // when it came
	Code   int           // as a process exits: 0 is well, 255 the most
	Took   time.Duration // how long the job says it took; 0 if it does not say
	Reason string        // what else it says, for people; at most 200 bytes
}

// ErrNoBeat says that no check has the token.
var ErrNoBeat = errors.New("no check has this token")

// Limits of a report.
const (
	maxBeatBody   = 4 << 10
	maxBeatReason = 200
	maxBeatToken  = 128
	maxBeatTook   = 90 * 24 * time.Hour
	maxExitCode   = 255
	beatTime      = 5 * time.Second
)

// How often reports may come. A whole office may report at the top of the hour,
// one job not so often; whoever tries tokens is soon told to wait.
const (
	beatNetEvery   = 20 * time.Millisecond
	beatNetBurst   = 500
	beatTokenEvery = time.Second
	beatTokenBurst = 10
	badBeatEvery   = 6 * time.Second
	badBeatBurst   = 10
)

// beatLimits are the allowances of those who report in.
type beatLimits struct {
	network, unknown *limit.Networks
	token            *limit.Keyed[[sha256.Size]byte]
}

func newBeatLimits() beatLimits {
	return beatLimits{
		network: limit.NewNetworks(beatNetEvery, beatNetBurst),
		unknown: limit.NewNetworks(badBeatEvery, badBeatBurst),
		token:   limit.NewKeyed[[sha256.Size]byte](beatTokenEvery, beatTokenBurst),
	}
}

// beatRoutes are where other machines report in. What can only GET may do so:
// a report is no secret and does no harm twice.
func (s *Server) beatRoutes(engine *gin.Engine) {
	if s.options.Beats == nil {
		return
	}
	for _, path := range []string{"/beat/:token", "/beat/:token/:code"} {
		get(engine, path, s.beat)
		engine.POST(path, s.beat)
	}
}

// Answers to reports, for a log on the other side.
const (
	beatTaken   = "ok\n"
	beatUnknown = "no check has this address\n"
	beatTooMany = "too often; wait a little\n"
	beatAway    = "not kept; send it again\n"
)

// beat takes a report. It is answered with 200 when it is durable.
func (s *Server) beat(c *gin.Context) {
	now, from, token := s.options.Now(), s.visitor(c), c.Param("token")
	hash := sha256.Sum256([]byte(token))
	if !s.beats.network.Allow(from, now) || !s.beats.token.Allow(hash, now) {
		tooMany(c, beatTokenEvery)
		return
	}
	b, wrong := readBeat(c)
	b.At = now
	if wrong != "" {
		plain(c, http.StatusBadRequest, wrong+"\n")
		return
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), beatTime)
	defer cancel()
	err := ErrNoBeat
	if len(token) <= maxBeatToken {
		err = s.options.Beats.Beat(ctx, token, b)
	}
	switch {
	case err == nil:
		plain(c, http.StatusOK, beatTaken)
	case errors.Is(err, ErrNoBeat) && !s.beats.unknown.Allow(from, now):
		tooMany(c, badBeatEvery)
	case errors.Is(err, ErrNoBeat):
		plain(c, http.StatusNotFound, beatUnknown)
	default:
		s.options.Log.Warn("keeping a report", "err", err)
		c.Header("Retry-After", strconv.Itoa(int(awayFor/time.Second)))
		plain(c, http.StatusServiceUnavailable, beatAway)
	}
}

func tooMany(c *gin.Context, after time.Duration) {
	c.Header("Retry-After", strconv.Itoa(int(after/time.Second)))
	plain(c, http.StatusTooManyRequests, beatTooMany)
}

// beatBody is what a report may carry beside its address.
type beatBody struct {
	Code   *int   `json:"code"`
	MS     *int64 `json:"ms"`
	Reason string `json:"reason"`
}

// readBeat reads a report: what the address says, or else the body. It says
// what is wrong with it, or nothing.
func readBeat(c *gin.Context) (b Beat, wrong string) {
	body, err := readBody(c, maxBeatBody)
	if err != nil {
		return b, "the body is too big or did not arrive whole"
	}
	var in beatBody
	if len(strings.TrimSpace(string(body))) > 0 {
		if err := decodeStrictly(body, &in); err != nil {
			return b, "the body cannot be read: " + err.Error() + `; write {"code":0,"ms":1234,"reason":"..."} or nothing`
		}
	}
	if b.Code, wrong = exitCode(c.Param("code"), in.Code); wrong != "" {
		return b, wrong
	}
	if b.Took, wrong = beatTook(c.Query("ms"), in.MS); wrong != "" {
		return b, wrong
	}
	if !Plain(in.Reason) {
		return b, "reason has control characters; write plain text"
	}
	b.Reason = strings.ToValidUTF8(in.Reason[:min(len(in.Reason), maxBeatReason)], "")
	return b, ""
}

// exitCode is the code in the address, else in the body, else 0.
func exitCode(path string, body *int) (code int, wrong string) {
	switch {
	case path == "fail":
		return 1, ""
	case path != "":
		n, err := strconv.Atoi(path)
		if err != nil || n < 0 || n > maxExitCode {
			return 0, "the last part of the address is fail or an exit code from 0 to 255"
		}
		return n, ""
	case body != nil && (*body < 0 || *body > maxExitCode):
		return 0, "code is an exit code from 0 to 255"
	case body != nil:
		return *body, ""
	}
	return 0, ""
}

// beatTook is how long the job took: from the address, else from the body.
func beatTook(query string, body *int64) (took time.Duration, wrong string) {
	const advice = "ms is a number of milliseconds, up to 90 days"
	ms := int64(0)
	if body != nil {
		ms = *body
	}
	if query != "" {
		n, err := strconv.ParseInt(query, 10, 64)
		if err != nil {
			return 0, advice
		}
		ms = n
	}
	if ms < 0 || ms > maxBeatTook.Milliseconds() {
		return 0, advice
	}
	return time.Duration(ms) * time.Millisecond, ""
}
