package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"bongsu/notifier/signup"
)

// Chats reads what people did with an account of ours at a messenger, from one
// callback. Its errors are as those of [Callbacks].
type Chats func(r *http.Request, body []byte) ([]Chat, error)

// Chat is one thing that somebody did.
type Chat struct {
	User string    // the messenger's id of them: never log it
	Ref  string    // the messenger's id of what they did, the same when it tells of it again
	Text string    // what they wrote; empty: nothing
	Gone bool      // they have closed the account to us
	At   time.Time // when they did it; zero: not known
}

// maxChat bounds such a callback's body, in bytes.
const maxChat = 256 << 10

// chats takes what people did: a code of ours signs them up, and who closes the
// account to us has left.
func (s *Server) chats(kind string, read Chats) func(c *gin.Context) (outcome string, err error) {
	return func(c *gin.Context) (string, error) {
		body, err := readBody(c, maxChat)
		if errors.Is(err, errTooBig) {
			return hookTooBig, nil
		} else if err != nil {
			return "", fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		did, err := read(c.Request, body)
		if err != nil {
			return "", err
		}
		outcome := hookIgnored
		for _, one := range did {
			taken, err := s.takeChat(c.Request.Context(), kind, one, s.options.Now())
			if err != nil {
				return "", err
			}
			if taken {
				outcome = hookTaken
			}
		}
		c.String(http.StatusOK, "taken\n")
		return outcome, nil
	}
}

// takeChat does what one chat asks for. What is no code of ours is chatter; so
// is a code that comes again.
func (s *Server) takeChat(ctx context.Context, kind string, did Chat, now time.Time) (taken bool, err error) {
	switch {
	case s.options.Signup == nil:
		return false, nil
	case did.Gone:
		said := did.At
		if said.IsZero() || said.After(now) {
			said = now
		}
		return true, s.options.Signup.Stop(ctx, kind, did.User, kind+" "+did.Ref, said, now)
	case did.Text == "":
		return false, nil
	}
	err = s.options.Signup.Bind(ctx, kind, did.User, did.Text, now)
	if _, odd := errors.AsType[signup.AddressError](err); odd || errors.Is(err, signup.ErrCode) {
		return false, nil
	}
	return err == nil, err
}
