package web

import (
	"encoding/hex"
	"fmt"
)

// sealed is a JSON object of ours with its signature as its first member:
//
//	{"signature":"…128 hexadecimal digits…","generated_at":…}
//
// What is signed, by Ed25519, is the object without that member, byte for byte:
// an opening brace and all that follows the first comma, the end of the line
// included. So one file has both, and no cache on the way can bring a signature
// of one minute with the data of another.
func (s *Server) sealed(body []byte) []byte {
	if s.options.Signer == nil {
		return body
	}
	return fmt.Appendf(nil, `{"signature":"%s",%s`, hex.EncodeToString(s.options.Signer.Detached(body)), body[1:])
}
