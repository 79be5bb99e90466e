package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/appnotice"
)

// KeptAnswer is what a request with an Idempotency-Key was answered with.
type KeptAnswer struct {
	Code     int
	Location string
	ETag     string
	Body     []byte // JSON, or empty
}

// Answers keeps what requests with an Idempotency-Key were answered with, for a
// day.
type Answers interface {
	// BeginAnswer takes a key for a request that is about to be carried out, or
	// gives the answer to an earlier one. [appnotice.ErrKeyReused]: that asked for
	// something else. [appnotice.ErrBusy]: it was begun at begun, and nothing more
	// is known of it.
	BeginAnswer(ctx context.Context, k appnotice.Key, now time.Time) (kept *KeptAnswer, begun time.Time, err error)
	// EndAnswer keeps the answer to a request that was begun.
	EndAnswer(ctx context.Context, k appnotice.Key, a KeptAnswer) error
	// DropAnswer gives a key back: nothing was done under it.
	DropAnswer(ctx context.Context, k appnotice.Key) error
}

// inHand is how long a request may take. One that was begun longer ago than that
// broke off, and nobody knows where.
const inHand = time.Minute

// once carries a write out once for each Idempotency-Key. Only success is kept:
// after a refusal nothing was changed, and the key may be used again. Where
// nobody can tell whether something was changed, the key is spent, and says so;
// but what the board does it does once for a key, so that may be asked again.
func (s *Server) once(c *gin.Context, token string, do func() *problem) *problem {
	text := c.GetHeader("Idempotency-Key")
	if text == "" || s.options.Answers == nil || !unsafe(c.Request.Method) || c.FullPath() == noticesPath {
		return do() // a notice keeps its answer in the transaction that keeps the notice
	}
	key, refusal := keyOf(c, token, text)
	if refusal != nil {
		return refusal
	}
	kept, begun, err := s.options.Answers.BeginAnswer(c.Request.Context(), key, s.options.Now())
	switch {
	case errors.Is(err, appnotice.ErrBusy) && s.options.Now().Sub(begun) > inHand:
		return newProblem(http.StatusConflict, "A request with this Idempotency-Key was begun and broke off; nobody can tell whether it was carried out. Look whether it was before you send it with another key.")
	case err != nil:
		return s.appRefusal(err, nil)
	case kept != nil:
		replay(c, kept)
		return nil
	}
	return s.carryOut(c, key, do)
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// keyOf is the key of a request: of what, with which words.
func keyOf(c *gin.Context, token, text string) (appnotice.Key, *problem) {
	if len(text) > maxKey || !printable(text) {
		return appnotice.Key{}, newProblem(http.StatusBadRequest, "An Idempotency-Key has 1 to 200 letters, digits and signs of ASCII.")
	}
	var asked bytes.Buffer
	for _, part := range []string{c.Request.Method, c.Request.URL.Path, c.Request.URL.RawQuery} {
		asked.WriteString(part)
		asked.WriteByte('\n')
	}
	if c.FullPath() == uploadsPath || c.FullPath() == importPath { // it may be of gigabytes, and is read as it comes
		asked.WriteString(c.GetHeader("Content-Type") + "\n" + c.GetHeader("Content-Length"))
		return appnotice.NewKey(token, text, asked.Bytes()), nil
	}
	body, err := readBody(c, maxBodyBytes)
	switch {
	case errors.Is(err, errTooBig):
		return appnotice.Key{}, newProblem(http.StatusRequestEntityTooLarge, "The body is too big.")
	case err != nil:
		return appnotice.Key{}, newProblem(http.StatusBadRequest, "The body did not arrive whole.")
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	asked.Write(body)
	return appnotice.NewKey(token, text, asked.Bytes()), nil
}

// carryOut does it and keeps the answer before it is given.
func (s *Server) carryOut(c *gin.Context, key appnotice.Key, do func() *problem) *problem {
	ctx := context.WithoutCancel(c.Request.Context()) // who hangs up asks again
	out := c.Writer
	held := &heldAnswer{ResponseWriter: out, code: http.StatusOK}
	c.Writer = held
	c.Set(commandKey, "key "+key.Token+" "+key.Hash[:32]+" "+key.Text)
	refusal := do()
	c.Writer = out
	var err error
	switch {
	case refusal != nil && refusal.unsure && !c.GetBool(onceOnly):
	case refusal != nil:
		err = s.options.Answers.DropAnswer(ctx, key)
	default:
		h := out.Header()
		err = s.options.Answers.EndAnswer(ctx, key, KeptAnswer{Code: held.code, Location: h.Get("Location"), ETag: h.Get("ETag"), Body: held.body.Bytes()})
	}
	if err != nil { // the key stays begun, and says that nobody knows
		s.options.Log.Warn("keeping an answer", "err", err)
	}
	if refusal == nil {
		held.give()
	}
	return refusal
}

// replay answers as before.
func replay(c *gin.Context, a *KeptAnswer) {
	for name, value := range map[string]string{"Location": a.Location, "ETag": a.ETag, "Idempotency-Replayed": "true"} {
		if value != "" {
			c.Header(name, value)
		}
	}
	if len(a.Body) == 0 {
		c.Status(a.Code)
		return
	}
	c.Data(a.Code, apiJSON, a.Body)
}

const apiJSON = "application/json; charset=utf-8"

// What a request's context has of its Idempotency-Key: the id of the command that
// it asks for, and that the board carries such a command out once. Then the key
// may be used again whatever became of it.
const (
	commandKey = "command"
	onceOnly   = "once only"
)

// heldAnswer holds an answer back until it is kept.
type heldAnswer struct {
	gin.ResponseWriter

	code int
	body bytes.Buffer
}

func (h *heldAnswer) WriteHeader(code int)                 { h.code = code }
func (h *heldAnswer) WriteHeaderNow()                      {}
func (h *heldAnswer) Write(b []byte) (int, error)          { return h.body.Write(b) }
func (h *heldAnswer) WriteString(text string) (int, error) { return h.body.WriteString(text) }
func (h *heldAnswer) Status() int                          { return h.code }
func (h *heldAnswer) Size() int                            { return h.body.Len() }
func (h *heldAnswer) Written() bool                        { return h.body.Len() > 0 }

func (h *heldAnswer) give() {
	h.ResponseWriter.WriteHeader(h.code)
	if h.body.Len() > 0 {
		h.ResponseWriter.Write(h.body.Bytes())
	} else {
		h.ResponseWriter.WriteHeaderNow()
	}
}
