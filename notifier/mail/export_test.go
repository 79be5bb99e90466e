package mail

import (
	"net/textproto"

	"bongsu/notifier"
)

// Compose writes a mail as g would send it.
func Compose(g notifier.Gateway, m notifier.Message) ([]byte, error) {
	letter, _, err := g.(*gateway).compose(m, m.To)
	return letter, err
}

// Classify judges what a server said at a step, from its greeting (0) to the
// end of a mail (5).
func Classify(at uint8, code int, words string, secrets ...string) error {
	return classify(step(at%6), &textproto.Error{Code: code, Msg: words}, secrets)
}
