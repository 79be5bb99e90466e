package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
)

// cursorProof is how many bytes prove that a cursor is ours.
const cursorProof = 12

// next is the cursor of the page after, in one list: whoever gets it need not
// know what it is made of, and cannot make one.
func (s *Server) next(list, after string) *string {
	cursor := base64.RawURLEncoding.EncodeToString(append(s.proof(list, after), after...))
	return &cursor
}

func (s *Server) proof(list, text string) []byte {
	mac := hmac.New(sha256.New, s.options.Secret)
	mac.Write([]byte(list + "\x00" + text))
	return mac.Sum(nil)[:cursorProof]
}

// listPage reads how much of a list is wanted, and from where: what next was
// given, or nothing for the beginning.
func (s *Server) listPage(c *call, list string) (after string, limit int, _ *problem) {
	limit = maxPage / 2
	if text := c.Query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPage {
			return "", 0, newProblem(http.StatusBadRequest, fmt.Sprintf("limit is 1 to %d.", maxPage))
		}
		limit = n
	}
	cursor := c.Query("cursor")
	if cursor == "" {
		return "", limit, nil
	}
	if len(cursor) <= 2*maxKey {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
		if err == nil && len(raw) > cursorProof && hmac.Equal(raw[:cursorProof], s.proof(list, string(raw[cursorProof:]))) {
			return string(raw[cursorProof:]), limit, nil
		}
	}
	return "", 0, newProblem(http.StatusBadRequest, "cursor is what next of the page before said, of this list.")
}
